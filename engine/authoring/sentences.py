"""What to say of a value that a model refuses: one sentence, what was found, what is allowed, the nearest name."""

from __future__ import annotations

import types
import typing
from typing import Any

from pydantic import BaseModel

from engine.authoring.nodes import Node, Path
from engine.authoring.places import as_written, child, key_place, place_of
from engine.authoring.source import Source
from engine.core.errors import Place, Problem
from engine.core.scalars import shown
from engine.core.words import NOT_YET, nearest

_SHAPES = {
    "tuple_type": "a list, each entry after a dash or in [ ]",
    "list_type": "a list, each entry after a dash or in [ ]",
    "dict_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
}


_OURS = frozenset({("Responsible", "holder"), ("Holder", "fact")})
"""Fields that nobody writes: the short forms become them."""


def sentence(model: type[BaseModel], source: Source, node: Node, detail: Any) -> Problem:
    """Return the problem that one refusal of pydantic's stands for."""
    path, kind = detail["loc"], detail["type"]
    if kind == "extra_forbidden":
        return _unknown_key(model, source, node, path)
    if kind == "missing":
        allowed = ", ".join(keys_at(model, path[:-1]))
        return Problem(place_of(source, node, path[:-1]), f"the key {path[-1]!r} is missing", allowed=allowed)
    is_key = bool(path) and path[-1] == "[key]"
    place = key_place(source, node, path[:-1]) if is_key else place_of(source, node, path)
    if kind == "value":
        corrected = detail["ctx"].get("corrected") or ""
        return _told(place, detail["ctx"], corrected if is_key else as_written(source, node, path, corrected))
    if kind in _SHAPES:
        allowed = ", ".join(keys_at(model, path)) if kind == "model_type" else ""
        return Problem(place, f"this must be {_SHAPES[kind]}", found=shown(detail["input"]), allowed=allowed)
    return Problem(place, detail["msg"][:1].lower() + detail["msg"][1:], found=shown(detail["input"]))


def meant_key(model: type[BaseModel], node: Node, path: Path) -> str:
    """Return the key that a misspelt one most likely is, when that one is not there as well, or ''."""
    holder: Node | None = node
    for part in path[:-1]:
        holder = child(holder, part) if holder else None
    close = "" if path[-1] in NOT_YET else nearest(str(path[-1]), keys_at(model, path[:-1]))
    return close if close and holder and child(holder, close) is None else ""


def _told(place: Place, context: dict[str, Any], corrected: str) -> Problem:
    found, allowed, close = (str(context.get(name) or "") for name in ("found", "allowed", "nearest"))
    return Problem(place, context["what"], found, allowed, close, str(corrected))


def _unknown_key(model: type[BaseModel], source: Source, node: Node, path: Path) -> Problem:
    name, keys = str(path[-1]), keys_at(model, path[:-1])
    place = key_place(source, node, path)
    if name in NOT_YET:
        return Problem(place, f"{name!r} ({NOT_YET[name]}) is not available yet")
    return Problem(
        place, f"the key {shown(name)} is not known here", allowed=", ".join(keys), nearest=nearest(name, keys)
    )


def keys_at(model: type[BaseModel], path: Path) -> list[str]:
    """Return the keys that a model, or the model below it that a path leads to, allows."""
    found: Any = model
    for part in path:
        found = _below(found, part)
    owner = _model_in(found)
    written = ((name, field.alias or name) for name, field in owner.model_fields.items()) if owner else ()
    return [alias for name, alias in written if (owner.__name__ if owner else "", name) not in _OURS]


def _below(annotation: Any, part: str | int) -> Any:
    several = _several_in(annotation) if isinstance(part, int) else None
    if several is not None:
        return several
    owner = _model_in(annotation)
    if owner is not None:
        fields = owner.model_fields.items()
        return next((field.annotation for name, field in fields if (field.alias or name) == part), None)
    arguments = [a for a in typing.get_args(annotation) if a not in (type(None), Ellipsis)]
    return arguments[-1] if arguments else None


def _several_in(annotation: Any) -> Any:
    """Return what each entry is where one or several may stand, such as the holidays of a calendar, or None."""
    if typing.get_origin(annotation) is tuple:
        return typing.get_args(annotation)[0]
    parts = typing.get_args(annotation) if _is_choice(annotation) else ()
    return next((found for part in parts if (found := _several_in(part)) is not None), None)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if _is_choice(annotation):
        found = (_model_in(part) for part in typing.get_args(annotation))
        return next((part for part in found if part is not None), None)
    return None


def _is_choice(annotation: Any) -> bool:
    return typing.get_origin(annotation) in (typing.Annotated, typing.Union, types.UnionType)
