"""What becomes of a delivery: decided once, its jobs stored, its body gone; and what a person may do about it."""

from __future__ import annotations

import pytest
from inbox_given import CONTRACT, SOON, accept, decide, job, open_jobs, state, why
from ledger_given import ADA, NOW
from sqlalchemy import Connection

from engine.core.errors import UserError
from engine.ledger.ledger import Ledger
from engine.ledger.service_values import DeliveryId, JobId
from engine.ledger.values import RunId

LATER = NOW.add(minutes=5)


def test_a_decided_delivery_is_done_without_its_body_and_tells_its_jobs(ledger: Ledger) -> None:
    one = accept(ledger, "a")
    jobs = decide(ledger, one, job(), job("welcome-mail"), now=SOON)
    delivery = ledger.inbox.delivery(one)
    assert delivery is not None
    assert (delivery.state, delivery.why, delivery.settled_at) == ("done", "starts new-member", SOON)
    assert (delivery.record_id, delivery.coworker_id, delivery.jobs) == (CONTRACT, ADA, tuple(jobs))
    assert (delivery.due_at, ledger.inbox.body(one)) == (None, None)
    assert [ledger.jobs.job(each).delivery_ids for each in jobs] == [(one,), (one,)]  # type: ignore[union-attr]
    assert ledger.jobs.seen("contract.created", str(CONTRACT))
    assert not ledger.jobs.seen("contract.cancelled", str(CONTRACT))


def test_a_delivery_that_starts_nothing_is_done_and_its_record_seen(ledger: Ledger) -> None:
    one = accept(ledger, "a")
    assert decide(ledger, one, why="no list starts on contract.created") == ()
    assert (state(ledger, one), why(ledger, one)) == ("done", "no list starts on contract.created")
    assert ledger.jobs.seen("contract.created", str(CONTRACT))


def test_what_was_decided_by_somebody_else_stays_as_it_is(ledger: Ledger) -> None:
    one = accept(ledger, "a")
    jobs = decide(ledger, one, job())
    assert decide(ledger, one, job("another"), why="late") == jobs
    assert not ledger.inbox.set_aside(one, "late", NOW)
    assert not ledger.inbox.fail(one, "late", NOW)
    assert not ledger.inbox.retry(one, "late", LATER, NOW)
    assert (state(ledger, one), why(ledger, one), open_jobs(ledger)) == ("done", "starts new-member", list(jobs))


def test_a_queue_that_refuses_leaves_the_delivery_new_and_stores_no_job(ledger: Ledger) -> None:
    def refuse(_connection: Connection, ids: object) -> None:
        assert ids
        raise RuntimeError("the queue refused")

    one = accept(ledger, "a")
    with pytest.raises(RuntimeError):
        decide(ledger, one, job(), also=refuse)
    assert (state(ledger, one), ledger.inbox.body(one), ledger.jobs.listed()) == ("new", b"a", ())
    assert not ledger.jobs.seen("contract.created", str(CONTRACT))


def test_only_new_jobs_are_told_to_the_queue(ledger: Ledger) -> None:
    told: list[JobId] = []
    first = decide(ledger, accept(ledger, "a"), job(), also=lambda _, ids: told.extend(ids))
    second = decide(ledger, accept(ledger, "b"), job(), job("other"), also=lambda _, ids: told.extend(ids))
    assert second[0] == first[0]
    assert told == [first[0], second[1]]


@pytest.mark.parametrize("end", ["aside", "failed"])
def test_a_delivery_that_is_put_away_keeps_its_body_till_it_is_replayed_and_decided(ledger: Ledger, end: str) -> None:
    one = accept(ledger, "a")
    ledger.inbox.retry(one, "no answer", NOW, NOW)
    step = ledger.inbox.set_aside if end == "aside" else ledger.inbox.fail
    assert step(one, "its body is no JSON", NOW)
    assert (state(ledger, one), why(ledger, one), ledger.inbox.body(one)) == (end, "its body is no JSON", b"a")
    assert ledger.inbox.replay(one, LATER)
    delivery = ledger.inbox.delivery(one)
    assert delivery is not None
    assert (delivery.state, delivery.tries, delivery.due_at, delivery.why) == ("new", 0, LATER, "")
    assert ledger.inbox.body(one) == b"a"
    decide(ledger, one)
    assert (state(ledger, one), ledger.inbox.body(one)) == ("done", None)


def test_a_done_delivery_is_replayed_from_the_ids_that_were_read(ledger: Ledger) -> None:
    one = accept(ledger, "a")
    decide(ledger, one, job())
    assert ledger.inbox.replay(one, LATER)
    delivery = ledger.inbox.delivery(one)
    assert delivery is not None
    assert (delivery.state, delivery.record_id, delivery.coworker_id) == ("new", CONTRACT, ADA)
    assert ledger.inbox.body(one) is None
    assert len(delivery.jobs) == 1


def test_what_is_unknown_or_has_nothing_left_is_not_replayed(ledger: Ledger) -> None:
    nobody = DeliveryId("0123456789abcdef")
    assert not ledger.inbox.replay(nobody, NOW)
    assert not ledger.inbox.discard(nobody, NOW)
    assert ledger.inbox.delivery(nobody) is ledger.inbox.body(nobody) is None
    with pytest.raises(LookupError):
        decide(ledger, nobody)
    one = accept(ledger, "a")
    ledger.inbox.discard(one, NOW)
    with pytest.raises(UserError, match="neither its body nor the ids in it are kept"):
        ledger.inbox.replay(one, NOW)


def test_a_discarded_delivery_is_done_and_stays_so_whoever_works_at_it(ledger: Ledger) -> None:
    one = accept(ledger, "a")
    assert ledger.inbox.discard(one, NOW)
    assert decide(ledger, one, job()) == ()
    assert not ledger.inbox.retry(one, "late", LATER, NOW)
    assert (state(ledger, one), why(ledger, one)) == ("done", "discarded by hand")
    assert ledger.jobs.listed() == ()


def test_discarding_a_delivery_leaves_its_open_jobs_and_settles_those_in_trouble(ledger: Ledger) -> None:
    one = accept(ledger, "a")
    going, stuck = decide(ledger, one, job(), job("other"))
    ledger.jobs.finish(stuck, "aside", "no holder of front-desk", NOW)
    assert (state(ledger, one), why(ledger, one)) == ("aside", "no holder of front-desk")
    ledger.inbox.discard(one, LATER)
    assert (state(ledger, one), why(ledger, one)) == ("done", "discarded by hand")
    assert open_jobs(ledger) == [going]
    assert ledger.jobs.counts() == {"open": 1, "done": 1, "aside": 0, "failed": 0}


def test_a_job_that_another_delivery_waits_for_stays_when_one_is_discarded(ledger: Ledger) -> None:
    first, second = accept(ledger, "a"), accept(ledger, "b")
    (shared,) = decide(ledger, first, job())
    assert list(decide(ledger, second, job())) == [shared]
    ledger.jobs.finish(shared, "failed", "too often", NOW)
    ledger.inbox.discard(first, LATER)
    assert (state(ledger, first), state(ledger, second)) == ("done", "failed")
    assert ledger.jobs.counts()["failed"] == 1
    ledger.inbox.discard(second, LATER)
    assert ledger.jobs.counts() == {"open": 0, "done": 1, "aside": 0, "failed": 0}


def test_a_replayed_delivery_opens_its_job_in_trouble_again(ledger: Ledger) -> None:
    told: list[JobId] = []
    one = accept(ledger, "a")
    (stuck,) = decide(ledger, one, job())
    ledger.jobs.finish(stuck, "failed", "too often", NOW, RunId("r" * 16))
    ledger.inbox.replay(one, LATER)
    assert list(decide(ledger, one, job(due_at=LATER), now=LATER, also=lambda _, ids: told.extend(ids))) == [stuck]
    found = ledger.jobs.job(stuck)
    assert found is not None
    assert (found.state, found.tries, found.due_at, found.run_id) == ("open", 0, LATER, "r" * 16)
    assert (told, state(ledger, one)) == ([stuck], "done")


def test_a_replayed_delivery_lets_a_job_go_that_it_no_longer_asks_for(ledger: Ledger) -> None:
    one, other = accept(ledger, "a"), accept(ledger, "b")
    own, shared = decide(ledger, one, job("old-list"), job())
    decide(ledger, other, job())
    ledger.jobs.finish(own, "aside", "the list is gone", NOW)
    ledger.jobs.finish(shared, "aside", "no holder", NOW)
    ledger.inbox.replay(one, LATER)
    decide(ledger, one, why="no list starts", now=LATER)
    assert [ledger.jobs.job(each).state for each in (own, shared)] == ["done", "aside"]  # type: ignore[union-attr]
    assert (state(ledger, one), why(ledger, one)) == ("aside", "no holder"), "the other one waits for it still"


def test_a_delivery_is_done_again_once_the_last_of_its_jobs_is_out_of_trouble(ledger: Ledger) -> None:
    one = accept(ledger, "a")
    jobs = decide(ledger, one, job(), job("b"), job("c"))
    ledger.jobs.finish(jobs[0], "failed", "too often", NOW)
    ledger.jobs.finish(jobs[1], "aside", "no holder", NOW)
    assert (state(ledger, one), why(ledger, one)) == ("failed", "too often"), "failed is worse than aside"
    ledger.jobs.reopen(jobs[0], NOW)
    assert (state(ledger, one), why(ledger, one)) == ("aside", "no holder")
    ledger.jobs.finish(jobs[0], "done", "", NOW)
    assert state(ledger, one) == "aside"
    ledger.jobs.discard(jobs[1], NOW)
    assert (state(ledger, one), why(ledger, one)) == ("done", "starts new-member")


def test_a_job_that_ends_while_its_delivery_is_new_leaves_it_to_be_decided(ledger: Ledger) -> None:
    one = accept(ledger, "a")
    (asked,) = decide(ledger, one, job())
    ledger.inbox.replay(one, LATER)
    ledger.jobs.finish(asked, "failed", "too often", LATER)
    assert state(ledger, one) == "new"
    assert ledger.inbox.due(LATER, limit=9) == (one,)


def test_old_deliveries_that_are_done_are_forgotten_and_their_jobs_kept(ledger: Ledger) -> None:
    old, aside, doubted = accept(ledger, "a"), accept(ledger, "b"), accept(ledger, "c", verified="unverified")
    (asked,) = decide(ledger, old, job())
    ledger.inbox.set_aside(aside, "odd", NOW)
    young = accept(ledger, "d", received_at=LATER)
    decide(ledger, young, now=LATER)
    assert ledger.inbox.forget_settled(NOW) == 0
    assert ledger.inbox.forget_settled(LATER) == 2
    assert {one.id for one in ledger.inbox.listed()} == {aside, young}
    assert ledger.inbox.body(doubted) is None
    found = ledger.jobs.job(asked)
    assert found is not None
    assert (found.state, found.delivery_ids) == ("open", ())
    ledger.jobs.finish(asked, "aside", "no holder", LATER)


def test_forgetting_takes_as_many_turns_as_it_needs(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.ledger.inbox._FORGET_AT_ONCE", 3)
    for number in range(7):
        decide(ledger, accept(ledger, f"{number}"), record_id=number)
    assert ledger.inbox.forget_settled(LATER) == 7
    assert ledger.inbox.counts()["done"] == 0


@pytest.mark.parametrize("step", ["decide", "aside", "fail", "retry", "finish", "postpone", "alert"])
def test_a_reason_that_is_longer_than_a_sentence_is_refused(ledger: Ledger, step: str) -> None:
    one = accept(ledger, "a")
    (asked,) = ledger.jobs.ask([job()], NOW)
    long = "x" * 2001
    steps = {
        "decide": lambda: decide(ledger, one, why=long),
        "aside": lambda: ledger.inbox.set_aside(one, long, NOW),
        "fail": lambda: ledger.inbox.fail(one, long, NOW),
        "retry": lambda: ledger.inbox.retry(one, long, LATER, NOW),
        "finish": lambda: ledger.jobs.finish(asked, "failed", long, NOW),
        "postpone": lambda: ledger.jobs.postpone(asked, LATER, long, NOW, is_try=True),
        "alert": lambda: ledger.watch.raise_alert("hook", "hook off", long, NOW),
    }
    with pytest.raises(AssertionError, match="2001 characters"):
        steps[step]()
    assert (state(ledger, one), open_jobs(ledger), ledger.watch.alerts()) == ("new", [asked], ())
