"""Items beside each other: tasks that nobody can tell apart by name, and an order in which something waits for nothing.

Pure. It must never call two tasks alike that no coworker gets both of.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from engine.core.due import Due
from engine.core.lint_view import View
from engine.core.order import gates_above
from engine.core.prepared import Finding, Path, ReadyItem
from engine.core.text_faults import Fault

Key = tuple[str, tuple[str, ...]]
"""The text of a name, and what its loop goes over where the text names the thing."""


def lint_items(view: View) -> Iterator[Finding]:
    """Yield a warning for names that two tasks of one batch share, and for an order that means nothing."""
    items = view.prepared.items
    for index, ready in enumerate(items):
        yield from _loop_names(index, ready)
        yield from _after_nothing(view, index, ready)
    yield from _equal_names(view)
    yield from _idle_gates(view)


def _warning(path: Path, code: str, what: str, *, other: Path = (), found: str = "") -> Finding:
    return Finding(path, Fault(0, 1, what, found=found), warning=True, other=other, code=code)


def _loop_names(index: int, ready: ReadyItem) -> Iterator[Finding]:
    """Yield a warning for each name, by language, that is the same for all things of its loop."""
    loop = ready.loop
    if loop is None:
        return
    for tag, text in ready.name.texts:
        if all(path[0] != loop.name for path in text.facts_used):
            at: Path = ("items", index, "name", *([tag] if tag else []))
            what = f"each {loop.name} of {'.'.join(loop.source)} gets a task of this name, and none says for which"
            yield _warning(at, "same-name", what, found=repr(text.source))


def _equal_names(view: View) -> Iterator[Finding]:
    """Yield a warning for the second of two items whose tasks bear one name for the same coworker."""
    items = list(enumerate(view.prepared.items))
    told: set[int] = set()
    for (first, one), (second, other) in combinations(items, 2):
        if second in told or (one.once_per == "team") is not (other.once_per == "team"):
            continue
        shared = _keys(one) & _keys(other)
        if shared and view.are_both_reached(one, other):
            told.add(second)
            name = min(key[0] for key in shared)
            what = f"{other.item.id!r} and {one.item.id!r} make two tasks of one name"
            path: Path = ("items", second, "name")
            yield _warning(path, "same-name", what, other=("items", first, "name"), found=repr(name))


def _keys(ready: ReadyItem) -> frozenset[Key]:
    """Return what an item's name comes to in each language: equal keys are equal names."""
    loop, found = ready.loop, set[Key]()
    for _, text in ready.name.texts:
        of_loop = loop is not None and any(path[0] == loop.name for path in text.facts_used)
        found.add((" ".join(text.source.split()), loop.source if loop is not None and of_loop else ()))
    return frozenset(found)


def _after_nothing(view: View, index: int, ready: ReadyItem) -> Iterator[Finding]:
    """Yield a warning for an item after others that nobody gets: what is left out counts as completed."""
    named = [one for one in view.prepared.items if one.item.id in ready.after]
    if not named or any(view.is_reached(one) for one in named):
        return
    names = ", ".join(one.item.id for one in named)
    rest = "so it waits for nothing"
    if ready.due is not None and "done" in _days(ready.due, ready.anchor) and ready.due.fallback is None:
        rest = "so `done` never has a day" + (" and it is always left out" if ready.optional else ": every run fails")
    yield _warning(("items", index, "after"), "after-nothing", f"nobody gets {names}, {rest}", found=repr(names))


def _days(due: Due, anchor: str | None) -> frozenset[str]:
    return due.rule.anchors() or frozenset({anchor} if anchor else ())


def _idle_gates(view: View) -> Iterator[Finding]:
    """Yield a warning for each gate that nothing stands below."""
    for of_team in (False, True):
        part = [(at, one) for at, one in enumerate(view.prepared.items) if (one.once_per == "team") is of_team]
        shut = {gate for gates in gates_above([one.item for _, one in part]).values() for gate in gates}
        for index, ready in part:
            if ready.gate and ready.item.id not in shut:
                what = "nothing stands below this gate, so it holds nothing back"
                yield _warning(("items", index, "gate"), "idle-gate", what)
