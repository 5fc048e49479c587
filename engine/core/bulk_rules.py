"""Due rules over a table of days: days are numbers, and each local time of day is placed in its zone once.

Pure. It knows days, weeks, months, weekdays, month edges and business days; for minutes, hours, clock changes and
days beyond the calendar it raises, and `resolve_due` is asked instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from itertools import accumulate
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


Moments = tuple[dict[int, Moment], dict[int, Moment]]
"""Day -> its moment at one local time of day: of dues that no closed day moved, and of those that one did."""

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
        self._until = list(accumulate(int(number in self._is_open) for number in days))
        self._moments: dict[Clock, Moments] = {}

    def is_open(self, day: int) -> bool:
        if not self.first <= day <= self.last:
            raise Slow
        return day in self._is_open

    def after(self, day: int, number: int) -> int:
        """Return the n-th open day strictly after a day."""
        if not self.first <= day <= self.last:
            raise Slow
        at = self._until[day - self.first] + number - 1
        if not 0 <= at < len(self.open):
            raise Slow
        return self.open[at]

    def before(self, day: int, number: int) -> int:
        """Return the n-th open day strictly before a day."""
        if not self.first <= day <= self.last:
            raise Slow
        at = self._until[day - self.first] - (day in self._is_open) - number
        if not 0 <= at < len(self.open):
            raise Slow
        return self.open[at]

    def moments(self, clock: Clock) -> Moments:
        """Return the memory of one local time of day."""
        return self._moments.setdefault(clock, ({}, {}))

    def moment(self, day: int, clock: Clock, skips: bool) -> Moment:
        """Return the moment of a local time of day; a ValueError where a clock change touches it."""
        straight, moved = self.moments(clock)
        found = straight.get(day)
        if found is None:
            found = self._placed(day, clock)
            remember(straight, day, found)
        if skips:
            found = Moment(found.at, found.wire, found.day, True, "")
            remember(moved, day, found)
        return found

    def _placed(self, day: int, clock: Clock) -> Moment:
        local_day, time = Date(date.fromordinal(day)), clock
        if not isinstance(time, Time):
            time = self.calendar.opening_on(local_day) if time == "opening" else self.calendar.closing_on(local_day)
        at = local_day.at(time).assume_tz(self.zone, disambiguation="raise").to_instant()
        return Moment(at, at.format_iso(), local_day, False, "")  # whole seconds: as wire_moment has them


class Rule:
    """One rule over a table. Slow is raised for every day that it cannot answer for."""

    def __init__(
        self, rule: DueRule, *, table: Table, anchor: str | None, names: Sequence[str], roll: Roll | None,
        last: bool = False,
    ) -> None:  # fmt: skip
        if keeps_clock(rule.when):
            raise Slow
        self.table, self.roll = table, roll
        self.fixed = rule.day.to_stdlib().toordinal() if isinstance(rule.day, Date) else None
        named = "" if isinstance(rule.day, Date) else rule.day or anchor or ""
        self.at = names.index(named) if named in names else None
        self.goes_back = ends(rule, Anchor(named, Date.MIN, ""))
        self.clock: Clock = rule.clock or ("closing" if last else "opening")
        self.target = _target(rule.when, table)
        self.known = table.moments(self.clock)

    def start(self, days: Sequence[object]) -> int:
        """Return the day that it counts from, of those of the due's anchors in the order of their names."""
        start = self.fixed if self.at is None else days[self.at]
        if type(start) is not int:  # a coworker who has no such day
            raise Slow
        return start

    def moment(self, start: int) -> Moment:
        """Return the due for the day that it counts from, after closed days."""
        day, settled, skips = self.target(start)
        if not settled and self.roll != "none" and not self.table.is_open(day):
            day, skips = self._rolled(day), True
        found = self.known[skips].get(day)
        return self.table.moment(day, self.clock, skips) if found is None else found

    def _rolled(self, day: int) -> int:
        natural: Roll = "previous" if self.goes_back else "next"
        roll, table = self.roll or natural, self.table
        if roll == "nearest":
            back, ahead = day - table.before(day, 1), table.after(day, 1) - day
            roll = natural if back == ahead else "previous" if back < ahead else "next"
        return table.before(day, 1) if roll == "previous" else table.after(day, 1)


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
        return partial(_open_days, table.before if sign < 0 else table.after, when.number)
    if when.unit == "months":
        return lambda day: (_months_on(date.fromordinal(day), sign * when.number), False, False)
    step = sign * when.number * (7 if when.unit == "weeks" else 1)
    return lambda day: (day + step, False, False)


def _open_days(nth: Callable[[int, int], int], number: int, day: int) -> tuple[int, bool, bool]:
    reached = nth(day, number)
    return reached, True, abs(reached - day) != number


def _first_weekday(when: FirstWeekday, day: int) -> tuple[int, bool, bool]:
    ahead = (when.weekday.value - ((day - 1) % 7 + 1)) % 7
    return day + (ahead or (0 if when.or_on else 7)), False, False


def _month_edge(when: MonthEdge, table: Table, day: int) -> tuple[int, bool, bool]:
    found = date.fromordinal(day)
    first = date.fromordinal(_months_on(found.replace(day=1), {"before": -1, "of": 0, "after": 1}[when.month]))
    reached = _month_end(first.year, first.month) if when.edge == "last" else first.toordinal()
    if not when.business or table.is_open(reached):
        return reached, when.business, False
    return (table.after if when.edge == "first" else table.before)(reached, 1), True, True


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
