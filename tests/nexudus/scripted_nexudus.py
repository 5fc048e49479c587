"""A small HTTP server over real sockets that answers by script, down to cut bytes and slow drips."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from engine.nexudus.client import NexudusClient, NoPace, Pace
from engine.nexudus.settings import NexudusSettings


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """Bytes to send for a request; `then` may go on with the socket, which is closed afterwards."""

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)
    then: Callable[[socket.socket], None] | None = None
    raw: bytes | None = None

    def wire(self) -> bytes:
        if self.raw is not None:
            return self.raw
        lines = [f"HTTP/1.1 {self.status} Said", f"Content-Length: {len(self.body)}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + self.body


def data(value: object, status: int = 200, **headers: str) -> Answer:
    pairs = tuple((name.replace("_", "-"), text) for name, text in headers.items())
    return Answer(status, json.dumps(value).encode(), (("Content-Type", "application/json"), *pairs))


def page(status: int = 200) -> Answer:
    return Answer(status, b"<!doctype html><p>Hello</p>", (("Content-Type", "text/html"),))


def rows(*records: dict[str, object], total: int | None = None) -> Answer:
    return data(envelope(list(records), total=total))


def envelope(records: list[dict[str, object]], total: int | None = None) -> dict[str, object]:
    count = len(records) if total is None else total
    return {
        "Records": records,
        "CurrentPage": 1,
        "HasNextPage": False,
        "TotalItems": count,
        "TotalPages": 1,
    }


def receipt(value: object, *, worked: bool = True) -> Answer:
    return data({"Status": 200, "Message": "", "Value": value, "Errors": None, "WasSuccessful": worked})


def throttled_409(seconds: str | None = "1") -> Answer:
    headers = () if seconds is None else (("Retry-After", seconds),)
    return Answer(409, b"", headers)


def no_answer(seconds: float = 0.0) -> Answer:
    return Answer(raw=b"", then=lambda _: time.sleep(seconds))


def reset() -> Answer:
    def hang_up(sock: socket.socket) -> None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return Answer(raw=b"", then=hang_up)


def cut(body: bytes, promised: int) -> Answer:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {promised}\r\n\r\n"
    return Answer(raw=head.encode() + body, then=lambda _: None)


def drip(chunk: bytes, every: float, head: bytes) -> Answer:
    def go_on(sock: socket.socket) -> None:
        for _ in range(400):
            sock.sendall(chunk)
            time.sleep(every)

    return Answer(raw=head, then=go_on)


Script = Callable[[Request], Answer]


@dataclass
class Server:
    """Answers each request by `script`; a login always works unless `logins` says otherwise."""

    script: Script
    logins: list[Answer] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    clients: list[NexudusClient] = field(default_factory=list)
    tokens: int = 0
    lines: int = 0
    """Connections that clients opened."""
    url: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def paths(self) -> list[str]:
        return [f"{each.method} {each.path}" for each in self.requests if each.path != "/api/token"]

    def answer(self, request: Request) -> Answer:
        with self._lock:
            self.requests.append(request)
            if request.path != "/api/token":
                return self.script(request)
            self.tokens += 1
            if self.logins:
                return self.logins.pop(0)
            return data({"access_token": f"token-{self.tokens}", "token_type": "bearer", "expires_in": 604799})


def in_turn(*answers: Answer) -> Script:
    """One answer after the other; the last one for ever."""
    left = list(answers)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


@contextmanager
def serving(script: Script, *, logins: list[Answer] | None = None) -> Iterator[Server]:
    server = Server(script, list(logins or []))
    listener = socket.create_server(("127.0.0.1", 0))
    server.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    threading.Thread(target=_accept, args=(listener, server), daemon=True).start()
    try:
        yield server
    finally:
        for client in server.clients:
            client.close()
        listener.close()


def _accept(listener: socket.socket, server: Server) -> None:
    while True:
        try:
            sock, _ = listener.accept()
        except OSError:
            return
        server.lines += 1
        threading.Thread(target=_talk, args=(sock, server), daemon=True).start()


def _talk(sock: socket.socket, server: Server) -> None:
    sock.settimeout(20)
    try:
        with sock, sock.makefile("rb") as stream:
            while (request := _request(stream)) is not None:
                answer = server.answer(request)
                sock.sendall(answer.wire())
                if answer.then is not None:
                    answer.then(sock)
                    return
    except (OSError, ValueError):
        return  # the client hung up or spoke no HTTP, which several tests want


def _request(stream: object) -> Request | None:
    first = stream.readline()
    if not first:
        return None
    method, target, _ = first.decode().split(" ")
    headers: dict[str, str] = {}
    while (line := stream.readline().strip()) != b"":
        name, _, value = line.decode().partition(":")
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", "0")))
    parts = urlsplit(target)
    return Request(method, parts.path, dict(parse_qsl(parts.query)), headers, body)


class Clock:
    """A clock that runs on by itself a little and jumps whenever someone sleeps."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self._offset = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self._offset

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._offset += seconds

    def skip(self, seconds: float) -> None:
        self._offset += seconds


def client_for(server: Server, clock: Clock | None = None, **settings: str) -> NexudusClient:
    chosen = {"username": "api@acme.example", "password": "canary-password", **settings}
    return client_with(NexudusSettings(server.url, **chosen), server, clock)


def client_with(
    settings: NexudusSettings, server: Server, clock: Clock | None = None, pace: Pace | None = None
) -> NexudusClient:
    """A client whose waits take no time; closed together with the server."""
    clock = clock or Clock()
    client = NexudusClient(
        settings, pace=pace or NoPace(), sleep=clock.sleep, clock=clock, chance=lambda: 1.0
    )
    server.clients.append(client)
    return client
