"""All that is remembered of one coworker's tasks: read at each look, so in few microseconds a task. It never writes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, bindparam, select
from whenever import Instant

from engine.core.identity import mark_of
from engine.core.known import KnownTask
from engine.ledger import schema
from engine.ledger.packing import Fingerprints, instant
from engine.ledger.prepared import Prepared

_task = schema.tasks.c

_KNOWN: Final = Prepared(
    select(
        *(_task.identity, _task.state, _task.at, _task.task_id),
        *(_task.due_at, _task.contract_id, _task.event_at, _task.fingerprints),
        *(schema.runs.c.id, schema.runs.c.seen_at, schema.batches.c.tasklist, schema.items.c.item),
        *(_task.thing_id, schema.payloads.c.key, schema.payloads.c.payload, _task.completed_at, _task.gone_at),
    )
    .join(schema.runs, schema.runs.c.key == _task.run_key)
    .join(schema.batches, schema.batches.c.key == _task.batch_key)
    .join(schema.items, schema.items.c.key == _task.item_key)
    .outerjoin(
        schema.payloads,
        (schema.payloads.c.coworker_id == _task.coworker_id) & (schema.payloads.c.identity == _task.identity),
    )
    .where(_task.coworker_id == bindparam("coworker"))
    .order_by(_task.identity)
)


def known_rows(connection: Connection, coworker_id: int) -> list[tuple[Any, ...]]:
    """The rows of a coworker's tasks, for `known_tasks` after the transaction."""
    return _KNOWN.all(connection, {"coworker": coworker_id})


def known_tasks(rows: Iterable[tuple[Any, ...]]) -> tuple[KnownTask, ...]:
    """The tasks of rows as `known_rows` gives them."""
    moments = _Moments()
    return tuple([_known_task(row, moments) for row in rows])


class _Moments(dict[int | None, Instant | None]):
    """Moments by their milliseconds: the tasks of one run share most of them."""

    def __missing__(self, value: int | None) -> Instant | None:
        found = self[value] = None if value is None else instant(value)
        return found


def _known_task(row: tuple[Any, ...], moments: _Moments) -> KnownTask:
    identity, state, at, task_id, due_at, contract_id, event_at, packed, run_id, seen_at, *what = row
    tasklist, item, thing_id, open_key, payload, completed_at, gone_at = what
    number = UUID(bytes=identity)
    task: KnownTask = object.__new__(KnownTask)
    # A frozen value sets its fields one by one, past its own guard: half of the time of all this.
    task.__dict__.update(
        identity=number,
        state=schema.STATES[state],
        run_id=run_id,
        at=moments[at],
        seen_at=moments[seen_at],
        tasklist=tasklist,
        item=item,
        key=(open_key or "") if thing_id is None else str(thing_id),
        task_id=task_id,
        due_at=moments[due_at],
        contract_id=contract_id,
        event_at=moments[event_at],
        fingerprints=Fingerprints(packed),
        completed_at=None if completed_at is None else moments[1000 * completed_at],
        gone_at=None if gone_at is None else moments[1000 * gone_at],
        marked=payload is None or f"ref: {mark_of(number)}" in payload,
    )
    return task
