"""A cooperative scheduler: many threads of which exactly one runs, in an order that a seed decides.

Each simulated process has strands (its lanes); a strand hands the baton back at every step and at every sleep, and
a seeded choice picks who goes on. Clocks are fake and jump when all sleep. It must never let two strands run at
once, nor take anything but the seed into a choice: then one seed is one schedule.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from random import Random
from types import SimpleNamespace
from typing import Any

from simulation_strands import Process, Strand, Worker

LEAST_STEP, MOST_STEP = 0.0002, 0.02
"""Seconds of fake time that a step takes: enough for sleepers to come in between, too little to matter."""


class Killed(BaseException):  # noqa: N818 - it is no error: it is the end of a process
    """The process of this strand is gone. Nothing that it does on its way out has any effect."""


class Endless(AssertionError):
    """The simulation did not end within its fake time, or everybody waits for somebody."""


class Baton:
    """Runs strands until all have ended. `most_seconds` of fake time, then it is Endless."""

    def __init__(self, random: Random, *, most_seconds: float, trace: list[str] | None = None) -> None:
        self.random = random
        self.now = 0.0
        self.trace = trace
        self.current: Strand | None = None
        self.failure: BaseException | None = None
        self._most_seconds = most_seconds
        self._strands: list[Strand] = []
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._made = 0
        self._drains = True
        self._main = SimpleNamespace(turn=threading.Lock())
        self._main.turn.acquire()

    # -- what the outside calls

    def spawn(self, process: Process, job: Callable[[], None], after: Callable[[], None] | None = None) -> Strand:
        """Add a strand; it begins when it is picked. `after` happens when it has ended, however it did."""
        strand = Strand(process, job, after)
        strand.worker = Worker.hired(lambda: self._live(strand))
        process.strands.append(strand)
        self._strands.append(strand)
        return strand

    def at(self, moment: float, event: Callable[[], None]) -> None:
        """Let something happen at a moment of fake time, whoever lives then."""
        self._made += 1
        heapq.heappush(self._timers, (moment, self._made, event))

    def run(self, *, drain: bool = True) -> None:
        """Return when all strands have ended; raises what went wrong in any of them.

        With `drain` events that are still to come happen as well; else they wait for the next call.
        """
        global _active  # noqa: PLW0603 - the locks of the engine's modules have to find the baton
        assert _active is None
        _active = self
        self._drains = drain
        try:
            following = self._next()
            if following is not None:
                following.turn.release()
                self._main.turn.acquire()
        finally:
            _active = None
        if self.failure is not None:
            raise self.failure

    def kill(self, process: Process) -> None:
        """End a process at once: its strands never do anything again."""
        self.tell(f"{process.name} is killed")
        process.alive = False
        process.stopped_until = 0.0
        for strand in process.strands:
            strand.ready = True

    def die(self) -> None:
        """End the process of this strand here and now."""
        self.kill(self._mine().process)
        raise Killed

    def tell(self, line: str) -> None:
        """Write down what happens, for a replay."""
        if self.trace is not None:
            self.trace.append(f"{self.now:12.4f} {line}")

    # -- what a strand calls

    def step(self, what: str) -> None:
        """Hand the baton back; it returns when this strand was picked again. Killed if its process is gone."""
        strand = self._mine()
        process = strand.process
        process.steps += 1
        self.now += self.random.uniform(LEAST_STEP, MOST_STEP)
        if self.trace is not None:
            self.tell(f"{process.name} #{process.steps} {what}")
        if process.steps == process.dies_at:
            self.die()
        if process.steps in process.stops:
            self._stop(process, process.stops[process.steps])
        if process.sent in process.naps:
            self._stop(process, process.naps.pop(process.sent))
        self._yield(strand)

    def sleep(self, seconds: float) -> None:
        """Sleep so long in fake time."""
        strand = self._mine()
        self._set_alarm(strand, seconds)
        strand.ready = False
        self._yield(strand)

    def wait(self, waiting: list[Strand], timeout: float | None) -> bool:
        """Wait in a queue until somebody wakes it; False when the time ran out before."""
        strand = self._mine()
        if timeout is not None:
            self._set_alarm(strand, timeout)
        strand.ready, strand.timed_out = False, False
        waiting.append(strand)
        try:
            self._yield(strand)
        finally:
            if strand in waiting:
                waiting.remove(strand)
        strand.wakes += 1
        return not strand.timed_out

    def _mine(self) -> Strand:
        strand = self.current
        assert strand is not None  # only strands have anything to wait for
        if not strand.process.alive:
            raise Killed
        return strand

    def _stop(self, process: Process, seconds: float) -> None:
        if process.most_stop is not None:
            seconds = min(seconds, process.most_stop)
        self.tell(f"{process.name} is stopped for {seconds:.1f} s")
        process.stopped_until = self.now + seconds
        process.stopped_for += seconds

    def _set_alarm(self, strand: Strand, seconds: float) -> None:
        strand.wakes += 1
        number = strand.wakes

        def ring() -> None:
            if strand.wakes == number and not strand.ready:
                strand.ready, strand.timed_out = True, True

        self.at(self.now + max(0.0, seconds), ring)

    # -- handing on

    def _live(self, strand: Strand) -> Worker | None:
        """The whole life of a strand, in its thread; returns whose turn it is after it."""
        try:
            if strand.process.alive:
                strand.job()
        except Killed:
            pass
        except BaseException as error:  # noqa: BLE001 - told to whoever runs the simulation
            strand.error = error
            self._fail(error)
        strand.done = True
        self._strands.remove(strand)
        strand.process.strands.remove(strand)
        if strand.after is not None and self.failure is None:
            strand.after()
        return self._next_or_main()

    def _yield(self, strand: Strand) -> None:
        following = self._next()
        if following is not strand.worker:
            assert strand.worker is not None  # it runs in one
            (following or self._main).turn.release()
            strand.worker.turn.acquire()
        self.current = strand
        if not strand.process.alive:
            raise Killed

    def _next_or_main(self) -> Any:
        return self._next() or self._main

    def _next(self) -> Worker | None:
        """Pick who goes on; None when nobody is left."""
        while True:
            strand = self._pick()
            if strand is not None:
                self.current = strand
                return strand.worker
            if not self._strands and not (self._timers and self._drains):
                return None
            self._jump()

    def _pick(self) -> Strand | None:
        while self._timers and self._timers[0][0] <= self.now:
            event = heapq.heappop(self._timers)[2]
            try:
                event()
            except AssertionError as error:
                self._fail(error)
        able = [one for one in self._strands if one.ready and one.process.stopped_until <= self.now]
        if not able:
            return None
        return able[0] if len(able) == 1 else able[int(self.random.random() * len(able))]

    def _jump(self) -> None:
        """Nobody can go on now: move the clock to the next moment at which somebody may."""
        ends = [one.process.stopped_until for one in self._strands if one.ready]
        if self._timers:
            ends.append(self._timers[0][0])
        if not ends or (self._strands and min(ends) > self._most_seconds):
            asleep = ", ".join(sorted({one.process.name for one in self._strands})) or "an event"
            self._fail(Endless(f"no end after {self.now:.0f} s: {asleep} still there"))
        else:
            self.now = max(self.now, min(ends))

    def _fail(self, error: BaseException) -> None:
        """End it all: the first thing that went wrong is what is told."""
        self.failure = self.failure or error
        self._timers.clear()
        for strand in self._strands:
            strand.process.alive = False
            strand.process.stopped_until = 0.0
            strand.ready = True


_active: Baton | None = None


def active() -> Baton | None:
    """The baton that goes round in this process now."""
    return _active
