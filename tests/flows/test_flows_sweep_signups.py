"""A burst of sign-ups, a fifth of all deliveries dropped, the service away in the middle: everybody has the list, once.

The full figure is 1,000 sign-ups; every run has 60.
"""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from given_account import Account
from sweep_given import Service, serving
from whenever import Instant

from engine.ledger.service_values import NewDelivery
from engine.service.metrics import Metrics
from engine.service.work import Workshop

LONG = os.environ.get("TASKLISTS_LONG") == "1"
SIGN_UPS = 1000 if LONG else 60
DROPPED = 0.2
EVENTS = ("coworker.created", "contract.created", "contract.activated", "contract.first_activated")
LIST = """
tasklist: first-week
name: First week
applies:
  on: [contract.created, contract.first_activated]
  tariffs: [Hot Desk]
anchor: contract.start
once_per: membership
defaults: {responsible: front-desk}
items:
  - {id: card, name: "Card of {{ coworker.full_name }}", due: on contract.start at 10:00}
  - {id: tour, name: Tour, responsible: host, due: 1 business day after contract.start at 11:00}
"""


@pytest.fixture
def service(account: Account) -> Iterator[Service]:
    for native in account.far_side.records("tasklists"):
        account.far_side.put_record("tasklists", native["Id"], Active=False)
    with serving(account) as found:
        yield found


class Street:
    """People come in, and Nexudus tells of them, or does not."""

    def __init__(self, service: Service, workshop: Workshop) -> None:
        self._service = service
        self._workshop = workshop
        self._chance = random.Random(20261124)
        self.dropped = 0
        self.members: list[int] = []

    def sign_up(self, *, is_served: bool) -> None:
        service = self._service
        service.now = Instant.now()
        member = service.coworker()
        contract = service.contract(member, start=self._chance.choice((0, 0, 3, 40)))
        self.members.append(member)
        records = (member, contract, contract, contract)
        for event, record in self._chance.sample(list(zip(EVENTS, records, strict=True)), len(EVENTS)):
            if self._chance.random() < DROPPED:
                self.dropped += 1
            elif is_served:
                self._deliver(event, record, member)

    def _deliver(self, event: str, record: int, member: int) -> None:
        owner = {"CoworkerId": member} if event.startswith("contract.") else {}
        body = json.dumps([{"Id": record} | owner]).encode()
        told = NewDelivery("barcelona", event, body, "signature", Instant.now())
        for accepted in self._service.open.ledger.inbox.accept([told]):
            self._workshop.settle(accepted.id)


def carry_out(service: Service, workshop: Workshop) -> Counter[str]:
    for job in service.jobs():
        if job.state == "open":
            workshop.advance(job.id)
    return Counter(job.state for job in service.jobs())


def lists_made(service: Service) -> Counter[tuple[int, str]]:
    made: Counter[tuple[int, str]] = Counter()
    for line in service.account.commits():
        record: dict[str, Any] = line["record"]
        made[(record["CoworkerId"], record["Name"].split()[0])] += 1
    return made


@pytest.mark.long
def test_every_member_has_the_list_once_though_deliveries_were_dropped_and_the_service_was_down(
    service: Service,
) -> None:
    service.account.write("first-week", LIST)
    service.now = Instant.now().subtract(seconds=1)
    service.start()
    workshop = Workshop(
        service.open,
        service.lists,
        organisation=service.lists.organisation(),
        environ=service.account.env,
        stop=service.stop,
        settle_seconds=2,
        metrics=Metrics(server_address="sandbox"),
    )
    street = Street(service, workshop)
    for number in range(SIGN_UPS):
        street.sign_up(is_served=not SIGN_UPS // 3 <= number < SIGN_UPS // 2)
        if number == SIGN_UPS // 4:
            service.sweep()
    assert street.dropped > SIGN_UPS * DROPPED
    service.account.far_side.clear_requests()
    swept = service.sweep()
    assert swept.finished
    assert service.account.reads() <= 24 + 4 * SIGN_UPS / 100  # pages, and the contracts of twenty at most
    print(f"{SIGN_UPS} sign-ups, {street.dropped} deliveries dropped, {len(swept.missing)} events found by the sweep")
    assert carry_out(service, workshop) == {"done": len(service.jobs())}
    wanted = {(member, word): 1 for member in street.members for word in ("Card", "Tour")}
    assert lists_made(service) == wanted
    assert service.sweep().missing == ()
    carry_out(service, workshop)
    assert lists_made(service) == wanted
