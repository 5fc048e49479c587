"""What the tests of the inbox share: short ways to say delivery and job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ledger_given import ADA, NOW

from engine.ledger.ledger import Ledger
from engine.ledger.service_values import DeliveryId, JobId, NewDelivery, NewJob

CONTRACT = 77
SOON = NOW.add(seconds=10)


def came(body: str | bytes = "{}", **other: Any) -> NewDelivery:
    raw = body.encode() if isinstance(body, str) else body
    usual: dict[str, Any] = {"location": "barcelona", "event": "contract.created", "body": raw}
    usual |= {"verified": "signature", "received_at": NOW}
    return NewDelivery(**(usual | other))


def job(tasklist: str = "new-member", coworker_id: int = ADA, **other: Any) -> NewJob:
    usual: dict[str, Any] = {"event": "contract.created", "cause": "delivery", "due_at": SOON, "received_at": NOW}
    return NewJob(tasklist, coworker_id, **(usual | {"contract_id": CONTRACT, "record_id": CONTRACT} | other))


def accept(ledger: Ledger, body: str | bytes = "{}", **other: Any) -> DeliveryId:
    (accepted,) = ledger.inbox.accept([came(body, **other)])
    return accepted.id


def decide(ledger: Ledger, one: DeliveryId, *jobs: NewJob, **other: Any) -> Sequence[JobId]:
    usual = {"why": "starts new-member", "record_id": CONTRACT, "coworker_id": ADA, "now": NOW}
    return ledger.inbox.decide(one, jobs, **(usual | other))


def state(ledger: Ledger, one: DeliveryId) -> str:
    delivery = ledger.inbox.delivery(one)
    assert delivery is not None
    return delivery.state


def why(ledger: Ledger, one: DeliveryId) -> str:
    delivery = ledger.inbox.delivery(one)
    assert delivery is not None
    return delivery.why


def open_jobs(ledger: Ledger) -> list[JobId]:
    return [one.id for one in ledger.jobs.listed("open")]
