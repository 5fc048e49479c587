"""The order among a list's items made ready: names that exist, no cycle, moments of creation that can be told. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from engine.core.checking import Checking
from engine.core.due import DueRule, DueSyntax
from engine.core.model import Item
from engine.core.order import find_cycle, gates_above, parse_create
from engine.core.prepared import Finding, Path
from engine.core.text_faults import Fault

Named = tuple[int, Item]
"""An item with its place in the file."""


def check_order(check: Checking) -> None:
    """Note what `after` and `gate` cannot mean: unknown names, items that wait for themselves, two batches."""
    items = [one for one in enumerate(check.tasklist.items) if not check.doubted("items", one[0])]
    for named in items:
        _check_names(check, named, items)
    _check_cycle(check, items)


def _check_names(check: Checking, named: Named, items: Sequence[Named]) -> None:
    index, item = named
    known = {other.id: other for _, other in items}
    for number, name in enumerate(item.after or ()):
        path = _path(item, index, number)
        if name == item.id:
            check.fault(path, f"the item {name!r} would wait for itself")
        elif name not in known:
            if all(name != other.id for other in check.tasklist.items):  # else that one has a mistake of its own
                check.unknown(path, "item", name, [one for one in known if one != item.id])
        elif name in (item.after or ())[:number]:
            check.fault(path, f"{name!r} is named twice", code="named-twice")
        elif _of_team(check, item) != _of_team(check, known[name]):
            what = f"{name!r} and {item.id!r} are not made for the same person: one of the two is once per team"
            check.fault(path, what, allowed="items that are both made once per team, or both not")


def _path(item: Item, index: int, number: int) -> Path:
    """The place of one name: of a single one, which may stand without brackets, that of the key."""
    return ("items", index, "after", number) if len(item.after or ()) > 1 else ("items", index, "after")


def _of_team(check: Checking, item: Item) -> bool:
    return (item.once_per or check.tasklist.defaults.once_per or check.tasklist.once_per) == "team"


def _check_cycle(check: Checking, items: Sequence[Named]) -> None:
    places = {item.id: index for index, item in items}
    before: dict[str, Collection[str]] = {}
    for of_team in (False, True):
        part = [item for _, item in items if _of_team(check, item) == of_team]
        gates = gates_above(part)
        before |= {item.id: (*(name for name in item.after or () if name != item.id), *gates[item.id]) for item in part}
    cycle = find_cycle(before)
    if not cycle:
        return
    told = "; ".join(
        _told(name, following, items) for name, following in zip(cycle, (*cycle[1:], cycle[0]), strict=True)
    )
    path: Path = ("items", places[cycle[0]])
    named = next((name for name in cycle if _item(name, items).after), None)
    if named is not None:
        path = ("items", places[named], "after")
    check.fault(path, f"these items wait for each other, so that none is ever made: {told}")


def _told(name: str, following: str, items: Sequence[Named]) -> str:
    by_gate = following not in (_item(name, items).after or ())
    return f"{name} stands below the gate {following}" if by_gate else f"{name} is after {following}"


def _item(name: str, items: Sequence[Named]) -> Item:
    return next(item for _, item in items if item.id == name)


def ready_create(check: Checking, path: Path, text: str | None, *, has_due: bool) -> DueRule | None:
    """Return the rule of a `create`; None for `now`, without one, or when it has a mistake."""
    if text is None:
        return None
    try:
        rule = parse_create(text)
    except DueSyntax as error:
        found = repr(error.found) if error.found else "nothing more"
        fault = Fault(error.offset, error.length, error.what, found, error.allowed, "", error.corrected)
        check.findings.append(Finding(path, fault))
        return None
    if rule is not None and not has_due:
        what = "this counts back from the due, and the item has none"
        check.fault(path, what, found=repr(text), allowed="now, or a due beside it")
    return rule
