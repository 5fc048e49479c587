"""What a server that is far away costs: each method takes few round trips, however many tasks it is about."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from counting_proxy import Wire, counted
from ledger_given import ADA, NOW, begin, identity, intent, opened
from postgres_given import fresh_database

from engine.ledger.limits import Limits

ITEMS = 30


@pytest.fixture
def wire() -> Iterator[Wire]:
    address = fresh_database()
    opened(address).close()
    with counted(address) as wire:
        yield wire


def least(wire: Wire, steps: list[Callable[[], object]]) -> int:
    """The cheapest of some equal steps: a packet that was cut in two counts as two."""
    return min(wire.trips_of(step) for step in steps)


def test_a_claim_of_thirty_and_each_result_cost_few_round_trips(wire: Wire) -> None:
    with opened(wire.address) as ledger:
        runs = {number: begin(ledger, coworker_id=number) for number in range(1, 6)}
        intents = [intent(f"i{number}") for number in range(ITEMS)]
        ledger.claim(runs[1], intents, NOW)
        claims = least(wire, [lambda n=n: ledger.claim(runs[n], intents, NOW) for n in range(2, 6)])  # type: ignore[misc]
        results = least(
            wire,
            [
                lambda n=n: ledger.record(runs[2], identity(f"i{n}"), "created", task_id=n + 1, now=NOW)  # type: ignore[misc]
                for n in range(5)
            ],
        )
        assert len(ledger.known(2)) == ITEMS
    assert 2 < claims <= 10
    assert 2 < results <= 9


def test_a_look_and_the_check_before_a_send_cost_few_round_trips(wire: Wire) -> None:
    with opened(wire.address) as ledger:
        run = begin(ledger)
        ledger.claim(run, [intent("tea")], NOW)
        lease = ledger.take_lease("coworker 1", holder="ana", seconds=30, now=NOW)
        assert lease is not None
        looks = least(wire, [lambda: ledger.known(ADA)] * 4)
        checks = least(
            wire, [lambda: ledger.confirm(run, lease, seconds=30, now=NOW, identity=identity("tea"))] * 4
        )
        windows = Limits().windows()
        turns = least(wire, [lambda: ledger.reserve_call(windows, lambda: NOW, write=True)] * 4)
    assert 1 < looks <= 3
    assert 1 < checks <= 6
    assert 1 < turns <= 12
