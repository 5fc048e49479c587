"""Dues that make no sense for anybody: over before the list can start, bounds that cross, days that no calendar covers.

Pure, without a clock and without a calendar: it must never warn of a due that some calendar and some member make good.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from whenever import Date, Time

from engine.core.due import Count, Due, DueRule, On, Roll
from engine.core.due_day import keeps_clock
from engine.core.lint_spans import ANYWHERE, Span, ends, rolled, span_of
from engine.core.lint_view import View
from engine.core.prepared import Finding, Path, ReadyItem
from engine.core.text_faults import Fault

_OVER: Final = frozenset(
    ("signup", "done", "visit.first", "visit.third", "invoice.first_paid")
    + ("coworker.created_on", "contract.created_on", "team.created_on")
)
"""Days that have come whenever they are known at all."""

_MOMENTS: Final = (_OVER | {"event"}) - {"visit.first", "visit.third"}
"""Of these the moment is known, and an hour before it is over as well."""

_BEGUN: Final = frozenset({"contract.start", "membership.start"})
_OVER_WITH: Final[Mapping[str, frozenset[str]]] = {
    "contract.activated": _BEGUN,
    "contract.first_activated": _BEGUN,
    "contract.renewed": _BEGUN,
    "contract.cancelled": _BEGUN,
}
"""Event -> the days that have come when it happens: an activation is that of the first day (webhooks.md 2)."""

_LATER: Final = frozenset(
    {
        ("contract.start", "membership.start"),
        ("contract.term_end", "contract.start"),
        ("contract.term_end", "membership.start"),
        ("membership.end", "membership.start"),
        ("visit.third", "visit.first"),
    }
)
"""(day, another one that never lies after it)."""

_LATE: Final = {
    "closing": "so the task is always late, and due when the place closes that day",
    "keep": "so the task is overdue from the start",
    "skip": "and with `late: skip` the task is never made",
    "fail": "and with `late: fail` every run fails",
}


def lint_dues(view: View) -> Iterator[Finding]:
    """Yield a warning for each due of a list that makes no sense."""
    dues = _Dues(view)
    wait = view.prepared.wait_until
    if wait is not None and dues.latest(wait, view.tasklist.anchor, None) < 0:
        what = f"this moment always lies before {dues.start()}, so nothing is waited for"
        yield _finding(("applies", "wait_until"), wait, ("always-late", what))
    for index, ready in enumerate(view.prepared.items):
        if ready.due is not None:
            yield from dues.of_item(("items", index, "due"), ready, ready.due)


def _finding(path: Path, rule: DueRule, told: tuple[str, str], allowed: str = "") -> Finding:
    code, what = told
    return Finding(path, Fault(0, 1, what, found=repr(str(rule)), allowed=allowed), warning=True, code=code)


class _Dues:
    """The dues of one form of a list, with what has come when it starts."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._days = view.prepared.days
        self._on = view.tasklist.applies.on
        known = [_OVER_WITH.get(event, frozenset[str]()) for event in self._on]
        self._over = _OVER | (frozenset.intersection(*known) if known else frozenset())
        if self._on and "contract.cancelled" not in self._on:  # its moment is the last day, which lies ahead
            self._over |= {"event"}

    def start(self) -> str:
        """What a due lies before."""
        return f"{' or '.join(self._on)} starts the list" if self._on else "the list can be run"

    def of_item(self, path: Path, ready: ReadyItem, due: Due) -> Iterator[Finding]:
        """Yield what is wrong with one due."""
        told = self._crossed(path, ready, due) or self._idle(path, ready, due)
        if told is not None:
            yield told
        elif self._latest_due(ready, due) < 0:
            late = due.late or "closing"
            what = f"this always lies before {self.start()}, {_LATE[late]}"
            yield _finding((*path, "rule"), due.rule, ("always-late", what), self._works(due.rule, ready))
        yield from self._uncovered(path, ready, due)

    def _works(self, rule: DueRule, ready: ReadyItem) -> str:
        """Return rules that lie after the start, for a person to choose from."""
        day = rule.day or ready.anchor or ""
        if not isinstance(day, str):
            return f"a day from {self._view.prepared.organisation.since} on"
        if day in self._days.rules:
            return f"a day that lies later, in place of {day}"
        turned = replace(rule, when=replace(rule.when, side="after")) if isinstance(rule.when, Count) else None
        sooner = self._on and {"contract.activated", "contract.first_activated"}.issuperset(self._on) and day in _BEGUN
        rules = (f"on {day}", *([str(replace(turned, day=day))] if turned else []))
        return ", ".join((*rules, *(["or `on: [contract.created]`, which comes earlier"] if sooner else [])))

    def _latest_due(self, ready: ReadyItem, due: Due) -> float:
        """Return how many days after the start a due lies at most; below 0 is over by then."""
        inwards: Roll = "none" if due.roll == "none" else "next"
        ways = (due.rule, due.roll), (due.fallback, due.roll), (due.not_before, inwards)
        return max(self.latest(rule, ready.anchor, roll) for rule, roll in ways if rule is not None)

    def latest(self, rule: DueRule, anchor: str | None, roll: Roll | None) -> float:
        """Return how many days after the start a rule's day lies at most: infinite where nobody can tell."""
        day = rule.day or anchor
        if isinstance(day, Date):
            gap = day.since(self._view.prepared.organisation.since, total="days")
            return rolled(span_of(rule), rule, roll, "").high + gap
        if day is None:
            return math.inf
        base = 0 if day in self._over else math.inf
        if day in self._days.rules:
            rules, own = self._days.rules[day], self._days.anchor
            base = max(self.latest(one, own, "none") for one in rules)
            if isinstance(rule.when, On) and all(ends(one, one.day or own) for one in rules):
                roll = roll or "previous"
        when = rule.when
        if isinstance(when, Count) and keeps_clock(when):
            is_over = when.side == "before" and when.number > 0 and rule.clock is None and day in _MOMENTS & self._over
            return -0.5 if is_over and roll in {None, "previous", "none"} else math.inf
        return base + rolled(span_of(rule), rule, roll, day).high

    def _crossed(self, path: Path, ready: ReadyItem, due: Due) -> Finding | None:
        """Return that not_before always lies after not_after: then no day is left."""
        if due.not_before is None or due.not_after is None:
            return None
        if self._gap(due.not_before, due.not_after, ready) <= 0:
            return None
        what = f"this always lies after not_after '{due.not_after}', so no day is left and every run fails"
        return _finding((*path, "not_before"), due.not_before, ("crossed-bounds", what), "a bound that lies before it")

    def _gap(self, later: DueRule, earlier: DueRule, ready: ReadyItem) -> float:
        """Return how many days one rule lies after another at least; a part of a day by their times counts as half."""
        one, other = later.day or ready.anchor, earlier.day or ready.anchor
        between = _between(one, other)
        low, high = span_of(later), span_of(earlier)
        gap = low.low - high.high + between
        is_same_day = gap == 0 and low.low == low.high and high.low == high.high
        times = later.clock, earlier.clock
        if is_same_day and isinstance(times[0], Time) and isinstance(times[1], Time) and times[0] > times[1]:
            return 0.5
        return gap

    def _idle(self, path: Path, ready: ReadyItem, due: Due) -> Finding | None:
        """Return that a bound always takes the place of the rule, whatever the calendar."""
        if due.fallback is not None:
            return None
        for name, bound in (("not_before", due.not_before), ("not_after", due.not_after)):
            if bound is None:
                continue
            day, other = due.rule.day or ready.anchor, bound.day or ready.anchor
            if day is None or (day != other and not isinstance(other, Date)):
                continue  # a bound whose day has no value is left out, and then the rule counts
            own, edge = self._span(due.rule, day, due), span_of(bound)
            gap = _between(other, day) if name == "not_before" else _between(day, other)
            apart = edge.low - own.high if name == "not_before" else own.low - edge.high
            if gap + apart > 0:
                side = "before" if name == "not_before" else "after"
                what = f"this always lies {side} {name} '{bound}', which takes its place every time"
                return _finding((*path, "rule"), due.rule, ("idle-rule", what), f"the rule '{bound}' alone")
        return None

    def _span(self, rule: DueRule, day: str | Date, due: Due) -> Span:
        return ANYWHERE if day in self._days.rules else rolled(span_of(rule), rule, due.roll, str(day))

    def _uncovered(self, path: Path, ready: ReadyItem, due: Due) -> Iterator[Finding]:
        """Yield that a rule leads out of the days that a calendar covers, wherever it starts within them."""
        organisation = self._view.prepared.organisation
        if due.roll == "none" and due.rule.clock is not None and not _counts_open_days(due.rule):
            return
        for location in self._view.locations:
            name = organisation.locations[location].calendar
            covers = organisation.calendars[name].covers if name in organisation.calendars else None
            if covers is None:
                continue
            first, last = covers
            span, day = span_of(due.rule), due.rule.day or ready.anchor
            length = last.since(first, total="days")
            if isinstance(day, Date):
                start, end = day.since(first, total="days"), last.since(day, total="days")
                is_out = span.high < -start or span.low > end
            else:
                is_out = max(span.low, -span.high) > length
            if is_out:
                what = f"the calendar {name!r} at {location} covers {first} to {last}, and this leads out of it"
                yield _finding((*path, "rule"), due.rule, ("not-covered", what), "a day nearer by, or a longer covers")
                return


def _counts_open_days(rule: DueRule) -> bool:
    return isinstance(rule.when, Count) and rule.when.unit in {"business days", "business hours"}


def _between(later: str | Date | None, earlier: str | Date | None) -> float:
    """Return how many days the first day lies after the second at least; minus infinity where nobody can tell."""
    if isinstance(later, Date) and isinstance(earlier, Date):
        return later.since(earlier, total="days")
    if later is None or later != earlier and (later, earlier) not in _LATER:
        return -math.inf
    return 0
