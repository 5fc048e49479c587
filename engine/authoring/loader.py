"""Files to models: every mistake of shape becomes a Problem with its place, all of them at once.

What `load` returns is sound. What `load_mended` returns may have its mistakes taken out: for further checks only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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

    def place(self, path: Path, offset: int | None = None) -> Place:
        return place_of(self.source, self.node, path, offset)


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
    node, duplicates = parse(source)
    if not isinstance(node, Mapping):
        raise Problems([*duplicates, Problem(Place(source.name, 1, 1), "a file is a mapping of keys to values")])
    problems: dict[Problem, None] = dict.fromkeys(duplicates)
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
