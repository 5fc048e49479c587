"""What a service does with a delivery, a job, and runs that were left: the same, whoever hands it out.

Each call is safe to repeat and safe to be killed in: what is to be done is in the ledger, and only there. It must never
lose an id: what it could not do now stays due.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Protocol

from whenever import Instant

from engine.authoring.check import Ready
from engine.core.errors import TasklistsError, UserError
from engine.core.organisation import Organisation
from engine.flows.account import WritingAccount, lease_seconds, policy
from engine.flows.advancing import Advancer
from engine.flows.apply import Conduct
from engine.flows.deciding import Decider
from engine.flows.lists_in_use import ListsInUse
from engine.flows.request import Request
from engine.flows.resume import Recovery, Resumed
from engine.flows.run import Job, Patience, Runner
from engine.flows.stopping import Stop
from engine.flows.tenure import new_holder
from engine.flows.version import version_of
from engine.ledger.inbox import Also
from engine.ledger.service_values import DeliveryId, JobId


class Work(Protocol):
    """What whoever hands out work calls, from any thread."""

    def settle(self, delivery_id: DeliveryId) -> None:
        """Decide what a delivery starts."""

    def advance(self, job_id: JobId) -> None:
        """Carry a job out, as far as it goes now."""


Say = Callable[[str], None]


class Workshop:
    """One account's work. Each thread has a runner of its own: a lease tells holders apart, not threads."""

    def __init__(  # noqa: PLR0913 - what work is done with, all by name
        self,
        account: WritingAccount,
        lists: ListsInUse,
        *,
        organisation: Organisation,
        environ: Mapping[str, str],
        stop: Stop,
        settle_seconds: float,
        say: Say,
        also: Also | None = None,
    ) -> None:
        self.account = account
        self.lists = lists
        self._organisation = organisation
        self._environ = environ
        self._stop = stop
        self._say = say
        self._mine = threading.local()
        self._decider = Decider(
            account.reader, account.ledger, lists, clock=Instant.now, settle_seconds=settle_seconds, also=also
        )

    def settle(self, delivery_id: DeliveryId) -> None:
        """Decide what a delivery starts; errors as the ledger's."""
        self._decider.settle(delivery_id)

    def advance(self, job_id: JobId) -> None:
        """Carry a job out; Stopped when the service ends, errors as the ledger's."""
        self._advancer().advance(job_id)

    def recover(self) -> Resumed:
        """Go on with runs that no job stands for: interrupted, parked, or left in doubt by whoever began them."""
        ledger = self.account.ledger
        open_jobs = ledger.jobs.listed("open", limit=1_000_000)
        busy = {job.coworker_id for job in open_jobs}
        ids = [one for one in ledger.coworkers_to_recover() if one not in busy]
        recovery = Recovery(self._runner(), self._job_of, self._say)
        found = Resumed()
        for _, resumed in recovery.coworkers(ids):
            found += resumed
        return found

    def _advancer(self) -> Advancer:
        made: Advancer | None = getattr(self._mine, "advancer", None)
        if made is None:
            made = Advancer(self._runner(), self.account.ledger, self.lists, clock=Instant.now, say=self._say)
            self._mine.advancer = made
        return made

    def _runner(self) -> Runner:
        told = policy(self._environ, self._organisation)
        return Runner(
            self.account,
            told,
            Conduct(self._stop, self.account.width, quiet_seconds=told.quiet_seconds),
            holder=new_holder(),
            patience=Patience(wait=False),
            lease_seconds=lease_seconds(self._environ),
        )

    def _job_of(self, tasklist: str, request: Request) -> Job:
        ready = self._ready(tasklist)
        return Job(ready.prepared, request, version_of(ready.prepared, ready.data))

    def _ready(self, tasklist: str) -> Ready:
        found = self.lists.ready().get(tasklist)
        if found is None:
            broken = self.lists.broken().get(tasklist)
            raise UserError(broken or f"there is no list {tasklist!r} any more.")
        return found


def told(error: BaseException) -> str:
    """Return what may be said of an error in a log: our own sentences, of a bug only its type."""
    return error.message if isinstance(error, TasklistsError) else type(error).__name__
