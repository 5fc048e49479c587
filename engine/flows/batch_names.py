"""The TaskListName that a batch goes on with: that of its first task, which Nexudus keeps and we do not.

The ledger has its fingerprint alone. It must never let a name be made up where the first one can still be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from engine.core.identity import read_mark
from engine.core.known import KnownTask, fingerprint
from engine.core.wanted import Expansion
from engine.ledger.values import BatchKey
from engine.ledger.view import LedgerView
from engine.nexudus.client import NexudusReader
from engine.nexudus.errors import UnreadableRecord

_LOST = "the batch's first TaskListName can no longer be read: new tasks carry the present one"


def batch_key(expansion: Expansion) -> BatchKey:
    """Return the batch that an expansion's tasks belong to: one list, once, for one subject."""
    return BatchKey(expansion.subject.kind, str(expansion.subject.id), expansion.tasklist, expansion.cycle)


class BatchNames:
    """Finds a batch's name; `trouble` says why it cannot be told now, `warning` that it never will be."""

    def __init__(self, reader: NexudusReader, memory: LedgerView | None) -> None:
        self._reader = reader
        self._memory = memory
        self.trouble = ""
        self.warning = ""

    def name_of(
        self,
        expansion: Expansion,
        known: Mapping[UUID, KnownTask],
        *,
        found: Sequence[int],
        told: Mapping[int, str],
    ) -> str | None:
        """Return the name that the batch's first task fixed; None for the present one.

        `found` are the ids of live tasks that were recognised, `told` the names that their marks tell.
        """
        batch = self._memory.batch(expansion.coworker_id, batch_key(expansion)) if self._memory else None
        try:
            if self._memory is None or batch is None or batch.first_task_id is None:
                return self._of_found(found, told)
            key = self._memory.fingerprint_key
            if batch.name == fingerprint(key, "TaskListName", expansion.task_list_name):
                return None
            for task_id in dict.fromkeys((batch.first_task_id, *_settled_ids(expansion, known))):
                for name in _names_in(self._reader.task(task_id) or {}):
                    if fingerprint(key, "TaskListName", name) == batch.name:
                        return name
        except UnreadableRecord as error:
            self.trouble = f"{error.message.rstrip('.')}, and it tells the name that the batch goes on with"
            return None
        self.warning = _LOST
        return None

    def _of_found(self, found: Sequence[int], told: Mapping[int, str]) -> str | None:
        """The name that found tasks of a batch carry, when the ledger does not know the batch."""
        names = [told[number] for number in found if number in told]
        if found and not names:  # recognised by an earlier look, or by their content
            names = _names_in(self._reader.task(found[0]) or {})
        return names[0] if names else None


def _names_in(record: Mapping[str, object]) -> list[str]:
    """The TaskListNames that a task tells: that of our mark, then the service's own, which it may have dropped."""
    mark = read_mark(str(record.get("Notes") or ""))
    told = ((mark.task_list_name or "") if mark else "", str(record.get("TaskListName") or ""))
    return [name for name in told if name]


def _settled_ids(expansion: Expansion, known: Mapping[UUID, KnownTask]) -> Iterable[int]:
    """The tasks of the batch that were made already: the first may have been deleted since."""
    numbers = (number for task in expansion.wanted for number in (task.identity, *task.alternatives))
    return sorted(task_id for n in numbers if n in known and (task_id := known[n].task_id) is not None)
