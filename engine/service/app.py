"""The web application: the door, the pages of others beside it, and the description of all of it.

Whatever goes wrong inside, the answer is JSON and holds no trace of it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.service.door import PREFIX, Door, error, send_json
from engine.service.openapi import describe

_FAULT = error(500, "fault", "Something is wrong here, not with the request. The log says what.")
_WORDS: Final = {404: ("unknown_path", "There is no such path here."), 405: ("wrong_method", "Not by this method.")}

log = logging.getLogger("tasklists.service")


def make_app(door: Door, *, routes: Sequence[Route] = ()) -> ASGIApp:
    """The application; `routes` are further pages, described in /openapi.json where they are known there."""
    description = describe(route.path for route in routes)

    async def openapi(_request: Request) -> Response:
        return JSONResponse(description)

    rest = Starlette(
        routes=[*routes, Route("/openapi.json", openapi)],
        exception_handlers={HTTPException: _told, Exception: _faulty},
    )
    # A redirect to the path with a slash would be built from the Host header, which anybody may write.
    rest.router.redirect_slashes = False

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        # Deliveries go past the routes of the pages, which nobody asks for at such a rate.
        is_delivery = scope["type"] == "http" and scope["path"].startswith(PREFIX)
        await _guarded(door if is_delivery else rest, scope, receive, send)

    return app


async def _guarded(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer 500 for a bug, once, and log its type alone: its message may hold a member's text."""
    has_begun = False

    async def watched(message: Message) -> None:
        nonlocal has_begun
        has_begun = True
        await send(message)

    try:
        await app(scope, receive, watched)
    except Exception as fault:
        log.error("a request was answered 500: %s", type(fault).__name__)
        if scope["type"] == "http" and not has_begun:
            await send_json(send, _FAULT)


async def _faulty(_request: Request, _fault: Exception) -> Response:
    """Starlette raises it again afterwards, for the log."""
    return JSONResponse(_FAULT.body, _FAULT.status)


async def _told(_request: Request, refused: Exception) -> Response:
    status = refused.status_code if isinstance(refused, HTTPException) else 500
    code, message = _WORDS.get(status, ("refused", "The request was refused."))
    headers = refused.headers if isinstance(refused, HTTPException) else None
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers)
