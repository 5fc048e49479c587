"""The fields of a write: read leniently, checked like the service does.

Unknown and read-only fields are ignored, "true" is true, digits are a number. Must never
store anything.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from engine.sandbox.answers import FieldError
from engine.sandbox.clock import read_moment
from engine.sandbox.modes import Modes
from engine.sandbox.state import State

_REQUIRED = ("BusinessId", "CoworkerId", "Name", "ResponsibleId")
_FLAGS = ("Completed", "NotifyByEmail", "DisplayToEveryone", "Reminded")
#: which entity a foreign key leads to
_LEADS_TO = {"BusinessId": "businesses", "CoworkerId": "coworkers", "ResponsibleId": "users"}
_LONGEST_ID = 18  # digits of an id; more would not fit into 64 bits


class Fields:
    """The fields of a body, by name without regard to case."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self._values = {str(name).lower(): value for name, value in body.items()}

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._values

    def get(self, name: str) -> object:
        """The value as it was sent; None when it was not."""
        return self._values.get(name.lower())

    def number(self, name: str) -> int | None:
        """A whole number, sent as such or as digits; 0 and anything else count as not sent."""
        value = self.get(name)
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _LONGEST_ID:
            value = int(value)
        is_number = isinstance(value, int) and not isinstance(value, bool)
        return value or None if is_number and isinstance(value, int) else None

    def text(self, name: str) -> str:
        """The text; empty when it was not sent."""
        value = self.get(name)
        return "" if value is None else str(value)

    def flag(self, name: str) -> bool:
        """True for true and "true"; false for all else."""
        return str(self.get(name)).lower() == "true"


def check(state: State, fields: Fields) -> list[FieldError]:
    """All that the service would refuse, in a fixed order; empty when the write may be done."""
    errors = [_required(fields, name) for name in _REQUIRED]
    errors += [_reference(state, fields, name) for name in _LEADS_TO]
    errors += [_flag(fields, name) for name in _FLAGS]
    errors += [_date(fields, name) for name in ("DueDate", "DueDateLocal")]
    errors += [_length(state.modes, fields, name) for name in ("Name", "Notes")]
    errors += [_guid(state.modes, fields), _responsible(state, fields), _coworker(state, fields)]
    return [error for error in errors if error is not None]


def clean_text(modes: Modes, name: str, fields: Fields) -> str | None:
    """Name or Notes, cut if S23 says so; None when empty."""
    text = fields.text(name)
    if modes[f"S23.{name}"] == "cut-silently":
        text = text[: modes.number(f"S23.{name}-limit")]
    return text or None


def clean_custom_fields(value: object) -> dict[str, Any] | None:
    """`{"Data": [{Name, Value, Type}]}`; of entries with one Name the first stays. None without any."""
    data = value.get("Data") if isinstance(value, dict) else None
    kept: dict[str, dict[str, Any]] = {}
    for entry in data if isinstance(data, list) else []:
        if isinstance(entry, dict) and entry.get("Name"):
            name = str(entry["Name"])
            kept.setdefault(name, {"Name": name, "Value": str(entry.get("Value", "")), "Type": "string"})
    return {"Data": list(kept.values())} if kept else None


def _error(fields: Fields, name: str, message: str) -> FieldError:
    """The service drops "Id" from the names of foreign keys."""
    return FieldError(name.removesuffix("Id") if name in _LEADS_TO else name, message, fields.get(name))


def _required(fields: Fields, name: str) -> FieldError | None:
    value = fields.get(name)
    # A key of 0 means none; a Name may well be "0".
    is_missing = not str("" if value is None else value).strip() or (name in _LEADS_TO and value in (0, "0"))
    return _error(fields, name, "is a required field") if is_missing else None


def _reference(state: State, fields: Fields, name: str) -> FieldError | None:
    if _required(fields, name):
        return None
    known = state.store.get(_LEADS_TO[name], fields.number(name))
    return None if known else _error(fields, name, "is not valid")


def _flag(fields: Fields, name: str) -> FieldError | None:
    value = fields.get(name)
    is_known = value is None or str(value).lower() in {"true", "false", ""}
    return None if is_known else _error(fields, name, "is not valid")


def _date(fields: Fields, name: str) -> FieldError | None:
    text = fields.text(name)
    return _error(fields, name, "is not a valid date") if text and read_moment(text) is None else None


def _length(modes: Modes, fields: Fields, name: str) -> FieldError | None:
    limit = modes.number(f"S23.{name}-limit")
    is_refused = modes[f"S23.{name}"] == "400" and len(fields.text(name)) > limit
    return _error(fields, name, f"must not be longer than {limit} characters") if is_refused else None


def _guid(modes: Modes, fields: Fields) -> FieldError | None:
    text = fields.text("TaskItemUniqueId")
    if not text or modes["S16"] != "guid-only":
        return None
    try:
        uuid.UUID(text)
    except ValueError:
        return _error(fields, "TaskItemUniqueId", "is not valid")
    return None


def _responsible(state: State, fields: Fields) -> FieldError | None:
    user = state.store.get("users", fields.number("ResponsibleId"))
    if user is None or state.modes["S22.ResponsibleId"] == "any-user":
        return None
    is_fit = user["Active"] and user["IsAdmin"] and fields.number("BusinessId") in (user["Businesses"] or ())
    return None if is_fit else _error(fields, "ResponsibleId", "is not valid")


def _coworker(state: State, fields: Fields) -> FieldError | None:
    coworker = state.store.get("coworkers", fields.number("CoworkerId"))
    if coworker is None or state.modes["S22.CoworkerId"] == "accepted":
        return None
    is_linked = fields.number("BusinessId") in (coworker["Businesses"] or ())
    return None if is_linked else _error(fields, "CoworkerId", "is not valid")
