"""Names and values in a syntax tree: which fact is meant, and which one was meant when there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from jinja2 import nodes

from engine.core.expressions import FAULTY, Expression, Odd, fact, literal, part
from engine.core.fact_types import Kind, ListOf, Record, Type
from engine.core.fact_values import Path
from engine.core.filters import NAMES
from engine.core.words import nearest

if TYPE_CHECKING:
    from engine.core.text_reading import Reader


def _const(_: Reader, node: nodes.Const) -> Expression:
    value = node.value
    if value is None:
        return literal(Odd.NONE, None)
    if isinstance(value, bool):
        return literal(Kind.BOOL, value)
    if isinstance(value, float):
        return literal(Kind.NUMBER, Decimal(repr(value)))
    return literal(Kind.INT, value) if isinstance(value, int) else literal(Kind.TEXT, str(value))


def _name(reader: Reader, node: nodes.Name) -> Expression:
    if node.name in reader.scope:
        return fact((node.name,), reader.scope[node.name])
    _note_unknown(reader, node, node.name, above=(), fields=reader.scope)
    return FAULTY


def _attribute(reader: Reader, node: nodes.Getattr) -> Expression:
    whole = _root(reader, node) if isinstance(node.node, nodes.Name) else reader.read(node.node)
    described = whole.type
    if described is Odd.FAULTY:
        return FAULTY
    if isinstance(described, Record) and node.attr in described.fields:
        return part(whole, node.attr, described.fields[node.attr])
    if isinstance(described, Record):
        _note_unknown(reader, node, node.attr, above=whole.path or (), fields=described.fields)
    elif isinstance(described, ListOf):
        allowed = "{% for %} or for_each, first, last"
        reader.note(node, "this is a list, which has no facts of its own", allowed=allowed)
    else:
        _note_no_parts(reader, node)
    return FAULTY


def _root(reader: Reader, node: nodes.Getattr) -> Expression:
    """Read the first name of a path; a mistyped one is reported with what follows it."""
    name = node.node
    assert isinstance(name, nodes.Name)  # noqa: S101  # by the caller
    near = "" if name.name in reader.scope else nearest(name.name, reader.scope)
    described = reader.scope.get(near)
    if isinstance(described, Record) and node.attr in described.fields:
        meant = f"{near}.{node.attr}"
        _note_path(reader, node, f"{name.name}.{node.attr}", near=meant, fields=reader.scope)
        return FAULTY
    return _name(reader, name)


def _note_no_parts(reader: Reader, node: nodes.Getattr) -> None:
    whole = reader.source_of(node.node)
    is_filter = node.attr in NAMES
    reader.note(
        node,
        f"{whole} is a single value and has no {node.attr!r}",
        allowed="a filter, written with |" if is_filter else whole,
        replacement=f"{whole} | {node.attr}" if is_filter else None,
    )


def _note_unknown(reader: Reader, node: nodes.Node, name: str, *, above: Path, fields: Mapping[str, Type]) -> None:
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
    near = snake if snake in fields else nearest(snake, fields)
    if not above:
        near = _below(reader, snake) or near
    _note_path(reader, node, ".".join((*above, name)), near=".".join((*above, near)) if near else "", fields=fields)


def _below(reader: Reader, name: str) -> str:
    """Return the full path of a fact that was named without its first part."""
    for root, described in sorted(reader.scope.items()):
        if isinstance(described, Record) and name in described.fields:
            return f"{root}.{name}"
    return ""


def _note_path(reader: Reader, node: nodes.Node, path: str, *, near: str, fields: Mapping[str, Type]) -> None:
    few = ", ".join(sorted(fields)) if len(fields) <= 12 else "see `tasklists fields`"
    reader.note(
        node,
        f"there is no fact {path}",
        allowed=few or "nothing: none is declared",
        near=near,
        replacement=near or None,
    )


def _item(reader: Reader, node: nodes.Getitem) -> Expression:
    key = node.arg.value if isinstance(node.arg, nodes.Const) else None
    dotted = isinstance(key, str) and key.isidentifier()
    reader.note(
        node,
        "facts are named with points, without brackets or positions",
        allowed="a name, or the filters first and last",
        replacement=f"{reader.source_of(node.node)}.{key}" if dotted else None,
    )
    return FAULTY


def _call(reader: Reader, node: nodes.Call) -> Expression:
    called = node.node
    method = isinstance(called, nodes.Getattr) and called.attr in NAMES and not node.args
    reader.note(
        node,
        "a call is not part of our texts",
        allowed="filters, written with |",
        replacement=f"{reader.source_of(called.node)} | {called.attr}"
        if method and isinstance(called, nodes.Getattr)
        else None,
    )
    return FAULTY


READERS: Mapping[type[nodes.Node], Callable[[Any, Any], Expression]] = {
    nodes.Const: _const,
    nodes.Name: _name,
    nodes.Getattr: _attribute,
    nodes.Getitem: _item,
    nodes.Call: _call,
}
