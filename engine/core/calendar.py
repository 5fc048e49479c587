"""Open and closed days of one location, its staffed hours, and counting over both.

A calendar is a value: its working week, its hours and its closed days (public holidays and own
closures, by name) come in from outside. It must never look a holiday up, read a clock, or answer for
a day outside the span that its closed days are known for: a guess there is a due on a holiday.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import NamedTuple

from whenever import Date, Time

from engine.core.calendar_limits import CalendarCoverage, ClosedDaysUnknown, Limit, NeverOpen
from engine.core.errors import UserError
from engine.core.staffed_hours import (
    Span,
    Spans,
    clock,
    end_of,
    hours_said,
    length,
    sound,
    staffed_until,
    start_of,
)

__all__ = ["Calendar", "CalendarCoverage", "ClosedDay", "ClosedDaysUnknown", "Limit", "NeverOpen", "Reached", "clock"]

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

LONGEST_COVER = 366 * 400
"""Days. The Gregorian calendar repeats after 400 years; a longer span is a mistake and a slow table."""

LONGEST_CLOSURE = 366
"""Days. A calendar that is closed for longer than a year could only make due dates nobody expects."""


class ClosedDay(NamedTuple):
    """A day without business, and why: "Saturday", "Navidad"."""

    day: Date
    name: str

    def __str__(self) -> str:
        return f"{short_day(self.day)} ({self.name})"


class Reached(NamedTuple):
    """An open day, and the closed days passed on the way to it, the earliest first."""

    day: Date
    skipped: tuple[ClosedDay, ...]


@dataclass(frozen=True)
class Calendar:
    """`working_days` are ISO numbers (Monday 1); `opening` and `closing` are wall clock times of the
    location; `covers` is the first and last day that `closed` speaks for.

    `hours` gives weekdays their own staffed hours, with breaks; a weekday that it lacks is staffed
    from `opening` to `closing` (of a week with its own hours: the earliest and the latest of them).
    `limits` are the days beyond which `covers` cannot be widened.

    Raises UserError when the parts contradict each other.
    """

    name: str
    working_days: frozenset[int]
    opening: Time
    closing: Time
    closed: Mapping[Date, str]
    covers: tuple[Date, Date]
    hours: Mapping[int, Spans] = field(default_factory=dict)
    limits: tuple[Limit, ...] = ()

    def __post_init__(self) -> None:
        first, last = self.covers
        if not self.working_days or not self.working_days <= frozenset(range(1, 8)):
            raise self._wrong(f"working days {sorted(self.working_days)}", "1 (Monday) to 7 (Sunday)")
        if self.opening >= self.closing:
            raise self._wrong(f"hours {clock(self.opening)}-{clock(self.closing)}", "opening before closing")
        for number, spans in self.hours.items():
            if number not in range(1, 8) or not sound(spans):
                raise self._wrong(f"hours {hours_said(spans)} on day {number}", "spans one after the other")
        if not 0 <= _ordinal(last) - _ordinal(first) < LONGEST_COVER:
            raise self._wrong(f"a span of {first} to {last}", "first to last day, at most 400 years")

    def __hash__(self) -> int:
        return hash((self.name, self.working_days, self.opening, self.closing, self.covers))

    def _wrong(self, found: str, allowed: str) -> UserError:
        return UserError(f"calendar {self.name!r} has {found}", advice=f"Allowed: {allowed}.")

    @cached_property
    def _open_days(self) -> tuple[int, ...]:
        """Ordinals of all open days: counting is then one search in a tuple, not a walk over days."""
        first, last = (_ordinal(day) for day in self.covers)
        closed = {_ordinal(day) for day in self.closed}
        days = tuple(
            number
            for number in range(first, last + 1)
            if (number - 1) % 7 + 1 in self.working_days and number not in closed
        )
        self._refuse_long_closures((first - 1, *days, last + 1))
        return days

    def _refuse_long_closures(self, marks: Sequence[int]) -> None:
        for before, after in zip(marks, marks[1:], strict=False):
            if after - before > LONGEST_CLOSURE or len(marks) == 2:
                raise NeverOpen(self.name, _day(before + 1), _day(after - 1))

    @cached_property
    def _staffed(self) -> tuple[int, ...]:
        """Staffed seconds before each open day, and at the end of all: counting hours is one search as well."""
        sizes = {number: length(self._spans(number)) for number in range(1, 8)}
        total, found = 0, [0]
        for day in self._open_days:
            total += sizes[(day - 1) % 7 + 1]
            found.append(total)
        return tuple(found)

    def _spans(self, weekday: int) -> Spans:
        return self.hours.get(weekday) or (Span(self.opening, self.closing),)

    def spans_on(self, day: Date) -> Spans:
        """Return the staffed hours of the weekday of `day`, whether or not it is closed."""
        return self._spans(day.day_of_week().value)

    def opening_on(self, day: Date) -> Time:
        """Return when the location opens on `day`, or on a closed day would: see `spans_on`."""
        return self.spans_on(day)[0].opening

    def closing_on(self, day: Date) -> Time:
        """Return when the location closes on `day`, after its last break; a closed day as in `opening_on`."""
        return self.spans_on(day)[-1].closing

    def is_open(self, day: Date) -> bool:
        """Whether the location does business on `day`. Raises CalendarCoverage outside `covers`."""
        return not self.why_closed(day)

    def why_closed(self, day: Date) -> str:
        """Return the name of the holiday or closure, else of the weekday, or '' for an open day.

        Raises CalendarCoverage outside `covers`.
        """
        if not self.covers[0] <= day <= self.covers[1]:
            raise self._beyond(str(day), day, day)
        if day in self.closed:
            return self.closed[day] or "closed"
        number = day.day_of_week().value
        return "" if number in self.working_days else WEEKDAYS[number - 1]

    def next_open(self, day: Date) -> Reached:
        """Return `day` when open, else the first open day after it; errors as nth_open_after."""
        return Reached(day, ()) if self.is_open(day) else self.nth_open_after(day, 1, including=True)

    def previous_open(self, day: Date) -> Reached:
        """Return `day` when open, else the last open day before it; errors as nth_open_after."""
        return Reached(day, ()) if self.is_open(day) else self.nth_open_before(day, 1, including=True)

    def nth_open_after(self, day: Date, n: int, *, including: bool = False) -> Reached:
        """Return the n-th open day (n >= 1) strictly after `day`.

        `including` names `day` itself among the skipped ones when it is closed. Raises
        CalendarCoverage when `covers` ends before, NeverOpen for a calendar closed for a year.
        """
        start = self._start(day, n)
        at = bisect_right(self._open_days, start) + n - 1
        if at >= len(self._open_days):
            raise self._beyond(f"open day {n} after {day}", day, self.covers[1].add(days=1))
        reached = self._open_days[at]
        return Reached(_day(reached), self._skipped(start if including else start + 1, reached, n))

    def nth_open_before(self, day: Date, n: int, *, including: bool = False) -> Reached:
        """Return the n-th open day (n >= 1) strictly before `day`; the rest as nth_open_after."""
        start = self._start(day, n)
        at = bisect_left(self._open_days, start) - n
        if at < 0:
            raise self._beyond(f"open day {n} before {day}", self.covers[0].subtract(days=1), day)
        reached = self._open_days[at]
        return Reached(_day(reached), self._skipped(reached + 1, start + 1 if including else start, n))

    def staffed_after(self, day: Date, time: Time, staffed: int) -> tuple[Reached, Time]:
        """Return where `staffed` seconds (>= 1) after a local time end: on a closing rather than after the break.

        All closed days on the way are named. Errors as nth_open_after.
        """
        done = self._staffed_before(day, time) + staffed
        at = bisect_left(self._staffed, done) - 1
        if at >= len(self._open_days):
            wanted = f"{_hours(staffed)} after {day} {clock(time)}"
            raise self._beyond(wanted, day, self.covers[1].add(days=1))
        found = _day(self._open_days[at])
        skipped = self._closed_days(_ordinal(day), self._open_days[at] + 1)
        return Reached(found, skipped), end_of(self.spans_on(found), done - self._staffed[at])

    def staffed_before(self, day: Date, time: Time, staffed: int) -> tuple[Reached, Time]:
        """Return where `staffed` seconds (>= 1) before a local time begin: on an opening; the rest as staffed_after."""
        done = self._staffed_before(day, time) - staffed
        if done < 0:
            wanted = f"{_hours(staffed)} before {day} {clock(time)}"
            raise self._beyond(wanted, self.covers[0].subtract(days=1), day)
        at = bisect_right(self._staffed, done) - 1
        found = _day(self._open_days[at])
        skipped = self._closed_days(self._open_days[at], _ordinal(day) + 1)
        return Reached(found, skipped), start_of(self.spans_on(found), done - self._staffed[at])

    def _staffed_before(self, day: Date, time: Time) -> int:
        is_open, at = self.is_open(day), bisect_left(self._open_days, _ordinal(day))
        return self._staffed[at] + (staffed_until(self.spans_on(day), time) if is_open else 0)

    def _beyond(self, wanted: str, first: Date, last: Date) -> UserError:
        """Return why a day from `first` to `last` is refused: a wider calendar may know it, or nobody does."""
        for limit in self.limits:
            if not (limit.first <= first and last <= limit.last):
                return ClosedDaysUnknown(self.name, wanted, limit)
        return CalendarCoverage(self.name, self.covers, wanted)

    def _start(self, day: Date, n: int) -> int:
        if n < 1:
            raise ValueError(f"open days are counted from 1, not {n}")
        self.why_closed(day)  # refuses a day outside the span
        return _ordinal(day)

    def _skipped(self, first: int, end: int, n: int) -> tuple[ClosedDay, ...]:
        """Name the closed days of [first, end), which holds n - 1 open ones."""
        if end - first == n - 1:
            return ()
        return self._closed_days(first, end)

    def _closed_days(self, first: int, end: int) -> tuple[ClosedDay, ...]:
        days = (_day(number) for number in range(first, end))
        return tuple(ClosedDay(day, name) for day in days if (name := self.why_closed(day)))


def short_day(day: Date) -> str:
    """Write a day for a person without its year: "Tue 8 Dec"."""
    return f"{WEEKDAYS[day.day_of_week().value - 1][:3]} {day.day} {MONTHS[day.month - 1]}"


def long_day(day: Date) -> str:
    """Write a day for a person: "Tue 8 Dec 2026"."""
    return f"{short_day(day)} {day.year}"


def _hours(staffed: int) -> str:
    return "staffed hour 1" if staffed == 3600 else f"{staffed / 3600:g} staffed hours"


def _ordinal(day: Date) -> int:
    return day.to_stdlib().toordinal()


def _day(ordinal: int) -> Date:
    return Date(date.fromordinal(ordinal))
