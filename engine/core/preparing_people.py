"""Who is responsible for an item: there is somebody, the role exists, and it is held where the list runs. Pure."""

from __future__ import annotations

from engine.core.checking import Checking
from engine.core.forms import Responsible
from engine.core.model import Item
from engine.core.people import role_chain
from engine.core.prepared import Path


def ready_responsible(check: Checking, path: Path, item: Item) -> Responsible | None:
    """Return who is responsible by the item or the defaults; None, with the mistake noted, when nobody is."""
    responsible = item.responsible or check.tasklist.defaults.responsible
    if responsible is None:
        if not (check.doubted(*path, "responsible") or check.doubted("defaults", "responsible")):
            allowed = "a role, an e-mail, {role, pick}, here or in defaults"
            check.fault(path, f"the item {item.id!r} has no responsible", allowed=allowed)
        return None
    at: Path = (*path, "responsible") if item.responsible else ("defaults", "responsible")
    check_role(check, at, responsible)
    return responsible


def check_role(check: Checking, path: Path, responsible: Responsible) -> None:
    """Note a role that does not exist, or that nobody holds at a location where the list runs."""
    role = responsible.role
    if role is None:
        return
    known = check.organisation.known_roles()
    if role not in known:
        check.unknown(path, "role", role, known)
        return
    for location in check.locations:
        held = any(check.organisation.holders_at(name, location) for name in role_chain(check.organisation, role))
        if not held:
            check.fault(path, f"the role {role!r} and its fallback are held by nobody at {location}")
