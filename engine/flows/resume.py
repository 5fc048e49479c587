"""Going on with what was interrupted, parked or left in doubt: every unfinished run, then every open intent.

It must never start anything that nobody asked for: only requests that a run began are taken up again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from whenever import Instant

from engine.core.errors import UserError
from engine.core.wire_dates import wire_moment
from engine.flows.apply import Applied
from engine.flows.request import Request
from engine.flows.run import Job, Ran, Runner
from engine.flows.settle import settle
from engine.flows.stored_request import request_of_text, request_text
from engine.flows.tenure import Occupied, Tenure
from engine.ledger.values import Run
from engine.nexudus.errors import UnknownCoworker

JobOf = Callable[[str, Request], Job]
"""The job of a list's name and a request; UserError for a list that is broken, ListGone for one that is gone."""


class ListGone(UserError):
    """The list of a run is no longer there: nobody asks for its tasks any more."""

    def __init__(self, tasklist: str) -> None:
        super().__init__(f"the list {tasklist} no longer exists; its open requests are looked up and closed.")


@dataclass(frozen=True)
class Left:
    """A run, or a coworker's open tasks, that could not be gone on with, and why."""

    coworker_id: int
    why: str
    run_id: str = ""
    tasklist: str = ""


@dataclass(frozen=True)
class Resumed:
    """What going on led to."""

    ran: tuple[Ran, ...] = ()
    settled: tuple[Applied, ...] = ()
    left: tuple[Left, ...] = ()

    def applied(self) -> Iterator[Applied]:
        """All runs that were made, those that only settled among them."""
        yield from (ran.applied for ran in self.ran)
        yield from self.settled

    def __add__(self, other: Resumed) -> Resumed:
        return Resumed(self.ran + other.ran, self.settled + other.settled, self.left + other.left)


class Recovery:
    """Goes on with what is unfinished, one coworker at a time, each under its lease."""

    def __init__(self, runner: Runner, job_of: JobOf, say: Callable[[str], None]) -> None:
        self._runner = runner
        self._job_of = job_of
        self._say = say

    def coworkers(self, ids: Iterable[int]) -> Iterator[tuple[int, Resumed]]:
        """Go on with each of these coworkers; one that another process works on is left to it.

        Raises:
            Unreachable: Nexudus or the ledger gives no usable answer now.
            Stopped: asked to stop.
        """
        for coworker_id in ids:
            self._runner.conduct.stop.check()
            try:
                with self._runner.holding(coworker_id) as (tenure, _):
                    yield coworker_id, self.unfinished(tenure) + self.open_intents(tenure)
            except Occupied as error:
                yield coworker_id, Resumed(left=(Left(coworker_id, error.message),))

    def unfinished(self, tenure: Tenure, *, but: str = "") -> Resumed:
        """Go on with the unfinished runs of the coworker whose lease is held, less those of the request `but`."""
        found = Resumed()
        for run in _one_each(self._runner.tools.ledger.unfinished(tenure.coworker_id)):
            if run.request != but:
                self._runner.conduct.stop.check()
                found += self._go_on(run, tenure)
        return found

    def open_intents(self, tenure: Tenure) -> Resumed:
        """Decide the open intents that no list asks for any more."""
        return Resumed(settled=settle(self._runner, tenure))

    def _go_on(self, run: Run, tenure: Tenure) -> Resumed:
        now = self._runner.conduct.clock()
        if run.resumes_at is not None and now < run.resumes_at:
            return Resumed(left=(_left(run, f"parked; goes on after {wire_moment(run.resumes_at)}"),))
        self._say(f"going on with run {run.id} of {run.tasklist} for coworker {run.coworker_id}")
        try:
            return Resumed(ran=(self._runner.run_held(self._job(run, now), tenure),))
        except UnknownCoworker as error:
            if error.unsure:
                return Resumed(left=(_left(run, error.message),))
            return self._given_up(run, error.message)  # nobody is left to make tasks for
        except ListGone as error:
            return self._given_up(run, error.message)
        except UserError as error:
            return Resumed(left=(_left(run, str(error)),))

    def _given_up(self, run: Run, why: str) -> Resumed:
        """Nothing can ask for this run again: what it left open is settled without it."""
        self._say(f"run {run.id} is given up: {why}")
        self._runner.tools.ledger.forget_request(run.id)
        return Resumed()

    def _job(self, run: Run, now: Instant) -> Job:
        tasklist, request = request_of_text(run.request, now)
        return self._job_of(tasklist, request)


def own_request(job: Job) -> str:
    """Return the text by which a job's own earlier runs are known: it takes their place."""
    return request_text(job.prepared.tasklist.tasklist, job.request)


def is_complete(resumed: Resumed, done: Callable[[Applied], bool]) -> bool:
    """Whether nothing is left for later or for a person."""
    return not resumed.left and all(done(applied) for applied in resumed.applied())


def _one_each(runs: Sequence[Run]) -> Iterable[Run]:
    """Of equal requests only the newest: it stands for all of them."""
    return {run.request: run for run in runs}.values()


def _left(run: Run, why: str) -> Left:
    return Left(run.coworker_id, why, run.id, run.tasklist)

