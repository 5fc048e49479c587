"""The filters of texts: what each takes and gives, and how. Never anything of clock or locale.

Growth is checked before it happens, so that no filter can build more than a text may hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from whenever import Date, ZonedDateTime

from engine.core.fact_types import Kind, ListOf, Record, Type
from engine.core.fact_values import Page, Value, clock, show
from engine.core.text_faults import MAX_CHARACTERS, TextTooLong

Arguments = tuple[str, ...]
_DAYS = frozenset({Kind.DATE, Kind.MOMENT})
_STYLES = ("short", "medium", "long", "full")
_NUMERIC_PATTERN = re.compile(r"(dd|MM|yyyy|[-/. ])+")


@dataclass(frozen=True)
class Filter:
    """One filter. `apply` gets a value that is not empty; an empty one passes by."""

    takes: Callable[[Type], bool]
    takes_words: str
    gives: Callable[[Type], Type]
    apply: Callable[[Value, Arguments, Page], Value]
    arguments: tuple[int, int] = (0, 0)
    example: str = ""
    refuse: Callable[[Arguments], str] | None = None
    """When set, arguments are fixed texts, and this says what is wrong with them, or ''."""


def _only(*kinds: Kind) -> Callable[[Type], bool]:
    return lambda described: described in kinds


def _always(described: Type) -> Callable[[Type], Type]:
    return lambda _: described


def _day(value: Value) -> Date:
    if isinstance(value, ZonedDateTime):
        return value.date()
    assert isinstance(value, Date)  # noqa: S101  # checked when the text was read
    return value


def _date(value: Value, arguments: Arguments, _: Page) -> str:
    day = _day(value)
    if not arguments:
        return day.format_iso()
    pattern, language = (*arguments, "en")[:2]
    if _NUMERIC_PATTERN.fullmatch(pattern):
        return _numeric(day, pattern)
    from babel.dates import format_date

    return format_date(day.to_stdlib(), format=pattern, locale=language.replace("-", "_"))


def _numeric(day: Date, pattern: str) -> str:
    """Fill in a pattern of plain numbers, which needs no language data."""
    parts = {"dd": f"{day.day:02d}", "MM": f"{day.month:02d}", "yyyy": f"{day.year:04d}"}
    return re.sub("dd|MM|yyyy", lambda found: parts[found[0]], pattern)


def _refuse_date(arguments: Arguments) -> str:
    pattern, language = (*arguments, "en")[:2]
    plain = re.sub(r"'[^']*'", "", pattern)
    for letter in plain:
        if letter.isalpha() and letter not in "yMLdEecQqG" and pattern not in _STYLES:
            return f"{letter!r} is no part of a date; d is the day, M the month, y the year, E the weekday"
    if len(pattern) > 64 or not pattern.strip():
        return "a date pattern has 1 to 64 characters"
    return _refuse_language((language,)) or _refuse_pattern(pattern)


def _refuse_pattern(pattern: str) -> str:
    if _NUMERIC_PATTERN.fullmatch(pattern):
        return ""
    try:
        _date(Date(2026, 1, 31), (pattern,), Page())
    except (ValueError, KeyError, AttributeError, TypeError, IndexError):
        return "this is no date pattern; short, medium, long, full or one such as d MMMM y"
    return ""


def _refuse_language(arguments: Arguments) -> str:
    if not arguments or arguments[0] == "en":
        return ""
    from babel import Locale, UnknownLocaleError

    known = re.fullmatch(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,2}", arguments[0])
    try:
        if known:
            Locale.parse(arguments[0].replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        known = None
    return "" if known else f"{arguments[0]!r} is no language; write one such as en, es, ca, pt-BR"


def _weekday(value: Value, arguments: Arguments, _: Page) -> str:
    weekday = _day(value).day_of_week()
    if not arguments or arguments[0] == "en":
        return weekday.name.capitalize()
    from babel.dates import get_day_names

    return str(get_day_names("wide", locale=arguments[0].replace("-", "_"))[weekday.value - 1])


def _time(value: Value, _: Arguments, __: Page) -> str:
    assert isinstance(value, ZonedDateTime)  # noqa: S101  # checked when the text was read
    return clock(value)


def _on_text(change: Callable[[str], str]) -> Callable[[Value, Arguments, Page], Value]:
    def apply(value: Value, _: Arguments, page: Page) -> str:
        text = str(value)
        page.spend(len(text) // 32)
        return fitting(change(text))

    return apply


def fitting(text: str) -> str:
    """Return `text` when it is at most 64 KiB long, else raise TextTooLong."""
    if len(text) > MAX_CHARACTERS:
        raise TextTooLong("a part of the text")
    return text


def _title(text: str) -> str:
    return re.sub(r"\b[^\W\d_][\w'’]*", lambda word: word[0][0].upper() + word[0][1:].lower(), text)


def _replace(value: Value, arguments: Arguments, page: Page) -> str:
    text, (old, new) = str(value), arguments
    page.spend(len(text) // 32)
    if not old:
        return text
    if len(text) + text.count(old) * (len(new) - len(old)) > MAX_CHARACTERS:
        raise TextTooLong("a part of the text")
    return text.replace(old, new)


def _things(value: Value) -> list[Value]:
    return list(value) if isinstance(value, list | tuple | str) else []


def _join(value: Value, arguments: Arguments, page: Page) -> str:
    size, parts = 0, []
    for part in _things(value):
        shown = show(part, ("a thing of the list",))
        size += len(shown) + len(arguments[0])
        page.spend(1 + len(shown) // 32)
        if size > MAX_CHARACTERS + len(arguments[0]):
            raise TextTooLong("a part of the text")
        parts.append(shown)
    return arguments[0].join(parts)


def _end(position: int) -> Callable[[Value, Arguments, Page], Value]:
    def apply(value: Value, _: Arguments, __: Page) -> Value:
        if isinstance(value, list | tuple | str) and value:
            return value[position]
        return "" if isinstance(value, str) else None

    return apply


def _length(value: Value, _: Arguments, __: Page) -> int:
    return len(value) if isinstance(value, list | tuple | str) else 0


def _has_length(described: Type) -> bool:
    return described is Kind.TEXT or isinstance(described, ListOf)


def _thing(described: Type) -> Type:
    return described.element if isinstance(described, ListOf) else Kind.TEXT


def _is_joinable(described: Type) -> bool:
    return isinstance(described, ListOf) and not isinstance(described.element, ListOf | Record)


_TO_TEXT = _always(Kind.TEXT)
_TEXT_ONLY = _only(Kind.TEXT)
FILTERS: Mapping[str, Filter] = {
    "date": Filter(
        _only(*_DAYS), "a date or a moment", _TO_TEXT, _date,
        (0, 2), 'date, date("d MMMM y"), date("long", "es")', _refuse_date,
    ),
    "time": Filter(_only(Kind.MOMENT), "a moment", _TO_TEXT, _time),
    "weekday": Filter(
        _only(*_DAYS), "a date or a moment", _TO_TEXT, _weekday,
        (0, 1), 'weekday, weekday("es")', _refuse_language,
    ),
    "upper": Filter(_TEXT_ONLY, "text", _TO_TEXT, _on_text(str.upper)),
    "lower": Filter(_TEXT_ONLY, "text", _TO_TEXT, _on_text(str.lower)),
    "title": Filter(_TEXT_ONLY, "text", _TO_TEXT, _on_text(_title)),
    "trim": Filter(_TEXT_ONLY, "text", _TO_TEXT, _on_text(str.strip)),
    "replace": Filter(_TEXT_ONLY, "text", _TO_TEXT, _replace, (2, 2), 'replace("old", "new")'),
    "join": Filter(_is_joinable, "a list of single values", _TO_TEXT, _join, (1, 1), 'join(", ")'),
    "first": Filter(_has_length, "a list or text", _thing, _end(0)),
    "last": Filter(_has_length, "a list or text", _thing, _end(-1)),
    "length": Filter(_has_length, "a list or text", _always(Kind.INT), _length),
}  # fmt: skip
"""Name -> filter; `default` is beside them, since it takes what is empty."""

NAMES: tuple[str, ...] = tuple(sorted((*FILTERS, "default")))
