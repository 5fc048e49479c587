"""From a place inside a value back to the place in the file, and from a mended value back to YAML.

Only looks; it must never change what a value is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from engine.authoring.nodes import Mapping, Node, Path, Scalar, Sequence
from engine.authoring.quoting import in_quotes
from engine.authoring.source import Source
from engine.core.errors import Place
from engine.core.scalars import Plain

_HEX_DIGITS = {"x": 2, "u": 4, "U": 8}
_WHITE_ESCAPES = "ntr \t_NLPv"
"""After a backslash in double quotes these stand for white space."""


def place_of(source: Source, node: Node, path: Path, offset: int | None = None) -> Place:
    """Return where the value of a path stands, or the nearest thing above it that does stand in a file.

    `offset` counts characters into the text of a scalar. `source` is the file of nodes that name none.
    """
    node = _deepest(node, path)
    source = node.source or source
    if isinstance(node, Scalar) and offset:
        return _inside(source, node, offset)
    return source.at(node.line, node.column)


def key_place(source: Source, node: Node, path: Path) -> Place:
    """Return where the last key of a path stands."""
    for part in path[:-1]:
        node = child(node, part) or node
    if isinstance(node, Mapping):
        for key, _ in node.entries:
            if key.text == path[-1]:
                return (key.source or source).at(key.line, key.column)
    return (node.source or source).at(node.line, node.column)


def child(node: Node, part: str | int) -> Node | None:
    """Return what stands under a key or at a position, or None."""
    if isinstance(node, Mapping):
        return next((value for key, value in node.entries if key.text == part), None)
    if isinstance(node, Sequence) and isinstance(part, int) and part < len(node.parts):
        return node.parts[part]
    return None


def as_written(source: Source, node: Node, path: Path, mended: str) -> str:
    """Return a mended value of `path` as it can be pasted: in the quotes that it stood in, or that it now needs.

    A `Plain` one is YAML already.
    """
    found = _deepest(node, path)
    if not isinstance(found, Scalar) or found.block or not mended or isinstance(mended, Plain):
        return mended
    if found.quoted:
        return in_quotes(mended, (found.source or source).line(found.line)[found.column : found.column + 1])
    return in_quotes(mended) if re.search(r"^[\s{}\[\],\"'%@`*&!|>#?-]|: |:$| #", mended) else mended


def _deepest(node: Node, path: Path) -> Node:
    """Return what stands at a path, or the last thing on the way: a due may be one text or a mapping with a rule."""
    for part in path:
        below = child(node, part)
        if below is None:
            return node
        node = below
    return node


def _inside(source: Source, node: Scalar, offset: int) -> Place:
    places = _places(source, node)
    return source.at(*places[min(offset, len(places) - 1)])


@lru_cache(maxsize=4)
def _places(source: Source, node: Scalar) -> tuple[tuple[int, int], ...]:
    """Return the place of every sign of the value, and of its end; white space stands after the sign before it.

    The signs of the value are followed through the file: white space may be folded there, signs stay in order.
    """
    signs, after, found = _signs(source, node), (node.line, node.column), []
    for sign in node.text:
        if sign.isspace():
            found.append(after)
            continue
        line, column = next(signs, after)
        found.append((line, column))
        after = (line, column + 1)
    return (*found, after)


def _signs(source: Source, node: Scalar) -> Iterator[tuple[int, int]]:
    """Yield the place of every sign of the value that is not white space."""
    line, column = (node.line + 1, 0) if node.block else (node.line, node.column + node.quoted)
    quote = source.line(node.line)[node.column] if node.quoted else ""
    while line < len(source.lines):
        text = source.line(line)
        while column < len(text):
            width, shown = _sign(text, column, quote)
            if shown:
                yield line, column
            column += width
        line, column = line + 1, 0


def _sign(text: str, column: int, quote: str) -> tuple[int, bool]:
    """Return how long the sign at a column is in the file, and whether it is one that can be seen."""
    sign = text[column]
    if quote == "'" and sign == "'":
        return 2, True  # an apostrophe is written twice; a single one ends the value, and nobody asks further
    if quote != '"' or sign != "\\":
        return 1, not sign.isspace()
    follows = text[column + 1 : column + 2]
    digits = _HEX_DIGITS.get(follows, 0)
    if digits:
        return 2 + digits, not chr(int(text[column + 2 : column + 2 + digits], 16)).isspace()
    return 2, bool(follows) and follows not in _WHITE_ESCAPES
