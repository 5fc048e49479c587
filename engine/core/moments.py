"""Arithmetic on days, clocks and zones that due rules rest on.

Local times that a clock change leaves out move forward by the length of the gap; of those that happen
twice the earlier is taken. It must never guess a zone, and never let a result outside the years 1 to
9999 out as anything but a UserError.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, TypeVar

from whenever import Date, Instant, PlainDateTime, Time, TimeZoneNotFoundError, ZonedDateTime

from engine.core.calendar import Calendar, ClosedDay, Reached, clock, long_day
from engine.core.errors import UserError

T = TypeVar("T")

NAMED_AT_MOST = 8
"""Closed days written out in one step: a week of holidays with both weekends still fits on a line."""


class OutOfRange(UserError):
    """A rule leads out of the years 1 to 9999."""

    def __init__(self) -> None:
        super().__init__("the due lies outside the years 1 to 9999", advice="Choose a smaller number.")


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


def in_zone(day: Date, time: Time, zone: str) -> tuple[ZonedDateTime, str]:
    """Return the moment of a local day and time, and '' or what a clock change did to it."""
    plain = day.at(time)
    try:
        local = plain.assume_tz(zone, disambiguation="compatible")
    except TimeZoneNotFoundError:
        raise UnknownZone(zone) from None
    except ValueError as error:
        raise OutOfRange from error
    if local.to_plain() != plain:
        return local, f"{_said(plain)} is left out by a clock change in {zone}: {_said(local.to_plain())}"
    if local.is_repeated():
        return local, f"{_said(plain)} happens twice by a clock change in {zone}: the earlier"
    return local, ""


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

    Hours are those of the wall clock between opening and closing. Outside them counting starts at the
    next opening (after) or the previous closing (before); the last hour ends on closing (after) or on
    opening (before), not on the next day.
    """
    opening, closing = _seconds(calendar.opening), _seconds(calendar.closing)
    length = closing - opening
    day, used = _first_day(start, side, calendar)
    days, rest = divmod(used + hours * 3600 - 1, length)
    count = calendar.nth_open_before if side == "before" else calendar.nth_open_after
    reached = count(day.day, days) if days else Reached(day.day, ())
    skipped = tuple(sorted({*day.skipped, *reached.skipped}))
    seconds = closing - rest - 1 if side == "before" else opening + rest + 1
    return Reached(reached.day, skipped), Time(seconds // 3600, seconds // 60 % 60, seconds % 60)


def _first_day(start: PlainDateTime, side: str, calendar: Calendar) -> tuple[Reached, int]:
    """Return the open day that counting starts on, and the seconds of it that lie behind already."""
    day, second = start.date(), _seconds(start.time())
    opening, closing = _seconds(calendar.opening), _seconds(calendar.closing)
    if side == "before":
        if not calendar.is_open(day) or second <= opening:
            return calendar.nth_open_before(day, 1, including=True), 0
        return Reached(day, ()), max(closing - second, 0)
    if not calendar.is_open(day) or second >= closing:
        return calendar.nth_open_after(day, 1, including=True), 0
    return Reached(day, ()), max(second - opening, 0)


def skipped_text(skipped: Sequence[ClosedDay]) -> str:
    """Return ", skipped Sat 28 Nov (Saturday), ..." or '' for none."""
    if not skipped:
        return ""
    rest = len(skipped) - NAMED_AT_MOST
    more = f" and {rest} more" if rest > 0 else ""
    return ", skipped " + ", ".join(str(day) for day in skipped[:NAMED_AT_MOST]) + more


def _seconds(time: Time) -> int:
    return time.hour * 3600 + time.minute * 60 + time.second


def _said(plain: PlainDateTime) -> str:
    return f"{long_day(plain.date())} {clock(plain.time())}"
