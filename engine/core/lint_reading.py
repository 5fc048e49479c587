"""A condition's syntax tree as a formula over claims about single facts.

Two expressions that are written alike are one thing, whatever they are, for facts do not change while a condition is
decided. It must never judge an expression that it does not understand: that becomes a thing of its own, free to be
anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from jinja2 import nodes
from whenever import Date

from engine.core.errors import UserError
from engine.core.fact_types import Kind, ListOf, Record, Scope, Type
from engine.core.fact_values import Frame, Page, Path
from engine.core.lint_logic import THERE, Among, Atom, Bound, Claim, Formula, Holds, Outside, Point, both, either
from engine.core.text_faults import Findings
from engine.core.text_parsing import walk
from engine.core.text_reading import Reader

_TURNED: Final = {"lt": "gt", "gt": "lt", "lteq": "gteq", "gteq": "lteq", "eq": "eq", "ne": "ne"}
"""The sign that says the same with its two sides exchanged."""

_OTHER: Final = {"lt": "gteq", "gteq": "lt", "gt": "lteq", "lteq": "gt", "eq": "ne", "ne": "eq"}
"""The sign that says the contrary of two values that can be compared."""

_SIDES: Final[Mapping[str, frozenset[str]]] = {
    "eq": frozenset({"="}),
    "ne": frozenset({"<", ">", "one is empty"}),
    "lt": frozenset({"<"}),
    "lteq": frozenset({"<", "="}),
    "gt": frozenset({">"}),
    "gteq": frozenset({">", "="}),
}
"""What two facts compared with each other can be to one another, by the sign that holds."""

GROUPS: Final = frozenset({"contract", "membership", "team", "event"})
"""Groups of facts that a coworker may lack as a whole: whoever reads one of them has it."""

VISITS: Final = ("coworker", "visits")

_UNKNOWN: Final = object()


class Conditions:
    """Reads the conditions of one scope: first name -> type of all that they may name."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def formula(self, node: nodes.Node, wanted: bool = True) -> Formula:
        """Return what must hold for a condition to give `wanted`."""
        match node:
            case nodes.Not():
                return self.formula(node.node, not wanted)
            case nodes.And() | nodes.Or():
                parts = self.formula(node.left, wanted), self.formula(node.right, wanted)
                return both(*parts) if isinstance(node, nodes.And) is wanted else either(*parts)
            case nodes.CondExpr() if node.expr2 is not None:
                yes = both(self.formula(node.test, True), self.formula(node.expr1, wanted))
                return either(yes, both(self.formula(node.test, False), self.formula(node.expr2, wanted)))
            case nodes.Compare():
                return self._comparison(node, wanted)
        value = _value(node)
        if isinstance(value, bool):
            return value is wanted
        return self._atom(node, Among(frozenset({wanted})))

    def _comparison(self, node: nodes.Compare, wanted: bool) -> Formula:
        left, steps = node.expr, list[Formula]()
        for operand in node.ops:
            if operand.op in {"in", "notin"}:
                steps.append(self._within(left, operand.expr, wanted is (operand.op == "in")))
            else:
                steps.append(self._step(operand.op if wanted else _OTHER[operand.op], left, operand.expr))
            left = operand.expr
        return both(*steps) if wanted else either(*steps)

    def _step(self, sign: str, left: nodes.Node, right: nodes.Node) -> Formula:
        if written(left) == written(right):
            return sign in {"eq", "lteq", "gteq"}
        one, other = _value(left), _value(right)
        if one is not _UNKNOWN and other is not _UNKNOWN:
            return _decided(sign, one, other)
        if one is not _UNKNOWN:
            left, other, sign = right, one, _TURNED[sign]
        if one is _UNKNOWN and other is _UNKNOWN:
            return self._pair(sign, left, right)
        return self._claim(sign, left, other)

    def _claim(self, sign: str, node: nodes.Node, value: Point) -> Formula:
        if value is None and isinstance(self._kind(node), Record):
            there = frozenset({THERE})
            return Atom(written(node), Among(there) if sign == "ne" else Outside(there))
        point = self._point(node, value)
        if sign in {"eq", "ne"}:
            points = frozenset({point})
            if sign == "ne" and isinstance(point, bool):
                return self._atom(node, Among(frozenset({not point, None})))
            return self._atom(node, Among(points) if sign == "eq" else Outside(points))
        return self._atom(node, Bound(sign, point))

    def _pair(self, sign: str, left: nodes.Node, right: nodes.Node) -> Formula:
        """Two facts beside each other: what is asked of the pair is kept under one name, whichever stands first."""
        one, other = written(left), written(right)
        if other < one:
            one, other, sign = other, one, _TURNED[sign]
        groups = {group for node in (left, right) if (group := _group(node))}
        there = (Atom(group, Among(frozenset({THERE}))) for group in sorted(groups))
        return both(Atom(f"{one} <> {other}", Among(_SIDES[sign])), *there)

    def _within(self, left: nodes.Node, right: nodes.Node, wanted: bool) -> Formula:
        value = _value(left)
        if isinstance(right, nodes.List):
            listed = [_value(part) for part in right.items]
            if value is not _UNKNOWN:
                return (value in listed) is wanted
            points = frozenset(self._point(left, one) for one in listed)
            return self._atom(left, Among(points) if wanted else Outside(points))
        if isinstance(value, str) and self._kind(right) is Kind.TEXT:
            if not value:
                return wanted  # every text holds the empty one
            return self._atom(right, Holds(value, wanted))
        return Atom(f"{written(left)} in {written(right)}", Among(frozenset({wanted})))

    def _atom(self, node: nodes.Node, claim: Claim) -> Formula:
        kind, path = self._kind(node), path_of(node)
        atom = Atom(written(node), claim, whole=kind in {Kind.INT, Kind.DATE}, there=_group(node))
        is_count = path == VISITS or (isinstance(node, nodes.Filter) and node.name == "length")
        return both(atom, replace(atom, claim=Bound("gteq", 0))) if is_count else atom

    def _kind(self, node: nodes.Node) -> Type | None:
        if isinstance(node, nodes.Filter):
            return Kind.INT if node.name == "length" else None
        path = path_of(node)
        return type_at(self._scope, path) if path else None

    def _point(self, node: nodes.Node, value: Point) -> Point:
        """Return a written value as the fact beside it is compared with it: a day as its number."""
        if self._kind(node) is Kind.DATE and isinstance(value, str):
            try:
                return Date.parse_iso(value).to_stdlib().toordinal()
            except ValueError:
                return value
        return value


def path_of(node: nodes.Node | None) -> Path:
    """Return the path of a fact that is named plainly, () for anything else."""
    if isinstance(node, nodes.Name):
        return (node.name,)
    above = path_of(node.node) if isinstance(node, nodes.Getattr) else ()
    return (*above, node.attr) if above and isinstance(node, nodes.Getattr) else ()


def _group(node: nodes.Node) -> str:
    """Return the group of facts that must be there for a fact of it to be read, '' for others."""
    path = path_of(node)
    return path[0] if len(path) > 1 and path[0] in GROUPS else ""


def type_at(scope: Scope, path: Path) -> Type | None:
    """Return the type of the fact at a path, None where there is none that is known."""
    described: Any = scope.get(path[0])
    for name in path[1:]:
        described = described.fields.get(name) if isinstance(described, Record) else None
    return described if isinstance(described, Kind | Record | ListOf) else None


def written(node: nodes.Node) -> str:
    """Return an expression in one spelling, whatever blanks, brackets and quotes it has in the file."""
    path = path_of(node)
    if path:
        return ".".join(path)
    if isinstance(node, nodes.Const):
        return repr(node.value)
    parts = (f"{name}={_spelt(value)}" for name, value in node.iter_fields(exclude=["ctx"]))
    return f"{type(node).__name__}({', '.join(parts)})"


def _spelt(value: object) -> str:
    if isinstance(value, nodes.Node):
        return written(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(_spelt(part) for part in value)}]"
    return repr(value)


def _value(node: nodes.Node) -> Point:
    """Return what an expression without facts gives, _UNKNOWN for all others."""
    if isinstance(node, nodes.Const):
        return Decimal(repr(node.value)) if isinstance(node.value, float) else node.value
    if any(isinstance(one, nodes.Name | nodes.List) for one, _ in walk(node)):
        return _UNKNOWN
    try:
        return Reader(Findings(""), {}, {}).read(node).evaluate(Frame({}, Page()))
    except UserError:
        return _UNKNOWN


_DECIDE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "eq": lambda one, other: bool(one == other),
    "ne": lambda one, other: bool(one != other),
    "lt": lambda one, other: bool(one < other),
    "lteq": lambda one, other: bool(one <= other),
    "gt": lambda one, other: bool(one > other),
    "gteq": lambda one, other: bool(one >= other),
}


def _decided(sign: str, one: Point, other: Point) -> bool:
    try:
        return _DECIDE[sign](one, other)
    except TypeError:
        return True  # these two are never compared; whoever asks is told nothing
