"""Deliveries as rows, inside a transaction of the caller; who writes holds the write lock.

It must never store one content twice, and never keep the body of a delivery that is done.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, LargeBinary, bindparam, delete, func, insert, select, update

from engine.ledger import service_schema as tables
from engine.ledger.packing import instant, instant_or_none
from engine.ledger.prepared import Prepared
from engine.ledger.service_values import Delivery, DeliveryId, JobId

AT_ONCE: Final = 500
"""Rows looked up in one statement: databases bound the parameters of one."""

_CONTENTS: Final = 64
"""Contents looked up in one statement: as many as a service's door takes at once."""

_d = tables.deliveries.c
_COLUMNS: Final = (
    *("key", "id", "digest", "location", "event", "verified", "state", "received_at", "last_at", "copies", "tries"),
    *("waits_since", "due_at", "settled_at", "why", "trouble"),
)
_INSERT: Final = Prepared(insert(tables.deliveries), _COLUMNS)
_INSERT_BODY: Final = Prepared(insert(tables.bodies), ("delivery_key", "body"))
_LAST_KEY: Final = Prepared(select(func.max(_d.key)))
_FORGET_BODY: Final = Prepared(delete(tables.bodies).where(tables.bodies.c.delivery_key == bindparam("delivery")))
_CAME_AGAIN: Final = Prepared(
    update(tables.deliveries)
    .where(_d.key == bindparam("delivery"))
    .values(copies=_d.copies + bindparam("more"), last_at=bindparam("moment"))
)
_COPIES: Final = select(_d.key, _d.id, _d.digest, _d.verified, _d.last_at)
_FIND: Final = Prepared(
    select(_d.key, _d.id, _d.event, _d.verified, _d.state, _d.record_id, tables.bodies.c.delivery_key)
    .outerjoin(tables.bodies, tables.bodies.c.delivery_key == _d.key)
    .where(_d.id == bindparam("delivery"))
)
_BODY: Final = Prepared(
    select(tables.bodies.c.body).join(tables.deliveries, _d.key == tables.bodies.c.delivery_key).where(
        _d.id == bindparam("delivery")
    )
)
_DUE: Final = Prepared(
    select(_d.id)
    .where((_d.state == tables.NEW) & (_d.due_at <= bindparam("moment")))
    .order_by(_d.due_at, _d.key)
    .limit(bindparam("most"))
)
_WAITING: Final = Prepared(select(func.min(_d.waits_since)).where(_d.state == tables.NEW))
_COUNTS: Final = Prepared(select(_d.state, _d.verified, func.count()).group_by(_d.state, _d.verified))
_KEPT_ASIDE: Final = Prepared(
    select(func.count())
    .select_from(tables.deliveries)
    .where((_d.state == tables.ASIDE) & (_d.verified == tables.UNVERIFIED))
)
_OLD: Final = Prepared(
    select(_d.key)
    .where((_d.settled_at < bindparam("moment")) & ((_d.state == tables.DONE) | (_d.verified == tables.UNVERIFIED)))
    .limit(bindparam("most"))
)


class Found(NamedTuple):
    """What deciding about one delivery needs to know of it."""

    key: int
    id: DeliveryId
    event: str
    verified: int
    state: int
    record_id: int | None
    body_key: int | None

    @property
    def is_unverified(self) -> bool:
        return self.verified == tables.UNVERIFIED


class Copy(NamedTuple):
    """A stored delivery whose content came again."""

    key: int
    id: DeliveryId
    digest: bytes
    verified: int
    last_at: int


@cache
def _by_digest(size: int) -> Prepared:
    """Looks so many contents up at once. One that grows with each batch would be compiled anew each time."""
    names = [bindparam(f"digest{number}", type_=LargeBinary) for number in range(size)]
    return Prepared(select(_d.key, _d.id, _d.digest, _d.verified, _d.last_at).where(_d.digest.in_(names)))


def by_digest(connection: Connection, digests: Sequence[bytes]) -> dict[bytes, Copy]:
    """Those of these contents that are stored."""
    found = {}
    for first in range(0, len(digests), _CONTENTS):
        some = digests[first : first + _CONTENTS]
        size = 1 if len(some) == 1 else _CONTENTS
        whole = [*some, *[some[0]] * (size - len(some))]
        for row in _by_digest(size).all(connection, {f"digest{n}": one for n, one in enumerate(whole)}):
            copy = Copy(row[0], row[1], bytes(row[2]), row[3], row[4])
            found[copy.digest] = copy
    return found


def last_key(connection: Connection) -> int:
    """The largest key in use. Whoever holds the write lock may give the next ones away."""
    row = _LAST_KEY.one(connection, {})
    return 0 if row is None else row[0] or 0


def insert_all(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store deliveries with their bodies: a row has what both tables need of it."""
    if rows:
        _INSERT.run_many(connection, rows)
        _INSERT_BODY.run_many(connection, rows)


def count_copies(connection: Connection, copies: Iterable[tuple[Copy, int, int]]) -> None:
    """Note of stored deliveries how often they came again, and when last; a clock that went back changes no date."""
    rows = [{"delivery": one.key, "more": more, "moment": max(at, one.last_at)} for one, more, at in copies]
    if rows:
        _CAME_AGAIN.run_many(connection, rows)


def store_body(connection: Connection, one: Copy, body: bytes) -> None:
    """Keep the body of a delivery, in place of the same one."""
    _FORGET_BODY.run(connection, {"delivery": one.key}).close()
    _INSERT_BODY.run(connection, {"delivery_key": one.key, "body": body}).close()


def change(connection: Connection, key: int, **values: object) -> None:
    """Set columns of one delivery."""
    connection.execute(update(tables.deliveries).where(_d.key == key).values(**values))


def forget_body(connection: Connection, key: int) -> bool:
    """Remove the body of a delivery. False if none was kept."""
    cursor = _FORGET_BODY.run(connection, {"delivery": key})
    went: bool = cursor.rowcount > 0
    cursor.close()
    return went


def find(connection: Connection, delivery_id: str) -> Found:
    """One delivery. LookupError if there is none."""
    row = _FIND.one(connection, {"delivery": delivery_id})
    if row is None:
        raise LookupError(f"no delivery {delivery_id!r} in the ledger")
    return Found(*row)


def body_of(connection: Connection, delivery_id: str) -> bytes | None:
    """The body as received, None if it went or there is no such delivery."""
    row = _BODY.one(connection, {"delivery": delivery_id})
    return None if row is None else bytes(row[0])


def due(connection: Connection, now: int, limit: int) -> tuple[DeliveryId, ...]:
    """The new deliveries to be looked at by now, the longest due first."""
    return tuple(DeliveryId(row[0]) for row in _DUE.all(connection, {"moment": now, "most": limit}))


def waiting_since(connection: Connection) -> int | None:
    """When the new delivery that waits longest became new."""
    row = _WAITING.one(connection, {})
    return None if row is None else row[0]


def counts(connection: Connection) -> dict[str, int]:
    """How many there are by state; those never verified apart, while they are set aside."""
    told = dict.fromkeys((*tables.DELIVERY_STATES, "unverified"), 0)
    for state, verified, number in _COUNTS.all(connection, {}):
        apart = state == tables.ASIDE and verified == tables.UNVERIFIED
        told["unverified" if apart else tables.DELIVERY_STATES[state]] += number
    return told


def unverified_aside(connection: Connection) -> int:
    """How many that were never verified are kept."""
    row = _KEPT_ASIDE.one(connection, {})
    assert row is not None  # a count is one row
    return int(row[0])


def old_ones(connection: Connection, before: int, limit: int) -> list[int]:
    """Keys of deliveries that were done, or kept unverified, before that moment."""
    return [row[0] for row in _OLD.all(connection, {"moment": before, "most": limit})]


def forget(connection: Connection, keys: Sequence[int]) -> None:
    """Remove deliveries with their bodies; the jobs that they asked for stay."""
    for table, column in (
        (tables.causes, tables.causes.c.delivery_key),
        (tables.bodies, tables.bodies.c.delivery_key),
        (tables.deliveries, _d.key),
    ):
        connection.execute(delete(table).where(column.in_(keys)))


def read(connection: Connection, *, delivery_id: str) -> Delivery | None:
    """One delivery with the ids of its jobs."""
    rows = connection.execute(select(tables.deliveries).where(_d.id == delivery_id)).all()
    return next(iter(_with_jobs(connection, rows)), None)


def listed(connection: Connection, state: str | None, limit: int) -> tuple[Delivery, ...]:
    """The newest first; `unverified` are those set aside that were never verified, and `aside` all others."""
    chosen = select(tables.deliveries)
    unverified = _d.verified == tables.UNVERIFIED
    if state == "unverified":
        chosen = chosen.where((_d.state == tables.ASIDE) & unverified)
    elif state is not None:
        chosen = chosen.where(_d.state == _code(state))
        chosen = chosen.where(~unverified) if state == "aside" else chosen
    rows = connection.execute(chosen.order_by(_d.received_at.desc(), _d.key.desc()).limit(limit)).all()
    return _with_jobs(connection, rows)


def _code(state: str) -> int:
    return [str(one) for one in tables.DELIVERY_STATES].index(state)  # ValueError for another word


def _with_jobs(connection: Connection, rows: Sequence[Any]) -> tuple[Delivery, ...]:
    jobs = _jobs_of(connection, [row.key for row in rows])
    return tuple(_delivery(row, tuple(jobs.get(row.key, ()))) for row in rows)


def _jobs_of(connection: Connection, keys: Sequence[int]) -> dict[int, list[JobId]]:
    found: dict[int, list[JobId]] = {}
    causes, jobs = tables.causes.c, tables.jobs.c
    linked = select(causes.delivery_key, jobs.id).join(tables.jobs, jobs.key == causes.job_key).order_by(jobs.key)
    for first in range(0, len(keys), AT_ONCE):
        for row in connection.execute(linked.where(causes.delivery_key.in_(keys[first : first + AT_ONCE]))):
            found.setdefault(row.delivery_key, []).append(row.id)
    return found


def _delivery(row: Any, jobs: tuple[JobId, ...]) -> Delivery:
    return Delivery(
        id=row.id,
        location=row.location,
        event=row.event,
        verified=tables.PROOFS[row.verified],
        state=tables.DELIVERY_STATES[row.state],
        received_at=instant(row.received_at),
        last_at=instant(row.last_at),
        copies=row.copies,
        tries=row.tries,
        due_at=instant(row.due_at) if row.state == tables.NEW else None,
        settled_at=instant_or_none(row.settled_at),
        why=row.trouble or row.why,
        record_id=row.record_id,
        coworker_id=row.coworker_id,
        jobs=jobs,
    )
