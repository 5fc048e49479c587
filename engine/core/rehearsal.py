"""A rehearsal: what one list would make for a member on each of many days, and what is awkward about it. Values.

Pure. It counts and judges; it must never look at an account, a ledger or a clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

from whenever import Date, Instant

from engine.core.calendar import long_day

Kind = Literal["past-due", "pile-up", "after-start", "overload", "clock-change", "cannot-expand"]
KINDS: Final[tuple[Kind, ...]] = (
    *("cannot-expand", "past-due", "after-start", "pile-up", "overload", "clock-change"),
)
"""In the order of a report: what stops a list first, what is only worth knowing last."""

MEANINGS: Final[Mapping[Kind, str]] = {
    "cannot-expand": "the list cannot be made on these days",
    "past-due": "due before the task is made",
    "after-start": "counted before a day, and due on it or later",
    "pile-up": "many starts share one due day around closed days",
    "overload": "more tasks for one person on one day than they can do",
    "clock-change": "touched by a clock change",
}

PER_DAY: Final = 20
"""Tasks of one person on one day beyond which it is an overload: at half an hour each more than a day's work."""

SHARED_BY: Final = 6
"""Starts that share a due day: five are a long weekend with the day after it, and happen at every Easter."""


class Task(NamedTuple):
    """One task of one start. `rule_at` is what the rule says, `at` what would be sent; both UTC, None without a due."""

    item: str
    key: str
    person: str
    rule_at: Instant | None
    at: Instant | None
    day: Date | None
    """The local day of `at`."""
    is_made: bool
    """False where the list says `late: skip`, and it is."""
    gathers: bool
    """Whether starts share this due for another reason than closed days: its rule, or because it was late."""
    skips_closed: bool
    """Whether closed days moved the due, or were passed on the way to it."""
    clock: str
    """What a clock change did to it, or ''."""
    outruns: str
    """The day before which it had to be due and is not, in words, or ''."""


@dataclass(frozen=True)
class Start:
    """One day on which a member begins (or leaves, or signs up), with all that the list makes for them."""

    day: Date
    made_at: Instant
    tasks: tuple[Task, ...]
    trouble: str = ""
    """Why nothing can be made, or ''."""


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that a person should look at. What it does not concern is left empty."""

    kind: Kind
    location: str
    said: str
    """The sentence, with the first case as the example."""
    items: tuple[str, ...] = ()
    person: str = ""
    day: Date | None = field(default=None, compare=False)
    """The due day that it is about."""
    starts: tuple[Date, ...] = ()
    tasks: int = 0

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "location": self.location or None,
            "items": list(self.items),
            "person": self.person or None,
            "day": None if self.day is None else str(self.day),
            "starts": [str(day) for day in self.starts],
            "tasks": self.tasks,
            "message": self.said,
        }


@dataclass(frozen=True)
class Load:
    """What one person has to do: tasks in all, the days with any, and the fullest of them."""

    person: str
    tasks: int
    days: int
    most: int
    most_on: Date

    def to_json(self) -> dict[str, Any]:
        told = {"person": self.person, "tasks": self.tasks, "days": self.days}
        return told | {"most": self.most, "most_on": str(self.most_on)}


@dataclass(frozen=True)
class Rehearsal:
    """All that a rehearsal found. Counts are those of one start on each day at each location."""

    tasklist: str
    turn: str
    first: Date
    days: int
    lead: int
    locations: tuple[str, ...]
    starts: int
    tasks: int
    left_late: int
    """Tasks that `late: skip` left out."""
    by_day: Mapping[Date, int]
    """Due day -> tasks, sorted."""
    loads: tuple[Load, ...]
    findings: tuple[Finding, ...]
    per_day: int = PER_DAY

    def counts(self) -> dict[Kind, int]:
        """Return how many findings there are of each kind, all kinds in the order of KINDS."""
        return {kind: sum(one.kind == kind for one in self.findings) for kind in KINDS}

    def marks(self) -> dict[Date, str]:
        """Return the sign of each due day that a finding is about: `!` for an overload, else `*` for a pile-up."""
        found = {one.day: "*" for one in self.findings if one.kind == "pile-up" and one.day is not None}
        return found | {one.day: "!" for one in self.findings if one.kind == "overload" and one.day is not None}

    @property
    def last(self) -> Date:
        return self.first.add(days=self.days - 1)

    def title(self) -> str:
        """Return one line that says what was rehearsed."""
        places = ", ".join(self.locations) if len(self.locations) <= 4 else f"{len(self.locations)} locations"
        span = f"{self.first} to {self.last}" if self.days > 1 else str(self.first)
        return f"{self.tasklist}: {self.starts} starts ({self.turn} {span}) at {places}, {self.tasks} tasks"

    def to_json(self) -> dict[str, Any]:
        return {
            "tasklist": self.tasklist,
            "turn": self.turn,
            "from": str(self.first),
            "days": self.days,
            "lead": self.lead,
            "per_day": self.per_day,
            "locations": list(self.locations),
            "starts": self.starts,
            "tasks": self.tasks,
            "left_late": self.left_late,
            "counts": self.counts(),
            "findings": [one.to_json() for one in self.findings],
            "loads": [one.to_json() for one in self.loads],
            "calendar": {str(day): number for day, number in self.by_day.items()},
        }


def some_days(days: tuple[Date, ...]) -> str:
    """Return days in words: the first three, and how many more."""
    told = ", ".join(long_day(day) for day in days[:3])
    return f"{told} and {len(days) - 3} more" if len(days) > 3 else told
