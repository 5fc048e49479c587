"""Where a case takes place: its locations, their zones, and the ground that its member stands on. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from whenever import Date, Time

from engine.core.calendar import Calendar
from engine.core.case_values import is_none
from engine.core.cases import Case, CaseFacts
from engine.core.errors import UserError
from engine.core.facts import Facts
from engine.core.moments import to_zone
from engine.core.moved_facts import Ground, noon
from engine.core.overrides import Overrides, read_overrides
from engine.core.people import Person
from engine.core.prepared import Prepared

_ANY_YEAR: Final = (Date(2026, 1, 1), Date(2026, 12, 31))
ALWAYS_OPEN: Final = Calendar("always open", frozenset(range(1, 8)), Time(9), Time(18), {}, _ANY_YEAR)
"""In place of a calendar where a member is only read, and no date is counted."""


def locations_of(case: Case, prepared: Prepared, saved: Facts | None) -> tuple[str, ...]:
    """Return where a case takes place: as it says, else where its saved member is, else the list's first location."""
    known = prepared.organisation.locations
    if case.at:
        return tuple(dict.fromkeys(case.at))
    if saved is not None and saved.location in known:
        return (saved.location,)
    return (next(iter(prepared.tasklist.applies.locations or known)),)


def zone_at(prepared: Prepared, location: str, told: CaseFacts, saved: Facts | None) -> str:
    """Return the IANA zone of a location.

    Raises:
        UserError: neither the case nor organisation.yaml tells one, or there is none of that name.
    """
    own = told.location.get("time_zone")
    zone = None if is_none(own) else str(own)
    zone = zone or prepared.organisation.locations[location].time_zone
    if zone is None and saved is not None and saved.location == location:
        zone = saved.zone
    if zone is None:
        raise UserError(
            f"organisation.yaml has no time_zone for {location}, and without the network nobody else tells it.",
            advice="Write it there, or in the case: facts: {location: {time_zone: Europe/Madrid}}.",
        )
    to_zone(noon(_ANY_YEAR[0], "UTC"), zone)
    return zone


def ground_of(
    prepared: Prepared, location: str, zone: str, *, calendar: Calendar = ALWAYS_OPEN, people: Mapping[str, Person]
) -> Ground:
    """Return a location with its zone, its calendar and the people who are known there."""
    facts = Facts(
        coworker={"Id": 1}, location=location, business={}, zone=zone, calendar=calendar, people=dict(people)
    )
    return Ground(location, prepared.organisation.locations[location].business_id, facts)


def overrides_of(case: Case) -> Overrides:
    """Return what a case changes for its run. Raises UserError for what has another form."""
    return read_overrides(
        case.skip,
        [f"{name}={value}" for name, value in case.responsible.items()],
        [f"{name}={value}" for name, value in case.due.items()],
    )
