"""One tree changed by another, key by key, and items by their ids: what `extends` and overlays do.

Works on nodes, so that every value keeps the place in the file where it stands. It must never decide what is
allowed in an overlay: the caller takes out what is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from engine.authoring.library import few
from engine.authoring.nodes import Mapping, Node, Scalar
from engine.authoring.places import child
from engine.core.errors import Place, Problem
from engine.core.words import nearest

Tell = Callable[[Problem], None]


def place(node: Node) -> Place:
    """Return where a parsed node stands."""
    assert node.source is not None  # every parsed node has its file
    return node.source.at(node.line, node.column)


def entries_of(node: Mapping) -> dict[str, tuple[Scalar, Node]]:
    """Return the entries of a mapping by key."""
    return {key.text: (key, value) for key, value in node.entries}


def without(node: Mapping, names: Iterable[str]) -> Mapping:
    """Return a mapping without some of its keys."""
    gone = set(names)
    return replace(node, entries=tuple(entry for entry in node.entries if entry[0].text not in gone))


def merged(first: Mapping, own: Mapping) -> Mapping:
    """Return `first` with the values of `own`, key by key; a value is replaced whole. It stands where `first` does."""
    entries = entries_of(first) | entries_of(own)
    return replace(first, entries=tuple(entries.values()))


def merged_below(first: Mapping, own: Mapping, below: Iterable[str]) -> Mapping:
    """Return `merged`, where the mappings under some keys are merged key by key themselves."""
    found = entries_of(merged(first, own))
    for name in below:
        before, after = child(first, name), child(own, name)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            found[name] = (found[name][0], merged(before, after))
    return replace(own, entries=tuple(found.values()))


def id_of(item: Node) -> Scalar | None:
    """Return the id of an item, or None where it has none."""
    found = child(item, "id")
    return found if isinstance(found, Scalar) else None


def changed(items: Iterable[Node], changes: Iterable[Node], of: str, tell: Tell) -> list[Node]:
    """Return items with changes: one of a known id is changed or dropped, one of another id is added at the end.

    `of` names what is changed, for messages.
    """
    result = list(items)
    seen: dict[str, Scalar] = {}
    for change in changes:
        number = id_of(change)
        if number is None or not isinstance(change, Mapping):
            result.append(change)  # the model says what is wrong with it
        elif number.text in seen:
            tell(twice(number, seen[number.text]))
        else:
            seen[number.text] = number
            _change(result, change, number, (of, tell))
    return result


def _change(result: list[Node], change: Mapping, number: Scalar, telling: tuple[str, Tell]) -> None:
    of, tell = telling
    at = next((index for index, item in enumerate(result) if _has_id(item, number.text)), None)
    drop = child(change, "drop")
    if at is None and (drop is not None or child(change, "name") is None):
        tell(_no_such_item(result, number, of, drop is not None))
    elif drop is not None:
        tell_all = _wrong_drop(change, drop)
        for problem in tell_all:
            tell(problem)
        if not tell_all and at is not None:
            del result[at]
    elif at is None:
        result.append(change)
    else:
        before = result[at]
        assert isinstance(before, Mapping)  # it has an id
        result[at] = merged(before, without(change, ["id"]))


def _has_id(item: Node, text: str) -> bool:
    number = id_of(item)
    return number is not None and number.text == text


def _no_such_item(items: Iterable[Node], number: Scalar, of: str, drop: bool) -> Problem:
    known = [found.text for item in items if (found := id_of(item))]
    what = f"{of} has no item {number.text!r} to {'drop' if drop else 'change'}"
    what += "" if drop else ", and a new item has a name"
    return Problem(place(number), what, allowed=few(known), nearest=nearest(number.text, known))


def _wrong_drop(change: Mapping, drop: Node) -> list[Problem]:
    found = []
    if not isinstance(drop, Scalar) or drop.quoted or drop.text != "true":
        found.append(Problem(place(drop), "drop is true, or is left out", corrected="true"))
    for key, _ in change.entries:
        if key.text not in {"id", "drop"}:
            found.append(Problem(place(key), f"an item that is dropped says nothing else, and this one has {key.text}"))
    return found


def twice(number: Scalar, other: Scalar) -> Problem:
    """Return the problem of two items with one id, at the first of the two nodes."""
    where = place(other)
    if where == place(number):
        what = f"two items have the id {number.text!r}: the list that holds it is included twice, by two ways"
        return Problem(where, what)
    same_file = where.file == place(number).file
    told = f"on line {where.line}" if same_file else f"at {where}"
    return Problem(place(number), f"two items have the id {number.text!r}: the other stands {told}")
