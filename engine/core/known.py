"""What is remembered and what is seen of tasks already made: the planner's second input."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from whenever import Instant

State = Literal["intended", "created", "adopted", "failed"]
"""`intended`: the POST may or may not have happened. `created`/`adopted`: settled, with a task id.
`failed`: refused by the service for good, so never committed there; the next run tries again."""


@dataclass(frozen=True)
class KnownTask:
    """The ledger's memory of one identity. Moments are UTC instants."""

    identity: UUID
    state: State
    run_id: str
    at: Instant
    """Intent, creation or adoption, by `state`."""
    seen_at: Instant
    """The last sign of life of the run that holds the intent: the quiet period counts from here."""
    tasklist: str = ""
    item: str = ""
    key: str = ""
    task_id: int | None = None
    due_at: Instant | None = None
    """What the due rule said then, before any `late` policy: drift compares rules, not clocks."""
    contract_id: int | None = None
    event_at: Instant | None = None
    fingerprints: Mapping[str, str] = field(default_factory=dict)
    """Payload field -> keyed hash of its value: tells an edit from ours, holds no member's text."""
    marked: bool = True
    """For an open intent: whether its request carried our mark in Notes, and can be told by it."""
    completed_at: Instant | None = None
    """Since when it is completed, as far as we saw that; None says nothing."""
    gone_at: Instant | None = None
    """When the service first said that it is no more, as far as we asked."""


@dataclass(frozen=True)
class LiveTask:
    """One row of the service's task list, as far as rows can be believed (api.md 2.5)."""

    task_id: int
    business_id: int
    coworker_id: int
    name: str
    completed: bool
    due_at: Instant | None
    responsible_id: int | None
    created_at: Instant | None
    updated_at: Instant | None = None
    """Its last change; None where the row does not tell. Of a completed one the completion, or something later."""


def fingerprint(key: bytes, field_name: str, value: str) -> str:
    """16 hex digits of a keyed hash: enough to see a change, useless without the ledger's key."""
    text = f"{field_name}\0{value}".encode("utf-8", "backslashreplace")
    return hmac.new(key, text, hashlib.sha256).hexdigest()[:16]
