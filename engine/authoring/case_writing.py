"""A file of cases with some of its expectations renewed: all other lines, and their comments, stay as they are.

Only makes text. It must never write to a file: the new text goes beside the old file, for a person to look at.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from engine.authoring.loader import Loaded
from engine.authoring.nodes import Mapping as Tree
from engine.authoring.nodes import Node, Sequence
from engine.authoring.places import child
from engine.core.cases import CaseFile

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@+ /-]*(?::[0-9]{2})?\Z")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}( \d{2}:\d{2})?\Z")


def with_renewed(loaded: Loaded[CaseFile], changes: Mapping[int, Mapping[str, Any]]) -> tuple[str, tuple[int, ...]]:
    """Return the file's text with the parts of its cases renewed, and the cases that stand in a form that cannot be.

    `changes` are, by the case's place in the file, its keys with their new values; None takes a key out.
    """
    lines = loaded.source.text.splitlines()
    kept: list[int] = []
    for number in sorted(changes, reverse=True):
        found = _Case(loaded, lines, number)
        if not found.in_lines:
            kept.append(number)
            continue
        for name in sorted(changes[number], key=found.order, reverse=True):
            found.renew(name, changes[number][name])
    return "\n".join(lines) + "\n", tuple(sorted(kept))


class _Case:
    """One case in the lines of its file, from its first key to the line before the next case."""

    def __init__(self, loaded: Loaded[CaseFile], lines: list[str], number: int) -> None:
        self.lines = lines
        cases = child(loaded.node, "cases")
        assert isinstance(cases, Sequence)  # the file is sound
        node = cases.parts[number]
        assert isinstance(node, Tree)
        self.keys = {key.text: (key.line, key.column) for key, _ in node.entries}
        self.column = node.column
        rows = [line for line, _ in self.keys.values()]
        starts = len(set(rows)) == len(rows) and all(column == self.column for _, column in self.keys.values())
        self.in_lines = starts and not lines[node.line][: node.column].strip(" -")
        self.end = min((line for line in _starts(loaded.node, cases) if line > node.line), default=len(lines))

    def order(self, name: str) -> int:
        """Return the line that a key stands on; a key that is not there yet comes last."""
        return self.keys[name][0] if name in self.keys else self.end

    def renew(self, name: str, value: Any) -> None:
        """Replace the lines of a key; those of the keys after it are done already."""
        first = self.keys[name][0] if name in self.keys else _without_gap(self.lines, 0, self.end)
        after = [line for line, _ in self.keys.values() if line > first]
        last = _without_gap(self.lines, first + 1, min(after, default=self.end)) if name in self.keys else first
        self.lines[first:last] = [] if value is None else _block(name, value, self.column)


def _starts(root: Node, cases: Sequence) -> list[int]:
    """Return the lines on which a case, or a key of the file, begins."""
    tops = [key.line for key, _ in root.entries] if isinstance(root, Tree) else []
    return sorted({*tops, *(part.line for part in cases.parts)})


def _without_gap(lines: list[str], first: int, end: int) -> int:
    """Return the end of a block without the empty lines and comments that lead over to what follows."""
    while end > first and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
        end -= 1
    return end


def _block(name: str, value: Any, column: int) -> list[str]:
    indent = " " * column
    if isinstance(value, str):
        return [f"{indent}{name}: {_inline(value)}"]
    if isinstance(value, Mapping):
        rows = [f"{indent}  {_inline(key)}: {_inline(part)}" for key, part in value.items()]
        return [f"{indent}{name}:", *rows] if rows else []
    if not value:
        return [f"{indent}{name}: []"]
    return [f"{indent}{name}:", *(f"{indent}  - {_entry(part)}" for part in value)]


def _entry(part: Any) -> str:
    return _inline(part["item"]) if isinstance(part, Mapping) and set(part) == {"item"} else _inline(part)


def _inline(value: Any) -> str:
    """Return a value on one line, in quotes where it would not read as itself."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_inline(part)}" for name, part in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_inline, value)) + "]"
    text = str(value)
    if _DAY.match(text) or (_PLAIN.match(text) and text == text.strip()):
        return text
    return '"' + "".join(map(_sign, text)) + '"'


def _sign(sign: str) -> str:
    if sign in '"\\':
        return f"\\{sign}"
    if sign == "\n":
        return "\\n"
    number = ord(sign)
    return sign if sign.isprintable() else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
