"""What goes into the ledger and comes out of it, besides KnownTask.

Plain values; nothing here reads or writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NewType
from uuid import UUID

from whenever import Instant

RunId = NewType("RunId", str)
"""16 characters, sortable by time, without personal data."""


@dataclass(frozen=True)
class NewRun:
    """A plan about to be applied to one coworker. `checksum` and `version` as in design 5.8."""

    tasklist: str
    version: str
    coworker_id: int
    business_id: int
    cause: str
    """cli, delivery or sweep."""
    started_at: Instant
    checksum: str
    actions: Mapping[str, int] = field(default_factory=dict)
    """Action -> how many of the plan."""
    request: str = ""
    """What was asked, as JSON: enough to go on after a crash. It may hold a member's text, and goes
    as soon as the run is done."""


@dataclass(frozen=True)
class Run(NewRun):
    """A run as remembered. `finished_at` is None while it goes on, and for ever if its process died.

    `request` is empty once it is done; `resumes_at` is the moment till which it is parked.
    """

    id: RunId = RunId("")
    seen_at: Instant = Instant.MIN
    finished_at: Instant | None = None
    outcomes: Mapping[str, int] = field(default_factory=dict)
    resumes_at: Instant | None = None


@dataclass(frozen=True)
class BatchKey:
    """One task list, once, for one subject of a coworker: its tasks share one TaskListName (design 5.1)."""

    kind: str
    subject_id: str
    tasklist: str
    cycle: str = ""


@dataclass(frozen=True)
class Batch:
    key: BatchKey
    name: str
    """Keyed fingerprint of the TaskListName, 16 hex digits: of the first task once there is one."""
    first_task_id: int | None
    """The task whose TaskListName later additions carry too; None until one is created or adopted."""


@dataclass(frozen=True)
class Intent:
    """One task that is about to be sent (or was found and is about to be adopted)."""

    identity: UUID
    item: str
    batch: BatchKey
    batch_name: str
    """`fingerprint` of the TaskListName that would be sent."""
    key: str = ""
    """The for_each key. Kept after the result only if it is an id: another may be a member's text."""
    payload: str = ""
    """The body, kept from intent to result only."""
    due_at: Instant | None = None
    contract_id: int | None = None
    event_at: Instant | None = None
    responsible_id: int | None = None
    """The user whom it is given to, for `loads` and `tasks_held_by`."""
    reclaim: bool = False
    """The planner looked an open intent up, did not find its task, and decided to send again."""
    held_by: str | None = None
    """With `reclaim`: the KnownTask.run_id that was looked at. Another holder by now means that
    somebody else sends it, and the claim is refused. None takes it from whoever holds it."""
    held_seen_at: Instant | None = None
    """With `held_by`: its KnownTask.seen_at. A later sign of life means that it lives and may be sending."""


@dataclass(frozen=True)
class Result:
    """The outcome of one task in one run."""

    identity: UUID
    outcome: str
    at: Instant
    task_id: int | None = None
    item: str = ""
    error: str = ""
    run_id: RunId = RunId("")


@dataclass(frozen=True)
class OpenIntent:
    """A task of which it is not known whether it was made. `payload` is the body as posted."""

    identity: UUID
    run_id: RunId
    tasklist: str
    item: str
    key: str
    payload: str
    at: Instant
    """When it was first meant: its task may have been made from then on."""
    seen_at: Instant
    """The last sign of life of the run that holds it."""
    contract_id: int | None = None
    event_at: Instant | None = None
    due_at: Instant | None = None


@dataclass(frozen=True)
class Lease:
    """The right to write for whatever `name` stands for, up to `until` (UTC).

    `fence` grows with each new holding: of two that both believe to hold it, the lower one is wrong.
    """

    name: str
    holder: str
    fence: int
    until: Instant


@dataclass(frozen=True)
class Finding:
    """What `probe` learned about one question on this account: anything that JSON can hold."""

    question: str
    value: object
    at: Instant


@dataclass(frozen=True)
class HeldTask:
    """A task that we gave to a user and of which we do not know that it is completed or gone."""

    coworker_id: int
    identity: UUID
    task_id: int
    tasklist: str
    item: str
    key: str
    """The for_each key where it is an id; others are not remembered."""
    due_at: Instant | None
    business_id: int


@dataclass(frozen=True)
class StoredWait:
    """A batch of which something waits. Moments are UTC.

    `request` is what was asked, and `items` what waits and for what, both as JSON; they may hold a member's text, and
    go as soon as nothing waits or the batch is given up.
    """

    coworker_id: int
    key: BatchKey
    request: str = field(repr=False)
    items: str = field(repr=False)
    next_look_at: Instant | None
    """When a look can decide, whatever changed; None: when a task of the coworker did."""
    looked_at: Instant
    tries: int = 0
    """Looks in a row that failed."""
    ended_at: Instant | None = None
    """Since when nobody looks any more, for the reason in `why`: the coworker left, or the list is gone."""
    why: str = ""


@dataclass(frozen=True)
class Reassigning:
    """One task of ours that is about to be given from one user to another."""

    coworker_id: int
    identity: UUID
    task_id: int
    before_id: int
    after_id: int


@dataclass(frozen=True)
class Reassignment:
    """A change of the responsible as remembered. Without `settled_at` it may or may not have happened."""

    key: int
    change: Reassigning
    at: Instant
    settled_at: Instant | None = None
    outcome: str = ""
    """reassigned, skipped or failed; empty while it is open."""
    why: str = ""
