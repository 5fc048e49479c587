"""What a simulated process runs: the engine's own runner, recovery and previewer, on fake clocks, line and store.

It must never do anything that the command line does not do: the same calls in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from baton import Baton
from simulation_lists import SETTINGS, SINCE, Book
from simulation_store import Store
from simulation_strands import Process, Strand
from simulation_wire import QUIET
from whenever import Instant

import engine.flows.apply
import engine.flows.lanes
import engine.flows.tenure
import engine.nexudus.login
from engine.core.errors import TasklistsError
from engine.flows.apply import Conduct, exit_code
from engine.flows.lanes import Width
from engine.flows.look import Policy
from engine.flows.preview import Previewer
from engine.flows.request import Request
from engine.flows.resume import Recovery
from engine.flows.run import Job, Patience, Runner
from engine.flows.stopping import Stop, Stopped
from engine.flows.tenure import Tenure
from engine.ledger.ledger import Ledger
from engine.nexudus.client import NexudusClient, NoPace

LEASE = QUIET / 4
POLICY = Policy(SINCE, True, QUIET)
WITH_LOCKS: tuple[Any, ...] = (
    engine.flows.apply,
    engine.flows.lanes,
    engine.flows.tenure,
    engine.nexudus.login,
)
"""The engine's modules whose locks may be held while the baton goes round."""


class FakeStop(Stop):
    """Sleeps in fake time. Asked to stop, it wakes at the end of the slice that it sleeps in."""

    def __init__(self, baton: Baton) -> None:
        super().__init__()
        self._baton = baton

    def sleep(self, seconds: float) -> None:
        """Sleep so long in fake time."""
        self.check()
        self._baton.sleep(seconds)
        self.check()


class BatonLanes:
    """Lanes that are strands of one process."""

    def __init__(self, baton: Baton, process: Process) -> None:
        self._baton = baton
        self._process = process

    def run(self, jobs: Iterable[Callable[[], None]], width: Callable[[], int]) -> None:
        """Do them as `Lanes` says."""
        running: list[Strand] = []
        waiting: list[Strand] = []
        errors: list[BaseException] = []

        def lane(job: Callable[[], None]) -> None:
            try:
                job()
            except Exception as error:  # noqa: BLE001 - raised again in the caller's strand
                errors.append(error)
            for one in waiting:
                one.ready = True

        for job in jobs:
            running.append(self._baton.spawn(self._process, lambda job=job: lane(job)))  # type: ignore[misc]
            while sum(not one.done for one in running) >= max(1, width()):
                self._baton.wait(waiting, None)
                if errors:
                    break
            if errors:
                break
        while any(not one.done for one in running):
            self._baton.wait(waiting, None)
        if errors:
            raise errors[0]


class NarrowWidth(Width):
    """At most so many calls at once."""

    def __init__(self, most: int, baton: Baton) -> None:
        super().__init__(None, lambda: baton.now)
        self._lanes = most

    def __call__(self) -> int:
        return min(self._lanes, super().__call__())


@dataclass(frozen=True)
class Tools:
    reader: NexudusClient
    client: NexudusClient
    ledger: Ledger


@dataclass(frozen=True)
class Machine:
    """The computer that processes run on: its clock, its ledger file, and the lines that leave it."""

    baton: Baton
    store: Store
    start: Instant
    line: Callable[[Process], httpx.BaseTransport]
    lanes: int = 2

    def wall(self) -> Instant:
        """The time of day."""
        return self.start.add(seconds=self.baton.now)

    def client(self, process: Process, stop: FakeStop) -> NexudusClient:
        """A client with fake clocks on the line of one process."""
        return NexudusClient(
            SETTINGS,
            pace=NoPace(),
            sleep=stop.sleep,
            clock=lambda: self.baton.now,
            now=self.wall,
            chance=self.baton.random.random,
            transport=self.line(process),
        )

    def runner(self, process: Process, stop: FakeStop, *, patient: bool) -> Runner:
        """What `run` and `resume` work with."""
        client, width = self.client(process, stop), NarrowWidth(self.lanes, self.baton)
        conduct = Conduct(stop, width, BatonLanes(self.baton, process), self.wall, QUIET)
        return Runner(
            Tools(client, client, self.store.ledger()),
            POLICY,
            conduct,
            holder=process.holder,
            patience=Patience(wait=patient),
            lease_seconds=LEASE,
            keeper=lambda tenure: self._kept(tenure, process),
        )

    @contextmanager
    def _kept(self, tenure: Tenure, process: Process) -> Iterator[None]:
        """Renew the lease in a strand of its own, as the engine's keeper does in a thread."""
        over = False
        napping: list[Strand] = []

        def keep() -> None:
            while not over:
                self.baton.wait(napping, LEASE / 3)
                if not over:
                    try:
                        tenure.renew()
                    except TasklistsError:
                        continue

        strand = self.baton.spawn(process, keep)
        try:
            yield
        finally:
            over = True
            for one in napping:
                one.ready = True
            while not strand.done and process.alive:
                self.baton.sleep(0.01)


def run(
    machine: Machine, process: Process, made: Book, coworker_id: int, *, patient: bool, ends_at: float | None = None
) -> int:
    """`tasklists run`: its exit code. It is asked to stop at `ends_at` of fake time."""
    job = Job(made.prepared, Request(coworker_id, machine.wall()), made.version)
    stop = FakeStop(machine.baton)
    if ends_at is not None:
        machine.baton.at(ends_at, stop.request)
    runner = machine.runner(process, stop, patient=patient)
    recovery = Recovery(runner, lambda _, request: Job(made.prepared, request, made.version), lambda _: None)
    try:
        ran = runner.run(
            job,
            before=lambda tenure, text: _nothing(recovery.unfinished(tenure, but=text)),
            after=lambda tenure, done: _nothing(recovery.after_run(tenure, done)),
        )
    except TasklistsError as error:
        return error.exit_code
    assert ran is not None  # nobody was asked
    return exit_code(ran.applied)


def resume(machine: Machine, process: Process, made: Book, *, patient: bool) -> int:
    """`tasklists resume`: its exit code."""
    runner = machine.runner(process, FakeStop(machine.baton), patient=patient)
    recovery = Recovery(runner, lambda _, request: Job(made.prepared, request, made.version), lambda _: None)
    complete = True
    try:
        for _, resumed in recovery.coworkers(runner.tools.ledger.coworkers_to_recover()):
            complete = complete and not resumed.left
            complete = complete and all(exit_code(applied) == 0 for applied in resumed.applied())
    except TasklistsError as error:
        return error.exit_code
    return 0 if complete else 3


def preview(machine: Machine, process: Process, made: Book, coworker_id: int) -> None:
    """`tasklists preview`: whatever it says, it writes nothing."""
    reader = machine.client(process, FakeStop(machine.baton))
    previewer = Previewer(reader, machine.store.view(), made.prepared, policy=POLICY, clock=machine.wall)
    try:
        previewer.preview(Request(coworker_id, machine.wall()), made.version)
    except (TasklistsError, Stopped):
        return


def _nothing(_: object) -> None:
    return None
