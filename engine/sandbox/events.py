"""What happens to people, contracts and teams, by name and by the number of the webhook's action.

Must never be computed from the names: the vendor's numbering follows no rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from engine.sandbox import keys
from engine.sandbox.clock import read_moment, to_local


class Event(NamedTuple):
    """`action` is the number in the vendor's enumeration, `entity` what the body tells of."""

    name: str
    action: int
    entity: str


EVENTS: dict[str, Event] = {
    name: Event(name, action, entity)
    for name, action, entity in (
        ("coworker.created", 3, "coworkers"),
        ("coworker.updated", 2, "coworkers"),
        ("coworker.deleted", 50, "coworkers"),
        ("welcome_email.sent", 9, "coworkers"),
        ("contract.created", 62, "coworkercontracts"),
        ("contract.activated", 10, "coworkercontracts"),
        ("contract.first_activated", 14, "coworkercontracts"),
        ("contract.renewed", 12, "coworkercontracts"),
        ("contract.plan_changed", 13, "coworkercontracts"),
        ("contract.updated", 60, "coworkercontracts"),
        ("contract.cancelled", 11, "coworkercontracts"),
        ("contract.deleted", 77, "coworkercontracts"),
        ("team.created", 57, "teams"),
        ("team.updated", 58, "teams"),
        ("product.created", 68, "coworkerproducts"),
        ("checkin.created", 47, "checkins"),
        ("invoice.first_created", 15, "coworkerinvoices"),
        ("invoice.paid", 21, "coworkerinvoices"),
    )
}

#: the field that says at which location an event of an entity is told
PLACE_OF = {"coworkers": "InvoicingBusinessId", "coworkercontracts": "IssuedById"} | dict.fromkeys(
    ("teams", "coworkerproducts", "checkins", "coworkerinvoices"), "BusinessId"
)

_TOLD = {
    "coworkers": keys.TOLD_COWORKER,
    "coworkercontracts": keys.TOLD_CONTRACT,
    "teams": keys.TOLD_TEAM,
    "coworkerproducts": keys.PRODUCT,
    "checkins": keys.CHECKIN,
    "coworkerinvoices": keys.INVOICE,
}


def body_of(entity: str, record: Mapping[str, Any], zone: str) -> dict[str, Any]:
    """What a delivery tells of a record; `zone` is the IANA zone of its location, for the local dates."""
    return {key: _local(record, key, zone) if key.endswith("Local") else record.get(key) for key in _TOLD[entity]}


def _local(record: Mapping[str, Any], key: str, zone: str) -> str | None:
    moment = read_moment(str(record.get(key.removesuffix("Local")) or ""))
    return to_local(moment, zone) if moment else None
