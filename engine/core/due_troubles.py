"""What is said of a due that has no moment: the rule that failed, why, and a rule that works in its place.

A rule is only offered when trying it gave a moment. Nothing here decides: resolve.py asks, a person reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from whenever import Time

from engine.core.anchors import Anchor
from engine.core.calendar_limits import CalendarCoverage, ClosedDaysUnknown, NeverOpen
from engine.core.due import Count, DueRule, MonthEdge, Unit
from engine.core.errors import UserError
from engine.core.moments import ClockChanged, OutOfRange

_LIKELY = ("contract.start", "membership.start", "event", "signup")
"""Anchors that most coworkers have, the best first."""

_PLAIN_UNITS: Mapping[Unit, Unit] = {"business days": "days", "business hours": "hours"}


class AnchorMissing(UserError):
    """The rule's anchor has no value for this coworker; the caller may use a fallback."""

    def __init__(self, name: str, *, rule: str = "", why: str = "", works: str = "") -> None:
        where = f"due rule '{rule}': " if rule else ""
        fallback = f"a fallback that has a value (fallback: {works})" if works else "a fallback"
        super().__init__(
            f"{where}anchor {name!r} has no value{f': {why}' if why else ''}",
            advice=f"Give the due {fallback}, or a condition (when) that leaves the item out.",
        )
        self.name = name
        self.why = why


class BoundsCrossed(UserError):
    """not_before lies later than not_after: no moment satisfies both."""


def blamed(error: UserError, rule: DueRule, works: Callable[[DueRule], bool]) -> None:
    """Make an error name the rule that met it, and a rule that works where one of the likely ones does.

    The error stays what it is, for callers tell by its kind what to do. `works` tries a rule, without rolling: so the
    same rule, unrolled, is one that may work.
    """
    error.message = f"due rule '{rule}': {error.message}"
    found = next((other for other in _instead(error, rule) if works(other)), None)
    if found is None:
        return
    text = f"{{rule: {found}, roll: none}}" if _is_of_calendar(error) else str(found)
    error.advice = f"{error.advice} This works: {text}".strip()


def _is_of_calendar(error: UserError) -> bool:
    return isinstance(error, CalendarCoverage | ClosedDaysUnknown | NeverOpen)


def _instead(error: UserError, rule: DueRule) -> Iterator[DueRule]:
    when = rule.when
    if _is_of_calendar(error):
        yield _without_open_days(rule)
    elif isinstance(error, ClockChanged) and isinstance(rule.clock, Time):
        minutes = rule.clock.hour * 60 + rule.clock.minute
        for later in range(minutes + 30, min(minutes + 6 * 60, 24 * 60), 30):
            yield replace(rule, clock=Time(later // 60, later % 60))
    elif isinstance(error, OutOfRange) and isinstance(when, Count):
        for number in (10_000, 1_000, 100, 10, 1):
            yield replace(rule, when=replace(when, number=min(number, when.number)))


def _without_open_days(rule: DueRule) -> DueRule:
    when = rule.when
    if isinstance(when, Count):
        return replace(rule, when=replace(when, unit=_PLAIN_UNITS.get(when.unit, when.unit)))
    return replace(rule, when=replace(when, business=False)) if isinstance(when, MonthEdge) else rule


def with_other_day(rule: DueRule, anchors: Mapping[str, Anchor | None]) -> Iterable[DueRule]:
    """Yield the rule with each other anchor that has a value, the likely ones first."""
    names = [name for name, anchor in anchors.items() if anchor is not None]
    for name in sorted(names, key=lambda one: (one not in _LIKELY, _LIKELY.index(one) if one in _LIKELY else 0, one)):
        yield replace(rule, day=name)
