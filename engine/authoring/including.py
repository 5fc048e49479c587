"""What a list takes over from one that it includes: items that keep their own defaults, and named values.

An included list's defaults, anchor, once_per and clock_change are written to its own items, so that they never
reach those of the list around it. It must never change a value that an item has itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from engine.authoring.changing import Tell, entries_of, id_of, place, twice
from engine.authoring.nodes import Mapping, Node, Scalar, Sequence, to_data
from engine.authoring.places import child
from engine.core.errors import Problem
from engine.core.model import Defaults, Item

_OF_DUE = ("roll", "late")
"""Defaults that an item holds inside its due."""

_OF_LIST = ("anchor", "once_per", "clock_change")
"""What a list says of all its items outside `defaults`."""

UNITED = ("inputs", "anchors")


def included_items(whole: Mapping) -> Iterator[Node]:
    """Yield the items of an included list, each with what its list says of all of them."""
    items, defaults = child(whole, "items"), child(whole, "defaults")
    given = entries_of(defaults) if isinstance(defaults, Mapping) else {}
    for_items = {name: entry for name, entry in given.items() if name in Defaults.model_fields}
    for name, entry in entries_of(whole).items():
        if name in _OF_LIST:
            for_items.setdefault(name, entry)
    for item in items.parts if isinstance(items, Sequence) else ():
        yield _filled(item, for_items) if isinstance(item, Mapping) else item


def _filled(item: Mapping, given: dict[str, tuple[Scalar, Node]]) -> Mapping:
    own = entries_of(item)
    for name, entry in given.items():
        if name in Item.model_fields:
            own.setdefault(name, entry)
    if "due" in own:
        of_due = {name: given[name] for name in _OF_DUE if name in given}
        own["due"] = (own["due"][0], _filled_due(own["due"][1], of_due))
    return replace(item, entries=tuple(own.values()))


def _filled_due(due: Node, given: dict[str, tuple[Scalar, Node]]) -> Node:
    if isinstance(due, Sequence) or not given:
        return due
    if isinstance(due, Scalar):
        rule = Scalar("rule", False, False, due.line, due.column, due.source)
        due = Mapping(((rule, due),), due.line, due.column, due.source)
    return replace(due, entries=tuple((given | entries_of(due)).values()))


def united(node: Mapping, whole: Mapping, tell: Tell) -> Mapping:
    """Return a list with the inputs and named days of one that it includes; a name with two meanings is told."""
    entries = entries_of(node)
    for name in UNITED:
        theirs = child(whole, name)
        if not isinstance(theirs, Mapping):
            continue
        ours = child(node, name)
        if ours is None:
            entries[name] = entries_of(whole)[name]
        elif isinstance(ours, Mapping):
            entries[name] = (entries[name][0], _united(ours, theirs, name, tell))
    return replace(node, entries=tuple(entries.values()))


def _united(ours: Mapping, theirs: Mapping, kind: str, tell: Tell) -> Mapping:
    found = entries_of(ours)
    for name, (key, value) in entries_of(theirs).items():
        if name not in found:
            found[name] = (key, value)
        elif to_data(found[name][1]) != to_data(value):
            other = place(found[name][0])
            what = f"{kind}: {name!r} means something else at {other}: give one of them another name"
            tell(Problem(place(key), what))
    return replace(ours, entries=tuple(found.values()))


def without_doubles(items: Iterable[Node], tell: Tell) -> list[Node]:
    """Return items each once; of two with one id the later one is told and left out."""
    seen: dict[str, Scalar] = {}
    kept = []
    for item in items:
        number = id_of(item)
        if number is not None and number.text in seen:
            tell(twice(number, seen[number.text]))
            continue
        if number is not None:
            seen[number.text] = number
        kept.append(item)
    return kept
