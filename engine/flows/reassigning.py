"""Applying a handover: intent on disk, the task read afresh, replaced, read back, then the result on disk.

It can be killed at any instant: an intent without a result is looked at by the next call, and to replace a task by
itself with another responsible twice changes nothing. It must never send a record that was read long ago: an update
replaces the whole task, and what a person changed since would be lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from whenever import Instant

from engine.core.errors import TasklistsError, Unfinished, Unreachable
from engine.core.handover import Giving, Handover, step_for
from engine.core.known import LiveTask
from engine.core.wire_dates import wire_moment
from engine.flows.reassign import HandoverPlan
from engine.flows.stopping import Stop
from engine.ledger.ledger import Ledger
from engine.ledger.values import Lease, Reassigning
from engine.nexudus.answers import Ambiguous, Defer, Done, Fatal, Record, Settled
from engine.nexudus.calls import replacement
from engine.nexudus.errors import RoleMissing, UnreadableRecord
from engine.nexudus.gate import Gate
from engine.nexudus.rows import live_task

READ_SECONDS: Final = 5.0
"""A record older than that, because the limits made the update wait, is read again before it is sent back."""

_TRIES: Final = 3
"""Of one task: after an answer that proves nothing it is read, and replaced again if need be."""

_LEASE: Final = "reassign"

Outcome = Literal["reassigned", "skipped", "failed", "held"]


class TaskReplacer(Protocol):
    def task(self, task_id: int) -> Record | None: ...

    def update_task(self, record: Mapping[str, object], gate: Gate | None = None) -> Settled: ...


@dataclass(frozen=True)
class Result:
    """What came of one task. `held`: it cannot be told now, and the same command goes on with it."""

    handover: Handover
    outcome: Outcome
    why: str = ""

    def to_json(self) -> dict[str, Any]:
        held = self.handover.held
        return {
            "task_id": held.task_id,
            "coworker_id": held.coworker_id,
            "tasklist": held.tasklist,
            "item": held.item,
            "key": held.key,
            "outcome": self.outcome,
            "why": self.why or None,
        }


@dataclass(frozen=True)
class Reassigned:
    """How far it went; `stopped_by` kept the rest from being changed."""

    results: tuple[Result, ...]
    stopped_by: TasklistsError | None = None

    @property
    def exit_code(self) -> int:
        if self.stopped_by is not None:
            return self.stopped_by.exit_code
        return 3 if any(one.outcome in {"failed", "held"} for one in self.results) else 0


@dataclass(frozen=True)
class Manner:
    """How it goes about it. Seconds; `clock` gives UTC instants; `told` is called after each task."""

    stop: Stop
    holder: str
    lease_seconds: float
    quiet_seconds: float
    clock: Callable[[], Instant] = Instant.now
    told: Callable[[int, int, Result], None] = lambda _done, _total, _result: None


class ReadTooLongAgo(TasklistsError):
    """The record waited too long to be sent back; nothing was sent."""


class _Fresh:
    """Lets an update through only while what it was made of is young."""

    def __init__(self, clock: Callable[[], Instant], read_at: Instant) -> None:
        self._clock = clock
        self._read_at = read_at

    def enter(self) -> None:
        if (self._clock() - self._read_at).total("seconds") > READ_SECONDS:
            raise ReadTooLongAgo("the record is to be read again")

    def leave(self) -> None:
        """Nothing waits for it."""


class Reassigner:
    """Changes the responsible of tasks, one by one. One process of an account at a time, by a lease."""

    def __init__(self, client: TaskReplacer, ledger: Ledger, manner: Manner) -> None:
        self._client = client
        self._ledger = ledger
        self._manner = manner
        self._lease: Lease | None = None

    def apply(self, plan: HandoverPlan) -> Reassigned:
        """Make the changes of a plan. What raises is told as `stopped_by`, with what was done until then.

        Raises:
            Unfinished: another process is reassigning; nothing was changed.
        """
        self._take_lease()
        results: list[Result] = []
        try:
            self._settle_earlier(plan)
            for handover in plan.changes:
                self._manner.stop.check()
                self._keep_lease()
                results.append(self._one(handover, plan.giving))
                self._manner.told(len(results), len(plan.changes), results[-1])
        except TasklistsError as error:
            return Reassigned(tuple(results), error)
        finally:
            if self._lease is not None:
                self._ledger.give_back_lease(self._lease)
        return Reassigned(tuple(results))

    def _one(self, handover: Handover, giving: Giving) -> Result:
        held = handover.held
        blocked = self._other_change(held.task_id, giving)
        if blocked:
            return Result(handover, "held", blocked)
        change = Reassigning(held.coworker_id, held.identity, held.task_id, giving.before_id, giving.after_id)
        number = self._ledger.reassigning(change, self._manner.clock())
        try:
            result = self._give(handover, giving)
        except RoleMissing as error:  # certainly not changed
            self._ledger.reassigned(number, "failed", self._manner.clock(), why=error.message)
            raise
        if result.outcome != "held":
            self._ledger.reassigned(number, result.outcome, self._manner.clock(), why=result.why)
        return result

    def _give(self, handover: Handover, giving: Giving) -> Result:
        """Read, replace and read back, until what is there is what was wanted, or a person's word stands against."""
        why = "its record changes under way"
        for _ in range(_TRIES):
            read_at = self._manner.clock()
            try:
                record = self._client.task(handover.held.task_id)
            except UnreadableRecord:
                return Result(handover, "held", "Nexudus cannot show it now")
            told = self._verdict(handover, record, giving)
            if told is not None or record is None:
                return told or Result(handover, "skipped", "it is gone from Nexudus")
            try:
                answer = self._client.update_task(
                    _body(record, handover, giving), _Fresh(self._manner.clock, read_at)
                )
            except ReadTooLongAgo:
                continue
            if isinstance(answer, Fatal) and answer.reason != "the task is gone":
                return self._refused(handover, answer)
            if isinstance(answer, Defer):
                raise Unreachable(f"Not changed: {answer.reason}.", advice="Give the same command again later.")
            if isinstance(answer, Done):
                return self._read_back(handover, giving, _body(record, handover, giving))
            why = answer.reason if isinstance(answer, Ambiguous) else why
        return Result(handover, "held", f"{why}; the same command looks again")

    def _verdict(self, handover: Handover, record: Record | None, giving: Giving) -> Result | None:
        """What is told already by the task as it is now; None: it is to be changed."""
        live = None if record is None else live_task(record)
        if record is not None and live is None:
            return Result(handover, "failed", "its record lacks a field that every task has")
        now = step_for(handover.held, live, giving)
        if now.step == "skip":
            return Result(handover, "skipped", now.reason)
        given = live is not None and live.responsible_id == giving.after_id
        return Result(handover, "reassigned") if given else None

    def _refused(self, handover: Handover, answer: Fatal) -> Result:
        if answer.role:
            raise RoleMissing(answer.role)
        return Result(handover, "failed", f"Nexudus refused it: {_fields(answer)}")

    def _read_back(self, handover: Handover, giving: Giving, sent: Mapping[str, object]) -> Result:
        """A receipt is no proof: what is there now is. Fields that somebody changed meanwhile are named."""
        record = self._client.task(handover.held.task_id)
        live = None if record is None else live_task(record)
        if record is None or live is None:
            return Result(handover, "skipped", "it is gone from Nexudus")
        if live.responsible_id != giving.after_id:
            return Result(handover, "failed", f"Nexudus took the change and shows user {live.responsible_id}")
        moved = ", ".join(name for name in _COMPARED if name in record and record[name] != sent.get(name))
        return Result(handover, "reassigned", f"changed by somebody at the same moment: {moved}" if moved else "")

    def _other_change(self, task_id: int, giving: Giving) -> str:
        """Why a task must wait: an interrupted change to somebody else may still arrive within the quiet period."""
        for one in self._ledger.open_reassignments():
            if one.change.task_id == task_id and one.change.after_id != giving.after_id:
                until = one.at.add(seconds=self._manner.quiet_seconds)
                if self._manner.clock() < until:
                    who = f"user {one.change.after_id}"
                    return f"an interrupted change to {who} may still arrive; try again after {wire_moment(until)}"
        return ""

    def _settle_earlier(self, plan: HandoverPlan) -> None:
        """Tell what came of interrupted changes that this plan does not go on with. Changes nothing in Nexudus."""
        giving = plan.giving
        again = {(one.held.task_id, giving.before_id, giving.after_id) for one in plan.changes}
        for one in self._ledger.open_reassignments():
            change = one.change
            if (change.task_id, change.before_id, change.after_id) in again:
                continue
            try:
                record = self._client.task(change.task_id)
            except UnreadableRecord:
                continue
            live = None if record is None else live_task(record)
            outcome, why = _looked_at(change, live)
            quiet = self._manner.clock() >= one.at.add(seconds=self._manner.quiet_seconds)
            if outcome == "reassigned" or quiet:
                self._ledger.reassigned(one.key, outcome, self._manner.clock(), why=why)

    def _take_lease(self) -> None:
        ends = self._manner.clock().add(seconds=self._manner.lease_seconds + 1)
        while self._lease is None:
            now = self._manner.clock()
            held, seconds = self._manner.holder, self._manner.lease_seconds
            self._lease = self._ledger.take_lease(_LEASE, holder=held, seconds=seconds, now=now)
            if self._lease is None:
                if now > ends:
                    raise Unfinished("Another process is reassigning tasks.", advice="Try again when it has ended.")
                self._manner.stop.sleep(0.2)

    def _keep_lease(self) -> None:
        assert self._lease is not None  # taken before anything else
        kept = self._ledger.renew_lease(self._lease, seconds=self._manner.lease_seconds, now=self._manner.clock())
        if kept is None:
            raise Unfinished("Another process has begun to reassign tasks.", advice="Try again when it has ended.")
        self._lease = kept


_COMPARED: Final = ("Name", "Notes", "Completed", "DueDate", "NotifyByEmail", "DisplayToEveryone")
"""Fields that a person edits and that every answer shows."""


def _body(record: Record, handover: Handover, giving: Giving) -> dict[str, object]:
    """The whole task with another responsible. What no answer shows an update would clear: it is sent again."""
    hidden = {} if record.get("TaskItemUniqueId") else {"TaskItemUniqueId": str(handover.held.identity)}
    return replacement(record, {"ResponsibleId": giving.after_id, **hidden})


def _fields(answer: Fatal) -> str:
    """Which fields a refusal names, without the values: those may hold a member's text."""
    names: Iterable[str] = (error.property_name for error in answer.errors if error.property_name)
    return ", ".join(names) or "no reason that names a field"


def _looked_at(change: Reassigning, live: LiveTask | None) -> tuple[str, str]:
    if live is None:
        return "skipped", "it is gone from Nexudus"
    if live.responsible_id == change.after_id:
        return "reassigned", ""
    return "skipped", "it was interrupted before it was made"
