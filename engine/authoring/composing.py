"""A task list out of all the files that it is made of: its base, the lists that it includes, and its overlays.

The result is one tree for everywhere and one for each location with an overlay, whose nodes remember their files.
It must never judge values: that is the model's part, and it sees every value just as it would in one file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from engine.authoring.changing import changed, entries_of, id_of, merged_below, place, without
from engine.authoring.including import UNITED, included_items, united, without_doubles
from engine.authoring.library import Library, Reach, Reference, misshapen, place_of_reference
from engine.authoring.nodes import Mapping, Node, Scalar, Sequence
from engine.authoring.overlaying import overlaid, overlay_problems, overlays_of
from engine.authoring.places import child
from engine.authoring.source import Source
from engine.core.errors import Place, Problem

_NOT_INHERITED = ("tasklist", "formerly", "abstract")
_PUT_TO_EFFECT = ("extends", "include", "overlays")
_BY_KEY = ("applies", "defaults", "clock_change", *UNITED)
"""Mappings of a list in which an extending list may give single keys."""

_NOTHING_TO_DROP = "drop takes out an item of the list that is extended, or, in an overlay, of the list at a location"

_EVERYWHERE = ""


@dataclass(frozen=True)
class Composed:
    """One list as trees, all that is wrong with how it is put together, and the files that it is made of."""

    source: Source
    node: Mapping
    at: dict[str, Mapping]
    problems: tuple[Problem, ...]
    others: tuple[Source, ...]
    whole: bool
    """Whether every list that it extends or includes is there."""
    abstract: bool


def composed(library: Library, name: str) -> Composed:
    """Return a list with everything that it extends and includes.

    Raises:
        Problems: a file that it is made of cannot be read or parsed.
        UserError: there is no such list.
    """
    reach = Reach(library, name)
    work = _Composer(library, reach)
    others = library.reached(name)
    node = work.whole(name, _EVERYWHERE)
    at = {location: work.whole(name, location) for location in work.locations(name)}
    problems = [*reach.problems, *work.problems]
    for one in (name, *others):
        file = library.file(one)
        problems += [*file.problems, *misshapen(file.source, file.node)]
        problems += overlay_problems(file.node, work.ids(one))
    sources = tuple(library.file(one).source for one in others)
    whole = not reach.problems and not any(_names_wrongly(library, one) for one in (name, *others))
    source = library.file(name).source
    return Composed(source, node, at, tuple(dict.fromkeys(problems)), sources, whole, is_abstract(node))


def is_abstract(node: Mapping) -> bool:
    """Return whether a list is only there to be extended or included."""
    found = child(node, "abstract")
    return isinstance(found, Scalar) and found.text == "true" and not found.quoted


def _names_wrongly(library: Library, name: str) -> bool:
    file = library.file(name)
    return any(True for _ in misshapen(file.source, file.node))


class _Composer:
    def __init__(self, library: Library, reach: Reach) -> None:
        self._library = library
        self._dead = reach.dead
        self._again: set[Place] = set()
        """References to a list that the same file includes already."""
        self._made: dict[tuple[str, str], Mapping] = {}
        self.problems: list[Problem] = []

    def whole(self, name: str, location: str) -> Mapping:
        """Return a list as it is at a location, or everywhere else."""
        if (name, location) not in self._made:
            node = self._flat(name, location)
            for overlay in self._overlays(name, location):
                node = overlaid(node, overlay, location, self.problems.append)
            self._made[name, location] = node
        return self._made[name, location]

    def locations(self, name: str) -> tuple[str, ...]:
        """Return the locations for which a list, or one that it is made of, has an overlay."""
        reached = (one.to for one in self._live(name))
        below = [location for one in reached for location in self.locations(one)]
        return tuple(sorted({*overlays_of(self._library.file(name).node), *below}))

    def ids(self, name: str) -> set[str]:
        """Return the ids of a list's items, wherever they come from."""
        items = child(self._flat(name, _EVERYWHERE), "items")
        return {number.text for item in _parts(items) if (number := id_of(item))}

    def _live(self, name: str, word: str = "") -> Iterator[Reference]:
        for one in self._library.references(name):
            if place_of_reference(one) not in self._dead and word in {"", one.word}:
                yield one

    def _overlays(self, name: str, location: str) -> Iterator[Mapping]:
        """Yield what a list and those that it extends say of a location, the base's first."""
        for one in list(self._live(name, "extends"))[:1]:
            yield from self._overlays(one.to, location)
        found = overlays_of(self._library.file(name).node).get(location)
        if found and isinstance(found[1], Mapping):
            yield found[1]

    def _flat(self, name: str, location: str) -> Mapping:
        """Return a list with its base and what it includes, without its overlays."""
        written = self._library.file(name).node
        own = without(written, _PUT_TO_EFFECT)
        base = next((one.to for one in self._live(name, "extends")), "")
        inherited = self._flat(base, location) if base else None
        self._note_doubles(name)
        items = self._items(written, inherited, base, location)
        if inherited is not None:
            own = merged_below(without(inherited, _NOT_INHERITED), own, _BY_KEY)
        for one in self._live(name, "include"):
            own = united(own, self.whole(one.to, location), self.problems.append)
        return own if items is None else _with_items(own, items)

    def _note_doubles(self, name: str) -> None:
        seen: dict[str, Place] = {}
        for one in self._live(name, "include"):
            where = place_of_reference(one)
            if one.to in seen:
                self._again.add(where)
                what = f"the list {one.to!r} is included twice, first on line {seen[one.to].line}"
                self.problems.append(Problem(where, what))
            seen.setdefault(one.to, where)

    def _items(self, node: Mapping, inherited: Mapping | None, base: str, location: str) -> list[Node] | None:
        """Return all items of a list, or None where only its own file has some, or what it has is no list."""
        own = child(node, "items")
        before = child(inherited, "items") if inherited else None
        reuses = inherited is not None or child(node, "include") or any(map(_is_for_reuse, _parts(own)))
        if not reuses or not isinstance(own, Sequence | None) or not isinstance(before, Sequence | None):
            return None
        known = {number.text for item in _parts(before) if (number := id_of(item))}
        changes: list[Node] = []
        added = self._included(child(node, "include"), location)
        for item in _parts(own):
            below = child(item, "include") if isinstance(item, Mapping) else None
            if below is not None:
                added += self._included_inside(item, below, location)
            elif inherited is not None and _is_change(item, known):
                changes.append(item)
            elif (drop := child(item, "drop")) is not None:
                self.problems.append(Problem(place(drop), _NOTHING_TO_DROP))
            else:
                added.append(item)
        kept = changed(_parts(before), changes, f"the list {base!r}", self.problems.append)
        return without_doubles([*kept, *added], self.problems.append)

    def _included_inside(self, item: Node, below: Node, location: str) -> list[Node]:
        assert isinstance(item, Mapping)
        for key, _ in item.entries:
            if key.text != "include":
                what = f"an entry that includes a list says nothing else, and this one has {key.text}"
                self.problems.append(Problem(place(key), what))
        return self._included(below, location)

    def _included(self, value: Node | None, location: str) -> list[Node]:
        """Return the items of the lists that a value names, as they are at a location."""
        found: list[Node] = []
        texts = value.parts if isinstance(value, Sequence) else (value,)
        for text in texts:
            named = isinstance(text, Scalar) and text.text in self._library.names
            if isinstance(text, Scalar) and named and place(text) not in self._dead | self._again:
                found += included_items(self.whole(text.text, location))
        return found


def _parts(node: Node | None) -> tuple[Node, ...]:
    return node.parts if isinstance(node, Sequence) else ()


def _is_for_reuse(item: Node) -> bool:
    return child(item, "include") is not None or child(item, "drop") is not None


def _is_change(item: Node, known: set[str]) -> bool:
    """Whether an entry of an extending list is about an item of its base, or can only be meant so."""
    number = id_of(item)
    if number is None:
        return False
    return number.text in known or child(item, "drop") is not None or child(item, "name") is None


def _with_items(node: Mapping, items: list[Node]) -> Mapping:
    entries = entries_of(node)
    key = Scalar("items", False, False, node.line, node.column, node.source)
    entries.setdefault("items", (key, Sequence((), node.line, node.column, node.source)))
    key, value = entries["items"]
    if isinstance(value, Sequence):
        entries["items"] = (key, replace(value, parts=tuple(items)))
    return replace(node, entries=tuple(entries.values()))
