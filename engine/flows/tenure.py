"""Who may write one coworker's tasks now: a lease in the ledger, with a fence number, held by one run.

Checked with the clock right before every send, renewed only by its holder. A process that slept past it sends at
most the one call that it was already in: only one is between the check and its last byte.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Final
from uuid import UUID

from whenever import Instant

from engine.core.errors import TasklistsError, Unfinished
from engine.core.wire_dates import wire_moment
from engine.ledger.ledger import Ledger
from engine.ledger.values import Lease, RunId
from engine.nexudus.gate import Gate

LEASE_SECONDS: Final = 30.0
"""How long a process that died keeps others from its coworker. A living one renews three times as often."""

_RENEWALS_A_LEASE: Final = 3


class Overtaken(TasklistsError):
    """Another run has the lease; nothing was sent."""

    def __init__(self) -> None:
        super().__init__("another run has taken this member over in the meantime; nothing was sent")


class Occupied(Unfinished):
    """Another process works on this coworker, and we were not to wait."""

    def __init__(self, coworker_id: int, free_at: Instant | None) -> None:
        free = f", or died and keeps it until {wire_moment(free_at)} at most" if free_at is not None else ""
        super().__init__(
            f"another process is working on coworker {coworker_id}{free}.",
            advice="Nothing was done here. Try again then, or leave --no-wait out to wait.",
        )


def lease_name(coworker_id: int) -> str:
    """Return the name of the lease on one coworker's tasks."""
    return f"coworker {coworker_id}"


def new_holder() -> str:
    """Return a name for one process that no other process ever has; no host and no person is in it."""
    return secrets.token_hex(8)


class Tenure:
    """The lease of one coworker. Its gates let a send through only while the lease and the intent are ours."""

    def __init__(
        self,
        ledger: Ledger,
        coworker_id: int,
        *,
        holder: str,
        seconds: float = LEASE_SECONDS,
        clock: Callable[[], Instant] = Instant.now,
    ) -> None:
        self.coworker_id = coworker_id
        self._ledger = ledger
        self._holder = holder
        self.seconds = seconds
        self._clock = clock
        self._lease: Lease | None = None
        self._run_id: RunId | None = None
        self._sending = threading.Lock()

    def take(self) -> bool:
        """Take the lease if it is free; False while another process has it."""
        name = lease_name(self.coworker_id)
        self._lease = self._ledger.take_lease(name, holder=self._holder, seconds=self.seconds, now=self._clock())
        return self._lease is not None

    def free_at(self) -> Instant | None:
        """When the lease of whoever holds it runs out, unless renewed; None if it is free."""
        return self._ledger.leased_until(lease_name(self.coworker_id), self._clock())

    def give_back(self) -> None:
        """Let others go on at once. A ledger that cannot be written now makes them wait until it runs out."""
        if self._lease is not None:
            with suppress(TasklistsError):
                self._ledger.give_back_lease(self._lease)
            self._lease = None

    def renew(self) -> bool:
        """Keep the lease for another term; False when it is another's by now."""
        lease = self._lease
        if lease is None:
            return False
        renewed = self._ledger.renew_lease(lease, seconds=self.seconds, now=self._clock())
        if renewed is not None and self._lease is not None:
            self._lease = renewed
        return renewed is not None

    @property
    def lease(self) -> Lease | None:
        """The lease as it was last renewed; whoever lost it writes nothing more under it."""
        return self._lease

    def serve(self, run_id: RunId) -> None:
        """Say which run sends from now on: its sign of life goes with each check."""
        self._run_id = run_id

    def gate(self, identity: UUID) -> Gate:
        """Return the gate of one task's creation."""
        return _TaskGate(self, identity)

    def enter(self, identity: UUID) -> None:
        """Check lease and intent with the clock, right before a first byte. Overtaken when they are another's."""
        self._sending.acquire()
        try:
            self._check(identity)
        except BaseException:
            self._sending.release()
            raise

    def leave(self) -> None:
        """The last byte is out."""
        self._sending.release()

    def _check(self, identity: UUID) -> None:
        """Ask the ledger until its answer is younger than the lease: writing it may have taken a while."""
        while True:
            if self._lease is None or self._run_id is None:
                raise Overtaken
            lease = self._ledger.confirm(
                self._run_id, self._lease, seconds=self.seconds, now=self._clock(), identity=identity
            )
            if lease is None:
                raise Overtaken
            self._lease = lease
            if self._clock() < lease.until:
                return


class _TaskGate:
    def __init__(self, tenure: Tenure, identity: UUID) -> None:
        self._tenure = tenure
        self._identity = identity

    def enter(self) -> None:
        self._tenure.enter(self._identity)

    def leave(self) -> None:
        self._tenure.leave()


Keeper = Callable[[Tenure], AbstractContextManager[None]]
"""What keeps a lease alive for the length of a block."""


@contextmanager
def kept_by_thread(tenure: Tenure) -> Iterator[None]:
    """Renew the lease in the background until the block ends; a process that is stopped renews nothing."""
    over = threading.Event()

    def keep() -> None:
        while not over.wait(tenure.seconds / _RENEWALS_A_LEASE):
            with suppress(TasklistsError):  # the check before the next send tells
                tenure.renew()

    thread = threading.Thread(target=keep, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
