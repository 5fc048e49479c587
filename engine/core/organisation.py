"""What organisation.yaml says: owner, locations, names for custom fields; people and calendars stand apart. Models."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema, field_validator

from engine.core.calendar_rules import CalendarRules
from engine.core.forms import Holder, Model
from engine.core.lint_codes import OrganisationCodes
from engine.core.roster import Absence, Holders, Role, RoleName
from engine.core.scalars import (
    NAME,
    Day,
    Text,
    Whole,
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
from engine.core.wordings import Tag
from engine.core.words import nearest


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
    language: Tag | None = None
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
    language: Tag | None = None
    custom_fields: dict[Annotated[str, slug("a custom field's name", NAME)], CustomField] = Field(default_factory=dict)
    locations: dict[Annotated[str, slug("a location")], Location]
    roles: dict[RoleName, Role] = Field(default_factory=dict)
    absences: tuple[Absence, ...] = ()
    calendars: dict[Annotated[str, slug("a calendar")], CalendarRules]
    allow: OrganisationCodes = ()
    """Warnings of `check` that are not to be told of this file."""

    def language_at(self, location: str) -> str:
        """Return the language tag of a location, else that of the organisation, or '' when neither says one."""
        return self.locations[location].language or self.language or ""

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
