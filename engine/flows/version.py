"""The version of a list: what a run is pinned to and what history names (design 5.8)."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from engine.core.people import role_chain
from engine.core.prepared import Prepared


def version_of(prepared: Prepared, data: bytes) -> str:
    """Return 12 hex digits: sha256 of the list's bytes and the parts of organisation.yaml that it uses."""
    used = json.dumps(_used(prepared), sort_keys=True, ensure_ascii=False, default=str, separators=(",", ":"))
    return hashlib.sha256(data + b"\0" + used.encode("utf-8", "backslashreplace")).hexdigest()[:12]


def _used(prepared: Prepared) -> dict[str, Any]:
    organisation = prepared.organisation
    named = prepared.facts_named()
    custom = {path[2] for path in named if path[:2] == ("coworker", "custom") and len(path) > 2}
    names = {path[2] for path in named if path[:2] == ("location", "vars") and len(path) > 2}
    first = {ready.responsible.role for ready in prepared.items if ready.responsible.role}
    roles = {name for role in first for name in role_chain(organisation, role)}
    places = prepared.tasklist.applies.locations or tuple(organisation.locations)
    return {
        "owner": organisation.owner,
        "custom_fields": {name: organisation.custom_fields[name].model_dump(mode="json") for name in sorted(custom)},
        "roles": {name: told.model_dump(mode="json") for name, told in organisation.roles.items() if name in roles},
        "locations": {
            name: {
                "business_id": organisation.locations[name].business_id,
                "time_zone": organisation.locations[name].time_zone,
                "calendar": repr(organisation.calendars.get(organisation.locations[name].calendar)),
                "roles": {role: [str(h) for h in organisation.holders_at(role, name)] for role in sorted(roles)},
                "vars": {one: organisation.locations[name].vars.get(one) for one in sorted(names)},
            }
            for name in places
        },
    }
