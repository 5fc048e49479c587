"""Stores deliveries durably, one commit for all that wait together, on a thread of its own.

A slow disk must not hold up the loop, and a commit for each would cost two thirds of the rate (performance.md P8).
Nobody is told that a delivery is accepted before its commit is done, and one that cannot be stored must not take the
others of its batch with it.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, Protocol

from engine.core.errors import TasklistsError, Unreachable
from engine.ledger.inbox import Also
from engine.ledger.service_values import Accepted, NewDelivery

MOST_AT_ONCE: Final = 256
"""Deliveries in one transaction: enough for every connection that the door keeps, little enough to be quick."""

MOST_WAITING: Final = 1024
"""More than the door's connections; beyond it something is wrong, and the sender is asked to come again."""

PATIENCE_SECONDS: Final = 4.0
"""How long a sender waits for the ledger: Shopify's senders give up after 5 s, and Nexudus does not say (B08)."""

LOOK_SECONDS: Final = 0.25
"""How often those who wait too long are looked for: a timer for each would cost more than its delivery's hash."""

GATHER_SECONDS: Final = 0.0003
"""Under load, the pause in which more come in, taken again while they do."""

GATHER_MOST_SECONDS: Final = 0.005
"""All such pauses before one commit, which takes about as long itself."""


log = logging.getLogger("tasklists.service")


class TakesDeliveries(Protocol):
    """The half of the inbox that the door needs."""

    def accept(self, deliveries: Sequence[NewDelivery], *, also: Also | None = None) -> Sequence[Accepted]:
        """Store all of them in one transaction."""


class _Waiting(NamedTuple):
    delivery: NewDelivery
    loop: asyncio.AbstractEventLoop
    told: asyncio.Future[Accepted]


class Accepting:
    """`wake` is called from the thread whenever something new was stored; `also` as the inbox takes it."""

    def __init__(self, inbox: TakesDeliveries, *, also: Also | None = None, wake: Callable[[], None] | None = None):
        self._inbox = inbox
        self._also = also
        self._wake = wake
        self._waiting: deque[_Waiting] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._last_batch = 0
        self._patience = _Patience()
        self._thread = threading.Thread(target=self._run, name="accepting", daemon=True)
        self._thread.start()

    async def accept(self, delivery: NewDelivery) -> Accepted:
        """Return once the delivery is on the disk. Unreachable if it could not be stored in 4 seconds.

        It may then still be stored later; the sender repeats, and the copy is recognised.
        """
        loop = asyncio.get_running_loop()
        told: asyncio.Future[Accepted] = loop.create_future()
        with self._changed:
            if self._closed or len(self._waiting) >= MOST_WAITING:
                raise Unreachable("Too many deliveries wait to be stored, or the service is ending.")
            self._waiting.append(_Waiting(delivery, loop, told))
            self._changed.notify()
        self._patience.begin(loop, told)
        try:
            return await told
        finally:
            self._patience.end(told)

    def close(self) -> None:
        """Store what waits, then end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while batch := self._next_batch():
            outcomes = self._store([waiting.delivery for waiting in batch])
            by_loop: dict[asyncio.AbstractEventLoop, list[tuple[_Waiting, Accepted | TasklistsError]]] = {}
            for waiting, outcome in zip(batch, outcomes, strict=True):
                by_loop.setdefault(waiting.loop, []).append((waiting, outcome))
            for loop, told in by_loop.items():
                if not loop.is_closed():
                    loop.call_soon_threadsafe(_tell_all, told)
            if self._wake is not None and any(isinstance(one, Accepted) and one.is_new for one in outcomes):
                self._wake()

    def _next_batch(self) -> list[_Waiting]:
        """All that wait, up to the most; empty at the end."""
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
        if self._last_batch > 1:
            self._gather()
        with self._changed:
            batch = [self._waiting.popleft() for _ in range(min(MOST_AT_ONCE, len(self._waiting)))]
        self._last_batch = len(batch)
        return batch

    def _gather(self) -> None:
        """Leave the processor to the loop while it brings more: they share the commit, and the two do not fight."""
        end, seen = time.monotonic() + GATHER_MOST_SECONDS, 0
        while seen < len(self._waiting) < MOST_AT_ONCE and time.monotonic() < end:
            seen = len(self._waiting)
            time.sleep(GATHER_SECONDS)

    def _store(self, deliveries: Sequence[NewDelivery]) -> Sequence[Accepted | TasklistsError]:
        try:
            return self._inbox.accept(deliveries, also=self._also)
        except TasklistsError as error:  # locked, full, gone: the same for each of them
            return [error] * len(deliveries)
        except Exception as error:
            if len(deliveries) > 1:
                return [outcome for one in deliveries for outcome in self._store([one])]
            log.error("a delivery could not be stored: %s", type(error).__name__)  # its message may hold the body
            return [Unreachable("A delivery could not be stored.")]


class _Patience:
    """Ends the waiting of those who waited too long, all by one timer. Lives on the loop of the door."""

    def __init__(self) -> None:
        self._until: dict[asyncio.Future[Accepted], float] = {}  # the oldest first
        self._looks = False

    def begin(self, loop: asyncio.AbstractEventLoop, told: asyncio.Future[Accepted]) -> None:
        self._until[told] = loop.time() + PATIENCE_SECONDS
        if not self._looks:
            self._looks = True
            loop.call_later(LOOK_SECONDS, self._look, loop)

    def end(self, told: asyncio.Future[Accepted]) -> None:
        self._until.pop(told, None)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for told, until in self._until.items():
            if until > now:
                break
            _tell(told, Unreachable("The ledger took too long."))
        self._looks = bool(self._until)
        if self._looks:
            loop.call_later(LOOK_SECONDS, self._look, loop)


def _tell_all(told: Sequence[tuple[_Waiting, Accepted | TasklistsError]]) -> None:
    for waiting, outcome in told:
        _tell(waiting.told, outcome)


def _tell(told: asyncio.Future[Accepted], outcome: Accepted | TasklistsError) -> None:
    if told.done():  # nobody waits any more
        return
    if isinstance(outcome, TasklistsError):
        told.set_exception(outcome)
    else:
        told.set_result(outcome)
