"""Jobs: what is asked for is stored or merged, carried out when due, and never lost."""

from __future__ import annotations

from typing import Any

import pytest
from inbox_given import CONTRACT, SOON, accept, decide, job, open_jobs
from ledger_given import ADA, NOW

from engine.ledger.ledger import Ledger
from engine.ledger.service_values import JobId, StoredJob
from engine.ledger.values import RunId

LATER = NOW.add(minutes=5)


def stored(ledger: Ledger, one: JobId) -> StoredJob:
    found = ledger.jobs.job(one)
    assert found is not None
    return found


def ask(ledger: Ledger, **other: Any) -> JobId:
    (one,) = ledger.jobs.ask([job(**other)], NOW)
    return one


def test_a_job_is_kept_as_it_was_asked_for(ledger: Ledger) -> None:
    one = ask(ledger, team_id=5, event_at=LATER, cause="sweep")
    found = stored(ledger, one)
    assert (found.tasklist, found.coworker_id, found.event, found.cause) == (
        *("new-member", ADA, "contract.created", "sweep"),
    )
    assert (found.contract_id, found.team_id, found.record_id, found.event_at) == (CONTRACT, 5, CONTRACT, LATER)
    assert (found.due_at, found.received_at, found.created_at, found.settled_at) == (SOON, NOW, NOW, None)
    assert (found.state, found.tries, found.why, found.run_id, found.delivery_ids) == ("open", 0, "", None, ())
    assert len(one) == 16
    assert ledger.jobs.job(JobId("0123456789abcdef")) is None


def test_a_burst_becomes_one_job_with_all_that_is_known(ledger: Ledger) -> None:
    events = [
        {"event": "coworker.created", "contract_id": None, "record_id": ADA, "event_at": None},
        {"event": "contract.created", "due_at": SOON.add(seconds=3), "event_at": LATER},
        {"event": "contract.activated", "received_at": NOW.add(seconds=-1), "event_at": NOW},
        {"event": "welcome_email.sent", "contract_id": None, "record_id": ADA},
    ]
    deliveries = [accept(ledger, event["event"], event=event["event"]) for event in events]
    asked = [decide(ledger, each, job(**event)) for each, event in zip(deliveries, events, strict=True)]
    assert len({tuple(each) for each in asked}) == 1
    found = stored(ledger, asked[0][0])
    assert (found.contract_id, found.event_at, found.due_at) == (CONTRACT, NOW, SOON)
    assert (found.event, found.record_id, found.received_at) == ("coworker.created", ADA, NOW.add(seconds=-1))
    assert found.delivery_ids == tuple(deliveries), "each is a cause"


@pytest.mark.parametrize(
    "other", [{"tasklist": "b"}, {"coworker_id": 1}, {"team_id": 5}, {"contract_id": CONTRACT + 1}]
)
def test_another_list_coworker_team_or_contract_is_another_job(ledger: Ledger, other: dict[str, Any]) -> None:
    assert ask(ledger) != ask(ledger, **other)
    assert len(open_jobs(ledger)) == 2


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("contract.cancelled", "contract.plan_changed"),
        ("contract.created", "contract.cancelled"),
        ("coworker.created", "coworker.updated"),
        ("contract.renewed", "contract.first_activated"),
    ],
)
def test_an_event_that_another_does_not_answer_is_its_own_job(ledger: Ledger, first: str, second: str) -> None:
    one, other = ask(ledger, event=first), ask(ledger, event=second)
    assert one != other
    assert (ask(ledger, event=first), ask(ledger, event=second)) == (one, other), "each takes its own kind in"
    ledger.jobs.finish(one, "done", "contract 77 is not cancelled", LATER)
    assert open_jobs(ledger) == [other]
    assert stored(ledger, other).event == second


def test_of_two_open_jobs_that_of_the_same_contract_takes_the_new_one_in(ledger: Ledger) -> None:
    first, second = ask(ledger, contract_id=1), ask(ledger, contract_id=2)
    assert ask(ledger, contract_id=2) == second
    assert ask(ledger, contract_id=None) == first


def test_a_job_that_is_due_may_be_under_way_and_takes_nothing_in(ledger: Ledger) -> None:
    first = ask(ledger)
    (second,) = ledger.jobs.ask([job(due_at=SOON.add(seconds=10))], SOON)
    assert second != first
    (third,) = ledger.jobs.ask([job(due_at=SOON.add(seconds=12))], SOON.add(seconds=2))
    assert third == second
    ledger.jobs.finish(first, "done", "nothing to do", SOON.add(seconds=3))
    assert open_jobs(ledger) == [second], "what came about meanwhile is looked at"


def test_jobs_of_one_asking_merge_with_each_other(ledger: Ledger) -> None:
    first, second = ledger.jobs.ask([job(), job("b"), job(contract_id=None)], NOW)
    assert [stored(ledger, one).tasklist for one in (first, second)] == ["new-member", "b"]


def test_a_waiting_job_is_looked_at_sooner_but_not_after_a_failed_try(ledger: Ledger) -> None:
    one = ask(ledger)
    ledger.jobs.postpone(one, NOW.add(hours=24), "waits for the contract", NOW, is_try=False)
    assert ask(ledger) == one
    assert stored(ledger, one).due_at == SOON
    ledger.jobs.postpone(one, NOW.add(hours=1), "a task failed", NOW, is_try=True)
    assert ask(ledger) == one
    assert (stored(ledger, one).due_at, stored(ledger, one).tries) == (NOW.add(hours=1), 1)


def test_due_jobs_come_by_their_moment_without_the_coworkers_that_are_busy(ledger: Ledger) -> None:
    late, early = ask(ledger, coworker_id=1, due_at=LATER), ask(ledger, coworker_id=2)
    other = ask(ledger, coworker_id=3, due_at=SOON.add(seconds=1))
    assert ledger.jobs.due(NOW, limit=9) == ()
    assert ledger.jobs.due(LATER, limit=9) == ((early, 2), (other, 3), (late, 1))
    assert ledger.jobs.due(LATER, limit=1) == ((early, 2),)
    assert ledger.jobs.due(LATER, limit=1, but_coworkers={2, 3}) == ((late, 1),)
    assert ledger.jobs.due(LATER, limit=9, but_coworkers=range(500)) == ()


def test_the_oldest_due_moment_is_of_open_jobs_that_are_due(ledger: Ledger) -> None:
    assert ledger.jobs.oldest_due(LATER) is None
    one = ask(ledger, coworker_id=1)
    ask(ledger, coworker_id=2, due_at=SOON.add(seconds=1))
    assert ledger.jobs.oldest_due(NOW) is None
    assert ledger.jobs.oldest_due(LATER) == SOON
    ledger.jobs.finish(one, "done", "", LATER)
    assert ledger.jobs.oldest_due(LATER) == SOON.add(seconds=1)


def test_a_job_that_is_tried_again_and_again_waits_all_the_while(ledger: Ledger) -> None:
    one = ask(ledger)
    for minute in range(0, 60, 5):
        now = SOON.add(minutes=minute)
        assert ledger.jobs.oldest_due(now) == SOON
        ledger.jobs.postpone(one, now.add(minutes=5), "Nexudus is away", now, is_try=minute % 10 == 0)
        assert ledger.jobs.oldest_due(now) == SOON, "also between two tries"
    ask(ledger, due_at=SOON.add(hours=2))
    assert ledger.jobs.oldest_due(SOON.add(hours=1)) == SOON, "also when it takes another one in"


def test_a_job_that_waits_by_design_does_not_wait_before_its_moment(ledger: Ledger) -> None:
    one, moment = ask(ledger), NOW.add(hours=24)
    ledger.jobs.postpone(one, LATER, "Nexudus is away", NOW, is_try=True)
    ledger.jobs.postpone(one, moment, "it waits until tomorrow", LATER, is_try=False, by_design=True)
    assert ask(ledger) == one
    assert ledger.jobs.oldest_due(moment.add(seconds=-1)) is None, "taking another one in makes it no sooner"
    ledger.jobs.postpone(one, moment.add(hours=1), "Nexudus is away", moment, is_try=False)
    assert ledger.jobs.oldest_due(moment) == moment


def test_a_job_that_waits_by_design_and_is_asked_for_again_waits_from_then_on(ledger: Ledger) -> None:
    one = ask(ledger)
    ledger.jobs.postpone(one, NOW.add(hours=24), "it waits until tomorrow", NOW, is_try=False, by_design=True)
    assert ask(ledger) == one
    assert ledger.jobs.oldest_due(LATER) == SOON


def test_a_reopened_job_waits_from_then_on(ledger: Ledger) -> None:
    one = ask(ledger)
    ledger.jobs.finish(one, "failed", "too often", SOON)
    ledger.jobs.reopen(one, LATER)
    assert ledger.jobs.oldest_due(LATER.add(hours=1)) == LATER


def test_what_is_settled_is_not_settled_again(ledger: Ledger) -> None:
    one = ask(ledger)
    assert ledger.jobs.finish(one, "failed", "too often", NOW, RunId("r" * 16))
    assert not ledger.jobs.finish(one, "done", "late", LATER)
    assert not ledger.jobs.postpone(one, LATER, "late", LATER, is_try=True)
    found = stored(ledger, one)
    assert (found.state, found.why, found.run_id, found.tries) == ("failed", "too often", "r" * 16, 0)
    assert found.settled_at == NOW
    with pytest.raises(ValueError, match="not open"):
        ledger.jobs.finish(one, "open", "", LATER)
    with pytest.raises(LookupError, match="no job"):
        ledger.jobs.finish(JobId("0123456789abcdef"), "done", "", NOW)


def test_a_later_step_without_a_run_keeps_the_run_before(ledger: Ledger) -> None:
    one = ask(ledger)
    ledger.jobs.postpone(one, LATER, "a task is held", NOW, is_try=False, run_id=RunId("r" * 16))
    ledger.jobs.finish(one, "done", "all tasks are made", LATER)
    assert stored(ledger, one).run_id == "r" * 16


@pytest.mark.parametrize("end", ["done", "aside", "failed"])
def test_a_reopened_job_has_all_its_tries_and_is_told_to_the_queue(ledger: Ledger, end: Any) -> None:
    told: list[JobId] = []
    one = ask(ledger)
    ledger.jobs.postpone(one, SOON, "failed", NOW, is_try=True)
    ledger.jobs.finish(one, end, "so it ended", NOW)
    assert ledger.jobs.reopen(one, LATER, also=lambda _, ids: told.extend(ids))
    found = stored(ledger, one)
    assert (found.state, found.tries, found.due_at, found.settled_at, told) == ("open", 0, LATER, None, [one])
    assert not ledger.jobs.reopen(JobId("0123456789abcdef"), NOW)


def test_an_open_job_that_is_reopened_waits_no_longer(ledger: Ledger) -> None:
    one = ask(ledger)
    ledger.jobs.postpone(one, NOW.add(hours=1), "failed", NOW, is_try=True)
    assert ledger.jobs.reopen(one, LATER)
    assert stored(ledger, one).due_at == LATER
    assert ledger.jobs.reopen(one, LATER.add(hours=1))
    assert stored(ledger, one).due_at == LATER, "never later"


def test_jobs_are_listed_the_newest_first_by_state_and_coworker(ledger: Ledger) -> None:
    ids = [ask(ledger, coworker_id=number) for number in range(4)]
    ledger.jobs.finish(ids[1], "aside", "no holder", NOW)
    assert [one.id for one in ledger.jobs.listed(limit=2)] == [ids[3], ids[2]]
    assert [one.id for one in ledger.jobs.listed("open")] == [ids[3], ids[2], ids[0]]
    assert [one.id for one in ledger.jobs.listed("aside", 1)] == [ids[1]]
    assert ledger.jobs.listed("aside", 2) == ()
    assert ledger.jobs.counts() == {"open": 3, "done": 0, "aside": 1, "failed": 0}


def test_asking_notes_the_records_as_seen_and_the_first_time_stays(ledger: Ledger) -> None:
    ask(ledger, record_id=8)
    ask(ledger, record_id=None)
    ledger.jobs.note_seen("contract.cancelled", "8 on 2026-12-31", NOW)
    ledger.jobs.note_seen("contract.cancelled", "8 on 2026-12-31", LATER)
    assert ledger.jobs.seen("contract.created", "8")
    assert ledger.jobs.seen("contract.cancelled", "8 on 2026-12-31")
    assert not ledger.jobs.seen("contract.cancelled", "8")
    assert not ledger.jobs.seen("coworker.created", "8")


def test_a_queue_that_refuses_leaves_no_job(ledger: Ledger) -> None:
    def refuse(_connection: object, ids: object) -> None:
        raise RuntimeError(f"refused {ids}")

    with pytest.raises(RuntimeError):
        ledger.jobs.ask([job()], NOW, also=refuse)
    assert ledger.jobs.listed() == ()
    assert not ledger.jobs.seen("contract.created", str(CONTRACT))


def test_many_jobs_with_many_causes_are_listed_at_once(ledger: Ledger) -> None:
    one = accept(ledger, "a")
    asked = decide(ledger, one, *(job(coworker_id=number) for number in range(600)))
    assert len(set(asked)) == 600
    assert [found.delivery_ids for found in ledger.jobs.listed("open", limit=1_000_000)] == [(one,)] * 600
