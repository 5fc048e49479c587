"""Audit: compares the ledger with the service, coworker by coworker, and changes nothing in either.

Nothing is written to Nexudus; in the ledger only what rows turned out to be, so that each is read once ever.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from whenever import Instant

from engine.core import audit_sentences as say
from engine.core.audit import SETTLED, Remembered, Seen, Sent, compare, kept
from engine.core.audit_findings import Finding, counted, in_order
from engine.core.audit_waits import stuck
from engine.core.edits import Told
from engine.core.errors import Unreachable
from engine.core.identity import mark_of
from engine.core.known import KnownTask, LiveTask
from engine.core.wire_dates import parse_moment
from engine.flows.look import Policy
from engine.flows.marks import digits_of, likeliest, read_row, verdict_of
from engine.flows.tenure import lease_name
from engine.ledger.view import LedgerView
from engine.nexudus.client import NexudusReader
from engine.nexudus.errors import UnreadableRecord
from engine.nexudus.rows import live_task

Progress = Callable[[int, int], None]
"""Called after each coworker with how many are done, and of how many."""


@dataclass(frozen=True)
class Audited:
    """What an audit found. `stopped_by` is what kept it from looking at the rest."""

    coworkers: int
    tasks: int
    kept: int
    findings: tuple[Finding, ...]
    stopped_by: Unreachable | None = None

    def counts(self) -> Mapping[str, int]:
        """How many findings of each kind, and how many tasks are just as they were made."""
        return counted(self.findings, self.kept)

    @property
    def exit_code(self) -> int:
        """6 when not all could be looked at, 3 when something waits for a person, else 0."""
        if self.stopped_by is not None:
            return self.stopped_by.exit_code
        return 3 if any(finding.needs_person for finding in self.findings) else 0


@dataclass
class _Looked:
    """What is seen of one coworker, while it is looked at."""

    marks: dict[int, str | None] = field(default_factory=dict)
    verdicts: dict[int, UUID | None] = field(default_factory=dict)
    asked: dict[int, Told] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    unreadable: dict[int, str] = field(default_factory=dict)


class Auditor:
    """Looks at coworkers one after the other. It is handed a reader: it cannot write to Nexudus."""

    def __init__(
        self,
        reader: NexudusReader,
        memory: LedgerView | None,
        policy: Policy,
        *,
        clock: Callable[[], Instant] = Instant.now,
    ) -> None:
        self._reader = reader
        self._memory = memory
        self._policy = policy
        self._clock = clock

    def audit(
        self, coworkers: Iterable[int], *, tasklist: str | None = None, progress: Progress | None = None
    ) -> Audited:
        """Return what differs for these coworkers; with `tasklist` only what may be that list's.

        What was found before Nexudus or the ledger became unreachable is returned, with the reason.
        """
        chosen = tuple(coworkers)
        findings: list[Finding] = []
        done = tasks = fine = 0
        stopped: Unreachable | None = None
        try:
            for coworker_id in chosen:
                remembered, seen = self._look(coworker_id, tasklist)
                found = compare(remembered, seen, quiet_seconds=self._policy.quiet_seconds, tasklist=tasklist)
                findings += (*found, *self._stuck(coworker_id, tasklist))
                tasks += sum(tasklist in {None, task.tasklist} for task in remembered.known)
                fine += kept(remembered, found, tasklist)
                done += 1
                if progress is not None:
                    progress(done, len(chosen))
        except Unreachable as error:
            stopped = error
        try:
            findings = list(self._with_owners(findings))
        except Unreachable as error:
            stopped = stopped or error
        return Audited(done, tasks, fine, in_order(findings), stopped)

    def _look(self, coworker_id: int, tasklist: str | None) -> tuple[Remembered, Seen]:
        """The list first, the ledger after it: what a run makes meanwhile is then known, and never seems foreign."""
        looked_at = self._clock()
        listing = self._reader.tasks_of(coworker_id)
        live = {row.task_id: row for row in listing.rows}
        remembered = self._remembered(coworker_id)
        looked = _Looked()
        self._read_marks(looked, remembered, live)
        if listing.complete:
            for task in remembered.known:
                if task.state in SETTLED and task.task_id not in live and tasklist in {None, task.tasklist}:
                    self._ask(looked, task.task_id or 0)
        seen = Seen(
            looked_at=looked_at,
            live=live,
            incomplete="" if listing.complete else listing.why_incomplete,
            marks=looked.marks,
            asked=looked.asked,
            gone=frozenset(looked.gone),
            unreadable=looked.unreadable,
        )
        return remembered, seen

    def _stuck(self, coworker_id: int, tasklist: str | None) -> Iterator[Finding]:
        """What waits for a task that staff deleted, by the last look at the batch."""
        for wait in self._memory.waits(coworker_id) if self._memory else ():
            if tasklist in {None, wait.key.tasklist}:
                yield from stuck(coworker_id, wait.key.tasklist, wait.key.cycle, json.loads(wait.items))

    def _remembered(self, coworker_id: int) -> Remembered:
        memory = self._memory
        if memory is None:
            return Remembered(coworker_id)
        results = memory.last_results(coworker_id)
        busy, known = self._busy_until(coworker_id), memory.known(coworker_id)
        if busy is None and any(task.state == "intended" for task in known):
            busy = self._busy_until(coworker_id)
            if busy is None:  # a run that began and ended in between has settled them by now
                known = memory.known(coworker_id)
        return Remembered(
            coworker_id=coworker_id,
            known=known,
            key=memory.fingerprint_key,
            sent={one.identity: _sent(one.payload) for one in memory.open_intents(coworker_id)},
            reasons={number: result.error for number, result in results.items()},
            parked=frozenset(number for number, result in results.items() if result.outcome == "parked"),
            resumable=frozenset(run.tasklist for run in memory.unfinished(coworker_id)),
            busy_until=busy,
        )

    def _busy_until(self, coworker_id: int) -> Instant | None:
        return self._memory.leased_until(lease_name(coworker_id), self._clock()) if self._memory else None

    def _read_marks(self, looked: _Looked, remembered: Remembered, live: Mapping[int, LiveTask]) -> None:
        """Read the rows that the ledger does not know for our mark, unless an earlier look did."""
        who = remembered.coworker_id
        verdicts = self._memory.verdicts(who) if self._memory else {}
        claimed = {task.task_id for task in remembered.known}
        for row in live.values():
            if row.task_id in claimed:
                continue
            if row.task_id in verdicts:
                looked.marks[row.task_id] = digits_of(verdicts[row.task_id])
            elif row.created_at is None or row.created_at >= self._policy.since:
                self._read_mark(looked, remembered, row)
        if self._memory and looked.verdicts:
            self._memory.record_verdicts(who, looked.verdicts)

    def _read_mark(self, looked: _Looked, remembered: Remembered, row: LiveTask) -> None:
        try:
            read = read_row(self._reader, row.task_id)
        except UnreadableRecord as error:
            looked.unreadable[row.task_id] = error.message.rstrip(".")
            return
        if read is None:
            return
        marks = read.marks
        twins = remembered.named_like(row)
        mark = likeliest(marks, {mark_of(task.identity) for task in twins})
        looked.marks[row.task_id] = mark.digits if mark else None
        # Of several marks a run may believe another one, and into the notes of what may be an open
        # intent's task somebody may still write its mark: such rows are read again.
        may_be_open = mark is None and any(task.state == "intended" for task in twins)
        if len(marks) < 2 and not may_be_open:
            looked.verdicts[row.task_id] = verdict_of(mark)

    def _ask(self, looked: _Looked, task_id: int) -> None:
        """A remembered task that is not in the list: only the service's own word says that it is gone."""
        try:
            record = self._reader.task(task_id)
        except UnreadableRecord as error:
            looked.unreadable[task_id] = error.message.rstrip(".")
            return
        if record is None:
            looked.gone.add(task_id)
        else:
            looked.asked[task_id] = Told(live_task(record), str(record.get("Notes") or ""))

    def _with_owners(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """A mark that is another coworker's is no other ledger's: that task was moved, or its mark copied."""
        told = tuple(findings)
        owners = self._owners({one.mark for one in told if one.mark})
        for one in told:
            owner = owners.get(one.mark)
            if owner is None:
                yield one
                continue
            coworker_id, task = owner
            for task_id in one.task_ids or (one.task_id or 0,):
                if task_id != task.task_id:  # the task itself is told where it is remembered, as drifted
                    yield say.copied(one.mark, one.coworker_id, task_id, coworker_id)

    def _owners(self, marks: set[str]) -> Mapping[str, tuple[int, KnownTask]]:
        """Return which coworkers these marks belong to. Only an audit that met a strange mark reads all of them."""
        found: dict[str, tuple[int, KnownTask]] = {}
        memory = self._memory
        for coworker_id in memory.coworkers() if memory and marks else ():
            for task in memory.known(coworker_id) if memory else ():
                digits = mark_of(task.identity)
                if digits in marks:
                    found[digits] = (coworker_id, task)
        return found


def _sent(payload: str) -> Sent:
    """What a body told, as far as rows of the list tell it too."""
    body = json.loads(payload)
    return Sent(body["Name"], body["BusinessId"], body["ResponsibleId"], parse_moment(body["DueDate"]))
