"""Webhooks as the tests register them, and what a delivery is checked with."""

from __future__ import annotations

import json
from typing import Any

import httpx
from hook_receiver import Received, Receiver
from sandbox_given import BARCELONA
from sandbox_process import SandboxProcess

HOOKS = "/api/sys/webhooks"
ACTIONS = {
    "coworker.created": 3,
    "coworker.updated": 2,
    "coworker.deleted": 50,
    "welcome_email.sent": 9,
    "contract.created": 62,
    "contract.activated": 10,
    "contract.first_activated": 14,
    "contract.plan_changed": 13,
    "contract.updated": 60,
    "contract.cancelled": 11,
    "team.created": 57,
    "team.updated": 58,
    "checkin.created": 47,
    "invoice.first_created": 15,
    "invoice.paid": 21,
    "product.created": 68,
}
#: what one sign-up with a user and a plan that starts at once fires, in order
BURST = (
    *("coworker.created", "welcome_email.sent"),
    *("contract.created", "contract.activated", "contract.first_activated"),
)


def hook(url: str, event: str, **fields: Any) -> dict[str, Any]:
    """A creation that the service accepts."""
    usual = {"BusinessId": BARCELONA, "Name": f"Ours: {event}", "Action": ACTIONS[event], "Active": True}
    return usual | {"URL": f"{url}/{event}"} | fields


def register(api: httpx.Client, receiver: Receiver, *events: str, **fields: Any) -> list[int]:
    """One hook for each event, at paths that end in it; their ids."""
    answers = [api.post(HOOKS, json=hook(receiver.base_url, event, **fields)) for event in events]
    assert {answer.status_code for answer in answers} == {200}, answers[-1].text
    return [answer.json()["Value"]["Id"] for answer in answers]


def read_hook(api: httpx.Client, identifier: int) -> dict[str, Any]:
    """GET one."""
    record: dict[str, Any] = api.get(f"{HOOKS}/{identifier}").json()
    return record


def at_once(far_side: SandboxProcess, **modes: str | int) -> None:
    """Deliveries strictly in order, retries after 10 ms and twice that."""
    far_side.admin("POST", "modes", {"S45.senders": 1, "S45.retry-seconds": "0.01"})
    for name, value in modes.items():
        far_side.set_mode(f"S45.{name.replace('_', '-')}", value)


def told(one: Received) -> dict[str, Any]:
    """The only object of a body that is an array of one."""
    (found,) = json.loads(one.body)
    assert isinstance(found, dict)
    return found
