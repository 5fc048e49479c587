"""Waiting for one's turn to call Nexudus (design 5.4): shared through the ledger, or of one process.

Each call reserves its moment first and then sleeps until it, so no crowd wakes up together. Awake, it looks what
really went before: another may have been late, or throttled. It must never let a call go before its moment.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_right, insort
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

from whenever import Instant

from engine.core.errors import TasklistsError
from engine.ledger.limits import FARTHEST, Clock, Limits, Window, first_after, next_moment
from engine.ledger.packing import instant, milliseconds
from engine.ledger.view import PUNCTUAL_MILLISECONDS, LedgerView

_PUNCTUAL_SECONDS = PUNCTUAL_MILLISECONDS / 1000


class Turns(Protocol):
    """Where the moments of calls are reserved."""

    def reserve_call(self, windows: Sequence[Window], clock: Clock, *, write: bool) -> Instant:
        """Reserve the first free moment; DailyLimit if that is not today."""

    def take_turn(self, at: Instant, windows: Sequence[Window], clock: Clock, *, write: bool) -> Instant:
        """When the call reserved for `at`, which is over, may go; a later moment is reserved instead."""

    def move_call(self, at: Instant, to: Instant, *, write: bool) -> None:
        """Write down that the call reserved for `at` goes at another moment."""

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
        self._mine = threading.local()

    def acquire(self, *, write: bool) -> None:
        """Block until one more call, or write, is within all limits.

        DailyLimit, with the moment at which it goes on, if the limit of a day is used up.
        """
        at = self._first_free(write=write)
        while (ahead := self._ahead(at)) > 0 or ahead < -_PUNCTUAL_SECONDS:
            if ahead > 0:
                self._sleep(ahead)
            turn = self._take_turn(at, write=write)
            if self._ahead(turn) <= 0:
                at = turn
                break
            at = turn
        self._mine.turn = (at, write)

    def went_out(self) -> None:
        """Say that this thread's call is out: if that was later than its turn, others count from now.

        A ledger that cannot be written leaves it at that: what was sent was sent.
        """
        turn: tuple[Instant, bool] | None = getattr(self._mine, "turn", None)
        self._mine.turn = None
        if turn is not None and self._windows and self._ahead(turn[0]) < -_PUNCTUAL_SECONDS:
            with suppress(TasklistsError):
                self._turns.move_call(turn[0], self._clock(), write=turn[1])

    def _ahead(self, at: Instant) -> float:
        return (at - self._clock()).total("seconds")

    def _take_turn(self, at: Instant, *, write: bool) -> Instant:
        if self._windows:
            return self._turns.take_turn(at, self._windows, self._clock, write=write)
        return self._first_free(write=write)

    def _first_free(self, *, write: bool) -> Instant:
        """Without limits there is nothing to reserve: only a pause that the service asked for counts."""
        if self._windows:
            return self._turns.reserve_call(self._windows, self._clock, write=write)
        now, until = self._clock(), self._turns.paused_until()
        if until is None or until > now.add(milliseconds=FARTHEST):  # the latter by a clock that was wrong
            return now
        return max(now, until)

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
            self._add(at, write=write)
            self._forget(now - max((window.guarded for window in windows), default=0))
            return instant(at)

    def _forget(self, before: int) -> None:
        for moments in (self._calls, self._writes):
            del moments[: bisect_right(moments, before)]

    def take_turn(self, at: Instant, windows: Sequence[Window], clock: Clock, *, write: bool) -> Instant:
        with self._lock:
            now = milliseconds(clock())
            self._remove(milliseconds(at), write=write)
            moment = max(now, self._pause or now, first_after(self, now, windows, write=write))
            self._add(moment, write=write)
            return instant(moment)

    def move_call(self, at: Instant, to: Instant, *, write: bool) -> None:
        with self._lock:
            self._remove(milliseconds(at), write=write)
            self._add(milliseconds(to), write=write)

    def _add(self, moment: int, *, write: bool) -> None:
        insort(self._calls, moment)
        if write:
            insort(self._writes, moment)

    def _remove(self, moment: int, *, write: bool) -> None:
        for moments in (self._calls, self._writes) if write else (self._calls,):
            if moment in moments:  # else it woke up so late that it is forgotten
                moments.remove(moment)

    def pause_calls(self, until: Instant) -> None:
        with self._lock:
            self._pause = max(self._pause or 0, milliseconds(until))

    def paused_until(self) -> Instant | None:
        with self._lock:
            return None if self._pause is None else instant(self._pause)
