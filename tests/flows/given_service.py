"""The service without its doors: a real ledger, real lists, the sandbox over HTTP, and a clock that can be moved.

Deliveries are put straight into the inbox; what is due is decided and carried out until nothing is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from given_account import BARCELONA, Account
from whenever import Instant

from engine.authoring.folder import Folder
from engine.flows.account import Place, WritingAccount, lease_seconds, open_to_run, policy
from engine.flows.advancing import Advanced, Advancer
from engine.flows.apply import Conduct
from engine.flows.deciding import Decider
from engine.flows.lists_in_use import ListsInUse
from engine.flows.run import Patience, Runner
from engine.flows.stopping import Stop
from engine.flows.tenure import new_holder
from engine.ledger.ledger import Ledger
from engine.ledger.service_values import Delivery, DeliveryId, NewDelivery, StoredJob

SETTLE_SECONDS = 10.0


@dataclass
class MovedClock:
    """Real time, moved ahead by what a test asks for."""

    ahead: float = 0.0

    def __call__(self) -> Instant:
        return Instant.now().add(seconds=self.ahead)


@dataclass
class Service:
    """One account's deciding and advancing."""

    account: Account
    writing: WritingAccount
    lists: ListsInUse
    clock: MovedClock
    stop: Stop
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.decider = Decider(
            self.writing.reader, self.ledger, self.lists, clock=self.clock, settle_seconds=SETTLE_SECONDS
        )
        self.advancer = self.new_advancer()

    @property
    def ledger(self) -> Ledger:
        return self.writing.ledger

    def new_advancer(self) -> Advancer:
        return Advancer(self.new_runner(), self.ledger, self.lists, clock=self.clock, say=self.said.append)

    def new_runner(self) -> Runner:
        """A runner of another holder than all before."""
        env = self.account.whole_env()
        told = policy(env, self.lists.organisation())
        return Runner(
            self.writing,
            told,
            Conduct(self.stop, self.writing.width, clock=self.clock, quiet_seconds=told.quiet_seconds),
            holder=new_holder(),
            patience=Patience(wait=False),
            lease_seconds=lease_seconds(env),
        )

    def deliver(self, event: str, record_id: int, **others: Any) -> DeliveryId:
        """Store a genuine delivery; `others` are further fields of its body."""
        return self.deliver_body(event, json.dumps([{"Id": record_id, **others}]).encode())

    def deliver_body(self, event: str, body: bytes) -> DeliveryId:
        delivery = NewDelivery("barcelona", event, body, "signature", self.clock())
        return self.ledger.inbox.accept([delivery])[0].id

    def settle(self, delivery_id: DeliveryId) -> Delivery:
        """Decide one delivery, and return it as it is then."""
        self.decider.settle(delivery_id)
        return self.delivery(delivery_id)

    def delivery(self, delivery_id: DeliveryId) -> Delivery:
        found = self.ledger.inbox.delivery(delivery_id)
        assert found is not None
        return found

    def jobs(self) -> list[StoredJob]:
        """All jobs, the oldest first."""
        return sorted(self.ledger.jobs.listed(limit=1000), key=lambda job: job.id)

    def work(self, seconds: float = SETTLE_SECONDS) -> list[Advanced]:
        """Let so many seconds pass, then decide and carry out what is due, once each."""
        for delivery_id in self.ledger.inbox.due(self.clock(), limit=1000):
            self.decider.settle(delivery_id)
        self.clock.ahead += seconds
        return [self.advancer.advance(job_id) for job_id, _ in self.ledger.jobs.due(self.clock(), limit=1000)]

    def told(self, event: str, record_id: int, **others: Any) -> Advanced:
        """Deliver one event that starts one list, and return what came of its job at the first attempt."""
        self.deliver(event, record_id, **others)
        (advanced,) = self.work()
        return advanced

    def runs(self) -> list[Any]:
        found: list[Any] = self.account.cli("status", "--format", "json").json["runs"]
        return found


@contextmanager
def service_of(account: Account) -> Iterator[Service]:
    """The service of a folder as it is now."""
    lists = ListsInUse(Folder(account.lists, "tasklists"))
    stop = Stop()
    place = Place(account.whole_env(), account.lists, lists.organisation())
    with open_to_run(place, stop) as writing:
        yield Service(account, writing, lists, MovedClock(), stop)


def put_contract(service: Service, number: int, coworker: int, **fields: Any) -> int:
    """Make a contract in the sandbox, a hot desk in Barcelona that runs, unless `fields` say otherwise."""
    usual = {
        "CoworkerId": coworker,
        "IssuedById": BARCELONA,
        "TariffId": 1415418446,
        "TariffName": "Hot Desk",
        "StartDate": "2026-11-02T00:00:00Z",
        "Active": True,
        "Cancelled": False,
        "CancellationDate": None,
        "MainContract": False,
    }
    service.account.far_side.put_record("coworkercontracts", number, **usual | fields)
    return number
