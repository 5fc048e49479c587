"""Simulated processes and their threads, as the scheduler knows them. Values only, and threads that wait for work.

They must never decide who goes on: the baton does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable


class Process:
    """One simulated process: killed at a step, or stopped at a step for a while, as it is told beforehand."""

    def __init__(self, name: str, number: int = 1) -> None:
        self.name = name
        self.number = number
        """Which life of its actor this is."""
        self.dies_at = 0
        self.stops: dict[int, float] = {}
        """Step -> seconds."""
        self.sent = 0
        self.naps: dict[int, float] = {}
        """How many creations were sent -> seconds that it is stopped then."""
        self.reads_only = False
        self.steps = 0
        self.alive = True
        self.stopped_until = 0.0
        self.stopped_for = 0.0
        self.strands: list[Strand] = []
        self.was_stopped_in_flight = False
        """Between the last check and the first byte of its last creation: the one call that others settle."""
        self.most_stop: float | None = None
        """Between the last check and the first byte: no stop there is longer than that, in seconds."""

    @property
    def holder(self) -> str:
        """Its name in leases: no two processes share one."""
        return f"{self.name}-{self.number}"


class Strand:
    """One thread of a process."""

    def __init__(self, process: Process, job: Callable[[], None], after: Callable[[], None] | None) -> None:
        self.process = process
        self.job = job
        self.after = after
        self.ready = True
        self.done = False
        self.wakes = 0
        """Counts the sleeps, so that a wake-up of an earlier one is told apart."""
        self.timed_out = False
        self.error: BaseException | None = None
        self.worker: Worker | None = None


class Worker(threading.Thread):
    """A thread that is used again and again: starting one costs more than a whole step."""

    idle: list[Worker] = []  # noqa: RUF012 - shared by all simulations of this process, one after the other

    def __init__(self) -> None:
        super().__init__(daemon=True, name="strand")
        self.turn = threading.Lock()
        self.turn.acquire()
        self.work: Callable[[], Worker | None] | None = None
        self.start()

    def run(self) -> None:
        while True:
            self.turn.acquire()
            assert self.work is not None  # it was put there before the turn was given
            after = self.work()
            self.work = None
            Worker.idle.append(self)
            if after is not None:
                after.turn.release()

    @classmethod
    def hired(cls, work: Callable[[], Worker | None]) -> Worker:
        worker = cls.idle.pop() if cls.idle else cls()
        worker.work = work
        return worker
