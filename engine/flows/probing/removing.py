"""Removing what a probe made. A task goes only after Nexudus has shown it under a probe's name and label.

It must never touch any other task, nor call one gone that only could not be seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from whenever import Instant

from engine.core.errors import TasklistsError
from engine.core.known import LiveTask
from engine.flows.probing.opened import PROBE_NAME, Opened, bears
from engine.nexudus.answers import Done, Fatal
from engine.nexudus.client import NexudusClient
from engine.nexudus.errors import UnreadableRecord

DELETES: Final = 5
_FIRST_PAUSE: Final = 0.3
"""Seconds before a removal that failed is tried again, doubled each time: 4.5 s in all."""


@dataclass(frozen=True)
class Left:
    """A task of a probe that could not be removed; `task_id` is 0 where it may exist and was not found."""

    task_id: int
    label: str
    coworker_id: int
    why: str

    def to_json(self) -> dict[str, object]:
        return {
            "task_id": self.task_id or None,
            "name": f"{PROBE_NAME} {self.label}",
            "coworker_id": self.coworker_id,
            "why": self.why,
        }


@dataclass(frozen=True)
class Timing:
    """Clocks and waits, all in seconds. A request without an answer may arrive up to `quiet_seconds` late."""

    clock: Callable[[], Instant]
    """UTC."""
    sleep: Callable[[float], None]
    """For pauses between two tries of a removal: no signal cuts it short."""
    wait: Callable[[float], bool]
    """For longer waits: False, and at once, when somebody asks to stop."""
    quiet_seconds: float


@dataclass
class Remover:
    """Removes what a probe made, and nothing else; counts what is gone, and keeps what is left."""

    client: NexudusClient
    timing: Timing
    removed: int = 0
    left: list[Left] = field(default_factory=list)

    def sweep(self, opened: Opened, *, wait: bool) -> Opened | None:
        """Remove all tasks of one probe; None when none can be left, else what to look for again.

        `wait`: wait until a creation without an answer can no longer arrive, before the last look.
        """
        left: dict[int, str] = {}
        for task_id in opened.ids:
            why = self._remove_verified(task_id, opened.label)
            if why:
                left[task_id] = why
        settled = not opened.unsure or self._may_wait(opened, wait=wait)
        whole = self._sweep_list(opened, left)
        if not left and settled and (whole or not opened.unsure):
            return None
        for task_id, why in left.items():
            self.left.append(Left(task_id, opened.label, opened.coworker_id, why))
        if not left:
            why = "its creation got no answer and may still arrive" if whole else "the member's list cannot be read"
            self.left.append(Left(0, opened.label, opened.coworker_id, why))
        return replace(opened, ids=tuple(left), unsure=opened.unsure and not (settled and whole))

    def _may_wait(self, opened: Opened, *, wait: bool) -> bool:
        """Whether the quiet period of the last creation is over, waiting for it if that is wanted."""
        over = opened.at.add(milliseconds=round(self.timing.quiet_seconds * 1000))
        missing = (over - self.timing.clock()).total("seconds")
        return missing <= 0 or (wait and self.timing.wait(missing))

    def _sweep_list(self, opened: Opened, left: dict[int, str]) -> bool:
        """Remove every row that bears the label; whether the list was whole."""
        try:
            listed = self.client.tasks_of(opened.coworker_id)
        except TasklistsError:
            return False
        for row in listed.rows:
            if row.task_id not in left and _is_of(row, opened):
                why = self.remove(row.task_id)
                if why:
                    left[row.task_id] = why
        return listed.complete

    def _remove_verified(self, task_id: int, label: str) -> str:
        """Remove a task by its id after a look at its name; why it may still be there, or nothing."""
        try:
            record = self.client.task(task_id)
        except UnreadableRecord:
            return ""  # gone on accounts that answer so; if not, its row in the list tells
        except TasklistsError as error:
            return error.message
        if record is None or not bears(record.get("Name"), label):
            return ""
        return self.remove(task_id)

    def remove(self, task_id: int) -> str:
        """Remove a task that was seen under our name, trying again; why it may still be there, or nothing."""
        why = ""
        for attempt in range(DELETES):
            if attempt:
                self.timing.sleep(_FIRST_PAUSE * 2 ** (attempt - 1))
            try:
                answer = self.client.delete_task(task_id)
            except TasklistsError as error:
                why = error.message
                continue
            if isinstance(answer, Done):
                self.removed += 1
                return ""
            why = answer.reason
            if isinstance(answer, Fatal) and answer.role:
                break  # asking again does not give a right
        return why


def _is_of(row: LiveTask, opened: Opened) -> bool:
    return row.coworker_id == opened.coworker_id and bears(row.name, opened.label)
