"""Sockets that keep the deadline of the call they serve, for each read and write together.

It must never hold a deadline longer than its call: each thread has its own, and none outside one.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore

_ANSWER = b"HTTP/"
"""What every answer begins with."""


class Deadlines:
    """The moment, on `clock`, by which the present thread's call must be over."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._mine = threading.local()
        self.backend: httpcore.NetworkBackend = _Backend(self)

    @contextmanager
    def until(self, moment: float) -> Iterator[None]:
        """Bound all that this thread's sockets do inside the block."""
        self._mine.moment, self._mine.is_heard = moment, False
        try:
            yield
        finally:
            del self._mine.moment

    def heard(self) -> None:
        """The first bytes of an answer came after the last byte of this call's request."""
        self._mine.is_heard = True

    @property
    def is_heard(self) -> bool:
        """Whether such bytes came; else an answer on the line is an older one, kept by the parser."""
        return bool(getattr(self._mine, "is_heard", False))

    def left(self, timeout: float | None, late: type[Exception]) -> float | None:
        """`timeout` or what is left until the deadline, whichever is less; raises `late` if nothing is."""
        moment: float | None = getattr(self._mine, "moment", None)
        if moment is None:
            return timeout
        seconds = moment - self._clock()
        if seconds <= 0:
            raise late("the deadline of the call has passed")
        return seconds if timeout is None else min(timeout, seconds)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, deadlines: Deadlines) -> None:
        self._stream = stream
        self._deadlines = deadlines
        self._asked = False

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._stream.read(max_bytes, self._deadlines.left(timeout, httpcore.ReadTimeout))
        if self._asked and data:
            self._asked = False
            if not _ANSWER.startswith(data[: len(_ANSWER)]):
                raise httpcore.RemoteProtocolError("the rest of an older answer")
            self._deadlines.heard()
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._asked = True
        self._stream.write(buffer, self._deadlines.left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = self._deadlines.left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadlines)

    # The names and types of sockets' details are the library's.
    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, deadlines: Deadlines) -> None:
        self._deadlines = deadlines
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(  # noqa: PLR0917 - the library's signature
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        left = self._deadlines.left(timeout, httpcore.ConnectTimeout)
        stream = self._sockets.connect_tcp(host, port, left, local_address, socket_options)
        return _Stream(stream, self._deadlines)
