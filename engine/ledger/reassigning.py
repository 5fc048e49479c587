"""Changes of the responsible: what is about to be changed, and what came of it. Inside a caller's transaction.

It must never forget a change that may have happened: an open one stays until somebody looked.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, insert, select, update

from engine.core.known import fingerprint
from engine.ledger import schema
from engine.ledger.claims import SmallKeys
from engine.ledger.outcomes import ERROR_LETTERS
from engine.ledger.packing import instant, instant_or_none, pack_fingerprints, unpack_fingerprints
from engine.ledger.schema import AnyRow
from engine.ledger.values import Reassigning, Reassignment

_table = schema.reassignments
_one = _table.c
_task = schema.tasks.c
REASSIGNED: Final = "reassigned"
_FIELD: Final = "ResponsibleId"
OUTCOMES: Final = frozenset({REASSIGNED, "skipped", "failed"})


def begin(connection: Connection, change: Reassigning, now: int) -> int:
    """Write that a task is about to be given away; an open change of the same task and people is gone on with."""
    same = (_one.settled_at.is_(None)) & _is(change)
    found = connection.execute(select(_one.key).where(same)).scalar()
    if found is not None:
        return int(found)
    row = {
        "coworker_id": change.coworker_id,
        "identity": change.identity.bytes,
        "task_id": change.task_id,
        "before_id": change.before_id,
        "after_id": change.after_id,
        "at": now,
        "outcome": "",
        "why": "",
    }
    made = connection.execute(insert(_table).values(row)).inserted_primary_key
    assert made is not None  # one row, one key
    return int(made[0])


def _is(change: Reassigning) -> ColumnElement[bool]:
    people = (_one.before_id == change.before_id) & (_one.after_id == change.after_id)
    return people & (_one.coworker_id == change.coworker_id) & (_one.identity == change.identity.bytes)


def settle(connection: Connection, key: int, outcome: str, *, why: str, now: int) -> None:
    """Write what came of a change; the task is the other one's if it was made. ValueError for another outcome.

    LookupError: there is no such change.
    """
    if outcome not in OUTCOMES:
        raise ValueError(f"{outcome!r} is no outcome of a reassignment")
    row = connection.execute(select(_table).where(_one.key == key)).one_or_none()
    if row is None:
        raise LookupError(f"no reassignment {key} in the ledger")
    values = {"settled_at": now, "outcome": outcome, "why": why[:ERROR_LETTERS]}
    connection.execute(update(_table).where(_one.key == key).values(values))
    if outcome == REASSIGNED:
        _hand_over(connection, row)


def _hand_over(connection: Connection, row: AnyRow) -> None:
    person = SmallKeys(schema.people, "user_id").keys(connection, {row.after_id})[row.after_id]
    one = (_task.coworker_id == row.coworker_id) & (_task.identity == row.identity)
    values: dict[str, object] = {"person_key": person}
    packed = connection.execute(select(_task.fingerprints).where(one)).scalar()
    told = unpack_fingerprints(packed) if packed else {}
    if _FIELD in told:  # what the task says now is ours: else an audit would take it for an edit of the staff's
        key = connection.execute(select(schema.account.c.hash_key)).scalar_one()
        told[_FIELD] = fingerprint(bytes(key), _FIELD, str(row.after_id))
        values["fingerprints"] = pack_fingerprints(told)
    connection.execute(update(schema.tasks).where(one).values(values))


def read(connection: Connection, *, limit: int) -> tuple[Reassignment, ...]:
    """The newest changes, the newest first."""
    return tuple(map(_stored, connection.execute(select(_table).order_by(_one.key.desc()).limit(limit))))


def read_open(connection: Connection) -> tuple[Reassignment, ...]:
    """The changes without an outcome, the oldest first."""
    return tuple(
        map(_stored, connection.execute(select(_table).where(_one.settled_at.is_(None)).order_by(_one.key)))
    )


def _stored(row: AnyRow) -> Reassignment:
    people = {"before_id": row.before_id, "after_id": row.after_id}
    return Reassignment(
        key=row.key,
        change=Reassigning(row.coworker_id, UUID(bytes=row.identity), row.task_id, **people),
        at=instant(row.at),
        settled_at=instant_or_none(row.settled_at),
        outcome=row.outcome,
        why=row.why,
    )
