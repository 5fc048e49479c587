"""Going on with what was interrupted, parked or left in doubt: every unfinished run, then every open intent.

It must never start anything that nobody asked for: only requests that a run began are taken up again, of several for
the same tasks only the newest, and none that is so old that nobody may want it any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from whenever import Instant

from engine.core.errors import UserError
from engine.core.wire_dates import wire_moment
from engine.flows.apply import Applied
from engine.flows.request import Request
from engine.flows.run import Job, Moved, Ran, Runner
from engine.flows.settle import settle
from engine.flows.stored_request import request_key, request_of_text
from engine.flows.tenure import Occupied, Tenure
from engine.ledger.values import Run, RunId
from engine.nexudus.errors import LoginRefused, RoleMissing, UnknownCoworker, UnreadableRecord

MOST_DAYS: Final = 7
"""A request is gone on with by itself for so long: a week later the member may have left, and dates are past."""

JobOf = Callable[[str, Request], Job]
"""The job of a list's name and a request; UserError for a list that is broken or gone."""


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


@dataclass(frozen=True)
class Manner:
    """`named`: a person named the coworker, so old requests count too. `give_up`: what cannot go on is closed."""

    named: bool = False
    give_up: bool = False


class Recovery:
    """Goes on with what is unfinished, one coworker at a time, each under its lease."""

    def __init__(
        self, runner: Runner, job_of: JobOf, say: Callable[[str], None], manner: Manner | None = None
    ) -> None:
        self._runner = runner
        self._job_of = job_of
        self._say = say
        self._manner = manner or Manner()
        self._stuck: set[RunId] = set()

    def coworkers(self, ids: Iterable[int]) -> Iterator[tuple[int, Resumed]]:
        """Go on with each of these coworkers; one that another process works on is left to it.

        Raises:
            Unreachable: Nexudus or the ledger gives no usable answer now.
            Stopped: asked to stop.
            LoginRefused, RoleMissing: the login can do nothing for anybody.
        """
        for coworker_id in ids:
            self._runner.conduct.stop.check()
            try:
                with self._runner.holding(coworker_id) as (tenure, _):
                    yield coworker_id, self.unfinished(tenure) + self.open_intents(tenure)
            except (Occupied, UnreadableRecord) as error:  # of this one only
                yield coworker_id, Resumed(left=(Left(coworker_id, error.message),))

    def unfinished(self, tenure: Tenure, *, but: str = "") -> Resumed:
        """Go on with the unfinished runs of the coworker whose lease is held, less those that `but` stands for.

        `but` is the text of a request that is carried out now: it replaces older ones for the same tasks, whatever
        inputs they had.
        """
        own = request_key(but) if but else None
        newest: dict[object, Run] = {}
        for run in self._runner.tools.ledger.unfinished(tenure.coworker_id):
            newest[request_key(run.request)] = run
        found = Resumed()
        for key, run in newest.items():
            if key != own:
                self._runner.conduct.stop.check()
                resumed = self._go_on(run, tenure)
                latest = resumed.ran[0].applied.run_id if resumed.ran else run.id
                self._keep_only(tenure, key, latest)
                found += resumed
        return found

    def after_run(self, tenure: Tenure, ran: Ran) -> Resumed:
        """What follows a run: it stands for older requests of its tasks, and what nobody asks for is decided."""
        self._keep_only(tenure, request_key(ran.request), ran.applied.run_id)
        return self.open_intents(tenure)

    def open_intents(self, tenure: Tenure) -> Resumed:
        """Decide the open intents that no list asks for any more; adopt what was made for those that are stuck."""
        return Resumed(settled=settle(self._runner, tenure, stuck=frozenset(self._stuck)))

    def _go_on(self, run: Run, tenure: Tenure) -> Resumed:
        now = self._runner.conduct.clock()
        if run.resumes_at is not None and now < run.resumes_at:
            return Resumed(left=(_left(run, f"parked; goes on after {wire_moment(run.resumes_at)}"),))
        if (now - run.started_at).total("hours") > 24 * MOST_DAYS and not self._manner.named:
            return self._cannot(run, f"begun {wire_moment(run.started_at)[:10]}, and nobody may want it any more")
        self._say(f"going on with run {run.id} of {run.tasklist} for coworker {run.coworker_id}")
        try:
            return Resumed(ran=(self._runner.run_held(self._job(run, now), tenure),))
        except (LoginRefused, RoleMissing):
            raise
        except Moved as error:  # for good: who pays now gets a run of their own
            return self._cannot(run, error.message, for_good=True)
        except UnknownCoworker as error:
            return self._cannot(run, error.message, for_good=not error.unsure)
        except (UserError, UnreadableRecord) as error:
            return self._cannot(run, error.message)

    def _cannot(self, run: Run, why: str, *, for_good: bool = False) -> Resumed:
        """A run that cannot go on as things are: closed where a person says so or its member is gone, else told."""
        if for_good or self._manner.give_up:
            self._say(f"run {run.id} of {run.tasklist} is given up: {why}")
            self._runner.tools.ledger.forget_request(run.id)
            return Resumed()
        self._stuck.add(run.id)
        command = f"tasklists resume --coworker {run.coworker_id}"
        told = f"{why.rstrip('.')}. `{command}` tries it again, with --give-up it is closed"
        return Resumed(left=(_left(run, told),))

    def _keep_only(self, tenure: Tenure, key: object, latest: RunId) -> None:
        """Of the requests for the same tasks only the latest run's stays, and that only if it has to go on."""
        ledger = self._runner.tools.ledger
        for run in ledger.unfinished(tenure.coworker_id):
            if request_key(run.request) == key and run.id != latest:
                ledger.forget_request(run.id)

    def _job(self, run: Run, now: Instant) -> Job:
        tasklist, request = request_of_text(run.request, now)
        return self._job_of(tasklist, request)


def _left(run: Run, why: str) -> Left:
    return Left(run.coworker_id, why, run.id, run.tasklist)
