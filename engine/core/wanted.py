"""What a list wants for one coworker: the result of expansion and the input of planning. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from whenever import Date, Instant

from engine.core.calendar import Calendar
from engine.core.identity import Naming, Subject, notes_with_mark
from engine.core.overrides import Overrides
from engine.core.wire_dates import wire_moment

MAX_NAME = 200
"""No limit is documented; until one is probed a longer name is refused rather than cut by the service (Q10)."""

PAYLOAD_KEYS = (
    "BusinessId",
    "CoworkerId",
    "Name",
    "ResponsibleId",
    "Notes",
    "TaskListName",
    "TaskItemUniqueId",
    "DueDate",
    "NotifyByEmail",
    "DisplayToEveryone",
)
"""The ten fields that the engine sends, in the order of the body.

Completed and Reminded are the staff's and the server's; DueDateLocal is derived, and which of the two dates
wins when both are sent is unknown (api.md 2.3).
"""


@dataclass(frozen=True)
class Explanation:
    """Why a task is as it is, in sentences: for `--explain` and for the JSON of a plan."""

    due: tuple[str, ...] = ()
    responsible: tuple[str, ...] = ()
    when: tuple[str, ...] = ()

    def to_json(self) -> dict[str, list[str]]:
        return {"due": list(self.due), "responsible": list(self.responsible), "when": list(self.when)}


@dataclass(frozen=True)
class Waits:
    """Why a wanted task is not made yet: for tasks that are not completed, or for a moment (UTC) that lies ahead.

    A deleted gate keeps its items waiting for ever; `stuck` then says so.
    """

    reason: str
    items: tuple[str, ...] = ()
    """What it waits for: item ids, with the for_each key in brackets where there is one."""
    until: Instant | None = None
    stuck: bool = False


@dataclass(frozen=True)
class Wanted:
    """One task that a coworker should have. `due_at` is what the rule says, before any `late` policy."""

    item: str
    key: str
    identity: UUID
    alternatives: tuple[UUID, ...]
    business_id: int
    coworker_id: int
    name: str
    notes: str
    responsible_id: int
    responsible_name: str
    due_at: Instant | None
    late: str
    notify_by_email: bool
    display_to_everyone: bool
    rolled_from: Date | None = None
    phase: str = ""
    waits: Waits | None = None
    """Not to be made now; `due_at` is None where it counts from a completion that is still to come."""
    explanation: Explanation = field(default_factory=Explanation)

    def payload(self, *, task_list_name: str, due_at: Instant | None, with_mark: bool) -> dict[str, Any]:
        """Return the body of the creation, keys in the order of PAYLOAD_KEYS."""
        notes = notes_with_mark(self.notes, self.identity, task_list_name) if with_mark else self.notes
        values = (
            self.business_id,
            self.coworker_id,
            self.name,
            self.responsible_id,
            notes,
            task_list_name,
            str(self.identity),
            None if due_at is None else wire_moment(due_at),
            self.notify_by_email,
            self.display_to_everyone,
        )
        return dict(zip(PAYLOAD_KEYS, values, strict=True))

    def texts(self) -> dict[str, str]:
        """Return the fields that drift is told by: what the list said, without mark and `late`."""
        due = "" if self.due_at is None else wire_moment(self.due_at)
        return {"Name": self.name, "Notes": self.notes, "DueDate": due}


@dataclass(frozen=True, order=True)
class LeftOut:
    """An item, or one round of its for_each, that is not wanted, with the reason."""

    item: str
    key: str
    reason: str

    def to_json(self) -> dict[str, str]:
        return {"item": self.item, "key": self.key, "reason": self.reason}


@dataclass(frozen=True)
class Expansion:
    """All that one list wants for one coworker at one location."""

    tasklist: str
    version: str
    coworker_id: int
    business_id: int
    task_list_name: str
    subject: Subject
    cycle: str
    wanted: tuple[Wanted, ...]
    left_out: tuple[LeftOut, ...]
    warnings: tuple[str, ...]
    zone: str
    calendar: Calendar
    naming: Naming
    contract_id: int | None = None
    event_at: Instant | None = None
    ordered: bool = False
    """Whether tasks of the list may wait, for others of them or for a moment."""
    overrides: Overrides = Overrides()
    """What a person changed for this run."""
