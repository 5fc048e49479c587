"""Asking the TaskItemUniqueId filter, where a probe proved that it is exact; always beside a control query.

It must never be asked where that was not proved: a filter that is ignored shows everything.
"""

from __future__ import annotations

from uuid import UUID, uuid4

from engine.nexudus.calls import Entity
from engine.nexudus.client import NexudusReader
from engine.nexudus.errors import NexudusUnreachable, RequestRefused
from engine.nexudus.wire import usable_id


def tasks_by_filter(reader: NexudusReader, coworker_id: int, identity: UUID) -> frozenset[int] | None:
    """Return the coworker's tasks with this TaskItemUniqueId; None where the filter cannot be believed now."""
    if _shown(reader, coworker_id, uuid4()) != frozenset():  # a random id must find nothing
        return None
    return _shown(reader, coworker_id, identity)


def _shown(reader: NexudusReader, coworker_id: int, identity: UUID) -> frozenset[int] | None:
    query = {"CoworkerTask_Coworker": str(coworker_id), "CoworkerTask_TaskItemUniqueId": str(identity)}
    try:
        listed = reader.listing(Entity.COWORKER_TASK, query)
    except (NexudusUnreachable, RequestRefused):
        return None
    if not listed.complete:
        return None
    ids = (usable_id(row) for row in listed.rows if row.get("CoworkerId", coworker_id) in {None, coworker_id})
    return frozenset(number for number in ids if number is not None)
