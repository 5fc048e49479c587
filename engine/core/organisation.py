"""What organisation.yaml says: owner, locations, roles, calendars, names for custom fields. Frozen models."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema, field_validator
from whenever import Date, Time

from engine.core.forms import AnyHolder, Holder, Model
from engine.core.scalars import (
    NAME,
    Day,
    Text,
    Whole,
    as_clock,
    as_day,
    as_flag,
    as_text,
    as_whole,
    free,
    one_of,
    shown,
    slug,
    slug_text,
    wrong,
)
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


def _as_holders(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


Holders = Annotated[
    tuple[AnyHolder, ...],
    BeforeValidator(_as_holders),
    WithJsonSchema({"description": "a person, or a list of persons: e-mails or {user: NUMBER}"}),
]
RoleName = Annotated[str, slug("a role")]


class Role(Model):
    """A role everywhere: who holds it where a location names nobody, and which roles stand in for it."""

    holders: Holders = ()
    fallback: tuple[RoleName, ...] = ()


def _as_zone(value: object) -> str:
    text = as_text(value)
    from zoneinfo import ZoneInfo, available_timezones

    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        close = nearest(text, available_timezones())
        raise wrong(
            "this is no IANA time zone",
            found=shown(text),
            nearest=close,
            allowed="such as Europe/Madrid; left out, Nexudus says it",
        ) from None
    return text


def _as_vars(value: object) -> object:
    if not isinstance(value, dict):
        raise wrong("vars is a map of names to values", found=shown(value))
    for name in value:
        slug_text("a name in vars", name, NAME)
    return free(value)


class Location(Model):
    """One Nexudus business."""

    business_id: Whole
    time_zone: Annotated[str, BeforeValidator(_as_zone), WithJsonSchema({"type": "string"})] | None = None
    calendar: Text
    roles: dict[RoleName, Holders] = Field(default_factory=dict)
    vars: Annotated[dict[str, Any], BeforeValidator(_as_vars), WithJsonSchema({"type": "object"})] = Field(
        default_factory=dict
    )


class CustomField(Model):
    """A name and a type for Custom1..Custom30, or for an entry of CustomFields."""

    field: Text
    type: Annotated[Literal["text", "number", "boolean", "date"], one_of("text", "number", "boolean", "date")] = "text"
    true: tuple[Text, ...] = ("true", "yes", "1")
    false: tuple[Text, ...] = ()
    empty: Any = None

    @field_validator("empty", mode="before")
    @classmethod
    def _typed(cls, value: object, info: ValidationInfo) -> object:
        if value is None:
            return None
        readers = {"boolean": as_flag, "date": as_day, "number": as_whole}
        return readers.get(info.data.get("type", "text"), as_text)(value)


class Organisation(Model):
    """organisation.yaml."""

    owner: Annotated[str, slug("the owner")]
    since: Day
    custom_fields: dict[Annotated[str, slug("a custom field's name", NAME)], CustomField] = Field(default_factory=dict)
    locations: dict[Annotated[str, slug("a location")], Location]
    roles: dict[RoleName, Role] = Field(default_factory=dict)
    calendars: dict[Annotated[str, slug("a calendar")], CalendarRules]

    def location_of(self, business_id: int) -> str | None:
        """Return the location's name for a Nexudus business id, or None when organisation.yaml lacks it."""
        return next((name for name, place in self.locations.items() if place.business_id == business_id), None)

    def holders_at(self, role: str, location: str) -> tuple[Holder, ...]:
        """Return who holds a role at a location: its own holders, else those that hold it everywhere."""
        own = self.locations[location].roles.get(role, ())
        return own or (self.roles[role].holders if role in self.roles else ())

    def fallback_of(self, role: str) -> tuple[str, ...]:
        """Return the roles that stand in for a role, in order."""
        return self.roles[role].fallback if role in self.roles else ()

    def known_roles(self) -> frozenset[str]:
        """Return every role that is named anywhere."""
        return frozenset(self.roles).union(*(place.roles for place in self.locations.values()))
