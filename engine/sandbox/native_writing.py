"""Creating, updating and deleting native task lists and their items over the API.

They go into the store but not into the commit log, which is about tasks. Must never make a
task: that is what a trigger does.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.sandbox.answers import Answer, FieldError, not_found, refusal, success
from engine.sandbox.entities import Entity, empty_record
from engine.sandbox.fields import Fields
from engine.sandbox.showing import show
from engine.sandbox.state import State
from engine.sandbox.store import Record
from engine.sandbox.writing import stamp

_FIRST_ID = 1412000500  # behind the seeded ones


@dataclass(frozen=True)
class Shape:
    """`required` fields and flags; `names`: foreign key, its entity, the name there and where it goes here."""

    required: tuple[str, ...]
    flags: tuple[str, ...]
    names: tuple[tuple[str, str, str, str], ...]


_SHAPES = {
    "tasklists": Shape(
        required=("BusinessId", "Name"),
        flags=("Active", "AssignToNewContacts", "AssignToNewMembers", "AssignToCancellations"),
        names=(("BusinessId", "businesses", "Name", "BusinessName"),),
    ),
    "taskitems": Shape(
        required=("TaskListId", "ResponsibleId", "Name", "DelayInHours"),
        flags=("Active", "NotifyByEmail", "DisplayToEveryone"),
        names=(
            ("TaskListId", "tasklists", "Name", "TaskListName"),
            ("ResponsibleId", "users", "FullName", "ResponsibleFullName"),
        ),
    ),
}


def write_native(state: State, entity: Entity, login: str, body: Mapping[str, Any], *, creates: bool) -> Answer:
    """POST or PUT of a native list or item; `login` is the e-mail of the acting user."""
    fields, now = Fields(body), state.stamp()
    errors = _check(state, _SHAPES[entity.name], fields)
    if creates and not errors:
        made = {"Id": _next_id(state), "UniqueId": str(uuid.uuid4()), "CreatedOn": now}
        old: Record | None = empty_record(entity) | made
    else:
        old = state.store.get(entity.name, fields.number("Id"))
    if old is None and not creates:
        return not_found(int(state.modes["S19"]))
    if errors or old is None:
        return refusal(errors, body_status=None if state.modes["S12"] == "absent" else 500)
    record = _filled(state, _SHAPES[entity.name], old, fields)
    stamp(record, now, login)
    state.store.put(entity.name, record)
    done = "created" if creates else "updated"
    return success(f"{entity.kind} was successfully {done}.", show(entity, record, state.modes), at=now, by=login)


def delete_native(state: State, entity: Entity, login: str, identifier: int) -> Answer:
    """DELETE of a native list, and its items with it, or of one item."""
    if not state.store.remove(entity.name, identifier):
        return not_found()
    items = state.store.all("taskitems") if entity.name == "tasklists" else []
    for item in items:
        if item["TaskListId"] == identifier:
            state.store.remove("taskitems", item["Id"])
    return success(f"{entity.kind} was successfully deleted.", None, at=state.stamp(), by=login)


def _next_id(state: State) -> int:
    taken: list[int] = [one["Id"] for name in _SHAPES for one in state.store.all(name)]
    return max((*taken, _FIRST_ID - 1)) + 1


def _check(state: State, shape: Shape, fields: Fields) -> list[FieldError]:
    errors = []
    leads_to = {key: entity for key, entity, _, _ in shape.names}
    for name in shape.required:
        value, told = fields.get(name), name.removesuffix("Id")
        if value is None or not str(value).strip() or (name in leads_to and value in (0, "0")):
            errors.append(FieldError(told, "is a required field", value))
        elif name in leads_to and state.store.get(leads_to[name], fields.number(name)) is None:
            errors.append(FieldError(told, "is not valid", value))
        elif name == "DelayInHours" and _whole(value) is None:
            errors.append(FieldError(name, "is not valid", value))
    return errors


def _whole(value: object) -> int | None:
    """A whole number, sent as such or as digits; negative ones are not documented, and not refused either."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return None
    text = str(value)
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) < 7 else None


def _filled(state: State, shape: Shape, old: Record, fields: Fields) -> Record:
    """The record with the sent fields; what is left out is cleared, but for the plans."""
    record = dict(old)
    for key, entity, far, near in shape.names:
        record[key] = fields.number(key)
        record[near] = (state.store.get(entity, record[key]) or {}).get(far)
    for flag in shape.flags:
        record[flag] = fields.flag(flag)
    record["Name"] = record["ToStringText"] = fields.text("Name")
    if "DelayInHours" in shape.required:
        record["DelayInHours"] = _whole(fields.get("DelayInHours"))
        record["SystemId"] = fields.text("SystemId") or None
    else:
        record["Tariffs"] = _plans(old.get("Tariffs") or [], fields)
    return record


def _plans(old: list[int], fields: Fields) -> list[int]:
    """Tariffs replaces the plans; AddedTariffs and RemovedTariffs change them."""
    sent = fields.get("Tariffs")
    plans = list(sent) if isinstance(sent, list) else list(old)
    added, removed = fields.get("AddedTariffs"), fields.get("RemovedTariffs")
    plans += [one for one in added if one not in plans] if isinstance(added, list) else []
    return [one for one in plans if not isinstance(removed, list) or one not in removed]
