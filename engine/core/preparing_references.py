"""What items and inputs of a list owe each other: ids that differ, tasks that can be told apart, one subject. Pure."""

from __future__ import annotations

from engine.core.alike import same_ids, twins
from engine.core.checking import Checking
from engine.core.prepared import Path


def check_inputs(check: Checking) -> None:
    """Warn of inputs that no event can give."""
    for name, given in check.tasklist.inputs.items():
        if given.default is None and check.tasklist.applies.on and not check.doubted("inputs", name):
            what = f"the input {name!r} has no default, so no event can start this list"
            check.fault(("inputs", name), what, warning=True)


def check_alike(check: Checking) -> None:
    """Note items of one id, and items that look the same."""
    items = [(index, item) for index, item in enumerate(check.tasklist.items) if not check.doubted("items", index)]
    for index, first, name, number in same_ids(items):
        check.fault(("items", index, name), f"two items have the id {number!r}", other=("items", first, "id"))
    for index, first, ids in twins(items):
        what = f"{ids} are alike in all but their id, and nobody could tell the tasks apart"
        check.fault(("items", index), what, other=("items", first))


def check_once_per(check: Checking, path: Path, once_per: str | None) -> None:
    """A team's tasks are another person's than a coworker's: one list holds either."""
    own = check.tasklist.once_per
    if once_per is None or "team" not in {once_per, own} or once_per == own or check.doubted("once_per"):
        return
    what = "is not available yet: write a list of its own"
    if own == "team":
        check.fault(path, f"once_per: {once_per} in a list made once per team {what} for it", allowed="team")
    else:
        allowed = "coworker, membership, contract, location"
        check.fault(path, f"once_per: team in a list made once per {own} {what} for the team", allowed=allowed)
