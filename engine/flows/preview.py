"""Preview: everything that a run does, short of doing it. `run` calls the same function and goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from whenever import Instant

from engine.core.completions import ends_of
from engine.core.errors import UserError
from engine.core.findings import too_long
from engine.core.origins import with_origins
from engine.core.plan import Situation
from engine.core.planner import make_plan
from engine.core.prepared import Prepared
from engine.core.subjects import team_left_out
from engine.flows.directory import Directory
from engine.flows.gather import Gathered, Gatherer
from engine.flows.look import Looker, Policy
from engine.flows.parts import parts_of, plan_for_team
from engine.flows.planned import Preview
from engine.flows.request import Request, at_zone
from engine.ledger.view import LedgerView
from engine.nexudus.client import NexudusReader

__all__ = ["Preview", "Previewer"]


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
        self._policy = policy
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
        return made.without(team_left_out(self._prepared, theirs.left_out), team=theirs.planned)

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
        if gathered.expansion.ordered:
            gathered, seen = self._in_order(gathered, seen, now)
        situation = with_origins(self._prepared, gathered.facts, gathered.expansion, seen)
        plan = make_plan(gathered.expansion, situation, now)
        if troubles := too_long(plan.actions, self._looker.findings):
            raise UserError("\n".join(troubles), advice="Shorten the texts of these items; nothing was sent.")
        return Preview(plan, gathered.facts, situation, gathered.beside)

    def _in_order(self, gathered: Gathered, seen: Situation, now: Instant) -> tuple[Gathered, Situation]:
        """Expand once more with what is completed by now: what waits for it is told, and dues that count from it.

        And again while that tells of tasks that are too late to be made: what comes after those waits no longer.
        """
        known = gathered
        for _ in gathered.expansion.wanted:
            ends, facts = ends_of(known.expansion, seen, now), known.facts
            if (dict(ends.done), ends.gone, ends.passed) == (dict(facts.done), facts.gone, facts.passed):
                break
            known = self._gatherer.again(gathered, replace(facts, done=ends.done, gone=ends.gone, passed=ends.passed))
        if known is gathered or self._policy.with_mark:
            return known, seen
        return known, self._looker.look(known.expansion)  # content is told by the date too, and that is known now

    def again(self, made: Preview) -> Preview:
        """Look once more and plan for the same facts and the same moment: payloads stay what they were."""
        return self.look(Gathered(made.facts, made.plan.expansion, made.beside), made.plan.now)
