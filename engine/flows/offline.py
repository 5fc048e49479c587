"""Planning from saved facts alone: no ledger, no network, none of their libraries (goal P3)."""

from __future__ import annotations

from dataclasses import replace

from engine.core.calendar import CalendarCoverage
from engine.core.errors import UserError
from engine.core.expand import HoldersNeeded, expand
from engine.core.facts import Event, Facts
from engine.core.origins import with_origins
from engine.core.plan import Plan, Situation
from engine.core.planner import make_plan
from engine.core.prepared import Prepared
from engine.core.saved_facts import Saved
from engine.core.subjects import made_for_team, team_left_out
from engine.flows.planned import Preview
from engine.flows.request import Request, at_zone


def plan_from_facts(
    prepared: Prepared, facts: Facts, situation: Situation, request: Request, *, version: str
) -> tuple[Plan, Facts]:
    """Return the plan that saved facts give, and the facts as they were used.

    Raises:
        UserError: the facts lack what the list needs by now: a person, closed days, a contract.
    """
    facts = _as_asked(prepared, facts, request)
    try:
        expansion = expand(prepared, facts, version=version, cycle=request.again, anyway=request.anyway)
    except HoldersNeeded as needed:
        names = ", ".join(map(str, needed.holders))
        raise UserError(f"the saved facts do not know {names}.", advice="Save them again with --save-facts.") from None
    except CalendarCoverage as short:
        raise UserError(f"{short.message}.", advice="Save the facts again with --save-facts.") from None
    situation = with_origins(prepared, facts, expansion, situation)
    return make_plan(expansion, situation, at_zone(request.now, facts.zone)), facts


def preview_from_facts(prepared: Prepared, saved: Saved, request: Request, *, version: str) -> Preview:
    """Return the plan that a facts file gives, and that for the team where the list has items for both.

    Raises:
        UserError: as `plan_from_facts`.
    """
    own, team = prepared.parts()
    plan, facts = plan_from_facts(own, saved.facts, saved.situation, request, version=version)
    made = Preview(plan, facts, saved.situation)
    if team is None:
        return made
    why = saved.left_out or made_for_team(saved.facts)
    theirs = saved.team or (None if why else (saved.facts, saved.situation))
    if theirs is None:
        return made.without(team_left_out(prepared, why))
    if saved.team is not None:  # a contract or a location that is named is the coworker's own
        request = replace(request, contract_id=None, location=None)
    other, used = plan_from_facts(team, *theirs, request, version=version)
    return replace(made, team=Preview(other, used, theirs[1]))


def _as_asked(prepared: Prepared, facts: Facts, request: Request) -> Facts:
    """Let the command line win over the file, where the file has what it takes."""
    if facts.location not in prepared.organisation.locations:
        raise UserError(f"organisation.yaml has no location {facts.location!r}, which the facts were saved for.")
    if request.location not in {None, facts.location}:
        raise UserError(f"the facts were saved at {facts.location}, not {request.location}.")
    if request.contract_id is not None:
        if all(row["Id"] != request.contract_id for row in facts.contracts):
            raise UserError(f"the saved facts do not know contract {request.contract_id}.")
        facts = replace(facts, contract_id=request.contract_id)
    if request.event_at is not None:
        facts = replace(facts, event=Event(request.event_name, at_zone(request.event_at, facts.zone)))
    given = {name: value for name, value in request.inputs.items() if name in request.given_inputs}
    return replace(facts, inputs={**request.inputs, **facts.inputs, **given})
