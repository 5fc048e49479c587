"""Which facts the texts of one list may name: the catalogue, with the names that the files add."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from engine.core.catalogue import Kind, ListOf, Record, Scope, Type, scope, type_of
from engine.core.expressions import Odd
from engine.core.model import Item, TaskList
from engine.core.organisation import CustomField, Organisation

_CUSTOM_KINDS = {"text": Kind.TEXT, "number": Kind.NUMBER, "boolean": Kind.BOOL, "date": Kind.DATE}
_INPUT_KINDS = {"text": Kind.TEXT, "int": Kind.INT, "bool": Kind.BOOL, "date": Kind.DATE}

UNKNOWN = cast(Type, Odd.FAULTY)
"""The type of a name whose declaration has a mistake: nothing is said of texts that use it."""


def custom_kinds(fields: Mapping[str, CustomField]) -> dict[str, Kind]:
    """Return the type of each custom field's fact."""
    return {name: _CUSTOM_KINDS[given.type] for name, given in fields.items()}


def base_scope(
    tasklist: TaskList, organisation: Organisation, locations: Sequence[str], doubtful: Iterable[tuple[str | int, ...]]
) -> Scope:
    """Return what every text of the list may name, at the locations where it can run.

    `doubtful` are the paths of the list that have a mistake already: inputs among them are of UNKNOWN type.
    """
    shared: dict[str, Type] = {}
    for name in locations:
        shared |= {var: type_of(value) for var, value in organisation.locations[name].vars.items()}
    inputs: dict[str, Type] = {
        name: _list_type(given.default) if given.type == "list" else _INPUT_KINDS[given.type]
        for name, given in tasklist.inputs.items()
    }
    unsure = [path[1:2] for path in doubtful if path[0] == "inputs"]
    inputs |= {str(name[0]): UNKNOWN for name in unsure if name}
    names = dict(scope(custom_kinds(organisation.custom_fields), shared, inputs))
    names |= {name: Kind.DATE for name in tasklist.anchors if name not in names}
    return names | {"inputs": UNKNOWN} if () in unsure else names


def undeclared(item: Item, names: Scope) -> Scope:
    """Return the first names in an item's texts that nothing declares, as UNKNOWN: its for_each has a mistake."""
    texts = _texts_of(item)
    return dict.fromkeys(set(re.findall(r"(?<![\w.])([a-z_]\w*)\.", texts)) - set(names), UNKNOWN)


def _list_type(default: object) -> Type:
    return type_of(default) if default else ListOf(Kind.TEXT)


def thing_type(item: Item, element: Type) -> Type:
    """Return the type of a for_each thing.

    An input list without a default says nothing of its mappings: the names that the item uses count as texts.
    """
    loop = item.for_each
    if loop is None or loop.key is None or element is not Kind.TEXT:
        return element
    texts = f"{_texts_of(item)} {loop.key}"
    return Record(dict.fromkeys(re.findall(rf"\b{loop.name}\.(\w+)", texts), Kind.TEXT))


def _texts_of(item: Item) -> str:
    lines = (line.when for line in item.checklist or ())
    texts = (text for _, wording in item.wordings() for text in wording.texts.values())
    return " ".join(filter(None, (*texts, item.when, *lines)))


def lists_in(names: Scope) -> str:
    """Return the lists that for_each can go over, for a message."""
    inputs = names["inputs"].fields if isinstance(names["inputs"], Record) else {}
    own = [f"inputs.{name}" for name, kind in inputs.items() if isinstance(kind, ListOf)]
    return ", ".join(["contract.desks", "team.members", *own])
