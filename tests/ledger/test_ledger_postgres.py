"""A ledger on PostgreSQL: its address, its password, its driver, its schema, and what a person is told."""

from __future__ import annotations

import logging
import socket
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_given import ADA, NOW, begin, end_all, identity, intent, looked, opened, rows_of, start_python, tell
from postgres_given import PASSWORD, fresh_database, server
from sqlalchemy.exc import DBAPIError

from engine.core.errors import TasklistsError, Unreachable, UserError
from engine.ledger.opening import holds_ledger
from engine.ledger.postgres_place import shown_place

TEXT = "Zebedee Quartermaine-Ó"


@pytest.fixture
def address() -> str:
    return fresh_database()


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://ana:secret@db.example:5433/tasks", "postgresql://db.example:5433/tasks"),
        ("postgres://ana:secret@db.example/tasks", "postgresql://db.example/tasks"),
        ("postgresql://ana@[::1]:5432/tasks?sslmode=require", "postgresql://[::1]:5432/tasks"),
        ("postgresql:///tasks?host=%2Frun%2Fpg&password=secret", "postgresql:///tasks"),
        ("postgresql://ana:s%40%2F%3Acret@one:5432,two:5432/tasks", "postgresql://one:5432,two:5432/tasks"),
        ("postgresql://ana:secret@db.example", "postgresql://db.example"),
    ],
)
def test_an_address_is_shown_without_its_login(address: str, shown: str) -> None:
    assert shown_place(address) == shown


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://ana:sec@ret@db.example/tasks",
        "postgresql://ana:sec/ret@db.example/tasks",
        "postgresql://ana:sec#ret@db.example/tasks",
        "postgresql://ana:sec?ret@db.example/tasks",
        "postgresql://ana:5432/ret@db.example/tasks",
        "postgresql://ana:54?ret@db.example/tasks",
        "postgresql://ana:secret db.example/tasks",
        "postgresql://[ana:secret/tasks",
        "postgresql://ana:secret",
    ],
)
def test_a_password_that_was_not_encoded_is_refused_without_a_letter_of_it(address: str) -> None:
    with pytest.raises(UserError) as met:
        opened(address)
    told = str(met.value)
    assert "%40" in told
    assert not any(part in told for part in ("sec", "ret", "ana")), told


@pytest.mark.parametrize("address", ["mysql://a:secret@b/c", "https://a:secret@b/c", "sec ret://x", "oracle+x://secret"])
def test_another_kind_of_database_is_refused(address: str) -> None:
    with pytest.raises(UserError, match="TASKLISTS_LEDGER") as met:
        opened(address)
    assert "secret" not in str(met.value)


def test_a_part_that_the_driver_does_not_know_is_refused_without_showing_it(address: str) -> None:
    with pytest.raises(UserError, match="has a part that PostgreSQL does not know"):
        opened(f"{address}?secret=1")


@settings(derandomize=True, database=None, max_examples=200)
@given(st.text(min_size=4, max_size=30), st.booleans())
def test_no_password_is_ever_shown(password: str, is_encoded: bool) -> None:
    spelled = quote("pw" + password, safe="") if is_encoded else "pw" + password
    try:
        shown = shown_place(f"postgresql://ana:{spelled}@db.example/tasks")
    except UserError as error:
        shown = str(error)
        assert "pw" + password not in shown
    else:
        assert shown == "postgresql://db.example/tasks"


def test_a_wrong_password_is_told_and_no_password_is(address: str, caplog: pytest.LogCaptureFixture) -> None:
    wrong = address.replace(PASSWORD, "hunter2")
    with caplog.at_level(logging.DEBUG), pytest.raises(Unreachable, match="refuses the password") as met:
        opened(wrong)
    told = f"{met.value} {met.value!r} {caplog.text}"
    assert "hunter2" not in told
    assert PASSWORD not in told


def test_what_is_not_there_is_told(address: str) -> None:
    with pytest.raises(Unreachable, match="knows no such database"):
        opened(server().url("nowhere"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        with pytest.raises(Unreachable, match=f"postgresql://127.0.0.1:{port}/x gives no answer"):
            opened(f"postgresql://ana:secret@127.0.0.1:{port}/x")


def test_a_ledger_shows_no_password_of_its_address(address: str) -> None:
    with opened(address) as ledger:
        assert ledger.place == address.replace(f"tasklists:{PASSWORD}@", "")
        shown = f"{ledger!r} {vars(ledger)!r} {vars(ledger._connections)!r} {ledger._connections._engine!r}"
    assert PASSWORD not in shown


def test_a_fault_shows_no_text_of_a_member(address: str) -> None:
    with opened(address) as ledger:
        run = begin(ledger)
        ledger.claim(run, [intent("tea", payload=TEXT, key=TEXT)], NOW)
        with pytest.raises(DBAPIError) as met, ledger._writing() as connection:
            connection.exec_driver_sql("SELECT CAST(%(one)s AS TEXT), 1 / 0", {"one": TEXT})
        assert TEXT not in str(met.value)
        tell(address, "ALTER TABLE payloads SET UNLOGGED")
        tell(address, "DROP TABLE payloads")
        with pytest.raises(UserError, match="no ledger, or a damaged one .SQLSTATE 42P01") as told:
            ledger.claim(run, [intent("card", payload=TEXT)], NOW)
        assert TEXT not in str(told.value)


def test_there_is_a_ledger_once_it_was_made_and_asking_makes_none(address: str) -> None:
    assert not holds_ledger(address)
    assert looked(address) is None
    assert rows_of(address, "SELECT * FROM pg_tables WHERE schemaname = 'public'") == []
    opened(address).close()
    assert holds_ledger(address)


def test_each_schema_of_one_database_is_a_ledger_of_its_own(address: str) -> None:
    places = {}
    for name, owner in (("acme", "acme-coworking"), ("beta Ñ", "beta")):
        tell(address, f'CREATE SCHEMA "{name}"')
        places[owner] = address + "?options=" + quote(f'-csearch_path="{name}",public'.replace(" ", "\\ "))
    with opened(places["acme-coworking"]) as acme, opened(places["beta"], owner="beta") as beta:
        with acme._writing():
            assert begin(beta), "their writers do not wait for each other"
        lease = acme.take_lease("coworker 1", holder="ana", seconds=30, now=NOW)
        assert lease is not None
        assert beta.take_lease("coworker 1", holder="ben", seconds=30, now=NOW) is not None
        assert (len(acme.runs()), len(beta.runs())) == (0, 1)
    assert rows_of(address, "SELECT * FROM pg_tables WHERE schemaname = 'public'") == []


def test_an_empty_schema_is_not_taken_for_the_ledger_in_public_behind_it(address: str) -> None:
    with opened(address) as ledger:
        begin(ledger)
    tell(address, "CREATE SCHEMA acme")
    place = f"{address}?options=-csearch_path%3Dacme,public"
    assert looked(place) is None
    with opened(place, owner="beta") as ledger:
        assert ledger.runs() == ()


def test_a_schema_that_is_not_there_is_told(address: str) -> None:
    with pytest.raises(UserError, match="has no schema to be in.*CREATE SCHEMA"):
        opened(f"{address}?options=-csearch_path%3Dacme")


def test_a_database_that_cannot_hold_every_letter_is_refused() -> None:
    server().tell("CREATE DATABASE narrow ENCODING 'LATIN1' TEMPLATE template0")
    with pytest.raises(UserError, match="is in LATIN1, which cannot hold every name"):
        opened(server().url("narrow"))


def test_a_user_without_rights_is_told_in_a_sentence(address: str) -> None:
    tell(address, "DROP ROLE IF EXISTS reader")
    tell(address, "CREATE ROLE reader LOGIN PASSWORD 'reader'")
    place = address.replace(f"tasklists:{PASSWORD}@", "reader:reader@")
    with pytest.raises(Unreachable, match="refuses us .SQLSTATE 42501.*CREATE and USAGE"):
        opened(place)
    opened(address).close()
    with pytest.raises(Unreachable, match="refuses us"):
        opened(place)


def test_a_user_with_rights_on_its_schema_alone_needs_no_more(address: str) -> None:
    tell(address, "DROP ROLE IF EXISTS worker")
    tell(address, "CREATE ROLE worker LOGIN PASSWORD 'worker'")
    tell(address, "CREATE SCHEMA acme")
    tell(address, "GRANT CREATE, USAGE ON SCHEMA acme TO worker")
    place = address.replace(f"tasklists:{PASSWORD}@", "worker:worker@") + "?options=-csearch_path%3Dacme"
    for _ in range(2):
        with opened(place) as ledger:
            run = begin(ledger)
            lease = ledger.take_lease("coworker 1", holder="ana", seconds=30, now=NOW)
            assert lease is not None
            assert ledger.confirm(run, lease, seconds=30, now=NOW) is not None
            ledger.give_back_lease(lease)


def test_tables_of_the_queue_beside_it_are_no_reason_to_refuse(address: str) -> None:
    tell(address, "CREATE TABLE procrastinate_jobs (id INT)")
    assert looked(address) is None
    with opened(address) as ledger:
        assert begin(ledger)


def test_sessions_commit_durably_whatever_the_server_was_told(address: str) -> None:
    name = address.rpartition("/")[2]
    for setting in (
        *("synchronous_commit = off", "default_transaction_isolation = 'serializable'"),
        *("default_transaction_read_only = on", "idle_session_timeout = 10", "statement_timeout = 5000"),
    ):
        server().tell(f"ALTER DATABASE {name} SET {setting}")
    wanted = {"synchronous_commit": "on", "statement_timeout": "0", "idle_session_timeout": "0"}
    wanted |= {"transaction_isolation": "read committed", "lock_timeout": "10s"}
    wanted |= {"idle_in_transaction_session_timeout": "5s"}
    with opened(address) as ledger:
        with ledger._writing() as connection:
            found = {name: connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in wanted}
        assert found == wanted
        with ledger._reading() as connection:
            assert connection.exec_driver_sql("SHOW transaction_isolation").scalar_one() == "repeatable read"
        time.sleep(0.05)
        assert begin(ledger)


def test_a_read_sees_one_state(address: str) -> None:
    with opened(address) as ledger, opened(address) as other:
        run = begin(other)
        with ledger._reading() as connection:
            before = connection.exec_driver_sql("SELECT count(*) FROM tasks").scalar_one()
            other.claim(run, [intent("tea")], NOW)
            assert connection.exec_driver_sql("SELECT count(*) FROM tasks").scalar_one() == before == 0
        assert [task.identity for task in ledger.known(ADA)] == [identity("tea")]


def test_a_ledger_in_a_file_imports_no_driver(path: Path) -> None:
    program = (
        "import sys; from ledger_given import begin, opened;"
        "ledger = opened(sys.argv[1]); begin(ledger); ledger.close();"
        "print([name for name in ('psycopg', 'psycopg_binary') if name in sys.modules])"
    )
    assert end_all([start_python(program, path)]) == ["[]\n"]


def test_a_missing_driver_is_told_with_the_line_to_install_it() -> None:
    program = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from ledger_given import opened\nfrom engine.core.errors import UserError\n"
        "try: opened('postgresql://ana:secret@127.0.0.1:1/x')\nexcept UserError as error: print(error)"
    )
    (told,) = end_all([start_python(program)])
    assert "pip install 'tasklists[postgres]'" in told
    assert "secret" not in told


KILLED = (
    "import sys; from ledger_given import opened; import alembic.command, psycopg;"
    "print('ready', flush=True); opened(sys.argv[1])"
)


def test_a_process_killed_while_it_makes_the_ledger_leaves_none_or_all() -> None:
    for number in range(5):
        address = fresh_database()
        process = start_python(KILLED, address)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(number * 0.03)
        process.kill()
        process.communicate()
        if (view := looked(address)) is not None:
            view.close()
        with opened(address) as ledger:
            assert begin(ledger)


def test_the_errors_of_every_door_are_ours(address: str) -> None:
    """A server that is gone between two calls must not show as the driver's error anywhere."""
    gone = address.replace("127.0.0.1", "127.0.0.2")
    for door in (opened, looked, holds_ledger):
        with pytest.raises(TasklistsError):
            door(gone)
