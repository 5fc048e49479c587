"""Order among the items of a list: what comes first, what still waits for it, and from when on it may be made.

Pure: no clock, no I/O. It must never let a task be made before all that comes first is completed, and never lose one:
what is left out counts as completed, and what is completed is not asked about again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final, Protocol

from whenever import Instant

from engine.core.calendar import Calendar, clock, long_day
from engine.core.due import Count, DueRule, DueSyntax, parse_due
from engine.core.model import Item
from engine.core.moments import to_zone
from engine.core.resolve import Anchor, resolve
from engine.core.wanted import Waits

DUE: Final = "due"
"""The day that a `create` counts back from."""

CREATE_FORM: Final = "now, N UNIT before due [at HH:MM|opening|closing]"


class Looped(Protocol):
    """A for_each: two items that go over the same things by the same key have the same keys."""

    @property
    def source(self) -> tuple[str, ...]: ...

    @property
    def key(self) -> tuple[str, ...]: ...


class Placed(Protocol):
    """An item at its place in the file, made ready."""

    @property
    def item(self) -> Item: ...

    @property
    def loop(self) -> Looped | None: ...


@dataclass(frozen=True)
class Before:
    """One item that comes before another: only its task of the same key, or all of them; named by `after` or a gate."""

    item: str
    same_key: bool = False
    named: bool = True


@dataclass(frozen=True)
class Order:
    """What comes before each item, and the items in an order in which what comes first stands first."""

    before: Mapping[str, tuple[Before, ...]]
    sequence: tuple[str, ...]

    @property
    def is_plain(self) -> bool:
        """Whether no item waits for another one."""
        return not any(self.before.values())


def order_of(items: Sequence[Placed]) -> Order:
    """Return the order of a list's items, in the order of the file. Names of no item are passed over.

    Items in a cycle stand last, in the order of the file: `check` refuses them.
    """
    placed = {one.item.id: one for one in items}
    gates = gates_above([one.item for one in items])
    before = {}
    for number, one in placed.items():
        named = [name for name in dict.fromkeys(one.item.after or ()) if name in placed and name != number]
        befores = [Before(name, _is_alike(one, placed[name])) for name in named]
        befores += [Before(name, named=False) for name in gates[number]]
        before[number] = tuple(befores)
    return Order(before, _sequence({number: [one.item for one in found] for number, found in before.items()}))


def gates_above(items: Sequence[Item]) -> dict[str, tuple[str, ...]]:
    """Return item -> the gates above it in the file, less those that stand in one row with it."""
    above: dict[str, tuple[str, ...]] = {}
    passed: tuple[str, ...] = ()
    for is_gate, row in groupby(items, key=lambda item: bool(item.gate)):
        numbers = [item.id for item in row]
        above |= dict.fromkeys(numbers, passed)
        passed += tuple(numbers) if is_gate else ()
    return above


def _is_alike(one: Placed, other: Placed) -> bool:
    """Whether two items go over the same things, so that each of their keys has its counterpart."""
    if one.loop is None or other.loop is None:
        return False
    return (one.loop.source, one.loop.key) == (other.loop.source, other.loop.key)


def _sequence(before: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    left = dict(before)
    placed: dict[str, None] = {}
    while left:
        free = [number for number, names in left.items() if all(name in placed for name in names)]
        for number in free or list(left):
            placed[number] = None
            del left[number]
    return tuple(placed)


def find_cycle(before: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """Return names that wait for each other, each for the next and the last for the first; none without a cycle.

    Names that stand on no left side are passed over. Of several cycles the one met first in the order given.
    """
    done: set[str] = set()
    for start in before:
        way: dict[str, list[str]] = {}
        name: str | None = start
        while name is not None:
            if name not in way:
                way[name] = [other for other in before.get(name, ()) if other in before and other not in done]
            if way[name]:
                step = way[name].pop()
                if step in way:
                    names = list(way)
                    return tuple(names[names.index(step) :])
                name = step
            else:
                del way[name]
                done.add(name)
                name = next(reversed(way), None)
    return ()


class Progress:
    """How far one coworker is with a list. `add` every task that is wanted, in the order's sequence, then ask.

    `done`: (item, key) -> since when it is completed. `gone`: those whose tasks staff deleted. `passed`: those that
    were late and are never made.
    """

    def __init__(
        self,
        order: Order,
        done: Mapping[tuple[str, str], Instant],
        gone: Collection[tuple[str, str]] = (),
        *,
        passed: Collection[tuple[str, str]] = (),
    ) -> None:
        self._order = order
        self._done = done
        self._gone = frozenset(gone)
        self._passed = frozenset(passed)
        self._keys: dict[str, list[str]] = {}

    def add(self, item: str, key: str) -> None:
        """Note a wanted task, waiting or not. One that is left out is not added: it counts as completed."""
        if (item, key) not in self._passed:
            self._keys.setdefault(item, []).append(key)

    def waits(self, item: str, key: str) -> Waits | None:
        """Return what a task waits for, None when all that comes before it is completed."""
        open_ones = [one for one in self._tasks_before(item, key) if one not in self._done]
        if not open_ones:
            return None
        gone = [one for one in open_ones if one in self._gone]
        names = tuple(_named(*one) for one in open_ones)
        if not gone:
            return Waits(f"waits until {', '.join(names)} {_is(open_ones)} completed", names)
        deleted = ", ".join(_named(*one) for one in gone)
        reason = f"waits for {deleted}, which {_was(gone)} deleted in Nexudus and cannot be completed any more"
        return Waits(reason, names, stuck=True)

    def done(self, item: str, key: str) -> Instant | None:
        """Return when the last of what `after` names was completed; None while one is open, or without any."""
        moments = [self._done.get(one) for one in self._tasks_before(item, key, named=True)]
        known = [moment for moment in moments if moment is not None]
        return max(known) if known and len(known) == len(moments) else None

    def _tasks_before(self, item: str, key: str, *, named: bool = False) -> list[tuple[str, str]]:
        found: dict[tuple[str, str], None] = {}
        for one in self._order.before.get(item, ()):
            if one.named or not named:
                keys = self._keys.get(one.item, ())
                found |= dict.fromkeys((one.item, other) for other in keys if other == key or not one.same_key)
        return list(found)


def _named(item: str, key: str) -> str:
    return f"{item} [{key}]" if key else item


def _is(names: Sequence[object]) -> str:
    return "is" if len(names) == 1 else "are"


def _was(names: Sequence[object]) -> str:
    return "was" if len(names) == 1 else "were"


def parse_create(text: str) -> DueRule | None:
    """Return the rule that a `create` counts back by; None for `now`.

    Raises:
        DueSyntax: it is neither, with the place in the text.
    """
    if " ".join(text.split()).lower() == "now":
        return None
    try:
        rule = parse_due(text, (DUE,))
    except DueSyntax as error:
        error.allowed = error.allowed if "unit" in error.what else CREATE_FORM
        if "before due" not in error.corrected:
            error.corrected = ""
        raise
    if not isinstance(rule.when, Count) or rule.when.side != "before" or rule.day != DUE:
        raise DueSyntax("not a moment to create at", text.strip(), CREATE_FORM, offset=len(text) - len(text.lstrip()))
    return rule


def creation(rule: DueRule, due_at: Instant, *, zone: str, calendar: Calendar) -> Waits:
    """Return the wait for the moment (UTC) from which a task with that due may be made, at a location's IANA zone.

    It may lie in the past: the planner knows the moment of the plan. Raises as `resolve`.
    """
    due = Anchor(DUE, due_at, "as resolved")
    until = resolve(rule, anchors={DUE: due}, default_anchor=None, zone=zone, calendar=calendar, roll=None).at
    local = to_zone(until, zone)
    return Waits(f"created {rule}, from {long_day(local.date())} {clock(local.time())} on", until=until)


def together(waits: Iterable[Waits | None]) -> Waits | None:
    """Return one wait for several: completions first, for they decide when the others can be told."""
    found = [one for one in waits if one is not None]
    if not found:
        return None
    items = tuple(dict.fromkeys(name for one in found for name in one.items))
    moments = [one.until for one in found if one.until is not None]
    until = max(moments) if moments else None
    return Waits("; ".join(one.reason for one in found), items, until, stuck=any(one.stuck for one in found))
