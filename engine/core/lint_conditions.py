"""Conditions that decide nothing: always true, always false, or never true for anybody whom the list is for.

Pure. It must never call a condition so that comes out otherwise for some facts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jinja2 import nodes

from engine.core.fact_types import Scope
from engine.core.lint_logic import Formula, possible
from engine.core.lint_reading import VISITS, Conditions, path_of
from engine.core.lint_view import Parsed, Reason, View, parsed, tests_of
from engine.core.prepared import Finding, Path, ReadyItem
from engine.core.text_faults import Fault, Findings
from engine.core.text_parsing import walk
from engine.core.text_reading import Reader
from engine.core.wordings import Wording
from engine.core.words import nearest


@dataclass(frozen=True)
class _Case:
    """One condition, where it stands, what it decides on, and what holds already where it is asked."""

    path: Path
    scope: Scope
    decides: str
    """What does not happen when it is false: `the item is never made`."""
    reasons: tuple[Reason, ...]


def lint_conditions(view: View) -> Iterator[Finding]:
    """Yield a warning for each condition of a list, or part of one, that decides nothing."""
    when = view.prepared.applies_when
    if when is not None:
        decides = "the list is for nobody"
        yield from _condition(when.source, _Case(("applies", "when"), view.base, decides, view.around))
    for index, ready in enumerate(view.prepared.items):
        yield from _of_item(view, index, ready)
    yield from _texts(view.tasklist.name, ("name",), view.base, view.reasons)


def _of_item(view: View, index: int, ready: ReadyItem) -> Iterator[Finding]:
    scope, path = view.scope_of(ready), ("items", index)
    own: Path = (*path, "when") if ready.item.when else ("defaults", "when")
    for one in ready.when:
        yield from _condition(one.source, _Case(own, scope, "the item is never made", view.reasons))
    if not view.is_reached(ready):
        return  # all else in it would only be told again
    asked = tuple(Reason(formula, "the item has its own condition") for formula in view.asks(ready))
    for number, line in enumerate(ready.item.checklist or ()):
        if line.when:
            at: Path = (*path, "checklist", number, "when")
            yield from _condition(line.when, _Case(at, scope, "the line is never written", (*view.reasons, *asked)))
    for place, wording in ready.item.wordings():
        yield from _texts(wording, (*path, *place), scope, (*view.reasons, *asked))


def _condition(source: str, case: _Case) -> Iterator[Finding]:
    found = parsed(source, condition=True)
    if found is None:
        return
    yield from _visits(found, case.path)
    told = _alone(found, found.tree, case)
    if told is None:
        inner = tuple(_inside(found, found.tree, case))
        told = None if inner else _for_all(found, found.tree, case)
        yield from inner or (() if told else _of_no_name(found, found.tree, case))
    if told is not None:
        yield told


def _alone(found: Parsed, node: nodes.Node, case: _Case, *, whole: bool = True) -> Finding | None:
    """Return what is wrong with a condition by itself, whoever it is asked of."""
    reading = Conditions(case.scope)
    if not possible([reading.formula(node, True)]):
        what = f"this is never true, so {case.decides}" if whole else "this part of the condition is never true"
        return _finding(found, node, case.path, ("always-false", what))
    if not possible([reading.formula(node, False)]):
        part = "this part of the condition is always true"
        what = "this is true for everybody, so it decides nothing" if whole else part
        return _finding(found, node, case.path, ("always-true", what))
    return None


def _inside(found: Parsed, node: nodes.Node, case: _Case) -> Iterator[Finding]:
    """Yield what is wrong with the parts of a condition, the largest ones only."""
    for part in tests_of(node):
        told = _alone(found, part, case, whole=False)
        if told is None:
            yield from _inside(found, part, case)
        else:
            yield told


def _of_no_name(found: Parsed, node: nodes.Node, case: _Case) -> Iterator[Finding]:
    """Yield each part of a condition that asks for a name which does not exist; the whole is told by itself."""
    named = [reason for reason in case.reasons if reason.known]
    for part in tests_of(node):
        reason = _against(Conditions(case.scope).formula(part, True), named)
        if reason:
            what = f"this part of the condition is never true: {_said(reason)}"
            yield _finding(found, part, case.path, ("never-reached", what), near=_near(part, reason))
        else:
            yield from _of_no_name(found, part, case)


def _for_all(found: Parsed, node: nodes.Node, case: _Case) -> Finding | None:
    """Return that a condition is settled by what holds for everybody whom the list is for."""
    reading = Conditions(case.scope)
    reason = _against(reading.formula(node, True), case.reasons)
    if reason:
        what = f"this is never true here, so {case.decides}: {_said(reason)}"
        return _finding(found, node, case.path, ("never-reached", what), near=_near(node, reason))
    sure = _against(reading.formula(node, False), [reason for reason in case.reasons if reason.written])
    if sure:
        what = f"this is true already for everybody whom the list is for: {_said(sure)}"
        return _finding(found, node, case.path, ("implied", what))
    return None


def _against(formula: Formula, reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """Return the reasons for which a formula cannot hold, as few as can be; none where it can."""
    if possible([formula, *(reason.formula for reason in reasons)]):
        return ()
    left = list(reasons)
    for reason in reasons:
        without = [one for one in left if one is not reason]
        if not possible([formula, *(one.formula for one in without)]):
            left = without
    return tuple(left)


def _said(reasons: Sequence[Reason]) -> str:
    return ", and ".join(reason.says for reason in reasons)


def _near(node: nodes.Node, reasons: Sequence[Reason]) -> str:
    """Return the name that a text of the condition was meant to be."""
    known = [name for reason in reasons for name in reason.known]
    texts = [one.value for one, _ in walk(node) if isinstance(one, nodes.Const) and isinstance(one.value, str)]
    return next((close for text in texts if text not in known and (close := nearest(text, known))), "")


def _visits(found: Parsed, path: Path) -> Iterator[Finding]:
    """Yield advice for `coworker.visits == 3`: the third visit is over when its delivery was missed."""
    for node, _ in walk(found.tree):
        if not isinstance(node, nodes.Compare) or len(node.ops) != 1 or node.ops[0].op != "eq":
            continue
        number = node.ops[0].expr
        if path_of(node.expr) == VISITS and isinstance(number, nodes.Const) and number.value != 0:
            what = "a delivery that is missed passes this by: the next one finds more visits"
            yield _finding(found, node, path, ("visits-equal", what), replacement=f"coworker.visits >= {number.value}")


def _texts(wording: Wording, path: Path, scope: Scope, reasons: tuple[Reason, ...]) -> Iterator[Finding]:
    for _, place, source in wording.places():
        found = parsed(source, condition=False) if "{" in source else None
        if found is not None:
            case = _Case((*path, *place), scope, "what depends on it is never written", reasons)
            for node, _ in walk(found.tree):
                if isinstance(node, nodes.If | nodes.CondExpr):
                    yield from _branches(found, node, case)


def _branches(found: Parsed, node: nodes.If | nodes.CondExpr, case: _Case) -> Iterator[Finding]:
    """Yield what is wrong with the conditions of one `if` of a text, each asked where those before it were false."""
    reading = Conditions(case.scope)
    before: tuple[Reason, ...] = ()
    for branch in (node, *(node.elif_ if isinstance(node, nodes.If) else ())):
        told = _alone(found, branch.test, case)
        inner = () if told else tuple(_inside(found, branch.test, case))
        reason = () if told or inner else _against(reading.formula(branch.test), (*case.reasons, *before))
        if reason:
            what = f"this is never true here, so {case.decides}: {_said(reason)}"
            told = _finding(found, branch.test, case.path, ("never-reached", what), near=_near(branch.test, reason))
        yield from (told,) if told else inner
        before += (Reason(reading.formula(branch.test, False), "the conditions before it take all cases"),)


def _finding(
    found: Parsed,
    node: nodes.Node,
    path: Path,
    told: tuple[str, str],
    *,
    near: str = "",
    replacement: str | None = None,
) -> Finding:
    """Return a warning, (code, sentence), at a part of a condition or text."""
    noted = Findings(found.source)
    noted.add(_span(found, node), told[1], nearest=near, replacement=replacement)
    fault: Fault = noted.faults[0]
    return Finding(path, fault, warning=True, code=told[0])


def _span(found: Parsed, node: nodes.Node) -> tuple[int, int]:
    """Return start and end of a part of a condition with every bracket that it begins or ends in."""
    source = found.source
    if node is found.tree:
        return len(source) - len(source.lstrip()), len(source.rstrip())
    start, end = Reader(Findings(source), {}, found.ends).span(node)
    depth = lowest = 0
    for sign in source[start:end]:
        depth += (sign == "(") - (sign == ")")
        lowest = min(lowest, depth)
    for _ in range(-lowest):
        start = max(source.rfind("(", 0, start), 0)
    for _ in range(depth - lowest):
        end = source.find(")", end) + 1 or len(source)
    return start, end
