"""What organisation.yaml says of calendars: working days, hours, holidays, own closures. Frozen models."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema
from whenever import Date, Time

from engine.core.forms import Model
from engine.core.scalars import Text, as_clock, as_day, as_text, shown, wrong
from engine.core.words import nearest

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _as_working_days(value: object) -> object:
    if isinstance(value, frozenset):
        return value
    parts = value if isinstance(value, list) else re.split(r"[,\s]+", as_text(value).strip())
    days: set[int] = set()
    for part in parts:
        first, _, last = as_text(part).strip().lower().partition("-")
        ends = [_weekday(name) for name in (first, last or first)]
        span = range(ends[0], ends[1] + 1) if ends[0] <= ends[1] else [*range(ends[0], 8), *range(1, ends[1] + 1)]
        days.update(span)
    return frozenset(days)


def _weekday(name: str) -> int:
    if name[:3] in WEEKDAYS and "monday tuesday wednesday thursday friday saturday sunday".find(name) >= 0:
        return WEEKDAYS.index(name[:3]) + 1
    raise wrong(
        "working days are weekdays or spans of them",
        found=shown(name),
        allowed="mon-fri, or mon, tue, thu",
        nearest=nearest(name, WEEKDAYS),
    )


def _as_hours(value: object) -> object:
    if isinstance(value, tuple):
        return value
    opening, dash, closing = as_text(value).partition("-")
    if not dash:
        raise wrong("hours run from opening to closing time", found=shown(value), allowed="HH:MM-HH:MM")
    times = [re.fullmatch(r"\s*(\d)[:.](\d\d)\s*", part) for part in (opening, closing)]
    if any(times):
        parts = (
            f"0{time[1]}:{time[2]}" if time else part.strip()
            for time, part in zip(times, (opening, closing), strict=True)
        )
        raise wrong("a time of day is HH:MM", found=shown(value), corrected="-".join(parts))
    hours = (as_clock(opening), as_clock(closing))
    if hours[0] >= hours[1]:
        raise wrong("hours open before they close, on one day", found=shown(value), allowed="HH:MM-HH:MM")
    return hours


def _as_closed(value: object) -> object:
    """Each closure becomes (first day, last day, name)."""
    if not isinstance(value, list | tuple):
        raise wrong("closed is a list of dates", found=shown(value), allowed="[2026-12-24, 2026-12-27 to 2026-12-31]")
    return tuple(part if isinstance(part, tuple) else _closure(part) for part in value)


def _closure(part: object) -> tuple[Date, Date, str]:
    name = "closed"
    if isinstance(part, dict):
        if not {"day"} <= set(part) <= {"day", "name"}:
            raise wrong("a closure in this form has a day and a name", found=", ".join(map(str, part)))
        name, part = as_text(part.get("name", name)), part["day"]
    first, _, last = as_text(part).partition(" to ")
    days = (as_day(first.strip()), as_day((last or first).strip()))
    if days[0] > days[1] or days[0].add(days=366) < days[1]:
        raise wrong("a closure runs from its first day to its last, a year at most", found=shown(part))
    return (*days, name)


class PublicHolidays(Model):
    """Public holidays of a country and, where they differ, its subdivision (ISO 3166 codes)."""

    country: Text
    subdivision: Text | None = None


class CalendarRules(Model):
    """When a location is open. Left out: Monday to Friday, 09:00-18:00, no holidays."""

    working_days: Annotated[
        frozenset[int],
        BeforeValidator(_as_working_days),
        WithJsonSchema({"type": ["string", "array"], "examples": ["mon-fri", ["mon", "wed"]]}),
    ] = frozenset(range(1, 6))
    hours: Annotated[
        tuple[Time, Time],
        BeforeValidator(_as_hours),
        WithJsonSchema({"type": "string", "examples": ["09:00-18:00"]}),
    ] = (Time(9), Time(18))
    holidays: PublicHolidays | None = None
    closed: Annotated[
        tuple[tuple[Date, Date, str], ...],
        BeforeValidator(_as_closed),
        WithJsonSchema({"type": "array", "items": {"type": ["string", "object"]}}),
    ] = ()
