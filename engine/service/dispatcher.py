"""Handing out work on one machine: one loop that takes what is due from the ledger, and a few threads that do it.

It holds nothing that would be missed: a process that is killed forgets only which ids were under way, and the next
one finds them due. It must never hand out one coworker to two threads at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from whenever import Instant

from engine.core.errors import TasklistsError
from engine.flows.stopping import Stop, Stopped
from engine.ledger.ledger import Ledger
from engine.service.work import Work, told

POLL_SECONDS: Final = 0.5
"""How long a job that falls due waits at most; a delivery wakes the loop at once."""

_REST_SECONDS: Final = 5.0
"""What raised though it never should is not tried again sooner: the ledger may be away, or it is a bug."""

Notice = Callable[[str, str], None]
"""Called with what is wrong: a kind of work, and a sentence without any member's data."""


class Dispatcher:
    """One loop, `threads` workers. `stop` ends the waits of calls under way; `close` waits for them."""

    def __init__(  # noqa: PLR0913 - all by name
        self,
        work: Work,
        ledger: Ledger,
        stop: Stop,
        *,
        threads: int,
        notice: Notice,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._work = work
        self._ledger = ledger
        self._stop = stop
        self._threads = threads
        self._notice = notice
        self._poll_seconds = poll_seconds
        self._woken = threading.Event()
        self._guard = threading.Lock()
        self._under_way: set[Hashable] = set()
        self._resting: dict[Hashable, float] = {}
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="work")
        self._loop = threading.Thread(target=self._run, name="dispatcher", daemon=True)

    def start(self) -> None:
        """Begin to take what is due."""
        self._loop.start()

    def wake(self) -> None:
        """Look at once: something came in."""
        self._woken.set()

    @property
    def alive(self) -> bool:
        """Whether the loop still takes what is due."""
        return self._loop.is_alive()

    def close(self, seconds: float) -> bool:
        """Take nothing more and wait so long for what is under way; False if some of it is not done by then."""
        self._stop.request()
        self._woken.set()
        end = time.monotonic() + seconds
        if self._loop.is_alive():
            self._loop.join(timeout=seconds)
        self._pool.shutdown(wait=False, cancel_futures=True)
        while time.monotonic() < end:
            with self._guard:
                if not self._under_way:
                    return True
            time.sleep(0.02)
        with self._guard:
            return not self._under_way

    def _run(self) -> None:
        while not self._stop.requested:
            self._woken.clear()
            try:
                took = self._take()
            except TasklistsError as error:  # the ledger is away: nothing is lost, look again
                self._notice("dispatch", told(error))
                took = False
            if not took:
                self._woken.wait(self._poll_seconds)

    def _take(self) -> bool:
        """Hand out what is due, as far as threads are free; whether anything was handed out."""
        now = Instant.now()
        took = False
        for delivery_id in self._ledger.inbox.due(now, limit=self._threads * 4 + self._held()):
            took |= self._hand_out("delivery", delivery_id, partial(self._work.settle, delivery_id))
        for job_id, coworker_id in self._ledger.jobs.due(now, limit=self._threads * 2, but_coworkers=self._busy()):
            took |= self._hand_out("job", coworker_id, partial(self._work.advance, job_id))
        return took

    def _held(self) -> int:
        """How many deliveries are due and not to be handed out now: they must not hide the others."""
        with self._guard:
            self._wake_rested()
            keys = self._under_way | self._resting.keys()
        return sum(isinstance(key, tuple) and key[0] == "delivery" for key in keys)

    def _busy(self) -> frozenset[int]:
        """Coworkers that are worked on, or rest, now."""
        with self._guard:
            self._wake_rested()
            keys = self._under_way | self._resting.keys()
        return frozenset(key[1] for key in keys if isinstance(key, tuple) and key[0] == "job")

    def _wake_rested(self) -> None:
        now = time.monotonic()
        self._resting = {key: until for key, until in self._resting.items() if until > now}

    def _hand_out(self, kind: str, what: Hashable, call: Callable[[], None]) -> bool:
        key = (kind, what)
        with self._guard:
            self._wake_rested()
            if len(self._under_way) >= self._threads or key in self._under_way or key in self._resting:
                return False
            self._under_way.add(key)
        self._pool.submit(self._do, key, call)
        return True

    def _do(self, key: tuple[str, Hashable], call: Callable[[], None]) -> None:
        try:
            call()
        except Stopped:
            pass
        except Exception as error:  # noqa: BLE001 - one piece of work must never end the others
            self._notice(key[0], told(error))
            with self._guard:
                self._resting[key] = time.monotonic() + _REST_SECONDS
        finally:
            with self._guard:
                self._under_way.discard(key)
            self._woken.set()
