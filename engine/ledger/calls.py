"""The calls of all processes, as rows. Inside a transaction of the caller that holds the write lock.

It must never decide how many calls fit: `limits` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from engine.ledger import schema
from engine.ledger.limits import FARTHEST, Window, first_after, next_moment

_PRUNE_EVERY: Final = 64
"""A row in so many: pruning reads what it keeps, and old rows harm nobody."""

_call = schema.calls.c
_COUNT_ALL: Final = select(func.count()).select_from(schema.calls).where(_call.at > bindparam("after"))
_COUNT_WRITES: Final = _COUNT_ALL.where(_call.is_write == 1)
_ALL: Final = select(_call.at).where(_call.at > bindparam("after")).order_by(_call.at)
_WRITES: Final = _ALL.where(_call.is_write == 1)
_INSERT: Final = insert(schema.calls)
_PAUSE: Final = select(schema.pause.c.until)


class StoredCalls:
    """The calls in the ledger, less one at the moment `but`, for `limits`."""

    def __init__(self, connection: Connection, but: int | None = None) -> None:
        self._connection = connection
        self._but = but

    def count(self, after: int, *, writes_only: bool) -> int:
        """How many calls are later than `after`."""
        statement = _COUNT_WRITES if writes_only else _COUNT_ALL
        own = self._but is not None and self._but > after
        return int(self._connection.execute(statement, {"after": after}).scalar_one()) - own

    def moments(self, after: int, *, writes_only: bool) -> Sequence[int]:
        """Their moments, sorted."""
        statement = _WRITES if writes_only else _ALL
        found = list(self._connection.execute(statement, {"after": after}).scalars())
        if self._but in found:
            found.remove(self._but)
        return found


def reserve(connection: Connection, now: int, windows: Sequence[Window], *, write: bool) -> int:
    """Write down one more call at the first moment that is within all windows, and return it."""
    start = max(now, _pause_at(connection, now))
    at = next_moment(StoredCalls(connection), start, windows, write=write)
    made = connection.execute(_INSERT, {"at": at, "is_write": int(write)}).inserted_primary_key
    if made is not None and made[0] % _PRUNE_EVERY == 0:
        _prune(connection, now, windows)
    return at


def due(connection: Connection, at: int, now: int, windows: Sequence[Window], *, write: bool) -> int:
    """When the call reserved for `at`, whose turn has come, may go: `now` or later."""
    start = max(now, _pause_at(connection, now))
    return max(start, first_after(StoredCalls(connection, but=at), now, windows, write=write))


def move(connection: Connection, at: int, to: int, *, write: bool) -> None:
    """Write down that the call reserved for `at` goes at another moment; of equal ones any is the one."""
    one = select(_call.key).where(_call.at == at, _call.is_write == int(write)).limit(1).scalar_subquery()
    moved = connection.execute(update(schema.calls).where(_call.key == one).values(at=to))
    if not moved.rowcount:  # it woke up so late that its reservation was pruned
        connection.execute(_INSERT, {"at": to, "is_write": int(write)})


def _prune(connection: Connection, now: int, windows: Sequence[Window]) -> None:
    longest = max((window.guarded for window in windows), default=0)
    of_reads = max((window.guarded for window in windows if not window.writes_only), default=0)
    old_read = (_call.at < now - of_reads) & (_call.is_write == 0)
    connection.execute(
        delete(schema.calls).where((_call.at < now - longest) | old_read | (_call.at > now + FARTHEST))
    )


def _pause_at(connection: Connection, now: int) -> int:
    """The end of the pause in force; one that is hours away was written by a clock that was wrong."""
    until = pause_of(connection)
    return now if until is None or until > now + FARTHEST else until


def pause_of(connection: Connection) -> int | None:
    """The moment before which nobody may call, None if there never was one."""
    until: int | None = connection.execute(_PAUSE).scalar()
    return until


def pause(connection: Connection, until: int) -> None:
    """Move that moment forward, never back; but for one that only a wrong clock can have written."""
    stored = pause_of(connection)
    if stored is None:
        connection.execute(insert(schema.pause).values(id=1, until=until))
    elif stored < until or stored > until + FARTHEST:
        connection.execute(update(schema.pause).values(until=until))
