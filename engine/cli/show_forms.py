"""The forms of `tasklists show`: lines of text, Markdown, JSON and YAML. Only makes text from a loaded list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from engine.authoring.changing import id_of
from engine.authoring.dumping import dumped
from engine.authoring.effective import ShownItem, View, shown_items
from engine.authoring.loader import Loaded
from engine.authoring.mending import STAND_INS
from engine.authoring.nodes import Mapping, Node
from engine.core.model import TaskList
from engine.core.report import visible

_INDENT = " " * 7


def as_text(loaded: Loaded[TaskList], view: View) -> Iterator[str]:
    """Yield a list's lines for a terminal; no data can steer it."""
    yield visible(_title(loaded, view))
    for line in _head(loaded, view):
        yield visible(f"  {line}")
    phase = None
    for item in shown_items(loaded, view):
        if item.phase != phase:
            phase = item.phase
            yield from ("", visible(phase)) if phase else ("",)
        yield visible(f"[ ] {item.name}  ({item.id})")
        for word, told in _details(loaded, item):
            first, *rest = told.split("\n")
            yield visible(f"{_INDENT}{word:<9}{first}")
            yield from (visible(f"{_INDENT}{'':<9}{line}") for line in rest)


def as_markdown(loaded: Loaded[TaskList], view: View) -> Iterator[str]:
    """Yield a list's lines as a Markdown checklist."""
    yield f"# {_escaped(_title(loaded, view))}"
    yield ""
    yield from (f"- {_escaped(line)}" for line in _head(loaded, view))
    phase = None
    for item in shown_items(loaded, view):
        if item.phase != phase:
            phase = item.phase
            yield from ("", f"## {_escaped(phase)}", "") if phase else ("",)
        yield f"- [ ] **{_escaped(item.name)}** (`{item.id}`)"
        for word, told in _details(loaded, item):
            lines = [_escaped(line) for line in told.split("\n")]
            yield f"  - {word}: {'<br>'.join(lines)}"


def as_json(loaded: Loaded[TaskList], view: View) -> dict[str, Any]:
    """Return a list as JSON, with the place of each item and of each part that comes from elsewhere."""
    there = loaded.at.get(view.location, loaded).model
    return {
        "tasklist": there.tasklist,
        "name": view.text(there.name),
        "description": there.description or "",
        "location": view.location or None,
        "abstract": there.abstract,
        "files": [source.name for source in (loaded.source, *loaded.others)],
        "on": list(there.applies.on),
        "locations": list(there.applies.locations),
        "anchor": there.anchor,
        "once_per": there.once_per,
        "items": [_item_json(item) for item in shown_items(loaded, view)],
    }


def _item_json(item: ShownItem) -> dict[str, Any]:
    told = {name: getattr(item, name) for name in ShownItem.__dataclass_fields__}
    told |= {name: list(told[name]) for name in ("checklist", "conditions", "after")}
    told["place"] = dict(zip(("file", "line"), item.place[:2], strict=True))
    told["changes"] = [{"key": one.key, "file": one.place.file, "line": one.place.line} for one in item.changes]
    return told


def as_yaml(loaded: Loaded[TaskList], view: View) -> str:
    """Return the effective list as YAML that reads as the same list; comments say where items come from."""
    there = loaded.at.get(view.location, loaded)
    items = {item.id: item for item in shown_items(loaded, view)}

    def remark(node: Node) -> tuple[str, ...]:
        number = id_of(node)
        item = items.get(number.text) if number else None
        return tuple(visible(line) for line in _origins(loaded, item)) if item else ()

    assert isinstance(there.node, Mapping)
    order = [name for name in TaskList.model_fields if name != "items"]
    entries = sorted(there.node.entries, key=lambda entry: (order + ["items"]).index(entry[0].text))
    return dumped(replace(there.node, entries=tuple(entries)), remark)


def _title(loaded: Loaded[TaskList], view: View) -> str:
    there = loaded.at.get(view.location, loaded).model
    at = f" at {view.location}" if view.location else ""
    has_name = not there.abstract or str(there.name) != STAND_INS["name"]
    name = view.text(there.name) if has_name else "named by the list that extends it"
    return f"{there.tasklist}{at}: {name}"


def _head(loaded: Loaded[TaskList], view: View) -> Iterator[str]:
    there = loaded.at.get(view.location, loaded).model
    applies = there.applies
    if there.description:
        yield there.description.strip()
    if loaded.others:
        yield f"made of {', '.join(source.name for source in (loaded.source, *loaded.others))}"
    if loaded.at and not view.location:
        yield f"otherwise at {', '.join(sorted(loaded.at))}: see --location"
    if there.abstract:
        yield "abstract: never run by itself"
        return
    yield f"starts on {', '.join(applies.on)}" if applies.on else "starts by hand only"
    if applies.locations:
        yield f"for {', '.join(applies.locations)}"
    if applies.tariffs:
        yield f"for the plans {', '.join(plan.name or str(plan.tariff) for plan in applies.tariffs)}"
    if applies.when:
        yield f"if {applies.when}"
    yield f"once per {there.once_per}"
    for name, given in there.inputs.items():
        yield f"asks for {name} ({given.type})" if given.default is None else f"takes {name} ({given.type})"
    for name, rules in there.anchors.items():
        yield f"{name} is {', else '.join(map(str, rules))}"


def _details(loaded: Loaded[TaskList], item: ShownItem) -> Iterator[tuple[str, str]]:
    yield from ((word, told) for word, told in (("who", item.responsible), ("due", item.due)) if told)
    yield from (("if", condition) for condition in item.conditions)
    more = [
        ("each", item.for_each),
        ("after", ", ".join(item.after)),
        ("gate", "nothing below is made until this is completed" if item.gate else ""),
        ("create", item.create),
        ("optional", "left out where a fact or a day is missing" if item.optional else ""),
        ("same as", item.same_as),
        ("clocks", item.clock_change),
        ("e-mail", "when it is due" if item.notify_by_email and item.due else ""),
        ("seen by", "everyone" if item.display_to_everyone else ""),
        ("once per", item.once_per if item.once_per != loaded.model.once_per else ""),
        ("notes", item.notes),
        ("lines", "\n".join(f"[ ] {line}" for line in item.checklist)),
    ]
    yield from ((word, told) for word, told in more if told)
    yield from (("from", line) for line in _origins(loaded, item))


def _origins(loaded: Loaded[TaskList], item: ShownItem) -> Iterator[str]:
    """Yield where an item comes from, when that is another file, and where parts of it were changed."""
    if item.place.file != loaded.source.name:
        yield f"{item.place.file}, line {item.place.line}"
    yield from (f"{one.key}: {one.place.file}, line {one.place.line}" for one in item.changes)


def _escaped(text: str) -> str:
    for sign in "\\`*_[]<>#|":
        text = text.replace(sign, f"\\{sign}")
    return visible(text)
