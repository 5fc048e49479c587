"""How a stored record looks in an answer: recorded keys only, marks shown or hidden as their modes say."""

from __future__ import annotations

from typing import Any

from engine.sandbox.entities import ENTITIES, Entity, as_row
from engine.sandbox.modes import Modes
from engine.sandbox.store import Record

MARKS = ("TaskItemUniqueId", "SystemId", "CustomFields")
_SHOWN = frozenset({"kept-and-returned", "kept-on-put"})


def show(entity: Entity, record: Record, modes: Modes) -> dict[str, Any]:
    """The whole record, as GET one and the answer to a write give it."""
    shown = {key: record.get(key) for key in entity.keys}
    if entity is not ENTITIES["coworkertasks"]:
        return shown
    for mark in MARKS:
        if modes[f"S15.{mark}"] in _SHOWN:
            shown[mark] = record.get(mark)
        elif mark in shown:
            shown[mark] = None
    return shown


def show_row(entity: Entity, record: Record, modes: Modes) -> dict[str, Any]:
    """The record as a list or a batch gives it: partial, unless S32 says otherwise."""
    shown = show(entity, record, modes)
    if modes["S32"] == "full":
        return shown
    row = as_row(entity, shown)
    # A mark outside the recorded keys is not filled in rows either.
    return {key: value if key in entity.keys else None for key, value in row.items()}
