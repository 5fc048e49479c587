"""Deliveries on their way: what waits until when, what became of each attempt, and how each hook fares.

Nothing here sends. Must never let a hook that was switched off be tried again.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections import deque
from dataclasses import dataclass, replace
from typing import Any

from engine.sandbox.clock import Clock, write_second, write_with_digits
from engine.sandbox.modes import Modes
from engine.sandbox.store import Record, Store

_REMEMBERED = 200_000  # lines of the log; the earliest go first
_LONGEST_GAP = 4 * 3600.0  # seconds; doubling ten times from a large first wait would take days


@dataclass(frozen=True)
class Sending:
    """One attempt: `delivery` numbers the events in order, `copy` is 2 for a duplicate, `attempt` counts from 1."""

    delivery: int
    event: str
    hook: int
    location: str
    business: int
    record: int | None
    text: str
    copy: int = 1
    attempt: int = 1


class Outbox:
    """The queue, the log and the health of the hooks. Waits are real seconds, written moments the sandbox's."""

    def __init__(self, store: Store, modes: Modes, clock: Clock) -> None:
        self._store = store
        self._modes = modes
        self._clock = clock
        self._queue: list[tuple[float, int, Sending]] = []
        self._places = itertools.count()
        self._under_way = 0
        self._changed = asyncio.Event()
        self.log: deque[dict[str, Any]] = deque(maxlen=_REMEMBERED)
        self.numbers = itertools.count(1)

    def put(self, sending: Sending, *, after: float = 0.0) -> None:
        """Send it in so many seconds."""
        heapq.heappush(self._queue, (time.monotonic() + after, next(self._places), sending))
        self._tell()

    def drop(self, sending: Sending) -> None:
        """Write down that a fault kept it from being sent."""
        self._write(sending, "dropped")

    def clear(self) -> None:
        """Forget the log and all that waits; what is under way ends as it does."""
        self.log.clear()
        self._queue.clear()
        self._tell()

    def take(self) -> Sending | None:
        """The next one that is due and whose hook is on; None when there is none now."""
        while self._queue and self._queue[0][0] <= time.monotonic():
            sending = heapq.heappop(self._queue)[2]
            hook = self._store.get("webhooks", sending.hook)
            if hook is not None and hook["Active"]:
                self._under_way += 1
                return sending
            self._write(sending, "given-up")
            self._tell()
        return None

    async def wait(self, longest: float) -> None:
        """Return when something became due or changed, or after so many seconds."""
        left = min(self._queue[0][0] - time.monotonic(), longest) if self._queue else longest
        await self._wait_for_change(max(left, 0.0))

    async def wait_until_idle(self, longest: float) -> None:
        """Return when nothing waits or is under way, or after so many seconds."""
        end = time.monotonic() + longest
        while self.waiting() and (left := end - time.monotonic()) > 0:
            await self._wait_for_change(left)

    def waiting(self) -> int:
        """How many wait or are under way."""
        return len(self._queue) + self._under_way

    def arrived(self, sending: Sending, status: int) -> None:
        """Note a 2xx answer."""
        self._under_way -= 1
        self._write(sending, "delivered", status)
        healed: Record = {"ErrorCount": 0, "LastError": None} if self._modes["S45.error-count"] == "reset" else {}
        self._note(sending.hook, {"_failures": 0, **healed})

    def failed(self, sending: Sending, error: str, *, status: int | None = None, may_retry: bool = True) -> None:
        """Note any other answer or none: counted, tried again, and one too many in a row switches the hook off."""
        self._under_way -= 1
        self._write(sending, "failed", status)
        hook = self._store.get("webhooks", sending.hook)
        if hook is not None:
            failures = hook.get("_failures", 0) + 1
            told: Record = {"_failures": failures, "ErrorCount": hook["ErrorCount"] + 1, "LastError": error}
            off: Record = {"Active": False} if failures >= self._modes.number("S45.failures") else {}
            self._note(sending.hook, told | off)
            if may_retry and sending.attempt <= self._modes.number("S45.retries"):
                gap = self._modes.decimal("S45.retry-seconds") * 2 ** (sending.attempt - 1)
                self.put(replace(sending, attempt=sending.attempt + 1), after=min(gap, _LONGEST_GAP))

    def _note(self, hook: int, fields: Record) -> None:
        """Written to the file with the next flush: deliveries are many, and a hook's health is no commit."""
        record = self._store.get("webhooks", hook)
        if record is not None:
            self._store.put_later("webhooks", record | {"LastTrigger": write_second(self._clock.now())} | fields)
        self._tell()

    def _write(self, sending: Sending, outcome: str, status: int | None = None) -> None:
        self.log.append(
            {
                "delivery": sending.delivery,
                "event": sending.event,
                "location": sending.location,
                "hook": sending.hook,
                "record": sending.record,
                "copy": sending.copy,
                "attempt": sending.attempt,
                "outcome": outcome,
                "status": status,
                "at": write_with_digits(self._clock.now(), 3),
            }
        )

    def _tell(self) -> None:
        self._changed.set()
        self._changed.clear()

    async def _wait_for_change(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return
