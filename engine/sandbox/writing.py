"""Creating, updating and deleting tasks, with the checks and the forgetfulness of the service.

Two equal creations make two tasks, always. Must never remove a duplicate, and never keep a
field that its mode says is dropped.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from engine.sandbox.answers import Answer, FieldError, not_found, refusal, success
from engine.sandbox.clock import from_local, read_moment, to_local, write_second
from engine.sandbox.entities import ENTITIES, empty_record
from engine.sandbox.fields import Fields, check, clean_custom_fields, clean_text
from engine.sandbox.showing import MARKS, show
from engine.sandbox.state import State
from engine.sandbox.store import Record, task_id

_TASK = ENTITIES["coworkertasks"]
_NEVER_SHOWN = ("Reminded",)


def create_task(state: State, login: str, body: Mapping[str, Any]) -> Answer:
    """POST: a new task, whatever exists already. `login` is the e-mail of the acting user."""
    fields = Fields(body)
    errors = check(state, fields)
    if errors:
        return _refuse(state, errors)
    now = state.stamp()
    record = fresh_task(state, now) | {"TaskListName": _list_name(state, fields)}
    _fill(state, record, fields, creating=True)
    stamp(record, now, login)
    state.store.commit("create", record, write_second(state.clock.now()))
    value = show(_TASK, record, state.modes) if state.modes["S11"] == "whole-record" else {"Id": record["Id"]}
    return success("CoworkerTask was successfully created.", value, at=now, by=login)


def fresh_task(state: State, now: str) -> Record:
    """An empty task with the next id, made `now`."""
    made = {"Id": task_id(state.store.created()), "UniqueId": str(uuid.uuid4()), "CreatedOn": now}
    return empty_record(_TASK) | made


def update_task(state: State, login: str, body: Mapping[str, Any]) -> Answer:
    """PUT: a full replacement of the task whose Id is in the body; what is left out is cleared."""
    fields = Fields(body)
    identifier = fields.number("Id")
    if not identifier:
        return _refuse(state, [FieldError("Id", "is a required field", fields.get("Id"))])
    old = state.store.get("coworkertasks", identifier)
    if old is None:
        return not_found(int(state.modes["S19"]))
    errors = check(state, fields)
    if errors:
        return _refuse(state, errors)
    record = dict(old)
    _fill(state, record, fields, creating=False)
    now = state.stamp()
    stamp(record, now, login)
    state.store.commit("update", record, write_second(state.clock.now()))
    value = show(_TASK, record, state.modes)
    return success("CoworkerTask was successfully updated.", value, at=now, by=login)


def delete_task(state: State, login: str, identifier: int) -> Answer:
    """DELETE: gone; the second time 404."""
    record = state.store.get("coworkertasks", identifier)
    if record is None:
        return not_found()
    now = state.stamp()
    state.store.commit("delete", record, write_second(state.clock.now()))
    return success("CoworkerTask was successfully deleted.", None, at=now, by=login)


def _refuse(state: State, errors: list[FieldError]) -> Answer:
    return refusal(errors, body_status=None if state.modes["S12"] == "absent" else 500)


def _fill(state: State, record: Record, fields: Fields, *, creating: bool) -> None:
    """Put the sent fields into the record; those left out are cleared."""
    record["BusinessId"] = fields.number("BusinessId")
    record["CoworkerId"] = fields.number("CoworkerId")
    record["ResponsibleId"] = fields.number("ResponsibleId")
    record["Name"] = clean_text(state.modes, "Name", fields)
    record["Notes"] = clean_text(state.modes, "Notes", fields)
    for flag in ("Completed", "NotifyByEmail", "DisplayToEveryone"):
        record[flag] = fields.flag(flag)
    for key in _NEVER_SHOWN:
        if creating or key in fields or state.modes["S18"] == "reset":
            record[key] = fields.flag(key)
    for mark in MARKS:
        record[mark] = _mark(state, mark, record.get(mark), fields, creating=creating)
    _fill_dates(state, record, fields)
    fill_names(state, record)


def _fill_dates(state: State, record: Record, fields: Fields) -> None:
    """DueDate as UTC; its local twin follows from it and the location's zone."""
    zone = state.zone_of(record["BusinessId"])
    due, local = fields.text("DueDate"), fields.text("DueDateLocal")
    moment = read_moment(due) if due else None
    if local and (moment is None or state.modes["S20"] == "DueDateLocal-wins"):
        moment = from_local(local, zone)
    record["DueDate"] = write_second(moment) if moment else None
    record["DueDateLocal"] = to_local(moment, zone) if moment else None


def fill_names(state: State, record: Record) -> None:
    """The names beside the ids, as they are at the moment of the write."""
    business = state.store.get("businesses", record["BusinessId"]) or {}
    coworker = state.store.get("coworkers", record["CoworkerId"]) or {}
    responsible = state.store.get("users", record["ResponsibleId"]) or {}
    record["BusinessName"] = business.get("Name")
    record["CoworkerFullName"] = coworker.get("FullName")
    record["CoworkerCompanyName"] = coworker.get("CompanyName")
    record["CoworkerTeamNames"] = coworker.get("TeamNames")
    record["ResponsibleFullName"] = responsible.get("FullName")
    record["ToStringText"] = record["Name"]


def stamp(record: Record, now: str, login: str) -> None:
    """Note who changed the record and when."""
    record["UpdatedOn"] = now
    record["UpdatedBy"] = login
    record["IsNew"] = False


def _mark(state: State, mark: str, old: object, fields: Fields, *, creating: bool) -> object:
    """What becomes of a mark, by S15, S16 and, for one that no answer shows, S18."""
    mode = state.modes[f"S15.{mark}"]
    if mode == "dropped" or (mode == "kept-on-put" and creating):
        return old
    if mark not in fields:
        is_hidden = mode == "kept-filterable-not-returned"
        return old if is_hidden and state.modes["S18"] == "kept" else None
    if mark == "CustomFields":
        return clean_custom_fields(fields.get(mark))
    text = fields.text(mark)
    shape = state.modes["S16"]
    if mark == "TaskItemUniqueId" and text and shape.startswith("cut-at-"):
        return text[: int(shape.removeprefix("cut-at-"))]
    return text or None


def _list_name(state: State, fields: Fields) -> str | None:
    """TaskListName of a new task, by S14."""
    mode = state.modes["S14"]
    if mode == "kept":
        return fields.text("TaskListName") or None
    sent = fields.text("TaskItemUniqueId")
    if mode == "derived-from-native-item" and sent:
        for item in state.store.all("taskitems"):
            if item["UniqueId"] == sent:
                native = state.store.get("tasklists", item["TaskListId"]) or {}
                return str(native["Name"]) if native else None
    return None
