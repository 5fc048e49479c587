"""Batches of which something waits for a completion or a moment. Inside a caller's transaction.

It must never keep what was asked of a batch that waits no more: it may hold a member's text.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, insert, or_, select, update

from engine.ledger import schema
from engine.ledger.packing import instant, instant_or_none, milliseconds, milliseconds_or_none
from engine.ledger.schema import AnyRow
from engine.ledger.values import BatchKey, StoredWait

_table = schema.waits
_wait = _table.c


def read(connection: Connection, coworker_id: int | None) -> tuple[StoredWait, ...]:
    """What waits, of one coworker or of all, by coworker and batch."""
    chosen = select(_table).order_by(*_table.primary_key.columns)
    if coworker_id is not None:
        chosen = chosen.where(_wait.coworker_id == coworker_id)
    return tuple(map(_stored, connection.execute(chosen)))


def _stored(row: AnyRow) -> StoredWait:
    return StoredWait(
        coworker_id=row.coworker_id,
        key=BatchKey(row.kind, row.subject_id, row.tasklist, row.cycle),
        request=row.request,
        items=row.items,
        next_look_at=instant_or_none(row.next_look_at),
        looked_at=instant(row.looked_at),
        tries=row.tries,
        ended_at=instant_or_none(row.ended_at),
        why=row.why,
    )


def keep(connection: Connection, wait: StoredWait) -> None:
    """Write what waits, in place of what was known of the batch."""
    connection.execute(delete(_table).where(_is(wait.coworker_id, wait.key)))
    row: dict[str, Any] = {
        "coworker_id": wait.coworker_id,
        "kind": wait.key.kind,
        "subject_id": wait.key.subject_id,
        "tasklist": wait.key.tasklist,
        "cycle": wait.key.cycle,
        "request": wait.request,
        "items": wait.items,
        "next_look_at": milliseconds_or_none(wait.next_look_at),
        "looked_at": milliseconds(wait.looked_at),
        "tries": wait.tries,
        "ended_at": milliseconds_or_none(wait.ended_at),
        "why": wait.why,
    }
    connection.execute(insert(_table).values(row))


def forget(connection: Connection, coworker_id: int, key: BatchKey, *, looked_by: int | None) -> bool:
    """Remove the row of a batch, looked at no later than `looked_by` where one is given. False if there is none."""
    chosen = _is(coworker_id, key)
    if looked_by is not None:
        chosen &= _wait.looked_at <= looked_by
    return connection.execute(delete(_table).where(chosen)).rowcount > 0


def put_off(connection: Connection, wait: StoredWait, looked_at: int) -> None:
    """Write when and why a batch is looked at again, unless somebody looked at it since it was read."""
    chosen = _is(wait.coworker_id, wait.key) & (_wait.looked_at == milliseconds(wait.looked_at))
    again = milliseconds_or_none(wait.next_look_at)
    told = update(_table).values(next_look_at=again, looked_at=looked_at, tries=wait.tries, why=wait.why)
    connection.execute(told.where(chosen))


def hasten(connection: Connection, coworker_ids: Collection[int], now: int) -> None:
    """Let the batches of these coworkers be looked at now."""
    of_them = _wait.coworker_id.in_(sorted(coworker_ids)) & _wait.ended_at.is_(None)
    later = or_(_wait.next_look_at.is_(None), _wait.next_look_at > now)
    connection.execute(update(_table).where(of_them & later).values(next_look_at=now, tries=0))


def end(connection: Connection, coworker_id: int, key: BatchKey, *, why: str, now: int) -> None:
    """Give a batch up: the reason stays, what was asked and what waited go."""
    values = {"ended_at": now, "next_look_at": None, "request": "", "items": "[]", "why": why}
    connection.execute(update(_table).where(_is(coworker_id, key)).values(values))


def forget_ended(connection: Connection, before: int) -> int:
    """Remove the rows that were given up before a moment, and return how many."""
    return connection.execute(delete(_table).where(_wait.ended_at < before)).rowcount


def _is(coworker_id: int, key: BatchKey) -> ColumnElement[bool]:
    batch = (_wait.kind == key.kind) & (_wait.subject_id == key.subject_id)
    return (_wait.coworker_id == coworker_id) & batch & (_wait.tasklist == key.tasklist) & (_wait.cycle == key.cycle)
