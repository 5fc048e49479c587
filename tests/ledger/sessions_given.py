"""What tests of a ledger's sessions on PostgreSQL share: one lease, waiting, and an administrator who ends sessions."""

from __future__ import annotations

import time
from collections.abc import Callable

from postgres_given import rows_of
from whenever import Instant

from engine.ledger.ledger import Ledger
from engine.ledger.values import Lease

NAME = "coworker 1"
SOON = 0.3
"""Seconds of a lease that is to run out while its holder is stopped."""


def take(ledger: Ledger, holder: str = "quick", seconds: float = SOON) -> Lease | None:
    return ledger.take_lease(NAME, holder=holder, seconds=seconds, now=Instant.now())


def until(is_so: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.01)


def end_sessions(address: str) -> None:
    """What an administrator or a restart does: every session of a ledger is over, from the server's side."""
    rows_of(
        address,
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name = 'tasklists'",
    )


def sessions(address: str, where: str = "true") -> int:
    ((number,),) = rows_of(
        address,
        "SELECT count(*) FROM pg_stat_activity"
        f" WHERE datname = current_database() AND application_name = 'tasklists' AND {where}",
    )
    return int(number)
