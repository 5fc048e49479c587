"""A calendar as plain data and back, for facts files: what it knows when it is saved is what it knows later.

Files of before staffed hours by weekday have neither `hours` nor `limits` and load as they always did.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from whenever import Date, Time

from engine.core.calendar import Calendar
from engine.core.calendar_limits import Limit
from engine.core.staffed_hours import Span


def dump_calendar(calendar: Calendar) -> dict[str, Any]:
    """Return a calendar as plain data, dates and times as ISO text; what a plain one lacks is not there."""
    told: dict[str, Any] = {
        "name": calendar.name,
        "working_days": sorted(calendar.working_days),
        "opening": calendar.opening.format_iso(),
        "closing": calendar.closing.format_iso(),
        "closed": {str(day): what for day, what in calendar.closed.items()},
        "covers": [str(day) for day in calendar.covers],
    }
    if calendar.hours:
        told["hours"] = {
            str(weekday): [[time.format_iso() for time in span] for span in spans]
            for weekday, spans in sorted(calendar.hours.items())
        }
    if calendar.limits:
        told["limits"] = [[str(limit.first), str(limit.last), limit.what] for limit in calendar.limits]
    return told


def load_calendar(told: Mapping[str, Any]) -> Calendar:
    """Return a calendar from what dump_calendar returned.

    Raises:
        LookupError, TypeError, ValueError, AttributeError: a part is missing or not of its type.
        UserError: the parts contradict each other.
    """
    hours = {
        int(weekday): tuple(Span(Time.parse_iso(opening), Time.parse_iso(closing)) for opening, closing in spans)
        for weekday, spans in (told.get("hours") or {}).items()
    }
    return Calendar(
        name=told["name"],
        working_days=frozenset(told["working_days"]),
        opening=Time.parse_iso(told["opening"]),
        closing=Time.parse_iso(told["closing"]),
        closed={Date.parse_iso(day): str(what) for day, what in told["closed"].items()},
        covers=_days(*told["covers"]),
        hours=hours,
        limits=tuple(Limit(*_days(first, last), str(what)) for first, last, what in told.get("limits") or ()),
    )


def _days(first: str, last: str) -> tuple[Date, Date]:
    return Date.parse_iso(first), Date.parse_iso(last)
