"""`same_as`: items of two lists that are one task, made by whichever list comes first (design 5.1).

Pure. It must never let two items share an identity that are made for different things: their tasks would hide each
other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from engine.core.model import Item, TaskList
from engine.core.prepared import Finding, Path, Prepared
from engine.core.text_faults import Fault
from engine.core.words import nearest

Target = tuple[str, str]
"""The ids of a list and of an item, as the files have them."""


@dataclass(frozen=True)
class Sameness:
    """What `same_as` comes to in one list."""

    shared: Mapping[str, tuple[str, str]]
    """Item -> the ids of the list and the item that its identity is made of."""
    asked_for: frozenset[str]
    """Items that items of other lists are the same as."""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Shelf:
    """All lists of a folder: those that are sound, and the names of those that no item can be the same as."""

    lists: Mapping[str, TaskList]
    broken: frozenset[str] = frozenset()
    abstract: frozenset[str] = frozenset()


def with_sameness(prepared: Prepared, told: Sameness) -> Prepared:
    """Return the ready list with the identities that its items share."""
    if not (told.shared or told.asked_for):
        return prepared
    return replace(prepared, shared=told.shared, asked_for=told.asked_for)


def sameness(name: str, shelf: Shelf) -> Sameness:
    """Return what `same_as` comes to in a sound list, by its name, with all that is wrong about it."""
    lists = shelf.lists
    found: dict[str, tuple[str, str]] = {}
    findings: list[Finding] = []
    for index, item in enumerate(lists[name].items):
        if item.same_as is None:
            continue
        root = _followed((name, item.id), shelf)
        if not isinstance(root, Fault) and root[0] == name:
            root = Fault(0, 1, f"this leads back to the list's own item {root[1]!r}, and each task is made once")
        if isinstance(root, Fault):
            findings.append(Finding(("items", index, "same_as"), root))
            continue
        findings.extend(_differences(("items", index), (lists[name], item), _at(root, lists)))
        found[item.id] = _identity(root, lists)
    taken = _taken_twice(lists[name], found)
    return Sameness(found, frozenset(_asked_for(name, shelf)), (*findings, *taken))


def _followed(start: Target, shelf: Shelf) -> Target | Fault:
    """Return the item at the end of the way from one that is the same as another, or why there is none."""
    way, at = [start], start
    while (text := _at(at, shelf.lists)[1].same_as) is not None:
        target = _target(text, at, shelf)
        if isinstance(target, Fault):
            return target if at == start else Fault(0, 1, f"{_told(at)}, which it leads to: {target.what}")
        if target in way:
            return Fault(0, 1, f"this goes round in a circle: {' -> '.join(map(_told, (*way, target)))}")
        way.append(target)
        at = target
    return at


def _target(text: str, whose: Target, shelf: Shelf) -> Target | Fault:
    name, _, item = (part.strip() for part in text.partition("/"))
    if not (name and item):
        return Fault(0, 1, "same_as names a list and one of its items", found=repr(text), allowed="LIST/ITEM")
    if name == whose[0]:
        return Fault(0, 1, "an item is the same as one of another list", found=repr(text))
    if name in shelf.broken:
        return Fault(0, 1, f"the list {name!r} has mistakes of its own: mend them first")
    if name in shelf.abstract:
        return Fault(0, 1, f"the list {name!r} is abstract and never made itself: name a list that is made with it")
    if name not in shelf.lists:
        return _no_such("list", name, shelf.lists)
    ids = [one.id for one in shelf.lists[name].items]
    return (name, item) if item in ids else _no_such(f"item of {name}", item, ids)


def _no_such(kind: str, name: str, known: Iterable[str]) -> Fault:
    names = sorted(known)
    return Fault(0, 1, f"there is no {kind} {name!r}", allowed=", ".join(names), nearest=nearest(name, names))


def _differences(path: Path, own: tuple[TaskList, Item], other: tuple[TaskList, Item]) -> Iterator[Finding]:
    """Two items are one task only if they are made as often, for the same things."""
    told = f"{other[0].tasklist}/{other[1].id}"
    mine, theirs = once_per_of(*own), once_per_of(*other)
    if mine != theirs:
        what = f"{told} is made once per {theirs}, and this item once per {mine}: they cannot be one task"
        yield Finding((*path, "same_as"), Fault(0, 1, what, allowed=f"once_per: {theirs}"))
    if _loop(own[1]) != _loop(other[1]):
        what = f"{told} is made {_loop_in_words(other[1])}, and this item {_loop_in_words(own[1])}"
        yield Finding((*path, "same_as"), Fault(0, 1, f"{what}: they cannot be one task"))
    if own[1].formerly is not None:
        what = f"an item that is the same as {told} has the identity of that one, and needs no former id"
        yield Finding((*path, "formerly"), Fault(0, 1, what))


def once_per_of(tasklist: TaskList, item: Item) -> str:
    """Return what an item is made once for, by its own word, the defaults' or the list's."""
    return item.once_per or tasklist.defaults.once_per or tasklist.once_per


def _loop(item: Item) -> tuple[str, str]:
    """What an item goes over, and what its key is, whatever the thing is called."""
    if item.for_each is None:
        return "", ""
    return item.for_each.source.strip(), (item.for_each.key or "").partition(".")[2].strip()


def _loop_in_words(item: Item) -> str:
    source, key = _loop(item)
    return (f"for each of {source}" + (f" by {key}" if key else "")) if source else "once, without for_each"


def _taken_twice(tasklist: TaskList, found: Mapping[str, tuple[str, str]]) -> Iterator[Finding]:
    """Two items of one list that are the same as one other would be one task."""
    seen: dict[tuple[str, str], int] = {}
    for index, item in enumerate(tasklist.items):
        root = found.get(item.id)
        if root is None:
            continue
        if root in seen:
            what = f"two items of this list are the same as {'/'.join(root)}, and each task is made once"
            yield Finding(("items", index, "same_as"), Fault(0, 1, what), other=("items", seen[root], "same_as"))
        seen.setdefault(root, index)


def _asked_for(name: str, shelf: Shelf) -> Iterator[str]:
    for other, tasklist in shelf.lists.items():
        for item in tasklist.items:
            root = _followed((other, item.id), shelf) if item.same_as is not None and other != name else None
            if isinstance(root, tuple) and root[0] == name:
                yield root[1]


def _at(target: Target, lists: Mapping[str, TaskList]) -> tuple[TaskList, Item]:
    tasklist = lists[target[0]]
    return tasklist, next(item for item in tasklist.items if item.id == target[1])


def _identity(target: Target, lists: Mapping[str, TaskList]) -> tuple[str, str]:
    tasklist, item = _at(target, lists)
    return tasklist.formerly or tasklist.tasklist, item.formerly or item.id


def _told(target: Target) -> str:
    return "/".join(target)
