"""Arithmetic on days, clocks and zones that due rules rest on.

Local times that a clock change leaves out move forward by the length of the gap, and of those that happen
twice the earlier is taken, unless the caller says otherwise. It must never guess a zone, and never let a
result outside the years 1 to 9999 out as anything but a UserError.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, TypeVar

from whenever import Date, Instant, PlainDateTime, Time, TimeZoneNotFoundError, ZonedDateTime

from engine.core.calendar import Calendar, ClosedDay, Reached, long_day
from engine.core.errors import UserError
from engine.core.staffed_hours import clock

T = TypeVar("T")
Gap = Literal["later", "earlier", "fail"]
Overlap = Literal["earlier", "later", "fail"]

NAMED_AT_MOST = 8
"""Closed days written out in one step: a week of holidays with both weekends still fits on a line."""


class OutOfRange(UserError):
    """A rule leads out of the years 1 to 9999."""

    def __init__(self) -> None:
        super().__init__("the due lies outside the years 1 to 9999", advice="Choose a smaller number.")


class ClockChanged(UserError):
    """A local time that happens twice or not at all, in a list that takes neither (`clock_change`: fail)."""

    def __init__(self, what: str, working: str) -> None:
        advice = f"Write a time of that day that works: {working}." if working else "Choose another day."
        super().__init__(what, advice=advice)


class UnknownZone(UserError):
    """The location's time zone is no IANA zone that this machine knows."""

    def __init__(self, zone: str) -> None:
        super().__init__(f"unknown time zone {zone!r}", advice="Write an IANA name such as Europe/Madrid.")


def in_range(step: Callable[[], T]) -> T:
    """Return what `step` returns; its ValueError or OverflowError becomes OutOfRange."""
    try:
        return step()
    except (ValueError, OverflowError) as error:
        raise OutOfRange from error


def to_zone(moment: Instant, zone: str) -> ZonedDateTime:
    """Return the local time of `moment`, cut to whole seconds. Raises UnknownZone, OutOfRange."""
    try:
        return moment.round("second", mode="floor").to_tz(zone)
    except TimeZoneNotFoundError:
        raise UnknownZone(zone) from None
    except ValueError as error:
        raise OutOfRange from error


def in_zone(
    day: Date, time: Time, zone: str, *, gap: Gap = "later", overlap: Overlap = "earlier"
) -> tuple[ZonedDateTime, str]:
    """Return the moment of a local day and time, and '' or what a clock change did to it.

    A time that a clock change leaves out moves by the length of the gap, forward (`later`) or back
    (`earlier`); of one that happens twice `overlap` names which. Raises UnknownZone, OutOfRange, and
    ClockChanged for `fail`.
    """
    plain = day.at(time)
    local = _assumed(plain, zone, "compatible")
    if local.to_plain() != plain:
        if gap == "fail":
            raise ClockChanged(f"{_said(plain)} is left out by a clock change in {zone}", _working_times(plain, zone))
        local = _assumed(plain, zone, gap)
        return local, f"{_said(plain)} is left out by a clock change in {zone}: {_said(local.to_plain())}"
    if not local.is_repeated():
        return local, ""
    if overlap == "fail":
        raise ClockChanged(f"{_said(plain)} happens twice by a clock change in {zone}", _working_times(plain, zone))
    return _assumed(plain, zone, overlap), f"{_said(plain)} happens twice by a clock change in {zone}: the {overlap}"


def _assumed(plain: PlainDateTime, zone: str, which: Literal["compatible", "earlier", "later"]) -> ZonedDateTime:
    try:
        return plain.assume_tz(zone, disambiguation=which)
    except TimeZoneNotFoundError:
        raise UnknownZone(zone) from None
    except ValueError as error:
        raise OutOfRange from error


def _working_times(plain: PlainDateTime, zone: str) -> str:
    """Return the nearest times of the day around a clock change that happen once, in words.

    Both meanings of `plain` enclose the change; the offset tells on which side of it a moment lies.
    """
    before, after = (_assumed(plain, zone, which) for which in ("earlier", "later"))
    low, high = before.to_instant(), after.to_instant()
    while (high - low).total("seconds") > 1:
        middle = low.add(seconds=int((high - low).total("seconds")) // 2)
        low, high = (middle, high) if middle.to_tz(zone).offset == before.offset else (low, middle)
    first, last = sorted((high.to_fixed_offset(before.offset).to_plain(), high.to_tz(zone).to_plain()))
    first = first.subtract(minutes=1, naive_arithmetic_ok=True)  # on the wall clock, before it changes
    sides = (f"{clock(first.time())} or earlier", first.date()), (f"{clock(last.time())} or later", last.date())
    return ", ".join(text for text, day in sides if day == plain.date())


def moved(moment: Instant, *, minutes: int) -> Instant:
    """Return `moment` moved by elapsed minutes, whatever local clocks do. Raises OutOfRange."""
    return in_range(lambda: moment.add(minutes=minutes))


def month_edge(day: Date, months: int, *, last: bool) -> Date:
    """Return the first or last day of the month `months` after that of `day`. Raises OutOfRange."""
    month = in_range(lambda: day.year_month().add(months=months))
    return month.on_day(month.days_in_month() if last else 1)


def business_hours(
    start: PlainDateTime, hours: int, *, side: Literal["before", "after"], calendar: Calendar
) -> tuple[Reached, Time]:
    """Return day and clock time `hours` open hours (>= 1) before or after a local time.

    Hours are staffed ones of the wall clock; breaks do not count. Outside them counting starts at the
    next opening (after) or the previous closing (before); the last hour ends on closing (after) or on
    opening (before), not after the break or on the next day.
    """
    count = calendar.staffed_before if side == "before" else calendar.staffed_after
    return count(start.date(), start.time(), hours * 3600)


def skipped_text(skipped: Sequence[ClosedDay]) -> str:
    """Return ", skipped Sat 28 Nov (Saturday), ..." or '' for none."""
    if not skipped:
        return ""
    rest = len(skipped) - NAMED_AT_MOST
    more = f" and {rest} more" if rest > 0 else ""
    return ", skipped " + ", ".join(str(day) for day in skipped[:NAMED_AT_MOST]) + more


def _said(plain: PlainDateTime) -> str:
    return f"{long_day(plain.date())} {clock(plain.time())}"
