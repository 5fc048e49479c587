"""Carrying a job out, as often as it takes: facts, the list's own rules, native lists, plan, run (design 4, 5.3).

A job is asked for once and carried out until it is settled; what was decided and why is stored with it. It must never
raise for what a member's data or Nexudus did, never let the service's trouble use up a job's tries, and never make
tasks that an active native list makes as well.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from whenever import Instant

from engine.authoring.check import Ready
from engine.core.errors import TasklistsError, Unreachable
from engine.core.facts import Facts
from engine.core.triggers import EVENT_RECORD
from engine.core.wire_dates import parse_moment
from engine.flows.lists_in_use import ListsInUse
from engine.flows.native_lists import NEW_CONTACTS, NEW_MEMBERS, TRIGGER_OF, NativeList, NativeLists
from engine.flows.preview import Preview
from engine.flows.request import Request, missing_inputs, typed_inputs
from engine.flows.resume import Recovery, Resumed
from engine.flows.run import Job, Ran, Runner
from engine.flows.stopping import Stopped
from engine.flows.verdicts import Verdict, busy, held_until, of_applied, of_error, of_parts
from engine.flows.version import version_of
from engine.ledger.ledger import Ledger
from engine.ledger.service_values import JobId, JobState, StoredJob
from engine.ledger.values import RunId
from engine.nexudus.errors import RoleMissing, UnreadableRecord

_CHANGES: Final = frozenset({"create", "adopt", "update", "remove", "wait"})
_NEW_HOURS: Final = 24
"""A coworker who was entered so shortly before is a new contact for Nexudus as well, whatever event came first."""

_NOTHING: Final = "nothing to do"
_SAID: Final = "native lists may not be read"
_SAY_AGAIN_HOURS: Final = 24
"""What is said once is said again a day later: nobody reads the log of last month."""


@dataclass(frozen=True)
class Advanced:
    """Where a job stands after an attempt. An open one is due again at `due_at` (UTC)."""

    state: JobState
    due_at: Instant | None
    why: str
    run_id: RunId | None


class Advancer:
    """Carries jobs out, from any thread. `runner` must not wait: what has to is left to the job's next moment."""

    def __init__(
        self,
        runner: Runner,
        ledger: Ledger,
        lists: ListsInUse,
        *,
        clock: Callable[[], Instant] = Instant.now,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._runner = runner
        self._ledger = ledger
        self._lists = lists
        self._clock = clock
        self._say = say
        self._native = NativeLists(runner.tools.reader, ledger, clock)
        self._outage = _Outage()
        self._under_way = _UnderWay()

    def advance(self, job_id: JobId) -> Advanced:
        """Carry a job out as far as it goes now, and store what came of it.

        Raises:
            Unreachable: the ledger cannot be reached; nothing is lost.
            Stopped: asked to stop; the job stays due.
        """
        job = self._ledger.jobs.job(job_id)
        if job is None:
            return Advanced("done", None, "there is no such job", None)
        if job.state != "open":
            return Advanced(job.state, None, job.why, job.run_id)
        verdict, run_id = self._attempt(job)
        return self._stored(job, verdict, run_id)

    def _attempt(self, job: StoredJob) -> tuple[Verdict, RunId | None]:
        try:
            return self._carry_out(job)
        except Stopped:
            raise
        except Exception as error:  # noqa: BLE001 - a job that is poison must not hold up the others
            return self._of_error(error, job), None

    def _of_error(self, error: Exception, job: StoredJob) -> Verdict:
        if not isinstance(error, TasklistsError):
            self._say(f"job {job.id} of {job.tasklist}: a fault of the engine ({type(error).__name__})")
        return of_error(error, job, self._clock(), outage=self._outage.seconds(error, self._clock()))

    def _carry_out(self, job: StoredJob) -> tuple[Verdict, RunId | None]:
        ready = self._lists.one(job.tasklist)
        tasklist = ready.prepared.tasklist
        if _starts_no_more(job, ready):
            return Verdict("done", f"{job.tasklist} does not start on {job.event}"), None
        if missing := missing_inputs(tasklist, {}):
            names = ", ".join(missing)
            return Verdict("aside", f"no event gives the inputs {names}: run it by hand with --set"), None
        agreement = _Agreement(lambda made: self._against(job, ready, made), self._under_way)
        recovery = Recovery(self._runner, self._lists.job, self._say)
        with agreement:
            ran = self._runner.run(
                Job(ready.prepared, _request(job, ready, self._clock()), version_of(ready.prepared, ready.data)),
                agree=agreement,
                before=lambda tenure, text: self._tell_left(recovery.unfinished(tenure, but=text)),
                after=lambda tenure, done: self._tell_left(recovery.after_run(tenure, done)),
            )
        away = self._outage.seconds(ran.stopped_by if ran else None, self._clock())
        if ran is None:
            return agreement.verdict or busy(self._clock()), None
        return self._of_ran(ran, job, away), ran.applied.run_id

    def _of_ran(self, ran: Ran, job: StoredJob, away: float) -> Verdict:
        own, *team = (of_applied(part.applied, job, self._clock(), outage=away) for part in ran.parts())
        if ran.trouble is not None:
            team.append(of_error(ran.trouble, job, self._clock(), outage=away))
        return of_parts(own, *team)

    def _against(self, job: StoredJob, ready: Ready, made: Preview) -> Verdict | None:
        """Return why nothing is made of a plan, None when it is to be made."""
        actions = [action for part in made.parts() for action in part.plan.actions]
        if any(one.action in _CHANGES for one in actions):
            return self._doubled(job, ready, made)
        if held := [one for one in actions if one.action == "hold"]:
            return held_until(f"in doubt: {held[0].reason}", (one.decides_at for one in held), self._clock())
        if conflicts := [one for one in actions if one.action == "conflict"]:
            return Verdict("failed", f"conflict {len(conflicts)}: {conflicts[0].reason}")
        unfinished = (run for part in made.parts() for run in self._ledger.unfinished(part.plan.expansion.coworker_id))
        if any(run.tasklist == job.tasklist for run in unfinished):
            return None  # a run that died after its last task is closed by the one that finds all of it done
        return Verdict("done", _NOTHING) if made.trouble is None else self._of_error(made.trouble, job)

    def _doubled(self, job: StoredJob, ready: Ready, made: Preview) -> Verdict | None:
        for part in made.parts():
            if any(one.action in _CHANGES for one in part.plan.actions):
                native = self._native_list_doubled(job, ready, part.facts)
                if native is not None:
                    return Verdict("aside", _doubled_in_words(native, part.facts.location))
        return None

    def _tell_left(self, resumed: Resumed) -> None:
        for left in resumed.left:
            what = f"run {left.run_id} of {left.tasklist}" if left.run_id else f"coworker {left.coworker_id}"
            self._say(f"{what} is still open: {left.why}")

    def _stored(self, job: StoredJob, verdict: Verdict, run_id: RunId | None) -> Advanced:
        now, jobs = self._clock(), self._ledger.jobs
        if verdict.state == "open":
            due_at = verdict.due_at or now
            how = {"is_try": verdict.is_try, "by_design": verdict.by_design}
            jobs.postpone(job.id, due_at, verdict.why, now, run_id=run_id, **how)
            return Advanced("open", due_at, verdict.why, run_id)
        jobs.finish(job.id, verdict.state, verdict.why, now, run_id)
        return Advanced(verdict.state, None, verdict.why, run_id)

    def _native_list_doubled(self, job: StoredJob, ready: Ready, facts: Facts) -> NativeList | None:
        """Return the active native list that makes its own tasks on the same event, if there is one."""
        triggers = _triggers(job, ready, facts)
        if not triggers or job.cause == "backfill":  # who asks for older members knows what they have
            return None
        organisation = ready.prepared.organisation
        business_id = organisation.locations[facts.location].business_id
        tariff_id = (facts.contract or {}).get("TariffId")
        try:
            found = self._native.all(organisation)
        except RoleMissing as error:
            self._say_once(f"native task lists are not looked at: {error.message} {error.advice}")
            return None
        doubling = (one for one in found if one.doubles(triggers, business_id, tariff_id))
        return next((one for one in doubling if self._native.is_still_on(one)), None)

    def _say_once(self, line: str) -> None:
        now, watch = self._clock(), self._ledger.watch
        said = watch.moment(_SAID)
        if said is None or (now - said).total("hours") >= _SAY_AGAIN_HOURS:
            watch.set_moment(_SAID, now)
            self._say(line)


class _UnderWay:
    """The coworkers whose tasks threads of this process make now: one lease tells processes apart, not threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids: set[int] = set()

    def begin(self, coworker_ids: frozenset[int]) -> bool:
        """Claim coworkers, all or none; False while another thread has one of them."""
        with self._lock:
            is_free = not coworker_ids & self._ids
            self._ids |= coworker_ids if is_free else frozenset()
            return is_free

    def end(self, coworker_ids: frozenset[int]) -> None:
        """Let other threads have them."""
        with self._lock:
            self._ids -= coworker_ids


class _Agreement:
    """Asked before a plan is made; keeps why it was declined, and the coworkers for itself until the run is over."""

    def __init__(self, against: Callable[[Preview], Verdict | None], under_way: _UnderWay) -> None:
        self._against = against
        self._under_way = under_way
        self._claimed: frozenset[int] = frozenset()
        self.verdict: Verdict | None = None

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        self._under_way.end(self._claimed)

    def __call__(self, made: Preview) -> bool:
        self.verdict = self._against(made)
        coworker_ids = frozenset(part.plan.expansion.coworker_id for part in made.parts())
        if self.verdict is None and self._under_way.begin(coworker_ids):
            self._claimed = coworker_ids
        return bool(self._claimed)


class _Outage:
    """Since when Nexudus gives no usable answer, for all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since: Instant | None = None

    def seconds(self, error: Exception | None, now: Instant) -> float:
        """Return for how long it has been away by this error; without one it is there."""
        away = isinstance(error, Unreachable) and not isinstance(error, UnreadableRecord)
        with self._lock:
            self._since = (self._since or now) if away else None
            return (now - self._since).total("seconds") if self._since else 0.0


def _starts_no_more(job: StoredJob, ready: Ready) -> bool:
    """Whether the list was changed since, or was too broken to tell when the job was asked for."""
    by_event = job.cause != "backfill" and job.event in EVENT_RECORD
    return by_event and job.event not in ready.prepared.tasklist.applies.on


def _request(job: StoredJob, ready: Ready, now: Instant) -> Request:
    is_event = job.event in EVENT_RECORD
    return Request(
        coworker_id=job.coworker_id,
        now=now,
        contract_id=job.contract_id,
        team_id=job.team_id,
        event_name=job.event,
        event_at=job.event_at,
        event_record_id=job.record_id,
        event_received_at=job.received_at if is_event else None,
        inputs=typed_inputs(ready.prepared.tasklist, {}),
        cause=job.cause,
        starting=True,
    )


def _triggers(job: StoredJob, ready: Ready, facts: Facts) -> set[str]:
    """The words of a native list for what started the job: the event that it bears, and those that it took in."""
    found = {TRIGGER_OF[job.event]} if job.event in TRIGGER_OF else set()
    kind, starts = EVENT_RECORD.get(job.event), ready.prepared.tasklist.applies.on
    if kind == "coworker" and job.contract_id is not None:  # only a contract's event brings one along
        found.add(NEW_MEMBERS)
    created = parse_moment(facts.coworker.get("CreatedOn")) or Instant.MIN
    is_new = (job.received_at - created).total("hours") < _NEW_HOURS
    if kind == "contract" and "coworker.created" in starts and is_new:
        found.add(NEW_CONTACTS)
    return found


def _doubled_in_words(native: NativeList, location: str) -> str:
    what = f"the native list {native.name!r} ({native.number}) at {location} makes its own tasks on"
    advice = "switch one of the two off in Nexudus or in applies, then replay"
    return f"{what} {', '.join(native.starts_on)}: {advice}"
