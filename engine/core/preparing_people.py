"""Who is responsible for an item: there is somebody, the role exists, and it is held where the list runs. Pure."""

from __future__ import annotations

from engine.core.catalogue import Scope
from engine.core.checking import Checking
from engine.core.forms import Responsible
from engine.core.model import Item
from engine.core.prepared import Path
from engine.core.responsible_check import check_responsible


def ready_responsible(check: Checking, path: Path, item: Item, names: Scope) -> Responsible | None:
    """Return who is responsible by the item or the defaults; None, with the mistake noted, when nobody is.

    `names` are the facts that may tell who it is.
    """
    responsible = item.responsible or check.tasklist.defaults.responsible
    if responsible is None:
        if not (check.doubted(*path, "responsible") or check.doubted("defaults", "responsible")):
            allowed = "a role, an e-mail, {role, pick}, {from: FACT}, here or in defaults"
            check.fault(path, f"the item {item.id!r} has no responsible", allowed=allowed)
        return None
    at: Path = (*path, "responsible") if item.responsible else ("defaults", "responsible")
    check_responsible(check, at, responsible, names)
    return responsible
