"""PostgreSQL alone: sessions that hold leases, processes that are stopped or killed, a server that goes away."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from ledger_given import ADA, NOW, begin, end_all, identity, intent, locked, opened, start_python, states
from postgres_given import fresh_database, private_server, rows_of
from whenever import Instant

from engine.core.errors import Unreachable
from engine.ledger.ledger import Ledger
from engine.ledger.values import Lease

NAME = "coworker 1"
SOON = 0.3
"""Seconds of a lease that is to run out while its holder is stopped."""


@pytest.fixture
def address() -> str:
    return fresh_database()


def take(ledger: Ledger, holder: str = "quick", seconds: float = SOON) -> Lease | None:
    return ledger.take_lease(NAME, holder=holder, seconds=seconds, now=Instant.now())


def until(is_so: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.01)


def end_sessions(address: str) -> None:
    """What an administrator or a restart does: every session of a ledger is over, from the server's side."""
    rows_of(
        address,
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name = 'tasklists'",
    )


def sessions(address: str, where: str = "true") -> int:
    ((number,),) = rows_of(
        address,
        "SELECT count(*) FROM pg_stat_activity"
        f" WHERE datname = current_database() AND application_name = 'tasklists' AND {where}",
    )
    return int(number)


HOLD = """
import sys
from ledger_given import begin, opened
from whenever import Instant
with opened(sys.argv[1]) as ledger:
    run = begin(ledger)
    lease = ledger.take_lease("coworker 1", holder="slow", seconds=0.3, now=Instant.now())
    print(lease.fence, flush=True)
    sys.stdin.readline()
    print(ledger.confirm(run, lease, seconds=30, now=Instant.now()) is not None)
"""


@contextmanager
def a_holder(address: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that has taken the lease and then waits for a line."""
    opened(address).close()
    process = start_python(HOLD, address, reads=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "1\n"
        yield process
    finally:
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.communicate()


def test_a_holder_that_is_stopped_is_not_overtaken_and_goes_on_when_it_wakes(address: str) -> None:
    with a_holder(address) as process, opened(address) as ledger:
        process.send_signal(signal.SIGSTOP)
        time.sleep(3 * SOON)
        assert ledger.leased_until(NAME, Instant.now()) is None, "by the clock it ran out"
        assert take(ledger) is None
        process.send_signal(signal.SIGCONT)
        printed, _ = process.communicate("go\n", timeout=20)
        assert printed == "True\n"


def test_a_holder_that_is_killed_is_overtaken_once_its_lease_ran_out_and_not_before(address: str) -> None:
    with a_holder(address) as process, opened(address) as ledger:
        ((end,),) = rows_of(address, "SELECT until FROM leases")
        process.kill()
        process.wait()
        met: list[Lease] = []

        def is_taken() -> bool:
            met.extend(filter(None, [take(ledger)]))
            return bool(met)

        until(is_taken)
        assert met[0].fence == 2
        assert met[0].until.timestamp(unit="millisecond") - 1000 * SOON >= end


def test_a_lease_whose_session_was_ended_is_had_again_by_its_holder(address: str) -> None:
    with opened(address) as ledger, opened(address) as other:
        run, lease = begin(ledger), take(ledger, "ana", 30)
        assert lease is not None
        end_sessions(address)
        assert ledger.confirm(run, lease, seconds=30, now=Instant.now()) == lease
        assert take(other) is None
        end_sessions(address)
        renewed = ledger.renew_lease(lease, seconds=3000, now=Instant.now())
        assert renewed is not None
        assert sessions(address) >= 2


def test_a_lease_whose_session_was_ended_and_that_another_took_sends_nothing_more(address: str) -> None:
    with opened(address) as ledger, opened(address) as other:
        run, lease = begin(ledger), take(ledger, "ana", 0.05)
        assert lease is not None
        end_sessions(address)
        time.sleep(0.06)
        assert take(other, "ben", 30) is not None
        assert ledger.confirm(run, lease, seconds=30, now=Instant.now()) is None
        assert ledger.renew_lease(lease, seconds=30, now=Instant.now()) is None
        assert ledger.claim(run, [intent("tea")], NOW, lease) == frozenset()
        ledger.give_back_lease(lease)
        assert take(other, "eva", 30) is None, "a former holding gives nothing back"


def test_who_asks_for_a_lease_that_is_held_never_takes_its_lock_away(address: str) -> None:
    """Its session may just be lost: whoever asked in between must not have locked it out."""
    with opened(address) as ledger, opened(address) as other:
        run, lease = begin(ledger), take(ledger, "ana", 30)
        assert lease is not None
        for _ in range(4):
            end_sessions(address)
            assert take(other) is None
            assert ledger.confirm(run, lease, seconds=30, now=Instant.now()) == lease


def test_two_holders_in_one_process_never_hold_one_lease_both(address: str) -> None:
    with opened(address) as ledger:
        first = take(ledger, "ana", 0.01)
        assert first is not None
        time.sleep(0.02)
        assert take(ledger, "ben") is None, "the thread that holds it may be in the middle of a request"
        ledger.give_back_lease(first)
        second = take(ledger, "ben")
        assert second is not None
        assert second.fence == 2


def test_a_lease_that_was_given_back_leaves_its_session_to_others_unlocked(address: str) -> None:
    with opened(address) as ledger, opened(address) as other:
        for number in range(30):
            lease = take(ledger, f"holder {number}")
            assert lease is not None
            ledger.give_back_lease(lease)
        assert sessions(address) <= 4
        assert take(other) is not None


def test_threads_hold_many_leases_at_once_and_confirm_them(address: str) -> None:
    problems: list[str] = []

    def work(ledger: Ledger, number: int) -> None:
        run = begin(ledger, coworker_id=number)
        for _ in range(5):
            lease = ledger.take_lease(f"coworker {number}", holder=f"h{number}", seconds=30, now=Instant.now())
            if lease is None:
                problems.append("a free lease was refused")
                return
            for _ in range(3):
                if ledger.confirm(run, lease, seconds=30, now=Instant.now()) is None:
                    problems.append("a held lease was not confirmed")
                ledger.renew_lease(lease, seconds=30, now=Instant.now())
            ledger.give_back_lease(lease)

    with opened(address) as ledger:
        threads = [threading.Thread(target=work, args=(ledger, number)) for number in range(1, 9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert problems == []
        assert sessions(address) <= 20


def test_the_sender_and_the_keeper_of_a_lease_do_not_lock_each_other_out_when_its_session_ends(address: str) -> None:
    with opened(address) as ledger:
        run, lease = begin(ledger), take(ledger, "ana", 30)
        assert lease is not None
        over, answers = threading.Event(), list[object]()

        def ask(step: Callable[[], object]) -> None:
            while not over.is_set():
                with suppress(Unreachable):  # it was cut off in the middle
                    answers.append(step())

        steps: list[Callable[[], object]] = [
            *[lambda: ledger.confirm(run, lease, seconds=30, now=Instant.now())] * 2,
            *[lambda: ledger.renew_lease(lease, seconds=30, now=Instant.now())] * 2,
        ]
        threads = [threading.Thread(target=ask, args=(step,)) for step in steps]
        for thread in threads:
            thread.start()
        for _ in range(12):
            end_sessions(address)
        over.set()
        for thread in threads:
            thread.join(30)
        assert len(answers) > 20
        assert None not in answers


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
