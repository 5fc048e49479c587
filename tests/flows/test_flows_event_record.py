"""The moment of an event and whether its record bears it out, and what a stored request keeps of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from nexudus.scripted_nexudus import Answer, Request, client_for, data, serving
from whenever import Instant

from engine.core.applies import NotStarted
from engine.core.facts import Event
from engine.flows.event_record import Seen, event_of
from engine.flows.request import Request as RunRequest
from engine.flows.stored_request import request_of_text, request_text

HEARD = Instant("2026-11-24T02:00:00Z")
ADA: dict[str, Any] = {"Id": 7, "CreatedOn": "2026-11-20T08:00:00Z"}
CONTRACT: dict[str, Any] = {"Id": 5, "StartDate": "2026-12-01T00:00:00Z", "CreatedOn": "2026-11-21T08:00:00Z"}
NOT_THERE = Answer(404)
PATHS = {
    "checkin.created": "/api/spaces/checkins/5",
    "invoice.paid": "/api/billing/coworkerinvoices/5",
    "product.created": "/api/billing/coworkerproducts/5",
}


def asked(event: str, **others: Any) -> RunRequest:
    usual = {"event_record_id": 5, "event_received_at": HEARD, "starting": True, "now": HEARD}
    return RunRequest(7, event_name=event, **usual | others)


def told(request: RunRequest, answer: Answer = NOT_THERE, **seen: Any) -> tuple[Event | None, list[str]]:
    """The event, and what was read for it."""

    def script(_: Request) -> Answer:
        return answer

    with serving(script) as server, client_for(server) as client:
        event = event_of(client, request, Seen(**{"coworker": ADA, "contract": CONTRACT, "team": None} | seen), "UTC")
        return event, server.paths()


@pytest.mark.parametrize(
    ("event", "record", "at"),
    [
        ("checkin.created", {"FromTime": "2026-11-23T09:00:00Z"}, Instant("2026-11-23T09:00:00Z")),
        ("invoice.paid", {"PaidOn": "2026-11-22T09:00:00Z", "Paid": True}, Instant("2026-11-22T09:00:00Z")),
        ("invoice.paid", {"Paid": True}, HEARD),
        ("product.created", {"CreatedOn": "2026-11-19T09:00:00Z"}, Instant("2026-11-19T09:00:00Z")),
    ],
)
def test_a_record_of_its_own_is_read_for_the_moment(event: str, record: dict[str, Any], at: Instant) -> None:
    found, paths = told(asked(event), data({"Id": 5, "CoworkerId": 7} | record))
    assert found == Event(event, at)
    assert paths == [f"GET {PATHS[event]}"]


@pytest.mark.parametrize(
    ("event", "number", "at"),
    [
        ("coworker.created", 7, Instant("2026-11-20T08:00:00Z")),
        ("contract.created", 5, Instant("2026-11-21T08:00:00Z")),
        ("contract.first_activated", 5, Instant("2026-12-01T00:00:00Z")),
        ("contract.created", 6, HEARD),  # another contract than the run's
        ("contract.renewed", 5, HEARD),
        ("team.created", 5, HEARD),  # no list names the team, so it was not read
    ],
)
def test_records_that_were_read_anyway_tell_the_moment_without_another_call(
    event: str, number: int, at: Instant
) -> None:
    assert told(asked(event, event_record_id=number)) == (Event(event, at), [])


@pytest.mark.parametrize(
    ("event", "answer", "reason", "may_lag"),
    [
        ("checkin.created", NOT_THERE, "checkin 5 is gone", True),
        ("product.created", data({"Id": 5, "CoworkerId": 8}), "product 5 is not coworker 7's", False),
        ("invoice.paid", data({"Id": 5, "CoworkerId": 7, "Paid": False}), "invoice 5 is not paid", True),
    ],
)
def test_what_the_record_does_not_bear_out_starts_nothing(
    event: str, answer: Answer, reason: str, may_lag: bool
) -> None:
    with pytest.raises(NotStarted) as refused:
        told(asked(event), answer)
    assert (refused.value.reason, refused.value.may_lag) == (reason, may_lag)


def test_a_run_that_is_gone_on_with_is_not_stopped_by_a_record_that_went() -> None:
    assert told(asked("checkin.created", starting=False))[0] == Event("checkin.created", HEARD)


def test_a_moment_that_is_known_already_is_taken_and_by_hand_there_is_none() -> None:
    at = Instant("2026-11-01T00:00:00Z")
    assert told(asked("checkin.created", event_at=at)) == (Event("checkin.created", at), [])
    assert told(asked("by hand", event_received_at=None, event_record_id=None)) == (None, [])


def test_a_request_of_an_event_is_stored_and_read_again_to_be_gone_on_with() -> None:
    request = asked("contract.created", cause="delivery")
    name, back = request_of_text(request_text("new-member", request), HEARD)
    assert (name, back.event_name, back.event_record_id, back.event_received_at) == (
        *("new-member", "contract.created"),
        *(5, HEARD),
    )
    assert not back.starting


def test_a_request_that_an_earlier_version_stored_is_still_read() -> None:
    kept = json.loads(request_text("new-member", RunRequest(7, now=HEARD)))
    del kept["event_record_id"], kept["event_received_at"]
    _, back = request_of_text(json.dumps(kept), HEARD)
    assert (back.coworker_id, back.event_record_id, back.event_received_at) == (7, None, None)
