"""The queue is a hint: what it loses, holds twice or was left with by a dead worker is done all the same, once."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import pytest
from postgres_given import fresh_database, private_server, rows_of
from queue_given import NotingWork, accept, all_done, ask, ledger_at, waiting, working
from service_process import until
from sqlalchemy import Connection

from engine.ledger.ledger import Ledger
from engine.service.queue import Deferrer, make_queue


@pytest.fixture
def url() -> str:
    return fresh_database()


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    with ledger_at(url) as ledger:
        make_queue(url, ledger)
        yield ledger


def test_a_delivery_and_its_job_are_stored_together(url: str, ledger: Ledger) -> None:
    (one,) = accept(ledger, '{"Id": 1}')
    assert rows_of(url, "SELECT args->>'delivery_id' FROM procrastinate_jobs") == [(one,)]
    assert rows_of(url, "SELECT id FROM deliveries") == [(one,)]


def test_the_same_delivery_again_is_not_deferred_again(url: str, ledger: Ledger) -> None:
    accept(ledger, '{"Id": 1}')
    accept(ledger, '{"Id": 1}')
    assert waiting(url) == 1


def test_a_transaction_that_is_rolled_back_leaves_neither_row_nor_job(url: str, ledger: Ledger) -> None:
    def defer_and_break(connection: Connection, ids: Sequence[str]) -> None:
        Deferrer().deliveries(connection, ids)
        raise RuntimeError("the power is gone")

    from whenever import Instant  # noqa: PLC0415

    from engine.ledger.service_values import NewDelivery  # noqa: PLC0415

    came = NewDelivery("barcelona", "contract.created", b'{"Id": 1}', "signature", Instant.now())
    with pytest.raises(RuntimeError, match="power"):
        ledger.inbox.accept([came], also=defer_and_break)
    assert waiting(url) == 0
    assert rows_of(url, "SELECT count(*) FROM deliveries") == [(0,)]


def test_what_is_deferred_is_done_and_leaves_the_queue(url: str, ledger: Ledger) -> None:
    work = NotingWork(ledger)
    ids = accept(ledger, *(f'{{"Id": {n}}}' for n in range(1, 9)))
    with working(url, work):
        all_done(work, ids)
        until(lambda: not waiting(url))
    assert sorted(work.began) == sorted(ids)


def test_what_no_job_stands_for_is_deferred_again(url: str, ledger: Ledger) -> None:
    work = NotingWork(ledger)
    ids = [*accept(ledger, '{"Id": 1}', '{"Id": 2}', defer=False), *ask(ledger, 11, 12)]
    with working(url, work):
        all_done(work, ids)


def test_tables_that_are_emptied_while_jobs_wait_lose_nothing(url: str, ledger: Ledger) -> None:
    work = NotingWork(ledger)
    ids = [*accept(ledger, '{"Id": 1}', '{"Id": 2}'), *ask(ledger, 11, 12)]
    rows_of(url, "TRUNCATE procrastinate_jobs, procrastinate_events, procrastinate_workers CASCADE")
    with working(url, work):
        all_done(work, ids)
        later = accept(ledger, '{"Id": 3}')
        rows_of(url, "TRUNCATE procrastinate_jobs, procrastinate_events, procrastinate_workers CASCADE")
        all_done(work, later)


@pytest.mark.parametrize("tables", ["procrastinate_jobs", "procrastinate_workers", "procrastinate_jobs, queue_steps"])
def test_tables_that_are_dropped_under_a_worker_are_made_again_and_nothing_is_lost(
    url: str, ledger: Ledger, tables: str
) -> None:
    work = NotingWork(ledger)
    with working(url, work):
        all_done(work, accept(ledger, '{"Id": 1}'))
        rows_of(url, f"DROP TABLE {tables} CASCADE")
        ids = [*accept(ledger, '{"Id": 2}', defer=False), *ask(ledger, 11)]
        all_done(work, ids, 30)
        all_done(work, accept(ledger, '{"Id": 3}'))


def leave_to_a_dead_worker(url: str, ids: Sequence[str], *, seconds: int) -> None:
    """As a worker leaves its jobs that was killed so long ago."""
    told = rows_of(
        url,
        "INSERT INTO procrastinate_workers (last_heartbeat)"
        f" VALUES (now() - interval '{seconds} seconds') RETURNING id",
    )
    for one in ids:
        rows_of(
            url,
            f"UPDATE procrastinate_jobs SET status = 'doing', worker_id = {told[0][0]}"
            f" WHERE queueing_lock LIKE '%{one}'",
        )


def test_the_jobs_of_a_worker_that_died_are_taken_up_within_the_dead_time(url: str, ledger: Ledger) -> None:
    work = NotingWork(ledger)
    ids = accept(ledger, '{"Id": 1}', '{"Id": 2}')
    leave_to_a_dead_worker(url, ids, seconds=0)
    began = time.monotonic()
    with working(url, work, dead_seconds=3):
        time.sleep(1.5)
        assert work.began == []  # it may live
        all_done(work, ids, 10)
    assert time.monotonic() - began < 3 + 4


def test_a_job_of_a_dead_worker_that_waits_once_more_holds_up_nobody(url: str, ledger: Ledger) -> None:
    """Two workers may defer the same job a moment apart: then one is under way while the other waits."""
    work = NotingWork(ledger)
    first, second = ask(ledger, 11, 12)
    for status in ("doing", "todo"):
        for job, coworker in ((first, 11), (second, 12)):
            rows_of(
                url,
                "INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args, status)"
                f" VALUES ('default', 'advance', 'coworker {coworker}', 'advance {job}',"
                f" '{{\"job_id\": \"{job}\"}}', '{status}')",
            )
    with working(url, work):
        all_done(work, [first, second])
        until(lambda: not waiting(url))
    assert work.most_of_one == 1


def test_a_job_whose_end_could_not_be_written_locks_its_coworker_for_seconds_only(url: str, ledger: Ledger) -> None:
    work = NotingWork(ledger)
    with working(url, work, dead_seconds=300):
        until(lambda: rows_of(url, "SELECT id FROM procrastinate_workers"), 30)
        rows_of(
            url,
            "INSERT INTO procrastinate_jobs (queue_name, task_name, lock, args, status, worker_id)"
            " SELECT 'default', 'advance', 'coworker 5', '{}', 'doing', max(id) FROM procrastinate_workers"
            " RETURNING id",
        )
        asked = ask(ledger, 5)
        until(lambda: work.done == list(asked), 60)


def test_two_jobs_of_one_coworker_are_never_under_way_at_once(url: str, ledger: Ledger) -> None:
    work = NotingWork(ledger, hold=0.2)
    ids = [job for name in ("one", "two", "three") for job in ask(ledger, 11, 12, tasklist=name)]
    with working(url, work, threads=4), working(url, work, threads=4):
        all_done(work, ids, 30)
    assert work.most_of_one == 1


def test_what_raises_stays_due_and_holds_up_nobody(url: str, ledger: Ledger) -> None:
    poison, *others = ask(ledger, 11, 12, 13)
    work = NotingWork(ledger, fails=lambda one: one == poison)
    with working(url, work):
        all_done(work, others)
        until(lambda: work.began.count(poison) > 1)
    assert [one.id for one in ledger.jobs.listed("open")] == [poison]


def test_a_worker_that_lost_its_database_comes_back_by_itself() -> None:
    with private_server() as server:
        url = server.new_database()
        with ledger_at(url) as ledger:
            make_queue(url, ledger)
            work = NotingWork(ledger)
            with working(url, work) as worker:
                all_done(work, accept(ledger, '{"Id": 1}'))
                server.stop()
                time.sleep(3)
                server.start()
                all_done(work, accept(ledger, '{"Id": 2}'), 30)
                assert worker.alive


def test_a_worker_waits_for_what_is_under_way_and_takes_nothing_more(url: str, ledger: Ledger) -> None:
    work = NotingWork(ledger, hold=1.0)
    ids = ask(ledger, *range(11, 19))
    with working(url, work, threads=2):
        until(lambda: work.began)
        began = time.monotonic()
    assert time.monotonic() - began < 5
    assert sorted(work.done) == sorted(work.began)
    assert len(work.began) < len(ids)
