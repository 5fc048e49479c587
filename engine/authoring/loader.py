"""Files to models: every mistake of shape becomes a Problem with its place, all of them at once."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from engine.authoring.nodes import Mapping, Node, Scalar, parse, to_data
from engine.authoring.nodes import Sequence as SequenceNode
from engine.authoring.source import Source
from engine.core.errors import Place, Problem, Problems
from engine.core.scalars import shown
from engine.core.words import NOT_YET, nearest

M = TypeVar("M", bound=BaseModel)
Path = Sequence[str | int]


@dataclass(frozen=True)
class Loaded(Generic[M]):
    """A model with the file it came from, so that whatever is found wrong later still has its place."""

    model: M
    source: Source
    node: Node

    def place(self, path: Path, offset: int | None = None) -> Place:
        return place_of(self.source, self.node, path, offset)


def load(model: type[M], source: Source) -> Loaded[M]:
    """Return the model of a file.

    Raises:
        Problems: everything that is wrong with the file's shape and values.
    """
    node, problems = parse(source)
    if not isinstance(node, Mapping):
        raise Problems(
            [*problems, Problem(Place(source.name, 1, 1), "a file is a mapping of keys to values")]
        )
    try:
        return _without(problems, Loaded(model.model_validate(to_data(node)), source, node))
    except ValidationError as error:
        shaped = [_problem(model, source, node, detail) for detail in error.errors(include_url=False)]
        raise Problems([*problems, *dict.fromkeys(shaped)]) from None


def _without(problems: Iterable[Problem], loaded: Loaded[M]) -> Loaded[M]:
    if found := list(problems):
        raise Problems(found)
    return loaded


def place_of(source: Source, node: Node, path: Path, offset: int | None = None) -> Place:
    """Return where the value of a path stands, or the nearest thing above it that does stand in the file.

    `offset` counts characters into the text of a scalar.
    """
    for part in path:
        below = _child(node, part)
        if below is None:
            break
        node = below
    if isinstance(node, Scalar) and offset:
        return _inside(source, node, offset)
    return source.at(node.line, node.column)


def key_place(source: Source, node: Node, path: Path) -> Place:
    """Return where the last key of a path stands."""
    for part in path[:-1]:
        node = _child(node, part) or node
    if isinstance(node, Mapping):
        for key, _ in node.entries:
            if key.text == path[-1]:
                return source.at(key.line, key.column)
    return source.at(node.line, node.column)


def _child(node: Node, part: str | int) -> Node | None:
    if isinstance(node, Mapping):
        return next((value for key, value in node.entries if key.text == part), None)
    if isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.parts):
        return node.parts[part]
    return None


def _inside(source: Source, node: Scalar, offset: int) -> Place:
    before = node.text[:offset]
    below = before.count("\n")
    if node.block:
        line = node.line + 1 + below
        content = source.line(node.line + 1)
        indent = len(content) - len(content.lstrip(" "))
        return source.at(line, indent + len(before) - (before.rfind("\n") + 1))
    if below or offset > len(source.line(node.line)) - node.column:
        return source.at(node.line, node.column)  # folded over lines: the start is as near as it gets
    return source.at(node.line, node.column + int(node.quoted) + offset)


def _problem(model: type[BaseModel], source: Source, node: Node, detail: Any) -> Problem:
    path, kind = detail["loc"], detail["type"]
    if kind == "extra_forbidden":
        return _unknown_key(model, source, node, path)
    if kind == "missing":
        allowed = ", ".join(_keys_at(model, path[:-1]))
        return Problem(place_of(source, node, path[:-1]), f"the key {path[-1]!r} is missing", allowed=allowed)
    place = (
        key_place(source, node, path[:-1]) if path and path[-1] == "[key]" else place_of(source, node, path)
    )
    if kind == "value":
        return _told(place, detail["ctx"])
    wanted = {
        "tuple_type": "a list",
        "list_type": "a list",
        "dict_type": "a mapping",
        "model_type": "a mapping",
    }
    if kind in wanted:
        return Problem(place, f"this must be {wanted[kind]}", found=shown(detail["input"]))
    return Problem(place, detail["msg"][:1].lower() + detail["msg"][1:], found=shown(detail["input"]))


def _told(place: Place, context: dict[str, Any]) -> Problem:
    found, allowed, close, corrected = (
        str(context.get(name) or "") for name in ("found", "allowed", "nearest", "corrected")
    )
    return Problem(place, context["what"], found, allowed, close, corrected)


def _unknown_key(model: type[BaseModel], source: Source, node: Node, path: Path) -> Problem:
    name, keys = str(path[-1]), _keys_at(model, path[:-1])
    place = key_place(source, node, path)
    if name in NOT_YET:
        return Problem(place, f"{name!r} ({NOT_YET[name]}) is not available yet")
    return Problem(
        place, f"the key {name!r} is not known here", allowed=", ".join(keys), nearest=nearest(name, keys)
    )


def _keys_at(model: type[BaseModel], path: Path) -> list[str]:
    """Return the keys that a model, or the model below it that a path leads to, allows."""
    found: Any = model
    for part in path:
        found = _below(found, part)
    owner = _model_in(found)
    return list(owner.model_fields) if owner else []


def _below(annotation: Any, part: str | int) -> Any:
    owner = _model_in(annotation)
    if owner is not None:
        field = owner.model_fields.get(str(part))
        return field.annotation if field else None
    arguments = [a for a in typing.get_args(annotation) if a not in (type(None), Ellipsis)]
    return arguments[-1] if arguments else None


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if typing.get_origin(annotation) in (typing.Annotated, typing.Union, types.UnionType):
        found = (_model_in(part) for part in typing.get_args(annotation))
        return next((part for part in found if part is not None), None)
    return None
