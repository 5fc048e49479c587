"""How far a rule's day lies from the day that it counts from, at least and at most, whatever the calendar.

Pure, in calendar days; a negative number lies before. It must never promise a narrower span than any calendar can give.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from whenever import Date

from engine.core.due import Count, DueRule, FirstWeekday, MonthEdge, On, Roll
from engine.core.words import END_ANCHORS

MOST_CLOSED: Final = 62
"""Days that a place is closed in one stretch, at most: two summer months. A due rolls over no more."""

MOST_WEEKEND: Final = MOST_CLOSED
"""Days from the edge of a month to its first or last open day, at most, for the same reason."""


class Span(NamedTuple):
    """Days from the anchor's day to the rule's, both ends included; infinite where nobody can tell."""

    low: float
    high: float


ANYWHERE: Final = Span(-math.inf, math.inf)


def span_of(rule: DueRule) -> Span:
    """Return where a rule's day lies before closed days are looked at."""
    when = rule.when
    match when:
        case On():
            return Span(0, 0)
        case FirstWeekday():
            return Span(0, 6) if when.or_on else Span(1, 7)
        case MonthEdge():
            return _edge(when)
        case Count():
            return _count(when)


def rolled(span: Span, rule: DueRule, roll: Roll | None, anchor: str) -> Span:
    """Return where the due lies once it has left closed days; `anchor` is the name of the day that it counts from."""
    if roll == "none" or _is_settled(rule):
        return span
    way = roll or ("previous" if ends(rule, anchor) else "next")
    back = MOST_CLOSED if way in {"previous", "nearest"} else 0
    ahead = MOST_CLOSED if way in {"next", "nearest"} else 0
    return Span(span.low - back, span.high + ahead)


def _count(when: Count) -> Span:
    number = when.number
    match when.unit:
        case "minutes" | "hours" | "business hours":
            return Span(0, math.inf) if when.side == "after" else Span(-math.inf, 0)
        case "days":
            least = most = number
        case "weeks":
            least = most = 7 * number
        case "months":  # thirty-one days follow a month of thirty-one, and February clips
            least, most = 28 * number, 31 * number
        case "business days":
            if number == 0:
                return Span(-MOST_CLOSED, MOST_CLOSED)
            return Span(number, math.inf) if when.side == "after" else Span(-math.inf, -number)
    return Span(least, most) if when.side == "after" else Span(-most, -least)


def _edge(when: MonthEdge) -> Span:
    plain = {
        ("first", "of"): Span(-30, 0),
        ("last", "of"): Span(0, 30),
        ("first", "before"): Span(-61, -28),
        ("last", "before"): Span(-31, -1),
        ("first", "after"): Span(1, 31),
        ("last", "after"): Span(28, 61),
    }[when.edge, when.month]
    if not when.business:
        return plain
    inwards = (0, MOST_WEEKEND) if when.edge == "first" else (-MOST_WEEKEND, 0)
    return Span(plain.low + inwards[0], plain.high + inwards[1])


def _is_settled(rule: DueRule) -> bool:
    """Whether the rule's day is found by counting open days, so that there is nothing to roll."""
    when = rule.when
    if isinstance(when, Count):
        return when.unit == "business days" and when.number > 0
    return isinstance(when, MonthEdge) and when.business


def ends(rule: DueRule, anchor: str | Date | None) -> bool:
    """Return whether a rule leaves a closed day for the one before it, as in resolve."""
    when = rule.when
    if isinstance(when, Count):
        return when.side == "before"
    if isinstance(when, MonthEdge):
        return when.edge == "last"
    return isinstance(when, On) and anchor in END_ANCHORS
