"""Which tasks are completed, since when, and which are gone: what was remembered, corrected by what is live. Pure.

It must never take a row that could not be read for one that is gone, nor forget a moment that is remembered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from whenever import Instant

from engine.core.known import KnownTask, LiveTask

if TYPE_CHECKING:
    from engine.core.plan import Situation
    from engine.core.wanted import Expansion, Wanted

Task = tuple[str, str]
"""Item and for_each key."""


@dataclass(frozen=True)
class Ends:
    """What ended of a list's tasks, and what of all the coworker's tasks the ledger does not know yet."""

    done: Mapping[Task, Instant] = field(default_factory=dict)
    """Since when each completed task is completed (UTC)."""
    gone: frozenset[Task] = frozenset()
    passed: frozenset[Task] = frozenset()
    """Late before they were made, and their `late` is `skip`: they never are."""
    completed: Mapping[UUID, Instant | None] = field(default_factory=dict)
    """News for the ledger: None for a task that was completed once and is open again."""
    deleted: frozenset[UUID] = frozenset()
    """News for the ledger: tasks that are no more."""


def ends_of(expansion: Expansion, situation: Situation, now: Instant) -> Ends:
    """Return what ended. A completion seen first now happened when its row last changed, else at `now` (UTC).

    A row that is live and not completed is open, whatever is remembered: staff opened it again.
    """
    seen = _Seen(situation, now)
    done: dict[Task, Instant] = {}
    gone: set[Task] = set()
    passed: set[Task] = set()
    for wanted in expansion.wanted:
        moment = seen.completed(wanted)
        if moment is not None:
            done[wanted.item, wanted.key] = moment
        elif seen.is_gone(wanted):
            gone.add((wanted.item, wanted.key))
        elif _is_too_late(wanted, now) and not seen.may_be_there(wanted):
            passed.add((wanted.item, wanted.key))
    deleted = (task.identity for task in seen.settled() if task.gone_at is None and task.task_id in situation.gone)
    return Ends(done, frozenset(gone), frozenset(passed), seen.news(), frozenset(deleted))


def completed_since(
    known: Iterable[KnownTask], rows: Iterable[LiveTask], now: Instant
) -> dict[UUID, Instant | None]:
    """Return what rows tell of remembered tasks that is news: since when one is completed, None if it is open again.

    Only what the rows hold is told of; `now` (UTC) is the latest moment that a completion can have.
    """
    live = {row.task_id: row for row in rows}
    told = ((task, live[task.task_id]) for task in known if task.task_id is not None and task.task_id in live)
    moments = {task.identity: (task.completed_at, _completion(task.completed_at, row, now)) for task, row in told}
    return {number: moment for number, (was, moment) in moments.items() if moment != was}


def _is_too_late(wanted: Wanted, now: Instant) -> bool:
    return wanted.late == "skip" and wanted.waits is None and wanted.due_at is not None and wanted.due_at < now


def _completion(known: Instant | None, row: LiveTask, now: Instant) -> Instant | None:
    if not row.completed:
        return None
    changed = row.updated_at
    moment = changed if changed is not None and changed <= now else now
    return known or moment.round("second", mode="floor")  # the ledger keeps less of it than the service tells


class _Seen:
    def __init__(self, situation: Situation, now: Instant) -> None:
        self._situation = situation
        self._now = min(now, situation.looked_at or now)

    def settled(self) -> Iterable[KnownTask]:
        return (task for task in self._situation.known.values() if task.task_id is not None)

    def news(self) -> dict[UUID, Instant | None]:
        return completed_since(self.settled(), self._situation.live.values(), self._now)

    def completed(self, wanted: Wanted) -> Instant | None:
        known = self._known(wanted)
        if known is not None:
            return self._of_known(known)
        rows = [row for number in _numbers(wanted) for row in self._situation.found.get(number, ())]
        return _completion(None, rows[0], self._now) if len(rows) == 1 else None

    def is_gone(self, wanted: Wanted) -> bool:
        known = self._known(wanted)
        if known is None or known.task_id in self._situation.live:
            return False
        return known.gone_at is not None or known.task_id in self._situation.gone

    def may_be_there(self, wanted: Wanted) -> bool:
        """Whether a task was made, or may have been."""
        numbers = _numbers(wanted)
        known = (self._situation.known.get(number) for number in numbers)
        asked = any(task is not None and task.state != "failed" for task in known)
        return asked or bool(self._situation.incomplete) or any(self._situation.found.get(one) for one in numbers)

    def _known(self, wanted: Wanted) -> KnownTask | None:
        known = (self._situation.known.get(number) for number in _numbers(wanted))
        return next((task for task in known if task is not None and task.task_id is not None), None)

    def _of_known(self, task: KnownTask) -> Instant | None:
        row = self._situation.live.get(task.task_id or 0)
        if row is None:
            return task.completed_at  # not listed, or not read to the end: nothing new is known
        return _completion(task.completed_at, row, self._now)


def _numbers(wanted: Wanted) -> tuple[UUID, ...]:
    return (wanted.identity, *wanted.alternatives)
