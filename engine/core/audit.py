"""Audit: what the ledger remembers of one coworker against what the service has, as findings.

Pure: it reads nothing and asks nobody. A list that was not read to its end proves no absence, and neither does a
task that cannot be read: such doubts become `held`, never `lost` or `removed`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from whenever import Instant

from engine.core import audit_sentences as say
from engine.core.audit_findings import Finding, in_order
from engine.core.edits import Told, edited_fields, told_by_row
from engine.core.identity import mark_of
from engine.core.known import KnownTask, LiveTask, fingerprint

SETTLED = frozenset({"created", "adopted"})

SKEW_SECONDS = 120
"""CreatedOn is the server's clock; two minutes cover every skew seen (design 5.3)."""


@dataclass(frozen=True)
class Sent:
    """What the request of an open intent said, as far as a row of the list can tell it."""

    name: str
    business_id: int
    responsible_id: int
    due_at: Instant | None


@dataclass(frozen=True)
class Remembered:
    """What the ledger holds of one coworker. `key` is that of its fingerprints."""

    coworker_id: int
    known: tuple[KnownTask, ...] = ()
    key: bytes = b""
    sent: Mapping[UUID, Sent] = field(default_factory=dict)
    """Open intents alone: the text of all others is forgotten."""
    reasons: Mapping[UUID, str] = field(default_factory=dict)
    """Why an unsettled task was not made, as its last run told it."""
    parked: frozenset[UUID] = frozenset()
    """Of these, what waits for a time that was told."""
    resumable: frozenset[str] = frozenset()
    """Lists with an interrupted run of this coworker, which `resume` goes on with."""
    busy_until: Instant | None = None
    """While another process is at work on this coworker: until when it holds the lease."""

    def names(self) -> Iterator[tuple[KnownTask, str]]:
        """Yield each task whose name can be told, with the fingerprint of its name."""
        for task in self.known:
            if task.identity in self.sent:
                yield task, fingerprint(self.key, "Name", self.sent[task.identity].name)
            elif "Name" in task.fingerprints:
                yield task, task.fingerprints["Name"]

    def named_like(self, row: LiveTask) -> list[KnownTask]:
        """Return the tasks that bear the name of a row."""
        wanted = fingerprint(self.key, "Name", row.name)
        return sorted((task for task, name in self.names() if name == wanted), key=_origin)


@dataclass(frozen=True)
class Seen:
    """What the service has of one coworker. `looked_at`: when the reading of its list began (UTC)."""

    looked_at: Instant
    live: Mapping[int, LiveTask] = field(default_factory=dict)
    incomplete: str = ""
    """Why the list could not be read to its end, or ''."""
    marks: Mapping[int, str | None] = field(default_factory=dict)
    """Row that the ledger does not know -> the 16 digits of its mark, None for one without."""
    asked: Mapping[int, Told] = field(default_factory=dict)
    """Remembered tasks that are not in the list, and that exist."""
    gone: frozenset[int] = frozenset()
    """Remembered tasks of which the service itself says that they no longer exist."""
    unreadable: Mapping[int, str] = field(default_factory=dict)
    """Tasks that could not be read one by one -> why."""


def compare(
    remembered: Remembered, seen: Seen, *, quiet_seconds: float, tasklist: str | None = None
) -> tuple[Finding, ...]:
    """Return all that differs for one coworker, most urgent first; with `tasklist` only what may be that list's."""
    found = _Comparison(remembered, seen, quiet_seconds).findings()
    return in_order(one for one in found if tasklist is None or one.tasklist in {"", tasklist})


def kept(remembered: Remembered, findings: Iterable[Finding], tasklist: str | None = None) -> int:
    """Return how many remembered tasks are there just as they were made."""
    told = {one.identity for one in findings if one.kind != "foreign"}
    own = (task for task in remembered.known if tasklist in {None, task.tasklist})
    return sum(task.identity not in told for task in own)


def _as_sent(row: LiveTask) -> Sent:
    return Sent(row.name, row.business_id, row.responsible_id or 0, row.due_at)


def _origin(task: KnownTask) -> tuple[str, str, str, UUID]:
    return (task.tasklist, task.item, task.key, task.identity)


class _Comparison:
    def __init__(self, remembered: Remembered, seen: Seen, quiet_seconds: float) -> None:
        self.memory = remembered
        self.seen = seen
        self.quiet_seconds = quiet_seconds
        self.by_mark: dict[str, list[LiveTask]] = {}
        self.unmarked: list[LiveTask] = []
        for task_id, digits in sorted(seen.marks.items()):
            if task_id not in seen.live:
                continue
            rows = self.unmarked if digits is None else self.by_mark.setdefault(digits, [])
            rows.append(seen.live[task_id])
        claimed = {task.task_id for task in remembered.known}
        self.unread = {number: why for number, why in seen.unreadable.items() if number not in claimed}
        self.doubtful: set[int] = set()
        """Rows that an open intent names as what it may have made: they are told with it."""

    def findings(self) -> Iterator[Finding]:
        for task in self.memory.known:
            yield from self._settled(task) if task.state in SETTLED else self._open(task)
        yield from self._unknown_marks()
        for row in self.unmarked:
            twins = self.memory.named_like(row) if row.task_id not in self.doubtful else []
            if twins:
                yield say.namesake(twins[0], self._who, row.task_id)
        for task_id in sorted(self.unread.keys() - self.doubtful):
            yield say.unreadable_row(self._who, task_id, self.unread[task_id], self.seen.looked_at)
        if self.seen.incomplete and not self._any_absent():
            yield say.cut_list(self._who, self.seen.incomplete, self.seen.looked_at)

    @property
    def _who(self) -> int:
        return self.memory.coworker_id

    def _any_absent(self) -> bool:
        return any(task.task_id not in self.seen.live for task in self.memory.known)

    def _rows(self, task: KnownTask) -> list[LiveTask]:
        """Rows that the ledger does not know and that carry this task's mark."""
        return self.by_mark.get(mark_of(task.identity), [])

    def _settled(self, task: KnownTask) -> Iterator[Finding]:
        assert task.task_id is not None  # a settled task has one
        copies = self._rows(task)
        told = self.seen.asked.get(task.task_id)
        if task.task_id in self.seen.live:
            told = told_by_row(self.seen.live[task.task_id])
        own = [] if told is None or told.row is None else [told.row]
        if len(own) + len(copies) > 1:
            yield say.doubled(task, self._who, [*own, *copies])
        elif told is not None:
            yield from self._present(task, told)
        elif task.task_id in self.seen.gone:
            yield say.removed(task, self._who, copies[0].task_id if copies else None)
        else:
            why = self.seen.unreadable.get(task.task_id) or self.seen.incomplete
            yield say.not_seen(task, self._who, why, self.seen.looked_at)

    def _present(self, task: KnownTask, told: Told) -> Iterator[Finding]:
        edited = edited_fields(task, told, self._who, self.memory.key)
        if edited:
            yield say.drifted(task, self._who, edited)
        if told.row is not None and told.row.completed:
            yield say.completed(task, self._who)

    def _open(self, task: KnownTask) -> Iterator[Finding]:
        rows = self._rows(task) or self._alike(task)
        self.doubtful |= {row.task_id for row in rows}
        if len(rows) > 1:
            yield say.doubled(task, self._who, rows)
        elif self.memory.busy_until is not None and task.state == "intended":
            yield say.at_work(task, self._who, self.memory.busy_until)
        elif rows:
            yield say.found(task, self._who, rows[0].task_id, self._resumes(task))
        elif self.seen.incomplete or self.unread:
            self.doubtful |= self.unread.keys()
            yield say.cannot_tell(task, self._who, self.seen.incomplete, sorted(self.unread))
        else:
            yield self._absent(task)

    def _absent(self, task: KnownTask) -> Finding:
        if task.state == "failed" and task.identity in self.memory.parked:
            return say.parked(task, self._who, self.memory.reasons.get(task.identity, ""))
        if task.state == "failed":
            return say.not_made(task, self._who, self.memory.reasons.get(task.identity, ""), self._resumes(task))
        over = task.seen_at.add(seconds=self.quiet_seconds)
        if self.seen.looked_at < over:
            return say.may_arrive(task, self._who, over)
        namesake = self._namesake(task)
        if namesake is None:
            return say.lost(task, self._who)
        self.doubtful.add(namesake.task_id)
        return say.doubtful(task, self._who, namesake.task_id)

    def _resumes(self, task: KnownTask) -> bool:
        return task.state == "intended" or task.tasklist in self.memory.resumable

    def _alike(self, task: KnownTask) -> list[LiveTask]:
        """Of a request that went out without the mark: rows of equal content, not older than it."""
        sent = self.memory.sent.get(task.identity)
        if sent is None or task.marked:
            return []
        return [row for row in self._since(task) if sent == _as_sent(row)]

    def _namesake(self, task: KnownTask) -> LiveTask | None:
        """A row that may be what a marked request made: of its name, not older than it, its mark lost since."""
        sent = self.memory.sent.get(task.identity)
        if sent is None or not task.marked:
            return None
        return next((row for row in self._since(task) if row.name == sent.name), None)

    def _since(self, task: KnownTask) -> list[LiveTask]:
        oldest = task.at.subtract(seconds=SKEW_SECONDS)
        return [row for row in self.unmarked if (row.created_at or Instant.MAX) >= oldest]

    def _unknown_marks(self) -> Iterator[Finding]:
        ours = {mark_of(task.identity) for task in self.memory.known}
        for digits, rows in self.by_mark.items():
            if digits in ours:
                continue
            if len(rows) > 1:
                yield say.doubled_unknown(digits, self._who, rows)
            else:
                yield say.foreign(digits, self._who, rows[0].task_id)
