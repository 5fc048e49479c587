"""Whom or what a task is made once for: the subject of its identity, by `once_per` (design 5.1).

Pure. It must never guess: where the facts name no contract, chain or team, that is an error which says so.
"""

from __future__ import annotations

from typing import Final

from engine.core.errors import UserError
from engine.core.facts import Facts
from engine.core.identity import Subject
from engine.core.membership import paying_member
from engine.core.prepared import Prepared
from engine.core.wanted import LeftOut


def subject_of(once_per: str, facts: Facts, business_id: int) -> Subject:
    """Return the subject of a task made once per this, for a task that is written to the business.

    Raises:
        UserError: the facts have no contract, or no team with a paying member; or they are another person's.
    """
    if once_per == "coworker":
        return Subject("coworker", facts.coworker_id)
    if once_per == "location":
        return Subject("location", f"{facts.coworker_id}@{business_id}")
    return _team(facts) if once_per == "team" else _of_contract(once_per, facts)


NO_TEAM: Final = "made once for a team, and this coworker is in none"


def made_for_team(facts: Facts) -> str:
    """Return why what is made once for the coworker's team is not made for this coworker; '' when they pay for it."""
    team = facts.team
    if team is None:
        return NO_TEAM
    payer = team.get("PayingMemberId")
    return "" if payer == facts.coworker_id else f"made once for team {team['Id']}: it is coworker {payer}'s"


def _of_contract(once_per: str, facts: Facts) -> Subject:
    if facts.contract_id is None:
        raise UserError(
            f"once_per: {once_per} needs a contract, and this coworker has none; once_per: coworker does not."
        )
    if once_per == "contract":
        payer = (facts.contract or {}).get("CoworkerId")
        if payer not in {None, facts.coworker_id}:
            whose = f"contract {facts.contract_id} is coworker {payer}'s"
            raise UserError(f"once_per: contract, and {whose}; run it for {payer}.")
        return Subject("contract", facts.contract_id)
    chain = facts.chain()
    assert chain is not None  # there is a contract
    return Subject("membership", chain.id, chain.other_ids)


def _team(facts: Facts) -> Subject:
    """The team's tasks are its paying member's, so the facts have to be that person's."""
    team = facts.team
    payer = paying_member(team)
    assert team is not None  # who pays for no team is an error
    if payer != facts.coworker_id:
        whose = f"coworker {payer} pays for team {team['Id']}"
        raise UserError(f"once_per: team, and {whose}; these facts are of coworker {facts.coworker_id}.")
    return Subject("team", int(team["Id"]))


def team_left_out(prepared: Prepared, why: str) -> tuple[LeftOut, ...]:
    """Return the team's items of a list as left out for a reason; none for ''."""
    items = {ready.item.id: None for one in prepared.everywhere() for ready in one.team_items()} if why else {}
    return tuple(LeftOut(item, "", why) for item in items)
