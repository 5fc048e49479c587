"""Writing runs and what was asked of them, inside a transaction of the caller that holds the write lock.

It must never keep what was asked of a run that is done: it may hold a member's text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from sqlalchemy import ColumnElement, Connection, bindparam, delete, insert, select, update

from engine.ledger import schema
from engine.ledger.claims import Holder
from engine.ledger.ids import random_id
from engine.ledger.packing import milliseconds
from engine.ledger.prepared import Prepared
from engine.ledger.values import NewRun, RunId

_run = schema.runs.c
_request = schema.requests.c
_HOLDER: Final = select(_run.key, _run.coworker_id).where(_run.id == bindparam("run"))
_SEEN: Final = Prepared(select(_run.seen_at).where(_run.id == bindparam("run")))
_SEE: Final = Prepared(
    update(schema.runs)
    .where(_run.key == bindparam("run"))
    .where(_run.seen_at < bindparam("moment"))
    .values(seen_at=bindparam("moment"))
)


def begin(connection: Connection, run: NewRun) -> RunId:
    """Write a run and what was asked of it; the id is new and sorts by `started_at`."""
    started_at = milliseconds(run.started_at)
    run_id = RunId(random_id(started_at))
    # A sign of life in the future is of a clock that was wrong: the quiet period would not end for as long.
    ahead = (_run.coworker_id == run.coworker_id) & (_run.seen_at > started_at)
    connection.execute(update(schema.runs).where(ahead).values(seen_at=started_at))
    made = connection.execute(
        insert(schema.runs).values(
            id=run_id,
            tasklist=run.tasklist,
            version=run.version,
            coworker_id=run.coworker_id,
            business_id=run.business_id,
            cause=run.cause,
            checksum=run.checksum,
            actions=counts_text(run.actions),
            started_at=milliseconds(run.started_at),
            seen_at=milliseconds(run.started_at),
        )
    ).inserted_primary_key
    if run.request:
        assert made is not None  # one row, one key
        values = {"coworker_id": run.coworker_id, "run_key": made[0], "request": run.request}
        connection.execute(insert(schema.requests).values(values))
    return run_id


def find_holder(connection: Connection, run_id: RunId) -> Holder:
    """The row of a run. LookupError if there is none."""
    row = connection.execute(_HOLDER, {"run": run_id}).one_or_none()
    if row is None:
        raise LookupError(f"no run {run_id!r} in the ledger")
    return Holder(row.key, row.coworker_id)


def last_sign(connection: Connection, run_id: RunId) -> int:
    """When a run was last seen alive. LookupError if there is no such run."""
    row = _SEEN.one(connection, {"run": run_id})
    if row is None:
        raise LookupError(f"no run {run_id!r} in the ledger")
    return int(row[0])


def see(connection: Connection, run: Holder, moment: int) -> None:
    """Move the last sign of life forward; a clock that went back does not take it back."""
    _SEE.run(connection, {"run": run.key, "moment": moment})


def finish(
    connection: Connection, run: Holder, counts: Mapping[str, int], *, now: int, resumes_at: int | None
) -> None:
    """Write how a run ended."""
    connection.execute(
        update(schema.runs)
        .where(_run.key == run.key)
        .values(finished_at=now, outcomes=counts_text(counts), resumes_at=resumes_at)
    )


def forget_requests_met_by(connection: Connection, run: Holder) -> bool:
    """Remove what was asked of a run, and of older runs of its coworker that were asked the same."""
    mine = _request.coworker_id == run.coworker_id
    asked = select(_request.request).where(mine & (_request.run_key == run.key)).scalar_subquery()
    same = select(_request.run_key).where(mine & (_request.run_key <= run.key) & (_request.request == asked))
    keys = connection.execute(same).scalars().all()
    return bool(keys) and _forget(connection, mine & _request.run_key.in_(keys), _run.key.in_(keys))


def forget_request_of(connection: Connection, run: Holder) -> bool:
    """Remove what was asked of one run. False if nothing is kept."""
    mine = (_request.coworker_id == run.coworker_id) & (_request.run_key == run.key)
    return _forget(connection, mine, _run.key == run.key)


def _forget(connection: Connection, requests: ColumnElement[bool], runs: ColumnElement[bool]) -> bool:
    connection.execute(update(schema.runs).where(runs).values(resumes_at=None))  # it goes on no more
    return connection.execute(delete(schema.requests).where(requests)).rowcount > 0


def counts_text(counts: Mapping[str, int]) -> str:
    """Words with their numbers, in one spelling."""
    return json.dumps(dict(counts), sort_keys=True, separators=(",", ":"))
