"""Writing what came of a task, inside a transaction of the caller that holds the write lock.

It must never forget a task id that the service gave, and never keep the payload of a task that is settled.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, bindparam, insert, select, update
from whenever import Instant

from engine.ledger import schema
from engine.ledger.claims import FORGET_PAYLOAD, FORGET_TASK, ONE, Holder
from engine.ledger.packing import digest, milliseconds, pack_fingerprints
from engine.ledger.prepared import Prepared

ERROR_LETTERS: Final = 500
"""Enough for every field error of one answer; an HTML page in place of an answer is cut here."""

MADE: Final = frozenset({"created", "adopted"})
_NEVER_COMMITTED: Final = frozenset({"failed", "parked"})
LAST_WORDS: Final = MADE | _NEVER_COMMITTED
"""After these the payload goes."""

_task = schema.tasks.c
_batch = schema.batches.c
_FIND: Final = Prepared(
    select(_task.state, _task.run_key, _task.task_id, _task.batch_key, _batch.first_task_id)
    .join(schema.batches, _batch.key == _task.batch_key)
    .where(ONE)
)
_SETTLED: Final = ("state", "run_key", "task_id", "at", "fingerprints")
_SETTLE: Final = Prepared(
    update(schema.tasks).where(ONE).values({name: bindparam(f"new_{name}") for name in _SETTLED})
)
_FAIL: Final = Prepared(update(schema.tasks).where(ONE).values(state=schema.FAILED))
_TELL: Final = Prepared(
    insert(schema.results), ("run_key", "identity", "outcome", "at", "task_id", "error")
)


class Found(NamedTuple):
    """What is remembered of an identity."""

    state: int
    run_key: int
    task_id: int | None
    batch_key: int
    first_task_id: int | None


def find(connection: Connection, run: Holder, identity: UUID) -> Found | None:
    """What is remembered of an identity of the run's coworker."""
    row = _FIND.one(connection, _one(run, identity))
    return None if row is None else Found(*row)


def settled(
    outcome: str, task_id: int | None, fingerprints: Mapping[str, str], now: Instant
) -> dict[str, Any]:
    """The columns of a task that was made. ValueError without a task id, or for what is no fingerprint."""
    if task_id is None:
        raise ValueError(f"{outcome} needs the id of the task")
    return {
        "state": schema.CREATED if outcome == "created" else schema.ADOPTED,
        "task_id": task_id,
        "at": milliseconds(now),
        "fingerprints": pack_fingerprints(fingerprints),
        "batch_name": fingerprints.get("TaskListName"),
    }


def settle(connection: Connection, run: Holder, identity: UUID, values: dict[str, Any]) -> bool:
    """Write a task's result and remove its payload. False if it is another task already.

    LookupError without an intent.
    """
    found = find(connection, run, identity)
    if found is None:
        raise LookupError(f"no intent for {identity} in the ledger: claim before sending")
    task_id, name = values["task_id"], values.pop("batch_name")
    if found.task_id is not None:
        return bool(found.task_id == task_id)
    values |= {"run_key": run.key}
    _SETTLE.run(connection, _one(run, identity) | {f"new_{column}": values[column] for column in _SETTLED})
    FORGET_PAYLOAD.run(connection, _one(run, identity))
    if found.first_task_id is None:
        _fix_batch(connection, found.batch_key, task_id, name)
    return True


def _fix_batch(connection: Connection, batch_key: int, task_id: int, name: str | None) -> None:
    """The first task of a batch fixes its TaskListName; later ones change nothing."""
    table = schema.batches
    values: dict[str, Any] = {"first_task_id": task_id}
    if name is not None:
        values["name"] = digest(name)
    connection.execute(
        update(table).where(table.c.key == batch_key).where(table.c.first_task_id.is_(None)).values(**values)
    )


def leave_or_fail(connection: Connection, run: Holder, identity: UUID, outcome: str) -> None:
    """Note that a task was certainly not made: only the run that holds its intent can say so."""
    found = find(connection, run, identity)
    if found is None or outcome not in _NEVER_COMMITTED:
        return
    if found.state == schema.INTENDED and found.run_key == run.key:
        _FAIL.run(connection, _one(run, identity))
        FORGET_PAYLOAD.run(connection, _one(run, identity))


def is_held_by(connection: Connection, run: Holder, identity: UUID) -> bool:
    """Whether a run holds the open intent of an identity."""
    found = find(connection, run, identity)
    return found is not None and found.state == schema.INTENDED and found.run_key == run.key


def withdraw(connection: Connection, run: Holder, identity: UUID) -> bool:
    """Forget a task that was certainly not made: a refused one, or an open intent of this very run."""
    found = find(connection, run, identity)
    if found is None or found.state not in {schema.INTENDED, schema.FAILED}:
        return False
    if found.state == schema.INTENDED and found.run_key != run.key:
        return False
    FORGET_TASK.run(connection, _one(run, identity))
    FORGET_PAYLOAD.run(connection, _one(run, identity))
    return True


def tell(  # noqa: PLR0913  one row, by name
    connection: Connection,
    run: Holder,
    identity: UUID,
    outcome: str,
    *,
    task_id: int | None,
    error: str,
    now: Instant,
) -> None:
    """Write down an outcome that the task's row does not tell by itself."""
    row = {"run_key": run.key, "identity": identity.bytes, "outcome": outcome, "at": milliseconds(now)}
    _TELL.run(connection, row | {"task_id": task_id, "error": error[:ERROR_LETTERS]})


def holds_task(connection: Connection, coworker_id: int, task_id: int) -> bool:
    """True if a remembered identity of this coworker is that task."""
    held = select(_task.identity).where(_task.coworker_id == coworker_id).where(_task.task_id == task_id)
    return connection.execute(held).first() is not None


def _one(run: Holder, identity: UUID) -> dict[str, Any]:
    return {"coworker": run.coworker_id, "one": identity.bytes}
