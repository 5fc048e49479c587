"""When one wanted task is due: the item's rule, or the one given for this run, for one coworker. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from whenever import Date, Instant

from engine.core.anchors import DONE, Anchor, done_anchor
from engine.core.due import Due
from engine.core.expanding import Expanding
from engine.core.prepared import ReadyItem
from engine.core.resolve import ResolvedDue, resolve_due
from engine.core.wanted import Waits


@dataclass(frozen=True)
class Dated:
    """The date of a task: `at` in UTC, `day` at the location; both None without a due, or while it is not known."""

    at: Instant | None
    day: Date | None
    late: str
    steps: tuple[str, ...]
    rolled_from: Date | None = None


def dated(work: Expanding, ready: ReadyItem, key: str, *, waits: Waits | None, done: Instant | None) -> Dated:
    """Return when a task is due. `waits`, `done`: what it waits for, and since when all it comes after is completed.

    Raises as `resolve_due`.
    """
    due, steps = _rule_of(work, ready, key)
    if due is None:
        return Dated(None, None, "closing", ("no due",))
    late = due.late or "closing"
    if waits is not None and DONE in due.anchors():
        return Dated(None, None, late, (*steps, f"counts from {DONE}, which is still to come"))
    found = _resolved(work, ready, due, done)
    return Dated(found.at, found.local.date(), late, (*steps, *found.steps), found.rolled_from)


def _rule_of(work: Expanding, ready: ReadyItem, key: str) -> tuple[Due | None, tuple[str, ...]]:
    """Return the due in force; one given for this run keeps what the item says of closed days and the past."""
    rule = work.overrides.due_of(ready.item.id, key)
    if rule is None:
        return ready.due, ()
    own, defaults = ready.due, work.prepared.tasklist.defaults
    roll = own.roll if own else defaults.roll
    late = own.late if own else defaults.late
    return Due(rule, roll, late or "closing"), (f"by --due: {rule}",)


def _resolved(work: Expanding, ready: ReadyItem, due: Due, done: Instant | None) -> ResolvedDue:
    anchors: Mapping[str, Anchor | None] = work.read.anchors
    if ready.after:
        anchors = {**anchors, DONE: done_anchor(done, ready.after)}
    return resolve_due(
        due,
        anchors=anchors,
        default_anchor=ready.anchor,
        zone=work.facts.zone,
        calendar=work.facts.calendar,
        clock_change=ready.item.clock_change or work.prepared.tasklist.clock_change,
        missing=work.read.missing,
    )
