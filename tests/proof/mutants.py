"""Eight planted bugs, put into the engine from outside: a proof that finds none of them proves nothing.

Each is the way in which somebody's engine really lost or doubled tasks. It must never stay: every patch is taken
back at the end of its block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from engine.core.known import KnownTask, LiveTask
from engine.core.plan import Action, Plan
from engine.core.wanted import Expansion, Wanted
from engine.flows.apply import Applier
from engine.flows.judging import Result
from engine.flows.look import Looker
from engine.flows.tenure import Tenure
from engine.ledger import leases
from engine.ledger.ledger import Ledger
from engine.ledger.values import Intent, Lease, RunId
from engine.nexudus import conversation
from engine.nexudus.answers import Ambiguous, Answer, Done, RetrySafe
from engine.nexudus.records import Records
from engine.nexudus.rows import Listing

_FAKE_ID = 1_999_000_000

Patch = tuple[Any, str, Any]
"""Where, which name, and what stands there for a while."""


@dataclass(frozen=True)
class Mutant:
    name: str
    meaning: str
    patches: Callable[[], Sequence[Patch]]
    signs: tuple[str, ...]
    """What the proof says of it, as patterns of which one is enough."""

    @contextmanager
    def planted(self) -> Iterator[None]:
        """Have the bug inside the block."""
        patches = self.patches()
        kept = [(place, name, getattr(place, name)) for place, name, _ in patches]
        try:
            for place, name, value in patches:
                setattr(place, name, value)
            yield
        finally:
            for place, name, value in kept:
                setattr(place, name, value)


def _no_intent_row() -> Sequence[Patch]:
    """Intents are written together with the result, when the request is long out."""
    claim, record, confirm = Ledger.claim, Ledger.record, Ledger.confirm
    meant: dict[tuple[RunId, UUID], Intent] = {}

    def claim_nothing(_: Ledger, run_id: RunId, intents: Sequence[Intent], *_more: Any) -> frozenset[UUID]:
        meant.update({(run_id, intent.identity): intent for intent in intents})
        return frozenset(intent.identity for intent in intents)

    def confirm_lease(self: Ledger, run_id: RunId, lease: Lease, **told: Any) -> Lease | None:
        return confirm(self, run_id, lease, **told | {"identity": None})

    def record_late(self: Ledger, run_id: RunId, identity: UUID, outcome: str, **told: Any) -> bool:
        intent = meant.pop((run_id, identity), None)
        if intent is not None and outcome == "created":
            claim(self, run_id, [intent], told["now"])
        return record(self, run_id, identity, outcome, **told)

    return [(Ledger, "claim", claim_nothing), (Ledger, "confirm", confirm_lease), (Ledger, "record", record_late)]


def _no_reconcile() -> Sequence[Patch]:
    """An answer that says nothing is taken for a refusal, and the request is sent again at once."""
    judge, judge_error = conversation.judge_write, conversation.judge_error

    def judge_boldly(*answer: Any, **told: Any) -> Answer:
        found = judge(*answer, **told)
        return RetrySafe(found.reason) if isinstance(found, Ambiguous) else found

    def judge_error_boldly(what: str, *, bytes_sent: bool) -> Answer:  # noqa: ARG001 - that is the bug
        return judge_error(what, bytes_sent=False)

    return [(conversation, "judge_write", judge_boldly), (conversation, "judge_error", judge_error_boldly)]


def _no_lock() -> Sequence[Patch]:
    """Everybody who asks for the lease of a member gets it, and believes to keep it."""
    return [(leases, "_is_held", lambda *_: False), (leases, "is_ours", lambda row, _: row is not None)]


def _no_fence() -> Sequence[Patch]:
    """The lease is taken, and never looked at again before a send."""
    return [(Tenure, "_check", lambda *_: None)]


def _throttle_is_done() -> Sequence[Patch]:
    """A 409 is read as "exists already"."""
    judge = conversation.judge_write

    def judge_conflict(status: int, *answer: Any, **told: Any) -> Answer:
        return Done(_FAKE_ID) if status in {409, 429} else judge(status, *answer, **told)

    return [(conversation, "judge_write", judge_conflict)]


def _first_page_only() -> Sequence[Patch]:
    """What is not on the first page of a list is taken for absent."""

    def listing(self: Records, entity: Any, filters: Mapping[str, str] | None = None) -> Listing[Any]:
        return Listing(self.short_list(entity, filters or {}).rows)

    return [(Records, "listing", listing)]


def _name_is_identity() -> Sequence[Patch]:
    """A live task that bears the name of a wanted one is taken for it."""
    find = Looker._find  # noqa: SLF001 - the seam that the bug sits in

    def find_by_name(
        self: Looker,
        expansion: Expansion,
        wanted: Mapping[str, Wanted],
        known: Mapping[UUID, KnownTask],
        live: Mapping[int, LiveTask],
    ) -> Any:
        found = find(self, expansion, wanted, known, live)
        claimed = {task.task_id for task in known.values()}
        free = [row for row in live.values() if row.task_id not in claimed]
        for task in wanted.values():
            rows = [row for row in free if row.name == task.name]
            found.tasks |= {task.identity: rows[:1]} if rows else {}
        return found

    return [(Looker, "_find", find_by_name)]


def _result_before_request() -> Sequence[Patch]:
    """A task is written down as made, and then it is sent.

    It stands in for "acknowledged before it was written", which needs the webhook door: both promise first.
    """

    send = Applier._send  # noqa: SLF001 - the seam that the bug sits in

    def promise_and_send(self: Applier, plan: Plan, action: Action) -> Result:
        fake = _FAKE_ID + action.wanted.identity.int % 10**6
        made = self._remember(plan, Result(action, "created", fake))  # noqa: SLF001
        send(self, plan, action)
        return made

    return [(Applier, "_send", promise_and_send)]


_UNMEANT, _STOLEN = "without a committed intent", "under the lease of"
_LOST, _DOUBLED = "lost [1-9]", "doubled [1-9]"

MUTANTS = (
    Mutant("no intent row", "intents are written after the request", _no_intent_row, (_UNMEANT,)),
    Mutant("no reconcile", "an unsure answer is sent again at once", _no_reconcile, (_DOUBLED,)),
    Mutant("no lock", "two processes work on one member", _no_lock, (_DOUBLED, _UNMEANT, _STOLEN)),
    Mutant("no fence", "a process that slept sends what another has taken", _no_fence, (_DOUBLED, _UNMEANT, _STOLEN)),
    Mutant("409 = done", "a throttle is taken for an existing task", _throttle_is_done, (_LOST,)),
    Mutant("list page 1 only", "tasks of later pages are taken for absent", _first_page_only, (_DOUBLED,)),
    Mutant("name as id", "a namesake is taken for the task", _name_is_identity, (_LOST, _DOUBLED, "is not done")),
    Mutant(
        "result before request", "a task is written down as made, then sent", _result_before_request, (_LOST, _UNMEANT)
    ),
)
