"""The rules of a list made ready: read once, their days known to exist, mistakes noted at their place. Pure."""

from __future__ import annotations

from engine.core.checking import Checking
from engine.core.due import Due, DueRule
from engine.core.due_reading import read_rule
from engine.core.due_spelling import nearest_anchor
from engine.core.model import Item
from engine.core.prepared import Finding, Path
from engine.core.text_faults import Fault


def ready_due(check: Checking, path: Path, item: Item, anchor: str | None) -> Due | None:
    """Return the due of an item; `anchor` is the day of a rule without one. None without a due, or with mistakes."""
    if item.due is None:
        return None
    rule = ready_rule(check, (*path, "rule"), item.due.rule, anchor)
    fallback = ready_rule(check, (*path, "fallback"), item.due.fallback, anchor)
    not_before = ready_rule(check, (*path, "not_before"), item.due.not_before, anchor)
    not_after = ready_rule(check, (*path, "not_after"), item.due.not_after, anchor)
    if rule is None:
        return None
    defaults = check.tasklist.defaults
    roll = item.due.roll or defaults.roll
    late = item.due.late or defaults.late or "closing"
    return Due(rule, roll, late, fallback, not_before, not_after)


def ready_rule(check: Checking, path: Path, text: str | None, anchor: str | None) -> DueRule | None:
    """Return one rule; None without one, or when it has a mistake."""
    if text is None:
        return None
    rule = read_rule(text, check.anchors, anchor)
    if isinstance(rule, Fault):
        check.findings.append(Finding(path, rule))
        return None
    doubted = any(check.doubted(*above, "anchor") for above in ((), ("defaults",), path[:2]))
    if rule.day is None and anchor is None and not doubted:
        what = "this rule names no day, and neither the item nor the list has an anchor"
        check.fault(path, what, found=repr(text), allowed=", ".join(check.anchors))
    return rule


def check_anchor(check: Checking, path: Path, name: str | None) -> None:
    """Note an anchor that does not exist, with the nearest one."""
    if name is not None and name not in check.anchors:
        check.unknown(path, "anchor", name, check.anchors, near=nearest_anchor(name, check.anchors))
