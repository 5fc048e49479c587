"""What cannot be done hardly delays what can; it ends with its reason where a person finds it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from service_process import Running, until
from service_world import SECRET, Person, ServiceWorld, service_world

LONG = os.environ.get("TASKLISTS_LONG") == "1"
GOOD = 30 if LONG else 6
MOST_DELAY = 1.0
_GHOST = """\
tasklist: spoiled
name: Spoiled
applies: {on: [contract.renewed]}
once_per: contract
defaults: {responsible: {role: ghost}}
items: [{id: one, name: One}]
"""
"""Nobody at Nexudus has the address that holds this role: it fails for everybody, each time."""

_GONE = 1_777_777_777


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ServiceWorld]:
    with service_world(tmp_path) as one:
        organisation = one.folder / "tasklists" / "organisation.yaml"
        one.write("organisation", organisation.read_text() + "roles:\n  ghost: {holders: [nobody@acme.example]}\n")
        one.write("spoiled", _GHOST)
        yield one


def seconds_until_made(running: Running, world: ServiceWorld, people: list[Person]) -> float:
    """The longest wait of these people, who are told of one after the other."""
    longest = 0.0
    for person in people:
        began = time.monotonic()
        for event, body in world.bodies(person).items():
            assert running.post("barcelona", event, body, secret=SECRET) == 202
        until(lambda one=person: world.has_all([one]), 20, every=0.01)  # type: ignore[misc]
        longest = max(longest, time.monotonic() - began)
    return longest


def poison(running: Running, world: ServiceWorld) -> None:
    """One of each: a member who is deleted, a list that fails, bodies that are genuine and make no sense."""
    person = world.people[0]
    contract = json.dumps([{"Id": person.contract, "CoworkerId": person.id}]).encode()
    bodies = {
        "coworker.created": [json.dumps([{"Id": _GONE, "FullName": "Vexworth the Gone"}]).encode(), b"[]", b"{"],
        "contract.created": [json.dumps([{"Id": _GONE}]).encode(), b'[{"Id": "Vexworth"}]'],
        "contract.renewed": [contract],
    }
    for event, all_of_it in bodies.items():
        for body in all_of_it:
            assert running.post("barcelona", event, body, secret=SECRET) == 202


def left_to_a_person(world: ServiceWorld) -> list[dict[str, Any]]:
    """What `tasklists inbox` shows of what was set aside or failed."""
    states = ("aside", "failed")
    shown = [world.cli("inbox", "list", "--state", state, "--format", "json").stdout for state in states]
    return [one for text in shown for one in json.loads(text)["deliveries"]]


@pytest.mark.long
def test_a_poisonous_event_delays_others_by_a_second_at_most_and_ends_with_its_reason(
    world: ServiceWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    with world.serving() as running:
        people = [world.sign_up() for _ in range(2 * GOOD + 1)]
        seconds_until_made(running, world, people[:1])  # what is read once is read
        alone = seconds_until_made(running, world, people[1 : GOOD + 1])
        poison(running, world)
        beside = seconds_until_made(running, world, people[GOOD + 1 :])

        def look() -> bool:
            world.hurry()
            return world.is_idle()

        until(look, 60, every=0.2)
        shown, states = left_to_a_person(world), world.states()
        tried = dict(world.rows("SELECT tasklist, why FROM jobs WHERE tries = 4"))
        found = world.judged()
        assert running.stop() == 0
    with capsys.disabled():
        print(f"\npoison: alone {alone:.2f} s at most, beside it {beside:.2f} s; {found}; {states}")
        for one in shown:
            print(f"  {one['event']} {one['state']}: {one['why']}")
        print(f"  jobs after five tries: {tried}")
    assert beside - alone <= MOST_DELAY
    assert found.clean, found
    assert tried["hello"] == "the coworker is gone"
    assert "tried 5 times" in tried["spoiled"]
    assert sorted(one["event"] for one in shown) == ["contract.created", "contract.renewed", *["coworker.created"] * 2]
    assert all(one["why"] for one in shown)
    assert "Vexworth" not in json.dumps(shown)
