"""What the service's parts of a ledger need of it: its transactions, and an end for texts that went.

It must never open a transaction by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TypeAlias

from sqlalchemy import Connection

from engine.ledger.service_values import LONGEST_WHY, DeliveryId, JobId

Also: TypeAlias = Callable[[Connection, Sequence[str]], None]
"""Called inside the transaction with the ids of what is new; what it raises undoes all of it."""

AlsoDeliveries: TypeAlias = Callable[[Connection, Sequence[DeliveryId]], None]
AlsoJobs: TypeAlias = Callable[[Connection, Sequence[JobId]], None]

Transaction: TypeAlias = Callable[[], AbstractContextManager[Connection]]


@dataclass(frozen=True)
class Reading:
    """What can only look."""

    reading: Transaction


@dataclass(frozen=True)
class Transactions(Reading):
    writing: Transaction
    """One at a time among all processes: what it reads stays true until commit."""
    text_went: Callable[[], None]
    """A member's text was removed: its bytes are to be cut out of the log."""
    tidy: Callable[[], None]
    """Cut them out now."""


def short(why: str) -> str:
    """A reason as it may be stored. It must hold no member's text; a long one was not written by us."""
    assert len(why) <= LONGEST_WHY, f"a reason of {len(why)} characters"
    return why
