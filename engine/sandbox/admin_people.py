"""The calls under /_sandbox that make things happen to people, and those that show what was told of it.

Must never be counted as a request of the client.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from engine.sandbox.asking import AdminError, read_object, read_seconds, refused
from engine.sandbox.contracts import cancel, change_plan
from engine.sandbox.happening import happen
from engine.sandbox.modes import SwitchError
from engine.sandbox.signups import join_team, sign_up
from engine.sandbox.state import State
from engine.sandbox.wishes import find_plan, read_contract, read_day, read_sign_up, read_team

_LONGEST_WAIT = 25.0  # seconds; below the time-outs that clients of the admin calls have
_Action = Callable[[State, dict[str, Any]], dict[str, Any]]


def people_routes(state: State) -> list[Route]:
    """Sign-up, cancellation, change of plan, teams, events; deliveries and secrets."""
    actions: dict[str, _Action] = {
        "signup": _sign_up,
        "cancel": _cancel,
        "change-plan": _change_plan,
        "join-team": _join_team,
        "events": happen,
    }
    told = Told(state)
    return [
        *(Route(f"/_sandbox/{name}", _done(state, action), methods=["POST"]) for name, action in actions.items()),
        Route("/_sandbox/deliveries", told.deliveries, methods=["GET", "DELETE"]),
        Route("/_sandbox/secrets", told.secrets, methods=["GET", "POST", "DELETE"]),
    ]


def _done(state: State, action: _Action) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return JSONResponse(action(state, await read_object(request)))
        except (AdminError, SwitchError) as error:
            return refused(str(error))

    return answer


def _sign_up(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """A person, perhaps with a contract; the answer is the ids."""
    return sign_up(state, read_sign_up(state, asked))


def _cancel(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """Notice for a date, today if none is given."""
    contract = read_contract(state, asked, "on")
    ended = cancel(state, contract, read_day(state, asked.get("on"), contract["IssuedById"]))
    return {"contract_id": ended["Id"], "on": ended["CancellationDate"], "cancelled": ended["Cancelled"]}


def _change_plan(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """Another plan from today on; the answer names the contract that goes on and the one that it replaced."""
    contract, plan = read_contract(state, asked, "tariff"), find_plan(state, asked.get("tariff"))
    if not contract["Active"]:
        raise SwitchError(f"contract {contract['Id']} has not started, so its plan cannot change")
    return {"contract_id": change_plan(state, contract, plan)["Id"], "old_contract_id": contract["Id"]}


def _join_team(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """Into a team, which is made if it is not there."""
    coworker, team = read_team(state, asked)
    return {"coworker_id": coworker["Id"], "team_id": join_team(state, coworker, team)["Id"]}


class Told:
    """What went out, and what it was signed with."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def deliveries(self, request: Request) -> Response:
        """One line for each attempt, in the order of their ends; `wait=SECONDS` waits until none is on its way."""
        outbox = self._state.outbox
        if request.method == "DELETE":
            outbox.log.clear()
        try:
            wait = read_seconds(request, "wait", _LONGEST_WAIT)
        except AdminError as error:
            return refused(str(error))
        await outbox.wait_until_idle(wait)
        return JSONResponse({"waiting": outbox.waiting(), "deliveries": list(outbox.log)})

    async def secrets(self, request: Request) -> Response:
        """The shared secret of each location; POST changes some, null takes one away, DELETE brings the first back."""
        try:
            if request.method == "POST":
                self._state.secrets.change(await read_object(request))
        except (AdminError, SwitchError) as error:
            return refused(str(error))
        if request.method == "DELETE":
            self._state.secrets.reset()
        return JSONResponse(self._state.secrets.as_dict())
