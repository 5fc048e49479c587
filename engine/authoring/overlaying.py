"""Overlays: what a list says otherwise at one location. Which keys may stand there, and the list with them put on.

Identity is the same at every location: it must never be possible to change it here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from engine.authoring.changing import Tell, changed, entries_of, id_of, merged, place, without
from engine.authoring.nodes import Mapping, Node, Scalar, Sequence
from engine.authoring.places import child
from engine.core.errors import Problem
from engine.core.model import TaskList
from engine.core.overlaying import FIXED_IN_ITEMS, OVERLAY_KEYS
from engine.core.scalars import shown
from engine.core.words import nearest

_WHY = "tasks are known by it, and a coworker's location may change"


def overlays_of(node: Mapping) -> dict[str, tuple[Scalar, Node]]:
    """Return the overlays of one file by location: the key, and what stands below it."""
    found = child(node, "overlays")
    return entries_of(found) if isinstance(found, Mapping) else {}


def overlaid(node: Mapping, overlay: Mapping, location: str, tell: Tell) -> Mapping:
    """Return a list with an overlay put on; what an overlay may not say has been told by `overlay_problems`."""
    entries = entries_of(node)
    own = entries_of(overlay)
    for name in ("name", "description"):
        if name in own:
            entries[name] = own[name]
    if isinstance(given := child(overlay, "defaults"), Mapping):
        before = child(node, "defaults")
        given = without(given, FIXED_IN_ITEMS)
        entries["defaults"] = (own["defaults"][0], merged(before, given) if isinstance(before, Mapping) else given)
    changes, items = child(overlay, "items"), child(node, "items")
    if isinstance(changes, Sequence) and isinstance(items, Sequence):
        known = {number.text for item in items.parts if (number := id_of(item))}
        allowed = [_allowed(change, known) for change in changes.parts]
        parts = changed(items.parts, allowed, f"the list at {location}", tell)
        entries["items"] = (entries["items"][0], replace(items, parts=tuple(parts)))
    return replace(node, entries=tuple(entries.values()))


def _allowed(change: Node, known: set[str]) -> Node:
    number = id_of(change)
    is_known = number is not None and number.text in known
    return without(change, FIXED_IN_ITEMS) if is_known and isinstance(change, Mapping) else change


def overlay_problems(node: Mapping, known_ids: set[str]) -> Iterator[Problem]:
    """Yield all that stands in the overlays of one file and may not; `known_ids` are the items of the whole list."""
    given = child(node, "overlays")
    if given is not None and not isinstance(given, Mapping):
        yield _no_mapping(given, "overlays are a mapping of locations to what differs there")
    for _, overlay in overlays_of(node).values():
        if isinstance(overlay, Mapping):
            yield from _keys(overlay)
            yield from _parts(overlay, known_ids)
        else:
            yield _no_mapping(overlay, "an overlay is a mapping of keys to values")


def _no_mapping(node: Node, what: str) -> Problem:
    found = shown(node.text) if isinstance(node, Scalar) else shown([])
    return Problem(place(node), what, found=found, allowed=", ".join(OVERLAY_KEYS))


def _keys(overlay: Mapping) -> Iterator[Problem]:
    allowed = ", ".join(OVERLAY_KEYS)
    for key, _ in overlay.entries:
        if key.text in OVERLAY_KEYS:
            continue
        if key.text in TaskList.model_fields:
            what = f"an overlay cannot change {key.text!r}: it belongs to the list at all its locations"
            yield Problem(place(key), what, allowed=allowed)
        else:
            what = f"the key {shown(key.text)} is not known here"
            yield Problem(place(key), what, allowed=allowed, nearest=nearest(key.text, OVERLAY_KEYS))


def _parts(overlay: Mapping, known_ids: set[str]) -> Iterator[Problem]:
    defaults, items = child(overlay, "defaults"), child(overlay, "items")
    if defaults is not None and not isinstance(defaults, Mapping):
        yield _no_mapping(defaults, "this must be a mapping of keys to values")
    if isinstance(defaults, Mapping):
        yield from _fixed(defaults)
    if items is not None and not isinstance(items, Sequence):
        yield Problem(place(items), "this must be a list, each entry after a dash or in [ ]")
    for item in items.parts if isinstance(items, Sequence) else ():
        number = id_of(item)
        if isinstance(item, Mapping) and number is not None and number.text in known_ids:
            yield from _fixed(item)


def _fixed(holder: Mapping) -> Iterator[Problem]:
    for key, _ in holder.entries:
        if key.text in FIXED_IN_ITEMS:
            yield Problem(place(key), f"an overlay cannot change {key.text!r}: {_WHY}")
