"""The jobs of a ledger: one list for one coworker, asked for and carried out later. One method is one transaction.

It must never forget a job that was stored, and never call a clock.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select
from whenever import Instant

from engine.ledger import job_rows as rows
from engine.ledger import service_schema as tables
from engine.ledger.packing import instant, instant_or_none, milliseconds
from engine.ledger.prepared import Prepared
from engine.ledger.service_values import DISCARDED, DeliveryId, JobId, JobState, NewJob, StoredJob
from engine.ledger.transactions import AlsoJobs, Reading, Transactions, short
from engine.ledger.values import RunId

_j = tables.jobs.c
_FIND: Final = Prepared(select(_j.key, _j.state, _j.due_at).where(_j.id == bindparam("job")))
_OLDEST: Final = Prepared(
    select(func.min(_j.waits_since)).where((_j.state == tables.OPEN) & (_j.waits_since <= bindparam("moment")))
)
_DUE: Final = (
    select(_j.id, _j.coworker_id)
    .where((_j.state == tables.OPEN) & (_j.due_at <= bindparam("moment")))
    .order_by(_j.due_at, _j.key)
    .limit(bindparam("most"))
)
_DUE_BUT: Final = _DUE.where(_j.coworker_id.not_in(bindparam("but", expanding=True)))


class JobsView:
    """Jobs for looking only."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading.reading

    def job(self, job_id: JobId) -> StoredJob | None:
        """One job, None if the ledger has no such job."""
        with self._reading() as connection:
            return next(iter(_read(connection, _j.id == job_id, limit=1)), None)

    def listed(
        self, state: JobState | None = None, coworker_id: int | None = None, limit: int = 50
    ) -> tuple[StoredJob, ...]:
        """Jobs, the newest first, of one state or coworker or of all."""
        chosen = _j.key > 0
        if state is not None:
            chosen &= _j.state == tables.JOB_STATES.index(state)
        if coworker_id is not None:
            chosen &= _j.coworker_id == coworker_id
        with self._reading() as connection:
            return _read(connection, chosen, limit=limit)

    def due(
        self, now: Instant, *, limit: int, but_coworkers: Collection[int] = ()
    ) -> tuple[tuple[JobId, int], ...]:
        """Open jobs whose moment has come, with their coworkers; the oldest due first."""
        values: dict[str, object] = {"moment": milliseconds(now), "most": limit}
        if but_coworkers:
            values["but"] = sorted(but_coworkers)
        with self._reading() as connection:
            found = connection.execute(_DUE_BUT if but_coworkers else _DUE, values).all()
        return tuple((JobId(row.id), row.coworker_id) for row in found)

    def seen(self, event: str, key: str) -> bool:
        """Whether an event about a record was noticed, by a delivery or by the sweep."""
        with self._reading() as connection:
            return rows.is_seen(connection, event, key)

    def counts(self) -> dict[str, int]:
        """How many jobs there are by state."""
        with self._reading() as connection:
            return rows.counts(connection)

    def oldest_due(self, now: Instant) -> Instant | None:
        """Since when the job that waits longest could have been carried out, None if none could.

        One that is tried again later waits all the while; one that waits by design, for its moment, does not.
        """
        with self._reading() as connection:
            row = _OLDEST.one(connection, {"moment": milliseconds(now)})
        return None if row is None else instant_or_none(row[0])


class Jobs(JobsView):
    def __init__(self, transactions: Transactions) -> None:
        super().__init__(transactions)
        self._writing = transactions.writing

    def ask(self, jobs: Iterable[NewJob], now: Instant, also: AlsoJobs | None = None) -> tuple[JobId, ...]:
        """Store jobs that no delivery asked for, or merge them into open ones; each id once, in the order of asking.

        An open job of the same list, coworker and team, and of the same contract or where one of the two names
        none, takes a new one in unless it is due; only of the same event, or where both are part of a signup. The
        records are noted as seen.
        """
        with self._writing() as connection:
            stored = rows.store(connection, jobs, milliseconds(now))
            if also is not None and stored.fresh:
                also(connection, stored.fresh)
        return stored.all

    def postpone(  # noqa: PLR0913  why and till when, by name
        self,
        job_id: JobId,
        due_at: Instant,
        why: str,
        now: Instant,
        *,
        is_try: bool,
        run_id: RunId | None = None,
        by_design: bool = False,
    ) -> bool:
        """Look at an open job again at `due_at`, and remember why. `is_try` counts one that failed.

        `by_design`: nothing hinders it, its moment is `due_at`; for `oldest_due` it waits from then on only. False,
        and nothing changed, if it is open no more.
        """
        del now  # of the same shape as its siblings
        values: dict[str, Any] = {"due_at": milliseconds(due_at), "why": short(why)}
        values |= {"run_id": run_id} if run_id is not None else {}
        values |= {"tries": _j.tries + 1} if is_try else {}
        values |= {"waits_since": milliseconds(due_at)} if by_design else {}
        with self._writing() as connection:
            key, state, _ = _found(connection, job_id)
            if state == tables.OPEN:
                rows.change(connection, key, **values)
        return bool(state == tables.OPEN)

    def finish(  # noqa: PLR0913, PLR0917  the run comes last, where there is one
        self, job_id: JobId, state: JobState, why: str, now: Instant, run_id: RunId | None = None
    ) -> bool:
        """Settle an open job as done, aside or failed; the deliveries that asked for it follow.

        A delivery is done only while none of its jobs is aside or failed. False if the job is open no more.
        """
        code, moment = tables.JOB_STATES.index(state), milliseconds(now)
        if code == tables.OPEN:
            raise ValueError("a finished job is not open")
        values: dict[str, Any] = {"state": code, "why": short(why), "settled_at": moment}
        values |= {"run_id": run_id} if run_id is not None else {}
        with self._writing() as connection:
            key, was, _ = _found(connection, job_id)
            if was != tables.OPEN:
                return False
            rows.change(connection, key, **values)
            if code != tables.DONE:
                rows.review(connection, key, moment, relieve=False)
        return True

    def reopen(self, job_id: JobId, now: Instant, also: AlsoJobs | None = None) -> bool:
        """Carry a job out once more, from now on and with all its tries; one that is open waits no longer.

        The deliveries that were aside or failed because of it are done again. False if there is no such job.
        """
        moment = milliseconds(now)
        with self._writing() as connection:
            row = _FIND.one(connection, {"job": job_id})
            if row is None:
                return False
            key, was, due_at = row
            at = min(moment, due_at) if was == tables.OPEN else moment
            rows.change(connection, key, state=tables.OPEN, tries=0, due_at=at, waits_since=moment, settled_at=None)
            rows.review(connection, key, moment, relieve=True)
            if also is not None:
                also(connection, (job_id,))
        return True

    def discard(self, job_id: JobId, now: Instant) -> bool:
        """Settle a job by hand, whatever it waits for. False if there is no such job."""
        moment = milliseconds(now)
        with self._writing() as connection:
            row = _FIND.one(connection, {"job": job_id})
            if row is None:
                return False
            rows.change(connection, row[0], state=tables.DONE, why=DISCARDED, settled_at=moment)
            rows.review(connection, row[0], moment, relieve=True)
        return True

    def note_seen(self, event: str, key: str, now: Instant) -> None:
        """Remember that an event about a record was noticed; the first time stays."""
        with self._writing() as connection:
            rows.note_seen(connection, event, key, milliseconds(now))


def _found(connection: Connection, job_id: JobId) -> tuple[Any, ...]:
    """Key, state and due moment of a job. LookupError if there is none."""
    row = _FIND.one(connection, {"job": job_id})
    if row is None:
        raise LookupError(f"no job {job_id!r} in the ledger")
    return row


def _read(connection: Connection, chosen: Any, *, limit: int) -> tuple[StoredJob, ...]:
    found = connection.execute(select(tables.jobs).where(chosen).order_by(_j.key.desc()).limit(limit)).all()
    linked = rows.linked_deliveries(connection, [row.key for row in found])
    return tuple(_job(row, tuple(map(DeliveryId, linked.get(row.key, ())))) for row in found)


def _job(row: Any, delivery_ids: tuple[DeliveryId, ...]) -> StoredJob:
    return StoredJob(
        tasklist=row.tasklist,
        coworker_id=row.coworker_id,
        event=row.event,
        cause=tables.CAUSES[row.cause],
        due_at=instant(row.due_at),
        contract_id=row.contract_id,
        team_id=row.team_id,
        record_id=row.record_id,
        event_at=instant_or_none(row.event_at),
        received_at=instant(row.received_at),
        id=row.id,
        state=tables.JOB_STATES[row.state],
        tries=row.tries,
        why=row.why,
        run_id=row.run_id,
        created_at=instant(row.created_at),
        settled_at=instant_or_none(row.settled_at),
        delivery_ids=delivery_ids,
    )
