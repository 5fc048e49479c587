"""What items and inputs of a list owe each other: ids that differ, tasks that can be told apart. Pure."""

from __future__ import annotations

from engine.core.alike import same_ids, twins
from engine.core.checking import Checking


def check_inputs(check: Checking) -> None:
    """Warn of inputs that no event can give."""
    for name, given in check.tasklist.inputs.items():
        if given.default is None and check.tasklist.applies.on and not check.doubted("inputs", name):
            what = f"the input {name!r} has no default, so no event can start this list"
            check.fault(("inputs", name), what, code="no-default")


def check_alike(check: Checking) -> None:
    """Note items of one id, and items that look the same."""
    items = [(index, item) for index, item in enumerate(check.tasklist.items) if not check.doubted("items", index)]
    for index, first, name, number in same_ids(items):
        check.fault(("items", index, name), f"two items have the id {number!r}", other=("items", first, "id"))
    for index, first, ids in twins(items):
        what = f"{ids} are alike in all but their id, and nobody could tell the tasks apart"
        check.fault(("items", index), what, other=("items", first))
