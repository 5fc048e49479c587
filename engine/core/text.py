"""Texts and conditions of task lists: read and checked once, then rendered for many coworkers.

    text       "Locker key for desk {{ desk.name }}"                   compile_text -> CompiledText
    condition  "coworker.custom.wants_locker and coworker.active"      compile_condition -> CompiledCondition
    path       "contract.desks"                                        compile_path

The grammar is Jinja's, read by Jinja's parser. Of the tree only what is on our list is accepted, with the
types of the catalogue, and turned into calls of our own small functions: no code is generated, and nothing is
folded or run before the facts come. Facts are data: shown once, never read as a text. No clock, no settings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.core.fact_types import Record, Scope, Type
from engine.core.fact_values import Absent, Frame, Page, Path, Scalar, Value, dotted
from engine.core.text_faults import (
    MAX_CHARACTERS,
    FactAbsent,
    FactEmpty,
    FactMistyped,
    Fault,
    Findings,
    TextFailure,
    TextSyntax,
    TextTooCostly,
    TextTooLong,
)

if TYPE_CHECKING:
    from engine.core.expressions import Expression

__all__ = [
    "Absent", "CompiledCondition", "CompiledText", "FactAbsent", "FactEmpty", "FactMistyped", "Fault",
    "Path", "Scalar", "TextFailure", "TextSyntax", "TextTooCostly", "TextTooLong", "Value",
    "compile_condition", "compile_path", "compile_text",
]  # fmt: skip

_OPENINGS = ("{{", "{%", "{#")


@dataclass(frozen=True)
class CompiledText:
    """A text that is ready to be rendered. `facts_used` are the paths that it may read."""

    source: str
    facts_used: frozenset[Path]
    _write: Callable[[Frame], None] | None

    def render(self, facts: Mapping[str, Value]) -> str:
        """Return the text for one coworker's facts, at most 64 KiB of UTF-8.

        Dates show as YYYY-MM-DD, moments as YYYY-MM-DD HH:MM in the zone that they come in.

        Raises:
            FactAbsent, FactEmpty: a fact that it shows is missing or empty.
            TextTooLong, TextTooCostly: beyond the bounds of a text.
            FactMistyped: a fact is not what the catalogue promises.
        """
        page = Page()
        if self._write is None:
            page.write(self.source)
        else:
            self._write(Frame(facts, page))
        return page.text()


@dataclass(frozen=True)
class CompiledCondition:
    """A condition that is ready to be decided. `facts_used` are the paths that it may read."""

    source: str
    facts_used: frozenset[Path]
    _decide: Callable[[Frame], bool]
    _parts: tuple[Expression, ...]

    def evaluate(self, facts: Mapping[str, Value]) -> bool:
        """Return true or false, nothing else; `and` and `or` read no further than they must.

        Raises:
            FactAbsent, FactEmpty, FactMistyped, TextTooLong, TextTooCostly: as `CompiledText.render`.
        """
        return self._decide(Frame(facts, Page()))

    def explain(self, facts: Mapping[str, Value]) -> tuple[tuple[str, str], ...]:
        """Return every fact that is named with its value, for people; what is missing says why."""
        frame = Frame(facts, Page())
        return tuple((dotted(part.path or ()), _in_short(part, frame)) for part in self._parts)


def compile_text(source: str, scope: Scope) -> CompiledText:
    """Return the text of a name, description or notes, checked against the facts of `scope`.

    Raises:
        TextSyntax: with every mistake at once.
    """
    findings = Findings(source)
    _check_size(findings)
    if not any(opening in source for opening in _OPENINGS):
        return CompiledText(source, frozenset(), None)
    from jinja2 import nodes

    from engine.core.statement_reading import read_text
    from engine.core.text_parsing import parse

    tree, ends = parse(source, findings, condition=False)
    if not isinstance(tree, nodes.Template):
        raise TextSyntax(tuple(findings.faults))
    write, uses = read_text(tree, findings, scope, ends)
    _check(findings)
    return CompiledText(source, uses, write)


def compile_condition(source: str, scope: Scope) -> CompiledCondition:
    """Return the condition of a `when`, checked against the facts of `scope`: it gives true or false.

    Raises:
        TextSyntax: with every mistake at once.
    """
    from engine.core.expressions import truth

    expression = _expression(source, scope, flag=True)
    paths = tuple(dict.fromkeys(expression.uses))
    parts = tuple(_plain(path, scope) for path in paths)
    return CompiledCondition(source, frozenset(paths), truth(expression), parts)


def compile_path(source: str, scope: Scope) -> tuple[Path, Type]:
    """Return path and type of the one fact that `source` names, such as contract.desks.

    Raises:
        TextSyntax: it is anything else.
    """
    from engine.core.expressions import Odd

    expression = _expression(source, scope, flag=False)
    if expression.path is None or isinstance(expression.type, Odd):
        findings = Findings(source)
        findings.add((0, len(source)), "this must be the name of a fact", allowed="such as contract.desks")
        _check(findings)
    assert expression.path is not None and not isinstance(expression.type, Odd)  # noqa: S101, PT018  # just checked
    return expression.path, expression.type


def _expression(source: str, scope: Scope, *, flag: bool) -> Expression:
    from jinja2 import nodes

    from engine.core.text_parsing import parse
    from engine.core.text_reading import Reader

    findings = Findings(source)
    _check_size(findings)
    bare = _without_braces(source, findings)
    tree, ends = parse(bare, findings, condition=True)
    if not isinstance(tree, nodes.Expr):
        raise TextSyntax(tuple(findings.faults))
    reader = Reader(findings, scope, ends)
    expression = reader.flag(tree) if flag else reader.read(tree)
    _check(findings)
    return expression


def _without_braces(source: str, findings: Findings) -> str:
    """Note {{ }} around a condition, and return it with blanks there, so that places stay."""
    bare = source.strip()
    if not (bare.startswith("{{") and bare.endswith("}}") and len(bare) >= 4):
        return source
    start = source.index(bare)
    end = start + len(bare)
    inner = bare[2:-2]
    findings.add(
        (start, end),
        "a condition stands without {{ }}",
        allowed="the bare condition",
        replacement=inner.strip(" -+"),
    )
    return f"{source[:start]}  {inner}  {source[end:]}"


def _plain(path: Path, scope: Scope) -> Expression:
    from engine.core.expressions import fact

    described: Type = scope[path[0]]
    for name in path[1:]:
        described = described.fields[name] if isinstance(described, Record) else described
    return fact(path, described)


def _in_short(part: Expression, frame: Frame) -> str:
    try:
        value = part.evaluate(frame)
    except FactAbsent as absent:
        return f"absent ({absent.reason})"
    except TextFailure as failure:
        return failure.message
    if value is None or isinstance(value, Mapping):
        return "none" if value is None else "there"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    from engine.core.fact_values import show

    text = show(value, part.path or ())
    if isinstance(value, str):
        return repr(text if len(text) <= 60 else text[:57] + "...")
    return text


def _check_size(findings: Findings) -> None:
    if len(findings.source.encode("utf-8", "surrogatepass")) > MAX_CHARACTERS:
        start = MAX_CHARACTERS
        findings.faults.append(Fault(start, 1, "this text is longer than 64 KiB", allowed="65,536 bytes"))
    if "\r" in findings.source:
        at = findings.source.index("\r")
        findings.faults.append(Fault(at, 1, "a carriage return is not part of a text", allowed="a line break"))
    _check(findings)


def _check(findings: Findings) -> None:
    if findings.faults:
        raise TextSyntax(tuple(findings.faults))
