"""A due rule, the anchors and a calendar to one moment, with the steps that led to it.

Pure: no clock, no I/O. It must never answer without saying how (`steps`), never leave the days that a
calendar knows, and never move a due out of its bounds to find an open day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Literal

from whenever import Date, Instant, Time, ZonedDateTime

from engine.core.anchors import Anchor
from engine.core.calendar import Calendar, clock, long_day, short_day
from engine.core.due import Count, Due, DueRule, MonthEdge, On, Roll
from engine.core.due_day import Clocks, NamedDay, keeps_clock, moment_said, named_day
from engine.core.due_troubles import AnchorMissing, BoundsCrossed, blamed, with_other_day
from engine.core.errors import UserError
from engine.core.late import late_due
from engine.core.model import ClockChange
from engine.core.moments import UnknownZone, skipped_text, to_zone
from engine.core.words import END_ANCHORS

__all__ = [
    "Anchor", "AnchorMissing", "BoundsCrossed", "ResolvedDue",
    "ends", "late_due", "resolve", "resolve_day", "resolve_due",
]  # fmt: skip


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
    clocks: Clocks
    calendar: Calendar
    missing: Mapping[str, str] = field(default_factory=dict)

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
            works = next((str(other) for other in with_other_day(rule, self.anchors) if self.works(other)), "")
            raise AnchorMissing(name, rule=str(rule), why=self.missing.get(name, ""), works=works)
        return anchor

    def works(self, rule: DueRule, roll: Roll | None = "none") -> bool:
        """Whether a rule that is offered to a person gives a moment."""
        try:
            _moment(rule, self.anchor(rule), self, roll)
        except UserError:
            return False
        return True


def resolve(
    rule: DueRule,
    *,
    anchors: Mapping[str, Anchor | None],
    default_anchor: str | None,
    zone: str,
    calendar: Calendar,
    roll: Roll | None,
    clock_change: ClockChange | None = None,
    missing: Mapping[str, str] | None = None,
) -> ResolvedDue:
    """Return the moment that `rule` means at a location in the IANA `zone`.

    `missing` are the reasons why anchors have no value. Every error names the rule, and one that works where there is.

    Raises AnchorMissing, CalendarCoverage, ClosedDaysUnknown, NeverOpen, ClockChanged, and UserError for an unknown
    zone, a moment outside the years 1 to 9999, or a rule without any day to count from.
    """
    return _resolve(rule, _Frame(anchors, default_anchor, _clocks(zone, clock_change), calendar, missing or {}), roll)


def resolve_due(
    due: Due,
    *,
    anchors: Mapping[str, Anchor | None],
    default_anchor: str | None,
    zone: str,
    calendar: Calendar,
    clock_change: ClockChange | None = None,
    missing: Mapping[str, str] | None = None,
) -> ResolvedDue:
    """Return the moment of a due: its rule, else its fallback, held within its bounds.

    `late` is not looked at: that is late_due, which needs the moment of creation. Raises as resolve
    (AnchorMissing when neither rule nor fallback has an anchor), and BoundsCrossed.
    """
    frame = _Frame(anchors, default_anchor, _clocks(zone, clock_change), calendar, missing or {})
    return _within_bounds(_with_fallback(due, frame), due, frame)


def _clocks(zone: str, change: ClockChange | None) -> Clocks:
    return Clocks(zone, change.gap, change.overlap) if change else Clocks(zone)


def resolve_day(
    rule: DueRule,
    *,
    anchors: Mapping[str, Anchor | None],
    default_anchor: str | None,
    zone: str,
    calendar: Calendar,
    clock_change: ClockChange | None = None,
    missing: Mapping[str, str] | None = None,
) -> NamedDay:
    """Return the day that `rule` names, open or closed, with the steps from its anchor on; raises as resolve."""
    frame = _Frame(anchors, default_anchor, _clocks(zone, clock_change), calendar, missing or {})
    anchor = frame.anchor(rule)
    with _blaming(rule, frame):
        day = named_day(rule.when, anchor.value, clocks=frame.clocks, calendar=calendar)
    return replace(day, steps=_from(anchor, frame, day.steps), ends=ends(rule, anchor))


def _resolve(rule: DueRule, frame: _Frame, roll: Roll | None) -> ResolvedDue:
    anchor = frame.anchor(rule)
    with _blaming(rule, frame):
        return _moment(rule, anchor, frame, roll)


@contextmanager
def _blaming(rule: DueRule, frame: _Frame) -> Iterator[None]:
    try:
        yield
    except UnknownZone:
        raise
    except UserError as error:
        blamed(error, rule, frame.works)
        raise


def _moment(rule: DueRule, anchor: Anchor, frame: _Frame, roll: Roll | None) -> ResolvedDue:
    target = named_day(rule.when, anchor.value, clocks=frame.clocks, calendar=frame.calendar)
    natural: Roll = "previous" if ends(rule, anchor) else "next"
    day, rolled = target.day, ""
    if not target.settled and roll != "none":
        day, rolled = _rolled(target.day, roll or natural, natural, frame.calendar)
    local, steps = _local(rule, target, day, frame)
    if roll != "none" and local.date() != day:
        local, lost = _after_lost_day(local, frame)
        steps += (lost,)
    said = f"due {moment_said(local)} in {frame.clocks.zone}"
    steps = (*_from(anchor, frame, target.steps), rolled, *steps, said)
    rolled_from = target.day if day != target.day else None
    return ResolvedDue(local.to_instant(), local, rolled_from, tuple(step for step in steps if step))


def ends(rule: DueRule, anchor: Anchor) -> bool:
    """Whether a rule leaves a closed day for the one before it: past a start is late, past an end is wrong."""
    when = rule.when
    if isinstance(when, Count):
        return when.side == "before"
    if isinstance(when, MonthEdge):
        return when.edge == "last"
    return isinstance(when, On) and (anchor.ends or anchor.name in END_ANCHORS)


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
        return to_zone(target.exact, frame.clocks.zone), ()
    time, text = rule.clock or target.clock or "opening", ""
    if not isinstance(time, Time):
        name = time
        time = frame.calendar.opening_on(day) if name == "opening" else frame.calendar.closing_on(day)
        text = f"at {name} time, {clock(time)}"
    local, change = frame.clocks.moment(day, time)
    return local, (text, change)


def _after_lost_day(local: ZonedDateTime, frame: _Frame) -> tuple[ZonedDateTime, str]:
    """A clock change at or around midnight can push a due into a closed day: go on to an open one."""
    day, text = _rolled(local.date(), "next", "next", frame.calendar)
    return (frame.clocks.moment(day, local.time())[0] if text else local), text


def _with_fallback(due: Due, frame: _Frame) -> ResolvedDue:
    try:
        return _resolve(due.rule, frame, due.roll)
    except AnchorMissing as missing:
        if due.fallback is None:
            raise
        found = _resolve(due.fallback, frame, due.roll)
        why = f"{_lacks(missing)}: the fallback '{due.fallback}' is used"
        return replace(found, steps=(why, *found.steps))


def _lacks(missing: AnchorMissing) -> str:
    return f"{missing.name} has no value{f' ({missing.why})' if missing.why else ''}"


def _within_bounds(found: ResolvedDue, due: Due, frame: _Frame) -> ResolvedDue:
    notes: list[str] = []
    earliest = _bound("not_before", due, frame, notes)
    latest = _bound("not_after", due, frame, notes)
    if earliest and latest and earliest.at > latest.at:
        raise _crossed(due, earliest, latest)
    if earliest and found.at < earliest.at:
        found = _held(found, earliest, f"not_before '{due.not_before}'")
    elif latest and found.at > latest.at:
        found = _held(found, latest, f"not_after '{due.not_after}'")
    return replace(found, steps=(*found.steps, *notes))


def _crossed(due: Due, earliest: ResolvedDue, latest: ResolvedDue) -> BoundsCrossed:
    local = earliest.local.add(minutes=1) if earliest.local.second else earliest.local
    works = DueRule(On(), local.date(), Time(local.hour, local.minute))
    return BoundsCrossed(
        f"due rule '{due.rule}': not_before '{due.not_before}' is {moment_said(earliest.local)}, "
        f"later than not_after '{due.not_after}', {moment_said(latest.local)}",
        advice=f"Widen one of the two, or leave one out. This works: not_after: {works}",
    )


def _until_closing(rule: DueRule) -> DueRule:
    """A last day without a time lasts until closing."""
    return replace(rule, clock="closing") if rule.clock is None and not keeps_clock(rule.when) else rule


def _bound(
    name: Literal["not_before", "not_after"], due: Due, frame: _Frame, notes: list[str]
) -> ResolvedDue | None:
    """Resolve a bound; it rolls inwards only."""
    rule = due.not_before if name == "not_before" else due.not_after
    if rule is None:
        return None
    rule = _until_closing(rule) if name == "not_after" else rule
    inwards: Roll = "next" if name == "not_before" else "previous"
    try:
        return _resolve(rule, frame, "none" if due.roll == "none" else inwards)
    except AnchorMissing as missing:
        notes.append(f"{name} is left out: {_lacks(missing)}")
        return None


def _held(found: ResolvedDue, bound: ResolvedDue, name: str) -> ResolvedDue:
    steps = (*found.steps, f"moved by {name} from {moment_said(found.local)}", *bound.steps)
    return replace(bound, steps=steps)


def _from(anchor: Anchor, frame: _Frame, steps: tuple[str, ...]) -> tuple[str, ...]:
    """Return the steps from an anchor on; a date that stands in the rule need not be said."""
    if not anchor.name:
        return steps
    value, zone = anchor.value, frame.clocks.zone
    said = long_day(value) if isinstance(value, Date) else f"{moment_said(to_zone(value, zone))} in {zone}"
    return (*anchor.steps, f"{anchor.name} is {said} ({anchor.source})", *steps)
