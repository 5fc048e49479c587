"""YAML text to a tree with places, under hard limits. Never builds a Python object from a tag.

PyYAML's event stream is read, not its constructors: aliases, anchors, tags, merge keys, a second document and
duplicate keys are refused before they cost anything, and every scalar stays text (`Plain` when unquoted).
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence as Parts
from dataclasses import dataclass, field
from typing import Any

import yaml

from engine.authoring.source import Source
from engine.authoring.syntax import LOADER, brace_problem, character_problem, syntax_problem
from engine.core.errors import Place, Problem, Problems
from engine.core.scalars import Plain, shown

MAX_DEPTH = 32
MAX_NODES = 2_000


@dataclass(frozen=True, slots=True)
class Scalar:
    text: str
    quoted: bool
    block: bool
    line: int
    column: int
    source: Source | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Sequence:
    parts: tuple[Node, ...]
    line: int
    column: int
    source: Source | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Mapping:
    entries: tuple[tuple[Scalar, Node], ...]
    line: int
    column: int
    source: Source | None = field(default=None, compare=False, repr=False)


Node = Scalar | Sequence | Mapping
"""Lines and columns count from 0 here, as YAML marks do. `source` is the file that they count in: a list may be made
of several."""

Path = Parts[str | int]
"""Keys and positions from the top of a file down to a value."""


class _Reader:
    def __init__(self, source: Source, most: int) -> None:
        self.source = source
        self.most = most
        self.events: Iterator[Any] = yaml.parse(source.text, Loader=LOADER)
        self.problems: list[Problem] = []
        self.count = 0

    def document(self) -> Node:
        next(self.events)  # the stream's start
        start = next(self.events)
        if isinstance(start, yaml.StreamEndEvent):
            raise Problems([self.problem(start, "the file is empty")])
        node = self.node(next(self.events), 1)
        next(self.events)  # the document's end
        after = next(self.events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise Problems([self.problem(after, "a file holds one document", found="a second one")])
        return node

    def node(self, event: Any, depth: int) -> Node:
        self.count += 1
        if self.count > self.most:
            raise Problems([self.problem(event, f"a file holds at most {self.most:,} values")])
        if depth > MAX_DEPTH:
            raise Problems([self.problem(event, f"values are nested at most {MAX_DEPTH} deep")])
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise Problems([self.problem(event, "anchors and aliases (& and *) are not used: write it out")])
        if getattr(event, "tag", None):
            raise Problems(
                [self.problem(event, "tags are not used: put a text that begins with ! in quotes", _tag(event.tag))]
            )
        line, column = event.start_mark.line, event.start_mark.column
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(event.value, event.style in {"'", '"'}, event.style in {"|", ">"}, line, column, self.source)
        if isinstance(event, yaml.SequenceStartEvent):
            return Sequence(tuple(self.parts(depth)), line, column, self.source)
        return Mapping(tuple(self.entries(depth)), line, column, self.source)

    def parts(self, depth: int) -> Iterator[Node]:
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            yield self.node(event, depth + 1)

    def entries(self, depth: int) -> Iterator[tuple[Scalar, Node]]:
        seen: dict[str, int] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self.node(event, depth + 1)
            value = self.node(next(self.events), depth + 1)
            if not isinstance(key, Scalar):
                raise Problems([self.odd_key(key)])
            if key.text == "<<":
                raise Problems([self.problem(event, "merge keys (<<) are not used: write it out")])
            if key.text in seen:
                what = f"{shown(key.text)} is given twice, first on line {seen[key.text]}"
                self.problems.append(Problem(self.source.at(key.line, key.column), what))
                continue
            seen[key.text] = key.line + 1
            yield key, value

    def odd_key(self, key: Node) -> Problem:
        place = self.source.at(key.line, key.column)
        line = self.source.line(key.line)
        braces = line[key.column - 1 : key.column + 1] == "{{" and brace_problem(self.source, key.line)
        return braces or Problem(place, "a key is text", found="a list or a mapping")

    def problem(self, event: Any, what: str, found: str = "") -> Problem:
        return Problem(self.source.at(event.start_mark.line, event.start_mark.column), what, found=found)


def _tag(tag: str) -> str:
    """Return a tag as people write it: YAML's own ones begin with !!."""
    return repr(tag.replace("tag:yaml.org,2002:", "!!"))


def parse(source: Source, most: int = MAX_NODES) -> tuple[Node, tuple[Problem, ...]]:
    """Return the tree of a file of at most so many values, and its duplicate keys (the first of each is in the tree).

    Raises:
        Problems: the first mistake of a file that is no YAML or breaks a limit.
    """
    reader = _Reader(source, most)
    try:
        node = reader.document()
    except yaml.MarkedYAMLError as error:
        raise Problems([syntax_problem(source, error)]) from None
    except yaml.reader.ReaderError as error:
        raise Problems([character_problem(source, error)]) from None
    except (ValueError, RecursionError):
        raise Problems([Problem(Place(source.name, 1, 1), "this cannot be read as YAML")]) from None
    return node, tuple(reader.problems)


def to_data(node: Node) -> Any:
    """Return dicts, lists and text: `Plain` for an unquoted scalar, str for a quoted or block one."""
    if isinstance(node, Scalar):
        return node.text if node.quoted or node.block else Plain(node.text)
    if isinstance(node, Sequence):
        return [to_data(part) for part in node.parts]
    return {key.text: to_data(value) for key, value in node.entries}
