"""Every key that a file may hold stands in an example of the README; test_docs_guide executes the examples."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping
from functools import cache

import pytest
from pydantic import BaseModel
from readme_examples import CASES, LISTS, ORGANISATIONS, README, data

from engine.core.cases import CaseFile
from engine.core.forms import ForEach, Holder, Responsible, Tariff
from engine.core.lint_codes import LIST_CODES, ORGANISATION_CODES
from engine.core.organisation import Organisation
from engine.core.overlaying import WrittenList
from engine.core.roster import Delegate
from engine.core.wordings import Wording
from engine.core.words import ANCHORS, EVENTS

Model = type[BaseModel]

OURS = {
    Holder: {"email", "fact"},
    Responsible: {"holder"},
    Delegate: {"holder"},
    ForEach: {"name", "source"},
    Tariff: {"name"},
    Wording: {"texts"},
}
"""Fields that no file names: what a short form becomes."""


def models_in(annotation: object) -> Iterator[Model]:
    """Yield the models that a field's type speaks of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in typing.get_args(annotation):
        yield from models_in(part)


@cache
def keys_of(model: Model) -> Mapping[str, tuple[Model, ...]]:
    """Return the keys that a mapping of this model may hold, each with the models below it."""
    fields = model.model_fields.items()
    ours = OURS.get(model, set())
    return {
        field.alias or name: tuple(models_in(field.annotation) if not field.metadata else all_models(model, name))
        for name, field in fields
        if name not in ours
    }


def all_models(model: Model, name: str) -> Iterator[Model]:
    """Yield the models in a field's type as it is written, its metadata included."""
    yield from models_in(typing.get_type_hints(model, include_extras=True)[name])


def reachable(model: Model, found: dict[Model, set[str]]) -> dict[Model, set[str]]:
    """Return every model below one, with its keys."""
    if model not in found:
        found[model] = set(keys_of(model))
        for below in keys_of(model).values():
            for one in below:
                reachable(one, found)
    return found


def note(value: object, models: tuple[Model, ...], used: dict[Model, set[str]]) -> None:
    """Note the keys of a value for each model that it can be."""
    if isinstance(value, list):
        for part in value:
            note(part, models, used)
    if not isinstance(value, dict):
        return
    for model in models:
        known = keys_of(model)
        if set(value) <= set(known) or (model is ForEach and len(set(value) - set(known)) == 1):
            used.setdefault(model, set()).update(set(value) & set(known))
            for name in set(value) & set(known):
                note(value[name], known[name], used)
    if not any(set(value) <= set(keys_of(model)) for model in models):
        for part in value.values():  # a mapping of names
            note(part, models, used)


ROOTS: tuple[tuple[Model, list[str]], ...] = (
    (WrittenList, list(LISTS.values())),
    (Organisation, ORGANISATIONS),
    (CaseFile, list(CASES.values())),
)


@pytest.mark.parametrize(("root", "texts"), ROOTS, ids=[root.__name__ for root, _ in ROOTS])
def test_every_key_of_every_model_stands_in_an_example(root: Model, texts: list[str]) -> None:
    used: dict[Model, set[str]] = {}
    for text in texts:
        note(data(text), (root,), used)
    missing = {model.__name__: sorted(keys - used.get(model, set())) for model, keys in reachable(root, {}).items()}
    assert {name: keys for name, keys in missing.items() if keys} == {}


def test_the_readme_names_every_day_event_and_word_of_a_warning() -> None:
    for word in (*ANCHORS, *EVENTS, *LIST_CODES, *ORGANISATION_CODES):
        assert f"`{word}`" in README or word in README, word


def test_every_way_to_pick_and_each_word_of_a_due_stands_in_the_readme() -> None:
    for word in ("first", "rotate", "least_loaded"):
        assert f"pick: {word}" in README
    for name, words in {
        "roll": ("next", "previous", "nearest", "none"),
        "late": ("closing", "keep", "skip", "fail"),
        "type": ("text", "int", "bool", "date", "list", "number", "boolean"),
        "gap": ("later", "earlier", "fail"),
    }.items():
        assert name in README
        assert [word for word in words if word not in README] == []
