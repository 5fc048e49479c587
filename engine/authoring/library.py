"""The lists of one folder as trees, each file read and parsed once; and how lists reach one another.

Only reads. It must never judge what a list says beyond the names of the lists that it extends and includes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cached_property

from engine.authoring.loader import parse_mapping
from engine.authoring.nodes import Mapping, Node, Scalar, Sequence, to_data
from engine.authoring.places import child
from engine.authoring.source import Source
from engine.core.errors import Place, Problem, Problems, UserError
from engine.core.scalars import is_slug, shown
from engine.core.words import nearest

MOST_DEEP = 8
"""Lists that reach one through another: nobody can read more of them as one list."""

REUSING = ("extends", "include")


@dataclass(frozen=True)
class File:
    """One parsed file of the folder, and the keys that it gives twice."""

    source: Source
    node: Mapping
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Reference:
    """That one list extends or includes another, and where it says so."""

    of: str
    to: str
    node: Scalar
    word: str


class Library:
    """The files of a folder: `read` gives one by the list's id, `names` all ids."""

    def __init__(self, read: Callable[[str], Source], names: Callable[[], tuple[str, ...]]) -> None:
        self._read = read
        self._names = names
        self._files: dict[str, File | Problems | UserError] = {}

    @cached_property
    def names(self) -> tuple[str, ...]:
        """All ids of lists in the folder."""
        return self._names()

    def file(self, name: str) -> File:
        """Return a list's file. Raises Problems or UserError, every time the same."""
        if name not in self._files:
            self._files[name] = self._parsed(name)
        found = self._files[name]
        if isinstance(found, UserError):
            raise found
        return found

    def _parsed(self, name: str) -> File | Problems | UserError:
        try:
            source = self._read(name)
            return File(source, *parse_mapping(source))
        except UserError as error:  # Problems among them
            return error

    def references(self, name: str) -> tuple[Reference, ...]:
        """Return which lists a list names, in the order of its file; none of a file that cannot be read."""
        try:
            node = self.file(name).node
        except UserError:
            return ()
        return tuple(Reference(name, text.text, text, word) for word, text in named_in(node))

    def reached(self, name: str) -> tuple[str, ...]:
        """Return the other lists that a list is made of, nearest first, each once."""
        found: dict[str, None] = {}
        waiting = [name]
        while waiting:
            for one in self.references(waiting.pop(0)):
                if one.to not in found and one.to != name:
                    found[one.to] = None
                    waiting.append(one.to)
        return tuple(other for other in found if other in self.names)


def named_in(node: Mapping) -> Iterator[tuple[str, Scalar]]:
    """Yield the words `extends` and `include` with each list's id that stands after them."""
    for word in REUSING:
        yield from ((word, text) for text in _texts(child(node, word)))
    items = child(node, "items")
    for part in items.parts if isinstance(items, Sequence) else ():
        if isinstance(part, Mapping):
            yield from (("include", text) for text in _texts(child(part, "include")))


def _texts(node: Node | None) -> tuple[Scalar, ...]:
    """Return one id or several, as far as they can be ids; what cannot is told by `misshapen`."""
    parts = node.parts if isinstance(node, Sequence) else (node,)
    return tuple(part for part in parts if isinstance(part, Scalar) and is_slug(part.text))


def misshapen(source: Source, node: Mapping) -> Iterator[Problem]:
    """Yield a problem for each value after `extends` or `include` that names no list."""
    items = child(node, "items")
    parts = items.parts if isinstance(items, Sequence) else ()
    places = [("extends", child(node, "extends")), ("include", child(node, "include"))]
    places += [("include", child(part, "include")) for part in parts if isinstance(part, Mapping)]
    for word, value in places:
        if value is None:
            continue
        several = word == "include" and isinstance(value, Sequence)
        for one in value.parts if several and isinstance(value, Sequence) else (value,):
            if not _texts(one if isinstance(one, Scalar) else None):
                allowed = "a list's id" if word == "extends" else "a list's id, or [ID, ID]"
                found = shown(to_data(one))
                yield Problem(source.at(one.line, one.column), f"{word} names a task list", found, allowed)


class Reach:
    """The lists that one list reaches, walked once: what is missing, goes round in a circle or lies too deep."""

    def __init__(self, library: Library, name: str) -> None:
        self._library = library
        self.problems: list[Problem] = []
        self.dead: set[Place] = set()
        """References that lead nowhere, by their place."""
        self._seen: set[str] = set()
        self._walk(name, [])

    def _walk(self, name: str, way: list[Reference]) -> None:
        self._seen.add(name)
        for one in self._library.references(name):
            ring = [*way, one]
            if one.to not in self._library.names:
                self._missing(one)
            elif one.to in {step.of for step in ring}:
                self._ring(ring[[step.of for step in ring].index(one.to) :])
            elif len(ring) > MOST_DEEP:
                what = f"lists reach at most {MOST_DEEP} others, one through the other: put some together"
                self._end(one, Problem(place_of_reference(one), what))
            elif one.to not in self._seen:
                self._walk(one.to, ring)

    def _missing(self, one: Reference) -> None:
        known = [name for name in self._library.names if name != one.of]
        verb = "extend" if one.word == "extends" else "include"
        close = nearest(one.to, known)
        allowed = "" if close else few(known) or "no other list is there"
        what = f"there is no task list {one.to!r} to {verb}"
        self._end(one, Problem(place_of_reference(one), what, allowed=allowed, nearest=close))

    def _ring(self, ring: list[Reference]) -> None:
        """A ring is one mistake, whichever list it is found from: told in the file that comes first by name."""
        names = [step.of for step in ring]
        first = names.index(min(names))
        turned = [*names[first:], *names[:first], names[first]]
        self.dead |= {place_of_reference(step) for step in ring}
        what = f"these lists go round in a circle: {', '.join(turned)}"
        if len(ring) == 1:
            what = f"this list {'extends' if ring[0].word == 'extends' else 'includes'} itself"
        self._end(ring[first], Problem(place_of_reference(ring[first]), what))

    def _end(self, one: Reference, problem: Problem) -> None:
        self.dead.add(place_of_reference(one))
        self.problems.append(problem)


def place_of_reference(one: Reference) -> Place:
    """Return where a list names another."""
    source = one.node.source
    assert source is not None  # every parsed node has its file
    return source.at(one.node.line, one.node.column)


def few(names: Collection[str], most: int = 12) -> str:
    """Return names in a row, for a message: the first ones of many."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(sorted(names)[:most]) + more
