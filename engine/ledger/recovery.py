"""What a crash or a doubt has left to do, and whose tasks are remembered at all. Nothing here writes.

It must never overlook an open intent: the task may be there, unknown to us.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy import Connection, bindparam, exists, select

from engine.ledger import schema
from engine.ledger.packing import instant, instant_or_none
from engine.ledger.schema import AnyRow
from engine.ledger.values import OpenIntent, Result, RunId

_task, _payload, _run = schema.tasks.c, schema.payloads.c, schema.runs.c
_result, _batch = schema.results.c, schema.batches.c

_OPEN: Final = (
    select(
        *(_task.identity, _task.at, _task.contract_id, _task.event_at, _task.due_at),
        *(_payload.key, _payload.payload, _run.id, _run.seen_at, _batch.tasklist, schema.items.c.item),
    )
    .join(schema.payloads, (_payload.coworker_id == _task.coworker_id) & (_payload.identity == _task.identity))
    .join(schema.runs, _run.key == _task.run_key)
    .join(schema.batches, _batch.key == _task.batch_key)
    .join(schema.items, schema.items.c.key == _task.item_key)
    .where((_task.coworker_id == bindparam("coworker")) & (_task.state == schema.INTENDED))
    .order_by(_task.at, _task.identity)
)

# A payload is there exactly as long as its intent is open: the few rows of this table tell whose.
_TO_RECOVER: Final = select(_payload.coworker_id).union(select(schema.requests.c.coworker_id))

_LAST_RESULTS: Final = (
    select(schema.results, _run.id, schema.items.c.item)
    .join(schema.runs, _run.key == _result.run_key)
    .outerjoin(schema.tasks, (_task.coworker_id == _run.coworker_id) & (_task.identity == _result.identity))
    .outerjoin(schema.items, schema.items.c.key == _task.item_key)
    .where((_run.coworker_id == bindparam("coworker")) & _task.task_id.is_(None))
    .order_by(_result.key)
)


def read_open_intents(connection: Connection, coworker_id: int) -> tuple[OpenIntent, ...]:
    """The intents of a coworker without a result, the oldest first."""
    return tuple(map(_open_intent, connection.execute(_OPEN, {"coworker": coworker_id})))


def _open_intent(row: AnyRow) -> OpenIntent:
    return OpenIntent(
        identity=UUID(bytes=row.identity),
        run_id=RunId(row.id),
        tasklist=row.tasklist,
        item=row.item,
        key=row.key,
        payload=row.payload,
        at=instant(row.at),
        seen_at=instant(row.seen_at),
        contract_id=row.contract_id,
        event_at=instant_or_none(row.event_at),
        due_at=instant_or_none(row.due_at),
    )


def read_coworkers_to_recover(connection: Connection) -> tuple[int, ...]:
    """The coworkers with an open intent or an unfinished run, sorted."""
    return tuple(sorted(connection.execute(_TO_RECOVER).scalars()))


def read_coworkers(connection: Connection, tasklist: str | None) -> tuple[int, ...]:
    """The coworkers with a remembered task, of one list or of any, sorted."""
    remembered = exists().where((_task.coworker_id == _batch.coworker_id) & (_task.batch_key == _batch.key))
    chosen = select(_batch.coworker_id).where(remembered).distinct().order_by(_batch.coworker_id)
    if tasklist is not None:
        chosen = chosen.where(_batch.tasklist == tasklist)
    return tuple(connection.execute(chosen).scalars())


def read_last_results(connection: Connection, coworker_id: int) -> dict[UUID, Result]:
    """The newest result of each identity of a coworker that has no task."""
    rows = connection.execute(_LAST_RESULTS, {"coworker": coworker_id})
    return {result.identity: result for result in map(_result_of, rows)}


def _result_of(row: AnyRow) -> Result:
    return Result(
        identity=UUID(bytes=row.identity),
        outcome=row.outcome,
        at=instant(row.at),
        task_id=row.task_id,
        item=row.item or "",  # null for what was never meant
        error=row.error,
        run_id=RunId(row.id),
    )
