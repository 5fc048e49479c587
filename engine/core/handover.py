"""Giving somebody's open tasks to somebody else: which of ours are meant, and why others are not. Pure.

It must never plan a change of a task that is completed, gone, or in the hands of a third person.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal
from uuid import UUID

from whenever import Date, Instant

from engine.core.known import LiveTask
from engine.core.wire_dates import wire_moment

Step = Literal["reassign", "skip", "hold"]
"""`skip`: nothing is left to change; `hold`: it cannot be told now, and the same command tells later."""


@dataclass(frozen=True)
class Held:
    """One task of our ledger that is, or was, somebody's. Moments are UTC."""

    task_id: int
    coworker_id: int
    identity: UUID
    tasklist: str
    item: str
    key: str
    business_id: int
    due_at: Instant | None


@dataclass(frozen=True)
class Handover:
    """What is to become of one task."""

    step: Step
    held: Held
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        held = self.held
        return {
            "action": self.step,
            "task_id": held.task_id,
            "coworker_id": held.coworker_id,
            "tasklist": held.tasklist,
            "item": held.item,
            "key": held.key,
            "business_id": held.business_id,
            "due_at": None if held.due_at is None else wire_moment(held.due_at),
            "reason": self.reason,
        }


@dataclass(frozen=True)
class Giving:
    """Who gives to whom, by user ids; at one business, and due up to a local day, where these are said."""

    before_id: int
    after_id: int
    business_id: int | None = None
    until: Date | None = None


def step_for(held: Held, live: LiveTask | None, giving: Giving) -> Handover:
    """Return what becomes of a task of ours, as it is live now; None: Nexudus does not have it any more."""
    if live is None:
        return Handover("skip", held, "it is gone from Nexudus")
    now = replace(held, business_id=live.business_id, due_at=live.due_at)
    if live.coworker_id != held.coworker_id:
        return Handover("skip", now, f"it is coworker {live.coworker_id}'s by now")
    if live.responsible_id == giving.after_id:
        return Handover("reassign", now, "it was given already, and is only to be recorded")
    if live.responsible_id != giving.before_id:
        return Handover("skip", now, f"it was given to user {live.responsible_id} meanwhile")
    if live.completed:
        return Handover("skip", now, "it is completed")
    return Handover("reassign", now)


def why_not_meant(handover: Handover, giving: Giving, zone: str) -> str:
    """Return why a task is not meant by what was asked, or ''. `zone` is the IANA zone of its location."""
    held = handover.held
    if giving.business_id is not None and held.business_id != giving.business_id:
        return "at another location"
    if giving.until is None:
        return ""
    if held.due_at is None:
        return "without a due date"
    return "due later" if held.due_at.to_tz(zone).date() > giving.until else ""


def in_order(handovers: Iterable[Handover]) -> tuple[Handover, ...]:
    """Return them by due (none last), coworker, list, item and key: the order of preview and of the work."""

    def order(one: Handover) -> tuple[bool, str, int, str, str, str, int]:
        held = one.held
        due = "" if held.due_at is None else wire_moment(held.due_at)
        return (not due, due, held.coworker_id, held.tasklist, held.item, held.key, held.task_id)

    return tuple(sorted(handovers, key=order))
