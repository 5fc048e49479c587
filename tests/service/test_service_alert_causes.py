"""What becomes an alert: a look at the ledger, and the sentences made of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from whenever import Instant, hours

from engine.flows.hook_findings import HookFinding
from engine.ledger.ledger import Ledger
from engine.ledger.opening import open_ledger
from engine.ledger.service_values import DeliveryId, NewDelivery, NewJob, Proof
from engine.ledger.values import BatchKey, Intent, NewRun
from engine.nexudus.webhooks import Hook
from engine.service.alert_causes import KINDS, Situation, evaluate
from engine.service.ledger_sight import look_at_ledger

NOW = Instant("2026-11-24T10:00:00Z")
EVENT = "contract.created"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    since = Instant("2026-11-01T00:00:00Z")
    account = "https://spaces.nexudus.com"
    with open_ledger(tmp_path / "ledger.db", owner="acme", account=account, since=since, now=NOW) as ledger:
        yield ledger


def deliver(
    ledger: Ledger, number: int, proof: Proof = "signature", at: Instant = NOW, location: str = "barcelona"
) -> DeliveryId:
    body = b'[{"Id":%d,"FullName":"Ana Secret"}]' % number
    return ledger.inbox.accept([NewDelivery(location, EVENT, body, proof, at)])[0].id


def a_job(tasklist: str, coworker_id: int, due_at: Instant = NOW) -> NewJob:
    return NewJob(tasklist, coworker_id, EVENT, "sweep", due_at, received_at=NOW)


def causes(ledger: Ledger, now: Instant = NOW) -> dict[str, str]:
    found = evaluate(look_at_ledger(ledger, now, doubt_minutes=15), now, backlog_minutes=15)
    return {cause.cause: cause.text for cause in found}


def test_a_ledger_without_trouble_gives_no_cause(ledger: Ledger) -> None:
    deliver(ledger, 1)
    ledger.jobs.ask([a_job("new-member", 7)], NOW)
    assert causes(ledger) == {}
    assert look_at_ledger(ledger, NOW, doubt_minutes=15).kinds() == {"held", "failed", "unverified", "backlog"}


def test_what_waits_longer_than_allowed_is_a_backlog_and_no_sooner(ledger: Ledger) -> None:
    deliver(ledger, 1)
    assert causes(ledger, NOW.add(minutes=15)) == {}
    assert "delivery has waited since 2026-11-24T10:00" in causes(ledger, NOW.add(minutes=16))["backlog"]


def test_a_job_that_is_due_for_long_is_a_backlog_and_one_that_is_to_wait_is_none(ledger: Ledger) -> None:
    ledger.jobs.ask([a_job("new-member", 7, due_at=NOW.add(hours=2))], NOW)
    assert causes(ledger, NOW.add(hours=1)) == {}
    assert "job has waited" in causes(ledger, NOW.add(hours=3))["backlog"]


def test_failed_work_is_one_cause_for_each_list_without_a_word_of_why(ledger: Ledger) -> None:
    first, second, third = ledger.jobs.ask([a_job("new-member", n) for n in (1, 2)] + [a_job("leaver", 3)], NOW)
    ledger.jobs.finish(first, "failed", "Ana Secret has no plan", NOW)
    ledger.jobs.finish(second, "aside", "Ana Secret has no plan", NOW)
    ledger.jobs.finish(third, "done", "", NOW)
    ledger.inbox.set_aside(deliver(ledger, 9), "odd", NOW)
    found = causes(ledger)
    assert set(found) == {"failed: new-member", "failed deliveries"}
    assert found["failed: new-member"].startswith("2 members wait for new-member")
    assert "Secret" not in str(found)
    ledger.jobs.reopen(first, NOW)
    ledger.jobs.reopen(second, NOW)
    assert set(causes(ledger)) == {"failed deliveries"}


def test_a_delivery_whose_job_failed_is_told_as_the_job_only(ledger: Ledger) -> None:
    delivery = deliver(ledger, 1)
    (job,) = ledger.inbox.decide(
        delivery, [a_job("new-member", 1)], why="starts new-member", record_id=1, coworker_id=1, now=NOW
    )
    ledger.jobs.finish(job, "failed", "no", NOW)
    assert set(causes(ledger)) == {"failed: new-member"}


def test_unsigned_deliveries_are_a_cause_until_a_genuine_one_comes_by_the_same_path(ledger: Ledger) -> None:
    deliver(ledger, 1, "unverified")
    deliver(ledger, 2, "unverified", location="london")
    assert set(causes(ledger)) == {"unverified: barcelona", "unverified: london"}
    ledger.inbox.discard(deliver(ledger, 3, at=NOW.add(minutes=1)), NOW)
    assert set(causes(ledger)) == {"unverified: london"}
    deliver(ledger, 4, "unverified", at=NOW.add(minutes=2))
    assert set(causes(ledger)) == {"unverified: barcelona", "unverified: london"}


def test_an_intent_without_an_answer_is_in_doubt_once_its_run_is_silent_for_long(ledger: Ledger) -> None:
    batch = BatchKey("coworker", "7", "new-member")
    run = ledger.begin_run(
        NewRun(
            coworker_id=7, tasklist="new-member", version="v", business_id=1, cause="cli", started_at=NOW, checksum="c"
        )
    )
    ledger.claim(run, [Intent(UUID(int=1), "card", batch, "1" * 16, payload='{"Name": "Ana Secret"}')], NOW)
    assert causes(ledger, NOW.add(minutes=14)) == {}
    assert set(causes(ledger, NOW + hours(1))) == {"held"}


def test_hooks_that_lose_deliveries_are_causes_and_harmless_ones_are_not() -> None:
    hook = Hook(5, 1421021016, "x", 62, "https://acme.example/s3cret", False)
    found = [HookFinding(kind, "barcelona", EVENT, "it is so", "do that", hook) for kind in ("off", "unused", "other")]
    (cause,) = evaluate(Situation(hooks=found), NOW, backlog_minutes=15)
    assert cause.cause == f"hook off: barcelona {EVENT}"
    assert cause.text == f"The webhook barcelona {EVENT} (5): it is so. To do: do that."


def test_files_and_plans_that_keep_lists_from_starting_are_causes() -> None:
    seen = Situation(
        hooks=(), hooks_unwatched="the login has no role WebHook-List.", plans={"a": {"Gold"}}, lists=["b"]
    )
    found = evaluate(seen, NOW, backlog_minutes=15)
    assert [cause.cause for cause in found] == ["hooks unwatched", "plan: a: Gold", "list: b"]
    assert seen.kinds() == {"hooks", "plans", "lists"}


def test_a_part_that_was_not_looked_at_is_no_kind() -> None:
    assert Situation().kinds() == frozenset()
    assert evaluate(Situation(), NOW, backlog_minutes=15) == ()
    assert set(KINDS) <= set(Situation.__dataclass_fields__), "each kind is a part, by its name"


def test_unsigned_deliveries_are_told_without_a_guess_at_who_sends_them(ledger: Ledger) -> None:
    deliver(ledger, 1, "unverified")
    assert causes(ledger)["unverified: barcelona"] == (
        "1 delivery bears no valid signature at barcelona: either the secret in Nexudus and TASKLISTS_HOOK_SECRETS "
        "differ, or somebody else sends them. `tasklists inbox list --state unverified` shows them; the sweep finds "
        "what they told of signups, first days and cancellations."
    )
