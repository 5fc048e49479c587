"""The statements of a text: what is shown, if, and one level of for. Anything else is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from jinja2 import nodes

from engine.core.expressions import Odd, truth
from engine.core.fact_types import ListOf, Scope
from engine.core.fact_values import Frame, Path, elements, show
from engine.core.text_faults import Findings
from engine.core.text_parsing import Ends, walk
from engine.core.text_reading import Reader

Step = Callable[[Frame], None]
_TAGS = {
    "Assign": "set", "AssignBlock": "set", "CallBlock": "call", "FilterBlock": "filter", "FromImport": "from",
    "ScopedEvalContextModifier": "autoescape",
}  # fmt: skip


def read_text(tree: nodes.Template, findings: Findings, scope: Scope, ends: Ends) -> tuple[Step, frozenset[Path]]:
    """Return how a whole text is written, and the facts that it uses; mistakes go to `findings`."""
    reading = _Statements(Reader(findings, scope, ends))
    step = reading.body(tree.body)
    return step, frozenset(reading.uses)


class _Statements:
    def __init__(self, reader: Reader, *, inside: str = "") -> None:
        self.reader, self.inside = reader, inside
        self.uses: list[Path] = []

    def body(self, body: Sequence[nodes.Node]) -> Step:
        steps = [self.statement(node) for node in body]

        def write(frame: Frame) -> None:
            for step in steps:
                step(frame)

        return write

    def statement(self, node: nodes.Node) -> Step:
        match node:
            case nodes.Output():
                return self.body_of_output(node)
            case nodes.If():
                return self.choice(node)
            case nodes.For():
                return self.loop(node)
            case _:
                kind = type(node).__name__
                name = _TAGS.get(kind, kind.lower())
                self.refuse(node, f"{name} is not part of our texts", "{% if %}, {% for %}")
                return _nothing

    def refuse(self, node: nodes.Node, what: str, allowed: str) -> None:
        """Note a mistake at the tag of a statement."""
        source = self.reader.findings.source
        at = next((inner.lineno for inner, _ in walk(node) if inner.lineno is not None), 0)
        start = max(source.rfind("{%", 0, at + 1), 0)
        close = source.find("%}", at)
        self.reader.findings.add((start, close + 2 if close >= 0 else len(source)), what, allowed=allowed)

    def body_of_output(self, node: nodes.Output) -> Step:
        steps = [
            _written(part.data) if isinstance(part, nodes.TemplateData) else self.shown(part) for part in node.nodes
        ]

        def write(frame: Frame) -> None:
            for step in steps:
                step(frame)

        return write

    def shown(self, node: nodes.Node) -> Step:
        expression = self.reader.single(node)
        if expression.type is Odd.NONE:
            self.reader.note(node, "none cannot be shown", allowed='a text, such as ""')
        self.uses += expression.uses

        def write(frame: Frame) -> None:
            frame.page.spend(1)
            frame.page.write(show(expression.evaluate(frame), expression.blamed))

        return write

    def choice(self, node: nodes.If) -> Step:
        branches = []
        for branch in (node, *node.elif_):
            flag = self.reader.flag(branch.test)
            self.uses += flag.uses
            branches.append((truth(flag), self.body(branch.body)))
        otherwise = self.body(node.else_)

        def write(frame: Frame) -> None:
            for decide, step in branches:
                if decide(frame):
                    step(frame)
                    return
            otherwise(frame)

        return write

    def loop(self, node: nodes.For) -> Step:
        name = node.target.name if isinstance(node.target, nodes.Name) else ""
        listed = self.reader.read(node.iter)
        if self._is_odd(node, name):
            return _nothing
        if listed.type is Odd.FAULTY:
            return _nothing
        if not isinstance(listed.type, ListOf) or listed.path is None:
            self.reader.note(node.iter, "a loop goes over a list of facts", allowed="such as contract.desks")
            return _nothing
        element, path, described = listed.type.element, listed.path, listed.type
        inner = _Statements(
            Reader(self.reader.findings, {**self.reader.scope, name: element}, self.reader.ends), inside=name
        )
        step, otherwise = inner.body(node.body), self.body(node.else_)
        cost = 1 + sum(1 for part in node.body for _ in walk(part))
        self.uses += [path, *(used for used in inner.uses if used[0] != name)]

        def write(frame: Frame) -> None:
            things = elements(listed.evaluate(frame), described, path)
            for thing in things:
                frame.page.spend(cost)
                step(Frame({**frame.facts, name: thing}, frame.page))
            if not things:
                otherwise(frame)

        return write

    def _is_odd(self, node: nodes.For, name: str) -> bool:
        if self.inside:
            self.refuse(node, "a loop inside a loop", "one level of {% for %}")
        elif not name:
            self.refuse(node, "a loop has one name for its thing", "{% for desk in contract.desks %}")
        elif name in self.reader.scope:
            self.refuse(node, f"the name {name} is already that of a fact", "another name")
        elif node.test is not None or node.recursive:
            self.refuse(node, "a loop goes over the whole list", "{% if %} inside the loop")
        else:
            return False
        return True


def _nothing(_: Frame) -> None:
    return None


def _written(data: str) -> Step:
    def write(frame: Frame) -> None:
        frame.page.write(data)

    return write
