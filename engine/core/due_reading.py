"""A due rule read for `check`: the rule, or the one mistake in it with the line that was meant. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from engine.core.due import DueRule, DueSyntax, On, clock_text, parse_due
from engine.core.due_parts import DAY_KEYS, Composed
from engine.core.text_faults import Fault


def read_rule(text: str, anchors: Collection[str], anchor: str | None) -> DueRule | Fault:
    """Return the rule, or what is wrong with it; `anchor` is the day that a rule without its day counts from."""
    try:
        return parse_due(text, anchors)
    except DueSyntax as error:
        found = repr(error.found) if error.found else "nothing more"
        corrected = _with_day(error.corrected, anchors, anchor)
        near = "" if corrected else error.nearest
        return Fault(error.offset, error.length, error.what, found, error.allowed, near, corrected)


def at_its_key(text: str, fault: Fault, anchors: Collection[str]) -> tuple[str, Fault]:
    """Return the key of the due that a mistake stands under, and the mistake counted from the start of its value.

    Of a due written in single words that is the word's own key, and the correction is that of its value.
    """
    if not isinstance(text, Composed):
        return "rule", fault
    key, offset = text.origin(fault.offset)
    return key, replace(fault, offset=offset, corrected=_value(key, fault.corrected, anchors))


def _value(key: str, corrected: str, anchors: Collection[str]) -> str:
    """Return what stands under a key in a corrected rule, '' where it has no such word."""
    rule = parse_due(corrected, anchors) if corrected else DueRule(On())
    if key == "at":
        return clock_text(rule.clock) if rule.clock is not None else ""
    return str(rule.day or "") if key in DAY_KEYS else ""


def _with_day(corrected: str, anchors: Collection[str], anchor: str | None) -> str:
    """Name the day in a corrected rule such as `on at 10:00`, which nobody would write."""
    if not corrected or anchor not in anchors:
        return corrected
    rule = parse_due(corrected, anchors)
    return str(replace(rule, day=anchor) if rule.day is None and isinstance(rule.when, On) else rule)
