"""Who has which of our tasks: given out by us, and not known as completed or gone. Inside a caller's transaction.

It must never count what is only intended, nor ask Nexudus: what we do not know as ended is open.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, bindparam, func, select, update

from engine.ledger import schema
from engine.ledger.claims import ONE
from engine.ledger.packing import instant_or_none
from engine.ledger.prepared import Prepared
from engine.ledger.schema import AnyRow
from engine.ledger.values import HeldTask

_task, _run, _person = schema.tasks.c, schema.runs.c, schema.people.c
_OPEN: Final = (
    _task.person_key.is_not(None)
    & _task.task_id.is_not(None)
    & _task.completed_at.is_(None)
    & _task.gone_at.is_(None)
)
_LOADS: Final = (
    select(_person.user_id, func.count())
    .select_from(schema.tasks.join(schema.people, _person.key == _task.person_key))
    .where(_OPEN)
    .group_by(_person.user_id)
)
_OWN_LOADS: Final = (
    select(_person.user_id, func.count())
    .select_from(schema.tasks.join(schema.people, _person.key == _task.person_key))
    .join(schema.batches, schema.batches.c.key == _task.batch_key)
    .where(_OPEN & (_task.coworker_id == bindparam("coworker")) & (schema.batches.c.tasklist == bindparam("list")))
    .group_by(_person.user_id)
)
_HELD: Final = (
    select(
        *(_task.coworker_id, _task.identity, _task.task_id, _task.thing_id, _task.due_at),
        *(_run.business_id, schema.batches.c.tasklist, schema.items.c.item),
    )
    .join(schema.people, _person.key == _task.person_key)
    .join(schema.runs, _run.key == _task.run_key)
    .join(schema.batches, schema.batches.c.key == _task.batch_key)
    .join(schema.items, schema.items.c.key == _task.item_key)
    .where((_person.user_id == bindparam("user")) & _OPEN)
    .order_by(_task.due_at.is_(None), _task.due_at, _task.coworker_id, _task.identity)
)
_COMPLETE: Final = Prepared(update(schema.tasks).where(ONE).values(completed_at=bindparam("moment")))
_GO: Final = Prepared(update(schema.tasks).where(ONE).values(gone_at=bindparam("moment")))


def loads(connection: Connection, without: tuple[int, str] | None = None) -> dict[int, int]:
    """User id -> open tasks; `without` those of a coworker's list."""
    found = {row[0]: row[1] for row in connection.execute(_LOADS)}
    if without is not None:
        for row in connection.execute(_OWN_LOADS, {"coworker": without[0], "list": without[1]}):
            found[row[0]] -= row[1]
    return {user_id: number for user_id, number in found.items() if number}


def tasks_of(connection: Connection, user_id: int) -> tuple[HeldTask, ...]:
    """The open tasks of a user."""
    return tuple(map(_held, connection.execute(_HELD, {"user": user_id})))


def _held(row: AnyRow) -> HeldTask:
    return HeldTask(
        coworker_id=row.coworker_id,
        identity=UUID(bytes=row.identity),
        task_id=row.task_id,
        tasklist=row.tasklist,
        item=row.item,
        key="" if row.thing_id is None else str(row.thing_id),
        due_at=instant_or_none(row.due_at),
        business_id=row.business_id,
    )


def complete(connection: Connection, coworker_id: int, moments: Mapping[UUID, int | None]) -> None:
    """Write since when tasks are completed, in seconds; None: they are open again."""
    rows = [{"coworker": coworker_id, "one": one.bytes, "moment": moments[one]} for one in sorted(moments)]
    _COMPLETE.run_many(connection, rows)


def go(connection: Connection, coworker_id: int, gone: Collection[UUID], now: int) -> None:
    """Write that tasks are no more; `now` in seconds."""
    rows = [{"coworker": coworker_id, "one": one.bytes, "moment": now} for one in sorted(gone)]
    _GO.run_many(connection, rows)
