"""Plans that lists name and Nexudus does not have: such a list never starts, and nobody would notice.

It must never take a list of plans that was cut short for a whole one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from engine.core.errors import TasklistsError
from engine.core.prepared import Prepared
from engine.nexudus.calls import Entity
from engine.nexudus.client import NexudusReader
from engine.nexudus.wire import usable_id


def unknown_plans(reader: NexudusReader, lists: Mapping[str, Prepared]) -> dict[str, Collection[str]] | None:
    """Return list -> plans that it names and no plan bears; None where Nexudus does not tell now, or not to this login.

    Role Tariff-List. Names are compared as `applies` compares them: without case and outer spaces.
    """
    if not any(prepared.tasklist.applies.tariffs for prepared in lists.values()):
        return {}
    try:
        listed = reader.listing(Entity.TARIFF)
    except TasklistsError:
        return None
    if not listed.complete:
        return None
    numbers = {usable_id(row) for row in listed.rows}
    names = {str(row.get("Name") or "").strip().casefold() for row in listed.rows}
    found: dict[str, Collection[str]] = {}
    for name, prepared in lists.items():
        for tariff in prepared.tasklist.applies.tariffs:
            plan = (tariff.name or "").strip()
            if tariff.tariff is not None:
                plan, known = str(tariff.tariff), tariff.tariff in numbers
            else:
                known = plan.casefold() in names
            if not known:
                found[name] = {*found.get(name, ()), plan}
    return found
