"""What a service does by the clock: each duty at its interval, by one process at a time.

A duty that fails is told and comes again at its next turn; it must never end the thread, nor hold up the others:
those that call Nexudus run apart from those that only look at the ledger.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from whenever import Instant

from engine.flows.stopping import Stop, Stopped
from engine.ledger.ledger import Ledger
from engine.ledger.values import Lease
from engine.service.dispatcher import Notice
from engine.service.work import told

_TICK_SECONDS: Final = 0.2
_LEASE_SECONDS: Final = 60.0
_TAKEN_SECONDS: Final = 15.0
"""Whoever has a duty may be a process that was killed in it: its turn must not pass unused for a whole interval."""


@dataclass(frozen=True)
class Duty:
    """One thing to do every so many seconds, the first time `after` seconds from the start.

    `alone`: of all processes on the ledger only one does it at a time, under a lease of that name.
    """

    name: str
    seconds: float
    do: Callable[[], object]
    after: float = 0.0
    alone: bool = True


class Schedule:
    """One thread for a few duties, one after the other."""

    def __init__(  # noqa: PLR0913 - all by name
        self,
        name: str,
        duties: Sequence[Duty],
        ledger: Ledger,
        *,
        holder: str,
        stop: Stop,
        notice: Notice,
        taken_seconds: float = _TAKEN_SECONDS,
    ) -> None:
        self._duties = duties
        self._ledger = ledger
        self._holder = holder
        self._stop = stop
        self._notice = notice
        self._taken_seconds = taken_seconds
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether duties are still done."""
        return self._thread.is_alive()

    def join(self, seconds: float) -> None:
        """Wait for the duty under way, after the stop was asked for."""
        if self._thread.is_alive():
            self._thread.join(timeout=seconds)

    def _run(self) -> None:
        started = time.monotonic()
        due = {duty.name: started + duty.after for duty in self._duties}
        while not self._stop.requested:
            for duty in self._duties:
                if not self._stop.requested and time.monotonic() >= due[duty.name]:
                    had_its_turn = self._do(duty)
                    pause = duty.seconds if had_its_turn else min(duty.seconds, self._taken_seconds)
                    due[duty.name] = time.monotonic() + pause
            time.sleep(_TICK_SECONDS)

    def _do(self, duty: Duty) -> bool:
        """Do it, whatever comes of it; False if another process has the duty now."""
        try:
            if not duty.alone:
                duty.do()
                return True
            lease = self._take(duty)
            if lease is None:
                return False
            with _Kept(self._ledger, lease):
                duty.do()
        except Stopped:
            pass
        except Exception as error:  # noqa: BLE001 - one duty must never end the others
            self._notice(duty.name, told(error))
        return True

    def _take(self, duty: Duty) -> Lease | None:
        """None while another process does it."""
        now = Instant.now()
        return self._ledger.take_lease(f"duty {duty.name}", holder=self._holder, seconds=_LEASE_SECONDS, now=now)


class _Kept:
    """A lease renewed by a thread until the block ends, then given back."""

    def __init__(self, ledger: Ledger, lease: Lease) -> None:
        self._ledger = ledger
        self._lease = lease
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="duty lease", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._ledger.give_back_lease(self._lease)

    def _keep(self) -> None:
        while not self._over.wait(_LEASE_SECONDS / 3):
            try:
                kept = self._ledger.renew_lease(self._lease, seconds=_LEASE_SECONDS, now=Instant.now())
            except Exception:  # noqa: BLE001,S112 - the ledger is away: it is tried again, and the duty's own writes tell
                continue
            self._lease = kept or self._lease
