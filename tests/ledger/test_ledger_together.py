"""Many threads and many processes at one ledger: everything is there, nobody meets a lock, nobody starves."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest
from ledger_given import NOW, Place, begin, end_all, identity, intent, locked, opened, start_python, states

from engine.core.errors import Unreachable
from engine.ledger.ledger import Ledger
from engine.ledger.limits import Window
from engine.ledger.writers import Queue

LONGEST_WAIT = 5.0
"""Seconds; half of what a writer waits at most. A fair turn among these takes milliseconds."""


def write_rounds(ledger: Ledger, coworker_id: int, rounds: int) -> float:
    """What a run writes, again and again; the seconds of the slowest write."""
    slowest = 0.0
    windows = [Window(1_000_000, 100)]

    def timed(step: Callable[..., Any], *values: object, **named: object) -> Any:
        nonlocal slowest
        start = time.monotonic()
        done = step(*values, **named)
        slowest = max(slowest, time.monotonic() - start)
        return done

    for number in range(rounds):
        run, one = timed(begin, ledger, coworker_id=coworker_id, request="{}"), identity(f"i{number}")
        assert timed(ledger.claim, run, [intent(f"i{number}")], NOW) == {one}
        timed(ledger.reserve_call, windows, lambda: NOW, write=True)
        timed(ledger.record, run, one, "created", task_id=coworker_id * 1000 + number, now=NOW)
        timed(ledger.finish_run, run, {}, NOW, done=True)
    return slowest


def test_twelve_threads_of_one_ledger_write_at_once(place: Place) -> None:
    with opened(place) as ledger, ThreadPoolExecutor(12) as pool:
        waits = list(pool.map(lambda number: write_rounds(ledger, number, 8), range(1, 13)))
        assert [set(states(ledger, number).values()) for number in range(1, 13)] == [{"created"}] * 12
        assert [len(states(ledger, number)) for number in range(1, 13)] == [8] * 12
        assert ledger.unfinished() == ()
        assert len(ledger.runs(limit=1000)) == 96
    assert max(waits) < LONGEST_WAIT


WRITE_ROUNDS = """
import sys, threading
from concurrent.futures import ThreadPoolExecutor
from ledger_given import opened
from test_ledger_together import write_rounds
place, first = sys.argv[1], int(sys.argv[2])
with opened(place) as ledger, ThreadPoolExecutor(3) as pool:
    print(max(pool.map(lambda number: write_rounds(ledger, number, 10), range(first, first + 3))))
"""


def test_four_processes_of_three_threads_write_at_once(place: Place) -> None:
    opened(place).close()
    waits = end_all([start_python(WRITE_ROUNDS, place, first) for first in (1, 4, 7, 10)])
    with opened(place) as ledger:
        assert [len(states(ledger, number)) for number in range(1, 13)] == [10] * 12
        assert len(ledger.runs(limit=1000)) == 120
        assert ledger.coworkers_to_recover() == ()
    assert max(map(float, waits)) < LONGEST_WAIT


def test_readers_wait_for_no_writer(place: Place) -> None:
    with opened(place) as ledger:
        ledger.claim(begin(ledger), [intent("tea")], NOW)
        with locked(place):
            stuck = threading.Thread(target=lambda: begin(ledger))
            stuck.start()
            assert len(states(ledger)) == 1
            assert stuck.is_alive(), "a writer was waiting meanwhile"
        stuck.join(30)
        assert len(ledger.runs()) == 2


def test_threads_that_cannot_write_are_all_told_in_time(place: Place) -> None:
    with opened(place, busy_seconds=0.3) as ledger, ExitStack() as lock:
        lock.enter_context(locked(place))
        told: list[str] = []

        def write() -> None:
            with pytest.raises(Unreachable) as met:
                begin(ledger)
            told.append(met.value.message)

        threads = [threading.Thread(target=write) for _ in range(6)]
        started = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert time.monotonic() - started < 10
        assert len(told) == 6
        assert all("is locked by another process" in one or "is busy: another thread" in one for one in told)
        lock.close()
        assert begin(ledger), "no turn was lost"


def test_turns_are_handed_on_in_the_order_of_asking() -> None:
    queue, order = Queue(), list[int]()
    threads = []
    with queue.turn(1):
        for number in range(8):
            thread = threading.Thread(target=lambda number=number: _append(queue, order, number))
            thread.start()
            threads.append(thread)
            while len(queue._waiting) <= number:
                time.sleep(0.0005)
    for thread in threads:
        thread.join(10)
    assert order == list(range(8))


def _append(queue: Queue, order: list[int], number: int) -> None:
    with queue.turn(10):
        order.append(number)


def test_who_waited_in_vain_is_not_handed_the_turn() -> None:
    queue = Queue()
    with queue.turn(1), ThreadPoolExecutor(1) as pool, pytest.raises(TimeoutError):
        pool.submit(lambda: queue.turn(0.01).__enter__()).result()
    with queue.turn(0.1):
        pass
    with pytest.raises(RuntimeError), queue.turn(0.1):
        raise RuntimeError
    with queue.turn(0.1):
        pass


def test_turns_survive_threads_that_give_up_and_threads_that_fail() -> None:
    queue, inside, most = Queue(), [0], [0]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)

    def work(number: int) -> int:
        entered = 0
        for _ in range(200):
            try:
                with queue.turn(0.0005):
                    inside[0] += 1
                    most[0] = max(most[0], inside[0])
                    entered += 1
                    inside[0] -= 1
                    if number % 3 == 0:
                        raise RuntimeError
            except (TimeoutError, RuntimeError):
                continue
        return entered

    try:
        with ThreadPoolExecutor(8) as pool:
            entered = list(pool.map(work, range(8)))
    finally:
        sys.setswitchinterval(interval)
    assert most == [1]
    assert min(entered) > 0
    with queue.turn(1):
        pass
