"""A wrong secret must not get a hook switched off, and a forger must not get anything done."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from door_given import EVENT, NEXT_SECRET, SECRET, SECRETS, TOKEN, RunningDoor, body_of, door_on, open_at

from engine.ledger.ledger import Ledger
from engine.ledger.service_values import Accepted, NewDelivery
from engine.ledger.transactions import AlsoDeliveries
from engine.nexudus.hook_secrets import HookSecrets


def statuses(door: RunningDoor, count: int, first: int = 1, **other: str) -> list[int]:
    """Deliver so many different bodies with a secret that is not ours."""
    return [door.deliver(body_of(number), secret=NEXT_SECRET, **other).status for number in range(first, first + count)]


def test_from_the_third_refusal_in_a_row_deliveries_are_kept_aside(tmp_path: Path) -> None:
    with open_at(tmp_path / "ledger.db") as ledger, door_on(ledger) as door:
        assert statuses(door, 12) == [401, 401, *[202] * 10]
        kept = ledger.inbox.listed("unverified")
        assert len(kept) == 10
        assert {one.verified for one in kept} == {"unverified"}
        assert ledger.inbox.counts()["unverified"] == 10
        assert ledger.inbox.due(kept[0].last_at.add(hours=1), limit=100) == ()
        assert door.counts.of("unverified") == 10


def test_a_path_that_verified_once_refuses_for_ever(tmp_path: Path) -> None:
    with open_at(tmp_path / "ledger.db") as ledger:
        with door_on(ledger) as door:
            assert statuses(door, 2) == [401, 401]
            assert door.deliver().status == 202
            assert statuses(door, 15) == [401] * 15
        with door_on(ledger) as door:  # a restart forgets nothing
            assert statuses(door, 5) == [401] * 5
        assert ledger.inbox.counts()["unverified"] == 0


def test_a_restart_does_not_begin_to_count_anew(tmp_path: Path) -> None:
    answers: list[int] = []
    with open_at(tmp_path / "ledger.db") as ledger:
        for number in range(5):
            with door_on(ledger) as door:
                answers += statuses(door, 1, number)
    assert answers == [401, 401, 202, 202, 202]


def test_every_path_counts_for_itself(tmp_path: Path) -> None:
    with open_at(tmp_path / "ledger.db") as ledger, door_on(ledger) as door:
        assert statuses(door, 3) == [401, 401, 202]
        assert statuses(door, 3, event="contract.cancelled") == [401, 401, 202]
        assert statuses(door, 3, location="porto") == [401, 401, 202]  # which has no secret at all
        assert [door.call("POST", f"/hooks/madrid/{EVENT}/x{TOKEN}").status for _ in range(3)] == [401, 401, 202]


def test_another_secret_makes_a_path_one_that_never_verified(tmp_path: Path) -> None:
    renewed = HookSecrets(SECRETS.locations, {"barcelona": ("a-new-one-0123456789abcdef",)})
    with open_at(tmp_path / "ledger.db") as ledger:
        with door_on(ledger) as door:
            assert door.deliver().status == 202
        with door_on(ledger, secrets=renewed) as door:
            assert [door.deliver(body_of(number)).status for number in range(4)] == [401, 401, 202, 202]


def test_once_the_secret_is_mended_a_delivery_that_was_kept_aside_is_new(tmp_path: Path) -> None:
    mended = HookSecrets(SECRETS.locations, {"barcelona": (SECRET, NEXT_SECRET)})
    with open_at(tmp_path / "ledger.db") as ledger:
        with door_on(ledger) as door:
            assert statuses(door, 3) == [401, 401, 202]
        with door_on(ledger, secrets=mended) as door:
            answer = door.deliver(body_of(3), secret=NEXT_SECRET)
        (kept,) = [one for one in ledger.inbox.listed() if one.id == answer.id]
        assert (kept.verified, kept.state) == ("signature", "new")
        assert ledger.inbox.counts()["unverified"] == 0


class CountingInbox:
    """The ledger's inbox, and how many deliveries it was asked to take."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.asked = 0

    def accept(
        self, deliveries: Sequence[NewDelivery], *, also: AlsoDeliveries | None = None
    ) -> Sequence[Accepted]:
        self.asked += len(deliveries)
        return self._ledger.inbox.accept(deliveries, also=also)


def test_a_flood_keeps_a_hundred_and_hardly_touches_the_disk(tmp_path: Path) -> None:
    with open_at(tmp_path / "ledger.db") as ledger:
        inbox = CountingInbox(ledger)
        with door_on(ledger, inbox=inbox) as door:
            started = time.monotonic()
            assert statuses(door, 500).count(202) == 498
            assert ledger.inbox.counts()["unverified"] == 100
            assert statuses(door, 50, first=3) == [202] * 50  # copies of what is kept
            assert inbox.asked <= 100 + 2 + (time.monotonic() - started)
            assert door.deliver().status == 202  # nobody else is kept out
        assert ledger.inbox.counts()["new"] == 1


def test_two_at_once_are_two(tmp_path: Path) -> None:
    with open_at(tmp_path / "ledger.db") as ledger, door_on(ledger) as door, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: statuses(door, 1, number)[0], range(24)))
    assert answers.count(401) == 2
