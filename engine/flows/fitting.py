"""What the files say of an account that Nexudus does not bear out: locations, zones, people, plans. Reads only.

It must never choose for the user: what does not fit is named with its place in the files, and with what to write
instead where that is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from whenever import Instant

from engine.core.errors import UserError
from engine.core.forms import Holder, Tariff
from engine.core.organisation import Organisation
from engine.core.prepared import Path, Prepared
from engine.core.words import nearest
from engine.flows.directory import Directory
from engine.nexudus.answers import Record
from engine.nexudus.calls import Entity
from engine.nexudus.client import NexudusReader
from engine.nexudus.errors import IncompleteList, RoleMissing, UnknownRecord
from engine.nexudus.wire import usable_id

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


@dataclass(frozen=True)
class Misfit:
    """One thing that does not fit; `path` leads into the list's file, without a `tasklist` into organisation.yaml."""

    path: Path
    where: str
    what: str
    tasklist: str = ""
    nearest: str = ""

    def __str__(self) -> str:
        hint = f"; did you mean {self.nearest!r}?" if self.nearest else ""
        return f"{self.where}: {self.what}{hint}"


def location_misfits(house: House) -> Iterator[Misfit]:
    """Yield the locations whose business there is not, or that the login does not see. Raises as a read does."""
    for location, place in house.organisation.locations.items():
        try:
            house.directory.business(place.business_id)
        except UnknownRecord:
            what = f"there is no business {place.business_id}, or the login does not see it"
            yield Misfit(("locations", location, "business_id"), location, what)


def zone_misfits(house: House) -> Iterator[Misfit]:
    """Yield the locations on whose clocks the file and Nexudus differ within two years. Raises as a read does."""
    for location, place in house.organisation.locations.items():
        path: Path = ("locations", location, "time_zone")
        try:
            theirs = house.directory.zone(place.business_id)
        except UserError as error:
            if isinstance(error, RoleMissing):
                raise
            if place.time_zone is None or not isinstance(error, UnknownRecord):
                yield Misfit(path, location, str(error))
            continue
        moment = _first_difference(place.time_zone or theirs, theirs, house.clock())
        if moment is not None:
            day = moment.to_tz("UTC").date()
            what = f"time_zone is {place.time_zone}, Nexudus says {theirs}: apart from {day} on"
            yield Misfit(path, location, what, nearest=theirs)


def _first_difference(ours: str, theirs: str, now: Instant) -> Instant | None:
    """The first of the coming days on which two zones show another clock; names alone tell nothing."""
    days = (now.add(hours=24 * day) for day in range(_DAYS_COMPARED))
    return next((day for day in days if day.to_tz(ours).offset != day.to_tz(theirs).offset), None)


@dataclass(frozen=True)
class Held:
    """A person where somebody is needed: by a role at a location, or by name in a list."""

    path: Path
    where: str
    holder: Holder
    business_id: int
    tasklist: str = ""


def holders(house: House) -> Iterator[Held]:
    """Yield each person at each location where a role needs them: those of a role held everywhere only where used."""
    organisation = house.organisation
    for location, place in organisation.locations.items():
        for role in sorted(organisation.known_roles()):
            own = role in place.roles and bool(place.roles[role])
            base: Path = ("locations", location, "roles", role) if own else ("roles", role, "holders")
            for index, holder in enumerate(organisation.holders_at(role, location)):
                yield Held((*base, index), f"{role} at {location}", holder, place.business_id)


def named_holders(house: House) -> Iterator[Held]:
    """Yield the people whom lists name themselves, at each location that the list is for."""
    for name in sorted(house.lists):
        prepared = house.lists[name]
        places = prepared.tasklist.applies.locations or tuple(house.organisation.locations)
        for index, ready in enumerate(prepared.items):
            holder = ready.responsible.holder
            for location in places if holder is not None else ():
                business_id = house.organisation.locations[location].business_id
                path: Path = ("items", index, "responsible")
                assert holder is not None  # else there is no place to look at
                yield Held(path, f"{name}, {ready.item.id} at {location}", holder, business_id, name)


def people_misfits(house: House, held: Iterable[Held]) -> Iterator[Misfit]:
    """Yield whoever is no user, or cannot be given tasks there. Raises as a read does."""
    for one in held:
        try:
            person = house.directory.people([one.holder], one.business_id)[str(one.holder)]
        except UserError as error:
            if isinstance(error, RoleMissing):
                raise
            yield Misfit(one.path, one.where, error.message, one.tasklist)
            continue
        if person.trouble:
            yield Misfit(one.path, one.where, f"{one.holder} {person.trouble}", one.tasklist)


def plan_misfits(house: House) -> Iterator[Misfit]:
    """Yield the plans that lists name and no plan bears. Raises as a read does, IncompleteList for half a list."""
    wanted = list(_tariffs_named(house.lists))
    if not wanted:
        return
    listed = house.reader.listing(Entity.TARIFF)
    if not listed.complete:
        raise IncompleteList("Tariff records", listed.why_incomplete)
    for name, index, tariff in wanted:
        found = _unborne(tariff, listed.rows)
        if found is not None:
            yield Misfit(("applies", "tariffs", index), name, found[0], name, found[1])


def _tariffs_named(lists: Mapping[str, Prepared]) -> Iterable[tuple[str, int, Tariff]]:
    for name in sorted(lists):
        for index, tariff in enumerate(lists[name].tasklist.applies.tariffs):
            yield name, index, tariff


def _unborne(tariff: Tariff, rows: Iterable[Record]) -> tuple[str, str] | None:
    """What to say of a plan that no plan bears, with the nearest (design 4, "applies"); None when one does."""
    if tariff.tariff is not None:
        known = any(usable_id(row) == tariff.tariff for row in rows)
        return None if known else (f"there is no plan {tariff.tariff}", "")
    names = {str(row.get("Name") or "").strip().casefold(): str(row.get("Name")) for row in rows}
    wanted = (tariff.name or "").strip().casefold()
    if wanted in names:
        return None
    return f"no plan is named {tariff.name!r}", names.get(nearest(wanted, names), "")


def all_misfits(house: House) -> tuple[tuple[Misfit, ...], tuple[str, ...]]:
    """Return all that does not fit, each once, and what could not be asked for want of a right or of an answer."""
    found: dict[Misfit, None] = {}
    unasked: list[str] = []
    looks: dict[str, Callable[[], Iterator[Misfit]]] = {
        "locations": partial(location_misfits, house),
        "time zones": partial(zone_misfits, house),
        "people": lambda: people_misfits(house, [*holders(house), *named_holders(house)]),
        "plans": partial(plan_misfits, house),
    }
    for name, look in looks.items():
        try:
            found |= dict.fromkeys(look())
        except RoleMissing as error:
            unasked.append(f"{name} were not looked at: the login has no role {error.role}")
        except IncompleteList as error:
            unasked.append(f"{name} were not looked at: {error.message}")
    return tuple(found), tuple(unasked)

