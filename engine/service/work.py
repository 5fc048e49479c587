"""What a service does with a delivery, a job, and runs that were left: the same, whoever hands it out.

Each call is safe to repeat and safe to be killed in: what is to be done is in the ledger, and only there. It must never
lose an id: what it could not do now stays due.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

from whenever import Instant

from engine.core.errors import TasklistsError
from engine.core.organisation import Organisation
from engine.flows.account import WritingAccount, lease_seconds, policy
from engine.flows.advancing import Advanced, Advancer
from engine.flows.apply import Conduct
from engine.flows.deciding import Decider
from engine.flows.lists_in_use import ListsInUse
from engine.flows.polling import Looked, Waits
from engine.flows.resume import Recovery, Resumed
from engine.flows.run import Patience, Runner
from engine.flows.stopping import Stop
from engine.flows.tenure import new_holder
from engine.ledger.service_values import DeliveryId, JobId
from engine.service import logs
from engine.service.metrics import Metrics

_ALL: Final = 1_000_000
_SOON_SECONDS: Final = 60.0
"""A job that is due so soon goes on with what its coworker has open, before its own list."""


class Work(Protocol):
    """What whoever hands out work calls, from any thread."""

    def settle(self, delivery_id: DeliveryId) -> None:
        """Decide what a delivery starts."""

    def advance(self, job_id: JobId) -> None:
        """Carry a job out, as far as it goes now."""


class Workshop:
    """One account's work, shared by all threads of a process."""

    def __init__(  # noqa: PLR0913 - what work is done with, all by name
        self,
        account: WritingAccount,
        lists: ListsInUse,
        *,
        organisation: Organisation,
        environ: Mapping[str, str],
        stop: Stop,
        settle_seconds: float,
        metrics: Metrics,
    ) -> None:
        self._account = account
        self._ledger = account.ledger
        self._lists = lists
        self._organisation = organisation
        self._environ = environ
        self._stop = stop
        self._metrics = metrics
        self._decider = Decider(
            account.reader, account.ledger, lists, clock=Instant.now, settle_seconds=settle_seconds
        )
        self._advancer = Advancer(self._runner(), account.ledger, lists, clock=Instant.now, say=logs.say)

    def settle(self, delivery_id: DeliveryId) -> None:
        """Decide what a delivery starts; errors as the ledger's."""
        with logs.about(delivery_id=delivery_id):
            state = self._decider.settle(delivery_id)
            logs.log().info("delivery", state=state)

    def advance(self, job_id: JobId) -> None:
        """Carry a job out as far as it goes now; Stopped when the service ends, errors as the ledger's."""
        with logs.about(job_id=job_id):
            advanced = self._advancer.advance(job_id)
            job = self._ledger.jobs.job(job_id)
            tasklist = job.tasklist if job is not None else ""
            self._count(tasklist, advanced)
            told: dict[str, Any] = {"tasklist": tasklist, "state": advanced.state, "what": advanced.why}
            told |= {"run_id": advanced.run_id} if advanced.run_id else {}
            told |= {"due_at": advanced.due_at} if advanced.due_at else {}
            logs.log().info("job", coworker_id=job.coworker_id if job is not None else None, **told)

    def recover(self) -> Resumed:
        """Go on with runs that no job stands for: interrupted, parked, or left in doubt by whoever began them."""
        soon = Instant.now().add(seconds=_SOON_SECONDS)  # one that waits longer must not hold up what others left
        busy = {job.coworker_id for job in self._ledger.jobs.listed("open", limit=_ALL) if job.due_at <= soon}
        ids = [one for one in self._ledger.coworkers_to_recover() if one not in busy]
        recovery = Recovery(self._runner(), self._lists.job, logs.say)
        found = Resumed()
        for _, resumed in recovery.coworkers(ids):
            found += resumed
        return found

    def poll(self) -> Looked:
        """Look at what waits for completions and moments; a completion is noted where anybody's load counts."""
        lists = [form for one in self._lists.ready().values() for form in one.prepared.everywhere()]
        by_load = any(ready.responsible.pick == "least_loaded" for one in lists for ready in one.items)
        looked = Waits(self._runner(), self._lists.job, say=logs.say).poll(always=by_load)
        for ran in looked.ran:
            for part in ran.parts():
                self._metrics.tasks(part.applied.counts())
                logs.log().info("it waits no longer", tasklist=part.applied.tasklist, run_id=part.applied.run_id)
        for left in looked.ended:
            logs.log().info("waits no more", tasklist=left.tasklist, coworker_id=left.coworker_id, why=left.why)
        return looked

    def _count(self, tasklist: str, advanced: Advanced) -> None:
        self._metrics.job(tasklist, advanced.state)
        run = self._ledger.run(advanced.run_id) if advanced.run_id else None
        if run is not None:
            self._metrics.tasks(run.outcomes)

    def _runner(self) -> Runner:
        """A runner with a holder of its own: what shares one must see to it that no two threads meet at a coworker."""
        told = policy(self._environ, self._organisation)
        return Runner(
            self._account,
            told,
            Conduct(self._stop, self._account.width, quiet_seconds=told.quiet_seconds),
            holder=new_holder(),
            patience=Patience(wait=False),
            lease_seconds=lease_seconds(self._environ),
        )


def told(error: BaseException) -> str:
    """Return what may be said of an error in a log: our own sentences, of a bug only its type."""
    return error.message if isinstance(error, TasklistsError) else type(error).__name__
