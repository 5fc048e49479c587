"""What the service keeps in the ledger: deliveries, jobs, doors, alerts. Plain values; nothing here reads or writes.

No value but a delivery's body may hold a member's text, and no body is ever shown by a repr.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple, NewType

from whenever import Instant

from engine.ledger.values import RunId

DeliveryId = NewType("DeliveryId", str)
"""16 characters, sortable by time, without personal data. Empty for a delivery that was counted and not kept."""

JobId = NewType("JobId", str)
"""16 characters, sortable by time, without personal data."""

Proof = Literal["signature", "token", "unverified"]
"""How a delivery was told to be genuine: by its signature, by a secret path, or not at all."""

DeliveryState = Literal["new", "done", "aside", "failed"]
JobState = Literal["open", "done", "aside", "failed"]
"""`aside` waits for a person, who knows why; `failed` was tried too often."""

Cause = Literal["delivery", "sweep", "backfill"]

LONGEST_WHY = 2_000
"""Characters. A reason is a sentence; whatever is longer was copied from somewhere and may hold anything."""

DISCARDED = "discarded by hand"
"""Why a delivery or a job is done that a person settled."""


@dataclass(frozen=True)
class NewDelivery:
    """One webhook as it came. `event` is a word of design section 2, `body` the bytes as received."""

    location: str
    event: str
    body: bytes = field(repr=False)
    verified: Proof
    received_at: Instant


class Accepted(NamedTuple):
    """What became of one delivery. `is_new`: it is to be worked on and was not known before as genuine."""

    id: DeliveryId
    is_new: bool


@dataclass(frozen=True)
class Delivery:
    """A delivery as remembered, without its body.

    `copies` counts how often it came, `tries` how often it failed. `due_at` is when it is to be looked at, None
    unless it is new. `why` is what was decided, or what is in the way: also a job of it that is aside or failed.
    """

    id: DeliveryId
    location: str
    event: str
    verified: Proof
    state: DeliveryState
    received_at: Instant
    last_at: Instant
    copies: int
    tries: int
    due_at: Instant | None
    settled_at: Instant | None
    why: str
    record_id: int | None
    coworker_id: int | None
    jobs: tuple[JobId, ...]


@dataclass(frozen=True)
class NewJob:
    """One list asked for, for one coworker. It is carried out at `due_at` or later.

    `event_at` is the moment of the event where it is known already; None: to be read from the record.
    """

    tasklist: str
    coworker_id: int
    event: str
    cause: Cause
    due_at: Instant
    contract_id: int | None = None
    team_id: int | None = None
    record_id: int | None = None
    event_at: Instant | None = None
    received_at: Instant = field(kw_only=True)


@dataclass(frozen=True, kw_only=True)
class StoredJob(NewJob):
    """A job as remembered, with the deliveries that asked for it and the last run that it made."""

    id: JobId
    state: JobState
    tries: int
    why: str
    run_id: RunId | None
    created_at: Instant
    settled_at: Instant | None
    delivery_ids: tuple[DeliveryId, ...]


@dataclass(frozen=True)
class Door:
    """One path at which deliveries come in, since its secret was set."""

    verified_at: Instant | None
    """When a delivery was last found genuine; None if none was since then."""
    refused_in_a_row: int


@dataclass(frozen=True)
class Alert:
    """Something that a person should know, told once a cause."""

    cause: str
    kind: str
    text: str
    since: Instant
    told_at: Instant | None
    cleared_at: Instant | None
