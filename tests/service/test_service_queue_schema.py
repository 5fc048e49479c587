"""The queue's tables: made once however many ask, brought forward from an earlier state, anew where one is gone."""

from __future__ import annotations

import threading
from pathlib import Path

import psycopg
import pytest
from postgres_given import fresh_database, private_server, rows_of
from procrastinate.schema import SchemaManager
from queue_given import accept, ledger_at, waiting

from engine.core.errors import Unreachable
from engine.service.queue import make_queue
from engine.service.queue_schema import bring_queue_to_head

STEPS = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
FIRST_WITH_ALL_TABLES = next(n for n, step in enumerate(STEPS, 1) if "post_add_heartbeat" in step.name)
PARTS = (
    "SELECT table_name || '.' || column_name || ' ' || data_type FROM information_schema.columns"
    " WHERE table_schema = 'public' AND table_name LIKE 'procrastinate%'",
    "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename LIKE 'procrastinate%'",
    "SELECT enumtypid::regtype || ' ' || enumlabel FROM pg_enum",
    "SELECT tgname || ' ' || tgrelid::regclass FROM pg_trigger WHERE NOT tgisinternal",
)


def shape(url: str) -> list[set[str]]:
    """All parts of the queue, spaces apart."""
    return [{" ".join(str(row[0]).split()) for row in rows_of(url, part)} for part in PARTS]


def at_step(number: int) -> str:
    """A database as an earlier version of the queue left it."""
    url = fresh_database()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE queue_steps (name text PRIMARY KEY)")
        for step in STEPS[:number]:
            connection.execute(step.read_bytes())
            connection.execute("INSERT INTO queue_steps VALUES (%s)", (step.name,))
    return url


def test_on_an_empty_database_all_is_made_and_the_second_time_nothing_is_done() -> None:
    url = fresh_database()
    assert bring_queue_to_head(url) == ()
    rows_of(url, "INSERT INTO procrastinate_jobs (queue_name, task_name) VALUES ('default', 'settle')")
    assert bring_queue_to_head(url) == ()
    assert waiting(url) == 1
    assert {row[0] for row in rows_of(url, "SELECT name FROM queue_steps")} == {step.name for step in STEPS}


@pytest.mark.parametrize("number", range(FIRST_WITH_ALL_TABLES, len(STEPS)))
def test_an_earlier_state_is_brought_to_head_by_the_steps_that_it_has_not_seen(number: int) -> None:
    made, url = fresh_database(), at_step(number)
    bring_queue_to_head(made)
    rows_of(url, "INSERT INTO procrastinate_jobs (queue_name, task_name) VALUES ('default', 'settle')")
    assert bring_queue_to_head(url) == tuple(step.name for step in STEPS[number:])
    assert [here - there for here, there in zip(shape(made), shape(url), strict=True)] == [set()] * len(PARTS)
    assert waiting(url) == 1


@pytest.mark.parametrize("table", ["procrastinate_jobs", "procrastinate_events", "procrastinate_workers"])
def test_where_a_table_is_gone_all_are_made_anew_and_the_ledger_is_left_alone(table: str) -> None:
    url, whole = fresh_database(), fresh_database()
    bring_queue_to_head(whole)
    with ledger_at(url) as ledger:
        make_queue(url, ledger)
        accept(ledger, '{"Id": 1}')
        rows_of(url, f"DROP TABLE {table} CASCADE")
        bring_queue_to_head(url)
        assert shape(url)[0] == shape(whole)[0]
        assert waiting(url) == 0
        assert len(ledger.inbox.listed("new")) == 1
        accept(ledger, '{"Id": 2}')
        assert waiting(url) == 1


def test_of_several_that_start_at_once_one_makes_it_and_the_others_wait() -> None:
    url, troubles = fresh_database(), list[BaseException]()

    def make() -> None:
        try:
            bring_queue_to_head(url)
        except BaseException as error:
            troubles.append(error)

    threads = [threading.Thread(target=make) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert troubles == []
    assert len(rows_of(url, "SELECT name FROM queue_steps")) == len(STEPS)


def test_without_a_server_it_is_said_that_nothing_is_lost_and_no_password() -> None:
    with private_server() as server:
        url = server.new_database()
        with ledger_at(url) as ledger:
            server.stop()
            with pytest.raises(Unreachable) as told:
                make_queue(url, ledger)
    assert "cannot be reached" in told.value.message
    assert "password" not in told.value.message
