"""Preview: everything that a run does, short of doing it. `run` calls the same function and goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

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
from engine.flows.parts import parts_of, plan_for_team, with_left_out
from engine.flows.request import Request, at_zone
from engine.ledger.view import LedgerView
from engine.nexudus.client import NexudusReader


@dataclass(frozen=True)
class Preview:
    """A plan with all that it was made from, so that it can be saved, explained and applied."""

    plan: Plan
    facts: Facts
    situation: Situation
    team: Preview | None = None
    """The same for the items that are made once for the coworker's team, in a list that has others too."""

    def parts(self) -> Iterator[Preview]:
        """Yield this preview, and that of the team's items where there is one."""
        yield self
        if self.team is not None:
            yield self.team


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
        self._gatherer = Gatherer(reader, Directory(reader, memory, clock), prepared, memory)
        self._looker = Looker(reader, memory, policy, clock)
        self._of_part: Callable[[Prepared], Previewer] = lambda part: Previewer(
            reader, memory, part, policy=policy, clock=clock
        )

    def preview(self, request: Request, version: str) -> Preview:
        """Return the plan for one coworker, and that for their team where the list has items for both.

        Raises:
            UserError: what cannot be planned, with all reasons.
            Unreachable: Nexudus or the ledger gives no usable answer now.
        """
        own, team = parts_of(self._prepared, request)
        made = self._of_part(own).look_at(request, version)
        if team is None:
            return made
        theirs = plan_for_team(request, lambda: self._of_part(team).look_at(request, version))
        if theirs.trouble is not None:
            raise theirs.trouble
        expansion = with_left_out(made.plan.expansion, self._prepared, theirs.left_out)
        plan = replace(made.plan, expansion=expansion, left_out=tuple(sorted(expansion.left_out)))
        return replace(made, plan=plan, team=theirs.planned)

    def look_at(self, request: Request, version: str) -> Preview:
        """Return the plan of the one part of a list that this is for; errors as `preview`."""
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
