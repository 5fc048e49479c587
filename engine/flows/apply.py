"""Apply: the only code that makes tasks. Intent on disk, then the POST, then the result on disk.

It can be killed at any instant: an intent without a result is looked up by the next run, never blindly sent
again. Everything was rendered and validated before the first byte goes out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from whenever import Instant

from engine.core.errors import TasklistsError, Unreachable, UserError
from engine.core.known import fingerprint
from engine.core.plan import Action, Plan, body_of
from engine.core.wire_dates import parse_moment
from engine.flows.fence import Fence, Overtaken
from engine.flows.judging import Parked, Result, judge
from engine.flows.look import batch_key
from engine.ledger.ledger import Ledger
from engine.ledger.limits import DailyLimit
from engine.ledger.values import Intent, NewRun, RunId
from engine.nexudus.answers import Settled

_OUTCOME_OF = {"keep": "kept", "skip": "skipped", "conflict": "conflict", "hold": "held"}
UNFINISHED = frozenset({"failed", "held", "parked", "conflict"})


class TaskWriter(Protocol):
    def create_task(self, body: bytes) -> Settled: ...


@dataclass(frozen=True)
class Applied:
    """A run, done as far as it goes. `stopped_by` is what kept it from sending the rest."""

    run_id: RunId
    results: tuple[Result, ...]
    stopped_by: TasklistsError | None = None

    def counts(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for result in self.results:
            found[result.outcome] = found.get(result.outcome, 0) + 1
        return found


Progress = Callable[[int, int, Result], None]
"""Called after each action with how many are done, of how many, and what came of it."""


class Applier:
    """Applies one plan. `clock` gives UTC instants for the ledger; the plan's own `now` is not used here."""

    def __init__(
        self,
        writer: TaskWriter,
        ledger: Ledger,
        fence: Fence,
        *,
        clock: Callable[[], Instant] = Instant.now,
        progress: Progress | None = None,
    ) -> None:
        self._writer = writer
        self._ledger = ledger
        self._fence = fence
        self._clock = clock
        self._progress = progress
        self._results: dict[UUID, Result] = {}
        self._stopped: TasklistsError | None = None

    def apply(self, plan: Plan, *, cause: str, chain: tuple[int, Sequence[int]] | None) -> Applied:
        """Make what the plan says, and return what came of each action, in the plan's order.

        `chain` is the membership (id and contract ids) that identities rest on, remembered before the first send.
        """
        expansion = plan.expansion
        run_id = self._ledger.begin_run(
            NewRun(
                tasklist=expansion.tasklist,
                version=expansion.version,
                coworker_id=expansion.coworker_id,
                business_id=expansion.business_id,
                cause=cause,
                started_at=self._clock(),
                checksum=plan.checksum,
                actions=plan.counts(),
            )
        )
        if chain is not None:
            self._ledger.record_membership(expansion.coworker_id, chain[1], chain[0])
        for action in plan.actions:
            if action.action in _OUTCOME_OF:
                self._tell(plan, Result(action, _OUTCOME_OF[action.action], action.task_id, _why(action)))
            elif action.action == "adopt":
                self._tell(plan, self._adopt(run_id, plan, action))
        try:
            self._send_all(run_id, plan, [action for action in plan.actions if action.action == "create"])
        finally:  # after an interruption too: what was done is known, and status tells it
            results = tuple(self._results[n] for a in plan.actions if (n := a.wanted.identity) in self._results)
            applied = Applied(run_id, results, self._stopped)
            with suppress(TasklistsError):  # a run that is not closed is one that died: the next one goes on
                self._ledger.finish_run(run_id, applied.counts(), self._clock())
        return applied

    def _send_all(self, run_id: RunId, plan: Plan, actions: list[Action]) -> None:
        if not actions:
            return
        intents = [self._intent(plan, action) for action in actions]
        claimed = self._ledger.claim(run_id, intents, self._clock())
        waiting = [action for action in actions if action.wanted.identity in claimed]
        for action in actions:
            if action.wanted.identity not in claimed:
                error = "another run has taken this task in the meantime; run again to see what came of it"
                self._tell(plan, Result(action, "held", error=error))
        while waiting and self._stopped is None:
            self._tell(plan, self._send(run_id, plan, waiting))
        self._give_back(run_id, plan, waiting)

    def _send(self, run_id: RunId, plan: Plan, waiting: list[Action]) -> Result:
        """Send the first one that waits, and return what came of it."""
        action = waiting[0]
        identity = action.wanted.identity
        try:
            with self._fence.guarding(lambda: self._ledger.confirm(run_id, identity, self._clock())):
                answer = self._writer.create_task(body_of(action.payload))
        except Overtaken as error:
            waiting.pop(0)
            return Result(action, "held", error=error.message)
        except TasklistsError as error:  # raised only while nothing can have happened
            self._stopped = error
            return self._unsent(run_id, waiting.pop(0), error)
        except BaseException:  # interrupted inside the call: it may have arrived, the rest was never sent
            self._note(run_id, identity, "held", error="interrupted")
            self._tell(plan, Result(waiting.pop(0), "held", error="interrupted"))
            self._stopped = TasklistsError("interrupted before it was sent")
            self._give_back(run_id, plan, waiting)
            raise
        waiting.pop(0)
        verdict = judge(action, answer, self._clock())
        self._stopped = verdict.stop
        return self._remember(run_id, plan, verdict.result)

    def _remember(self, run_id: RunId, plan: Plan, result: Result) -> Result:
        """Write a result down. When that fails, the intent stays open, and the next run finds the task."""
        created = result.outcome == "created"
        try:
            told = self._ledger.record(
                run_id,
                result.action.wanted.identity,
                result.outcome,
                now=self._clock(),
                task_id=result.task_id,
                error=result.error,
                fingerprints=self._prints(plan, result.action) if created else None,
            )
        except TasklistsError as error:
            self._stopped = error
            made = f"made as task {result.task_id}" if created else f"{result.outcome}: {result.error}"
            why = f"{made}, but the ledger could not be written; the next run looks it up"
            return Result(result.action, "held", result.task_id, why)
        if not told:
            why = f"task {result.task_id} was made beside another one of this identity: remove one in Nexudus"
            return Result(result.action, "conflict", result.task_id, why)
        return result

    def _adopt(self, run_id: RunId, plan: Plan, action: Action) -> Result:
        assert action.task_id is not None  # an adopted task was seen
        intent = self._intent(plan, action)
        prints = self._prints(plan, action)
        now = self._clock()
        if self._ledger.adopt(run_id, intent, task_id=action.task_id, fingerprints=prints, now=now):
            return Result(action, "adopted", action.task_id)
        error = f"task {action.task_id} or this identity was settled by another run in the meantime; run again"
        return Result(action, "held", action.task_id, error)

    def _intent(self, plan: Plan, action: Action) -> Intent:
        wanted = action.wanted
        return Intent(
            identity=wanted.identity,
            item=wanted.item,
            batch=batch_key(plan.expansion),
            batch_name=self._print("TaskListName", plan.task_list_name),
            key=wanted.key,
            payload=body_of(action.payload).decode(),
            due_at=parse_moment(action.baseline_texts["DueDate"]),
            contract_id=plan.expansion.contract_id,
            event_at=plan.expansion.event_at,
            reclaim=action.again,
            held_by=action.held_by,
            held_seen_at=action.held_seen_at,
        )

    def _give_back(self, run_id: RunId, plan: Plan, waiting: list[Action]) -> None:
        """Nothing more is sent: what still waits is given back, so that the next run takes it up at once."""
        error = self._stopped
        while waiting and error is not None:
            self._tell(plan, self._unsent(run_id, waiting.pop(0), error))

    def _unsent(self, run_id: RunId, action: Action, error: TasklistsError) -> Result:
        outcome = "parked" if isinstance(error, DailyLimit | Parked) else "failed"
        why = f"not sent: {error.message}"
        self._note(run_id, action.wanted.identity, outcome, error=why)
        return Result(action, outcome, error=why)

    def _note(self, run_id: RunId, identity: UUID, outcome: str, *, error: str) -> None:
        """Write down what did not happen; without that the intent stays open, which is safe and takes longer."""
        with suppress(TasklistsError):
            self._ledger.record(run_id, identity, outcome, now=self._clock(), error=error)

    def _tell(self, plan: Plan, result: Result) -> None:
        self._results[result.action.wanted.identity] = result
        if self._progress is not None:
            self._progress(len(self._results), len(plan.actions), result)

    def _prints(self, plan: Plan, action: Action) -> dict[str, str]:
        """The planner may have worked without a ledger's key: fingerprints are made with it here."""
        prints = {name: self._print(name, text) for name, text in action.baseline_texts.items()}
        return prints | {"TaskListName": self._print("TaskListName", plan.task_list_name)}

    def _print(self, name: str, text: str) -> str:
        return fingerprint(self._ledger.fingerprint_key, name, text)


def _why(action: Action) -> str:
    return action.reason if action.action in {"conflict", "hold"} else ""


def exit_code(applied: Applied) -> int:
    """Return 0 when everything is done, 3 when some tasks are not; 2 or 6 when the login or the way stopped it."""
    if isinstance(applied.stopped_by, Unreachable | UserError):
        return applied.stopped_by.exit_code
    return 3 if applied.stopped_by is not None or UNFINISHED & set(applied.counts()) else 0
