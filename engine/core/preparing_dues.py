"""The rules of a list made ready: read once, their days known to exist, mistakes noted at their place. Pure."""

from __future__ import annotations

from engine.core.anchors import anchor_names
from engine.core.checking import Checking
from engine.core.due import Due, DueRule
from engine.core.due_reading import at_its_key, read_rule
from engine.core.due_spelling import nearest_anchor
from engine.core.model import Item
from engine.core.named_days import NamedDays, read_named_days
from engine.core.prepared import Finding, Path
from engine.core.text_faults import Fault


def ready_days(check: Checking) -> NamedDays:
    """Return the list's own names for days; those with mistakes are noted and left out."""
    days, faults = read_named_days(check.tasklist, check.anchors)
    for path, fault in faults:
        if not check.doubted(*path):
            check.findings.append(Finding(path, fault))
    return days


def ready_due(check: Checking, path: Path, item: Item, anchor: str | None) -> Due | None:
    """Return the due of an item; `anchor` is the day of a rule without one. None without a due, or with mistakes."""
    given = item.due
    if given is None:
        return None
    anchors = anchor_names(check.tasklist, item, check.days)
    rule = ready_rule(check, (*path, "rule"), given.rule, anchor, anchors=anchors)
    fallback = ready_rule(check, (*path, "fallback"), given.fallback, anchor, anchors=anchors)
    not_before = ready_rule(check, (*path, "not_before"), given.not_before, anchor, anchors=anchors)
    not_after = ready_rule(check, (*path, "not_after"), given.not_after, anchor, anchors=anchors)
    if rule is None:
        return None
    defaults = check.tasklist.defaults
    roll = given.roll or defaults.roll
    late = given.late or defaults.late or "closing"
    return Due(rule, roll, late, fallback, not_before, not_after)


def ready_rule(
    check: Checking, path: Path, text: str | None, anchor: str | None, *, anchors: tuple[str, ...] = ()
) -> DueRule | None:
    """Return one rule; None without one, or when it has a mistake. `anchors`: what an item of its own may name."""
    if text is None:
        return None
    known = anchors or check.anchors
    rule = read_rule(text, known, anchor)
    if isinstance(rule, Fault):
        key, fault = at_its_key(text, rule, known)
        check.findings.append(Finding((*path[:-1], key) if path[-1] == "rule" else path, fault))
        return None
    doubted = any(check.doubted(*above, "anchor") for above in ((), ("defaults",), path[:2]))
    if rule.day is None and anchor is None and not doubted:
        what = "this rule names no day, and neither the item nor the list has an anchor"
        check.fault(path, what, found=repr(text), allowed=", ".join(known))
    return rule


def check_anchor(check: Checking, path: Path, name: str | None, item: Item | None = None) -> None:
    """Note an anchor that does not exist, with the nearest one; `item` is the one that it is the anchor of."""
    known = anchor_names(check.tasklist, item, check.days)
    if name is not None and name not in known:
        check.unknown(path, "anchor", name, known, near=nearest_anchor(name, known))
