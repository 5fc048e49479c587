"""The version of a list: what a run is pinned to and what history names (design 5.8)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from engine.core.organisation import Organisation
from engine.core.people import role_chain
from engine.core.prepared import Prepared


def version_of(prepared: Prepared, data: bytes) -> str:
    """Return 12 hex digits: sha256 of the bytes that the list is made of and the parts of organisation.yaml it uses.

    `data` holds the lists that it extends or includes as well, see `Ready.data`.
    """
    used = json.dumps(_used(prepared), sort_keys=True, ensure_ascii=False, default=str, separators=(",", ":"))
    return hashlib.sha256(data + b"\0" + used.encode("utf-8", "backslashreplace")).hexdigest()[:12]


def _used(prepared: Prepared) -> dict[str, Any]:
    organisation = prepared.organisation
    named = prepared.facts_named()
    custom = {path[2] for path in named if path[:2] == ("coworker", "custom") and len(path) > 2}
    names = {path[2] for path in named if path[:2] == ("location", "vars") and len(path) > 2}
    roles = _roles(prepared)
    places = prepared.tasklist.applies.locations or tuple(organisation.locations)
    return {
        "owner": organisation.owner,
        "custom_fields": {name: organisation.custom_fields[name].model_dump(mode="json") for name in sorted(custom)},
        "roles": {name: told.model_dump(mode="json") for name, told in organisation.roles.items() if name in roles},
        "locations": {name: _at(organisation, name, roles, names) for name in places},
        **({"language": organisation.language} if organisation.language else {}),
        **({"absences": [repr(one) for one in organisation.absences]} if organisation.absences else {}),
    }


def _roles(prepared: Prepared) -> set[str]:
    """Return every role that may choose a person for an item at any location, or take over for one who is away."""
    organisation = prepared.organisation
    found = {absence.delegate.role for absence in organisation.absences if absence.delegate}
    for ready in (ready for one in prepared.everywhere() for ready in one.items):
        found |= {ready.responsible.role, ready.responsible.fallback}
    return {name for role in found if role for name in role_chain(organisation, role)}


def _at(organisation: Organisation, name: str, roles: Iterable[str], names: Iterable[str]) -> dict[str, Any]:
    location = organisation.locations[name]
    return {
        "business_id": location.business_id,
        "time_zone": location.time_zone,
        "calendar": repr(organisation.calendars.get(location.calendar)),
        "roles": {role: [str(holder) for holder in organisation.holders_at(role, name)] for role in sorted(roles)},
        "vars": {one: location.vars.get(one) for one in sorted(names)},
        **({"language": location.language} if location.language else {}),
    }
