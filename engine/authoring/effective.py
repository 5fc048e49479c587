"""A list as a person reads it: what is in force for each item, in words, and in which file each part stands.

Values only, made from a loaded list. It must never say of an item what a run would not do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from engine.authoring.loader import Loaded
from engine.authoring.nodes import Mapping, Node
from engine.authoring.places import child
from engine.core.anchors import anchor_names
from engine.core.due import DueSyntax, parse_due
from engine.core.errors import Place
from engine.core.fact_days import fact_day_names
from engine.core.forms import ForEach, Responsible
from engine.core.model import ClockChange, Item, TaskList
from engine.core.organisation import Organisation
from engine.core.people import role_chain
from engine.core.wordings import Wording


@dataclass(frozen=True)
class Origin:
    """Where one part of an item stands, when that is not where the item stands."""

    key: str
    place: Place


@dataclass(frozen=True)
class ShownItem:
    """One item, in words."""

    id: str
    phase: str
    name: str
    notes: str
    checklist: tuple[str, ...]
    responsible: str
    due: str
    conditions: tuple[str, ...]
    for_each: str
    once_per: str
    after: tuple[str, ...]
    gate: bool
    optional: bool
    create: str
    same_as: str
    clock_change: str
    notify_by_email: bool
    display_to_everyone: bool
    place: Place
    changes: tuple[Origin, ...]


@dataclass(frozen=True)
class View:
    """At which location, in which languages (the best first) a list is read; of whom roles are told."""

    organisation: Organisation
    location: str = ""
    languages: tuple[str, ...] = ()

    def text(self, wording: Wording | None) -> str:
        """Return a text in the first of the languages that it has, else as it was written first."""
        if wording is None:
            return ""
        known = {tag.lower(): text for tag, text in wording.texts.items()}
        for language in self.languages:
            for tag in (language.lower(), language.lower().partition("-")[0]):
                if tag in known:
                    return known[tag]
        return str(wording)


def shown_items(loaded: Loaded[TaskList], view: View) -> tuple[ShownItem, ...]:
    """Return the items of a list as they are at the view's location."""
    there = loaded.at.get(view.location, loaded)
    before = _keys_of(loaded) if there is not loaded else set()
    return tuple(
        _shown(there, index, view, tuple(_changes(there, index, before))) for index in range(len(there.model.items))
    )


def _shown(loaded: Loaded[TaskList], index: int, view: View, changes: tuple[Origin, ...]) -> ShownItem:
    item, defaults = loaded.model.items[index], loaded.model.defaults
    when = item.when or defaults.when
    return ShownItem(
        id=item.id,
        phase=view.text(item.phase or defaults.phase),
        name=view.text(item.name),
        notes=view.text(item.notes or defaults.notes).rstrip(),
        checklist=tuple(
            view.text(line.line) + (f" (if {line.when})" if line.when else "") for line in item.checklist or ()
        ),
        responsible=who(item.responsible or defaults.responsible, view),
        due=due_in_words(item, loaded.model, view.organisation),
        conditions=(when,) if when else (),
        for_each=_each(item.for_each),
        once_per=item.once_per or defaults.once_per or loaded.model.once_per,
        after=item.after or (),
        gate=bool(item.gate),
        optional=_first(item.optional, defaults.optional),
        create=item.create or defaults.create or "",
        same_as=item.same_as or "",
        clock_change=_clocks(item.clock_change),
        notify_by_email=_first(item.notify_by_email, defaults.notify_by_email),
        display_to_everyone=_first(item.display_to_everyone, defaults.display_to_everyone),
        place=loaded.place(("items", index)),
        changes=changes,
    )


def due_in_words(item: Item, tasklist: TaskList, organisation: Organisation) -> str:
    """Return an item's due rule in its canonical words, with all that bounds it, or '' where there is none."""
    due, given = item.due, tasklist.defaults
    if due is None:
        return ""
    names = anchor_names(tasklist, item, fact_day_names(organisation))
    anchor = item.anchor or given.anchor or tasklist.anchor
    parts = [_rule(due.rule, names, anchor)]
    bounds = (("not before", due.not_before), ("not after", due.not_after), ("or else", due.fallback))
    parts += [f"{word} {_rule(rule, names, anchor)}" for word, rule in bounds if rule]
    roll, late = due.roll or given.roll, due.late or given.late
    parts += [f"on a closed day: {roll}"] if roll else []
    parts += [f"when late: {late}"] if late else []
    return "; ".join(parts)


def _rule(text: str, names: Collection[str], anchor: str | None) -> str:
    """Return a rule's canonical words with the day that it means; as it is written where that cannot be told."""
    try:
        rule = parse_due(text, names)
    except DueSyntax:  # an abstract list may name days that only its users have
        return text
    return str(replace(rule, day=anchor) if rule.day is None and anchor else rule)


def who(responsible: Responsible | None, view: View) -> str:
    """Return who is responsible, and at a location the people who hold the role."""
    if responsible is None:
        return ""
    if responsible.source:
        other = f", else {responsible.fallback}" if responsible.fallback else ""
        return f"whom {responsible.source} names{other}"
    if responsible.role is None:
        return str(responsible.holder)
    pick = f" ({responsible.pick})" if responsible.pick != "first" else ""
    return f"{responsible.role}{pick}{_holders(responsible.role, view)}"


def _holders(role: str, view: View) -> str:
    if not view.location or role not in view.organisation.known_roles():
        return ""
    for name in role_chain(view.organisation, role):
        if held := view.organisation.holders_at(name, view.location):
            stand_in = f" as {name}" if name != role else ""
            return f": {', '.join(map(str, held))}{stand_in}"
    return ""


def _clocks(rule: ClockChange | None) -> str:
    return f"a time that a clock change leaves out: {rule.gap}; one that comes twice: {rule.overlap}" if rule else ""


def _first(*values: bool | None) -> bool:
    return next((value for value in values if value is not None), False)


def _each(loop: ForEach | None) -> str:
    if loop is None:
        return ""
    return f"{loop.name} of {loop.source}" + (f", told apart by {loop.key}" if loop.key else "")


def _item_nodes(loaded: Loaded[TaskList]) -> Sequence[Node]:
    items = child(loaded.node, "items")
    return getattr(items, "parts", ())


def _keys_of(loaded: Loaded[TaskList]) -> set[Place]:
    """Return the places of all keys of all items."""
    return {place for item in _item_nodes(loaded) for _, place in _keys(item)}


def _keys(item: Node) -> Iterator[tuple[str, Place]]:
    for key, _ in item.entries if isinstance(item, Mapping) else ():
        if key.source is not None:
            yield key.text, key.source.at(key.line, key.column)


def _changes(loaded: Loaded[TaskList], index: int, before: set[Place]) -> Iterator[Origin]:
    """Yield the parts of an item that another file gave it, or the location's overlay."""
    item = _item_nodes(loaded)[index]
    own = item.source.name if item.source else loaded.source.name
    is_new = before and not any(place in before for _, place in _keys(item))
    for key, place in _keys(item):
        if place.file != own or (before and not is_new and place not in before):
            yield Origin(key, place)
