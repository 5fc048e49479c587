"""Whose tasks a run makes: the coworker's who it is for, or those of who pays for their team. Reads only.

It must never choose among several teams, nor make what is once for a team for anybody but its paying member.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.core.errors import UserError
from engine.core.facts import Raw
from engine.core.membership import paying_member
from engine.core.prepared import Prepared
from engine.core.triggers import EVENT_RECORD
from engine.flows.request import Request
from engine.nexudus.client import NexudusReader


class NotInTeam(UserError):
    """The coworker is not in the team that was named."""


@dataclass(frozen=True)
class Whom:
    """Whose tasks a run makes: who started it, or for what is made once per team the team's paying member."""

    started_by: Raw
    coworker: Raw
    team: Raw | None
    request: Request


class Whose:
    """Tells for one list, or one part of it, whose tasks a request is about."""

    def __init__(self, reader: NexudusReader, prepared: Prepared) -> None:
        self._reader = reader
        self._prepared = prepared
        self._names_team = prepared.part == "whole" and prepared.is_mixed
        self._names_team |= any(path[0] == "team" for path in prepared.facts_named()) or any(
            name.startswith("team.") for name in prepared.days.behind(prepared.anchors_named())
        )

    def whom(self, request: Request) -> Whom:
        """Whoever starts what is made once per team, all is read as if its paying member had: equal plans for all.

        Raises:
            NoTeam: the coworker is in no team, and one is needed.
            NotInTeam: not in the one that was named.
            UserError: several teams could be meant, or nobody pays.
            Unreachable: Nexudus gives no usable answer now.
        """
        if not self._prepared.per_team:
            coworker = self._reader.coworker(request.coworker_id)
            return Whom(coworker, coworker, self._named_team(coworker, request.team_id), request)
        # Whoever paid for the team when its own event came about may be gone by now, and is not asked for.
        started_by = None if _is_teams_own(request) else self._reader.coworker(request.coworker_id)
        team = self._team_to_pay_for(started_by, request)
        payer = paying_member(team)
        is_other = payer != request.coworker_id
        whole = self._reader.coworker(payer) if is_other or started_by is None else started_by
        if request.starting and is_other:  # the event's contract is not the one that they pay
            request = replace(request, contract_id=None)
        return Whom(started_by or whole, whole, team, replace(request, coworker_id=payer))

    def other_payer(self, coworker: Raw, request: Request) -> int | None:
        """Return who else pays for the coworker's team, when the list needs a contract and there is one team."""
        if self._prepared.per_team:
            return None  # the run is the payer's already
        if not (self._prepared.names_contract() or request.contract_id):
            return None
        number = _team_id(coworker, request.team_id)
        if number is None:
            return None
        payer = self._reader.team(number).get("PayingMemberId")
        return payer if isinstance(payer, int) and payer != request.coworker_id else None

    def _named_team(self, coworker: Raw, wanted: int | None) -> Raw | None:
        if wanted is None and not self._names_team:
            return None
        return self._team(_team_id(coworker, wanted))

    def _team_to_pay_for(self, coworker: Raw | None, request: Request) -> Raw | None:
        """The one team that is meant. Who pays for a named team need not be one of its members.

        An event names the team itself, and whoever paid or was a member then may have left it since.
        """
        if request.team_id is None:
            assert coworker is not None  # only an event of a team is without, and that names one
            return self._team(_team_id(coworker, None))
        team = self._reader.team(request.team_id)
        if coworker and not request.starting and team.get("PayingMemberId") != request.coworker_id:
            _team_id(coworker, request.team_id)
        return team

    def _team(self, number: int | None) -> Raw | None:
        return None if number is None else self._reader.team(number)


def _team_id(coworker: Raw, wanted: int | None) -> int | None:
    given = coworker.get("Teams")
    ids = [number for number in given if isinstance(number, int)] if isinstance(given, list) else []
    listed = ", ".join(map(str, ids)) or "none"
    if wanted is not None and wanted not in ids:
        raise NotInTeam(f"Team {wanted} is not a team of this coworker.", advice=f"Its teams: {listed}.")
    if wanted is None and len(ids) > 1:
        raise UserError(f"The coworker is in {len(ids)} teams: {listed}.", advice="Name one with --team.")
    return wanted if wanted is not None else ids[0] if ids else None


def _is_teams_own(request: Request) -> bool:
    """Whether an event of a team starts the list: all that it tells of people is who they were then."""
    return request.starting and request.team_id is not None and EVENT_RECORD.get(request.event_name) == "team"
