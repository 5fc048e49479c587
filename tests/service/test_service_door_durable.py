"""What was acknowledged is there, whatever happens to the process, the disk or the ledger (promises B05, B08)."""

from __future__ import annotations

import os
import random
import sqlite3
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPException
from pathlib import Path

import pytest
from door_given import BODY, NEXT_SECRET, SECRET, SECRETS, RunningDoor, body_of, door_on, door_process, open_at

from engine.core.errors import Unreachable
from engine.ledger.ledger import Ledger
from engine.ledger.service_values import Accepted, NewDelivery
from engine.ledger.transactions import AlsoDeliveries
from engine.nexudus.hook_secrets import HookSecrets
from engine.service.accepting import PATIENCE_SECONDS

LONG = os.environ.get("TASKLISTS_LONG") == "1"


@pytest.mark.long
def test_a_kill_right_after_the_answer_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    path, chance, answered = tmp_path / "ledger.db", random.Random(8), {}
    for number in range(200 if LONG else 10):
        with door_process(path) as door:
            stop = threading.Event()
            beside = threading.Thread(target=deliver_until, args=(door, stop, 10_000 * (number + 1)))
            beside.start()  # so that a commit is under way when the kill comes
            for extra in range(chance.randrange(1, 4)):
                answer = door.deliver(body_of(number * 10 + extra))
                assert answer.status == 202
                answered[answer.id] = body_of(number * 10 + extra)
            door.kill()
            stop.set()
            beside.join()
    with open_at(path) as ledger:
        kept = ledger.inbox.listed(limit=1_000_000)
        bodies = [ledger.inbox.body(one.id) for one in kept]
        assert {one.id for one in kept} >= set(answered)
        assert all(ledger.inbox.body(one.id) == answered[one.id] for one in kept if one.id in answered)
        assert len(set(bodies)) == len(bodies)


def deliver_until(door: RunningDoor, stop: threading.Event, number: int) -> None:
    while not stop.is_set():
        number += 1
        try:
            door.deliver(body_of(number))
        except (OSError, HTTPException):
            return


@pytest.mark.long
def test_a_thousand_deliveries_in_ten_seconds_are_all_answered_in_time(tmp_path: Path) -> None:
    count = 1_000 if LONG else 100
    with open_at(tmp_path / "ledger.db") as ledger, door_on(ledger) as door, ThreadPoolExecutor(16) as pool:
        beginning = time.monotonic()

        def deliver(number: int) -> float:
            time.sleep(max(0.0, beginning + number / 100 - time.monotonic()))
            started = time.monotonic()
            assert door.deliver(body_of(number)).status == 202
            return time.monotonic() - started

        taken = list(pool.map(deliver, range(count)))
        assert ledger.inbox.counts()["new"] == count
    slowest = statistics.quantiles(taken, n=100)[98]
    print(f"{count} deliveries at 100/s: p50 {statistics.median(taken) * 1000:.1f} ms, p99 {slowest * 1000:.1f} ms")
    assert slowest <= 0.5


def test_while_the_ledger_is_locked_the_sender_is_asked_to_come_again_and_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with open_at(path) as ledger, door_on(ledger) as door:
        assert door.deliver().status == 202
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            started = time.monotonic()
            answer = door.deliver(body_of(5))
            assert time.monotonic() - started < PATIENCE_SECONDS + 0.9
            assert (answer.status, answer.code) == (503, "not_stored")
            assert int(answer.headers["retry-after"]) > 0
            assert door.deliver(signature="0" * 64).status == 401  # what needs no ledger is answered as always
            other.execute("ROLLBACK")
        assert door.deliver(body_of(5)).status == 202
        assert ledger.inbox.counts()["new"] == 2  # the first try may have been stored as well: it is the same one


class FaultyInbox:
    """The ledger's inbox with a fault in front of it, and the sizes of the batches that came."""

    def __init__(self, ledger: Ledger, fault: Callable[[Sequence[NewDelivery]], None]) -> None:
        self._ledger = ledger
        self._fault = fault
        self.batches: list[int] = []

    def accept(
        self, deliveries: Sequence[NewDelivery], *, also: AlsoDeliveries | None = None
    ) -> Sequence[Accepted]:
        self.batches.append(len(deliveries))
        self._fault(deliveries)
        return self._ledger.inbox.accept(deliveries, also=also)


def test_a_full_disk_is_a_503_until_it_is_mended(tmp_path: Path) -> None:
    is_full = True

    def full(_deliveries: Sequence[NewDelivery]) -> None:
        if is_full:
            raise Unreachable("The ledger cannot be written: the disk is full.")

    with open_at(tmp_path / "ledger.db") as ledger, door_on(ledger, inbox=FaultyInbox(ledger, full)) as door:
        assert [door.deliver(body_of(number)).status for number in range(12)] == [503] * 12
        assert ledger.inbox.counts()["new"] == 0
        is_full = False
        assert door.deliver(body_of(1)).status == 202
        assert door.counts.of("not_stored") == 12


def test_one_that_cannot_be_stored_does_not_take_the_others_with_it(tmp_path: Path) -> None:
    poison = body_of(7)
    first = threading.Event()

    def sick(deliveries: Sequence[NewDelivery]) -> None:
        if not first.is_set():  # the first waits until all the others are there: they are one batch
            first.set()
            time.sleep(0.5)
        if any(delivery.body == poison for delivery in deliveries):
            raise ValueError("a fault of ours")

    with open_at(tmp_path / "ledger.db") as ledger, ThreadPoolExecutor(20) as pool:
        inbox = FaultyInbox(ledger, sick)
        with door_on(ledger, inbox=inbox) as door:
            answers = list(pool.map(lambda number: door.deliver(body_of(number)), range(20)))
        assert [number for number, answer in enumerate(answers) if answer.status != 202] == [7]
        assert max(inbox.batches) > 1
        assert ledger.inbox.counts()["new"] == 19
    assert answers[7].status == 503
    assert b"a fault" not in answers[7].body


def test_those_that_wait_together_share_a_commit(tmp_path: Path) -> None:
    def slow(_deliveries: Sequence[NewDelivery]) -> None:
        time.sleep(0.2)

    with open_at(tmp_path / "ledger.db") as ledger, ThreadPoolExecutor(40) as pool:
        inbox = FaultyInbox(ledger, slow)
        with door_on(ledger, inbox=inbox) as door:
            answers = list(pool.map(lambda number: door.deliver(body_of(number % 30)), range(40)))
        assert {answer.status for answer in answers} == {202}
        assert len(inbox.batches) <= 8
        assert len({answer.id for answer in answers}) == 30
        assert ledger.inbox.counts()["new"] == 30


def test_a_stop_answers_what_came_whole(tmp_path: Path) -> None:
    def slow(_deliveries: Sequence[NewDelivery]) -> None:
        time.sleep(0.5)

    with open_at(tmp_path / "ledger.db") as ledger, ThreadPoolExecutor(8) as pool:
        with door_on(ledger, inbox=FaultyInbox(ledger, slow)) as door:
            answers = [pool.submit(door.deliver, body_of(number)) for number in range(8)]
            time.sleep(0.3)
            stopped = time.monotonic()
        assert time.monotonic() - stopped < 5
        assert {answer.result().status for answer in answers} == {202}
        assert ledger.inbox.counts()["new"] == 8


def secrets_of(*secrets: str) -> HookSecrets:
    return HookSecrets(SECRETS.locations, {"barcelona": secrets})


def test_a_change_of_secrets_refuses_no_genuine_delivery_and_an_old_secret_dies_at_once(tmp_path: Path) -> None:
    steps = [((SECRET,), SECRET), ((NEXT_SECRET, SECRET), SECRET), ((NEXT_SECRET, SECRET), NEXT_SECRET)]
    with open_at(tmp_path / "ledger.db") as ledger:
        for number, (ours, theirs) in enumerate(steps):
            with door_on(ledger, secrets=secrets_of(*ours)) as door:
                begin = time.monotonic()
                for extra in range(25):  # 50 a second
                    assert door.deliver(body_of(100 * number + extra), secret=theirs).status == 202
                    time.sleep(max(0.0, begin + extra / 50 - time.monotonic()))
                assert door.counts.of(f"secret_{ours.index(theirs) + 1}") == 25
        with door_on(ledger, secrets=secrets_of(NEXT_SECRET)) as door:
            assert door.deliver(BODY, secret=SECRET).status == 401
            assert door.deliver(BODY, secret=NEXT_SECRET).status == 202
