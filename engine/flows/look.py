"""Looking before writing: what the ledger knows and what is live -> the Situation that planning needs.

Order of belief (design 5.2): the ledger, then our mark in the Notes of a GET one, then, with the mark switched
off, content. A row is read once ever; an incomplete list never means absent, and neither does a row that cannot
be read. Never writes to Nexudus.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from whenever import Instant

from engine.core.findings import Findings
from engine.core.identity import mark_of
from engine.core.known import KnownTask, LiveTask
from engine.core.plan import Situation
from engine.core.wanted import Expansion, Wanted
from engine.flows.alike import alike
from engine.flows.batch_names import BatchNames, batch_key
from engine.flows.by_filter import tasks_by_filter
from engine.flows.marks import digits_of, likeliest, read_row, verdict_of
from engine.flows.sent import as_sent, sent_tasks
from engine.flows.undecided import sent_without_mark, undecided
from engine.ledger.view import LedgerView
from engine.nexudus.client import NexudusReader
from engine.nexudus.errors import UnreadableRecord

LISTED_AFTER = 2
"""Times the delay that a probe measured until a new task shows in the list: the quiet period is at least that long."""

CLOCK_SKEW_SECONDS = 120
"""CreatedOn is the server's clock; two minutes cover every skew seen (design 5.3)."""


@dataclass(frozen=True)
class Policy:
    """How tasks are looked for. `since`: none created before it is ours (UTC)."""

    since: Instant
    with_mark: bool = True
    quiet_seconds: float = 120


@dataclass
class _Found:
    tasks: dict[UUID, list[LiveTask]] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    """Task id -> the TaskListName that its mark tells."""
    verdicts: dict[int, UUID | None] = field(default_factory=dict)
    marked: set[int] = field(default_factory=set)
    """Task ids that tell whose they are, by a mark or an id, though none that is wanted here."""
    doubtful: dict[UUID, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    unreadable: dict[int, str] = field(default_factory=dict)
    """Task id -> why it could not be read: it may be any of the wanted ones."""

    def ours(self, *, but: Collection[UUID] = ()) -> list[int]:
        return sorted({row.task_id for number, rows in self.tasks.items() if number not in but for row in rows})


@dataclass(frozen=True)
class _Unmarked:
    """Wanted tasks that no mark can tell, and the rows that carry none."""

    tasks: list[Wanted]
    rows: list[LiveTask]


class Looker:
    def __init__(
        self, reader: NexudusReader, memory: LedgerView | None, policy: Policy, clock: Callable[[], Instant]
    ) -> None:
        self._reader = reader
        self._memory = memory
        self._policy = policy
        self._clock = clock
        self.findings = Findings.from_stored(memory.findings()) if memory else Findings()
        """What a probe found out about this account."""

    def look(self, expansion: Expansion) -> Situation:
        """Return what is remembered and live for the coworker of an expansion.

        Raises:
            Unreachable: Nexudus gives no usable answer now.
        """
        memory, coworker_id = self._memory, expansion.coworker_id
        looked_at = self._clock()  # before the list is read: what commits during the look was not looked for
        known, elsewhere = self._known(expansion)
        listing = self._reader.tasks_of(coworker_id)
        live = {row.task_id: row for row in listing.rows}
        wanted = undecided(expansion, known)
        found = self._find(expansion, wanted, known, live)
        names = BatchNames(self._reader, memory)
        name = names.name_of(expansion, known, found=found.ours(but=_common(expansion)), told=found.names)
        troubles = ("" if listing.complete else listing.why_incomplete, *found.unreadable.values(), names.trouble)
        quiet = max(self._policy.quiet_seconds, LISTED_AFTER * self.findings.list_delay_seconds)
        return Situation(
            known=known,
            live=live,
            found={number: tuple(rows) for number, rows in found.tasks.items()},
            gone=frozenset(self._gone(expansion, known, live)),
            incomplete="; ".join(dict.fromkeys(filter(None, troubles))),
            key=memory.fingerprint_key if memory else b"",
            task_list_name=name,
            quiet_seconds=quiet,
            with_mark=self._policy.with_mark,
            looked_at=looked_at,
            doubtful=dict(found.doubtful),
            elsewhere=elsewhere,
            warnings=tuple(filter(None, (*found.warnings, names.warning))),
        )

    def _known(self, expansion: Expansion) -> tuple[dict[UUID, KnownTask], dict[UUID, int]]:
        """What is remembered of the coworker; for a team also what an earlier paying member has of its batch.

        That member's open requests come apart: whether they were carried out, only that member's tasks can tell.
        """
        elsewhere: dict[UUID, int] = {}
        if self._memory is None:
            return {}, elsewhere
        known = {task.identity: task for task in self._memory.known(expansion.coworker_id)}
        if expansion.subject.kind == "team":
            wanted = {number for task in expansion.wanted for number in (task.identity, *task.alternatives)}
            for other in self._memory.holders_of(batch_key(expansion)):
                for task in self._memory.known(other):
                    if task.identity not in wanted or task.identity in known:
                        continue
                    if task.state in {"created", "adopted"}:
                        known[task.identity] = task
                    elif task.state == "intended":
                        elsewhere[task.identity] = other
        return known, elsewhere

    def _find(
        self,
        expansion: Expansion,
        wanted: Mapping[str, Wanted],
        known: Mapping[UUID, KnownTask],
        live: Mapping[int, LiveTask],
    ) -> _Found:
        found, coworker_id = _Found(), expansion.coworker_id
        if not wanted:
            return found
        verdicts = dict(self._memory.verdicts(coworker_id)) if self._memory else {}
        is_open = any(task.state == "intended" for task in known.values())
        sent = sent_tasks(self._memory, coworker_id) if is_open else {}
        names = {number: task.name for number, task in sent.items()}
        claimed = {task.task_id for task in known.values()}
        unknown = [row for row in live.values() if row.task_id not in claimed]
        for row in unknown:
            self._note(found, wanted, row, verdicts.get(row.task_id))
        unread = [row for row in unknown if row.task_id not in verdicts and not self._too_old(row)]
        self._read(found, wanted, unread)
        markless = [task for task in wanted.values() if not self._policy.with_mark or sent_without_mark(task, known)]
        if markless:
            marked = {number for number, verdict in (verdicts | found.verdicts).items() if verdict is not None}
            marked |= found.marked | found.unreadable.keys()
            rows = [row for row in unknown if row.task_id not in marked]
            self._by_content(found, as_sent(expansion, sent), known, _Unmarked(markless, rows))
        self._namesakes(found, wanted, known, unknown, sent_names=names)
        if self._memory and found.verdicts:
            self._memory.record_verdicts(coworker_id, found.verdicts)
        return found

    def _read(self, found: _Found, wanted: Mapping[str, Wanted], rows: Iterable[LiveTask]) -> None:
        """Read rows one by one, likely ones first, while a wanted task is still undecided."""
        names = {task.name for task in wanted.values()}
        identities = {number for task in wanted.values() for number in (task.identity, *task.alternatives)}
        newest = sorted(rows, key=lambda row: (row.created_at or Instant.MIN, row.task_id), reverse=True)
        for row in sorted(newest, key=lambda row: row.name not in names):
            if {mark_of(task.identity) for task in wanted.values()} <= {mark_of(number) for number in found.tasks}:
                return
            try:
                read = read_row(self._reader, row.task_id)
            except UnreadableRecord as error:
                found.unreadable[row.task_id] = error.message.rstrip(".")
                continue
            if read is None:
                continue
            marks = read.marks
            if not marks and read.is_of_others(identities):
                found.marked.add(row.task_id)
                found.verdicts[row.task_id] = read.verdict_of_others()
                continue
            named = {digits for digits, task in wanted.items() if task.name == row.name}
            mark = likeliest(marks, named, wanted)
            verdict = verdict_of(mark)
            if len(marks) < 2 or (mark and mark.digits in wanted):  # else another list may know it by another mark
                found.verdicts[row.task_id] = verdict
            if mark and mark.digits not in wanted:
                found.marked.add(row.task_id)
            if mark and mark.task_list_name:
                found.names[row.task_id] = mark.task_list_name
            self._note(found, wanted, row, verdict)

    def _note(self, found: _Found, wanted: Mapping[str, Wanted], row: LiveTask, verdict: UUID | None) -> None:
        task = wanted.get(digits_of(verdict) or "")
        if task is not None:
            found.tasks.setdefault(task.identity, []).append(row)

    def _by_content(
        self, found: _Found, expansion: Expansion, known: Mapping[UUID, KnownTask], unmarked: _Unmarked
    ) -> None:
        """What carries no mark: a row with equal content, not older than the intent, is ours."""
        oldest: dict[UUID, Instant] = {}
        for task in unmarked.tasks:
            if task.identity not in found.tasks:
                intent = known.get(task.identity)
                oldest[task.identity] = (
                    intent.at.subtract(seconds=CLOCK_SKEW_SECONDS) if intent else self._policy.since
                )
        found.tasks |= alike(expansion, oldest, unmarked.rows)

    def _namesakes(
        self,
        found: _Found,
        wanted: Mapping[str, Wanted],
        known: Mapping[UUID, KnownTask],
        rows: Iterable[LiveTask],
        *,
        sent_names: Mapping[UUID, str],
    ) -> None:
        """Note live tasks that bear a wanted name and nothing of ours: made by hand, or notes replaced or cut.

        Beside an open intent such a task, when it is no older, may be the one that was sent: nobody can tell.
        """
        missing = {task.name: task for task in wanted.values() if task.identity not in found.tasks}
        missing |= {
            sent_names[task.identity]: task for task in missing.values() if task.identity in sent_names
        }
        ours = found.ours()
        for row in rows:
            task = missing.get(row.name) if row.task_id not in ours else None
            if task is None:
                continue
            intent = next((known[n] for n in (task.identity, *task.alternatives) if n in known), None)
            oldest = intent.at.subtract(seconds=CLOCK_SKEW_SECONDS) if intent and intent.state == "intended" else None
            if oldest is not None and (row.created_at or Instant.MAX) >= oldest:
                if self._is_told_by_filter(found, task, row):
                    continue
                found.doubtful[task.identity] = row.task_id
                found.verdicts.pop(row.task_id, None)  # somebody may write the mark into its notes
            else:
                what = f"task {row.task_id} bears the name of item {task.item} but no mark of ours"
                found.warnings.append(f"{what}: another one is made beside it")

    def _is_told_by_filter(self, found: _Found, task: Wanted, row: LiveTask) -> bool:
        """Whether the TaskItemUniqueId filter, proved exact by a probe, decides what no mark does (design 5.2)."""
        if not self.findings.unique_id_filter_exact:
            return False
        ids = tasks_by_filter(self._reader, row.coworker_id, task.identity)
        if ids is None:
            return False
        if row.task_id in ids:
            found.tasks.setdefault(task.identity, []).append(row)
            found.verdicts[row.task_id] = task.identity
        return not ids or row.task_id in ids

    def _too_old(self, row: LiveTask) -> bool:
        return row.created_at is not None and row.created_at < self._policy.since

    def _gone(
        self, expansion: Expansion, known: Mapping[UUID, KnownTask], live: Mapping[int, LiveTask]
    ) -> Iterable[int]:
        """A task that we made and that is not in the list: only the service's own word says it is gone."""
        for wanted in expansion.wanted:
            for number in (wanted.identity, *wanted.alternatives):
                task = known.get(number)
                if task is None or task.task_id is None or task.task_id in live:
                    continue
                if task.gone_at is not None or self._is_gone(task.task_id):  # an id is never given again
                    yield task.task_id

    def _is_gone(self, task_id: int) -> bool:
        try:
            return self._reader.task(task_id) is None
        except UnreadableRecord:
            return self.findings.unknown_id_answers_500  # it is not in the list, and gone is what 500 means here


def _common(expansion: Expansion) -> frozenset[UUID]:
    """The identities of items that another list may have made, in a batch of another name."""
    common = expansion.naming.common
    return frozenset(
        number for task in expansion.wanted if task.item in common for number in (task.identity, *task.alternatives)
    )
