"""One probe at a time on an account, and how it is ended: its lease, its waits, and a removal that no signal stops.

Two probes at once would remove each other's tasks as left over. Must never let a creation out after the lease is lost.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from whenever import Instant

from engine.core.errors import TasklistsError, Unfinished
from engine.flows.stopping import Stop, Stopped
from engine.flows.tenure import new_holder
from engine.ledger.ledger import Ledger
from engine.ledger.values import Lease

LEASE: Final = "probe"
_SLICE_SECONDS: Final = 0.5


class Overtaken(Unfinished):
    """Another probe has taken over; nothing more was sent."""

    def __init__(self) -> None:
        super().__init__("another probe has taken over in the meantime; nothing more was made")


class Deferring(Stop):
    """Hands on a request to stop, until the removal begins: from then on waits are slept out and nothing is refused."""

    def __init__(self, asked: Stop) -> None:
        super().__init__()
        self._person = asked
        self._removing = False

    def begin_removal(self) -> None:
        """From now on a request to stop is not heard: what was made has to go first."""
        self._removing = True

    @property
    def requested(self) -> bool:
        return not self._removing and self._person.requested

    @property
    def asked_for(self) -> bool:
        """Whether a person asked, removal or not."""
        return self._person.requested

    def sleep(self, seconds: float) -> None:
        """Sleep so long; Stopped as soon as somebody asks, before the removal."""
        if self._removing:
            time.sleep(max(0.0, seconds))
        else:
            self._person.sleep(seconds)

    def wait(self, seconds: float) -> bool:
        """Wait for something that a person need not wait for, removal or not; False when they asked to stop."""
        try:
            self._person.sleep(seconds)
        except Stopped:
            return False
        return True


class Turn:
    """The lease of this probe. As a gate it lets a creation through only while the lease is ours."""

    def __init__(self, ledger: Ledger, stop: Deferring, *, seconds: float, clock: Callable[[], Instant]) -> None:
        self._ledger = ledger
        self._stop = stop
        self._seconds = seconds
        self._clock = clock
        self._holder = new_holder()
        self._lease: Lease | None = None

    def take(self, waiting: Callable[[str], None]) -> None:
        """Take the lease, waiting for another probe to end or for its lease to run out. Raises Stopped."""
        told = False
        while (lease := self._try()) is None:
            if not told:
                waiting("another probe is at work, or was ended; waiting for its turn to run out")
            told = True
            self._stop.sleep(min(_SLICE_SECONDS, self._seconds))
        self._lease = lease

    def _try(self) -> Lease | None:
        return self._ledger.take_lease(LEASE, holder=self._holder, seconds=self._seconds, now=self._clock())

    def check(self) -> None:
        """Between two steps: Stopped when somebody asked, Overtaken when the lease is another's; else it is renewed."""
        self._stop.check()
        if self._lease is not None:
            self._lease = self._ledger.renew_lease(self._lease, seconds=self._seconds, now=self._clock())
        if self._lease is None:
            raise Overtaken

    def enter(self) -> None:
        """Right before the first byte of a creation."""
        self.check()

    def leave(self) -> None:
        """The last byte is out: nothing to do, one creation is made at a time."""

    def give_back(self) -> None:
        """Let the next probe begin at once; where the ledger cannot be written now it waits for the lease to end."""
        if self._lease is not None:
            with suppress(TasklistsError):
                self._ledger.give_back_lease(self._lease)
