"""Nexudus dates to ours and back: instants stay instants, contract dates become calendar dates."""

from __future__ import annotations

import re
from typing import NamedTuple

from whenever import Date, Instant, OffsetDateTime, Time, ZonedDateTime

_MOMENT = re.compile(  # date, clock, seconds, fraction, zone
    r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:\.(\d+))?)?)?\s*(Z|[+-]\d{2}:?\d{2})?\Z",
    re.IGNORECASE,
)


_NO_YEAR = frozenset({"0001", "9999"})
"""The first and the last date of the service's platform stand for no date; no zone could hold them all the same."""


def parse_moment(text: object) -> Instant | None:
    """Return the instant of a Nexudus date text, or None when it is empty, no date, or in year 1 or 9999.

    The service writes up to 7 fractional digits and leaves the zone out of some fields; without one it is UTC
    (api.md 2.3, recorded).
    """
    match = _MOMENT.match(text.strip()) if isinstance(text, str) else None
    if not match:
        return None
    day, clock, seconds, fraction, zone = match.groups()
    offset = "Z" if zone is None or zone in "zZ" else zone if ":" in zone else f"{zone[:3]}:{zone[3:]}"
    if day[:4] in _NO_YEAR:
        return None
    digits = (fraction or "")[:9]
    iso = f"{day}T{clock or '00:00'}:{seconds or '00'}{'.' + digits if digits else ''}"
    try:
        if offset == "Z":
            return Instant.parse_iso(iso + "Z")
        return OffsetDateTime.parse_iso(iso + offset).to_instant()
    except ValueError:
        return None


class CalendarDate(NamedTuple):
    date: Date
    odd: bool
    """The value was no midnight, neither in UTC nor at the location: its date was taken, and it is said."""


def calendar_date(text: object, zone: str) -> CalendarDate | None:
    """Return the calendar date that a date field means at a location in an IANA zone, or None when empty."""
    instant = parse_moment(text)
    if instant is None:
        return None
    utc = instant.to_tz("UTC")
    if utc.time() == Time():
        return CalendarDate(utc.date(), False)
    local = instant.to_tz(zone)
    return CalendarDate(local.date(), local.time() != Time())


def wire_moment(instant: Instant) -> str:
    """Return an instant as the service takes it: whole seconds, UTC, Z."""
    return instant.to_tz("UTC").to_plain().round("second", mode="floor").format_iso() + "Z"


def local_text(moment: ZonedDateTime) -> str:
    """Return a moment for people: `Thu 2026-11-12 09:00 Europe/Madrid`."""
    day = moment.date()
    names = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    weekday = names[day.day_of_week().value - 1]
    return f"{weekday} {day} {moment.hour:02d}:{moment.minute:02d} {moment.tz_id}"
