"""Expressions of a syntax tree, read against the facts that exist: allowed or not, of which type.

Deny by default: a construct that nothing here reads is refused. Nothing is evaluated while reading.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import nodes

from engine.core import fact_reading, operator_reading
from engine.core.expressions import FAULTY, Expression, Odd, alone, truth
from engine.core.fact_types import Kind, ListOf, Record, Scope, in_words
from engine.core.fact_values import Frame
from engine.core.filters import NAMES
from engine.core.text_faults import Findings
from engine.core.text_parsing import Ends, walk

ALLOWED = (
    "facts, values, comparisons, and, or, not, in, if, one level of for, ~, + and - on numbers, "
    f"the filters {', '.join(NAMES)}"
)
_NAMES_OF_NODES = {
    "Mul": "*", "Div": "/", "FloorDiv": "//", "Mod": "%", "Pow": "**", "Call": "a call", "Test": "is",
    "Dict": "a mapping in braces", "Tuple": "a comma", "Slice": "a slice", "Pos": "a leading +",
}  # fmt: skip
_PLACED = (
    nodes.Name, nodes.Const, nodes.Getattr, nodes.Getitem, nodes.Filter, nodes.Test, nodes.Call,
    nodes.Neg, nodes.Not, nodes.List, nodes.Dict, nodes.TemplateData,
)  # fmt: skip
"""Nodes whose offset is that of a token of theirs; that of the others may be a neighbour's."""


_READERS: Mapping[type[nodes.Node], Callable[[Any, Any], Expression]] = {
    **fact_reading.READERS,
    **operator_reading.READERS,
}


class Reader:
    """Reads the expressions of one source; mistakes go to `findings`, and FAULTY comes back."""

    def __init__(self, findings: Findings, scope: Scope, ends: Ends) -> None:
        self.findings, self.scope, self.ends = findings, scope, ends

    def read(self, node: nodes.Node) -> Expression:
        """Return the checked expression of `node`."""
        reading = _READERS.get(type(node))
        return self.refuse(node) if reading is None else reading(self, node)

    def single(self, node: nodes.Node) -> Expression:
        """Return an expression that can be shown in a text; a list or a group of facts is a mistake."""
        expression = alone(self.read(node))
        if isinstance(expression.type, ListOf):
            joined = isinstance(expression.type.element, Kind)
            self.note(
                node,
                "this is a list, and a text shows one value",
                allowed="{% for %}, first, last, length" + (", join" if joined else ""),
                replacement=f'{self.source_of(node)} | join(", ")' if joined else None,
            )
            return FAULTY
        if isinstance(expression.type, Record):
            names = ", ".join(sorted(expression.type.fields)[:8])
            what = "this is a group of facts, and a text shows one"
            self.note(node, what, allowed=f"one of its facts: {names}, ...")
            return FAULTY
        return expression

    def condition(self, node: nodes.Node) -> Callable[[Frame], bool]:
        """Return how a condition is decided; one that gives no bool is a mistake."""
        return truth(self.flag(node))

    def flag(self, node: nodes.Node) -> Expression:
        """Return an expression of kind BOOL."""
        expression = alone(self.read(node))
        if expression.type in (Kind.BOOL, Odd.FAULTY):
            return expression
        gives = "none" if isinstance(expression.type, Odd) else in_words(expression.type)
        self.note(
            node,
            f"this gives {gives}, not true or false",
            allowed="a comparison, or a fact that is true or false",
            replacement=self._test_of(node, expression),
        )
        return FAULTY

    def _test_of(self, node: nodes.Node, expression: Expression) -> str | None:
        source = self.source_of(node)
        if expression.literal:
            word = str(expression.literal[0]).lower()
            return word if word in {"true", "false"} else None
        if expression.type is Kind.TEXT:
            return f"{source} != ''"
        return f"{source} | length > 0" if isinstance(expression.type, ListOf) else f"{source} != none"

    def refuse(self, node: nodes.Node) -> Expression:
        """Note that this construct is none of ours."""
        kind = type(node).__name__
        name = _NAMES_OF_NODES.get(kind, kind.lower())
        self.note(node, f"{name} is not part of our texts", allowed=ALLOWED)
        return FAULTY

    def note(
        self,
        node: nodes.Node,
        what: str,
        *,
        allowed: str = "",
        near: str = "",
        replacement: str | None = None,
    ) -> None:
        """Note a mistake at `node`."""
        self.findings.add(self.span(node), what, allowed=allowed, nearest=near, replacement=replacement)

    def span(self, node: nodes.Node) -> tuple[int, int]:
        """Return start and end of the source of `node`, brackets closed."""
        offsets = [inner.lineno for inner, _ in walk(node) if isinstance(inner, _PLACED)] or [node.lineno]
        start, end = min(offsets), max(self.ends.get(offset, offset + 1) for offset in offsets)
        source = self.findings.source
        for opening, closing in ("()", "[]"):
            missing = source.count(opening, start, end) - source.count(closing, start, end)
            for _ in range(missing):
                end = max(end, source.find(closing, end) + 1)
            for _ in range(-missing):
                start = max(source.rfind(opening, 0, start), 0)
        return start, end

    def source_of(self, node: nodes.Node) -> str:
        """Return the source of `node`."""
        start, end = self.span(node)
        return self.findings.source[start:end]
