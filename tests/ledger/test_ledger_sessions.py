"""PostgreSQL alone: sessions that hold leases, and processes that are stopped or killed while they do."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from ledger_given import NOW, begin, intent, opened, start_python
from postgres_given import fresh_database, rows_of
from sessions_given import NAME, SOON, end_sessions, sessions, take, until
from whenever import Instant

from engine.core.errors import Unreachable
from engine.ledger.ledger import Ledger
from engine.ledger.values import Lease


@pytest.fixture
def address() -> str:
    return fresh_database()


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
