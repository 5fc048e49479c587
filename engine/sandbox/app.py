"""The web application: the API, the admin calls of the sandbox and its page, on one port.

Must never let a fault or an admin call of its own count against the limits of the account.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from engine.sandbox.admin import admin_routes
from engine.sandbox.answers import Answer, server_error
from engine.sandbox.api import answer_call
from engine.sandbox.clock import write_with_digits
from engine.sandbox.page import page_routes
from engine.sandbox.state import Call, State

_LONGEST_BODY = 10 * 1024 * 1024  # far above any task; it keeps the memory of a stand-in bounded
_WRITES = {"POST", "PUT", "DELETE"}


def make_app(state: State, transports: Mapping[tuple[str, int], asyncio.Transport]) -> Starlette:
    """The application over one account. `transports` leads from a client's address to its connection."""
    routes = [*admin_routes(state), *page_routes(state), Mount("", app=Door(state, transports))]
    return Starlette(routes=routes)


class Door:
    """Takes a call off the wire, writes it down, and delivers the answer whole or broken."""

    def __init__(self, state: State, transports: Mapping[tuple[str, int], asyncio.Transport]) -> None:
        self._state = state
        self._transports = transports

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
        await asyncio.sleep(answer.delay)
        await _Delivery(answer, receive, send, self._transports.get(tuple(scope["client"] or ()))).run()

    def _note_and_answer(self, call: Call) -> Answer:
        note = _note(self._state, call)
        self._state.requests.append(note)
        answer = answer_call(self._state, call) if len(call.body) <= _LONGEST_BODY else server_error()
        note["status"] = answer.status if answer.wire in {"whole", "cut"} else None
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


class _Delivery:
    """One answer on its way; `transport` is the raw connection, for what HTTP has no words for."""

    def __init__(self, answer: Answer, receive: Receive, send: Send, transport: asyncio.Transport | None) -> None:
        self._answer = answer
        self._receive = receive
        self._send = send
        self._transport = transport

    async def run(self) -> None:
        if self._answer.wire == "whole" or self._transport is None:
            await self._whole()
            return
        if self._answer.wire == "reset":
            reset_connection(self._transport)
        elif self._answer.wire == "cut":
            self._transport.write(_cut(self._answer))
            self._transport.close()
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _whole(self) -> None:
        answer = self._answer
        headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in answer.headers]
        headers.append((b"content-length", str(len(answer.body)).encode()))
        if answer.body:
            headers.append((b"content-type", answer.content_type.encode()))
        await self._send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await self._send({"type": "http.response.body", "body": answer.body})


def reset_connection(transport: asyncio.Transport) -> None:
    """Close so that the client sees a reset, not an orderly end."""
    raw = transport.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def _cut(answer: Answer) -> bytes:
    """The head promises the whole body, and half of it follows."""
    head = (
        f"HTTP/1.1 {answer.status} OK\r\ncontent-type: {answer.content_type}\r\n"
        f"content-length: {len(answer.body)}\r\n\r\n"
    )
    return head.encode() + answer.body[: len(answer.body) // 2]
