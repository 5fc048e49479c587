"""The words that warnings are known by, so that a list can allow one: `allow: [always-true]`.

Words and meanings only. A word that is in use must never change its meaning: files name it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Final

from pydantic import BeforeValidator, WithJsonSchema

from engine.core.scalars import one_of

LIST_CODES: Final = {
    "always-true": "a condition, or a part of one, that no facts make false",
    "always-false": "a condition, or a part of one, that no facts make true",
    "implied": "a condition that `applies` makes sure of already",
    "never-reached": "an item, a line or a branch for nobody whom the list is for",
    "visits-equal": "a count of visits asked for with ==, which a missed delivery passes by",
    "same-name": "two tasks of one batch with the same name",
    "after-nothing": "an item after others of which none is ever made",
    "idle-gate": "a gate with nothing below it",
    "always-late": "a due that always lies before the moment that starts the list",
    "crossed-bounds": "a not_before that always lies after the not_after",
    "idle-rule": "a rule that a bound always overrules",
    "not-covered": "a day that the calendar of a location does not cover",
    "unused-input": "an input that nothing in the list names",
    "unused-day": "a named day that nothing in the list names",
    "unused-allow": "a word under `allow` that silences nothing",
    "not-swept": "an event that is lost together with its delivery",
    "no-default": "an input without a default in a list that events start",
    "no-due": "an e-mail about a task without a due",
    "language-missing": "a text without one of the languages that others of the list have",
    "named-twice": "an item that is named twice under `after`",
    "unused-overlay": "an overlay for a location where the list never runs",
    "unused-list": "an abstract list that none extends or includes",
}
"""Word -> what is warned of, for task lists."""

ORGANISATION_CODES: Final = {"unused-role": "a role that no list names"}
"""The same for organisation.yaml."""



def _as_words(value: object) -> object:
    """One word stands for a list of one."""
    return value if isinstance(value, list | tuple) else [value]


def _schema(words: Iterable[str]) -> WithJsonSchema:
    known = {"enum": list(words)}
    return WithJsonSchema({"anyOf": [known, {"type": "array", "items": known}]})


ListCodes = Annotated[
    tuple[Annotated[str, one_of(*LIST_CODES)], ...], BeforeValidator(_as_words), _schema(LIST_CODES)
]
OrganisationCodes = Annotated[
    tuple[Annotated[str, one_of(*ORGANISATION_CODES)], ...], BeforeValidator(_as_words), _schema(ORGANISATION_CODES)
]
