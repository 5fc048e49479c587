"""The dues of a list for many coworkers: each worked out once for the days that it counts from.

Pure. It gives the moments of `resolve_due`, which it calls itself for whatever tables do not know, errors included.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import NamedTuple, Protocol

from whenever import Date, Instant

from engine.core.bulk_known import anchors_of
from engine.core.bulk_rules import Moment, Rule, Slow, Table
from engine.core.bulk_texts import remember
from engine.core.calendar import Calendar
from engine.core.due import Due, Roll
from engine.core.due_day import keeps_clock
from engine.core.due_told import clock_said, skips_closed
from engine.core.model import ClockChange
from engine.core.resolve import Anchor, resolve_due
from engine.core.wire_dates import wire_moment

__all__ = ["AskedDue", "Dues", "Moment", "Shelf"]


class AskedDue(NamedTuple):
    """A due with the anchor of rules that name no day, and what it does about clock changes."""

    due: Due
    anchor: str | None
    change: ClockChange


class Anchored(Protocol):
    """Whose dues are asked for: their anchors by name, in the three forms that are needed."""

    def anchor(self, name: str) -> Date | Instant | None: ...

    def ordinal(self, name: str) -> int | None:
        """Return the number of its local day."""
        ...

    def anchors(self, names: Collection[str]) -> Mapping[str, Anchor | None]: ...


class Dues:
    """One due in one calendar and zone, with a memory by the anchors' values."""

    def __init__(self, asked: AskedDue, *, calendar: Calendar, zone: str, table: Table | None) -> None:
        due, anchor, self.change = asked
        self.due, self.anchor, self.calendar, self.zone = due, anchor, calendar, zone
        self.names = tuple(sorted(anchors_of(due, anchor)))
        rules = [rule for rule in (due.rule, due.fallback, due.not_before, due.not_after) if rule is not None]
        self.by_day = not any(keeps_clock(rule.when) for rule in rules)
        self.known: dict[tuple[object, ...], Moment] = {}
        self.by_start: dict[int, Moment] = {}
        self.rule: Rule | None = None
        self.earliest: Rule | None = None
        self.latest: Rule | None = None
        try:
            if table is not None:
                self._tabulate(due, table)
        except Slow:
            self.rule = None
        self.is_bounded = bool(self.earliest or self.latest)
        counts_from_one = len(self.names) == 1 and self.rule is not None and self.rule.at is not None
        self.lane = self.rule.moment if self.rule and counts_from_one and not self.is_bounded else None
        """The way of most dues: one rule that counts from one day."""

    def _tabulate(self, due: Due, table: Table) -> None:
        make = partial(Rule, table=table, anchor=self.anchor, names=self.names)
        bounds: tuple[Roll, Roll] = ("none", "none") if due.roll == "none" else ("next", "previous")
        self.earliest = make(due.not_before, roll=bounds[0]) if due.not_before else None
        self.latest = make(due.not_after, roll=bounds[1], last=True) if due.not_after else None
        self.rule = make(due.rule, roll=due.roll)

    def at(self, who: Anchored) -> Moment:
        """Return the due for a coworker. Raises as `resolve_due`."""
        lane = self.lane
        if lane is None or (start := who.ordinal(self.names[0])) is None:
            return self._of_several(who)
        known = self.by_start.get(start)
        if known is None:
            try:
                known = lane(start)
            except (Slow, ValueError, OverflowError):  # a clock change, or out of the years 1 to 9999
                known = self._in_full(who.anchors(self.names))
            remember(self.by_start, start, known)
        return known

    def _of_several(self, who: Anchored) -> Moment:
        key = tuple(map(who.ordinal if self.by_day else who.anchor, self.names))
        found = self.known.get(key)
        if found is None:
            found = self._by_table(key)
            if found is None:
                found = self._in_full(who.anchors(self.names))
            remember(self.known, key, found)
        return found

    def _by_table(self, key: tuple[object, ...]) -> Moment | None:
        rule = self.rule
        if rule is None:
            return None
        try:
            found = rule.moment(rule.start(key))
            return self._bounded(found, key) if self.is_bounded else found
        except (Slow, ValueError, OverflowError):  # a clock change, or out of the years 1 to 9999
            return None

    def _bounded(self, found: Moment, days: tuple[object, ...]) -> Moment:
        earliest = self.earliest.moment(self.earliest.start(days)) if self.earliest else None
        latest = self.latest.moment(self.latest.start(days)) if self.latest else None
        if earliest and latest and earliest.at > latest.at:
            raise Slow
        if earliest and found.at < earliest.at:
            return earliest._replace(skips=True) if found.skips else earliest
        if latest and found.at > latest.at:
            return latest._replace(skips=True) if found.skips else latest
        return found

    def _in_full(self, anchors: Mapping[str, Anchor | None]) -> Moment:
        found = resolve_due(
            self.due,
            anchors=anchors,
            default_anchor=self.anchor,
            zone=self.zone,
            calendar=self.calendar,
            clock_change=self.change,
        )
        clock = clock_said(found.steps, self.due, found.at, self.zone)
        return Moment(found.at, wire_moment(found.at), found.local.date(), skips_closed(found.steps), clock)


class Shelf:
    """All dues of a list in one calendar and zone: locations that have both in common share them."""

    def __init__(self, calendar: Calendar, zone: str) -> None:
        self.calendar, self.zone = calendar, zone
        try:
            self._table: Table | None = Table(calendar, zone)
        except Exception:  # days that the calendar does not know: whoever asks for one is told in full
            self._table = None
        self._dues: dict[AskedDue, Dues] = {}

    def fits(self, calendar: Calendar, zone: str) -> bool:
        return self.zone == zone and (self.calendar is calendar or self.calendar == calendar)

    def dues(self, asked: AskedDue) -> Dues:
        """Return the one memory of a due."""
        found = self._dues.get(asked)
        if found is None:
            found = self._dues[asked] = Dues(asked, calendar=self.calendar, zone=self.zone, table=self._table)
        return found
