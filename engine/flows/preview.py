"""Preview: everything that a run does, short of doing it. `run` calls the same function and goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from whenever import Instant

from engine.core.errors import UserError
from engine.core.facts import Facts
from engine.core.findings import too_long
from engine.core.origins import with_origins
from engine.core.plan import Plan, Situation
from engine.core.planner import make_plan
from engine.core.prepared import Prepared
from engine.flows.directory import Directory
from engine.flows.gather import Gathered, Gatherer
from engine.flows.look import Looker, Policy
from engine.flows.request import Request, at_zone
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
        gathered = self.gather(request, version)
        return self.look(gathered, at_zone(request.now, gathered.facts.zone))

    def gather(self, request: Request, version: str) -> Gathered:
        """Read the facts and expand the list; errors as `preview`."""
        return self._gatherer.gather(request, version)

    def look(self, gathered: Gathered, now: Instant) -> Preview:
        """Look at what is remembered and live, and plan for `now`; errors as `preview`."""
        seen = self._looker.look(gathered.expansion)
        situation = with_origins(self._prepared, gathered.facts, gathered.expansion, seen)
        plan = make_plan(gathered.expansion, situation, now)
        if troubles := too_long(plan.actions, self._looker.findings):
            raise UserError("\n".join(troubles), advice="Shorten the texts of these items; nothing was sent.")
        return Preview(plan, gathered.facts, situation)

    def again(self, made: Preview) -> Preview:
        """Look once more and plan for the same facts and the same moment: payloads stay what they were."""
        return self.look(Gathered(made.facts, made.plan.expansion), made.plan.now)


def _no_chains(_: int) -> Mapping[int, int]:
    return {}
