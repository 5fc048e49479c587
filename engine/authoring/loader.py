"""Files to models: every mistake of shape becomes a Problem with its place, all of them at once.

What `load` returns is sound. What `load_mended` returns may have its mistakes taken out: for further checks only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from engine.authoring.mending import Mended, filled_in, in_doubt, renamed, taken_out
from engine.authoring.nodes import Mapping, Node, Path, parse, to_data
from engine.authoring.places import place_of
from engine.authoring.sentences import meant_key, sentence
from engine.authoring.source import Source
from engine.core.errors import Place, Problem, Problems

M = TypeVar("M", bound=BaseModel)

MOST_ROUNDS = 5
"""A renamed key may bring its own mistakes to light, and a missing part takes out what holds it: a few rounds."""


@dataclass(frozen=True)
class Loaded(Generic[M]):
    """A model with the file it came from, so that whatever is found wrong later still has its place."""

    model: M
    source: Source
    node: Node
    problems: tuple[Problem, ...] = ()
    doubtful: frozenset[tuple[str | int, ...]] = frozenset()
    """Paths that were taken out because of a problem: nothing is to be said of their absence."""
    others: tuple[Source, ...] = ()
    """The other files that it is made of: what it extends and includes."""
    at: dict[str, Loaded[M]] = field(default_factory=dict)
    """What it is at the locations for which it has an overlay."""
    whole: bool = True
    """Whether it is all there: an abstract list, or one whose base is missing, cannot be made ready."""

    def place(self, path: Path, offset: int | None = None) -> Place:
        """Return where the value of a path stands, in whichever file; a path may lead into an overlaid form."""
        if path[:1] == ("overlays",) and len(path) > 1 and path[1] in self.at:
            return self.at[str(path[1])].place(path[2:], offset)
        return place_of(self.source, self.node, path, offset)

    @property
    def data(self) -> bytes:
        """All bytes that the list is made of: its own file, and the others with their names."""
        parts = (b"\0" + other.name.rpartition("/")[2].encode() + b"\0" + other.data for other in self.others)
        return b"".join((self.source.data, *parts))


def load(model: type[M], source: Source) -> Loaded[M]:
    """Return the model of a file.

    Raises:
        Problems: everything that is wrong with the file's shape and values.
    """
    loaded = load_mended(model, source)
    if loaded.problems:
        raise Problems(loaded.problems)
    return loaded


def load_mended(model: type[M], source: Source) -> Loaded[M]:
    """Return the model of a file with its problems taken out, and these problems.

    Raises:
        Problems: everything that is wrong, when too little is left to go on with.
    """
    node, duplicates = parse_mapping(source)
    return load_node(model, source, node, duplicates)


def parse_mapping(source: Source) -> tuple[Mapping, tuple[Problem, ...]]:
    """Return the tree of a file that is a mapping, and its duplicate keys.

    Raises:
        Problems: it is no YAML, breaks a limit, or is no mapping.
    """
    node, duplicates = parse(source)
    if not isinstance(node, Mapping):
        raise Problems([*duplicates, Problem(Place(source.name, 1, 1), "a file is a mapping of keys to values")])
    return node, duplicates


def load_node(model: type[M], source: Source, node: Mapping, found: Iterable[Problem] = ()) -> Loaded[M]:
    """Return the model of a tree as `load_mended` does; `found` are the problems that are known already.

    Raises:
        Problems: everything that is wrong, when too little is left to go on with.
    """
    problems: dict[Problem, None] = dict.fromkeys(found)
    mended: Mended | None = Mended(node, frozenset())
    for _ in range(MOST_ROUNDS):
        assert mended is not None
        try:
            made = model.model_validate(to_data(mended.node))
            return Loaded(made, source, mended.node, tuple(problems), mended.doubtful)
        except ValidationError as error:
            details = error.errors(include_url=False)
        meant = _meant(model, mended, details)
        told = _worth_saying(mended, details, meant)
        problems |= dict.fromkeys(sentence(model, source, mended.node, detail) for detail in told)
        mended = _next(mended, details, meant)
        if mended is None:
            break
    raise Problems(problems)


_Names = dict[tuple[str | int, ...], str]


def _meant(model: type[M], mended: Mended, details: Sequence[Any]) -> _Names:
    """Return the misspelt keys with the keys they stand for; no two for the same."""
    names: _Names = {}
    for detail in details:
        if detail["type"] == "extra_forbidden":
            path = detail["loc"]
            close = meant_key(model, mended.node, path)
            taken = any(other[:-1] == path[:-1] and name == close for other, name in names.items())
            names[path] = "" if taken else close
    return names


def _worth_saying(mended: Mended, details: Sequence[Any], meant: _Names) -> list[Any]:
    """Return the refusals without those that only follow from something that is said already."""
    found = {(*path[:-1], name) for path, name in meant.items() if name}
    return [detail for detail in details if detail["loc"] not in found and not in_doubt(detail["loc"], mended.doubtful)]


def _next(mended: Mended, details: Sequence[Any], meant: _Names) -> Mended | None:
    found = {(*path[:-1], name) for path, name in meant.items() if name}
    left: Mended | None = mended
    for detail in details:
        path = detail["loc"]
        if left is None:
            return None
        if meant.get(path):
            left = renamed(left, path, meant[path])
        elif detail["type"] == "missing":
            left = left if path in found else filled_in(left, path)
        else:
            left = taken_out(left, path[:-1] if path and path[-1] == "[key]" else path)
    return left
