"""Preview: everything that a run does, short of doing it. `run` calls the same function and goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from whenever import Instant

from engine.core.errors import TasklistsError
from engine.core.expand import HoldersNeeded, expand
from engine.core.facts import Facts
from engine.core.plan import Origin, Plan, Situation
from engine.core.planner import make_plan
from engine.core.prepared import Prepared
from engine.core.wanted import Expansion, Wanted
from engine.flows.directory import Directory
from engine.flows.gather import Gatherer
from engine.flows.look import Looker, Policy
from engine.flows.request import Request
from engine.ledger.view import LedgerView
from engine.nexudus.client import NexudusReader


@dataclass(frozen=True)
class Preview:
    """A plan with all that it was made from, so that it can be saved, explained and applied."""

    plan: Plan
    facts: Facts
    situation: Situation


class Previewer:
    """Makes plans for one list. It is handed a reader: it cannot write to Nexudus."""

    def __init__(
        self,
        reader: NexudusReader,
        memory: LedgerView | None,
        prepared: Prepared,
        *,
        policy: Policy,
        clock: Callable[[], Instant] = Instant.now,
    ) -> None:
        self._memory = memory
        self._prepared = prepared
        chains = memory.membership_of if memory else _no_chains
        self._gatherer = Gatherer(reader, Directory(reader, memory, clock), prepared, chains)
        self._looker = Looker(reader, memory, policy, clock)

    def preview(self, request: Request, version: str) -> Preview:
        """Return the plan for one coworker.

        Raises:
            UserError: what cannot be planned, with all reasons.
            Unreachable: Nexudus or the ledger gives no usable answer now.
        """
        gathered = self._gatherer.gather(request, version)
        origins = self._origins(gathered.facts, gathered.expansion, request, version)
        situation = self._looker.look(gathered.expansion, origins)
        return Preview(make_plan(gathered.expansion, situation, request.now), gathered.facts, situation)

    def _origins(
        self, facts: Facts, expansion: Expansion, request: Request, version: str
    ) -> Mapping[Origin, Mapping[UUID, Wanted]]:
        """Expand once more for each other contract or event that a kept task was made with."""
        if self._memory is None:
            return {}
        wanted = {number for task in expansion.wanted for number in (task.identity, *task.alternatives)}
        kept = [task for task in self._memory.known(facts.coworker_id) if task.identity in wanted]
        own: Origin = (expansion.contract_id, expansion.event_at)
        origins = {(task.contract_id, task.event_at) for task in kept} - {own}
        found: dict[Origin, Mapping[UUID, Wanted]] = {}
        for contract_id, event_at in origins:
            past = under(facts, contract_id, event_at)
            if past is not None:
                found[contract_id, event_at] = wanted_under(self._prepared, past, request, version)
        return found


def under(facts: Facts, contract_id: int | None, event_at: Instant | None) -> Facts | None:
    """Return the facts as they are now under another contract or event, or None when the contract is gone."""
    if contract_id is not None and all(row["Id"] != contract_id for row in facts.contracts):
        return None
    event = replace(facts.event, at=event_at) if facts.event and event_at else facts.event
    return replace(facts, contract_id=contract_id, event=event)


def wanted_under(prepared: Prepared, facts: Facts, request: Request, version: str) -> Mapping[UUID, Wanted]:
    """Return identity -> wanted task under those facts; nothing when they cannot be expanded any more."""
    try:
        expansion = expand(prepared, facts, version=version, cycle=request.again, anyway=True)
    except (TasklistsError, HoldersNeeded):
        return {}  # then there is nothing to compare a kept task with, and it is kept as it is
    return {number: task for task in expansion.wanted for number in (task.identity, *task.alternatives)}


def _no_chains(_: int) -> Mapping[int, int]:
    return {}
