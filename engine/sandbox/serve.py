"""Runs the sandbox as a process: socket, server, signals, and the files it keeps.

Must never leave a temporary file behind after an orderly end, nor take a port that is in use.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http import httptools_impl

from engine.sandbox.app import make_app
from engine.sandbox.contracts import check_dates
from engine.sandbox.sender import Sender
from engine.sandbox.state import State
from engine.sandbox.wires import Wires

# The reason phrase of the documented throttle answer; this process sends no other 409.
httptools_impl.STATUS_LINE[409] = b"HTTP/1.1 409 You must wait before accessing this url again.\r\n"
_BACKLOG = 512
_LOOK_SECONDS = 1.0  # between two looks for contracts whose day has come


def open_socket(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. OSError when the address cannot be had."""
    opened = _bind(host, port)
    try:
        opened.listen(_BACKLOG)
    except OSError:
        opened.close()
        raise
    return opened


def _bind(host: str, port: int) -> socket.socket:
    """A socket that has the address but does not listen: until it does, connecting there is refused."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Said aloud that it is TCP: asyncio switches Nagle's delay off only then, worth 40 ms a call.
    opened = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
    except OSError:
        opened.close()
        raise
    return opened


def run_server(
    state: State, listening: socket.socket, announce: Callable[[], None], *, allow_remote_hooks: bool = False
) -> int:
    """Serve until a signal. 0 after SIGTERM, 130 after Ctrl-C. `announce` is called once when ready.

    Webhooks go to this machine only, unless `allow_remote_hooks`.
    """
    return asyncio.run(_serve(state, listening, announce, Sender(state, allow_remote=allow_remote_hooks)))


async def _serve(state: State, listening: socket.socket, announce: Callable[[], None], sender: Sender) -> int:
    wires = Wires()
    config = uvicorn.Config(
        make_app(state, wires),
        http=_connection_type(wires.transports),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        # A call that hangs on purpose must not hold up the end.
        timeout_graceful_shutdown=1,
    )
    server = _Server(config, listening)
    wires.refuse = server.refuse
    received: list[int] = []

    def stop(number: int) -> None:
        server.force_exit = bool(received)
        server.should_exit = True
        received.append(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop, number)
    announce()
    beside = [asyncio.create_task(one) for one in (sender.run(), _watch_dates(state))]
    try:
        await server.serve(sockets=[listening])
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
    return 130 if signal.SIGINT in received[:1] else 0


async def _watch_dates(state: State) -> None:
    """Start and end contracts as the days come, and write down how the hooks fare."""
    while True:
        check_dates(state)
        state.store.flush()
        await asyncio.sleep(_LOOK_SECONDS)


class _Server(uvicorn.Server):
    """Leaves the signals to us: uvicorn would raise them again at the end, and the exit code with them.

    It can also shut its port for a while, as the refuse fault asks.
    """

    def __init__(self, config: uvicorn.Config, listening: socket.socket) -> None:
        super().__init__(config)
        self._address: tuple[str, int] = listening.getsockname()[:2]
        self._held: socket.socket | None = None
        self._reopening: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def refuse(self, seconds: float) -> None:
        """Take no connection for so long. Calls under way are answered, and their connections closed.

        On return the port is shut and the idle connections are gone.
        """
        if self._held is not None or self.should_exit:
            return
        for server in self.servers:
            server.close()
        # Held without listening, so that no other process can take the port meanwhile.
        self._held = _bind(*self._address)
        for connection in list(self.server_state.connections):
            connection.shutdown()
        self._reopening = asyncio.get_running_loop().create_task(self._reopen(self._held, seconds))
        # A connection told to close does so in the next round of the loop.
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def _reopen(self, held: socket.socket, seconds: float) -> None:
        await asyncio.sleep(seconds)
        loop = asyncio.get_running_loop()
        self.servers = [await loop.create_server(self._connect, sock=held, backlog=_BACKLOG)]
        self._held = None

    def _connect(self) -> asyncio.Protocol:
        kind = cast(Any, self.config.http_protocol_class)
        return cast(
            asyncio.Protocol,
            kind(config=self.config, server_state=self.server_state, app_state=self.lifespan.state),
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._reopening is not None:
            self._reopening.cancel()
        if self._held is not None:
            self._held.close()
        await super().shutdown(sockets)


def _connection_type(transports: dict[tuple[str, int], asyncio.Transport]) -> type[asyncio.Protocol]:
    """uvicorn's connection, which also notes its transport: a reset or half an answer needs it."""

    class Connection(httptools_impl.HttpToolsProtocol):
        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            transports[cast(tuple[str, int], self.client)] = transport

        def connection_lost(self, exc: Exception | None) -> None:
            transports.pop(cast(tuple[str, int], self.client), None)
            super().connection_lost(exc)

    return Connection
