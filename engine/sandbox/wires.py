"""Answers on their way to the client, whole or broken, and the open connections they go by.

Must never decide which fault strikes: an answer already says how it is to arrive.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.types import Receive, Send

from engine.sandbox.answers import Answer


async def _never(_seconds: float) -> None:
    """Without a server there is no port to shut."""


@dataclass
class Wires:
    """The raw connections by the client's address, for what HTTP has no words for.

    `refuse` shuts the port for so many seconds: no new connection, and none that idles stays.
    """

    transports: dict[tuple[str, int], asyncio.Transport] = field(default_factory=dict)
    refuse: Callable[[float], Awaitable[None]] = _never


class Delivery:
    """One answer on its way; `transport` is its raw connection."""

    def __init__(self, answer: Answer, receive: Receive, send: Send, transport: asyncio.Transport | None) -> None:
        self._answer = answer
        self._receive = receive
        self._send = send
        self._transport = transport

    async def run(self) -> None:
        """Send what the answer says, as it says."""
        if self._transport is None or self._answer.wire == "whole":
            await self._begin()
            await self._go_on(self._answer.body, ends=True)
        elif self._answer.wire in {"drip", "half"}:
            await self._in_parts(self._transport)
        else:
            await self._break(self._transport)

    async def _break(self, transport: asyncio.Transport) -> None:
        if self._answer.wire == "reset":
            reset_connection(transport)
        elif self._answer.wire == "hang":
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._until_gone(), self._answer.pause)
            transport.close()
        else:
            transport.write(_broken(self._answer))
            transport.close()
        await self._until_gone()

    async def _in_parts(self, transport: asyncio.Transport) -> None:
        """The head at once, then the body in halves or byte by byte, with a pause before each part."""
        body = self._answer.body
        step = 1 if self._answer.wire == "drip" else max(len(body) // 2, 1)
        await self._begin()
        for place in range(0, len(body), step):
            if place or step == 1:
                await asyncio.sleep(self._answer.pause)
            if transport.is_closing():
                return
            await self._go_on(body[place : place + step], ends=False)
        await self._go_on(b"", ends=True)

    async def _begin(self) -> None:
        answer = self._answer
        headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in answer.headers]
        headers.append((b"content-length", str(len(answer.body)).encode()))
        if answer.body:
            headers.append((b"content-type", answer.content_type.encode()))
        await self._send({"type": "http.response.start", "status": answer.status, "headers": headers})

    async def _go_on(self, part: bytes, *, ends: bool) -> None:
        await self._send({"type": "http.response.body", "body": part, "more_body": not ends})

    async def _until_gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass


def reset_connection(transport: asyncio.Transport) -> None:
    """Close so that the client sees a reset, not an orderly end."""
    raw: Any = transport.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def _broken(answer: Answer) -> bytes:
    """The bytes before an early end: half of the head, half of the body, or all of it with a length that lies."""
    length = len(answer.body) + (100 if answer.wire == "short" else 0)
    head = (
        f"HTTP/1.1 {answer.status} OK\r\ncontent-type: {answer.content_type}\r\ncontent-length: {length}\r\n\r\n"
    ).encode()
    if answer.wire == "cut-headers":
        return head[: len(head) // 2]
    return head + (answer.body if answer.wire == "short" else answer.body[: len(answer.body) // 2])
