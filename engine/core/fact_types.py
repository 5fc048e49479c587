"""The types that facts have. Only descriptions: no values, no reading, no checking of texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """The kind of a single value. A date is a calendar day; a moment is an instant in the location's zone."""

    TEXT = "text"
    INT = "int"
    NUMBER = "number"
    BOOL = "bool"
    DATE = "date"
    MOMENT = "moment"

    @classmethod
    def _missing_(cls, value: object) -> Kind | None:
        """Take `boolean`, the word of organisation.yaml, for `bool`, the word of a list's inputs."""
        return cls.BOOL if value == "boolean" else None


@dataclass(frozen=True)
class Record:
    """Named facts. `stands_for` names the one that is meant when the record is written alone."""

    fields: Mapping[str, Type]
    stands_for: str = ""

    def __hash__(self) -> int:
        return hash((frozenset(self.fields), self.stands_for))


@dataclass(frozen=True)
class ListOf:
    """Any number of one thing, in a fixed order."""

    element: Type


Type = Kind | Record | ListOf
Scope = Mapping[str, Type]
"""First name -> type: all that one text may name."""

NUMBERS = frozenset({Kind.INT, Kind.NUMBER})
_WORDS = {
    Kind.TEXT: "text",
    Kind.INT: "a whole number",
    Kind.NUMBER: "a number",
    Kind.BOOL: "true or false",
    Kind.DATE: "a date",
    Kind.MOMENT: "a moment",
}


def in_words(described: Type) -> str:
    """Return the name of a type as a sentence says it: `text`, `a date`, `a list`."""
    match described:
        case Record():
            return "a group of facts"
        case ListOf():
            return "a list"
        case Kind():
            return _WORDS[described]


def meant(described: Type) -> Type:
    """Return the type that a fact has when it is written alone: an event then is its moment."""
    if isinstance(described, Record) and described.stands_for:
        return described.fields[described.stands_for]
    return described
