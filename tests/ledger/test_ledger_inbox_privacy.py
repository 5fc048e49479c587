"""A member's text is in the body of a delivery only, and gone from every file as soon as the delivery is done."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from inbox_given import accept, came, decide, job
from ledger_given import NOW, opened, start_python
from test_ledger_privacy import LONG, TEXT, traces

from engine.ledger.ledger import Ledger

BODIES = [f'[{{"FullName":"{text}"}}]'.encode() for text in (TEXT, LONG)]


@pytest.fixture
def ledger(path: Path) -> Ledger:
    """On SQLite: its files are looked into."""
    return opened(path)


@pytest.fixture(autouse=True)
def _close(ledger: Ledger) -> object:
    yield
    ledger.close()


@pytest.mark.parametrize("body", BODIES, ids=["short", "long"])
@pytest.mark.parametrize("end", ["decided", "set aside and discarded", "failed, replayed, decided", "forgotten"])
def test_no_text_stays_once_a_delivery_is_done(path: Path, ledger: Ledger, end: str, body: bytes) -> None:
    one = accept(ledger, body, verified="unverified" if end == "forgotten" else "signature")
    assert traces(path), "it is needed until then"
    if end == "set aside and discarded":
        ledger.inbox.set_aside(one, "odd", NOW)
        assert traces(path), "a person may want to look at it"
        ledger.inbox.discard(one, NOW)
    elif end == "forgotten":
        assert ledger.inbox.forget_settled(NOW.add(hours=1)) == 1
    else:
        if end.startswith("failed"):
            ledger.inbox.fail(one, "too often", NOW)
            ledger.inbox.replay(one, NOW)
        decide(ledger, one, job())
    assert traces(path) == []


def test_no_text_stays_after_the_last_of_many(path: Path, ledger: Ledger) -> None:
    ledger.inbox.accept([came(f"{TEXT} {number}") for number in range(40)])
    for one in ledger.inbox.due(NOW, limit=99):
        assert traces(path)
        decide(ledger, one, job())
    assert traces(path) == []


def test_no_text_of_a_done_one_stays_while_another_waits_for_its_next_try(path: Path, ledger: Ledger) -> None:
    waiting = accept(ledger, "no text")
    ledger.inbox.retry(waiting, "no answer", NOW.add(minutes=5), NOW)
    decide(ledger, accept(ledger, BODIES[1]))
    assert traces(path) == []


def test_under_steady_load_texts_are_cut_out_of_the_log_all_the_same(path: Path, ledger: Ledger) -> None:
    decide(ledger, accept(ledger, "no text"), now=NOW)
    one, _ = accept(ledger, BODIES[0]), accept(ledger, "always one more that waits")
    decide(ledger, one, now=NOW.add(seconds=1))
    assert traces(path) == ["ledger.db-wal"]
    decide(ledger, accept(ledger, "another", received_at=NOW.add(seconds=-1)), now=NOW.add(seconds=6))
    assert traces(path) == []


def test_a_copy_of_a_done_delivery_brings_no_text_back(path: Path, ledger: Ledger) -> None:
    decide(ledger, accept(ledger, BODIES[0]))
    accept(ledger, BODIES[0])
    assert traces(path) == []


def test_a_delivery_that_was_not_kept_left_no_text(path: Path, ledger: Ledger) -> None:
    ledger.inbox.accept([came(f"{number}", verified="unverified") for number in range(100)])
    ledger.inbox.accept([came(BODIES[0], verified="unverified")])
    assert traces(path) == []


def test_no_text_stays_when_threads_accept_and_decide_all_the_time(path: Path, ledger: Ledger) -> None:
    def one_after_the_other(number: int) -> None:
        decide(ledger, accept(ledger, f"{LONG} {number}"), job(coworker_id=number))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one_after_the_other, range(40)))
    decide(ledger, accept(ledger, "the last one"))
    assert traces(path) == []
    assert ledger.inbox.counts()["done"] == 41


def test_the_text_of_a_killed_service_is_gone_once_its_delivery_is_decided(path: Path, ledger: Ledger) -> None:
    program = (
        "import sys, time; from ledger_given import opened; from inbox_given import accept;"
        "print(accept(opened(sys.argv[1]), sys.argv[2]), flush=True); time.sleep(60)"
    )
    process = start_python(program, path, LONG)
    assert process.stdout is not None
    stored = process.stdout.readline().strip()
    process.kill()
    process.communicate()
    assert traces(path)
    (one,) = ledger.inbox.due(NOW, limit=9)
    assert one == stored, "what was acknowledged is there"
    decide(ledger, one)
    assert traces(path) == []
