"""Operators and filters in a syntax tree: what they may be applied to, and what comes of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from jinja2 import nodes

from engine.core.comparisons import compare, list_of
from engine.core.expressions import (
    FAULTY,
    Expression,
    Odd,
    alone,
    literal,
    merged,
    needed,
    shown,
    total,
    truth,
)
from engine.core.fact_types import NUMBERS, Kind
from engine.core.fact_values import Frame, Value, show
from engine.core.filter_reading import read_default, read_filter
from engine.core.filters import NAMES
from engine.core.text_faults import MAX_CHARACTERS, TextTooLong
from engine.core.words import nearest

if TYPE_CHECKING:
    from engine.core.text_reading import Reader


def _not(reader: Reader, node: nodes.Not) -> Expression:
    inner = truth(flag := reader.flag(node.node))
    return Expression(Kind.BOOL, lambda frame: not inner(frame), flag.uses)


def _and(reader: Reader, node: nodes.And) -> Expression:
    one, other = reader.flag(node.left), reader.flag(node.right)
    left, right = truth(one), truth(other)
    return Expression(Kind.BOOL, lambda frame: left(frame) and right(frame), one.uses + other.uses)


def _or(reader: Reader, node: nodes.Or) -> Expression:
    if _note_half_comparison(reader, node):
        return FAULTY
    one, other = reader.flag(node.left), reader.flag(node.right)
    left, right = truth(one), truth(other)
    return Expression(Kind.BOOL, lambda frame: left(frame) or right(frame), one.uses + other.uses)


def _note_half_comparison(reader: Reader, node: nodes.Or) -> bool:
    """Note `fact == 'a' or 'b'`, which was to mean `fact in ['a', 'b']`."""
    left, right = node.left, node.right
    if not (isinstance(left, nodes.Compare) and isinstance(right, nodes.Const) and isinstance(right.value, str)):
        return False
    if [operand.op for operand in left.ops] != ["eq"]:
        return False
    named, one, other = (reader.source_of(part) for part in (left.expr, left.ops[0].expr, right))
    reader.note(
        node,
        "each side of `or` is a comparison of its own",
        allowed="in, for one of several values",
        replacement=f"{named} in [{one}, {other}]",
    )
    return True


def _compare(reader: Reader, node: nodes.Compare) -> Expression:
    left, before = reader.read(node.expr), node.expr
    uses, steps, faulty = left.uses, [], left.type is Odd.FAULTY
    for operand in node.ops:
        right = _right_of(reader, operand, left)

        span = (reader.span(before)[0], reader.span(operand.expr)[1])
        step = compare(operand.op, *_as_compared(left, right), partial(reader.findings.add, span))
        faulty = faulty or step is None
        steps += [step] if step else []
        left, before, uses = right, operand.expr, uses + right.uses
    if faulty:
        return FAULTY
    return Expression(Kind.BOOL, lambda frame: all(step(frame) for step in steps), uses)


def _right_of(reader: Reader, operand: nodes.Operand, left: Expression) -> Expression:
    node = operand.expr
    if operand.op in {"in", "notin"} and isinstance(node, nodes.List):
        parts = [reader.read(one) for one in node.items]
        if any(one.type is Odd.FAULTY for one in parts):
            return FAULTY
        return list_of(parts, left, lambda what, **details: reader.note(node, what, **details))
    if operand.op in {"in", "notin"} and isinstance(node, nodes.Tuple) and node.items:
        start, end = reader.span(node)
        listed = f"[{reader.findings.source[start:end]}]"
        start, end = reader.findings.source.rfind("(", 0, start), reader.findings.source.find(")", end) + 1
        reader.findings.add((start, end), "a list stands in square brackets", allowed=listed, replacement=listed)
        return FAULTY
    return reader.read(node)


def _as_compared(left: Expression, right: Expression) -> tuple[Expression, Expression]:
    """A record stands for its value, but beside none for itself: `event != none` asks whether there is one."""
    return (left, right) if Odd.NONE in (left.type, right.type) else (alone(left), alone(right))


def _list(reader: Reader, node: nodes.List) -> Expression:
    reader.note(node, "a list stands only right of `in`", allowed="coworker.tariff_name in ['one', 'other']")
    return FAULTY


def _sum(reader: Reader, node: nodes.BinExpr) -> Expression:
    one, other = alone(reader.read(node.left)), alone(reader.read(node.right))
    kinds = (one.type, other.type)
    if Odd.FAULTY in kinds:
        return FAULTY
    if not all(kind in NUMBERS for kind in kinds):
        texts = Kind.TEXT in kinds and isinstance(node, nodes.Add)
        reader.note(
            node,
            "+ and - take numbers",
            allowed="~ joins texts" if texts else "dates move in due rules, not in texts",
            replacement=f"{reader.source_of(node.left)} ~ {reader.source_of(node.right)}" if texts else None,
        )
        return FAULTY
    sign = 1 if isinstance(node, nodes.Add) else -1
    kind = Kind.INT if kinds == (Kind.INT, Kind.INT) else Kind.NUMBER
    return Expression(kind, lambda frame: total(needed(one, frame), needed(other, frame), sign), one.uses + other.uses)


def _negative(reader: Reader, node: nodes.Neg) -> Expression:
    inner = reader.read(node.node)
    if inner.literal and inner.type in NUMBERS and isinstance(inner.type, Kind):
        return literal(inner.type, total(0, inner.literal[0], -1))
    return reader.refuse(node) if inner.type is not Odd.FAULTY else FAULTY


def _concat(reader: Reader, node: nodes.Concat) -> Expression:
    parts = [reader.single(one) for one in node.nodes]
    if any(one.type is Odd.FAULTY for one in parts):
        return FAULTY

    def evaluate(frame: Frame) -> Value:
        texts, size = [], 0
        for one in parts:
            texts.append(show(one.evaluate(frame), one.blamed))
            size += len(texts[-1])
            frame.page.spend(1 + len(texts[-1]) // 32)
            if size > MAX_CHARACTERS:
                raise TextTooLong("a part of the text")
        return "".join(texts)

    return Expression(Kind.TEXT, evaluate, tuple(path for one in parts for path in one.uses))


def _either(reader: Reader, node: nodes.CondExpr) -> Expression:
    decide, one = reader.flag(node.test), reader.single(node.expr1)
    if node.expr2 is None:
        mended = f'{reader.source_of(node)} else ""'
        reader.note(node, "an if inside an expression needs its else", replacement=mended)
        return FAULTY
    other = reader.single(node.expr2)
    described, as_text = merged(one, other)
    if Odd.FAULTY in (described, decide.type):
        return FAULTY
    first, second = (shown(one), shown(other)) if as_text else (one, other)
    test = truth(decide)
    return Expression(
        described,
        lambda frame: (first if test(frame) else second).evaluate(frame),
        one.uses + other.uses + decide.uses,
    )


def _filter(reader: Reader, node: nodes.Filter) -> Expression:
    if node.node is None or node.kwargs or node.dyn_args or node.dyn_kwargs:
        reader.note(node, f"the filter {node.name} is not written like this", allowed="value | filter")
        return FAULTY
    given = alone(reader.read(node.node))
    arguments = [reader.single(one) for one in node.args]
    start = node.lineno
    end = max([reader.ends.get(start, start + 1), reader.span(node)[1]])

    def note(what: str, **details: str) -> None:
        reader.findings.add((start, end), what, **details)

    if node.name not in NAMES:
        near = nearest(node.name, NAMES)
        note(f"there is no filter {node.name}", allowed=", ".join(NAMES), nearest=near)
        return FAULTY
    if Odd.FAULTY in (given.type, *(one.type for one in arguments)):
        return FAULTY
    if node.name == "default":
        return read_default(given, arguments, note)
    return read_filter(node.name, given, arguments, note)


def _test(reader: Reader, node: nodes.Test) -> Expression:
    """Refuse `is`, with the comparison that `is none`, `is not none` or `is defined` means."""
    written = re.compile(r"is\s+(not\s+)?\w+").match(reader.findings.source, node.lineno)
    start, end = reader.span(node)
    negated = bool(written and written[1]) is not (node.name == "defined")
    mended = f"{reader.source_of(node.node)} {'!=' if negated else '=='} none"
    reader.findings.add(
        (start, written.end() if written else end),
        "`is` is not part of our texts",
        allowed="==, !=, in",
        replacement=mended if node.name in {"none", "defined"} else None,
    )
    return FAULTY


READERS: Mapping[type[nodes.Node], Callable[[Any, Any], Expression]] = {
    nodes.Not: _not,
    nodes.And: _and,
    nodes.Or: _or,
    nodes.Compare: _compare,
    nodes.List: _list,
    nodes.Add: _sum,
    nodes.Sub: _sum,
    nodes.Neg: _negative,
    nodes.Concat: _concat,
    nodes.CondExpr: _either,
    nodes.Filter: _filter,
    nodes.Test: _test,
}
