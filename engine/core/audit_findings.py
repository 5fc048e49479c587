"""What an audit finds: one value a finding, with what is the case, what the engine does next, what a person can do.

Pure. No sentence here may hold a member's text: names, notes and keys of a loop stay out of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args
from uuid import UUID

from whenever import Instant

from engine.core.wire_dates import wire_moment

Kind = Literal["lost", "doubled", "held", "stuck", "foreign", "drifted", "completed", "removed"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""In the order in which they are shown: what a person has to see first."""

FOR_A_PERSON = frozenset({"lost", "doubled", "held", "stuck"})
"""Kinds that stay as they are until somebody does something; an audit that finds one exits 3."""


@dataclass(frozen=True)
class Finding:
    """One difference between ledger and service. `item` is '' where only the row is known, not the task's origin."""

    kind: Kind
    coworker_id: int
    what: str
    next: str
    """What the engine will do by itself, at the next run or `resume`."""
    advice: str
    """What a person can do, with the command that does it; '' when there is nothing to do."""
    tasklist: str = ""
    item: str = ""
    key: str = ""
    identity: UUID | None = None
    task_id: int | None = None
    task_ids: tuple[int, ...] = ()
    """Of a doubled task: all of its live tasks, the oldest first."""
    fields: tuple[str, ...] = ()
    """Of a drifted task: the payload fields that differ."""
    mark: str = ""
    """The 16 hex digits that a row without a known identity carries."""
    at: Instant | None = None
    """Of a held one: since when it is in doubt (UTC)."""
    needs_person: bool = False

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "coworker_id": self.coworker_id,
            "tasklist": self.tasklist,
            "item": self.item,
            "key": self.key,
            "task_item_unique_id": None if self.identity is None else str(self.identity),
            "mark": self.mark,
            "task_id": self.task_id,
            "task_ids": list(self.task_ids),
            "fields": list(self.fields),
            "at": None if self.at is None else wire_moment(self.at),
            "what": self.what,
            "next": self.next,
            "advice": self.advice,
            "needs_person": self.needs_person,
        }


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings as they are shown: by kind, coworker, list, item, key and task."""
    return tuple(sorted(findings, key=_place))


def _place(finding: Finding) -> tuple[int, int, str, str, str, int]:
    kind = KINDS.index(finding.kind)
    return (kind, finding.coworker_id, finding.tasklist, finding.item, finding.key, finding.task_id or 0)


def counted(findings: Iterable[Finding], kept: int) -> Mapping[str, int]:
    """Return how many findings there are of each kind, zeros too, and how many tasks are just as they should be."""
    found: dict[str, int] = dict.fromkeys(KINDS, 0)
    for finding in findings:
        found[finding.kind] += 1
    return found | {"kept": kept}
