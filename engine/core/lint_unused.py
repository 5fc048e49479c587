"""What a list declares and never names: inputs and days of its own.

Pure. It must never call unused what only an overlay, a condition, or another day that is used needs.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.core.due import DueRule
from engine.core.prepared import Finding, Path, Prepared
from engine.core.text_faults import Fault


def lint_unused(prepared: Prepared) -> Iterator[Finding]:
    """Yield a warning for each input and each named day that nothing in a list or its overlays names."""
    days = _days_named(prepared)
    paths = {*prepared.facts_named(), *(tuple(name.split(".")) for name in days)}
    for name in prepared.tasklist.inputs:
        if not any(path[:2] == ("inputs", name) or path == ("inputs",) for path in paths):
            what = f"nothing in the list names the input {name!r}"
            yield _unused(("inputs", name), what, "unused-input")
    facts = {path[0] for path in prepared.facts_named()}
    for name in prepared.tasklist.anchors:
        if name not in days | facts:
            what = f"nothing in the list names the day {name!r}"
            yield _unused(("anchors", name), what, "unused-day")


def _unused(path: Path, what: str, code: str) -> Finding:
    return Finding(path, Fault(0, 1, what), warning=True, code=code)


def _days_named(prepared: Prepared) -> frozenset[str]:
    """Return every anchor that a rule counts from, and those behind the named days among them."""
    names = set(prepared.anchors_named())
    facts = {path[0] for path in prepared.facts_named()}
    for form in prepared.everywhere():
        names |= _of_rule(form.wait_until, form.tasklist.anchor)
        names |= facts & set(form.tasklist.anchors)
    return prepared.days.behind(names)


def _of_rule(rule: DueRule | None, anchor: str | None) -> frozenset[str]:
    if rule is None:
        return frozenset()
    return rule.anchors() or frozenset({anchor} if anchor else ())
