"""The loop inside `serve` on one machine: what is due is handed out once, one coworker at a time, and waited for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from queue_given import NotingWork, accept, all_done, ask, ledger_at
from service_process import until
from whenever import Instant

from engine.flows.stopping import Stop
from engine.ledger.ledger import Ledger
from engine.service import dispatcher
from engine.service.dispatcher import Dispatcher


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with ledger_at(tmp_path / "ledger.db") as ledger:
        yield ledger


@contextmanager
def dispatching(
    work: NotingWork, *, threads: int = 4, poll_seconds: float = 0.05, notice: Callable[[str, str], None] | None = None
) -> Iterator[Dispatcher]:
    told = notice or (lambda _kind, _text: None)
    one = Dispatcher(work, work.ledger, Stop(), threads=threads, notice=told, poll_seconds=poll_seconds)
    one.start()
    try:
        yield one
    finally:
        assert one.close(10)


def test_what_is_due_is_done_once(ledger: Ledger) -> None:
    work = NotingWork(ledger)
    ids = [*accept(ledger, '{"Id": 1}', '{"Id": 2}', defer=False), *ask(ledger, 11, 12, 13)]
    with dispatching(work):
        all_done(work, ids)
    assert sorted(work.began) == sorted(ids)


def test_a_delivery_that_wakes_the_loop_is_not_kept_waiting_by_its_poll(ledger: Ledger) -> None:
    work = NotingWork(ledger)
    with dispatching(work, poll_seconds=30) as loop:
        time.sleep(0.2)
        ids = accept(ledger, '{"Id": 1}', defer=False)
        loop.wake()
        all_done(work, ids, 5)


def test_a_job_that_falls_due_later_is_found_by_itself(ledger: Ledger) -> None:
    work = NotingWork(ledger)
    ids = ask(ledger, 11, in_seconds=0.8)
    with dispatching(work):
        time.sleep(0.3)
        assert work.began == []
        all_done(work, ids, 5)


def test_one_coworker_is_never_on_two_threads(ledger: Ledger) -> None:
    work = NotingWork(ledger, hold=0.05)
    ids = [job for name in ("one", "two", "three", "four") for job in ask(ledger, 11, 12, tasklist=name)]
    with dispatching(work):
        all_done(work, ids)
    assert work.most_of_one == 1


def test_a_coworker_with_much_to_do_does_not_hold_up_another(ledger: Ledger) -> None:
    work = NotingWork(ledger, hold=0.3)
    many = [job for n in range(8) for job in ask(ledger, 11, tasklist=f"list-{n}")]
    (other,) = ask(ledger, 12)
    with dispatching(work, threads=2):
        all_done(work, [other])
        assert not set(many) <= set(work.done)


def test_a_job_that_raises_rests_and_the_others_go_on(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatcher, "_REST_SECONDS", 1.0)
    poison, *others = ask(ledger, *range(11, 20))
    told: list[tuple[str, str]] = []
    work = NotingWork(ledger, fails=lambda one: one == poison)
    with dispatching(work, threads=2, notice=lambda kind, text: told.append((kind, text))):
        all_done(work, others)
        assert work.began.count(poison) == 1
        until(lambda: work.began.count(poison) > 1, 5)
    assert told[0] == ("job", "ValueError")  # never what was raised: it may hold anything
    assert [one.id for one in ledger.jobs.listed("open")] == [poison]


def test_more_poison_than_threads_does_not_hold_up_the_others(ledger: Ledger) -> None:
    """What rests stays due, and is the oldest: it must not fill the look for what is due."""
    poison = set(ask(ledger, *range(11, 31)))
    (good,) = ask(ledger, 99)
    work = NotingWork(ledger, fails=lambda one: one in poison)
    with dispatching(work, threads=2):
        all_done(work, [good], 10)


def test_more_deliveries_that_raise_than_are_looked_at_do_not_hold_up_the_others(ledger: Ledger) -> None:
    poison = set(accept(ledger, *(f'{{"Id": {n}}}' for n in range(1, 31)), defer=False))
    time.sleep(0.01)
    (good,) = accept(ledger, '{"Id": 99}', defer=False)
    work = NotingWork(ledger, fails=lambda one: one in poison)
    with dispatching(work, threads=2):
        all_done(work, [good], 10)


def test_close_waits_for_what_is_under_way_and_takes_nothing_more(ledger: Ledger) -> None:
    work = NotingWork(ledger, hold=0.5)
    ids = ask(ledger, *range(11, 31))
    with dispatching(work, threads=2) as loop:
        until(lambda: work.began, every=0.01)
    assert sorted(work.done) == sorted(work.began)
    assert len(work.began) < len(ids)
    assert not loop.alive


def test_close_gives_up_waiting_in_time(ledger: Ledger) -> None:
    work = NotingWork(ledger, hold=1.5)
    ask(ledger, 11)
    loop = Dispatcher(work, ledger, Stop(), threads=1, notice=lambda _kind, _text: None)
    loop.start()
    until(lambda: work.began, every=0.01)
    began = time.monotonic()
    assert not loop.close(0.3)
    assert time.monotonic() - began < 1
    assert loop.close(10)


def test_a_ledger_that_is_away_is_told_and_looked_at_again(tmp_path: Path) -> None:
    told: list[tuple[str, str]] = []
    with ledger_at(tmp_path / "ledger.db", busy_seconds=0.1) as ledger:
        work = NotingWork(ledger)
        ids = ask(ledger, 11)
        away = Instant.now().add(seconds=1)
        due = ledger.jobs.due

        def broken(*given: object, **named: object) -> object:
            from engine.core.errors import Unreachable

            if Instant.now() < away:
                raise Unreachable("the ledger is away", advice="wait")
            return due(*given, **named)  # type: ignore[arg-type]

        ledger.jobs.due = broken  # type: ignore[method-assign,assignment]
        with dispatching(work, notice=lambda kind, text: told.append((kind, text))) as loop:
            all_done(work, ids)
            assert loop.alive
    assert ("dispatch", "the ledger is away") in told
