"""What planning leads to, at whatever door. Values only; it must never import libraries of network or ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from engine.core.errors import TasklistsError
from engine.core.facts import Facts
from engine.core.plan import Plan, Situation
from engine.core.saved_facts import Saved
from engine.core.wanted import LeftOut


@dataclass(frozen=True)
class Preview:
    """A plan with all that it was made from, so that it can be saved, explained and applied."""

    plan: Plan
    facts: Facts
    situation: Situation
    beside: tuple[LeftOut, ...] = ()
    """Of what the plan leaves out: the items that are made once for a team, where there is no plan for it."""
    team: Preview | None = None
    """The same for the items that are made once for the coworker's team, in a list that has others too."""

    trouble: TasklistsError | None = None
    """What keeps a plan for the team from being made now, where that does not keep the coworker's from being made."""

    def without(self, beside: tuple[LeftOut, ...], *, team: Preview | None = None) -> Preview:
        """Return this with a team's items left out, or with the plan for them."""
        plan = replace(self.plan, left_out=tuple(sorted((*self.plan.left_out, *beside))))
        return replace(self, plan=plan, beside=(*self.beside, *beside), team=team)

    def parts(self) -> Iterator[Preview]:
        """Yield this preview, and that of the team's items where there is one."""
        yield self
        if self.team is not None:
            yield self.team

    def saved(self) -> Saved:
        """Return what a facts file keeps of it: enough to make the same plans once more."""
        team = None if self.team is None else (self.team.facts, self.team.situation)
        return Saved(self.facts, self.situation, team, self.beside[0].reason if self.beside else "")
