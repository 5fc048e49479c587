"""The grammar of due rules: text to a frozen rule and back (design section 4, "Due").

    <when> [at HH:MM|opening|closing]
    when = on <day> | <n> <unit> before|after <day> | first <weekday> after|on or after <day>
         | first|last [business] day of the month [of|before|after <day>]
    day  = an anchor, a named day of the list, `done`, or YYYY-MM-DD

Without its day, or with the word `anchor` for it, a rule counts from the anchor of the item or the list: so
`last business day of the month` is that of the anchor's month.

Parsing only reads words. It must never resolve a moment, and never take a wrong spelling for a right
one: what was probably meant is offered as a corrected line, for a person to accept.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from whenever import Date, Time, Weekday

from engine.core.due_spelling import nearest_anchor, other_spelling
from engine.core.due_words import DueSyntax, FindAnchor, Words

Unit = Literal["minutes", "business hours", "hours", "days", "business days", "weeks", "months"]
Side = Literal["before", "after"]
Clock = Time | Literal["opening", "closing"]
Roll = Literal["next", "previous", "nearest", "none"]
Late = Literal["closing", "keep", "skip", "fail"]

UNITS: tuple[Unit, ...] = ("minutes", "business hours", "hours", "days", "business days", "weeks", "months")
_UNIT_WORDS: dict[str, Unit] = {word: unit for unit in UNITS for word in (unit, unit.removesuffix("s"))}
_WEEKDAYS = {weekday.name.lower(): weekday for weekday in Weekday}

_ALLOWED_WHEN = (
    "on DAY, N UNIT before|after DAY, first WEEKDAY after|on or after DAY, "
    "first|last [business] day of the month of|before|after DAY"
)
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_ALLOWED_UNITS = ", ".join(UNITS)
_ALLOWED_CLOCK = "HH:MM from 00:00 to 23:59, opening, closing"

__all__ = ["Count", "Due", "DueRule", "DueSyntax", "FirstWeekday", "MonthEdge", "On", "parse_due"]

MOST_DIGITS = 5
"""A number of five digits reaches 273 years in days; more is a slip of the finger."""


@dataclass(frozen=True)
class On:
    def __str__(self) -> str:
        return "on"


@dataclass(frozen=True)
class Count:
    """`number` units before or after the day; 0 stays on it."""

    number: int
    unit: Unit
    side: Side

    def __str__(self) -> str:
        unit = self.unit.removesuffix("s") if self.number == 1 else self.unit
        return f"{self.number} {unit} {self.side}"


@dataclass(frozen=True)
class FirstWeekday:
    """The first such weekday after the day, or with `or_on` the day itself when it is one."""

    weekday: Weekday
    or_on: bool

    def __str__(self) -> str:
        return f"first {self.weekday.name.title()} {'on or after' if self.or_on else 'after'}"


@dataclass(frozen=True)
class MonthEdge:
    """The first or last (business) day of the day's month, or of the month before or after it."""

    edge: Literal["first", "last"]
    business: bool
    month: Literal["of", "before", "after"]

    def __str__(self) -> str:
        return f"{self.edge} {'business ' if self.business else ''}day of the month {self.month}"


When = On | Count | FirstWeekday | MonthEdge


@dataclass(frozen=True)
class DueRule:
    """One parsed rule. `day` is an anchor's name, a date, or None for the default anchor; `clock` is
    local time, None meaning the time that the unit implies."""

    when: When
    day: str | Date | None = None
    clock: Clock | None = None

    def __str__(self) -> str:
        """Return the canonical text, which parses back to an equal rule."""
        when = str(self.when)
        if self.day is not None:
            when = f"{when} {self.day}"
        elif isinstance(self.when, MonthEdge):
            when = when.removesuffix(" of")
        return f"{when} at {clock_text(self.clock)}" if self.clock is not None else when

    def anchors(self) -> frozenset[str]:
        """Return the names of the anchors that the rule itself names: none or one."""
        return frozenset({self.day} if isinstance(self.day, str) else ())


@dataclass(frozen=True)
class Due:
    """A rule with what surrounds it: closed days, the past, a missing anchor, and its bounds."""

    rule: DueRule
    roll: Roll | None = None
    late: Late | None = None
    fallback: DueRule | None = None
    not_before: DueRule | None = None
    not_after: DueRule | None = None

    def anchors(self) -> frozenset[str]:
        """Return the names of all anchors that the rules name."""
        rules = (self.rule, self.fallback, self.not_before, self.not_after)
        return frozenset().union(*(rule.anchors() for rule in rules if rule))


def clock_text(clock: Clock) -> str:
    """Return a time of day as a rule writes it: 09:30, opening, closing."""
    return clock.format("HH:mm") if isinstance(clock, Time) else clock


def parse_due(text: str, anchors: Collection[str]) -> DueRule:
    """Read one rule; words in any case, `anchors` are the known anchor names.

    Raises DueSyntax with the place in `text` and, where it can be told, the whole corrected rule.
    """
    try:
        return _read(text, anchors, _known)
    except DueSyntax as error:
        error.corrected = _meant(text, anchors)
        raise


def _meant(text: str, anchors: Collection[str]) -> str:
    """Return the rule that a usual other spelling stands for, or ''."""
    try:
        return str(_read(other_spelling(text), anchors, nearest_anchor))
    except DueSyntax:
        return ""


def _known(name: str, anchors: Collection[str]) -> str:
    """Return the anchor of that name, in any case when only one such exists, or ''."""
    if name in anchors:
        return name
    same = [anchor for anchor in anchors if anchor.lower() == name.lower()]
    return same[0] if len(same) == 1 else ""


def _read(text: str, anchors: Collection[str], find: FindAnchor) -> DueRule:
    words = Words(text)
    if not words.words:
        raise words.wrong("a due rule has no words", _ALLOWED_WHEN)
    when = _when(words)
    day = _day(words, anchors, find)
    return DueRule(when, day, _clock(words))


def _when(words: Words) -> When:
    first = words.now()
    if re.fullmatch(r"[0-9]+", first):
        return _count(words)
    if words.take("first"):
        return _month_edge(words, "first") or _first_weekday(words)
    if words.take("last"):
        edge = _month_edge(words, "last")
        if edge is None:
            raise words.wrong("not a last day", "last [business] day of the month of|before|after DAY", 9)
        return edge
    if first == "at":
        raise words.wrong("a due rule begins with its day", _ALLOWED_WHEN)
    words.take("on")
    return On()


def _count(words: Words) -> Count:
    if len(words.now()) > MOST_DIGITS:
        raise words.wrong("the number is too large", "0 to 99999")
    number = int(words.now())
    words.at += 1
    length = 2 if words.now() == "business" else 1
    unit = _UNIT_WORDS.get(" ".join(words.words[words.at : words.at + length]))
    if unit is None:
        raise words.wrong("unknown unit", _ALLOWED_UNITS, length, _UNIT_WORDS)
    words.at += length
    if words.take("before"):
        return Count(number, unit, "before")
    if words.take("after"):
        return Count(number, unit, "after")
    raise words.wrong("a count goes one way", "before, after")


def _first_weekday(words: Words) -> FirstWeekday:
    weekday = _WEEKDAYS.get(words.now())
    if weekday is None:
        names = ", ".join(name.title() for name in _WEEKDAYS)
        raise words.wrong("unknown weekday", f"{names}, [business] day of the month", 1, _WEEKDAYS)
    words.at += 1
    if words.take("on", "or", "after"):
        return FirstWeekday(weekday, or_on=True)
    if words.take("after"):
        return FirstWeekday(weekday, or_on=False)
    raise words.wrong("a first weekday goes forward", "after, on or after")


def _month_edge(words: Words, edge: Literal["first", "last"]) -> MonthEdge | None:
    start = words.at
    business = words.take("business")
    if not words.take("day", "of", "the", "month"):
        words.at = start
        return None
    if words.take("of"):
        return MonthEdge(edge, business, "of")
    if words.take("before"):
        return MonthEdge(edge, business, "before")
    if words.take("after"):
        return MonthEdge(edge, business, "after")
    if words.now() in {"", "at"}:
        return MonthEdge(edge, business, "of")
    raise words.wrong("which month is not said", "of, before, after")


def _day(words: Words, anchors: Collection[str], find: FindAnchor) -> str | Date | None:
    rest = words.words[words.at :]
    count = rest.index("at") if "at" in rest else len(rest)
    if not count:
        return None
    offset, found = words.span(count)
    if found.lower() == "anchor":
        words.at += 1
        return None
    day = _date(found, offset) if re.fullmatch(_DATE, found) else find(found, anchors)
    if not day:
        raise _unknown_day(words, anchors, count)
    words.at += count
    return day


def _unknown_day(words: Words, anchors: Collection[str], count: int) -> DueSyntax:
    if words.at == 0 and count > 1:
        return words.wrong("not a due rule", _ALLOWED_WHEN, count)
    error = words.wrong("unknown anchor", ", ".join((*sorted(anchors), "YYYY-MM-DD")), count)
    error.nearest = nearest_anchor(error.found, anchors)
    return error


def _date(found: str, offset: int) -> Date:
    try:
        return Date(found)
    except ValueError:
        allowed = "a day that the calendar has, as YYYY-MM-DD"
        raise DueSyntax("there is no such day", found, allowed, offset=offset) from None


def _clock(words: Words) -> Clock | None:
    if not words.take("at"):
        return None
    clock = _time(words)
    words.at += 1
    if words.now():
        raise words.wrong("a due rule ends with its time", "nothing more", len(words.words))
    return clock


def _time(words: Words) -> Clock:
    word = words.now()
    if word == "opening":
        return "opening"
    if word == "closing":
        return "closing"
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", word):
        raise words.wrong("not a time of day", _ALLOWED_CLOCK, len(words.words))
    return Time(word)
