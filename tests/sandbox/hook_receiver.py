"""A receiver of webhooks on this machine: notes what comes, and answers as a test wants."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Received:
    """One request: `connection` is the sender's port, the same for requests over one connection."""

    path: str
    headers: dict[str, str]
    body: bytes
    connection: int


@dataclass
class Receiver:
    """`answer` gives the status of a request; None leaves it without an answer for a while."""

    base_url: str = ""
    answer: Callable[[Received], int | None] = lambda _: 202
    received: list[Received] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def paths(self) -> list[str]:
        return [one.path for one in self.received]

    def wait_for(self, count: int, seconds: float = 10) -> list[Received]:
        """The requests, as soon as there are so many; fails after so many seconds."""
        deadline = time.monotonic() + seconds
        while len(self.received) < count:
            assert time.monotonic() < deadline, f"{len(self.received)} of {count} came in {seconds} s"
            time.sleep(0.005)
        return self.received


@contextmanager
def receiver() -> Iterator[Receiver]:
    """A receiver on a free port, ended with the block."""
    told = Receiver()
    server = _Server(("127.0.0.1", 0), _handler(told))
    told.base_url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield told
    finally:
        told.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False


def _handler(told: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            one = Received(self.path, headers, body, int(self.client_address[1]))
            told.received.append(one)
            status = told.answer(one)
            if status is None:
                told.ended.wait(5)
                self.close_connection = True
                return
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", f"{told.base_url}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    return Handler
