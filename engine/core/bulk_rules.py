"""Due rules over a table of days: days are numbers, and each local time of day is placed in its zone once.

Pure. It knows days, weeks, months, weekdays, month edges and business days; for minutes, hours, clock changes and
days beyond the calendar it raises, and `resolve_due` is asked instead.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import NamedTuple

from whenever import Date, Instant, Time

from engine.core.bulk_texts import remember
from engine.core.calendar import Calendar
from engine.core.due import Clock, Count, DueRule, FirstWeekday, MonthEdge, On, Roll, When
from engine.core.due_day import keeps_clock
from engine.core.resolve import Anchor, ends

MOST_DAYS = 366 * 40
"""A longer span of a calendar is not put into a table: it takes longer than it saves."""


class Slow(Exception):
    """Not for tables: `resolve_due` says what is to be said."""


class Moment(NamedTuple):
    """A due with what is asked of it: its moment, also as the wire has it, its local day, and what moved it."""

    at: Instant
    wire: str
    day: Date
    skips: bool
    clock: str


Target = Callable[[int], tuple[int, bool, bool]]
"""A day's number -> the day that a rule names, whether it was found by counting open days, and past closed ones."""


class Table:
    """One calendar in one zone: which days are open, and when a local time of day is."""

    def __init__(self, calendar: Calendar, zone: str) -> None:
        self.calendar, self.zone = calendar, zone
        self.first, self.last = (day.to_stdlib().toordinal() for day in calendar.covers)
        if self.last - self.first > MOST_DAYS:
            raise Slow
        closed, week = {day.to_stdlib().toordinal() for day in calendar.closed}, calendar.working_days
        days = range(self.first, self.last + 1)  # in all of them `closed` says what is closed
        self.open = [number for number in days if (number - 1) % 7 + 1 in week and number not in closed]
        self._is_open = frozenset(self.open)
        self._moments: dict[Clock, dict[int, tuple[Instant, str, Date]]] = {}

    def is_open(self, day: int) -> bool:
        if not self.first <= day <= self.last:
            raise Slow
        return day in self._is_open

    def nth(self, day: int, number: int, side: str) -> int:
        """Return the n-th open day strictly before or after a day."""
        self.is_open(day)
        at = bisect_left(self.open, day) - number if side == "before" else bisect_right(self.open, day) + number - 1
        if not 0 <= at < len(self.open):
            raise Slow
        return self.open[at]

    def moments(self, clock: Clock) -> dict[int, tuple[Instant, str, Date]]:
        """Return the memory of one local time of day: day -> its moment, also as the wire has it."""
        return self._moments.setdefault(clock, {})

    def moment(self, day: int, clock: Clock) -> tuple[Instant, str, Date]:
        """Return the moment of a local time of day; a ValueError where a clock change touches it."""
        local_day, time = Date(date.fromordinal(day)), clock
        if not isinstance(time, Time):
            time = self.calendar.opening_on(local_day) if time == "opening" else self.calendar.closing_on(local_day)
        at = local_day.at(time).assume_tz(self.zone, disambiguation="raise").to_instant()
        found = (at, at.format_iso(), local_day)  # whole seconds: as wire_moment has them
        remember(self.moments(clock), day, found)
        return found


class Rule:
    """One rule over a table. Slow is raised for every day that it cannot answer for."""

    def __init__(
        self, rule: DueRule, table: Table, *, anchor: str | None, roll: Roll | None, last: bool = False
    ) -> None:
        if keeps_clock(rule.when):
            raise Slow
        self.table, self.roll = table, roll
        self.anchor = rule.day if isinstance(rule.day, str) else anchor
        self.fixed = rule.day.to_stdlib().toordinal() if isinstance(rule.day, Date) else None
        named = "" if self.fixed is not None else self.anchor or ""
        self.goes_back = ends(rule, Anchor(named, Date.MIN, ""))
        self.clock: Clock = rule.clock or ("closing" if last else "opening")
        self.target = _target(rule.when, table)
        self.moments = table.moments(self.clock)

    def start(self, anchored: Mapping[str, int]) -> int:
        """Return the day that it counts from."""
        start = self.fixed if self.fixed is not None else anchored.get(self.anchor or "")
        if start is None:
            raise Slow
        return start

    def moment(self, start: int) -> Moment:
        """Return the due for the day that it counts from, after closed days."""
        day, settled, skips = self.target(start)
        if not settled and self.roll != "none" and not self.table.is_open(day):
            day, skips = self._rolled(day), True
        found = self.moments.get(day)
        if found is None:
            found = self.table.moment(day, self.clock)
        return Moment(found[0], found[1], found[2], skips, "")

    def _rolled(self, day: int) -> int:
        natural: Roll = "previous" if self.goes_back else "next"
        roll = self.roll or natural
        if roll == "nearest":
            back, ahead = day - self.table.nth(day, 1, "before"), self.table.nth(day, 1, "after") - day
            roll = natural if back == ahead else "previous" if back < ahead else "next"
        return self.table.nth(day, 1, "before" if roll == "previous" else "after")


def _target(when: When, table: Table) -> Target:
    if isinstance(when, On) or (isinstance(when, Count) and not when.number and when.unit != "months"):
        return lambda day: (day, False, False)
    if isinstance(when, Count):
        return _counted(when, table)
    if isinstance(when, FirstWeekday):
        return partial(_first_weekday, when)
    return partial(_month_edge, when, table)


def _counted(when: Count, table: Table) -> Target:
    sign = -1 if when.side == "before" else 1
    if when.unit == "business days":
        return partial(_open_days, when, table)
    if when.unit == "months":
        return lambda day: (_months_on(date.fromordinal(day), sign * when.number), False, False)
    step = sign * when.number * (7 if when.unit == "weeks" else 1)
    return lambda day: (day + step, False, False)


def _open_days(when: Count, table: Table, day: int) -> tuple[int, bool, bool]:
    reached = table.nth(day, when.number, when.side)
    return reached, True, abs(reached - day) != when.number


def _first_weekday(when: FirstWeekday, day: int) -> tuple[int, bool, bool]:
    ahead = (when.weekday.value - ((day - 1) % 7 + 1)) % 7
    return day + (ahead or (0 if when.or_on else 7)), False, False


def _month_edge(when: MonthEdge, table: Table, day: int) -> tuple[int, bool, bool]:
    found = date.fromordinal(day)
    first = date.fromordinal(_months_on(found.replace(day=1), {"before": -1, "of": 0, "after": 1}[when.month]))
    reached = _month_end(first.year, first.month) if when.edge == "last" else first.toordinal()
    if not when.business or table.is_open(reached):
        return reached, when.business, False
    return table.nth(reached, 1, "after" if when.edge == "first" else "before"), True, True


def _months_on(day: date, months: int) -> int:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise Slow
    return min(date(year, month + 1, 1).toordinal() + day.day - 1, _month_end(year, month + 1))


def _month_end(year: int, month: int) -> int:
    """Return the number of a month's last day."""
    if (year, month) == (9999, 12):
        return date.max.toordinal()
    return date(year + month // 12, month % 12 + 1, 1).toordinal() - 1
