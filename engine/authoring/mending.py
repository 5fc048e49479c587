"""A tree with its mistakes taken out, so that what stands beside them is checked as well.

Only for finding more problems: a model made from a mended tree is never run. What was taken out is told, so
that nobody complains about its absence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from engine.authoring.nodes import Mapping, Node, Path, Scalar, Sequence
from engine.authoring.places import child

STAND_INS = {
    "tasklist": "stand-in",
    "id": "stand-in",
    "name": "-",
    "rule": "on signup",
    "owner": "stand-in",
    "since": "2000-01-01",
}
"""Sound values for keys that cannot be missing, which no check finds fault with."""


@dataclass(frozen=True)
class Mended:
    node: Node
    doubtful: frozenset[tuple[str | int, ...]]
    """Paths that were taken out, or that stand in."""


def renamed(mended: Mended, path: Path, name: str) -> Mended:
    """Take a misspelt key for the one that it is nearest to."""

    def rename(node: Node) -> Node:
        assert isinstance(node, Mapping)
        entries = ((replace(key, text=name) if key.text == path[-1] else key, value) for key, value in node.entries)
        return replace(node, entries=tuple(entries))

    return Mended(_edited(mended.node, path[:-1], rename), mended.doubtful)


def taken_out(mended: Mended, path: Path) -> Mended | None:
    """Take out what stands at a path, or the part of the path that exists; None when nothing would be left."""
    path = _standing(mended.node, path)
    while path and not isinstance(path[-1], str) and path[:-1] != ("items",):
        path = path[:-1]  # of a list with a bad entry, all: positions must stay what they are
    if not path:
        return None
    doubtful = mended.doubtful | {path}
    if isinstance(path[-1], int):
        return Mended(_edited(mended.node, path, lambda node: _item(node, path[-1])), doubtful)
    if path[-1] in STAND_INS:
        text = _stand_in(path, str(path[-1]))
        return Mended(_edited(mended.node, path, lambda node: _quoted(text, node)), doubtful)
    return Mended(_edited(mended.node, path[:-1], lambda node: _without(node, path[-1])), doubtful)


def filled_in(mended: Mended, path: Path) -> Mended | None:
    """Put a stand-in where a key is missing; where none exists, take out what lacks the key."""
    name = str(path[-1])
    if name not in STAND_INS:
        return taken_out(mended, path[:-1])

    def fill(node: Node) -> Node:
        if not isinstance(node, Mapping):
            return node
        added = (_quoted(name, node), _quoted(_stand_in(path, name), node))
        return replace(node, entries=(*node.entries, added))

    return Mended(_edited(mended.node, path[:-1], fill), mended.doubtful | {tuple(path)})


def completed(node: Mapping) -> Mapping:
    """Return a list with stand-ins for what its users would give it: name, items, and the items' names."""
    names = dict.fromkeys(key.text for key, _ in node.entries)
    entries = [(key, _named(value) if key.text == "items" else value) for key, value in node.entries]
    if "name" not in names:
        entries.append((_quoted("name", node), _quoted(STAND_INS["name"], node)))
    if "items" not in names:
        only = Sequence((_item(node, 0),), node.line, node.column, node.source)
        entries.append((_quoted("items", node), only))
    return replace(node, entries=tuple(entries))


def _named(items: Node) -> Node:
    if not isinstance(items, Sequence):
        return items
    parts = (_with_name(part) for part in items.parts or (_item(items, 0),))
    return replace(items, parts=tuple(parts))


def _with_name(item: Node) -> Node:
    if not isinstance(item, Mapping) or child(item, "name") is not None:
        return item
    return replace(item, entries=(*item.entries, (_quoted("name", item), _quoted(STAND_INS["name"], item))))


def in_doubt(path: Path, doubtful: Iterable[Path]) -> bool:
    """Return whether a path, something above it or something below it was taken out."""
    wanted = tuple(path)
    return any(wanted[: len(other)] == tuple(other)[: len(wanted)] for other in doubtful)


def _stand_in(path: Path, name: str) -> str:
    positions = "".join(f"-{part}" for part in path if isinstance(part, int))
    return STAND_INS[name] + (positions if name == "id" else "")


def _standing(node: Node, path: Path) -> tuple[str | int, ...]:
    """Return the part of a path that stands in the file: readers of values add words of their own below it."""
    found: Node | None = node
    for length, part in enumerate(path):
        found = child(found, part) if found else None
        if found is None:
            return tuple(path[:length])
    return tuple(path)


def _item(node: Node, position: str | int) -> Node:
    pairs = (("id", f"stand-in-{position}"), ("name", "-"))
    entries = tuple((_quoted(key, node), _quoted(text, node)) for key, text in pairs)
    return Mapping(entries, node.line, node.column, node.source)


def _quoted(text: str, near: Node) -> Scalar:
    """Return a text that stands nowhere, with the place of what is near to it."""
    return Scalar(text, True, False, near.line, near.column, near.source)


def _without(node: Node, name: str | int) -> Node:
    assert isinstance(node, Mapping)
    return replace(node, entries=tuple(entry for entry in node.entries if entry[0].text != name))


def _edited(node: Node, path: Path, edit: Callable[[Node], Node]) -> Node:
    if not path:
        return edit(node)
    first, rest = path[0], path[1:]
    if isinstance(node, Mapping):
        changed = ((key, _edited(value, rest, edit) if key.text == first else value) for key, value in node.entries)
        return replace(node, entries=tuple(changed))
    assert isinstance(node, Sequence)
    parts = (_edited(part, rest, edit) if index == first else part for index, part in enumerate(node.parts))
    return replace(node, parts=tuple(parts))
