"""The calls under /_sandbox that make things happen to people, and those that show what was told of it.

Must never be counted as a request of the client.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from engine.sandbox.actions import ACTIONS, Action
from engine.sandbox.asking import AdminError, read_object, read_seconds, refused
from engine.sandbox.modes import SwitchError
from engine.sandbox.state import State

_LONGEST_WAIT = 25.0  # seconds; below the time-outs that clients of the admin calls have


def people_routes(state: State) -> list[Route]:
    """Sign-up, cancellation, change of plan, teams, events; deliveries and secrets."""
    told = Told(state)
    return [
        *(Route(f"/_sandbox/{name}", _done(state, action), methods=["POST"]) for name, action in ACTIONS.items()),
        Route("/_sandbox/deliveries", told.deliveries, methods=["GET", "DELETE"]),
        Route("/_sandbox/secrets", told.secrets, methods=["GET", "POST", "DELETE"]),
    ]


def _done(state: State, action: Action) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return JSONResponse(action(state, await read_object(request)))
        except (AdminError, SwitchError) as error:
            return refused(str(error))

    return answer


class Told:
    """What went out, and what it was signed with."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def deliveries(self, request: Request) -> Response:
        """One line for each attempt, in the order of their ends; `wait=SECONDS` waits until none is on its way.

        DELETE forgets them, and what still waits.
        """
        outbox = self._state.outbox
        if request.method == "DELETE":
            outbox.clear()
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
