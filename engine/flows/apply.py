"""Apply: the only code that makes tasks. Intent on disk, then the POST, then the result on disk.

It can be killed at any instant: an intent without a result is looked up after the quiet period, never blindly sent
again. Everything was rendered and validated before the first byte goes out.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Protocol
from uuid import UUID

from whenever import Instant

from engine.core.errors import TasklistsError, Unreachable, UserError
from engine.core.plan import Action, Plan, body_of
from engine.flows.intents import fingerprints_of, intent_of
from engine.flows.judging import Parked, Result, judge, taken_over, unsent
from engine.flows.lanes import Lanes, MeasuredGate, ThreadLanes, Width
from engine.flows.stopping import Stop, Stopped
from engine.flows.tenure import Overtaken, Tenure
from engine.flows.waiting import note_ends, note_waits
from engine.ledger.ledger import Ledger
from engine.ledger.limits import NoRoom
from engine.ledger.values import NewRun, RunId
from engine.nexudus.answers import Settled
from engine.nexudus.gate import Gate

_OUTCOME_OF = {"keep": "kept", "skip": "skipped", "conflict": "conflict", "hold": "held", "wait": "waiting"}
_MADE = frozenset({"created", "adopted"})
_NOT_YET = "it was not made, and now something else comes first"
_NO_LONGER_WANTED = "it was refused, and the list does not want it any more"
UNFINISHED = frozenset({"failed", "held", "parked", "conflict"})


class TaskWriter(Protocol):
    def create_task(self, body: bytes, gate: Gate | None = None) -> Settled: ...


@dataclass(frozen=True)
class Applied:
    """A run, done as far as it goes. `stopped_by` is what kept it from sending the rest."""

    run_id: RunId
    results: tuple[Result, ...]
    stopped_by: TasklistsError | None = None
    tasklist: str = ""

    def counts(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for result in self.results:
            found[result.outcome] = found.get(result.outcome, 0) + 1
        return found


Progress = Callable[[int, int, Result], None]
"""Called after each action with how many are done, of how many, and what came of it."""


@dataclass(frozen=True)
class Conduct:
    """How a run goes about it. `clock` gives UTC instants; `quiet_seconds` is how long a request may still arrive."""

    stop: Stop
    width: Width
    lanes: Lanes = ThreadLanes()  # noqa: RUF009 - it holds nothing
    clock: Callable[[], Instant] = Instant.now
    quiet_seconds: float = 120.0
    progress: Progress | None = None


@dataclass(frozen=True)
class Asked:
    """Why a run is made: its cause, the request to go on with after a crash, and the membership it rests on."""

    cause: str = "cli"
    request: str = ""
    chain: tuple[int, Sequence[int]] | None = None
    """Id and contract ids of the membership chain that identities rest on."""


def new_run(plan: Plan, asked: Asked, now: Instant) -> NewRun:
    """Return what the ledger is told of a run that is to apply a plan, at the moment `now` (UTC)."""
    expansion = plan.expansion
    return NewRun(
        tasklist=expansion.tasklist,
        version=expansion.version,
        coworker_id=expansion.coworker_id,
        business_id=expansion.business_id,
        cause=asked.cause,
        started_at=now,
        checksum=plan.checksum,
        actions=plan.counts(),
        request=asked.request,
    )


class Applier:
    """One run: begun once, applied in one or more rounds of one expansion, finished once."""

    def __init__(self, writer: TaskWriter, ledger: Ledger, tenure: Tenure, conduct: Conduct) -> None:
        self._writer = writer
        self._ledger = ledger
        self._tenure = tenure
        self._conduct = conduct
        self._lock = threading.Lock()
        self._results: dict[UUID, Result] = {}
        self._run_id = RunId("")
        self._asked = Asked()
        self.stopped: TasklistsError | None = None
        """What keeps the rest from being sent."""

    def begin(self, plan: Plan, asked: Asked) -> RunId:
        """Record that a plan is about to be applied; what was asked is kept until the run is done."""
        expansion = plan.expansion
        self._asked = asked
        self._run_id = self._ledger.begin_run(new_run(plan, asked, self._now()))
        if asked.chain is not None:
            self._ledger.record_membership(expansion.coworker_id, asked.chain[1], asked.chain[0])
        note_ends(self._ledger, plan, self._now())
        self._tenure.serve(self._run_id)
        return self._run_id

    def apply(self, plan: Plan) -> None:
        """Make what the plan says. A later plan of the same expansion goes on where an earlier one was held."""
        self.stopped = None
        # What comes before them was opened again since they were meant: their intents are taken back.
        self.withdraw(plan, [one for one in plan.actions if one.action == "wait" and one.again], _NOT_YET)
        for action in plan.actions:
            if action.action in _OUTCOME_OF:
                self._note_unchanged(plan, action)
            elif action.action == "adopt":
                self._tell(plan, self._adopt(plan, action))
        self._create_all(plan, [action for action in plan.actions if self._is_due(action)])

    def withdraw(self, plan: Plan, actions: Sequence[Action], why: str) -> None:
        """Note that tasks were certainly not made and are not going to be: their intents are closed."""
        if not actions:
            return
        for action in self._claimed(plan, actions):
            identity, lease = action.wanted.identity, self._tenure.lease
            closed = self._ledger.withdraw(self._run_id, identity, self._now(), why, lease=lease)
            self._tell(plan, Result(action, "skipped", error=why) if closed else taken_over(action))

    def forget_refused(self, identities: Iterable[UUID]) -> None:
        """Forget tasks of this batch that were refused once and that the list does not want any more."""
        with suppress(TasklistsError):  # the next run forgets them
            for identity in identities:
                self._ledger.withdraw(self._run_id, identity, self._now(), _NO_LONGER_WANTED, lease=self._tenure.lease)

    def goes_on_at(self) -> Instant | None:
        """Return the first moment from which another round can decide something; None if none can."""
        if self.stopped is not None and not isinstance(self.stopped, Parked | NoRoom):
            return None
        moments = (result.goes_on_at for result in self._results.values() if result.resumable)
        return min((moment for moment in moments if moment is not None), default=None)

    def finish(self, plan: Plan) -> Applied:
        """Close the run; its request is forgotten unless something can still be gone on with."""
        results = tuple(self._results[n] for a in plan.actions if (n := a.wanted.identity) in self._results)
        applied = Applied(self._run_id, results, self.stopped, plan.expansion.tasklist)
        parked = [r.goes_on_at for r in results if r.outcome == "parked" and r.goes_on_at is not None]
        complete = len(results) == len(plan.actions)
        done = complete and not any(result.resumable for result in results)
        if self._asked.request and complete:
            done = note_waits(self._ledger, plan, self._asked.request, self._now()) and done
        with suppress(TasklistsError):  # a run that is not closed is one that died: the next one goes on
            self._ledger.finish_run(
                self._run_id, applied.counts(), self._now(), done=done, resumes_at=min(parked, default=None)
            )
        return applied

    @property
    def _key(self) -> bytes:
        return self._ledger.fingerprint_key

    def _now(self) -> Instant:
        return self._conduct.clock()

    def _note_unchanged(self, plan: Plan, action: Action) -> None:
        """What an earlier round made is not told as kept by the next one."""
        earlier = self._results.get(action.wanted.identity)
        if earlier is not None and earlier.outcome in (UNFINISHED if action.action == "wait" else _MADE):
            return
        if earlier is not None and earlier.outcome in UNFINISHED and action.action == "keep":
            self._tell(plan, Result(action, "adopted", action.task_id))  # another run found it meanwhile
            return
        held = action.action == "hold"
        why = action.reason if action.action in {"conflict", "hold", "wait"} else ""
        outcome = _OUTCOME_OF[action.action]
        self._tell(plan, Result(action, outcome, action.task_id, why, held, action.decides_at))

    def _is_due(self, action: Action) -> bool:
        """Whether a creation is to be sent now: one that is parked waits for its moment."""
        earlier = self._results.get(action.wanted.identity)
        parked_till = earlier.goes_on_at if earlier is not None and earlier.outcome == "parked" else None
        return action.action == "create" and (parked_till is None or self._now() >= parked_till)

    def _claimed(self, plan: Plan, actions: Sequence[Action]) -> list[Action]:
        """Write the intents of actions down, and return those that are ours; of the others another run tells."""
        intents = [intent_of(plan, action, self._key) for action in actions]
        claimed = self._ledger.claim(self._run_id, intents, self._now(), self._tenure.lease)
        for action in actions:
            if action.wanted.identity not in claimed:
                self._tell(plan, taken_over(action))
        return [action for action in actions if action.wanted.identity in claimed]

    def _create_all(self, plan: Plan, actions: list[Action]) -> None:
        if not actions:
            return
        waiting = deque(self._claimed(plan, actions))
        try:
            self._conduct.lanes.run(self._jobs(plan, waiting), self._conduct.width)
        finally:  # what nobody began is given back, so that the next run takes it up at once
            while waiting:
                self._tell(plan, self._give_back(waiting.popleft(), self.stopped or Stopped()))

    def _jobs(self, plan: Plan, waiting: deque[Action]) -> Iterator[Callable[[], None]]:
        while waiting and self.stopped is None:
            if self._conduct.stop.requested:
                self.stopped = Stopped()
                return
            yield partial(self._create, plan, waiting.popleft())

    def _create(self, plan: Plan, action: Action) -> None:
        stopped = self.stopped
        self._tell(plan, self._send(plan, action) if stopped is None else self._give_back(action, stopped))

    def _send(self, plan: Plan, action: Action) -> Result:
        try:
            gate = MeasuredGate(self._tenure.gate(action.wanted.identity), self._conduct.width)
            answer = self._writer.create_task(body_of(action.payload), gate)
        except TasklistsError as error:  # raised only while nothing can have happened
            self.stopped = error
            return self._give_back(action, error)
        self._conduct.width.end()
        verdict = judge(action, answer, self._now(), quiet_seconds=self._conduct.quiet_seconds)
        if verdict.stop is not None:
            self.stopped = verdict.stop
        return self._remember(plan, verdict.result)

    def _remember(self, plan: Plan, result: Result) -> Result:
        """Write a result down. When that fails, the intent stays open, and the next look finds the task."""
        created = result.outcome == "created"
        try:
            told = self._ledger.record(
                self._run_id,
                result.action.wanted.identity,
                result.outcome,
                now=self._now(),
                task_id=result.task_id,
                error=result.error,
                fingerprints=fingerprints_of(plan, result.action, self._key) if created else None,
            )
        except TasklistsError as error:
            self.stopped = error
            made = f"made as task {result.task_id}" if created else f"{result.outcome}: {result.error}"
            why = f"{made}, but the ledger could not be written; the next run looks it up"
            return Result(result.action, "held", result.task_id, why, resumable=True)
        if not told:
            why = f"task {result.task_id} was made beside another one of this identity: remove one in Nexudus"
            return Result(result.action, "conflict", result.task_id, why)
        return result

    def _adopt(self, plan: Plan, action: Action) -> Result:
        assert action.task_id is not None  # an adopted task was seen
        intent = intent_of(plan, action, self._key)
        prints = fingerprints_of(plan, action, self._key)
        now, task_id, lease = self._now(), action.task_id, self._tenure.lease
        if self._ledger.adopt(self._run_id, intent, task_id=task_id, fingerprints=prints, now=now, lease=lease):
            return Result(action, "adopted", action.task_id)
        return taken_over(action, action.task_id)

    def _give_back(self, action: Action, error: TasklistsError) -> Result:
        """Note what was certainly not sent; without that note the intent stays open, which is safe and takes longer."""
        if isinstance(error, Overtaken):
            return taken_over(action)
        result = unsent(action, error)
        with suppress(TasklistsError):
            number, now = action.wanted.identity, self._now()
            self._ledger.record(self._run_id, number, result.outcome, now=now, error=result.error)
        return result

    def _tell(self, plan: Plan, result: Result) -> None:
        with self._lock:
            self._results[result.action.wanted.identity] = result
            if self._conduct.progress is not None:
                self._conduct.progress(len(self._results), len(plan.actions), result)


def exit_code(applied: Applied) -> int:
    """Return 0 when everything is done, 3 when some tasks are not; or what stopped it: 2, 6, 130."""
    if isinstance(applied.stopped_by, Unreachable | UserError | Stopped):
        return applied.stopped_by.exit_code
    return 3 if applied.stopped_by is not None or UNFINISHED & set(applied.counts()) else 0
