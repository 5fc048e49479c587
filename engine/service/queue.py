"""Handing out work on several machines: Procrastinate on the ledger's PostgreSQL.

The queue is a hint, the ledger is the truth: every second each worker defers again whatever is due and has no live
job, and takes up the jobs of workers that died. So losing the queue's tables loses nothing, and a job that is handed
out twice does nothing twice (the lease and its fence see to that).
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import psycopg
from procrastinate import App, PsycopgConnector, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.job_context import JobContext
from procrastinate.jobs import Job
from procrastinate.worker import Worker
from sqlalchemy import Connection
from whenever import Instant

from engine.core.errors import Unreachable
from engine.flows.stopping import Stop
from engine.ledger.ledger import Ledger
from engine.ledger.service_values import DeliveryId, JobId
from engine.service.dispatcher import Notice
from engine.service.queue_schema import bring_queue_to_head
from engine.service.work import Work, told

SETTLE: Final = "settle"
ADVANCE: Final = "advance"

POLL_SECONDS: Final = 1.0
"""Also how long the next job of a coworker waits for the one before it: the queue's own default is 5 s."""

_MOST_AT_ONCE: Final = 200
_LOOKS: Final = 5
"""A job that so many looks found to be ours and in nobody's hand is done, and its end could not be written."""

_RESTART_SECONDS: Final = 1.0
_KEEP_HOURS: Final = 24

# Not retried: a job with the same lock may wait beside it, and would be refused a second place. What is still due in
# the ledger is deferred right afterwards.
_DROP_STALLED: Final = (
    "DELETE FROM procrastinate_jobs AS job WHERE status = 'doing' AND NOT EXISTS (SELECT FROM procrastinate_workers"
    " WHERE id = job.worker_id AND last_heartbeat > now() - make_interval(secs => %(seconds)s))"
)
_DOING: Final = "SELECT id FROM procrastinate_jobs WHERE status = 'doing' AND worker_id = %(worker)s"
_DROP: Final = "DELETE FROM procrastinate_jobs WHERE status = 'doing' AND worker_id = %(worker)s AND id = ANY(%(ids)s)"
_LIVE: Final = (
    "SELECT queueing_lock FROM procrastinate_jobs"
    " WHERE status IN ('todo', 'doing') AND queueing_lock = ANY(%(locks)s)"
)


def _settling(app: App, delivery_id: str) -> Job:
    return app.configure_task(SETTLE, queueing_lock=f"{SETTLE} {delivery_id}").make_new_job(delivery_id=delivery_id)


def _advancing(app: App, job_id: str, coworker_id: int) -> Job:
    """One job; two of one coworker never run at once."""
    task = app.configure_task(ADVANCE, lock=f"coworker {coworker_id}", queueing_lock=f"{ADVANCE} {job_id}")
    return task.make_new_job(job_id=job_id)


def make_queue(url: str, ledger: Ledger) -> None:
    """Make the queue's tables, or bring them to head. Raises Unreachable."""
    try:
        bring_queue_to_head(url)
    except psycopg.OperationalError as error:
        why = f"The queue's tables at {ledger.place} cannot be reached now."
        raise Unreachable(why, advice="Nothing is lost: try again.") from error


class Deferrer:
    """Defers in the very transaction that stores what is to be done. Its app is never opened."""

    def __init__(self) -> None:
        self._app = App(connector=SyncPsycopgConnector())

    def deliveries(self, connection: Connection, ids: Sequence[str]) -> None:
        """For `Inbox.accept`: one settling for each new delivery."""
        jobs = [_settling(self._app, one) for one in ids]
        if jobs:
            self._app.job_manager.batch_defer_jobs(jobs, connection=connection.connection.driver_connection)


class QueueWorker:
    """One worker in a thread with its own event loop; started again whenever the database comes back."""

    def __init__(  # noqa: PLR0913 - all by name
        self,
        work: Work,
        ledger: Ledger,
        stop: Stop,
        *,
        url: str,
        threads: int,
        dead_seconds: float,
        notice: Notice,
    ) -> None:
        self._work = work
        self._ledger = ledger
        self._stop = stop
        self._url = url
        self._threads = threads
        self._dead_seconds = dead_seconds
        self._notice = notice
        self._worker: Worker | None = None
        self._in_hand: set[int | None] = set()
        self._left: dict[int, int] = {}
        self._thread = threading.Thread(target=self._run, name="worker", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Nothing to do: the queue tells its workers."""

    @property
    def alive(self) -> bool:
        """Whether the worker, or its loop around it, still runs."""
        return self._thread.is_alive()

    def close(self, seconds: float) -> bool:
        """Take nothing more and wait so long for what is under way; False if some of it is not done by then."""
        self._stop.request()
        self._stop_worker()
        if self._thread.is_alive():
            self._thread.join(timeout=seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.requested:
            try:
                asyncio.run(self._until_it_ends())
            except Exception as error:  # noqa: BLE001 - whatever ended it, it has to begin again
                self._notice("queue", f"the worker ended ({type(error).__name__}) and begins again")
            end = time.monotonic() + _RESTART_SECONDS
            while not self._stop.requested and time.monotonic() < end:
                time.sleep(0.05)

    async def _until_it_ends(self) -> None:
        bring_queue_to_head(self._url)  # somebody may have dropped the tables meanwhile
        loop = asyncio.get_running_loop()
        pool = ThreadPoolExecutor(self._threads + 1, thread_name_prefix="work")  # one more for looking what is due
        loop.set_default_executor(pool)
        connector = PsycopgConnector(conninfo=self._url, min_size=1, max_size=self._threads + 3, timeout=5)
        app = self._app(connector)
        async with app.open_async():
            self._worker = Worker(
                app,
                concurrency=self._threads,
                fetch_job_polling_interval=POLL_SECONDS,
                install_signal_handlers=False,
                delete_jobs="successful",
                update_heartbeat_interval=self._dead_seconds / 3,
                stalled_worker_timeout=self._dead_seconds,
                shutdown_graceful_timeout=None,
            )
            mending = asyncio.create_task(self._mend(app))
            try:
                if not self._stop.requested:
                    await self._worker.run()  # type: ignore[no-untyped-call]  # as above
            finally:
                self._worker = None
                mending.cancel()
                await asyncio.gather(mending, return_exceptions=True)

    def _app(self, connector: PsycopgConnector) -> App:
        app = App(connector=connector)

        def settle(context: JobContext, delivery_id: str) -> None:
            self._do("delivery", context.job.id, lambda: self._work.settle(DeliveryId(delivery_id)))

        def advance(context: JobContext, job_id: str) -> None:
            self._do("job", context.job.id, lambda: self._work.advance(JobId(job_id)))

        app.task(name=SETTLE, pass_context=True)(settle)
        app.task(name=ADVANCE, pass_context=True)(advance)
        return app

    def _do(self, kind: str, number: int | None, call: Callable[[], None]) -> None:
        """Whatever becomes of it is in the ledger, and what is still due there is deferred again."""
        self._in_hand.add(number)
        try:
            if not self._stop.requested:
                call()
        except Exception as error:  # noqa: BLE001 - one piece of work must never end the worker
            self._notice(kind, told(error))
        finally:
            self._in_hand.discard(number)

    async def _mend(self, app: App) -> None:
        """Every second: a sign of life; jobs of dead workers are dropped, and what is due and in no job is deferred."""
        pruned_at = 0.0
        while True:
            if self._stop.requested:
                self._stop_worker()  # once more: `close` may have told it before it ran
            try:
                await self._give_sign(app)
                await app.connector.execute_query_async(_DROP_STALLED, seconds=self._dead_seconds)
                await self._drop_left(app)
                await self._defer_due(app)
                if time.monotonic() - pruned_at > 3600:
                    pruned_at = time.monotonic()
                    await app.job_manager.delete_old_jobs(
                        nb_hours=_KEEP_HOURS, include_failed=True, include_cancelled=True, include_aborted=True
                    )
            except Exception as error:  # noqa: BLE001 - the database is away, or the tables are: begin again
                self._notice("queue", told(error))
                self._stop_worker()
            await asyncio.sleep(POLL_SECONDS)

    async def _give_sign(self, app: App) -> None:
        """Procrastinate's own sign of life ends unseen after one that failed, and the worker would count as dead."""
        worker_id = self._worker.worker_id if self._worker is not None else None
        if worker_id is not None:
            await app.job_manager.update_heartbeat(worker_id)

    async def _drop_left(self, app: App) -> None:
        """A job that is done but whose end could not be written would lock its coworker for as long as we live."""
        worker_id = self._worker.worker_id if self._worker is not None else None
        if worker_id is None:
            return
        rows: list[dict[str, Any]] = await app.connector.execute_query_all_async(_DOING, worker=worker_id)
        left = [row["id"] for row in rows if row["id"] not in self._in_hand]
        self._left = {number: self._left.get(number, 0) + 1 for number in left}
        if gone := [number for number, looks in self._left.items() if looks >= _LOOKS]:
            await app.connector.execute_query_async(_DROP, worker=worker_id, ids=gone)

    def _stop_worker(self) -> None:
        worker = self._worker
        if worker is not None:
            worker.stop()  # type: ignore[no-untyped-call]  # Procrastinate leaves it untyped

    async def _defer_due(self, app: App) -> None:
        loop = asyncio.get_running_loop()
        due = await loop.run_in_executor(None, self._due, app)
        if not due:
            return
        locks = [job.queueing_lock for job in due]
        rows: list[dict[str, Any]] = await app.connector.execute_query_all_async(_LIVE, locks=locks)
        live = {row["queueing_lock"] for row in rows}
        for job in due:
            if job.queueing_lock in live:
                continue
            try:
                await app.job_manager.defer_job_async(job)
            except AlreadyEnqueued:
                continue  # another process was quicker

    def _due(self, app: App) -> list[Job]:
        now = Instant.now()
        deliveries = [_settling(app, one) for one in self._ledger.inbox.due(now, limit=_MOST_AT_ONCE)]
        jobs = self._ledger.jobs.due(now, limit=_MOST_AT_ONCE)
        return deliveries + [_advancing(app, job_id, coworker_id) for job_id, coworker_id in jobs]
