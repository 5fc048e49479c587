"""A list's own names for days: `anchors: {move_out: last business day of the month of contract.cancellation}`.

Each name has one rule or several, of which the first that has a day counts. A named day is a day without a time, and
`on` it means what its rule means. It must never depend on itself, and never take the name of something that exists.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from engine.core.anchors import Anchor, Anchors
from engine.core.calendar import Calendar
from engine.core.catalogue import scope
from engine.core.due import UNITS, DueRule, clock_text
from engine.core.due_day import keeps_clock
from engine.core.due_reading import read_rule
from engine.core.due_troubles import AnchorMissing
from engine.core.model import ClockChange, TaskList
from engine.core.resolve import resolve_day
from engine.core.text_faults import Fault

Path = tuple[str | int, ...]
"""A way into the list's file."""

_GRAMMAR: Final = frozenset(
    ("on", "at", "or", "of", "the", "before", "after", "first", "last", "opening", "closing", "business", "anchor")
    + ("done", "key", "loop", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    + tuple(word for unit in UNITS for word in (unit, unit.removesuffix("s")))
)
"""Words that mean something else in a rule or in a text."""

@dataclass(frozen=True)
class NamedDays:
    """The rules behind each name, each name after those that it needs; `anchor` is the day of a rule without one."""

    rules: Mapping[str, tuple[DueRule, ...]] = field(default_factory=dict)
    anchor: str | None = None

    def behind(self, names: Iterable[str]) -> frozenset[str]:
        """Return the names together with every anchor that the named days among them can need."""
        found: set[str] = set()
        left = list(names)
        while left:
            name = left.pop()
            if name not in found:
                found.add(name)
                left += [one for rule in self.rules.get(name, ()) for one in needs(rule, self.anchor)]
        return frozenset(found)


    def must_have(self, names: Iterable[str]) -> frozenset[str]:
        """Return the names together with the anchors that all rules of a named day among them need."""
        sure: dict[str, frozenset[str]] = {}
        for name, rules in self.rules.items():
            needed = (needs(rule, self.anchor) for rule in rules)
            ways = [frozenset[str]().union(*(sure.get(one, {one}) for one in each)) for each in needed]
            sure[name] = frozenset.intersection(*ways) | {name}
        return frozenset().union(*(sure.get(name, {name}) for name in names))


def needs(rule: DueRule, anchor: str | None) -> frozenset[str]:
    """Return the anchor that a rule counts from; `anchor` is that of a rule which does not say."""
    return rule.anchors() or frozenset({anchor} if rule.day is None and anchor else ())


def read_named_days(tasklist: TaskList, anchors: Iterable[str]) -> tuple[NamedDays, tuple[tuple[Path, Fault], ...]]:
    """Return the named days of a list, and all mistakes in them with their paths; `anchors` is all that exists.

    What has a mistake is left out.
    """
    known = anchors if isinstance(anchors, tuple) else tuple(anchors)
    rules: dict[str, tuple[DueRule, ...]] = {}
    faults = list(_taken(tasklist))
    for name, texts in tasklist.anchors.items():
        read = [_rule(text, known, tasklist.anchor) for text in texts]
        wrong = [(("anchors", name, at), one) for at, one in enumerate(read) if isinstance(one, Fault)]
        faults += wrong
        if texts and not wrong:
            rules[name] = tuple(one for one in read if isinstance(one, DueRule))
        elif not texts:
            faults.append((("anchors", name), Fault(0, 1, f"the day {name!r} has no rule")))
    order, rounds = _ordered(rules, tasklist.anchor)
    faults += rounds
    return NamedDays({name: rules[name] for name in order}, tasklist.anchor), tuple(faults)


def _taken(tasklist: TaskList) -> Iterator[tuple[Path, Fault]]:
    roots = scope({}, {}, {})
    for name in tasklist.anchors:
        if name in roots:
            what = f"{name!r} is a fact or an anchor already; give the day another name"
        elif name in _GRAMMAR or keyword.iskeyword(name) or name in {"true", "false", "none"}:
            what = f"{name!r} is a word of rules or texts; give the day another name"
        else:
            continue
        yield ("anchors", name), Fault(0, 1, what, found=repr(name), allowed=f"such as {name}_day")


def _rule(text: str, anchors: tuple[str, ...], anchor: str | None) -> DueRule | Fault:
    rule = read_rule(text, anchors, anchor)
    if isinstance(rule, Fault):
        return rule
    if rule.clock is not None:
        found = clock_text(rule.clock)
        at = max(text.lower().rfind(found), 0)
        what = "a named day has no time: that stands in the due"
        return Fault(at, len(found), what, repr(found), corrected=str(replace(rule, clock=None)))
    if keeps_clock(rule.when):
        allowed = "days, business days, weeks, months"
        return Fault(0, len(text), "a named day is counted in days", repr(text), allowed)
    if rule.day is None and anchor is None:
        what = "this rule names no day, and the list has no anchor"
        return Fault(0, len(text), what, repr(text), ", ".join(anchors))
    return rule


def _ordered(
    rules: Mapping[str, tuple[DueRule, ...]], anchor: str | None
) -> tuple[list[str], list[tuple[Path, Fault]]]:
    """Return the names with each after those that it needs, and a fault for each circle.

    Names in a circle, and those that need one of them, are left out.
    """
    left = {name: {one for rule in own for one in needs(rule, anchor)} & set(rules) for name, own in rules.items()}
    order: list[str] = []
    faults: list[tuple[Path, Fault]] = []
    while left:
        free = [name for name, others in left.items() if not others & set(left)]
        order += free
        for name in free or _circle(left, faults):
            del left[name]
        if not free:
            left = {name: others for name, others in left.items() if others <= {*left, *order}}
    return order, faults


def _circle(left: Mapping[str, set[str]], faults: list[tuple[Path, Fault]]) -> list[str]:
    """Return the names of a circle that the first name leads into, each of them needing the next."""
    way = [next(iter(left))]
    while True:
        ahead = min(left[way[-1]] & set(left))
        if ahead in way:
            circle = way[way.index(ahead) :]
            chain = " -> ".join((*circle, ahead))
            faults.append((("anchors", ahead), Fault(0, 1, f"the day {ahead!r} needs itself: {chain}")))
            return circle
        way.append(ahead)


def with_named_days(
    days: NamedDays, told: Anchors, *, zone: str, calendar: Calendar, clock_change: ClockChange | None = None
) -> Anchors:
    """Return the anchors together with the named days: local days in the IANA `zone`, that need not be open.

    One whose rules all lack their anchor has no value, and the reason names them all. Raises as resolve.
    """
    found, missing = dict(told.found), dict(told.missing)
    for name, rules in days.rules.items():
        found[name], passed = None, list[str]()
        for rule in rules:
            try:
                day = resolve_day(
                    rule,
                    anchors=found,
                    default_anchor=days.anchor,
                    zone=zone,
                    calendar=calendar,
                    clock_change=clock_change,
                    missing=missing,
                )
            except AnchorMissing as lacks:
                passed.append(f"'{rule}' is not known, for {lacks.name} has no value{_because(lacks)}")
                continue
            steps = (*(f"{name}: {reason}" for reason in passed), *day.steps)
            found[name] = Anchor(name, day.day, f"its rule '{rule}'", steps, day.ends)
            break
        else:
            missing[name] = "; ".join(passed)
    return Anchors(found, missing)


def _because(lacks: AnchorMissing) -> str:
    return f" ({lacks.why})" if lacks.why else ""
