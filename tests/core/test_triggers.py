"""Which lists an event starts, for whom, and when an event happened."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whenever import Instant

from engine.core.triggers import EVENT_RECORD, Sighting, Starts, event_moment, jobs_for, lists_started_by
from engine.core.words import EVENTS

NOW = Instant("2026-11-24T02:00:00Z")
LISTS = {
    "new-member": Starts(frozenset({"contract.created", "contract.first_activated"})),
    "offboarding": Starts(frozenset({"contract.cancelled", "contract.deleted"})),
    "office": Starts(frozenset({"team.created", "contract.created"}), per_team=True),
    "badges": Starts(frozenset({"team.created"})),
    "by-hand": Starts(frozenset()),
}


def seen(event: str, **others: object) -> Sighting:
    usual = {"record_id": 5, "cause": "delivery", "received_at": NOW, "coworker_ids": (7,), "contract_id": 5}
    return Sighting(event, **usual | others)  # type: ignore[arg-type]


def asked(sighting: Sighting, lists: dict[str, Starts] = LISTS) -> list[tuple[str, int]]:
    jobs, _ = jobs_for(sighting, lists, now=NOW, settle_seconds=10)
    return [(job.tasklist, job.coworker_id) for job in jobs]


def test_every_event_has_a_kind_of_record() -> None:
    assert set(EVENT_RECORD) == set(EVENTS)
    assert EVENT_RECORD["welcome_email.sent"] == "coworker"
    assert EVENT_RECORD["invoice.first_created"] == "invoice"


def test_an_event_starts_the_lists_that_name_it() -> None:
    assert lists_started_by("contract.created", LISTS) == ("new-member", "office")
    assert lists_started_by("coworker.updated", LISTS) == ()


def test_a_list_whose_file_hides_its_events_is_started_by_all_of_them() -> None:
    lists = LISTS | {"broken": Starts(None)}
    assert lists_started_by("coworker.updated", lists) == ("broken",)
    assert asked(seen("coworker.updated"), lists) == [("broken", 7)]


def test_a_job_bears_what_is_known_of_its_event_and_is_due_when_the_burst_has_settled() -> None:
    (job, _), why = jobs_for(seen("contract.created", at=NOW), LISTS, now=NOW, settle_seconds=10)
    assert (job.tasklist, job.contract_id, job.record_id, job.event, job.cause) == (
        *("new-member", 5, 5),
        *("contract.created", "delivery"),
    )
    assert (job.due_at, job.received_at, job.event_at, why) == (NOW.add(seconds=10), NOW, NOW, "")


def test_without_a_list_the_reason_names_the_event() -> None:
    assert jobs_for(seen("coworker.updated"), LISTS, now=NOW, settle_seconds=10) == (
        (),
        "no list starts on coworker.updated",
    )


def test_a_team_event_asks_for_each_member_and_a_list_once_per_team_for_who_pays() -> None:
    team = seen("team.created", coworker_ids=(7, 8, 8, 9), contract_id=None, team_id=5, payer_id=3)
    assert asked(team) == [("badges", 7), ("badges", 8), ("badges", 9), ("office", 3)]
    assert asked(seen("team.created", coworker_ids=(7, 8), team_id=5))[-1] == ("office", 7)


def test_a_team_without_members_asks_for_nothing_and_says_so() -> None:
    team = seen("team.created", coworker_ids=(), team_id=5)
    assert jobs_for(team, {"badges": LISTS["badges"]}, now=NOW, settle_seconds=0) == ((), "team 5 has no members")


def test_a_deleted_contract_is_never_the_one_that_a_list_is_about() -> None:
    ((job,), _) = jobs_for(seen("contract.deleted"), LISTS, now=NOW, settle_seconds=0)
    assert (job.contract_id, job.record_id) == (None, 5)


@given(st.permutations(sorted(LISTS)), st.sampled_from(sorted(EVENTS)))
@settings(derandomize=True, max_examples=60)
def test_the_order_of_files_changes_nothing(names: list[str], event: str) -> None:
    assert asked(seen(event), {name: LISTS[name] for name in names}) == asked(seen(event))


RECORD = {
    "CreatedOn": "2026-11-20T08:30:00.1234567Z",
    "StartDate": "2026-12-01T00:00:00Z",
    "CancellationDate": "2026-12-30T23:00:00Z",
    "FromTime": "2026-11-21T09:00:00Z",
    "PaidOn": "2026-11-22T10:00:00",
}


@pytest.mark.parametrize(
    ("event", "zone", "at"),
    [
        ("coworker.created", "Europe/Madrid", "2026-11-20T08:30:00.1234567Z"),
        ("invoice.first_created", "Europe/Madrid", "2026-11-20T08:30:00.1234567Z"),
        ("contract.activated", "Europe/Madrid", "2026-11-30T23:00:00Z"),
        ("contract.first_activated", "America/New_York", "2026-12-01T05:00:00Z"),
        ("contract.cancelled", "Europe/Madrid", "2026-12-30T23:00:00Z"),
        ("checkin.created", "Europe/Madrid", "2026-11-21T09:00:00Z"),
        ("invoice.paid", "Europe/Madrid", "2026-11-22T10:00:00Z"),
    ],
)
def test_the_moment_of_an_event_is_read_from_its_record(event: str, zone: str, at: str) -> None:
    assert event_moment(event, RECORD, zone) == Instant(at)


@pytest.mark.parametrize("event", ["coworker.updated", "welcome_email.sent", "contract.renewed", "team.updated"])
def test_a_record_does_not_tell_the_moment_of_an_update(event: str) -> None:
    assert event_moment(event, RECORD, "Europe/Madrid") is None


def test_an_empty_field_tells_no_moment() -> None:
    assert event_moment("contract.cancelled", {"CancellationDate": None}, "Europe/Madrid") is None
    assert event_moment("invoice.paid", {}, "Europe/Madrid") is None
