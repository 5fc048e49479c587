"""Runs the web application on a socket until it is told to stop, then ends in good order.

It must never touch signals (the command that serves does), write a log line of its own for each request, or take
longer than 10 seconds to end.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from engine.core.errors import UserError
from engine.service.bounded import bounded_protocol
from engine.service.door import Counts, NoCounts
from engine.service.room import Limits

_BACKLOG: Final = 512
_GRACE_SECONDS: Final = 8
"""For requests that came whole; each is answered within 5 s (accepting.py). The rest to 10 s is for all else."""


def open_socket(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. UserError when the address cannot be had."""
    try:
        return _listen(host, port)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or "there is no such address or port"
        raise UserError(
            f"{host}:{port} cannot be listened on: {reason}.",
            advice="Another process may hold it; `--port` takes another one, `--host` another address.",
        ) from None


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Said aloud that it is TCP: asyncio switches Nagle's delay off only then, worth 40 ms an answer.
    opened = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
        opened.listen(_BACKLOG)
    except BaseException:
        opened.close()
        raise
    return opened


async def run_server(  # noqa: PLR0913 - one server, all by name
    app: ASGIApp,
    listening: socket.socket,
    *,
    stop: asyncio.Event,
    on_started: Callable[[], None] | None = None,
    counts: Counts | None = None,
    limits: Limits | None = None,
) -> None:
    """Serve until `stop` is set, on this loop; returns within 10 s after that, with the socket closed.

    Requests that came whole are answered, others dropped. From another thread, set `stop` by call_soon_threadsafe.
    """
    server = _Server(_configuration(app, limits or Limits(), counts or NoCounts()))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    stopping = asyncio.create_task(stop.wait())
    try:
        while not server.started and not serving.done():
            await asyncio.sleep(0.01)
        if on_started is not None and server.started:
            on_started()
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        await serving
    finally:
        stopping.cancel()
        serving.cancel()


def _configuration(app: ASGIApp, limits: Limits, counts: Counts) -> uvicorn.Config:
    def refused(status: int) -> None:
        counts.received("other", "other", f"status_{status}")

    return uvicorn.Config(
        app,
        http=bounded_protocol(limits, refused),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=limits.idle_seconds,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        backlog=_BACKLOG,
    )


class _Server(uvicorn.Server):
    """Leaves the signals to the command."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
