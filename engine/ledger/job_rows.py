"""Jobs as rows, and which deliveries asked for them, inside a transaction of the caller that holds the write lock.

It must never lose what was asked, and never drop the cause of a job.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, bindparam, func, insert, select, update

from engine.ledger import service_schema as tables
from engine.ledger.ids import JOBS, numbered_id
from engine.ledger.packing import milliseconds, milliseconds_or_none
from engine.ledger.prepared import Prepared
from engine.ledger.service_values import JobId, NewJob

MARGIN: Final = 500
"""Milliseconds by which the clocks of two machines may differ. A job due so soon may be under way: see `_fitting`."""

_j = tables.jobs.c
_cause = tables.causes.c
_SIGNUP: Final = frozenset(
    {"coworker.created", "welcome_email.sent"}
    | {"contract.created", "contract.activated", "contract.first_activated"}
)
"""Events that a signup lets come in one burst: the facts of one bear the others out as well."""

_MERGED: Final = (
    *(_j.event, _j.contract_id, _j.team_id, _j.record_id),
    *(_j.event_at, _j.received_at, _j.due_at, _j.waits_since, _j.tries),
)
_OPEN: Final = Prepared(
    select(_j.key, _j.id, _j.state, *_MERGED)
    .where((_j.coworker_id == bindparam("coworker")) & (_j.state == tables.OPEN))
    .where((_j.tasklist == bindparam("list")) & (_j.due_at > bindparam("moment")))
    .order_by(_j.key)
)
_IN_TROUBLE: Final = Prepared(
    select(_j.key, _j.id, _j.state, *_MERGED, _j.tasklist, _j.coworker_id, _j.why)
    .join(tables.causes, _cause.job_key == _j.key)
    .where(_cause.delivery_key == bindparam("delivery"))
    .where((_j.state == tables.ASIDE) | (_j.state == tables.FAILED))
    .order_by(_j.key)
)
_IS_CAUSE: Final = Prepared(
    select(_cause.job_key).where(
        (_cause.job_key == bindparam("job")) & (_cause.delivery_key == bindparam("delivery"))
    )
)
_ADD_CAUSE: Final = Prepared(insert(tables.causes), ("job_key", "delivery_key"))
_s = tables.sightings.c
_IS_SEEN: Final = Prepared(select(_s.at).where((_s.event == bindparam("what")) & (_s.key == bindparam("one"))))
_SEE: Final = Prepared(insert(tables.sightings), ("event", "key", "at"))
_OF_DELIVERY: Final = Prepared(
    select(_j.id)
    .join(tables.causes, _cause.job_key == _j.key)
    .where(_cause.delivery_key == bindparam("delivery"))
    .order_by(_j.key)
)
_d = tables.deliveries.c
_OTHERS_WAIT: Final = Prepared(
    select(func.count())
    .select_from(tables.causes)
    .join(tables.deliveries, _d.key == _cause.delivery_key)
    .where((_cause.job_key == bindparam("job")) & (_d.key != bindparam("delivery")) & (_d.state != tables.DONE))
)
_COLUMNS: Final = (
    *("key", "id", "tasklist", "coworker_id", "event", "cause", "contract_id", "team_id", "record_id", "event_at"),
    *("received_at", "due_at", "waits_since", "state", "tries", "why", "created_at"),
)
_INSERT: Final = Prepared(insert(tables.jobs), _COLUMNS)
_LAST_KEY: Final = Prepared(select(func.max(_j.key)))
_COUNTS: Final = Prepared(select(_j.state, func.count()).group_by(_j.state))


class _Job(NamedTuple):
    """What merging needs to know of a stored job."""

    key: int
    id: JobId
    state: int
    event: str
    contract_id: int | None
    team_id: int | None
    record_id: int | None
    event_at: int | None
    received_at: int
    due_at: int
    waits_since: int
    tries: int


class Stored(NamedTuple):
    """The jobs that were asked for, and those of them that are new or open again."""

    all: tuple[JobId, ...]
    fresh: tuple[JobId, ...]


def store(connection: Connection, asked: Iterable[NewJob], now: int, *, delivery_key: int | None = None) -> Stored:
    """Store each job, or merge it into an open one that asks for the same; note what was sighted.

    A job that the same delivery asked for before, and that is aside or failed, is opened again instead.
    """
    every: dict[JobId, None] = {}
    fresh: dict[JobId, None] = {}
    for job in asked:
        found = _fitting(connection, job, now) or _own_in_trouble(connection, job, delivery_key)
        if found is None:
            key, job_id = _insert(connection, job, now)
        else:
            key, job_id = found.key, found.id
            _merge(connection, found, job, now)
        if found is None or found.state != tables.OPEN:
            fresh[job_id] = None
        every[job_id] = None
        if delivery_key is not None:
            _link(connection, key, delivery_key)
        if job.record_id is not None:
            note_seen(connection, job.event, str(job.record_id), now)
    return Stored(tuple(every), tuple(fresh))


def _fitting(connection: Connection, job: NewJob, now: int) -> _Job | None:
    """The open job that takes this one in.

    One that is due may have read its facts before this event came about, so it takes nothing in any more: the
    event would be lost with it.
    """
    values = {"coworker": job.coworker_id, "list": job.tasklist, "moment": now + MARGIN}
    fitting = [one for row in _OPEN.all(connection, values) if _same_subject(one := _Job(*row), job)]
    return min(fitting, key=lambda one: one.contract_id != job.contract_id, default=None)


def _same_subject(one: _Job, job: NewJob) -> bool:
    """Whether carrying out one answers the other. A job is judged by its own event: what the records must say of a
    cancellation says nothing of a change of plan.
    """
    contracts = {one.contract_id, job.contract_id} - {None}
    events = {one.event, job.event}
    if events <= _SIGNUP:
        return one.team_id == job.team_id and len(contracts) < 2
    records = {one.record_id, job.record_id} - {None}  # two products, or two invoices, are two things
    return len(events) == 1 and one.team_id == job.team_id and len(contracts) < 2 and len(records) < 2


def _own_in_trouble(connection: Connection, job: NewJob, delivery_key: int | None) -> _Job | None:
    if delivery_key is None:
        return None
    for *row, tasklist, coworker_id, _why in _IN_TROUBLE.all(connection, {"delivery": delivery_key}):
        one = _Job(*row)
        if (tasklist, coworker_id) == (job.tasklist, job.coworker_id) and _same_subject(one, job):
            return one
    return None


def _merge(connection: Connection, found: _Job, job: NewJob, now: int) -> None:
    """Keep what is known of either. After a failed try its pause stands: many deliveries must not use up the tries."""
    again = found.state != tables.OPEN
    due_at = milliseconds(job.due_at)
    sooner = due_at if again else found.due_at if found.tries else min(found.due_at, due_at)
    since = due_at if again else found.waits_since if found.tries else min(found.waits_since, due_at)
    values: dict[str, Any] = {
        "contract_id": job.contract_id if found.contract_id is None else found.contract_id,
        "event_at": _earliest(found.event_at, milliseconds_or_none(job.event_at)),
        "received_at": min(found.received_at, milliseconds(job.received_at)),
        "due_at": sooner,
        "waits_since": since,
    }
    if again:
        values |= {"state": tables.OPEN, "tries": 0, "settled_at": None}
    change(connection, found.key, **values)
    if again:
        review(connection, found.key, now, relieve=True)


def _earliest(one: int | None, other: int | None) -> int | None:
    known = [at for at in (one, other) if at is not None]
    return min(known, default=None)


def _insert(connection: Connection, job: NewJob, now: int) -> tuple[int, JobId]:
    (last,) = _LAST_KEY.one(connection, {}) or (None,)
    key = (last or 0) + 1  # nobody else gives one away: we hold the write lock
    job_id = JobId(numbered_id(now, key + JOBS))
    _INSERT.run(
        connection,
        {
            "key": key,
            "id": job_id,
            "tasklist": job.tasklist,
            "coworker_id": job.coworker_id,
            "event": job.event,
            "cause": tables.CAUSES.index(job.cause),
            "contract_id": job.contract_id,
            "team_id": job.team_id,
            "record_id": job.record_id,
            "event_at": milliseconds_or_none(job.event_at),
            "received_at": milliseconds(job.received_at),
            "due_at": milliseconds(job.due_at),
            "waits_since": milliseconds(job.due_at),
            "state": tables.OPEN,
            "tries": 0,
            "why": "",
            "created_at": now,
        },
    ).close()
    return key, job_id


def _link(connection: Connection, job_key: int, delivery_key: int) -> None:
    if _IS_CAUSE.one(connection, {"job": job_key, "delivery": delivery_key}) is None:
        _ADD_CAUSE.run(connection, {"job_key": job_key, "delivery_key": delivery_key}).close()


def change(connection: Connection, key: int, **values: object) -> None:
    """Set columns of one job."""
    connection.execute(update(tables.jobs).where(_j.key == key).values(**values))


def is_seen(connection: Connection, event: str, key: str) -> bool:
    """Whether an event about a record was noticed before."""
    return _IS_SEEN.one(connection, {"what": event, "one": key}) is not None


def note_seen(connection: Connection, event: str, key: str, now: int) -> None:
    """Remember that it was noticed; the first time stays."""
    if not is_seen(connection, event, key):
        _SEE.run(connection, {"event": event, "key": key, "at": now}).close()


def of_delivery(connection: Connection, delivery_key: int) -> tuple[JobId, ...]:
    """The jobs that a delivery asked for, the oldest first."""
    return tuple(JobId(row[0]) for row in _OF_DELIVERY.all(connection, {"delivery": delivery_key}))


def let_go(connection: Connection, delivery_key: int, why: str, now: int) -> None:
    """Settle the jobs in trouble that only this delivery asked for: nobody waits for them any more."""
    for row in _IN_TROUBLE.all(connection, {"delivery": delivery_key}):
        others = _OTHERS_WAIT.one(connection, {"job": row[0], "delivery": delivery_key})
        if others == (0,):
            change(connection, row[0], state=tables.DONE, why=why, settled_at=now)


def review(connection: Connection, job_key: int, now: int, *, relieve: bool) -> None:
    """Give the deliveries of a job the state that their jobs leave them: aside or failed while one of them is.

    `relieve`: only those that are aside or failed because of a job. Those that are new are decided later.
    """
    chosen = (_cause.job_key == job_key) & (_d.state != tables.NEW)
    chosen &= (_d.trouble != "") if relieve else ((_d.state == tables.DONE) | (_d.trouble != ""))
    linked = select(_d.key).join(tables.causes, _cause.delivery_key == _d.key).where(chosen)
    for key in connection.execute(linked).scalars().all():
        review_delivery(connection, key, now)


def review_delivery(connection: Connection, delivery_key: int, now: int) -> None:
    """The same for one delivery that was decided."""
    troubled = _IN_TROUBLE.all(connection, {"delivery": delivery_key})
    worst = max(troubled, key=lambda row: (row[2], row[0]), default=None)  # failed is worse than aside
    state, trouble = (tables.DONE, "") if worst is None else (worst[2], worst[-1])
    row = update(tables.deliveries).where(_d.key == delivery_key)
    connection.execute(row.values(state=state, trouble=trouble, settled_at=now))


def counts(connection: Connection) -> dict[str, int]:
    """How many there are by state."""
    told = dict.fromkeys((str(state) for state in tables.JOB_STATES), 0)
    return told | {tables.JOB_STATES[state]: number for state, number in _COUNTS.all(connection, {})}


def linked_deliveries(connection: Connection, keys: Sequence[int]) -> dict[int, list[str]]:
    """Job key -> the ids of the deliveries that asked for it, the oldest first."""
    found: dict[int, list[str]] = {}
    linked = select(_cause.job_key, _d.id).join(tables.deliveries, _d.key == _cause.delivery_key).order_by(_d.key)
    for first in range(0, len(keys), 500):
        for row in connection.execute(linked.where(_cause.job_key.in_(keys[first : first + 500]))):
            found.setdefault(row.job_key, []).append(row.id)
    return found
