"""uvicorn's connection with limits that hold before anything is read for good (promises B10, B11, B16).

uvicorn reads a request for as long as the sender likes, and hands it on before its end. Here a request is handed on
once it is whole; how large, how slow and how many at once is bounded, and so is the memory of all together. Nothing
here may judge what is in a body, or answer a second request before the first.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any, ClassVar, Final

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from engine.service.refusing import Refused, last_words
from engine.service.room import Limits, Room

_HOST: Final = re.compile(rb"[A-Za-z0-9._:\[\]%-]*")
_LINGER_SECONDS: Final = 2.0
"""How long what still comes is thrown away after a refusal: closing at once would make the sender's machine drop it."""

_LINGER_BYTES: Final = 4 * 1024 * 1024
_MOST_DIGITS: Final = 12
"""Of a Content-Length; longer ones are too large whatever they say."""


def bounded_protocol(limits: Limits, refused: Callable[[int], None]) -> type[HttpToolsProtocol]:
    """A connection type for one server. `refused` hears the status of each request that was refused unread."""
    return type("BoundedConnection", (Bounded,), {"room": Room(limits, refused)})


class Bounded(HttpToolsProtocol):
    """One connection. Of the requests on it at most one is being read, one answered, and a few wait."""

    room: ClassVar[Room]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn does
        super().connection_made(transport)
        self._limits = self.room.limits
        self._deadline: asyncio.TimerHandle | None = None
        self._has_begun = False
        self._in_headers = True
        self._bytes_of_part = 0
        self._unread: tuple[RequestResponseCycle, Any] | None = None
        self._working: RequestResponseCycle | None = None
        self._is_refused = False
        self._last_words: bytes | None = None
        self._thrown_away = 0
        self._arm()
        if not self.room.enter(self):
            self._refuse(503)

    @property
    def is_busy(self) -> bool:
        """Whether a whole request is being answered or waits for it."""
        return self._working is not None or any(not cycle.more_body for cycle, _ in self.pipeline)

    def close(self) -> None:
        """End it now; whoever is at the other end was not promised anything yet."""
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Feed the parser as much as the limits allow, and stop at the first thing that is not allowed."""
        if self._is_refused:
            self._throw_away(len(data))
            return
        self._unset_keepalive_if_required()
        self._arm()
        while data and not self._is_refused:
            room = self._limits.header_bytes - self._bytes_of_part if self._in_headers else len(data)
            part, data = data[:room], data[room:]
            self._feed(part)

    def _feed(self, part: bytes) -> None:
        self._bytes_of_part += len(part)
        try:
            if not self._in_headers:
                self._check_body_bytes()
            self.parser.feed_data(part)
        except Refused as refused:
            self._refuse(refused.status)
        except httptools.HttpParserUpgrade:
            self._refuse(400)
        except httptools.HttpParserError as error:
            cause = error.__context__
            self._refuse(cause.status if isinstance(cause, Refused) else 400)
        else:
            if self._in_headers and self._bytes_of_part >= self._limits.header_bytes:
                self._refuse(431)

    def _check_body_bytes(self) -> None:
        """Count what comes after the headers as it comes over the wire: chunk sizes and trailers take memory too."""
        if self._bytes_of_part > 2 * self._limits.body_bytes:
            raise Refused(413)
        if not self.room.claim(self, self._bytes_of_part):
            raise Refused(503)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._has_begun = True
        self._disarm()
        self._arm()  # from here on: empty lines may have come before

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._in_headers:  # a trailer: nothing that is needed comes that late
            raise Refused(400)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._check_headers()
        self._in_headers, self._bytes_of_part = False, 0
        waits_for_100, self.expect_100_continue = self.expect_100_continue, False
        super().on_headers_complete()
        if len(self.pipeline) > self._limits.pipelined:
            raise Refused(429)
        if waits_for_100 and not self.pipeline and self._working is None:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _check_headers(self) -> None:
        if len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers) > self._limits.header_bytes:
            raise Refused(431)
        hosts = self._all(b"host")
        if len(hosts) > 1 or (not hosts and self.parser.get_http_version() == "1.1"):
            raise Refused(400)
        if not all(_HOST.fullmatch(host) for host in hosts) or self.parser.should_upgrade():
            raise Refused(400)
        if self._all(b"content-encoding"):
            raise Refused(415)
        self._check_length(self._all(b"content-length"), self._all(b"transfer-encoding"))

    def _check_length(self, lengths: list[bytes], encodings: list[bytes]) -> None:
        """One of the two and once: servers that disagree on where a request ends can be made to see another one."""
        if len(lengths) + len(encodings) > 1 or any(encoding.lower() != b"chunked" for encoding in encodings):
            raise Refused(400)
        if not lengths and not encodings and self.parser.get_method() in {b"POST", b"PUT", b"PATCH"}:
            raise Refused(411)
        for length in lengths:
            if not length.isdigit():
                raise Refused(400)
            if len(length) > _MOST_DIGITS or int(length) > self._limits.body_bytes:
                raise Refused(413)

    def _all(self, wanted: bytes) -> list[bytes]:
        return [value for name, value in self.headers if name == wanted]

    def on_body(self, body: bytes) -> None:
        """Keep it until the request is whole; the reading is never paused, since it is bounded."""
        self.cycle.body += body
        if len(self.cycle.body) > self._limits.body_bytes:
            raise Refused(413)

    def on_message_complete(self) -> None:
        self.cycle.more_body = False
        self.cycle.message_event.set()
        self._has_begun, self._in_headers, self._bytes_of_part = False, True, 0
        self._disarm()
        self.room.used(self)
        if self._unread is not None:
            (cycle, app), self._unread = self._unread, None
            self._start_asgi_task(cycle, app)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Called by uvicorn once the headers are there; the application waits for the whole request."""
        if cycle.more_body:
            self._unread = (cycle, app)
            return
        self._working = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        self._working = None
        super().on_response_complete()  # which begins the next one that waits
        if self._working is None and self._unread is None:
            self.room.give_back(self)
        if self._last_words is not None and not self.is_busy:
            self._say_last_words(self._last_words)

    def _refuse(self, status: int) -> None:
        """Answer what came whole, then this, then close. What is being read now is dropped."""
        self._is_refused = True
        self._disarm()
        self.room.refused(status)
        self._unread = None
        while self.pipeline and self.pipeline[0][0].more_body:
            self.pipeline.popleft()
        self._drop_unread_body()
        self._last_words = last_words(status)
        if not self.is_busy:
            self._say_last_words(self._last_words)

    def _drop_unread_body(self) -> None:
        """Free it now: connection, parser and request hold on to each other until the collector comes by."""
        self.parser = None  # type: ignore[assignment]  # as uvicorn does at the end: it keeps unfinished headers
        if self.cycle is not None and self.cycle.more_body:
            self.cycle.body = bytearray()
        if not self.is_busy:
            self.room.give_back(self)

    def _say_last_words(self, words: bytes) -> None:
        self._unset_keepalive_if_required()
        self._last_words = None
        if self.transport.is_closing():
            return
        self.transport.write(words)
        self.transport.write_eof()
        self.flow.resume_reading()
        self._deadline = self.loop.call_later(_LINGER_SECONDS, self.transport.abort)

    def _throw_away(self, count: int) -> None:
        self._thrown_away += count
        if self._thrown_away > _LINGER_BYTES and not self.is_busy:
            self.transport.abort()

    def _arm(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self._limits.seconds, self._end_of_time)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _end_of_time(self) -> None:
        self._deadline = None
        if self._has_begun:
            self._refuse(408)
        else:  # nothing of a request came: nobody waits for an answer
            self.transport.close()

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio reads the answer
        """A sender that only shut its own side still gets the answer to what came whole."""
        if self._working is None or self._is_refused:
            return False
        self._working.keep_alive = False
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        self._unset_keepalive_if_required()
        self.room.leave(self)
        self._unread = None
        self.pipeline.clear()
        if self.cycle is not None:
            # The application has the bytes by now, or hears that nobody waits for an answer.
            self.cycle.body = bytearray()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """The server ends: what came whole is answered, what did not was never promised."""
        if self._working is None:
            self.transport.close()
        else:
            self._working.keep_alive = False
