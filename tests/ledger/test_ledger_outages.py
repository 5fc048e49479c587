"""PostgreSQL alone: transactions that are cut off, and a server that goes away and comes back."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

import pytest
from ledger_given import ADA, NOW, begin, end_all, identity, intent, locked, opened, start_python, states
from postgres_given import fresh_database, private_server
from sessions_given import end_sessions, sessions, take, until
from whenever import Instant

from engine.core.errors import Unreachable
from engine.ledger.ledger import Ledger


@pytest.fixture
def address() -> str:
    return fresh_database()


STOP_INSIDE = """
import os, signal, sys
from ledger_given import NOW, begin, intent, opened
from engine.core.errors import Unreachable
with opened(sys.argv[1], busy_seconds=2.0) as ledger:
    run = begin(ledger)
    print("ready", flush=True)
    try:
        with ledger._writing() as connection:
            connection.exec_driver_sql("DELETE FROM runs")
            os.kill(os.getpid(), signal.SIGSTOP)
        print("written")
    except Unreachable as error:
        print(error.message)
    print(len(ledger.runs()))
"""


def test_a_process_stopped_inside_a_writing_transaction_holds_others_up_no_longer_than_they_wait(
    address: str,
) -> None:
    opened(address).close()
    process = start_python(STOP_INSIDE, address)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        until(lambda: sessions(address, "state LIKE 'idle in transaction%'") == 1)
        started = time.monotonic()
        with opened(address, busy_seconds=5.0) as ledger:
            begin(ledger)
        assert time.monotonic() - started < 4
        deadline = time.monotonic() + 20
        while process.poll() is None and time.monotonic() < deadline:
            process.send_signal(signal.SIGCONT)
            time.sleep(0.02)
        (printed,) = end_all([process], 20)
    finally:
        process.kill()
        process.wait()
    assert "was lost" in printed
    assert printed.splitlines()[-1] == "2", "nothing of it was written, and it goes on with a new connection"


def test_the_call_after_all_connections_were_ended_works(address: str) -> None:
    with opened(address) as ledger:
        run = begin(ledger)
        states(ledger)
        for number in range(5):
            end_sessions(address)
            if number % 2:
                assert len(ledger.runs()) == 1
            assert ledger.claim(run, [intent(f"i{number}")], NOW) == {identity(f"i{number}")}


def _lose_a_write_at_a_statement(ledger: Ledger, address: str) -> None:
    with ledger._writing() as connection:
        connection.exec_driver_sql("DELETE FROM runs")
        end_sessions(address)
        connection.exec_driver_sql("SELECT 1")


def _lose_a_write_at_its_commit(ledger: Ledger, address: str) -> None:
    with ledger._writing() as connection:
        connection.exec_driver_sql("DELETE FROM runs")
        end_sessions(address)


def _lose_a_read(ledger: Ledger, address: str) -> None:
    with ledger._reading() as connection:
        end_sessions(address)
        connection.exec_driver_sql("SELECT 1")


def test_a_connection_that_ends_inside_a_transaction_writes_nothing_and_says_so(address: str) -> None:
    with opened(address) as ledger:
        run = begin(ledger)
        for step in (_lose_a_write_at_a_statement, _lose_a_write_at_its_commit, _lose_a_read):
            with pytest.raises(Unreachable, match="connection to the ledger .* was lost.*Try again"):
                step(ledger, address)
            assert [one.id for one in ledger.runs()] == [run]
        assert ledger.claim(run, [intent("tea")], NOW)


def test_a_ledger_lives_through_an_outage_of_its_server() -> None:
    with private_server() as server:
        address = server.new_database()
        with opened(address, busy_seconds=1.0) as ledger:
            run, lease = begin(ledger), take(ledger, "ana", 30)
            assert lease is not None
            ledger.claim(run, [intent("tea")], NOW)
            server.stop()
            steps: list[Callable[[], object]] = [
                lambda: ledger.known(ADA),
                lambda: ledger.record(run, identity("tea"), "created", task_id=1, now=NOW),
                lambda: ledger.confirm(run, lease, seconds=30, now=Instant.now()),
                lambda: ledger.renew_lease(lease, seconds=30, now=Instant.now()),
                lambda: opened(address),
            ]
            for step in steps:
                with pytest.raises(Unreachable, match=r"ledger postgresql://127.0.0.1:\d+/ledger_\d+ .*[Tt]ry again"):
                    step()
            server.start()
            assert ledger.record(run, identity("tea"), "created", task_id=1, now=NOW)
            assert ledger.confirm(run, lease, seconds=30, now=Instant.now()) is not None
            assert states(ledger) == {identity("tea"): "created"}


def test_a_ledger_can_be_closed_while_its_server_is_away() -> None:
    with private_server() as server:
        ledger = opened(server.new_database())
        assert take(ledger, "ana", 30) is not None
        states(ledger)
        server.stop()
        ledger.close()


def test_a_server_that_is_killed_loses_nothing_that_was_told() -> None:
    with private_server() as server:
        address = server.new_database()
        with opened(address) as ledger:
            run = begin(ledger)
            for number in range(20):
                assert ledger.claim(run, [intent(f"i{number}")], NOW)
            server.crash()
            server.start()
            assert len(states(ledger)) == 20


def test_a_writer_that_waits_too_long_is_told_who_waits_a_little_is_not(address: str) -> None:
    with opened(address, busy_seconds=0.3) as ledger:
        with locked(address), pytest.raises(Unreachable, match="is locked by another process"):
            begin(ledger)
        assert begin(ledger)
