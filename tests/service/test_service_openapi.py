"""The description of the interface is true: thousands of requests made from it, every answer compared (promise D07)."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
import requests
import schemathesis
from door_given import BODY, SECRET, SECRETS, TOKEN, RunningDoor, door_on, open_at
from hypothesis import HealthCheck, given, settings
from schemathesis.generation import GenerationMode
from service_process import sign

from engine.core.words import EVENTS
from engine.service.openapi import describe

LONG = os.environ.get("TASKLISTS_LONG") == "1"
CASES = 10_000 if LONG else 600
DELIVER, BY_TOKEN, DESCRIPTION = "/hooks/{location}/{event}", "/hooks/{location}/{event}/{token}", "/openapi.json"
MODES = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
SHARE = CASES // 8
"""Two operations that take something, with and without our places, right and wrong."""


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDoor]:
    path = tmp_path_factory.mktemp("openapi")
    with open_at(path / "ledger.db") as ledger, door_on(ledger) as door:
        for event in EVENTS:  # of a path that never verified one, the third wrong delivery in a row is kept aside: 202
            assert door.deliver(event=event).status == 202
            assert door.call("POST", f"/hooks/madrid/{event}/{TOKEN}", BODY).status == 202
        yield door


def with_our_places(description: dict[str, Any]) -> dict[str, Any]:
    """The description as one who knows the locations and tokens would write it, so that requests get through."""
    known = deepcopy(description)
    for path in (DELIVER, BY_TOKEN):
        for parameter in known["paths"][path]["post"]["parameters"]:
            if parameter["name"] in {"location", "token"}:
                ours = sorted(SECRETS.locations) if parameter["name"] == "location" else [TOKEN]
                parameter["schema"] = {"type": "string", "enum": ours}
    return known


def raw_body(case: Any) -> bytes | None:
    """The bytes that will be sent, None for what has no text."""
    sent = requests.Request(**case.as_transport_kwargs(base_url="http://127.0.0.1:1")).prepare().body
    return sent.encode() if isinstance(sent, str) else sent


@pytest.mark.long
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
@pytest.mark.parametrize("is_known", [False, True], ids=["from outside", "with our places"])
@pytest.mark.parametrize("path", [DELIVER, BY_TOKEN])
def test_every_answer_is_as_described_and_none_is_a_fault_of_ours(
    door: RunningDoor, *, path: str, is_known: bool, mode: GenerationMode
) -> None:
    told = json.loads(door.call("GET", DESCRIPTION).body)
    schema = schemathesis.openapi.from_dict(with_our_places(told) if is_known else told)
    operation, answers = schema[path]["POST"], Counter[int]()
    with requests.Session() as session:

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=SHARE,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        def ask(case: Any) -> None:
            if is_known and (body := raw_body(case)) is not None:
                case.headers["X-Nexudus-Hook-Signature"] = sign(SECRET, body)
            answer = case.call_and_validate(f"http://127.0.0.1:{door.port}", session)
            answers[answer.status_code] += 1
            assert answer.status_code < 500

        ask()
    print(dict(answers))
    assert sum(answers.values()) >= SHARE
    if is_known and mode is GenerationMode.POSITIVE:
        assert answers[202] >= SHARE // 10


def test_the_description_is_what_it_says_of_itself(door: RunningDoor) -> None:
    schema = schemathesis.openapi.from_dict(json.loads(door.call("GET", DESCRIPTION).body))
    answer = schema[DESCRIPTION]["GET"].Case().call_and_validate(f"http://127.0.0.1:{door.port}")
    assert answer.status_code == 200


def test_only_pages_that_are_there_are_described() -> None:
    assert set(describe([])["paths"]) == {DELIVER, BY_TOKEN, DESCRIPTION}
    assert "/metrics" in describe(["/metrics", "/unknown"])["paths"]
    assert "/unknown" not in describe(["/metrics", "/unknown"])["paths"]


def test_the_description_names_no_location_and_no_secret(door: RunningDoor) -> None:
    told = door.call("GET", "/openapi.json").body.decode()
    assert not [word for word in (*SECRETS.locations, SECRET, TOKEN) if word in told]
