"""Any event on demand: a record is changed as asked and told of, or a made-up body is delivered.

Must never check whether the change makes sense: odd ones are what this is for.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from engine.sandbox.entities import ENTITIES, empty_record
from engine.sandbox.events import EVENTS, PLACE_OF
from engine.sandbox.modes import SwitchError, find_name
from engine.sandbox.places import find_location
from engine.sandbox.state import State, refresh_membership
from engine.sandbox.store import Record
from engine.sandbox.telling import tell, tell_body
from engine.sandbox.writing import stamp

_FIRST_ID = 1417000000  # of a kind that has no records yet


def happen(state: State, asked: Mapping[str, Any]) -> dict[str, Any]:
    """`{"event", "id", "fields"}` or `{"event", "location", "body"}`. SwitchError says what is missing."""
    event = find_name(str(asked.get("event")), EVENTS, "event")
    if "body" in asked:
        return _deliver(state, event, asked)
    entity, fields = EVENTS[event].entity, asked.get("fields") or {}
    if not isinstance(fields, dict):
        raise SwitchError("fields have to be an object")
    record = _changed(state, entity, asked.get("id"), fields)
    if event.endswith(".deleted"):
        _remove(state, entity, record)
    tell(state, event, record)
    return {"id": record["Id"]}


def _deliver(state: State, event: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """A body that is a text goes out as it is, an object in the shape that the modes say."""
    body = asked["body"]
    if not isinstance(body, (dict, str)):
        raise SwitchError("a body has to be an object, or a text that goes out as it is")
    tell_body(state, event, int(find_location(state.store, asked.get("location"))["Id"]), body)
    return {"id": None}


def _changed(state: State, entity: str, identifier: object, fields: Record) -> Record:
    """The record with the fields; without an id, a new one of a kind that knows its location."""
    old = state.store.get(entity, identifier)
    if identifier is not None and old is None:
        raise SwitchError(f"there is no {entity} {identifier!r}")
    if old is None and not isinstance(fields.get(PLACE_OF[entity]), int):
        raise SwitchError(f"without an id, fields have to name {PLACE_OF[entity]}")
    record = (old or _fresh(state, entity)) | fields
    record["Id"] = old["Id"] if old else record["Id"]
    stamp(record, state.stamp(), "[System]")
    state.store.put(entity, record)
    if entity == "coworkercontracts":
        refresh_membership(state.store, record["CoworkerId"])
    return record


def _fresh(state: State, entity: str) -> Record:
    largest = max((int(one["Id"]) for one in state.store.all(entity)), default=_FIRST_ID)
    made = {
        "Id": state.next_id(entity, largest + 1),
        "UniqueId": str(uuid.uuid4()),
        "CreatedOn": state.stamp(),
    }
    return empty_record(ENTITIES[entity]) | made


def _remove(state: State, entity: str, record: Record) -> None:
    """A person goes with all their contracts, and nobody is told of those: observed on the service."""
    state.store.remove(entity, record["Id"])
    if entity == "coworkercontracts":
        refresh_membership(state.store, record["CoworkerId"])
    for contract in state.store.all("coworkercontracts") if entity == "coworkers" else ():
        if contract["CoworkerId"] == record["Id"]:
            state.store.remove("coworkercontracts", contract["Id"])
