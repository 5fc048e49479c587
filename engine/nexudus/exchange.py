"""One HTTP exchange, bounded in time and size: no redirects, no cookies, no second try.

It must never send anything to another origin than the configured one, never take more of an answer
than the limit, and never outlast its deadline, however slowly the other side drips.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Protocol
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

from engine.nexudus.calls import Call
from engine.nexudus.gate import Gate, Passage
from engine.nexudus.line import Deadlines
from engine.nexudus.settings import NexudusSettings, is_loopback

MOST_BYTES = 5 * 1024 * 1024
"""Of an answer, decoded: a page of 100 whole records has about 1 MiB."""

CONNECT_SECONDS, READ_SECONDS = 10.0, 35.0
"""Long commands take up to 30 s at the other side (api.md 10)."""

_KEPT_IDLE_SECONDS = 4.0
"""Shorter than any server keeps an idle connection, so that a creation does not meet one just closed."""

_NEVER_SENT = (
    *(httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout, httpcore.ProxyError),
    *(httpcore.UnsupportedProtocol, httpcore.LocalProtocolError),
    *(httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError),
    *(httpx.UnsupportedProtocol, httpx.LocalProtocolError),
)
_FAULTS = (
    *(httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, httpcore.ProxyError),
    *(httpcore.UnsupportedProtocol, httpx.TransportError, httpx.StreamError),
)


class LineFault(Exception):
    """No answer. `what` is one of a few fixed phrases, so it never holds data."""

    def __init__(self, what: str, *, bytes_sent: bool) -> None:
        super().__init__(what)
        self.what = what
        self.bytes_sent = bytes_sent


@dataclass(frozen=True)
class Reply:
    """A whole answer. Header names are lower-case; the values of a repeated one are joined by commas."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Measure(Protocol):
    """Who is told how calls went, from any thread. Must raise nothing and take no time."""

    def exchanged(self, method: str, *, status: int, fault: str, seconds: float, resent: bool) -> None:
        """One exchange: its status, or 0 and a fixed phrase where none came. `resent`: the call was sent before."""

    def ambiguous(self) -> None:
        """A write ended without a sure answer."""


class Exchange:
    """The line to one origin; safe to use from many threads. `measure` is told of each call, if there is one."""

    measure: Measure | None = None

    def __init__(
        self,
        settings: NexudusSettings,
        *,
        clock: Callable[[], float],
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._base_url = settings.base_url
        self._clock = clock
        self._deadlines = Deadlines(clock)
        self._traces = transport is None
        self._transport = transport or _PooledTransport(settings.base_url, self._deadlines)

    def send(  # noqa: PLR0913 - one call, all by name
        self, call: Call, *, authorization: str, seconds: float, gate: Gate | None = None, tries: int = 1
    ) -> Reply:
        """Send once and read the whole answer within `seconds`; LineFault if none came.

        What `gate` raises before the first byte is handed on. `tries` counts this one, for who measures.
        """
        request, started = self._request(call, authorization, seconds), self._clock()
        status, fault = 0, ""
        try:
            reply = self._through(request, seconds, gate)
            status = reply.status
        except LineFault as no_answer:
            fault = no_answer.what
            raise
        finally:
            if self.measure is not None and (status or fault):
                self.measure.exchanged(
                    call.method, status=status, fault=fault, seconds=self._clock() - started, resent=tries > 1
                )
        return reply

    def _through(self, request: httpx.Request, seconds: float, gate: Gate | None) -> Reply:
        if gate is None:
            return self._converse(request, seconds)
        with Passage(gate) as passage:
            if self._traces:
                request.extensions["trace"] = passage.trace
            else:
                passage.enter()
            return self._converse(request, seconds)

    def _converse(self, request: httpx.Request, seconds: float) -> Reply:
        end = self._clock() + seconds
        with self._deadlines.until(end):
            try:
                response = self._transport.handle_request(request)
                with closing(response):
                    if self._traces and not self._deadlines.is_heard:  # a second answer to an earlier call
                        raise LineFault("an answer came before its request", bytes_sent=True)
                    headers = {name.lower(): value for name, value in response.headers.items()}
                    return Reply(response.status_code, headers, self._body(response, headers, end))
            except _FAULTS as error:
                raise LineFault(_phrase(error), bytes_sent=not isinstance(error, _NEVER_SENT)) from None

    def close(self) -> None:
        """Close the idle connections."""
        self._transport.close()

    def _request(self, call: Call, authorization: str, seconds: float) -> httpx.Request:
        headers = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "tasklists"}
        if authorization:
            headers["Authorization"] = authorization
        if call.content_type:
            headers["Content-Type"] = call.content_type
        connect, read = min(CONNECT_SECONDS, seconds), min(READ_SECONDS, seconds)
        timeout = {"connect": connect, "read": read, "write": read, "pool": connect}
        return httpx.Request(
            call.method,
            self._base_url + call.path,
            headers=headers,
            content=call.body or None,
            extensions={"timeout": timeout},
        )

    def _body(self, response: httpx.Response, headers: Mapping[str, str], end: float) -> bytes:
        unpack = _unpacker(headers.get("content-encoding", ""))
        body, packed = bytearray(), 0
        for chunk in response.iter_raw():
            packed += len(chunk)
            body += unpack(chunk, MOST_BYTES + 1 - len(body))
            if max(packed, len(body)) > MOST_BYTES:
                raise LineFault("the answer is too large", bytes_sent=True)
            if self._clock() > end:
                raise LineFault("the answer took too long", bytes_sent=True)
        return bytes(body)


def _unpacker(encoding: str) -> Callable[[bytes, int], bytes]:
    """How to decode a body chunk by chunk, at most so many bytes out: one gzip layer or none."""
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        return lambda chunk, _most: chunk
    if name != "gzip":
        raise LineFault("the answer is packed in a way that was not asked for", bytes_sent=True)
    packed = zlib.decompressobj(wbits=31)

    def unpack(chunk: bytes, most: int) -> bytes:
        try:
            return packed.decompress(chunk, most)
        except zlib.error:
            raise LineFault("the answer is packed wrongly", bytes_sent=True) from None

    return unpack


_PHRASES: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((httpcore.ConnectTimeout, httpx.ConnectTimeout), "no connection within the time"),
    ((httpcore.PoolTimeout, httpx.PoolTimeout), "no free connection within the time"),
    ((httpcore.ProxyError, httpx.ProxyError), "the proxy refused"),
    ((httpcore.TimeoutException, httpx.TimeoutException), "no answer within the time"),
    ((httpcore.RemoteProtocolError, httpx.RemoteProtocolError), "the answer was cut off or is no HTTP"),
)


def _phrase(error: Exception) -> str:
    if isinstance(error, httpcore.ConnectError | httpx.ConnectError):
        return _connect_phrase(error)
    return next((phrase for kinds, phrase in _PHRASES if isinstance(error, kinds)), "the connection broke")


def _connect_phrase(error: Exception) -> str:
    """Told apart by the cause's type, or by the operating system's text where httpx hides the cause."""
    text = str(error).lower()
    if "certificate" in text or "ssl" in text or "tls" in text:
        return "the secure connection failed"
    if "name or service" in text or "getaddrinfo" in text or "nodename" in text or "resolution" in text:
        return "no such host"
    return "connection refused" if "refused" in text else "no connection"


class _PooledTransport(httpx.BaseTransport):
    """A connection pool whose every read and write keeps the deadline of the call at hand.

    httpx bounds each read alone, so an answer of one byte a second would never end; the pool below
    it takes a network backend, and that is where the deadline is kept.
    """

    def __init__(self, base_url: str, deadlines: Deadlines) -> None:
        address = httpx.URL(base_url)
        secure = address.scheme == "https"
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context() if secure else None,
            proxy=_proxy(address),
            max_connections=64,
            max_keepalive_connections=16,
            keepalive_expiry=_KEPT_IDLE_SECONDS,
            retries=0,
            network_backend=deadlines.backend,
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        answer = self._pool.handle_request(
            httpcore.Request(
                request.method,
                httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=request.read(),
                extensions=request.extensions,
            )
        )
        return httpx.Response(answer.status, headers=answer.headers, stream=_Chunks(answer))

    def close(self) -> None:
        self._pool.close()


class _Chunks(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


def _proxy(address: httpx.URL) -> httpcore.Proxy | None:
    """The proxy that the environment names for this origin; never one for this machine itself."""
    named = getproxies().get(address.scheme)
    if not named or named.startswith("socks") or is_loopback(address.host) or proxy_bypass(address.host):
        return None
    proxy = httpx.Proxy(named if "://" in named else f"http://{named}")
    return httpcore.Proxy(str(proxy.url), auth=proxy.raw_auth)
