"""Waiting for one's turn to call Nexudus (design 5.4): shared through the ledger, or of one process.

Each call reserves its moment first and then sleeps until it, so there is one short transaction a
call and no crowd that wakes up together. It must never let a call go before its moment.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_right, insort
from collections.abc import Callable, Sequence
from typing import Protocol

from whenever import Instant

from engine.ledger.limits import Clock, Limits, Window, next_moment
from engine.ledger.packing import instant, milliseconds
from engine.ledger.view import LedgerView


class Turns(Protocol):
    """Where the moments of calls are reserved."""

    def reserve_call(self, windows: Sequence[Window], clock: Clock, *, write: bool) -> Instant:
        """Reserve the first free moment; DailyLimit if that is not today."""

    def pause_calls(self, until: Instant) -> None:
        """Let nobody call before that moment."""

    def paused_until(self) -> Instant | None:
        """The moment before which nobody may call."""


class _Pace:
    def __init__(
        self, turns: Turns, limits: Limits, clock: Clock, sleep: Callable[[float], None]
    ) -> None:
        self._turns = turns
        self._windows = limits.windows()
        self._clock = clock
        self._sleep = sleep

    def acquire(self, *, write: bool) -> None:
        """Block until one more call, or write, is within all limits.

        DailyLimit, with the moment at which it goes on, if the limit of a day is used up.
        """
        while True:
            at = self._first_free(write=write)
            seconds = (at - self._clock()).total("seconds")
            if seconds <= 0:
                return
            self._sleep(seconds)
            paused_until = self._turns.paused_until()
            if paused_until is None or paused_until <= max(at, self._clock()):
                return  # else somebody was throttled while we slept: our turn comes after that

    def _first_free(self, *, write: bool) -> Instant:
        """Without limits there is nothing to reserve: only a pause that the service asked for counts."""
        if self._windows:
            return self._turns.reserve_call(self._windows, self._clock, write=write)
        return max(self._clock(), self._turns.paused_until() or Instant.MIN)

    def throttled(self, seconds: float) -> None:
        """Tell all that share this pace that the service asked for so many seconds of silence."""
        self._turns.pause_calls(self._clock().add(seconds=max(0.0, seconds)))


class LedgerPace(_Pace):
    """One pace for all processes that share a ledger."""

    def __init__(
        self,
        ledger: LedgerView,
        limits: Limits,
        *,
        clock: Clock = Instant.now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(ledger, limits, clock, sleep)


class MemoryPace(_Pace):
    """The same rules for one process, where there is no ledger yet."""

    def __init__(
        self,
        limits: Limits,
        *,
        clock: Clock = Instant.now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(_TurnsInMemory(), limits, clock, sleep)


class _TurnsInMemory:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: list[int] = []
        self._writes: list[int] = []
        self._pause: int | None = None

    def count(self, after: int, *, writes_only: bool) -> int:
        return len(self.moments(after, writes_only=writes_only))

    def moments(self, after: int, *, writes_only: bool) -> Sequence[int]:
        chosen = self._writes if writes_only else self._calls
        return chosen[bisect_right(chosen, after) :]

    def reserve_call(self, windows: Sequence[Window], clock: Clock, *, write: bool) -> Instant:
        with self._lock:
            now = milliseconds(clock())
            at = next_moment(self, max(now, self._pause or now), windows, write=write)
            insort(self._calls, at)
            if write:
                insort(self._writes, at)
            self._forget(now - max((window.guarded for window in windows), default=0))
            return instant(at)

    def _forget(self, before: int) -> None:
        for moments in (self._calls, self._writes):
            del moments[: bisect_right(moments, before)]

    def pause_calls(self, until: Instant) -> None:
        with self._lock:
            self._pause = max(self._pause or 0, milliseconds(until))

    def paused_until(self) -> Instant | None:
        with self._lock:
            return None if self._pause is None else instant(self._pause)
