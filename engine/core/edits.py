"""Telling a staff's edit from what was sent, by fingerprints and a live task alone. Pure.

Where it is not known what was sent, nothing is claimed: a false alarm costs more trust than a missed edit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.core.identity import mark_of
from engine.core.known import KnownTask, LiveTask, fingerprint
from engine.core.wire_dates import wire_moment

SENT_DUE = "sent:DueDate"
"""Fingerprint of the due as sent, where a `late` policy may have made it another than the rule's."""

_FIELDS = ("Name", "DueDate", "ResponsibleId", "BusinessId", "Notes", "CoworkerId")


@dataclass(frozen=True)
class Told:
    """A live task as far as it was told: its row, unless that is odd, and its notes where it was read one by one."""

    row: LiveTask | None
    notes: str | None = None


def told_by_row(row: LiveTask) -> Told:
    """Return what a row of the list tells: all but the notes."""
    return Told(row)


def edited_fields(task: KnownTask, told: Told, coworker_id: int, key: bytes) -> tuple[str, ...]:
    """Return the payload fields in which a live task differs from what was sent, in the order of the payload."""
    if told.row is None:
        return ()
    edited = {
        "Name": _differs(task, key, "Name", told.row.name),
        "DueDate": _due_differs(task, key, told.row),
        "ResponsibleId": told.row.responsible_id is not None
        and _differs(task, key, "ResponsibleId", str(told.row.responsible_id)),
        "BusinessId": _differs(task, key, "BusinessId", str(told.row.business_id)),
        "Notes": told.notes is not None and _notes_differ(task, key, told.notes),
        "CoworkerId": told.row.coworker_id != coworker_id,
    }
    return tuple(name for name in _FIELDS if edited[name])


def _differs(task: KnownTask, key: bytes, name: str, text: str) -> bool:
    remembered = task.fingerprints.get(name)
    return remembered is not None and remembered != fingerprint(key, name, text)


def _due_differs(task: KnownTask, key: bytes, row: LiveTask) -> bool:
    """The remembered DueDate is the rule's. One that was past at creation may have been sent as another."""
    live = "" if row.due_at is None else wire_moment(row.due_at)
    if SENT_DUE in task.fingerprints:
        return _differs(task, key, SENT_DUE, live)
    was_late = task.due_at is not None and task.due_at < task.at
    return not was_late and _differs(task, key, "DueDate", live)


def _notes_differ(task: KnownTask, key: bytes, notes: str) -> bool:
    """An adopted task's notes were sent by somebody else's memory, perhaps in an older wording: not compared."""
    if task.state == "adopted":
        return False
    text = notes.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
    mark = rf"(?:\A|\n\n?)ref: {mark_of(task.identity)}(?: · [^\n]*)?\Z"
    return _differs(task, key, "Notes", re.sub(mark, "", text).strip("\n"))
