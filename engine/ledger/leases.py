"""One holder at a time for each name, told apart by a fence number. Inside a transaction of the caller.

It must never free a lease before its moment, whatever a clock says, and never let a fence go back.
All moments and lengths are integer milliseconds.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from sqlalchemy import Connection, bindparam, insert, select, update

from engine.ledger import schema
from engine.ledger.packing import instant
from engine.ledger.prepared import Prepared
from engine.ledger.values import Lease

LONGEST: Final = 60 * 60 * 1000
"""Milliseconds. TASKLISTS_LEASE_SECONDS is at most so long."""

_FREE: Final = ""
"""The holder of a lease that was given back."""

_lease = schema.leases.c
_FIND: Final = Prepared(
    select(_lease.holder, _lease.fence, _lease.until).where(_lease.name == bindparam("lease"))
)
_CHANGE: Final = Prepared(
    update(schema.leases)
    .where(_lease.name == bindparam("lease"))
    .values(holder=bindparam("by"), fence=bindparam("number"), until=bindparam("end"))
)


class Row(NamedTuple):
    """A lease as it is stored."""

    holder: str
    fence: int
    until: int


def find(connection: Connection, name: str) -> Row | None:
    """The row of a lease, None if nobody ever took it."""
    row = _FIND.one(connection, {"lease": name})
    return None if row is None else Row(*row)


def held_until(connection: Connection, name: str, now: int) -> int | None:
    """The moment up to which somebody holds it, None if it is free."""
    row = find(connection, name)
    return None if row is None or not _is_held(row, now) else row.until


def _is_held(row: Row, now: int) -> bool:
    # A clock that was set back a little finds `until` farther away, so it waits longer and frees nothing early. No
    # lease is longer than LONGEST: an end beyond that was written by a clock that was wrong, and the fence still
    # tells a holder that lives from the one that takes over.
    return bool(row.holder != _FREE and now < row.until <= now + LONGEST)


def is_anothers(row: Row | None, holder: str, now: int) -> bool:
    """Whether somebody else holds a stored lease."""
    return row is not None and row.holder != holder and _is_held(row, now)


def take(connection: Connection, name: str, *, holder: str, length: int, now: int) -> Lease | None:
    """Take a lease that is free, ran out, or is the holder's already; None if it is another's."""
    if not holder:
        raise ValueError("a lease needs a holder")
    row = find(connection, name)
    if row is None:
        connection.execute(insert(schema.leases).values(name=name, holder=holder, fence=1, until=now + length))
        return Lease(name, holder, 1, instant(now + length))
    if not _is_held(row, now):
        return _store(connection, Lease(name, holder, row.fence + 1, instant(now + length)), now + length)
    return _prolong(connection, name, row, now + length) if row.holder == holder else None


def renew(connection: Connection, lease: Lease, *, length: int, now: int) -> Lease | None:
    """Hold it for longer, even if it ran out, as long as nobody else took it; None if somebody did."""
    row = find(connection, lease.name)
    if not is_ours(row, lease):
        return None
    assert row is not None  # or it would not be ours
    return _prolong(connection, lease.name, row, now + length)


def keep(connection: Connection, lease: Lease, *, length: int, now: int) -> Lease | None:
    """Renew it if less than half of its length is left; None if somebody else took it."""
    row = find(connection, lease.name)
    if row is not None and is_ours(row, lease) and 2 * (row.until - now) >= length:
        return Lease(lease.name, lease.holder, lease.fence, instant(row.until))
    return renew(connection, lease, length=length, now=now)


def is_ours(row: Row | None, lease: Lease) -> bool:
    """Whether the stored row is still this holding."""
    return row is not None and row.holder == lease.holder and row.fence == lease.fence


def is_lost(connection: Connection, lease: Lease | None) -> bool:
    """Whether somebody else took it: whoever held it then writes nothing more under it."""
    return lease is not None and not is_ours(find(connection, lease.name), lease)


def give_back(connection: Connection, lease: Lease) -> None:
    """Free it; nothing happens if it is another's by now."""
    if is_ours(find(connection, lease.name), lease):
        _store(connection, Lease(lease.name, _FREE, lease.fence, lease.until), 0)


def _prolong(connection: Connection, name: str, row: Row, until: int) -> Lease:
    """The later of the two ends holds: others may have seen the stored one and wait for it."""
    end = max(until, row.until)
    return _store(connection, Lease(name, row.holder, row.fence, instant(end)), end)


def _store(connection: Connection, lease: Lease, until: int) -> Lease:
    values = {"lease": lease.name, "by": lease.holder, "number": lease.fence, "end": until}
    _CHANGE.run(connection, values)
    return lease
