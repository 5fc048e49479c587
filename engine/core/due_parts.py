"""A due written in single words, `{count: 2, unit: business days, before: contract.start, at: "10:00"}`, as one rule.

The words are put in the order of the grammar and no more: whether they make a rule is for due.py to say. It must
never forget which key a word came from, for a mistake is shown where it stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from whenever import Weekday

from engine.core.due import UNITS
from engine.core.scalars import Text, Whole, as_text, shown, wrong
from engine.core.words import nearest

_EDGES: Final = ("day", "business day")
_WEEKDAYS: Final = tuple(weekday.name.lower() for weekday in Weekday)
_MONTHS: Final = {
    "of_month": "of the month of",
    "of_month_before": "of the month before",
    "of_month_after": "of the month after",
}
_DIRECTIONS: Final = {
    "on": "on", "before": "before", "after": "after", "on_or_after": "on or after", **_MONTHS,
}  # fmt: skip
"""Key -> the words before its day."""

DAY_KEYS: Final = frozenset(_DIRECTIONS)

_FORMS: Final[Mapping[str, tuple[str, ...]]] = {
    "count": ("before", "after"),
    "on": ("on",),
    "first": ("after", "on_or_after", *_MONTHS),
    "last": tuple(_MONTHS),
}
"""The key that a form is known by -> the keys that may hold its day, of which it has one."""

EXAMPLES: Final = "{count: 2, unit: business days, before: contract.start}, {on: contract.start, at: opening}"


class Composed(str):
    """The text of a rule made from a mapping."""

    __slots__ = ("pieces",)
    pieces: tuple[tuple[int, int, str], ...]
    """(start, end, key) of each value in the text."""

    def origin(self, offset: int) -> tuple[str, int]:
        """Return the key that a sign of the text came from, and its place in that key's value."""
        for start, end, key in self.pieces:
            if offset <= end:
                return key, max(offset - start, 0)
        start, end, key = self.pieces[-1]
        return key, end - start


def compose(words: Iterable[tuple[str, str]]) -> Composed:
    """Return the text of (word, key) pairs from left to right; a word of the grammar itself has no key."""
    text, pieces = "", []
    for word, key in words:
        text += " " * bool(text)
        if key:
            pieces.append((len(text), len(text) + len(word), key))
        text += word
    made = Composed(text)
    made.pieces = tuple(pieces)
    return made


def _word_of(what: str, words: tuple[str, ...]) -> BeforeValidator:
    def check(value: object) -> str:
        text = " ".join(as_text(value).lower().split())
        if text in words:
            return text
        raise wrong(what, found=shown(value), allowed=", ".join(words), nearest=nearest(text, words))

    return BeforeValidator(check)


_UNIT = _word_of("unknown unit", tuple(word for unit in UNITS for word in (unit, unit.removesuffix("s"))))
_FIRST = _word_of("not a first day", (*_WEEKDAYS, *_EDGES))
_LAST = _word_of("not a last day", _EDGES)


def _word() -> Any:
    """A key that is gone once the rule is made: a list that is written out has the rule."""
    return Field(default=None, exclude=True)


class DueWords(BaseModel):
    """The single words of a due. `composed` makes the rule of them."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, defer_build=True)

    count: Whole | None = _word()
    unit: Annotated[str, _UNIT] | None = _word()
    on: Text | None = _word()
    before: Text | None = _word()
    after: Text | None = _word()
    first: Annotated[str, _FIRST] | None = _word()
    last: Annotated[str, _LAST] | None = _word()
    on_or_after: Text | None = _word()
    of_month: Text | None = _word()
    of_month_before: Text | None = _word()
    of_month_after: Text | None = _word()
    at: Text | None = _word()


def composed(due: DueWords) -> Composed | None:
    """Return the rule that the words make, or None when there are none.

    Raises:
        PydanticCustomError: the words do not go together; what is allowed instead is said.
    """
    given = {name: value for name in DueWords.model_fields if (value := getattr(due, name)) is not None}
    if not given:
        return None
    form = next((name for name in _FORMS if name in given), "")
    if not form:
        raise wrong("these words make no due", found=", ".join(given), allowed=EXAMPLES)
    _check(form, given)
    return compose(_words(form, given))


def _check(form: str, given: Mapping[str, Any]) -> None:
    if form == "count":
        if "unit" not in given:
            raise wrong("a count has a unit", found=f"count: {given['count']}", allowed=", ".join(UNITS))
        if given["count"] < 0:
            raise wrong("a count goes one way", found=str(given["count"]), allowed="0 or more, with before or after")
    days = _days_of(form, given)
    fitting = {form, "at", *days, *(("unit",) if form == "count" else ())}
    if odd := [name for name in given if name not in fitting]:
        raise wrong(f"{odd[0]!r} does not go with {form!r}", found=", ".join(given), allowed=", ".join(sorted(fitting)))
    if len([name for name in days if name in given]) != 1:
        said = [name for name in days if name in given]
        raise wrong("a due counts from one day", found=" and ".join(said) or "none", allowed=", ".join(days))


def _days_of(form: str, given: Mapping[str, Any]) -> tuple[str, ...]:
    if form != "first":
        return _FORMS[form]
    return tuple(_MONTHS) if given["first"] in _EDGES else ("after", "on_or_after")


def _words(form: str, given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if form == "count":
        yield str(given["count"]), "count"
        yield given["unit"], "unit"
    elif form != "on":
        yield form, ""
        yield given[form], form
    key = next(name for name in _days_of(form, given) if name in given)
    yield _DIRECTIONS[key], ""
    yield " ".join(given[key].split()) or given[key], key
    if "at" in given:
        yield "at", ""
        yield given["at"], "at"


def words_schema(late_and_bounds: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the JSON Schemas of the four forms, each with the properties that every due has."""
    text: dict[str, Any] = {"type": "string"}
    unit = {"enum": [word for unit in UNITS for word in (unit, unit.removesuffix("s"))]}
    count: dict[str, Any] = {"type": "integer", "minimum": 0}
    heads = {
        "count": {"count": count, "unit": unit},
        "on": {},
        "first": {"first": {"enum": [*_WEEKDAYS, *_EDGES]}},
        "last": {"last": {"enum": list(_EDGES)}},
    }
    return [
        {
            "type": "object",
            "properties": {**own, **dict.fromkeys(_FORMS[form], text), "at": text, **late_and_bounds},
            "required": list(own),
            "oneOf": [{"required": [day]} for day in _FORMS[form]],
            "additionalProperties": False,
        }
        for form, own in heads.items()
    ]
