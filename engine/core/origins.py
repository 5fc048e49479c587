"""What a list wants under the contract or event that a kept task was made with: the measure of its drift."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from uuid import UUID

from whenever import Instant

from engine.core.errors import TasklistsError
from engine.core.expand import HoldersNeeded, expand
from engine.core.facts import Event, Facts
from engine.core.known import KnownTask
from engine.core.plan import Origin, Situation
from engine.core.prepared import Prepared
from engine.core.wanted import Expansion, Wanted


def origins(
    prepared: Prepared, facts: Facts, expansion: Expansion, known: Iterable[KnownTask]
) -> Mapping[Origin, Mapping[UUID, Wanted]]:
    """Expand once more for each other contract or event that a kept task of this expansion was made with."""
    wanted = {number for task in expansion.wanted for number in (task.identity, *task.alternatives)}
    own: Origin = (expansion.contract_id, expansion.event_at)
    made_with = {(task.contract_id, task.event_at) for task in known if task.identity in wanted} - {own}
    found: dict[Origin, Mapping[UUID, Wanted]] = {}
    for contract_id, event_at in made_with:
        past = _under(facts, contract_id, event_at)
        if past is not None:
            unknown = _names_desks(prepared) if contract_id != facts.contract_id else frozenset()
            wanted_then = _wanted_under(prepared, past, expansion)
            found[contract_id, event_at] = {n: task for n, task in wanted_then.items() if task.item not in unknown}
    return found


def _names_desks(prepared: Prepared) -> frozenset[str]:
    """Return the items whose texts list desks: those of another contract are not at hand to compare with."""
    return frozenset(
        ready.item.id
        for ready in prepared.items
        for text in (ready.name, ready.notes)
        if text is not None and any(path[:2] == ("contract", "desks") for path in text.facts_used)
    )


def with_origins(prepared: Prepared, facts: Facts, expansion: Expansion, situation: Situation) -> Situation:
    """Return the situation with what its kept tasks are compared with."""
    return replace(situation, origins=origins(prepared, facts, expansion, situation.known.values()))


def _under(facts: Facts, contract_id: int | None, event_at: Instant | None) -> Facts | None:
    """Return the facts as they are now under another contract or event, or None when the contract is gone."""
    if contract_id is not None and all(row["Id"] != contract_id for row in facts.contracts):
        return None
    name = facts.event.name if facts.event else "by hand"
    event = None if event_at is None else Event(name, event_at)
    return replace(facts, contract_id=contract_id, event=event)


def _wanted_under(prepared: Prepared, facts: Facts, expansion: Expansion) -> Mapping[UUID, Wanted]:
    """Return identity -> wanted task under those facts; nothing when they cannot be expanded any more."""
    try:
        past = expand(prepared, facts, version=expansion.version, cycle=expansion.cycle, anyway=True)
    except (TasklistsError, HoldersNeeded):
        return {}  # then there is nothing to compare a kept task with, and it is kept as it is
    return {number: task for task in past.wanted for number in (task.identity, *task.alternatives)}
