"""A run, from the lease to the last result: plan, apply, wait out what is in doubt, look again, go on.

Every door that makes tasks comes through here. It must never plan from facts that were read before the lease was
waited for, and never wait without saying for what.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Final

from whenever import Instant

from engine.core.errors import TasklistsError, Unreachable
from engine.core.plan import Plan
from engine.core.planner import MOST_RELOOK_SECONDS, unwanted
from engine.core.wire_dates import wire_moment
from engine.flows.apply import Applier, Asked, Conduct, new_run
from engine.flows.job import Begun, Job, Moved, Patience, Ran, Tools, begin
from engine.flows.look import Policy
from engine.flows.parts import TeamPart, parts_of, plan_for_team
from engine.flows.preview import Preview, Previewer
from engine.flows.stopping import Stopped
from engine.flows.tenure import LEASE_SECONDS, Keeper, Occupied, Tenure, kept_by_thread
from engine.ledger.values import RunId

__all__ = ["Agree", "Job", "Moved", "Patience", "Ran", "Runner", "Tools", "Waiting"]

_SLICE_SECONDS: Final = 0.5
"""Waits are cut into so much, for the countdown and for a lease that is given back early."""

_GRACE_SECONDS: Final = 0.01
"""Beyond the moment that is waited for: moments are kept in whole milliseconds."""


Waiting = Callable[[str, float], None]
"""Called while a run waits: for what, and how many seconds are left; 0 when it goes on."""

Agree = Callable[[Preview], bool]


@dataclass(frozen=True)
class _Around:
    """What is called while a lease is held, around a list's own tasks."""

    before: Callable[[Tenure, str], None] | None
    after: Callable[[Tenure, Ran], None] | None


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
        own, team = parts_of(job.prepared, job.request)
        mine = self._begin(replace(job, prepared=own))
        theirs: TeamPart[Begun] = TeamPart()
        if team is not None:
            theirs = plan_for_team(job.request, lambda: self._begin(replace(job, prepared=team)))
            mine = mine.without_team(theirs.left_out)
        around = _Around(before, after)
        if agree is not None and not agree(_shown(mine, theirs)):
            return None
        if theirs.planned is None:
            return replace(self._make(mine, around), trouble=theirs.trouble)
        return self._make_both(mine, theirs.planned, around)

    def run_held(self, job: Job, tenure: Tenure) -> Ran:
        """Run a list, or the part of it that is asked for, for the coworker whose lease is held; errors as `run`."""
        prepared, _ = parts_of(job.prepared, job.request)
        begun = self._begin(replace(job, prepared=prepared)).of(tenure.coworker_id)
        return self._carry_out(begun, tenure)

    def _begin(self, job: Job) -> Begun:
        tools = self.tools
        previewer = Previewer(
            tools.reader, tools.ledger, job.prepared, policy=self.policy, clock=self.conduct.clock
        )
        return begin(job, previewer)

    def _make_both(self, mine: Begun, theirs: Begun, around: _Around) -> Ran:
        """Make the coworker's own tasks, then the team's. Whatever ends the first run, the second is not forgotten."""
        self.conduct.stop.check()
        noted: list[RunId] = []
        ran = self._make(mine, around, first=lambda: noted.extend(self._note_ahead(theirs)))
        if ran.applied.stopped_by is not None:
            return ran
        try:
            team = self._make(theirs, around)
            for run_id in noted:  # the run that it stood for was made, and is gone on with by itself
                with suppress(TasklistsError):  # else `resume` finds it, and that nothing is left to make
                    self.tools.ledger.finish_run(run_id, {}, self.conduct.clock(), done=True)
            return replace(ran, team=team)
        except TasklistsError as error:  # what was made is told, whatever happens to the rest
            return replace(ran, trouble=error)

    def _note_ahead(self, begun: Begun) -> Iterator[RunId]:
        """Write down that a run is to follow: if this process dies before it begins, `tasklists resume` makes it."""
        made = begun.look()
        self.conduct.stop.check()
        if set(made.plan.counts()) - {"keep", "skip"}:
            run = new_run(made.plan, Asked(begun.job.request.cause, begun.text), self.conduct.clock())
            yield self.tools.ledger.begin_run(run)

    def _make(self, begun: Begun, around: _Around, first: Callable[[], None] | None = None) -> Ran:
        with self.holding(begun.coworker_id) as (tenure, waited):
            if around.before is not None:
                around.before(tenure, begun.text)
            if waited:
                begun = begun.anew(self.conduct.clock())
            ran = self._carry_out(begun, tenure, first)
            if around.after is not None and ran.applied.stopped_by is None:
                around.after(tenure, ran)
            return ran

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

    def _carry_out(self, begun: Begun, tenure: Tenure, first: Callable[[], None] | None = None) -> Ran:
        self.conduct.stop.check()
        made = begun.look()
        self.conduct.stop.check()
        chain = made.facts.chain()
        applier = Applier(self.tools.client, self.tools.ledger, tenure, self.conduct)
        text = begun.text
        asked = Asked(begun.job.request.cause, text, (chain.id, chain.contract_ids) if chain else None)
        if first is not None:
            first()
        applier.begin(made.plan, asked)
        plan = self._in_rounds(applier, begun.previewer, made)
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

    def _say(self, what: str, left: float) -> None:
        if self._waiting is not None:
            self._waiting(what, left)


def _shown(mine: Begun, theirs: TeamPart[Begun]) -> Preview:
    team = None if theirs.planned is None else theirs.planned.look()
    return replace(mine.look(), team=team, trouble=theirs.trouble)
