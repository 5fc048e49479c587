"""Who and where the tasks of a probe are for: found in organisation.yaml and in Nexudus, by reads alone.

It must never pick somebody whom a task could trouble: unfit means switched off, or at work elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.core.errors import TasklistsError, UserError
from engine.flows.fitting import House
from engine.flows.native_lists import FLAGS
from engine.flows.probing.trials import Scene
from engine.nexudus.answers import Record
from engine.nexudus.calls import Entity, read_some
from engine.nexudus.errors import NexudusUnreachable, RequestRefused, RoleMissing
from engine.nexudus.wire import usable_id


@dataclass(frozen=True)
class Stage:
    """The location by its name, and who is responsible for the tasks there."""

    location: str
    business_id: int
    responsible_id: int
    scene: Scene


def location_for(house: House, coworker: Record, wanted: str | None) -> str:
    """Return the location that is named, else the coworker's own. UserError where it is not in organisation.yaml."""
    locations = house.organisation.locations
    if wanted is not None:
        if wanted not in locations:
            raise UserError(f"There is no location {wanted!r} in organisation.yaml.", advice=_known(locations))
        return wanted
    number = coworker.get("InvoicingBusinessId")
    found = house.organisation.location_of(number) if isinstance(number, int) else None
    if found is None:
        raise UserError(
            f"Business {number} (the coworker's InvoicingBusinessId) is not a location of organisation.yaml.",
            advice=f"Choose one with --location. {_known(locations)}",
        )
    return found


def _known(locations: Mapping[str, object]) -> str:
    return f"Known: {', '.join(locations)}."


def set_stage(house: House, coworker: Record, location: str) -> Stage:
    """Return who and where. UserError where nobody of organisation.yaml can be responsible at the location."""
    place = house.organisation.locations[location]
    responsible = _fit_person(house, location)
    if responsible is None:
        raise UserError(
            f"Nobody of organisation.yaml can be given a task at {location}.",
            advice="Give a role there a holder who is an active admin of that location.",
        )
    scene = Scene(
        zone=place.time_zone or house.directory.zone(place.business_id),
        unfit=_unfit_person(house, location),
        elsewhere=_elsewhere(house, coworker),
        native_item=_native_item(house, place.business_id),
    )
    return Stage(location, place.business_id, responsible, scene)


def _fit_person(house: House, location: str) -> int | None:
    """The first holder of any role at a location who can be given tasks there."""
    organisation, place = house.organisation, house.organisation.locations[location]
    for role in (*place.roles, *sorted(organisation.roles)):
        for holder in organisation.holders_at(role, location):
            try:
                person = house.directory.people([holder], place.business_id)[str(holder)]
            except (RoleMissing, NexudusUnreachable):
                raise
            except UserError:
                continue
            if not person.trouble:
                return person.id
    return None


def _unfit_person(house: House, location: str) -> int | None:
    """An admin who was switched off, else one of another location; never a member, who would see the task."""
    query = {"User_Active": "false", "User_IsAdmin": "true", "page": "1", "size": "25"}
    try:
        told = house.reader.look(read_some(Entity.USER, query))
    except (RoleMissing, NexudusUnreachable, RequestRefused):
        return None
    rows = told.get("Records") if isinstance(told, dict) else None
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and row.get("Active") is False and row.get("IsAdmin") is True:
            return usable_id(row)
    return _stranger(house, location)


def _stranger(house: House, location: str) -> int | None:
    here = house.organisation.locations[location].business_id
    for other, place in house.organisation.locations.items():
        for holders in place.roles.values() if other != location else ():
            for holder in holders:
                try:
                    person = house.directory.people([holder], here)[str(holder)]
                except TasklistsError:
                    continue
                if person.trouble:
                    return person.id
    return None


def _elsewhere(house: House, coworker: Record) -> tuple[int, int] | None:
    """A location that the coworker has nothing to do with, and somebody responsible there."""
    linked = coworker.get("Businesses")
    theirs = {*(linked if isinstance(linked, list) else ()), coworker.get("InvoicingBusinessId")}
    for location, place in house.organisation.locations.items():
        if isinstance(linked, list) and place.business_id not in theirs:
            person = _fit_person(house, location)
            if person is not None:
                return place.business_id, person
    return None


def _native_item(house: House, business_id: int) -> str | None:
    """The UniqueId of an item of a native list at this location that nothing starts, if the login may see one."""
    try:
        lists = house.reader.listing(Entity.NATIVE_TASK_LIST).rows
        items = house.reader.listing(Entity.NATIVE_TASK_ITEM).rows
        stages = house.reader.listing(Entity.CRM_STAGE).rows
    except RequestRefused:
        stages = ()  # an account without CRM
    except (RoleMissing, NexudusUnreachable):
        return None
    staged = {stage.get("TaskListId") for stage in stages}
    idle = {
        usable_id(row)
        for row in lists
        if row.get("BusinessId") == business_id
        and usable_id(row) not in staged
        and not any(row.get(flag) is True for flag in FLAGS)
    }
    texts = (row.get("UniqueId") for row in items if row.get("TaskListId") in idle)
    return next((text for text in texts if isinstance(text, str) and text), None)
