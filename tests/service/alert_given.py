"""Where alerts arrive in tests: a web receiver and a small mail server, both real, both on 127.0.0.1.

The certificate in `samples` was made for these tests and is believed by nobody else.
"""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

CERTIFICATE = Path(__file__).with_name("samples") / "loopback.pem"


def until(holds: Callable[[], object], seconds: float = 10) -> None:
    """Wait for something that happens on another thread; fails after so many seconds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"did not happen within {seconds} s"
        time.sleep(0.005)


@dataclass
class WebInbox:
    """Alerts that were posted. `statuses` are answered one after the other, then 204."""

    url: str = ""
    notices: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    hold: threading.Event = field(default_factory=threading.Event)
    """While it is not set, nothing is answered."""

    def told(self) -> list[tuple[str, str]]:
        return [(one["cause"], one["state"]) for one in self.notices]


@contextmanager
def web_inbox() -> Iterator[WebInbox]:
    """A receiver on a free port, ended with the block."""
    inbox = WebInbox()
    inbox.hold.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            inbox.paths.append(self.path)
            inbox.hold.wait(30)
            status = inbox.statuses.pop(0) if inbox.statuses else 204
            if 200 <= status < 300:
                inbox.notices.append(body)
            with suppress(OSError):  # who gave up waiting does not listen any more
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

        do_GET = do_POST

        def log_message(self, format: str, *args: Any) -> None:
            del format

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    inbox.url = f"http://127.0.0.1:{server.server_address[1]}/alerts?key=s3cret"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield inbox
    finally:
        inbox.hold.set()
        server.shutdown()
        thread.join()
        server.server_close()


def server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


def client_context() -> ssl.SSLContext:
    """Believes the certificate of these tests only."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(CERTIFICATE)
    return context


@dataclass
class MailInbox:
    """A mail server's state and what it saw. `login` is asked for when it is set; `refuses` are recipients."""

    port: int = 0
    starttls: bool = False
    tls: bool = False
    login: tuple[str, str] | None = None
    refuses: tuple[str, ...] = ()
    mails: list[str] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    verbs: list[str] = field(default_factory=list)
    """The commands without their arguments; those under TLS with a star."""


@contextmanager
def mail_inbox(**how: Any) -> Iterator[MailInbox]:
    """A mail server on a free port, ended with the block."""
    inbox, loop, ready = MailInbox(**how), asyncio.new_event_loop(), threading.Event()

    async def serve() -> None:
        context = server_context() if inbox.tls else None
        server = await asyncio.start_server(lambda r, w: _Session(inbox, r, w).run(), "127.0.0.1", 0, ssl=context)
        inbox.port = server.sockets[0].getsockname()[1]
        ready.set()
        async with server:
            await stop.wait()

    stop = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert ready.wait(10)
    try:
        yield inbox
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


class _Session:
    """One connection: as much of SMTP as a client needs to hand in a mail."""

    def __init__(self, inbox: MailInbox, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.inbox, self.reader, self.writer = inbox, reader, writer
        self.is_tls, self.is_known = inbox.tls, inbox.login is None
        self.to: list[str] = []

    async def run(self) -> None:
        with suppress(ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
            await self._say("220 ready")
            while line := (await self.reader.readline()).decode().rstrip():
                verb, _, rest = line.partition(" ")
                self.inbox.verbs.append(verb.upper() + ("*" if self.is_tls else ""))
                if verb.upper() == "QUIT":
                    await self._say("221 bye")
                    break
                await self._answer(verb.upper(), rest)
        self.writer.close()
        with suppress(ConnectionError, ssl.SSLError):
            await self.writer.wait_closed()

    async def _answer(self, verb: str, rest: str) -> None:
        if verb == "EHLO":
            extra = (["STARTTLS"] if self.inbox.starttls and not self.is_tls else []) + ["AUTH PLAIN"]
            await self._say("250-here\r\n" + "".join(f"250-{one}\r\n" for one in extra) + "250 OK")
        elif verb == "STARTTLS":
            await self._say("220 go on")
            await self.writer.start_tls(server_context())
            self.is_tls = True
        elif verb == "AUTH":
            self.is_known = base64.b64decode(rest.split()[1]).decode().split("\0")[1:] == list(self.inbox.login or ())
            await self._say("235 welcome" if self.is_known else f"535 no, {rest}")
        elif verb == "MAIL":
            self.to = []
            await self._say("250 OK" if self.is_known else "530 who are you")
        elif verb == "RCPT":
            refused = any(one in rest for one in self.inbox.refuses)
            self.to += [] if refused else [rest.partition("<")[2].partition(">")[0]]
            await self._say("550 no such box" if refused else "250 OK")
        elif verb == "DATA":
            await self._say("354 go on")
            self.inbox.mails.append((await self.reader.readuntil(b"\r\n.\r\n")).decode())
            self.inbox.recipients.append(self.to)
            await self._say("250 taken")
        else:
            await self._say("250 OK")

    async def _say(self, text: str) -> None:
        self.writer.write(f"{text}\r\n".encode())
        await self.writer.drain()
