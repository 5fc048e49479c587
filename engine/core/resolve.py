"""A due rule, the anchors and a calendar to one moment, with the steps that led to it.

Pure: no clock, no I/O. It must never answer without saying how (`steps`), never leave the days that a
calendar knows, and never move a due out of its bounds to find an open day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from whenever import Date, Instant, Time, ZonedDateTime

from engine.core.calendar import Calendar, clock, long_day, short_day
from engine.core.due import Count, Due, DueRule, MonthEdge, On, Roll
from engine.core.due_day import NamedDay, keeps_clock, named_day
from engine.core.errors import UserError
from engine.core.moments import in_zone, skipped_text, to_zone
from engine.core.words import END_ANCHORS


class AnchorMissing(UserError):
    """The rule's anchor has no value for this coworker; the caller may use a fallback."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"anchor {name!r} has no value",
            advice="Give the due a fallback, or a condition (when) that leaves the item out.",
        )
        self.name = name


class BoundsCrossed(UserError):
    """not_before lies later than not_after: no moment satisfies both."""


@dataclass(frozen=True)
class Anchor:
    """A day or a moment that rules refer to; `source` says for people where the value came from."""

    name: str
    value: Date | Instant
    source: str


@dataclass(frozen=True)
class ResolvedDue:
    """`at` in UTC, whole seconds; `local` is the same moment at the location; `rolled_from` is the
    closed day that the rule itself named, when it was moved off it."""

    at: Instant
    local: ZonedDateTime
    rolled_from: Date | None
    steps: tuple[str, ...]


@dataclass(frozen=True)
class _Frame:
    """What all rules of one due share."""

    anchors: Mapping[str, Anchor | None]
    default_anchor: str | None
    zone: str
    calendar: Calendar

    def anchor(self, rule: DueRule) -> Anchor:
        if isinstance(rule.day, Date):
            return Anchor("", rule.day, "")
        name = rule.day or self.default_anchor
        if not name:
            raise UserError(
                f"due rule '{rule}' names no day and there is no anchor to count from",
                advice="Name the day in the rule, or give the list an anchor.",
            )
        anchor = self.anchors.get(name)
        if anchor is None:
            raise AnchorMissing(name)
        return anchor


def resolve(
    rule: DueRule,
    *,
    anchors: Mapping[str, Anchor | None],
    default_anchor: str | None,
    zone: str,
    calendar: Calendar,
    roll: Roll | None,
) -> ResolvedDue:
    """Return the moment that `rule` means at a location in the IANA `zone`.

    Raises AnchorMissing, CalendarCoverage, NeverOpen, and UserError for an unknown zone, a moment
    outside the years 1 to 9999, or a rule without any day to count from.
    """
    return _resolve(rule, _Frame(anchors, default_anchor, zone, calendar), roll)


def resolve_due(
    due: Due,
    *,
    anchors: Mapping[str, Anchor | None],
    default_anchor: str | None,
    zone: str,
    calendar: Calendar,
) -> ResolvedDue:
    """Return the moment of a due: its rule, else its fallback, held within its bounds.

    `late` is not looked at: that is late_due, which needs the moment of creation. Raises as resolve
    (AnchorMissing when neither rule nor fallback has an anchor), and BoundsCrossed.
    """
    frame = _Frame(anchors, default_anchor, zone, calendar)
    return _within_bounds(_with_fallback(due, frame), due, frame)


def late_due(at: Instant, *, now: Instant, zone: str, calendar: Calendar) -> tuple[Instant, str]:
    """Return the due of a task created at `now`: `at` itself unless past, then the next closing time.

    That is closing time of the local day of `now`, or of the next open day when that day is closed
    or its closing time is past. The text says what happened, '' when nothing did.
    """
    if at >= now:
        return at, ""
    today = to_zone(now, zone).date()
    reached = calendar.next_open(today)
    if _closing(reached.day, zone, calendar) < now:
        reached = calendar.nth_open_after(today, 1)
    due = _closing(reached.day, zone, calendar)
    was = _said(to_zone(at, zone))
    text = f"late: was due {was}, now at closing time, {_said(to_zone(due, zone))}"
    return due, text + skipped_text(reached.skipped)


def _closing(day: Date, zone: str, calendar: Calendar) -> Instant:
    return in_zone(day, calendar.closing, zone)[0].to_instant()


def _resolve(rule: DueRule, frame: _Frame, roll: Roll | None) -> ResolvedDue:
    anchor = frame.anchor(rule)
    target = named_day(rule.when, anchor.value, zone=frame.zone, calendar=frame.calendar)
    natural = _natural_roll(rule, anchor)
    day, rolled = target.day, ""
    if not target.settled and roll != "none":
        day, rolled = _rolled(target.day, roll or natural, natural, frame.calendar)
    local, steps = _local(rule, target, day, frame)
    if roll != "none" and local.date() != day:
        local, lost = _after_lost_day(local, frame)
        steps += (lost,)
    said = f"due {_said(local)} in {frame.zone}"
    steps = (_anchor_said(anchor, frame.zone), *target.steps, rolled, *steps, said)
    rolled_from = target.day if day != target.day else None
    return ResolvedDue(local.to_instant(), local, rolled_from, tuple(step for step in steps if step))


def _natural_roll(rule: DueRule, anchor: Anchor) -> Roll:
    """Ends roll back, all else forward: past a start is late, past an end is wrong."""
    when = rule.when
    if isinstance(when, Count):
        return "previous" if when.side == "before" else "next"
    if isinstance(when, MonthEdge):
        return "previous" if when.edge == "last" else "next"
    return "previous" if isinstance(when, On) and anchor.name in END_ANCHORS else "next"


def _rolled(day: Date, roll: Roll, natural: Roll, calendar: Calendar) -> tuple[Date, str]:
    if calendar.is_open(day):
        return day, ""
    if roll == "nearest":
        roll = _nearer(day, natural, calendar)
    reached = calendar.previous_open(day) if roll == "previous" else calendar.next_open(day)
    text = f"rolled from {short_day(day)} to {long_day(reached.day)}{skipped_text(reached.skipped)}"
    return reached.day, text


def _nearer(day: Date, natural: Roll, calendar: Calendar) -> Roll:
    """Return the way to the nearer open day; at the same distance the way of the rule itself."""
    back = day.since(calendar.previous_open(day).day, total="days")
    ahead = calendar.next_open(day).day.since(day, total="days")
    if back == ahead:
        return natural
    return "previous" if back < ahead else "next"


def _local(
    rule: DueRule, target: NamedDay, day: Date, frame: _Frame
) -> tuple[ZonedDateTime, tuple[str, ...]]:
    if target.exact is not None and rule.clock is None and day == target.day:
        return to_zone(target.exact, frame.zone), ()
    time, text = rule.clock or target.clock or "opening", ""
    if not isinstance(time, Time):
        name, time = time, frame.calendar.opening if time == "opening" else frame.calendar.closing
        text = f"at {name} time, {clock(time)}"
    local, change = in_zone(day, time, frame.zone)
    return local, (text, change)


def _after_lost_day(local: ZonedDateTime, frame: _Frame) -> tuple[ZonedDateTime, str]:
    """A clock change at or around midnight can push a due into a closed day: go on to an open one."""
    day, text = _rolled(local.date(), "next", "next", frame.calendar)
    return (in_zone(day, local.time(), frame.zone)[0] if text else local), text


def _with_fallback(due: Due, frame: _Frame) -> ResolvedDue:
    try:
        return _resolve(due.rule, frame, due.roll)
    except AnchorMissing as missing:
        if due.fallback is None:
            raise
        found = _resolve(due.fallback, frame, due.roll)
        why = f"{missing.name} has no value: the fallback '{due.fallback}' is used"
        return replace(found, steps=(why, *found.steps))


def _within_bounds(found: ResolvedDue, due: Due, frame: _Frame) -> ResolvedDue:
    notes: list[str] = []
    earliest = _bound("not_before", due, frame, notes)
    latest = _bound("not_after", due, frame, notes)
    if earliest and latest and earliest.at > latest.at:
        raise BoundsCrossed(
            f"not_before '{due.not_before}' is {_said(earliest.local)}, "
            f"later than not_after '{due.not_after}', {_said(latest.local)}",
            advice="Widen one of the two, or leave one out.",
        )
    if earliest and found.at < earliest.at:
        found = _held(found, earliest, f"not_before '{due.not_before}'")
    elif latest and found.at > latest.at:
        found = _held(found, latest, f"not_after '{due.not_after}'")
    return replace(found, steps=(*found.steps, *notes))


def _bound(
    name: Literal["not_before", "not_after"], due: Due, frame: _Frame, notes: list[str]
) -> ResolvedDue | None:
    """Resolve a bound; it rolls inwards only, and a last day without a time lasts until closing."""
    rule = due.not_before if name == "not_before" else due.not_after
    if rule is None:
        return None
    if name == "not_after" and rule.clock is None and not keeps_clock(rule.when):
        rule = replace(rule, clock="closing")
    inwards: Roll = "next" if name == "not_before" else "previous"
    try:
        return _resolve(rule, frame, "none" if due.roll == "none" else inwards)
    except AnchorMissing as missing:
        notes.append(f"{name} is left out: {missing.name} has no value")
        return None


def _held(found: ResolvedDue, bound: ResolvedDue, name: str) -> ResolvedDue:
    steps = (*found.steps, f"moved by {name} from {_said(found.local)}", *bound.steps)
    return replace(bound, steps=steps)


def _anchor_said(anchor: Anchor, zone: str) -> str:
    value = anchor.value
    if not anchor.name:
        return ""
    said = long_day(value) if isinstance(value, Date) else f"{_said(to_zone(value, zone))} in {zone}"
    return f"{anchor.name} is {said} ({anchor.source})"


def _said(local: ZonedDateTime) -> str:
    return f"{long_day(local.date())} {clock(local.time())}"
