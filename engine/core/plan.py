"""A plan: a frozen, sorted, printable value with exactly one action for each wanted task."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from whenever import Instant

from engine.core.completions import Ends
from engine.core.known import KnownTask, LiveTask
from engine.core.wanted import Expansion, LeftOut, Wanted
from engine.core.wire_dates import wire_moment

ActionName = Literal["create", "keep", "adopt", "update", "skip", "conflict", "hold", "remove", "wait"]


@dataclass(frozen=True)
class Drift:
    """A kept task whose text or date would be another now. `was` is None when the old text is not kept."""

    field: str
    was: str | None
    wanted: str

    def to_json(self) -> dict[str, str | None]:
        return {"field": self.field, "was": self.was, "wanted": self.wanted}


@dataclass(frozen=True)
class Action:
    action: ActionName
    wanted: Wanted
    payload: Mapping[str, Any]
    due_at: Instant | None
    reason: str
    task_id: int | None = None
    drift: tuple[Drift, ...] = ()
    baseline_texts: Mapping[str, str] = field(default_factory=dict)
    """Payload field -> what the task says: its fingerprint is remembered, for telling drift later."""
    again: bool = False
    """The identity has an open or failed intent that this action takes over."""
    held_by: str | None = None
    """The run that holds that intent: when another one does by now, the takeover is refused."""
    held_seen_at: Instant | None = None
    """That run's last sign of life: when it gave another one by now, it lives, and the takeover is refused."""
    late_from: Instant | None = None
    decides_at: Instant | None = None
    """For `hold` and `wait`: from when on another look can decide (UTC); None where somebody has to act first."""

    def to_json(self) -> dict[str, Any]:
        return {
            "action": self.action,
            "item": self.wanted.item,
            "key": self.wanted.key,
            "task_item_unique_id": str(self.wanted.identity),
            "due_at": None if self.due_at is None else wire_moment(self.due_at),
            "payload": dict(self.payload),
            "reason": self.reason,
            "waits": _waits_json(self),
            "phase": self.wanted.phase,
            "drift": [part.to_json() for part in self.drift],
            "explain": self.wanted.explanation.to_json(),
        }


def _waits_json(action: Action) -> dict[str, Any] | None:
    """What an action waits for; a moment that has come is none."""
    waits = action.wanted.waits
    if action.action != "wait" or waits is None:
        return None
    until = None if action.decides_at is None else wire_moment(action.decides_at)
    return {"for": list(waits.items), "until": until, "stuck": waits.stuck}


@dataclass(frozen=True)
class Plan:
    expansion: Expansion
    task_list_name: str
    now: Instant
    actions: tuple[Action, ...]
    left_out: tuple[LeftOut, ...]
    warnings: tuple[str, ...]
    ends: Ends = field(default_factory=Ends)
    """What the look found to be completed or gone; the run writes down what is news. No part of the JSON."""

    @property
    def checksum(self) -> str:
        """sha256 of the actions, without reason, explain and phase, and of what is left out; not of now."""
        actions = [action.to_json() for action in self.actions]
        for action in actions:
            del action["reason"], action["explain"], action["phase"]
        told = {"actions": actions, "left_out": [part.to_json() for part in self.left_out]}
        text = json.dumps(told, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()

    def to_json(self) -> dict[str, Any]:
        return {
            "tasklist": self.expansion.tasklist,
            "version": self.expansion.version,
            "coworker_id": self.expansion.coworker_id,
            "business_id": self.expansion.business_id,
            "task_list_name": self.task_list_name,
            "now": wire_moment(self.now),
            "checksum": self.checksum,
            "overrides": self.expansion.overrides.to_json(),
            "actions": [action.to_json() for action in self.actions],
            "left_out": [part.to_json() for part in self.left_out],
            "warnings": list(self.warnings),
        }

    def counts(self) -> dict[str, int]:
        """Return how many actions there are of each name, in the order of first use."""
        counted: dict[str, int] = {}
        for action in self.actions:
            counted[action.action] = counted.get(action.action, 0) + 1
        return counted


Origin = tuple[int | None, Instant | None]
"""The contract and the event moment that a task was made with."""


@dataclass(frozen=True)
class Situation:
    """What is remembered and what is live, as planning needs it."""

    known: Mapping[UUID, KnownTask] = field(default_factory=dict)
    live: Mapping[int, LiveTask] = field(default_factory=dict)
    """Rows of the coworker's task list by task id."""
    found: Mapping[UUID, tuple[LiveTask, ...]] = field(default_factory=dict)
    """Live tasks that carry our mark (or, with the mark off, our content), for identities not in `known`."""
    gone: frozenset[int] = frozenset()
    """Task ids that we made and that the service says no longer exist."""
    incomplete: str = ""
    """Why the live list could not be read to its end, or ''. Then nothing counts as absent."""
    key: bytes = b""
    task_list_name: str | None = None
    """The name that the batch's first task fixed, or None for a new batch."""
    quiet_seconds: float = 120
    with_mark: bool = True
    origins: Mapping[Origin, Mapping[UUID, Wanted]] = field(default_factory=dict)
    """What the list wants under another contract or event: a kept task is compared with the one that made it."""
    doubtful: Mapping[UUID, int] = field(default_factory=dict)
    """Open intent -> a live task of its name that came after the request and lost, or never had, our mark."""
    elsewhere: Mapping[UUID, int] = field(default_factory=dict)
    """Identity -> another coworker for whom its request is open: a team's earlier paying member."""
    warnings: tuple[str, ...] = ()
    """What looking found that a person should know before anything is made."""
    looked_at: Instant | None = None
    """When the list was read, by the clock: the quiet period of an open intent is over by it or not."""


def body_of(payload: Mapping[str, Any]) -> bytes:
    """Return the exact bytes that are posted for a payload: compact UTF-8 JSON, non-ASCII literal.

    A lone surrogate, which UTF-8 cannot hold, becomes its JSON escape.
    """
    return json.dumps(dict(payload), ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "backslashreplace"
    )
