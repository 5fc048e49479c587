"""Reading runs, results and batches back, inside a transaction of the caller. Nothing here writes."""

from __future__ import annotations

import json
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, bindparam, select

from engine.ledger import schema
from engine.ledger.packing import instant, instant_or_none
from engine.ledger.schema import AnyRow
from engine.ledger.values import Batch, BatchKey, Result, Run, RunId

_OUTCOMES = {schema.CREATED: "created", schema.ADOPTED: "adopted"}

_of_run = (schema.requests.c.run_key == schema.runs.c.key) & (
    schema.requests.c.coworker_id == schema.runs.c.coworker_id
)
_RUNS = select(schema.runs, schema.requests.c.request).outerjoin(schema.requests, _of_run)
_UNFINISHED = select(schema.runs, schema.requests.c.request).join(schema.requests, _of_run)

_batch = schema.batches.c
_BATCH = (
    select(_batch.key, _batch.name, _batch.first_task_id)
    .where(_batch.coworker_id == bindparam("coworker"))
    .where(_batch.kind == bindparam("kind"))
    .where(_batch.subject_id == bindparam("subject"))
    .where(_batch.tasklist == bindparam("list"))
    .where(_batch.cycle == bindparam("round"))
)


def batch_row(connection: Connection, coworker_id: int, key: BatchKey) -> AnyRow | None:
    """The stored row of a batch, None if there is none."""
    values = {"coworker": coworker_id, "kind": key.kind, "subject": key.subject_id}
    return connection.execute(_BATCH, values | {"list": key.tasklist, "round": key.cycle}).one_or_none()


def holders_of(connection: Connection, key: BatchKey) -> tuple[int, ...]:
    """The coworkers that have a batch for the subject of this key, of whatever list, sorted.

    A list may have been renamed since, and an item may be the same as one that another list made.
    """
    same = (_batch.kind == key.kind) & (_batch.subject_id == key.subject_id)
    found = connection.execute(select(_batch.coworker_id).where(same).distinct().order_by(_batch.coworker_id))
    return tuple(found.scalars())


def batch_of(connection: Connection, coworker_id: int, key: BatchKey) -> Batch | None:
    """A batch, None before its first intent."""
    row = batch_row(connection, coworker_id, key)
    return Batch(key, row.name.hex(), row.first_task_id) if row else None


def read_runs(connection: Connection, chosen: ColumnElement[bool], *, limit: int) -> tuple[Run, ...]:
    """The chosen runs, the newest first."""
    rows = connection.execute(_RUNS.where(chosen).order_by(schema.runs.c.key.desc()).limit(limit))
    return tuple(map(_run, rows))


def read_unfinished(connection: Connection, coworker_id: int | None) -> tuple[Run, ...]:
    """The runs, of one coworker or of all, whose request is kept; the oldest first."""
    asked = schema.requests.c
    chosen = asked.request.is_not(None) if coworker_id is None else asked.coworker_id == coworker_id
    rows = connection.execute(_UNFINISHED.where(chosen).order_by(schema.runs.c.key))
    return tuple(map(_run, rows))


def _run(row: AnyRow) -> Run:
    return Run(
        tasklist=row.tasklist,
        version=row.version,
        coworker_id=row.coworker_id,
        business_id=row.business_id,
        cause=row.cause,
        started_at=instant(row.started_at),
        checksum=row.checksum,
        actions=json.loads(row.actions),
        id=RunId(row.id),
        seen_at=instant(row.seen_at),
        finished_at=instant_or_none(row.finished_at),
        outcomes=json.loads(row.outcomes) if row.outcomes else {},
        request=row.request or "",
        resumes_at=instant_or_none(row.resumes_at),
    )


def read_results(connection: Connection, run_id: RunId) -> tuple[Result, ...]:
    """One result a task: the last row told of it, or else that the run created or adopted it."""
    run = connection.execute(
        select(schema.runs.c.key, schema.runs.c.coworker_id).where(schema.runs.c.id == run_id)
    ).one_or_none()
    if run is None:
        return ()
    items = _items(connection, run.coworker_id)
    found = {result.identity: result for result in _told(connection, run, run_id, items)}
    made = _settled(connection, run, run_id, items)
    found.update((result.identity, result) for result in made if _newer(result, found))
    return tuple(sorted(found.values(), key=lambda result: (result.item, result.identity)))


def _newer(result: Result, found: dict[UUID, Result]) -> bool:
    told = found.get(result.identity)
    return told is None or told.outcome in {"held", "failed", "parked"}


def _items(connection: Connection, coworker_id: int) -> dict[bytes, str]:
    table = schema.tasks.c
    rows = connection.execute(
        select(table.identity, schema.items.c.item)
        .join(schema.items, schema.items.c.key == table.item_key)
        .where(table.coworker_id == coworker_id)
    )
    return {row.identity: row.item for row in rows}


def _told(connection: Connection, run: AnyRow, run_id: RunId, items: dict[bytes, str]) -> tuple[Result, ...]:
    table = schema.results
    rows = connection.execute(select(table).where(table.c.run_key == run.key).order_by(table.c.key))
    return tuple(
        Result(
            identity=UUID(bytes=row.identity),
            outcome=row.outcome,
            at=instant(row.at),
            task_id=row.task_id,
            item=items.get(row.identity, ""),
            error=row.error,
            run_id=run_id,
        )
        for row in rows
    )


def _settled(
    connection: Connection, run: AnyRow, run_id: RunId, items: dict[bytes, str]
) -> tuple[Result, ...]:
    table = schema.tasks.c
    rows = connection.execute(
        select(table.identity, table.state, table.at, table.task_id)
        .where(table.coworker_id == run.coworker_id)
        .where(table.run_key == run.key)
        .where(table.state.in_(_OUTCOMES))
    )
    return tuple(
        Result(
            identity=UUID(bytes=row.identity),
            outcome=_OUTCOMES[row.state],
            at=instant(row.at),
            task_id=row.task_id,
            item=items[row.identity],
            run_id=run_id,
        )
        for row in rows
    )
