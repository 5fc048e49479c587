"""What organisation.yaml says of people: who holds which role, which roles stand in, who is away. Frozen models."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema
from whenever import Date

from engine.core.forms import HOLDER_SCHEMA, AnyHolder, Holder, Model
from engine.core.scalars import SLUG, Day, Plain, as_text, shown, slug, slug_text, wrong


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


class Delegate(Model):
    """Who takes over the tasks of somebody who is away: one person, or whoever holds a role at the location."""

    holder: AnyHolder | None = None
    role: str | None = None

    def __str__(self) -> str:
        return f"role {self.role}" if self.role else str(self.holder)


def _as_delegate(value: object) -> object:
    if isinstance(value, Delegate):
        return value
    if isinstance(value, dict) and set(value) == {"role"}:
        return {"role": slug_text("a role", value["role"], SLUG)}
    if isinstance(value, dict) and set(value) == {"user"}:
        return {"holder": value}
    text = value.strip() if isinstance(value, str) else ""
    if "@" in text and " " not in text:
        return {"holder": as_text(value)}
    corrected = Plain(f"{{role: {text}}}" if text and "@" not in text and " " not in text else "")
    raise wrong(
        "a delegate is an e-mail, {user: NUMBER} or {role: ROLE}", found=shown(value), corrected=corrected
    )


AnyDelegate = Annotated[
    Delegate,
    BeforeValidator(_as_delegate),
    WithJsonSchema(
        {
            "anyOf": [
                *HOLDER_SCHEMA["anyOf"],
                {
                    "type": "object",
                    "properties": {"role": {"type": "string"}},
                    "required": ["role"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]


class Absence(Model):
    """Somebody is away. Both days are included and are local days at a task's location; no `to`: until further notice.

    `delegate` takes over the tasks that are due then; without one the next holder of the role does.
    """

    who: AnyHolder
    first: Annotated[Day, Field(alias="from")]
    last: Annotated[Day | None, Field(alias="to")] = None
    delegate: AnyDelegate | None = None

    def covers(self, day: Date) -> bool:
        """Return whether this local day is one of the absence."""
        return self.first <= day and (self.last is None or day <= self.last)

    def overlaps(self, other: Absence) -> bool:
        """Return whether the two absences have a day in common."""
        return self.covers(other.first) or other.covers(self.first)

    def days(self) -> str:
        """Return the days in words: `21 Dec 2026 to 8 Jan 2027`."""
        if self.last is None:
            return f"from {_day(self.first)} on"
        if self.last <= self.first:
            return f"on {_day(self.first)}"
        return f"{_day(self.first, self.last)} to {_day(self.last)}"


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _day(day: Date, until: Date | None = None) -> str:
    """A day for people; without its year where the day that follows in the sentence is of the same one."""
    year = "" if until is not None and until.year == day.year else f" {day.year}"
    return f"{day.day} {_MONTHS[day.month - 1]}{year}"


def plainly_same(one: Holder, other: Holder) -> bool:
    """Return whether two holders are written alike; one told by e-mail and one by id may still be one person."""
    if one.email is not None and other.email is not None:
        return one.email.strip().casefold() == other.email.strip().casefold()
    return one.user is not None and one.user == other.user
