"""Several calls at once: the lanes that jobs run in, and how many are open.

It must never start a job that was not taken from the front of what is given: the order of a plan is kept.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Final, Protocol

from engine.nexudus.conversation import Pace
from engine.nexudus.gate import Gate

MOST_LANES: Final = 16
"""One run never has more calls under way: a list has rarely more items, and the service is shared."""

_SPARE: Final = 2
"""Calls beyond rate x latency (design 5.4), so that a slow answer does not leave the line empty."""

_FIRST_GUESS_SECONDS: Final = 0.3
"""The latency of a creation until one was measured."""

_NEWEST_SHARE: Final = 0.3
"""How much the newest latency weighs against all before."""


class Lanes(Protocol):
    def run(self, jobs: Iterable[Callable[[], None]], width: Callable[[], int]) -> None:
        """Take jobs one by one, do up to `width()` at once, and return when all are done.

        The first exception of a job is raised then.
        """


class ThreadLanes:
    """Each job in a thread of a pool; the next one is taken when a lane is free."""

    def run(self, jobs: Iterable[Callable[[], None]], width: Callable[[], int]) -> None:
        """Do them as `Lanes` says."""
        running: set[Future[None]] = set()
        with ThreadPoolExecutor(MOST_LANES, thread_name_prefix="lane") as pool:
            for job in jobs:
                running.add(pool.submit(job))
                while len(running) >= max(1, min(width(), MOST_LANES)):
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        future.result()
            for future in running:
                future.result()


class Width:
    """How many calls may be under way: rate x latency + 2, halved by a throttle and won back call by call.

    `rate` is in calls a second, None without a limit.
    """

    def __init__(self, rate: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._lock = threading.Lock()
        self._mine = threading.local()
        self._latency = _FIRST_GUESS_SECONDS
        self._most = float(MOST_LANES)

    def __call__(self) -> int:
        """The number now, from 1 to MOST_LANES."""
        with self._lock:
            wanted = MOST_LANES if self._rate is None else self._rate * self._latency + _SPARE
            return max(1, min(round(wanted), int(self._most), MOST_LANES))

    def begin(self) -> None:
        """This thread's call goes out now: what it waited for before is no latency."""
        self._mine.started = self._clock()

    def end(self) -> None:
        """This thread's call has its answer."""
        started = getattr(self._mine, "started", None)
        if started is None:
            return
        self._mine.started = None
        with self._lock:
            self._latency += _NEWEST_SHARE * (self._clock() - started - self._latency)
            self._most = min(float(MOST_LANES), self._most + 1 / self._most)

    def throttled(self) -> None:
        """The service had too many: half as many from now on."""
        with self._lock:
            self._most = max(1.0, self._most / 2)


class MeasuredGate:
    """A gate that tells the width when a call goes out."""

    def __init__(self, gate: Gate, width: Width) -> None:
        self._gate = gate
        self._width = width

    def enter(self) -> None:
        """Check, and let one through."""
        self._gate.enter()
        self._width.begin()

    def leave(self) -> None:
        """The call is out."""
        self._gate.leave()


class NarrowingPace:
    """A pace that tells the width of throttle answers before it hands them on."""

    def __init__(self, pace: Pace, width: Width) -> None:
        self._pace = pace
        self._width = width

    def acquire(self, *, write: bool) -> None:
        """Wait for the pace."""
        self._pace.acquire(write=write)

    def went_out(self) -> None:
        """Hand it on."""
        self._pace.went_out()

    def throttled(self, seconds: float) -> None:
        """Narrow, and hand on what the service asked for."""
        self._width.throttled()
        self._pace.throttled(seconds)
