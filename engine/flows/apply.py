"""Apply: the only code that makes tasks. Intent on disk, then the POST, then the result on disk.

It can be killed at any instant: an intent without a result is looked up by the next run, never blindly sent
again. Everything was rendered and validated before the first byte goes out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, assert_never
from uuid import UUID

from whenever import Instant

from engine.core.errors import TasklistsError, Unreachable, UserError
from engine.core.known import fingerprint
from engine.core.plan import Action, Plan, body_of
from engine.core.wire_dates import parse_moment, wire_moment
from engine.flows.look import batch_key
from engine.ledger.ledger import Ledger
from engine.ledger.limits import DailyLimit
from engine.ledger.values import Intent, NewRun, RunId
from engine.nexudus.answers import Ambiguous, Defer, Done, Fatal, Settled
from engine.nexudus.errors import RoleMissing

_OUTCOME_OF = {"keep": "kept", "skip": "skipped", "conflict": "conflict", "hold": "held"}
UNFINISHED = frozenset({"failed", "held", "parked", "conflict"})


class TaskWriter(Protocol):
    def create_task(self, body: bytes) -> Settled: ...


@dataclass(frozen=True)
class Result:
    """What came of one action. `error` is '' or a sentence without a member's text."""

    action: Action
    outcome: str
    task_id: int | None = None
    error: str = ""

    def to_json(self) -> dict[str, Any]:
        wanted = self.action.wanted
        return {
            "item": wanted.item,
            "key": wanted.key,
            "outcome": self.outcome,
            "task_id": self.task_id,
            "error": self.error or None,
        }


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
        *,
        clock: Callable[[], Instant] = Instant.now,
        progress: Progress | None = None,
    ) -> None:
        self._writer = writer
        self._ledger = ledger
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
        while waiting:
            action = waiting[0]
            try:
                result = self._send(run_id, plan, action)
            except TasklistsError as error:  # raised only while nothing can have happened
                self._stop(run_id, plan, waiting, error)
                return
            except BaseException:  # interrupted inside the call: it may have arrived, the rest was never sent
                self._ledger.record(run_id, action.wanted.identity, "held", now=self._clock(), error="interrupted")
                self._tell(plan, Result(action, "held", error="interrupted"))
                self._stop(run_id, plan, waiting[1:], TasklistsError("interrupted before it was sent"))
                raise
            waiting.pop(0)
            self._tell(plan, result)
            if self._stopped is not None:
                self._stop(run_id, plan, waiting, self._stopped)
                return

    def _send(self, run_id: RunId, plan: Plan, action: Action) -> Result:
        answer = self._writer.create_task(body_of(action.payload))
        result, prints = self._judged(action, answer), None
        if result.outcome == "created":
            prints = self._prints(plan, action)
        told = self._ledger.record(
            run_id,
            action.wanted.identity,
            result.outcome,
            now=self._clock(),
            task_id=result.task_id,
            error=result.error,
            fingerprints=prints,
        )
        if not told:
            error = f"task {result.task_id} was made beside another one of this identity: remove one in Nexudus"
            return Result(action, "conflict", result.task_id, error)
        return result

    def _judged(self, action: Action, answer: Settled) -> Result:
        match answer:
            case Done():
                return self._done(action, answer)
            case Defer():
                until = self._clock().add(seconds=answer.seconds)
                error = f"{answer.reason}; goes on after {wire_moment(until)}"
                self._stopped = TasklistsError(error)
                return Result(action, "parked", error=error)
            case Fatal():
                if answer.role:
                    self._stopped = RoleMissing(answer.role)
                return Result(action, "failed", error=_refused(action, answer))
            case Ambiguous():
                quiet = "it is looked up after the quiet period; run again then"
                return Result(action, "held", error=f"{answer.reason}; {quiet}")
        assert_never(answer)

    def _done(self, action: Action, answer: Done) -> Result:
        """A stored due other than the one sent would make every date of the run wrong: stop there."""
        sent, stored = action.payload["DueDate"], answer.record.get("DueDate")
        if "DueDate" in answer.record and parse_moment(stored) != parse_moment(sent):
            error = f"Nexudus stored the due {stored}, not {sent}"
            self._stopped = TasklistsError(f"{error}; the rest was not sent", advice="Compare the task in Nexudus.")
            return Result(action, "created", answer.task_id, error)
        return Result(action, "created", answer.task_id)

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
            due_at=wanted.due_at,
            contract_id=plan.expansion.contract_id,
            event_at=plan.expansion.event_at,
            reclaim=action.again,
            held_by=action.held_by,
        )

    def _stop(self, run_id: RunId, plan: Plan, actions: Iterable[Action], error: TasklistsError) -> None:
        """Nothing more is sent: the rest is given back, so that the next run takes it up at once."""
        self._stopped = error
        outcome = "parked" if isinstance(error, DailyLimit) else "failed"
        for action in list(actions):
            why = f"not sent: {error.message}"
            self._ledger.record(run_id, action.wanted.identity, outcome, now=self._clock(), error=why)
            self._tell(plan, Result(action, outcome, error=why))

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


def _refused(action: Action, answer: Fatal) -> str:
    fields = "; ".join(f"{error.property_name}: {error.message}" for error in answer.errors)
    return f"item {action.wanted.item}: {fields or answer.reason}"


def exit_code(applied: Applied) -> int:
    """Return 0 when everything is done, 3 when some tasks are not; 2 or 6 when the login or the way stopped it."""
    if isinstance(applied.stopped_by, Unreachable | UserError):
        return applied.stopped_by.exit_code
    return 3 if UNFINISHED & set(applied.counts()) else 0
