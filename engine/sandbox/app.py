"""The web application: the API, the admin calls of the sandbox and its page, on one port.

Must never let a fault or an admin call of its own count against the limits of the account.
"""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from engine.sandbox.admin import admin_routes
from engine.sandbox.answers import Answer, server_error
from engine.sandbox.api import answer_call
from engine.sandbox.clock import write_with_digits
from engine.sandbox.page import page_routes
from engine.sandbox.state import Call, State
from engine.sandbox.wires import Delivery, Wires

_LONGEST_BODY = 10 * 1024 * 1024  # far above any task; it keeps the memory of a stand-in bounded
_WRITES = {"POST", "PUT", "DELETE"}


def make_app(state: State, wires: Wires) -> ASGIApp:
    """The application over one account; `wires` are the connections that calls come in by."""
    door = Door(state, wires)
    rest = Starlette(routes=[*admin_routes(state, wires), *page_routes(state), Mount("", app=door)])

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        # The API is asked a thousand times for each of the other pages: it goes past their routes.
        is_api = scope["type"] == "http" and scope["path"].startswith("/api/")
        await (door if is_api else rest)(scope, receive, send)

    return app


class Door:
    """Takes a call off the wire, writes it down, and delivers the answer whole or broken."""

    def __init__(self, state: State, wires: Wires) -> None:
        self._state = state
        self._wires = wires

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One call."""
        if scope["type"] != "http":
            return
        body = await _read_body(receive)
        if body is None:
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        query = scope["query_string"].decode("latin-1")
        call = Call(scope["method"], scope["path"], query, headers, body)
        answer = self._note_and_answer(call)
        if answer.later is not None:
            asyncio.get_running_loop().call_later(answer.later_after, answer.later)
        if answer.refusal is not None:
            # Before the answer: a client that has it must not find the port still open.
            await self._wires.refuse(answer.refusal)
        if answer.delay:
            await asyncio.sleep(answer.delay)
        await Delivery(answer, receive, send, self._wires.transports.get(tuple(scope["client"] or ()))).run()

    def _note_and_answer(self, call: Call) -> Answer:
        note = _note(self._state, call)
        self._state.requests.append(note)
        self._state.counts.calls += 1
        answer = answer_call(self._state, call) if len(call.body) <= _LONGEST_BODY else server_error()
        note["status"] = None if answer.wire in {"reset", "hang", "cut-headers"} else answer.status
        return answer


def _note(state: State, call: Call) -> dict[str, Any]:
    """What is remembered of a request: the text of a write, never a password or a token."""
    is_entity_write = call.method in _WRITES and call.path.lower().rstrip("/") != "/api/token"
    return {
        "at": write_with_digits(state.clock.now(), 6),
        "method": call.method,
        "path": call.path,
        "query": call.query,
        "status": None,
        "body": call.body.decode("utf-8", "replace") if is_entity_write else "",
    }


async def _read_body(receive: Receive) -> bytes | None:
    """The whole body, cut one byte after the longest; None when the client went away before its end."""
    chunks, length = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunk = message.get("body", b"")
        if length <= _LONGEST_BODY:
            chunks.append(chunk[: _LONGEST_BODY + 1 - length])
            length += len(chunks[-1])
        if not message.get("more_body", False):
            return b"".join(chunks)
