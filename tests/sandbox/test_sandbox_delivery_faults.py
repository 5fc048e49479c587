"""Deliveries that are lost, doubled, late or out of order on demand; and very many at once."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from hook_receiver import Receiver, receiver
from hooks_given import BURST, at_once, hook, register
from sandbox_process import SandboxProcess, sandbox

pytestmark = pytest.mark.usefixtures("newcomers")

_JOSE = "José 🚀"


@pytest.fixture
def ours() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


def _received(ours: Receiver) -> list[tuple[str, int]]:
    return [(one.path, json.loads(one.body)[0]["Id"]) for one in ours.received]


@pytest.mark.parametrize("faults", [{"hook-dropped": "0.3"}, {"hook-duplicated": "0.3"}, {"hook-disorder": "0.5"}])
def test_one_seed_gives_the_same_deliveries_in_the_same_order(faults: dict[str, str]) -> None:
    runs = []
    for seed in ("5", "5", "6"):
        with receiver() as ours, sandbox("--seed", seed, "--mode", "S45.senders=1") as far_side:
            for number, event in enumerate(BURST):
                record = hook(ours.base_url, event)
                far_side.put_record("webhooks", 1413000001 + number, **record)
            # One sign-up, and long enough apart that the time which a call takes cannot change the order of two.
            far_side.set_mode("S45.disorder-seconds", "4")
            far_side.set_fault(*next(iter(faults.items())))
            far_side.signup(_JOSE, tariff="Hot Desk", user=True)
            lines = far_side.deliveries(wait=10)
            kept = [(line["delivery"], line["copy"], line["event"], line["outcome"]) for line in lines]
            runs.append((kept, _received(ours), ours.received[0].headers["x-nexudus-hook-signature"]))
    assert runs[0][:2] == runs[1][:2]
    assert runs[0][:2] != runs[2][:2]
    assert runs[0][2] != runs[2][2], "the secrets follow from the seed too"


def test_a_count_of_drops_and_copies_strikes_so_many(
    far_side: SandboxProcess, api: httpx.Client, ours: Receiver
) -> None:
    at_once(far_side)
    register(api, ours, *BURST)
    far_side.clear_counts()
    far_side.set_fault("hook-dropped", "1x:coworkercontracts")
    far_side.set_fault("hook-duplicated", "1x")
    far_side.signup(_JOSE, tariff="Hot Desk")
    outcomes = [(line["event"], line["copy"], line["outcome"]) for line in far_side.deliveries(wait=10)]
    assert sorted(outcomes) == [
        ("contract.activated", 1, "delivered"),
        ("contract.created", 1, "dropped"),
        ("contract.first_activated", 1, "delivered"),
        ("coworker.created", 1, "delivered"),
        ("coworker.created", 2, "delivered"),
    ]
    assert len(ours.received) == 4
    assert far_side.counts()["faults"] == {"hook-dropped": 1, "hook-duplicated": 1}
    far_side.clear_counts()


def test_a_delayed_delivery_comes_after_later_ones(far_side: SandboxProcess, api: httpx.Client, ours: Receiver) -> None:
    at_once(far_side, delay_seconds="0.3")
    register(api, ours, "coworker.created", "contract.created")
    far_side.set_fault("hook-delayed", "1x")
    far_side.signup(_JOSE, tariff="Hot Desk")
    far_side.deliveries(wait=10)
    assert ours.paths() == ["/contract.created", "/coworker.created"]


@pytest.mark.long
def test_a_thousand_signups_in_a_minute_reach_five_hooks_each(
    far_side: SandboxProcess, api: httpx.Client, ours: Receiver
) -> None:
    count = 1000 if os.environ.get("TASKLISTS_LONG") == "1" else 100
    register(api, ours, *BURST)
    slowest = 0.0
    start = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        made = pool.map(lambda number: far_side.signup(f"Member {number}", tariff="Hot Desk", user=True), range(count))
        while far_side.deliveries_waiting() or len(ours.received) < 5 * count:
            asked = time.monotonic()
            assert api.get("/api/spaces/coworkers", params={"size": 1}).status_code == 200
            slowest = max(slowest, time.monotonic() - asked)
            assert asked - start < 60, f"{len(ours.received)} of {5 * count} came in a minute"
            time.sleep(0.1)
        ids = {one["coworker_id"] for one in made}
    assert len(ids) == count
    assert Counter(ours.paths()) == dict.fromkeys((f"/{event}" for event in BURST), count)
    assert len({one.connection for one in ours.received}) <= 20, "few connections, kept open"
    assert slowest < 2, "the API answers meanwhile"
