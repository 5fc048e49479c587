"""A run, from the lease to the last result: plan, apply, wait out what is in doubt, look again, go on.

Every door that makes tasks comes through here. It must never plan from facts that were read before the lease was
waited for, and never wait without saying for what.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final, Protocol

from whenever import Instant

from engine.core.errors import TasklistsError, Unreachable, UserError
from engine.core.plan import Plan
from engine.core.planner import MOST_RELOOK_SECONDS, unwanted
from engine.core.prepared import Prepared
from engine.core.wire_dates import wire_moment
from engine.flows.apply import Applied, Applier, Asked, Conduct, TaskWriter
from engine.flows.gather import Gathered
from engine.flows.look import Policy
from engine.flows.preview import Preview, Previewer
from engine.flows.request import Request, at_zone
from engine.flows.stopping import Stopped
from engine.flows.stored_request import request_text
from engine.flows.tenure import LEASE_SECONDS, Keeper, Occupied, Tenure, kept_by_thread
from engine.ledger.ledger import Ledger
from engine.nexudus.client import NexudusReader

_SLICE_SECONDS: Final = 0.5
"""Waits are cut into so much, for the countdown and for a lease that is given back early."""

_GRACE_SECONDS: Final = 0.01
"""Beyond the moment that is waited for: moments are kept in whole milliseconds."""


class Tools(Protocol):
    """What a run works with: one account's reader and writer, and its ledger."""

    @property
    def reader(self) -> NexudusReader: ...

    @property
    def client(self) -> TaskWriter: ...

    @property
    def ledger(self) -> Ledger: ...


@dataclass(frozen=True)
class Job:
    """One list for one request. `version` is that of the list's bytes."""

    prepared: Prepared
    request: Request
    version: str


@dataclass(frozen=True)
class Patience:
    """Whether and how long a run waits for what it cannot decide yet, and for a lease. Seconds."""

    wait: bool = True
    most_rounds: int = 8
    """Rounds of sending and looking: a service that leaves every answer open is not asked for ever."""
    most_seconds: float = 600.0
    """For one wait: what goes on later than that is left to `tasklists resume`."""


@dataclass(frozen=True)
class Ran:
    """A run with the plan it began with, what came of it, and the text of what was asked."""

    preview: Preview
    applied: Applied
    request: str = ""


Waiting = Callable[[str, float], None]
"""Called while a run waits: for what, and how many seconds are left; 0 when it goes on."""

Agree = Callable[[Preview], bool]


class Runner:
    """Runs lists for one account. `holder` names this process in leases."""

    def __init__(  # noqa: PLR0913 - all by name
        self,
        tools: Tools,
        policy: Policy,
        conduct: Conduct,
        *,
        holder: str,
        patience: Patience | None = None,
        lease_seconds: float = LEASE_SECONDS,
        keeper: Keeper = kept_by_thread,
        waiting: Waiting | None = None,
    ) -> None:
        self.tools = tools
        self.policy = policy
        self.conduct = conduct
        self._holder = holder
        self._patience = patience or Patience()
        self._lease_seconds = lease_seconds
        self._keeper = keeper
        self._waiting = waiting

    def run(
        self,
        job: Job,
        *,
        agree: Agree | None = None,
        before: Callable[[Tenure, str], None] | None = None,
        after: Callable[[Tenure, Ran], None] | None = None,
    ) -> Ran | None:
        """Make what a list wants for one coworker. None if `agree` declined the plan.

        `before`, with the text of what is asked, and `after` are called while the lease is held, around the list's
        own tasks.

        Raises:
            UserError: what cannot be planned, with all reasons.
            Unreachable: Nexudus or the ledger gives no usable answer now; nothing was sent.
            Occupied: another process works on the coworker, and we are not to wait.
            Stopped: asked to stop before anything was sent.
        """
        previewer = self._previewer(job)
        gathered = previewer.gather(job.request, job.version)
        if agree is not None and not agree(previewer.look(gathered, _moment(job.request, gathered))):
            return None
        with self.holding(gathered.expansion.coworker_id) as (tenure, waited):
            if before is not None:
                before(tenure, _text_of(job, gathered))
            if waited:  # by now another run may have changed what identities rest on
                job = replace(job, request=self._present(job.request))
                gathered = _for_same(tenure, previewer.gather(job.request, job.version))
            ran = self._carry_out(job, previewer, gathered, tenure)
            if after is not None and ran.applied.stopped_by is None:
                after(tenure, ran)
            return ran

    def run_held(self, job: Job, tenure: Tenure) -> Ran:
        """Run a list for the coworker whose lease is held already; errors as `run`."""
        previewer = self._previewer(job)
        return self._carry_out(job, previewer, _for_same(tenure, previewer.gather(job.request, job.version)), tenure)

    @contextmanager
    def holding(self, coworker_id: int) -> Iterator[tuple[Tenure, bool]]:
        """Hold the lease of one coworker; tells whether it had to be waited for. Raises Occupied or Stopped."""
        tenure = Tenure(
            self.tools.ledger,
            coworker_id,
            holder=self._holder,
            seconds=self._lease_seconds,
            clock=self.conduct.clock,
        )
        waited = self._take(tenure)
        try:
            with self._keeper(tenure):
                yield tenure, waited
        finally:
            tenure.give_back()

    def wait_until(self, moment: Instant, what: str) -> None:
        """Wait for a moment, saying so. Raises Stopped."""
        while (left := (moment - self.conduct.clock()).total("seconds") + _GRACE_SECONDS) > 0:
            self._say(what, left)
            self.conduct.stop.sleep(min(left, _SLICE_SECONDS))
        self._say(what, 0.0)

    def _take(self, tenure: Tenure) -> bool:
        waited = False
        while not tenure.take():
            if not self._patience.wait:
                raise Occupied(tenure.coworker_id, tenure.free_at())
            waited = True
            free_at = tenure.free_at() or self.conduct.clock()
            left = max(0.0, (free_at - self.conduct.clock()).total("seconds"))
            self._say(f"another process works on coworker {tenure.coworker_id}, or died", left or _GRACE_SECONDS)
            self.conduct.stop.sleep(min(max(left, _GRACE_SECONDS), _SLICE_SECONDS))
        if waited:
            self._say("", 0.0)
        return waited

    def _carry_out(self, job: Job, previewer: Previewer, gathered: Gathered, tenure: Tenure) -> Ran:
        self.conduct.stop.check()
        made = previewer.look(gathered, _moment(job.request, gathered))
        self.conduct.stop.check()
        chain = made.facts.chain()
        applier = Applier(self.tools.client, self.tools.ledger, tenure, self.conduct)
        text = _text_of(job, gathered)
        asked = Asked(job.request.cause, text, (chain.id, chain.contract_ids) if chain else None)
        applier.begin(made.plan, asked)
        plan = self._in_rounds(applier, previewer, made)
        refused = (task for task in unwanted(made.plan.expansion, made.situation) if task.state == "failed")
        applier.forget_refused(task.identity for task in refused)
        return Ran(made, applier.finish(plan), text)

    def _in_rounds(self, applier: Applier, previewer: Previewer, made: Preview) -> Plan:
        """Apply, and as long as waiting can decide something, wait and apply what another look says."""
        plan: Plan | None = made.plan
        latest = made.plan
        for number in range(1, self._patience.most_rounds + 1):
            if plan is not None:
                applier.apply(plan)
                latest = plan
            at = applier.goes_on_at() if plan is not None else self._look_again_at(applier)
            if at is None or number == self._patience.most_rounds or not self.is_worth_waiting(at):
                break
            try:
                self.wait_until(at, f"what is in doubt is decided after {wire_moment(at)}")
            except Stopped as stopped:
                applier.stopped = stopped
                break
            plan = self._look_again(applier, previewer, made)
        return latest

    def is_worth_waiting(self, moment: Instant) -> bool:
        """Whether this run waits for a moment, or leaves it to a later one."""
        left = (moment - self.conduct.clock()).total("seconds")
        return self._patience.wait and left <= self._patience.most_seconds

    def _look_again_at(self, applier: Applier) -> Instant | None:
        if not isinstance(applier.stopped, Unreachable):
            return None
        return self.conduct.clock().add(seconds=min(self.policy.quiet_seconds, MOST_RELOOK_SECONDS))

    def _look_again(self, applier: Applier, previewer: Previewer, made: Preview) -> Plan | None:
        """Plan anew for the same facts and moment; None, with the reason in the applier, if that cannot be done now."""
        try:
            return previewer.again(made).plan
        except TasklistsError as error:  # what was sent is known, and is told whatever happens here
            applier.stopped = error
            return None

    def _previewer(self, job: Job) -> Previewer:
        tools = self.tools
        return Previewer(tools.reader, tools.ledger, job.prepared, policy=self.policy, clock=self.conduct.clock)

    def _present(self, request: Request) -> Request:
        return request if request.now_given else replace(request, now=self.conduct.clock())

    def _say(self, what: str, left: float) -> None:
        if self._waiting is not None:
            self._waiting(what, left)


def _text_of(job: Job, gathered: Gathered) -> str:
    """Return what is asked, with the contract and the location that it was planned for: later ones are not meant."""
    facts = gathered.facts
    contract_id = facts.contract_id if job.prepared.needs_contract() else job.request.contract_id
    pinned = replace(job.request, contract_id=contract_id, location=facts.location)
    return request_text(gathered.expansion.tasklist, pinned)


class Moved(UserError):
    """The tasks of a list are another coworker's by now: the team's paying member changed."""

    def __init__(self, before: int, now: int) -> None:
        super().__init__(
            f"the tasks of this list are coworker {now}'s by now, no longer coworker {before}'s: "
            "the team's paying member changed; nothing was sent.",
            advice="Run the list again: it is made for the one who pays now.",
        )


def _for_same(tenure: Tenure, gathered: Gathered) -> Gathered:
    """Return what was gathered, if its tasks are still those of the coworker whose lease is held. Raises Moved."""
    found = gathered.expansion.coworker_id
    if found != tenure.coworker_id:
        raise Moved(tenure.coworker_id, found)
    return gathered


def _moment(request: Request, gathered: Gathered) -> Instant:
    return at_zone(request.now, gathered.facts.zone)
