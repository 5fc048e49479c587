"""The set-up against Nexudus: locations, time zones, people, plan names, clocks. Reads only.

It must never choose for the user: what does not fit is named, with what to write instead where that is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from whenever import Instant

from engine.core.errors import UserError
from engine.core.forms import Holder, Tariff
from engine.core.organisation import Organisation
from engine.core.prepared import Prepared
from engine.core.words import nearest
from engine.flows.directory import Directory
from engine.flows.probing.notebook import Notebook, State
from engine.nexudus.answers import Record
from engine.nexudus.calls import Entity
from engine.nexudus.client import NexudusReader
from engine.nexudus.errors import IncompleteList, NexudusUnreachable, RoleMissing, UnknownRecord
from engine.nexudus.wire import usable_id

SKEW_NOTED, SKEW_TOO_MUCH = 30.0, 120.0
"""Seconds between our clock and the service's: two minutes are allowed for when tasks are recognised (design 5.3)."""

_DAYS_COMPARED: Final = 730
"""Two years of offsets: each change of the clocks at least three times."""


@dataclass(frozen=True)
class House:
    """Who is asked about: the files, and where answers come from. `clock` gives UTC."""

    organisation: Organisation
    lists: Mapping[str, Prepared]
    reader: NexudusReader
    directory: Directory
    clock: Callable[[], Instant]


def check_house(house: House, notebook: Notebook) -> None:
    """Check locations, zones, people and plan names, each with one line; a missing role leaves its check out."""
    for name, check in (
        ("locations", _locations),
        ("time zones", _zones),
        ("people", _people),
        ("plans", _plans),
    ):
        try:
            troubles, detail = check(house)
        except RoleMissing as error:
            # Finding somebody whose default location is another one is part of a run; the rest serves probe alone.
            state: State = "warning" if error.role == "User-Read" else "not asked"
            notebook.check(name, state, f"the login has no role {error.role}")
        except NexudusUnreachable as error:
            notebook.check(name, "not asked", error.message)
        else:
            notebook.check(name, "trouble" if troubles else "ok", "; ".join(troubles) or detail)


def skew_of(date: str, now: Instant) -> float | None:
    """Return by how many seconds the service's clock is ahead of `now`, by the Date of an answer; None without one."""
    try:
        return (Instant.parse_rfc2822(date) - now).total("seconds")
    except ValueError:
        return None


def check_clock(notebook: Notebook, skew: float | None, source: str) -> None:
    """Judge a difference of clocks in seconds; `source` says whose moment was compared."""
    if skew is None:
        notebook.check("clock", "not asked", f"{source} says no moment")
        return
    state: State = "ok" if abs(skew) < SKEW_NOTED else "warning" if abs(skew) < SKEW_TOO_MUCH else "trouble"
    way = "ahead of" if skew > 0 else "behind"
    told = f"the service is {abs(skew):.0f} s {way} this machine, by {source}"
    notebook.check("clock", state, told if state == "ok" else f"{told}: set this machine's clock")


def _locations(house: House) -> tuple[list[str], str]:
    troubles, names = [], []
    for location, place in house.organisation.locations.items():
        try:
            house.directory.business(place.business_id)
            names.append(location)
        except UnknownRecord:
            troubles.append(f"{location}: there is no business {place.business_id}, or the login does not see it")
    return troubles, ", ".join(names)


def _zones(house: House) -> tuple[list[str], str]:
    troubles, same = [], []
    for location, place in house.organisation.locations.items():
        try:
            theirs = house.directory.zone(place.business_id)
        except UserError as error:
            if isinstance(error, RoleMissing):
                raise
            if place.time_zone is None or not isinstance(error, UnknownRecord):
                troubles.append(f"{location}: {error}")
            continue
        moment = _first_difference(place.time_zone or theirs, theirs, house.clock())
        if moment is None:
            same.append(f"{location} {place.time_zone or theirs}")
        else:
            day = moment.to_tz("UTC").date()
            troubles.append(f"{location}: time_zone is {place.time_zone}, Nexudus says {theirs}: apart from {day} on")
    return troubles, ", ".join(same)


def _first_difference(ours: str, theirs: str, now: Instant) -> Instant | None:
    """The first of the coming days on which two zones show another clock; names alone tell nothing."""
    days = (now.add(hours=24 * day) for day in range(_DAYS_COMPARED))
    return next((day for day in days if day.to_tz(ours).offset != day.to_tz(theirs).offset), None)


def _people(house: House) -> tuple[list[str], str]:
    troubles, fit = [], 0
    for where, holder, business_id in _holders(house.organisation):
        try:
            person = house.directory.people([holder], business_id)[str(holder)]
        except UserError as error:
            if isinstance(error, RoleMissing):
                raise
            troubles.append(f"{where}: {error.message}")
            continue
        if person.trouble:
            troubles.append(f"{where}: {holder} {person.trouble}")
        else:
            fit += 1
    return troubles, f"{fit} holders can be given tasks"


def _holders(organisation: Organisation) -> Iterator[tuple[str, Holder, int]]:
    """Each person at each location where a role needs them: those of a role held everywhere only where used."""
    for location, place in organisation.locations.items():
        for role in sorted(organisation.known_roles()):
            for holder in organisation.holders_at(role, location):
                yield f"{role} at {location}", holder, place.business_id


def _plans(house: House) -> tuple[list[str], str]:
    wanted = list(_tariffs_named(house.lists))
    if not wanted:
        return [], "no list names a plan"
    listed = house.reader.listing(Entity.TARIFF)
    if not listed.complete:
        raise IncompleteList("Tariff records", listed.why_incomplete)
    troubles = [told for name, tariff in wanted if (told := _unborne(name, tariff, listed.rows))]
    return troubles, f"{len(wanted)} plan names are borne by plans"


def _tariffs_named(lists: Mapping[str, Prepared]) -> Iterable[tuple[str, Tariff]]:
    return ((name, tariff) for name in sorted(lists) for tariff in lists[name].tasklist.applies.tariffs)


def _unborne(name: str, tariff: Tariff, rows: Iterable[Record]) -> str:
    """What to say of a plan that a list names and no plan bears (design 4, "applies"); empty when one does."""
    if tariff.tariff is not None:
        known = any(usable_id(row) == tariff.tariff for row in rows)
        return "" if known else f"{name}: there is no plan {tariff.tariff}"
    names = {str(row.get("Name") or "").strip().casefold(): str(row.get("Name")) for row in rows}
    wanted = (tariff.name or "").strip().casefold()
    if wanted in names:
        return ""
    close = names.get(nearest(wanted, names), "")
    return f"{name}: no plan is named {tariff.name!r}" + (f"; did you mean {close!r}?" if close else "")
