"""A starter folder: organisation.yaml and two lists that `check` accepts as they are. Values in, texts out.

It must never name anybody who was not named to it, and never start a list by itself: `applies` is left to the user.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from whenever import Date

from engine.authoring.importing.writing import scalar
from engine.core.errors import UserError
from engine.core.scalars import SLUG

ROLES: Final = {
    "community-manager": "looks after the members; everybody else's stand-in",
    "front-desk": "hands out cards and keys",
    "host": "shows people round",
    "finance": "contracts, deposits, invoices",
    "it": "Wi-Fi, printers, doors",
}
"""Role -> what it does, for the person who is asked who holds it."""

_STAND_IN: Final = "community-manager"


@dataclass(frozen=True)
class NewPlace:
    """One location. `holders`: role -> e-mails or ids of users, of those that somebody holds here."""

    name: str
    business_id: int
    time_zone: str = ""
    country: str = ""
    subdivision: str = ""
    holders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def calendar(self) -> str:
        return f"{self.country}-{self.subdivision}".strip("-").lower() or "office"


@dataclass(frozen=True)
class Beginning:
    """What a starter folder is made from. `since` is the first day of use."""

    owner: str
    since: Date
    places: tuple[NewPlace, ...]


def place_of(text: str) -> NewPlace:
    """Return a location from `name=BUSINESS_ID[,ZONE][,COUNTRY[-SUBDIVISION]]`.

    Raises:
        UserError: a part that cannot be read, with what is meant.
    """
    from engine.core.organisation import Location

    name, equals, rest = (part.strip() for part in text.partition("="))
    number, *more = (part.strip() for part in rest.split(","))
    if not equals or not re.fullmatch(SLUG, name) or not re.fullmatch(r"[1-9][0-9]{0,17}", number) or len(more) > 2:
        advice = "Write name=BUSINESS_ID,ZONE,COUNTRY: barcelona=1421021016,Europe/Madrid,ES-CT."
        raise UserError(f"{text!r} is no location.", advice=advice)
    zone = next((part for part in more if "/" in part or part == "UTC"), "")
    country = next((part for part in more if part and part != zone), "")
    if zone:
        _checked(lambda: Location.model_validate({"business_id": int(number), "calendar": "x", "time_zone": zone}))
    code, _, subdivision = country.partition("-")
    found = NewPlace(name, int(number), zone, code.upper(), subdivision.upper())
    _known_country(found)
    return found


def _checked(make: Callable[[], object]) -> None:
    from pydantic import ValidationError

    try:
        make()
    except ValidationError as error:
        raise UserError(f"{error.errors()[0]['msg']}.", advice="Write an IANA zone such as Europe/Madrid.") from None


def _known_country(place: NewPlace) -> None:
    from engine.authoring.holiday_codes import unknown_code
    from engine.core.calendar_rules import PublicHolidays

    if not place.country:
        return
    trouble = unknown_code(PublicHolidays(country=place.country, subdivision=place.subdivision or None))
    if trouble is not None:
        hint = trouble.corrected or trouble.nearest
        advice = f"Did you mean {hint}?" if hint else f"Allowed: {trouble.allowed}."
        raise UserError(f"{trouble.what}.", advice=advice)


def starter_files(beginning: Beginning) -> dict[str, str]:
    """Return file name -> text of what a person will edit: the organisation and two lists.

    Raises:
        UserError: no location, or nobody for the stand-in of all roles.
    """
    if not beginning.places:
        raise UserError("there is no location.", advice="Give one with --location name=BUSINESS_ID,ZONE,COUNTRY.")
    for place in beginning.places:
        if not any(place.holders.values()):
            what = f"nobody holds a role at {place.name}"
            raise UserError(f"{what}.", advice=f"Name somebody: --person {_STAND_IN}=eva@acme.example.")
    return {
        "organisation.yaml": _organisation(beginning),
        "new-member.yaml": _NEW_MEMBER,
        "offboarding.yaml": _OFFBOARDING,
    }


def _organisation(beginning: Beginning) -> str:
    lines = [
        "# yaml-language-server: $schema=./organisation.schema.json",
        "#",
        "# Where you are, who does what, when you are open. See it with `tasklists check` and `tasklists show`.",
        "",
        "# Part of the identity of every task: never change it.",
        f"owner: {beginning.owner}",
        "# First day of use. Tasks made before it are never taken for ours.",
        f"since: {beginning.since}",
        "",
        "locations:",
    ]
    for place in beginning.places:
        lines += _location(place)
    lines += ["", "# Who stands in where nobody holds a role.", "roles:", *_roles(beginning)]
    lines += ["", "# Open days and hours. Add your own closed days each autumn.", "calendars:"]
    lines += _calendars(beginning.places)
    return "\n".join(lines) + "\n"


def _location(place: NewPlace) -> list[str]:
    lines = [f"  {place.name}:", f"    business_id: {place.business_id}"]
    lines += [f"    time_zone: {place.time_zone}"] if place.time_zone else []
    lines += [f"    calendar: {place.calendar}", "    roles:"]
    for role, holders in place.holders.items():
        if holders:
            shown = _holder(holders[0]) if len(holders) == 1 else "[" + ", ".join(map(_holder, holders)) + "]"
            lines.append(f"      {role}: {shown}")
    return lines


def _roles(beginning: Beginning) -> list[str]:
    """Each role falls back to one that is held everywhere."""
    held = [role for role in ROLES if all(place.holders.get(role) for place in beginning.places)]
    last = _STAND_IN if _STAND_IN in held or not held else held[0]
    others = [role for role in ROLES if role != last]
    lines = [f"  {role}: {{fallback: [{last}]}}" for role in others]
    if last in held:
        return lines
    first = next(holders[0] for place in beginning.places for holders in place.holders.values() if holders)
    return [f"  {last}: {{holders: [{_holder(first)}]}}", *lines]


def _holder(text: str) -> str:
    return f"{{user: {text}}}" if text.isdecimal() else scalar(text)


def _calendars(places: Sequence[NewPlace]) -> list[str]:
    lines = []
    for name, place in {place.calendar: place for place in places}.items():
        lines += [f"  {name}:", "    working_days: mon-fri", '    hours: "09:00-18:00"']
        if place.country:
            subdivision = f", subdivision: {scalar(place.subdivision)}" if place.subdivision else ""
            lines.append(f"    holidays: {{country: {scalar(place.country)}{subdivision}}}")
        lines.append("    closed: []")
    return lines


_NEW_MEMBER: Final = """\
# yaml-language-server: $schema=./tasklist.schema.json
#
# What everybody gets who starts a contract. Try it: tasklists preview new-member --coworker ID
# It starts by itself once `applies` says on what: {on: [contract.created, contract.first_activated]}
tasklist: new-member
name: "Welcome {{ coworker.full_name }}"
description: From the signed contract to the thirtieth day
anchor: contract.start
once_per: membership
defaults: {responsible: community-manager, notify_by_email: true}
items:
  - id: welcome-message
    phase: Before the first day
    name: Write to {{ coworker.full_name }} about the first day
    notes: |
      First day: {{ contract.start | date("EEEE d MMMM y") }}. When to come, who is at the door, what to bring.
    due: 3 business days before contract.start at 11:00
  - id: access-card
    phase: Before the first day
    name: Prepare the access card of {{ coworker.full_name }}
    responsible: front-desk
    due: 1 business day before contract.start at 10:00
  - id: welcome
    phase: First day
    name: Welcome {{ coworker.full_name }}, see a photo ID, hand out the card
    responsible: front-desk
    due: on contract.start at opening
  - id: wifi-and-printer
    phase: First day
    name: Wi-Fi and printer with {{ coworker.full_name }}
    responsible: it
    due: on contract.start at 12:00
  - id: tour
    phase: First day
    name: House tour with {{ coworker.full_name }}
    responsible: {role: host, pick: rotate}
    due: 1 business day after contract.start at 11:00
  - id: first-invoice
    phase: First month
    name: Check the first invoice of {{ coworker.full_name }}
    responsible: finance
    due: 5 business days after contract.start at 12:00
  - id: month-talk
    phase: First month
    name: Thirty-day talk with {{ coworker.full_name }}
    due: {rule: 30 days after contract.start at 15:00, late: skip}
"""

_OFFBOARDING: Final = """\
# yaml-language-server: $schema=./tasklist.schema.json
#
# What has to happen when somebody leaves. It starts by itself once `applies` says so: {on: [contract.cancelled]}
tasklist: offboarding
name: "Goodbye {{ coworker.full_name }}"
description: From the notice to the returned deposit
anchor: membership.end
once_per: membership
defaults: {responsible: front-desk, notify_by_email: true}
items:
  - id: talk
    name: Ask {{ coworker.full_name }} why, and what would bring them back
    responsible: community-manager
    due: {rule: 5 business days before membership.end at 11:00, late: skip}
  - id: keys-back
    name: Keys and card of {{ coworker.full_name }} back
    due: on membership.end at closing
  - id: access-off
    name: Switch off the access of {{ coworker.full_name }}
    responsible: it
    due: on membership.end at closing
  - id: final-invoice
    name: Final invoice of {{ coworker.full_name }}
    responsible: finance
    due: 3 business days after membership.end at 12:00
  - id: deposit
    name: Return the deposit of {{ coworker.full_name }}
    responsible: finance
    due: {rule: 20 days after membership.end at 12:00, not_after: 30 days after membership.end}
"""
