"""The day that a due rule names, before closed days are looked at.

Pure. It counts from a day or a moment already known; it must never roll: whether a closed day is kept
is decided in resolve.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from whenever import Date, Instant, Time, ZonedDateTime

from engine.core.calendar import Calendar, Reached, clock, long_day
from engine.core.due import Count, FirstWeekday, MonthEdge, On, When
from engine.core.moments import (
    Gap,
    Overlap,
    business_hours,
    in_range,
    in_zone,
    month_edge,
    moved,
    skipped_text,
    to_zone,
)


@dataclass(frozen=True)
class NamedDay:
    """`clock` None means opening time. `exact` is the moment that `day` and `clock` came from, so that
    elapsed time stays elapsed time in an hour that happens twice. `settled`: found by counting open
    days, so there is nothing to roll. `ends`: a closed one is left for the day before, not after."""

    day: Date
    clock: Time | None = None
    exact: Instant | None = None
    settled: bool = False
    ends: bool = False
    steps: tuple[str, ...] = ()


def keeps_clock(when: When) -> bool:
    """Whether the rule counts in minutes or hours, and so has a time of day without `at`."""
    return isinstance(when, Count) and when.unit in ("minutes", "hours", "business hours")


@dataclass(frozen=True)
class Clocks:
    """The IANA zone, and what becomes of its local times that are left out (gap) or happen twice (overlap)."""

    zone: str
    gap: Gap = "later"
    overlap: Overlap = "earlier"

    def moment(self, day: Date, time: Time) -> tuple[ZonedDateTime, str]:
        """Return the moment of a local day and time, and '' or what a clock change did to it; errors as in_zone."""
        return in_zone(day, time, self.zone, gap=self.gap, overlap=self.overlap)


def named_day(when: When, value: Date | Instant, *, clocks: Clocks, calendar: Calendar) -> NamedDay:
    """Return the day that `when` names, counted from the anchor's `value`.

    A moment counts as its local day, save for minutes and hours. Raises as resolve.
    """
    if isinstance(when, Count) and keeps_clock(when):
        return _by_clock(when, value, clocks, calendar)
    day = value if isinstance(value, Date) else to_zone(value, clocks.zone).date()
    if isinstance(when, On):
        return NamedDay(day)
    if isinstance(when, Count):
        return _by_open_days(when, day, calendar) if when.unit == "business days" else _by_days(when, day)
    if isinstance(when, FirstWeekday):
        return _by_weekday(when, day)
    return _by_month_edge(when, day, calendar)


def _by_clock(when: Count, value: Date | Instant, clocks: Clocks, calendar: Calendar) -> NamedDay:
    if isinstance(value, Date):
        opening = calendar.opening_on(value)
        start, change = clocks.moment(value, opening)
        steps = tuple(filter(None, (f"counted from opening time, {clock(opening)}", change)))
    else:
        start, steps = to_zone(value, clocks.zone), ()
    if when.unit == "business hours" and when.number:
        reached, time = business_hours(start.to_plain(), when.number, side=when.side, calendar=calendar)
        text = f"{when}: {long_day(reached.day)} {clock(time)}{skipped_text(reached.skipped)}"
        return NamedDay(reached.day, time, settled=True, steps=(*steps, text))
    minutes = when.number * (1 if when.unit == "minutes" else 60)
    exact = moved(start.to_instant(), minutes=-minutes if when.side == "before" else minutes)
    local = to_zone(exact, clocks.zone)
    text = f"{when}: {long_day(local.date())} {clock(local.time())}"
    return NamedDay(local.date(), local.time(), exact, steps=(*steps, text))


def _by_open_days(when: Count, day: Date, calendar: Calendar) -> NamedDay:
    if not when.number:
        return NamedDay(day)
    count = calendar.nth_open_before if when.side == "before" else calendar.nth_open_after
    reached = count(day, when.number)
    text = f"{when}: {long_day(reached.day)}{skipped_text(reached.skipped)}"
    return NamedDay(reached.day, settled=True, steps=(text,))


def _by_days(when: Count, day: Date) -> NamedDay:
    number = -when.number if when.side == "before" else when.number
    if when.unit == "months":
        target = in_range(lambda: day.add(months=number))
    else:
        target = in_range(lambda: day.add(days=number * (7 if when.unit == "weeks" else 1)))
    clipped = when.unit == "months" and target.day != day.day
    text = f"{when}: {long_day(target)}{', the last day of that month' if clipped else ''}"
    return NamedDay(target, steps=(text,))


def _by_weekday(when: FirstWeekday, day: Date) -> NamedDay:
    ahead = (when.weekday.value - day.day_of_week().value) % 7
    target = in_range(lambda: day.add(days=ahead or (0 if when.or_on else 7)))
    return NamedDay(target, steps=(f"{when}: {long_day(target)}",))


def _by_month_edge(when: MonthEdge, day: Date, calendar: Calendar) -> NamedDay:
    edge = month_edge(day, {"before": -1, "of": 0, "after": 1}[when.month], last=when.edge == "last")
    reached = Reached(edge, ())
    if when.business:
        reached = calendar.next_open(edge) if when.edge == "first" else calendar.previous_open(edge)
    rule = str(when).replace("the month of", "that month")
    text = f"{rule}: {long_day(reached.day)}{skipped_text(reached.skipped)}"
    return NamedDay(reached.day, settled=when.business, steps=(text,))


def moment_said(local: ZonedDateTime) -> str:
    """Write a local moment for a person: "Tue 8 Dec 2026 09:30"."""
    return f"{long_day(local.date())} {clock(local.time())}"
