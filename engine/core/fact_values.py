"""Facts as values: how one is looked up by its path, checked against its type, and shown in a text.

Keys of dicts only: no attribute of a Python object is ever read on behalf of a text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from whenever import Date, ZonedDateTime

from engine.core.fact_types import Kind, ListOf, Record, Type, in_words
from engine.core.text_faults import (
    MAX_CHARACTERS,
    FactAbsent,
    FactEmpty,
    FactMistyped,
    TextTooCostly,
    TextTooLong,
)

MAX_WORK = 500_000
"""Steps of one rendering: about half a second at worst, a thousand times what a long text takes."""

_MAX_DIGITS = 40
"""Ids have 10 digits and prices fewer: what is beyond is no number of ours, and costly to print."""


@dataclass(frozen=True)
class Absent:
    """Stands for what this coworker lacks: `name` such as contract, `reason` such as `no contract yet`."""

    name: str
    reason: str


Scalar = str | int | Decimal | bool | Date | ZonedDateTime | None
Value = Scalar | Absent | Sequence["Value"] | Mapping[str, "Value"]
Path = tuple[str, ...]

_PYTHON: Mapping[Kind, frozenset[type]] = {
    Kind.TEXT: frozenset({str}),
    Kind.INT: frozenset({int}),
    Kind.NUMBER: frozenset({int, Decimal}),
    Kind.BOOL: frozenset({bool}),
    Kind.DATE: frozenset({Date}),
    Kind.MOMENT: frozenset({ZonedDateTime}),
}


class Page:
    """One rendering under way: what is written so far, and how much work is left."""

    __slots__ = ("_parts", "_room", "_work")

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._room = MAX_CHARACTERS
        self._work = MAX_WORK

    def write(self, text: str) -> None:
        self._room -= len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
        if self._room < 0:
            raise TextTooLong
        self._parts.append(text)

    def spend(self, steps: int) -> None:
        self._work -= steps
        if self._work < 0:
            raise TextTooCostly

    def text(self) -> str:
        return "".join(self._parts)


@dataclass(frozen=True, slots=True)
class Frame:
    """What an expression sees: the facts by first name (a loop's thing among them), and the page."""

    facts: Mapping[str, Value]
    page: Page


def dotted(path: Path) -> str:
    """Return a path as texts write it."""
    return ".".join(path)


def look_up(facts: Mapping[str, Value], path: Path, described: Type) -> Value:
    """Return the fact at `path`, or None when it is empty.

    Raises:
        FactAbsent: it, or what holds it, is missing for this coworker.
        FactMistyped: it is not what `described` promises.
        TextTooLong: a text above 64 KiB.
    """
    value: Value = facts
    for key in path:
        value = _part(value, key, path)
    if isinstance(value, Absent):
        raise FactAbsent(dotted(path), value.reason)
    return conform(value, described, path)


def _part(value: Value, key: str, path: Path) -> Value:
    if isinstance(value, Absent):
        raise FactAbsent(dotted(path), value.reason)
    if value is None:
        raise FactEmpty(dotted(path))
    if not isinstance(value, Mapping):
        raise FactMistyped(dotted(path), "part of a group of facts")
    if key not in value:
        raise FactAbsent(dotted(path), "it is not among the facts here")
    return value[key]


def conform(value: Value, described: Type, path: Path) -> Value:
    """Return `value` unchanged when it is empty or of the type `described`.

    Raises:
        FactMistyped, TextTooLong: it is not, or a text is above 64 KiB.
    """
    if value is None:
        return None
    if isinstance(described, Record):
        fits = isinstance(value, Mapping)
    elif isinstance(described, ListOf):
        fits = isinstance(value, list | tuple)
    else:
        fits = type(value) in _PYTHON[described] and _is_printable(value)
    if not fits:
        raise FactMistyped(dotted(path), in_words(described))
    if isinstance(value, str) and len(value) > MAX_CHARACTERS:
        raise TextTooLong(dotted(path))
    return value


def _is_printable(value: Value) -> bool:
    if isinstance(value, Decimal):
        return value.is_finite() and _exponent(value) >= -_MAX_DIGITS and value.adjusted() <= _MAX_DIGITS
    return not isinstance(value, int) or abs(value) < 10**_MAX_DIGITS


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return exponent if isinstance(exponent, int) else -_MAX_DIGITS - 1


def elements(value: Value, described: ListOf, path: Path) -> list[Value]:
    """Return the things of a list, each checked.

    Raises:
        FactEmpty: there is no list.
        FactMistyped: one of its things is not of the list's type.
    """
    if value is None:
        raise FactEmpty(dotted(path))
    if not isinstance(value, list | tuple):
        raise FactMistyped(dotted(path), in_words(described))
    return [conform(part, described.element, path) for part in value]


def show(value: Value, path: Path) -> str:
    """Return a single value as texts show it: YYYY-MM-DD, YYYY-MM-DD HH:MM, true, 12.50.

    Raises:
        FactEmpty: there is none.
        FactMistyped: it is a list or a group of facts.
    """
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case Decimal():
            return format(value, "f")
        case Date():
            return value.format_iso()
        case ZonedDateTime():
            return f"{value.date().format_iso()} {clock(value)}"
        case None:
            raise FactEmpty(dotted(path))
        case _:
            raise FactMistyped(dotted(path), "a single value")


def clock(moment: ZonedDateTime) -> str:
    """Return the time of day of a moment in its own zone, HH:MM."""
    return f"{moment.hour:02d}:{moment.minute:02d}"
