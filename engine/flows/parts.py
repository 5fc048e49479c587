"""The two parts of a list: what is made for the coworker, and what is made once for their team (design 5.1).

Each part is planned, leased and run for the person whose tasks it makes. What keeps a team's part from being planned
must never keep an event's coworker from their own tasks, nor be passed over in silence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from engine.core.applies import DoesNotApply, NotStarted
from engine.core.errors import TasklistsError, UserError
from engine.core.membership import NoTeam
from engine.core.prepared import Prepared
from engine.core.subjects import NO_TEAM
from engine.flows.gather import NotOurs
from engine.flows.request import Request
from engine.nexudus.errors import UnreadableRecord

Planned = TypeVar("Planned")


@dataclass(frozen=True)
class TeamPart(Generic[Planned]):
    """What came of a team's part: it is planned, or left out for a reason, or in trouble, or there is none."""

    planned: Planned | None = None
    left_out: str = ""
    trouble: TasklistsError | None = None


def parts_of(prepared: Prepared, request: Request) -> tuple[Prepared, Prepared | None]:
    """Return what a request asks of a list: one part, or the coworker's own and that of their team.

    Raises:
        UserError: the part that it asks for is not in the list any more.
    """
    own, team = prepared.parts()
    if not request.part:
        return own, team
    chosen = team if request.part == "team" and team is not None else own
    if chosen.per_team != (request.part == "team"):
        kind = "once for a team" if request.part == "team" else "for a coworker alone"
        raise UserError(f"{prepared.tasklist.tasklist} has no items any more that are made {kind}.")
    return chosen, None


def plan_for_team(request: Request, plan: Callable[[], Planned]) -> TeamPart[Planned]:
    """Return what came of planning a team's part for a request.

    A coworker in no team, and a team that the list is not for, leave it out. Other trouble ends a run by hand, for
    its plan has to be seen whole; started by an event it is kept for later, and the coworker gets what is their own.

    Raises:
        UserError: by hand: what cannot be planned.
        Unreachable: Nexudus gives no usable answer now.
    """
    try:
        return TeamPart(plan())
    except NoTeam:
        return TeamPart(left_out=NO_TEAM)
    except DoesNotApply as error:
        return TeamPart(left_out=f"made once for the team, and for its paying member {error.reason}")
    except NotStarted as error:
        return TeamPart(left_out=f"made once for the team, and not started for its paying member: {error.reason}")
    except (UserError, UnreadableRecord) as error:
        if not request.starting:
            raise
        if isinstance(error, NotOurs):
            return TeamPart(left_out=f"made once for the team, and its paying member is not ours: {error.message}")
        return TeamPart(trouble=error)
