"""The few tasks of a probe: made one at a time, named so that nobody can mistake them, and removed whatever happens.

Before each creation the ledger says that a task with this probe's label may exist; so a probe that is killed
leaves what the next one can find and remove.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from whenever import Instant

from engine.core.errors import TasklistsError
from engine.flows.probing.opened import MOST_TASKS, OpenBook, Opened, bears, name_of, new_label
from engine.flows.probing.removing import Remover
from engine.nexudus.answers import Ambiguous, Defer, Done, Fatal, Record
from engine.nexudus.errors import NexudusUnreachable
from engine.nexudus.gate import Gate


@dataclass(frozen=True)
class Made:
    """A task that Nexudus has shown us, read one by one."""

    task_id: int
    name: str
    sent: Mapping[str, object]
    record: Record
    seconds: float
    """How long ago the receipt came, when the record was read."""


class NotRemoved(TasklistsError):
    """A probe's task could not be removed: no further one is made."""


class ProbeTasks:
    """Makes the tasks of one probe. `shared` are the fields that all of them have."""

    def __init__(self, remover: Remover, book: OpenBook, shared: Mapping[str, object], *, gate: Gate) -> None:
        self._remover = remover
        self._client = remover.client
        self._timing = remover.timing
        self._book = book
        self._shared = dict(shared)
        self._gate = gate
        self.label = new_label()
        self.sent = 0
        coworker_id = shared["CoworkerId"]
        assert isinstance(coworker_id, int)  # the command takes nothing else
        self._entry = Opened(self.label, coworker_id, self._timing.clock(), unsure=False)
        self._in_doubt = False
        """Whether some creation got no clear answer and was not found: it may still arrive."""

    @property
    def can_make(self) -> bool:
        return self.sent < MOST_TASKS

    def make(self, fields: Mapping[str, object], *, name_length: int = 0) -> Made | Fatal | Ambiguous | Defer:
        """Create one task and read it. What is no Made was refused, put off, or left open (and is looked for later)."""
        assert self.can_make  # callers ask first
        self.sent += 1
        name = name_of(self.label, self.sent).ljust(name_length, "x")
        body = {**self._shared, "Name": name, **fields}
        # On disk before the first byte goes out: from here on a task may exist.
        self._note(replace(self._entry, at=self._timing.clock(), unsure=True))
        data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        answer = self._client.create_task(data, self._gate)
        received = self._timing.clock()
        if isinstance(answer, Fatal | Defer):
            self._note(replace(self._entry, unsure=self._in_doubt))
            return answer
        task_id = answer.task_id if isinstance(answer, Done) else self._found_by_name(name)
        if task_id is None:
            assert isinstance(answer, Ambiguous)  # the only answer without an id
            self._in_doubt = True
            return answer
        self._note(replace(self._entry, ids=(*self._entry.ids, task_id), unsure=self._in_doubt))
        return self._seen(task_id, name, body, received)

    def remove(self, made: Made) -> None:
        """Remove a task now. Raises NotRemoved: nothing more is to be made then."""
        why = self._remover.remove(made.task_id)
        if why:
            raise NotRemoved(f"task {made.task_id} could not be removed: {why}")
        self._note(replace(self._entry, ids=tuple(one for one in self._entry.ids if one != made.task_id)))

    def clear(self, *, wait: bool) -> None:
        """Remove whatever is left of this probe; what cannot be removed stays in the ledger for the next one."""
        if not self.sent:
            return
        left = self._remover.sweep(self._entry, wait=wait)
        if left is None:
            self._book.close(self.label)
        else:
            self._note(left)

    def _note(self, entry: Opened) -> None:
        self._entry = entry
        self._book.write(entry)

    def _found_by_name(self, name: str) -> int | None:
        """The task of a creation without an answer, if the list shows it already."""
        try:
            rows = self._client.tasks_of(self._entry.coworker_id).rows
        except NexudusUnreachable:
            return None
        known = set(self._entry.ids)
        return next((row.task_id for row in rows if row.name == name and row.task_id not in known), None)

    def _seen(self, task_id: int, name: str, body: Mapping[str, object], received: Instant) -> Made | Ambiguous:
        record = self._client.task(task_id)
        if record is None or not bears(record.get("Name"), self.label):
            # A receipt with the id of another task: that one is not ours, and ours is somewhere else.
            self._in_doubt = True
            self._note(replace(self._entry, ids=tuple(one for one in self._entry.ids if one != task_id), unsure=True))
            return Ambiguous("the receipt is about another task")
        return Made(task_id, name, body, record, (self._timing.clock() - received).total("seconds"))
