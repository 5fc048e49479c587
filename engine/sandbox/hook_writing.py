"""Creating, updating and deleting webhooks over the API, as documented.

An update replaces everything that may be written, so what is left out is cleared. What tells
of a hook's health can be read only. Must never check that anybody listens at the address.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from engine.sandbox.answers import Answer, FieldError, not_found, refusal, success
from engine.sandbox.entities import ENTITIES, empty_record
from engine.sandbox.fields import Fields
from engine.sandbox.showing import show
from engine.sandbox.state import State
from engine.sandbox.store import Record
from engine.sandbox.writing import stamp

_HOOK = ENTITIES["webhooks"]
_FIRST_ID = 1413000001
_ACTIONS = range(1, 91)  # the vendor's enumeration; 1 is None, and a valid number


def write_hook(state: State, login: str, body: Mapping[str, Any], *, creates: bool) -> Answer:
    """POST or PUT of a webhook; `login` is the e-mail of the acting user."""
    fields, now = Fields(body), state.stamp()
    if creates:
        made = {"Id": state.next_id("webhooks", _FIRST_ID), "UniqueId": str(uuid.uuid4()), "CreatedOn": now}
        old: Record | None = empty_record(_HOOK) | made
    else:
        old = state.store.get("webhooks", fields.number("Id"))
    if old is None:
        return not_found(int(state.modes["S19"]))
    errors = _check(state, fields)
    if errors:
        return refusal(errors, body_status=None if state.modes["S12"] == "absent" else 500)
    record = _filled(state, old, fields)
    stamp(record, now, login)
    state.store.put("webhooks", record)
    done = "created" if creates else "updated"
    whole = not creates or state.modes["S11"] == "whole-record"
    value = show(_HOOK, record, state.modes) if whole else {"Id": record["Id"]}
    return success(f"WebHook was successfully {done}.", value, at=now, by=login)


def delete_hook(state: State, login: str, identifier: int) -> Answer:
    """DELETE of a webhook; what waits for it is given up."""
    if not state.store.remove("webhooks", identifier):
        return not_found()
    return success("WebHook was successfully deleted.", None, at=state.stamp(), by=login)


def _check(state: State, fields: Fields) -> list[FieldError]:
    errors = []
    for name in ("BusinessId", "Name", "Action", "URL"):
        value = fields.get(name)
        if value is None or not str(value).strip() or (name != "Name" and value in (0, "0")):
            errors.append(FieldError(name.removesuffix("Id"), "is a required field", value))
    if not errors and state.store.get("businesses", fields.number("BusinessId")) is None:
        errors.append(FieldError("Business", "is not valid", fields.get("BusinessId")))
    if not errors and fields.number("Action") not in _ACTIONS:
        errors.append(FieldError("Action", "is not valid", fields.get("Action")))
    return errors


def _filled(state: State, old: Record, fields: Fields) -> Record:
    business = state.store.get("businesses", fields.number("BusinessId")) or {}
    sent: Record = {
        "BusinessId": fields.number("BusinessId"),
        "BusinessName": business.get("Name"),
        "Name": fields.text("Name"),
        "ToStringText": fields.text("Name"),
        "Description": fields.text("Description") or None,
        "Action": fields.number("Action"),
        "URL": fields.text("URL").strip(),
        "Active": fields.flag("Active"),
    }
    # Whoever switches a hook on again starts the count of failures in a row anew; ErrorCount stays.
    is_back = sent["Active"] and not old["Active"]
    return old | sent | ({"_failures": 0} if is_back else {})
