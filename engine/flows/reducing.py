"""What goes on of a record that was read: only the fields that texts may name.

It must never hand on an access code, a card number or a payment token, whatever a record holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.core.catalogue import ListOf, Record, scope, snake_case
from engine.core.facts import Raw
from engine.core.organisation import Organisation

_ALWAYS = {"Id", "CreatedOn", "IssuedById", "CoworkerId", "TariffId", "Cancelled", "MainContract", "Active"}
"""What is decided on, whether texts may name it or not."""


def desk_ids(contract: Raw) -> list[int]:
    """Return the ids of a contract's desks: a list of ints, or comma-separated text (api.md 4)."""
    given = contract.get("Desks") or contract.get("FloorPlanDeskIds") or ()
    parts = given.split(",") if isinstance(given, str) else list(given)
    return sorted({int(part) for part in parts if str(part).strip().isdigit()})


def reduced(root: str, row: Raw, organisation: Organisation) -> dict[str, Any]:
    """Return only the fields of a record that texts may name under `root`, such as `contract.desks`."""
    first, _, below = root.partition(".")
    described = scope({}, {}, {})[first]
    if below and isinstance(described, Record):
        described = described.fields[below]
    if isinstance(described, ListOf):
        described = described.element
    names = described.fields if isinstance(described, Record) else {}
    kept = {name: value for name, value in row.items() if snake_case(name) in names or name in _ALWAYS}
    if root == "coworker":
        fields = {given.field for given in organisation.custom_fields.values()}
        kept |= {name: row[name] for name in fields if name in row}
        data = row.get("CustomFields")
        entries = (data.get("Data") or []) if isinstance(data, Mapping) else []
        own = [part for part in entries if isinstance(part, Mapping) and part.get("Name") in fields]
        kept |= {"CustomFields": {"Data": own}} if own else {}
    return kept
