"""Two hundred hostile connections, and a good delivery beside them (promises B10, B11, B16)."""

from __future__ import annotations

import io
import os
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from door_given import BODY, EVENT, SECRET, DoorProcess, body_of, door_process, spy
from service_process import sign

LONG = os.environ.get("TASKLISTS_LONG") == "1"
CROWD = 200
SECONDS = 15.0 if LONG else 1.5
MIB = 1024 * 1024
LONGEST_ANSWER, MOST_GROWTH = 5.0, 50 * MIB

Attack = Callable[[socket.socket, random.Random], None]


def head(*lines: str) -> bytes:
    start = (f"POST /hooks/barcelona/{EVENT} HTTP/1.1", f"X-Nexudus-Hook-Signature: {sign(SECRET, BODY)}")
    return "\r\n".join([*start, *lines, "", ""]).encode("latin-1")


def drip(data: bytes) -> Attack:
    """Send it a byte at a time, five a second."""

    def attack(connection: socket.socket, _chance: random.Random) -> None:
        for at in range(min(len(data), int(5 * SECONDS))):
            connection.sendall(data[at : at + 1])
            time.sleep(0.2)

    return attack


def pour(*parts: bytes) -> Attack:
    """Send the parts as fast as they are taken, then hold on until the other side has had enough."""

    def attack(connection: socket.socket, _chance: random.Random) -> None:
        for part in parts:
            connection.sendall(part)
        while connection.recv(65536):
            pass

    return attack


def garbage(connection: socket.socket, chance: random.Random) -> None:
    good = head("Host: a", f"Content-Length: {len(BODY)}") + BODY
    connection.sendall(good + chance.randbytes(2000) + good)
    while connection.recv(65536):
        pass


CHUNKED = "Host: a\r\nTransfer-Encoding: chunked"
ATTACKS: dict[str, Attack] = {
    "slow headers": drip(head("Host: a", "X-A: " + "a" * 500)),
    "slow bodies": pour(head("Host: a", "Content-Length: 3000"), b"["),
    "large bodies that stop before their end": pour(head("Host: a", f"Content-Length: {MIB}"), b"a" * (MIB - 1)),
    "large forged bodies": pour(head("Host: a", f"Content-Length: {MIB}"), b"a" * MIB),
    "bodies of a byte too many": pour(head("Host: a", f"Content-Length: {MIB + 1}"), b"a" * (MIB + 1)),
    "chunks without end": pour(head(CHUNKED), *[b"8000\r\n" + b"a" * 32768 + b"\r\n"] * 64),
    "trailers without end": pour(head(CHUNKED), b"0\r\nX-A: ", *[b"a" * 65536] * 32),
    "compressed bodies": pour(head("Host: a", "Content-Encoding: gzip", "Content-Length: 100000"), b"\x1f\x8b" * 50000),
    "bad lengths": pour(head("Host: a", "Content-Length: -1", "Content-Length: 99999999999999999999"), b"a" * 1000),
    "hostile hosts": pour(head("Host: a", "Host: \x00" + "b" * 9000, "Content-Length: 1"), b"["),
    "pipelined garbage": garbage,
    "nothing at all": pour(),
}


@contextmanager
def crowd(port: int, attack: Attack, end: float) -> Iterator[None]:
    """Two hundred connections at a time that go on attacking until the end."""

    def one(number: int) -> None:
        chance = random.Random(number)
        while time.monotonic() < end:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                attack(connection, chance)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(CROWD)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join(120)


@dataclass(frozen=True)
class Watched:
    """A door that has done some work, and what memory it had by then; what it needs more is what attacks cost."""

    door: DoorProcess
    server: psutil.Process
    memory: int

    def growth(self) -> int:
        grown: int = self.server.memory_info().rss - self.memory
        return grown


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    with door_process(tmp_path_factory.mktemp("crowd") / "ledger.db") as door:
        for number in range(300):
            assert door.deliver(body_of(number)).status == 202
        server = psutil.Process(door.process.pid)
        yield Watched(door, server, server.memory_info().rss)


@pytest.mark.long
@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_a_good_delivery_beside_a_crowd_is_answered_and_memory_stays(watched: Watched, attack: Attack) -> None:
    growth, slowest, number = 0, 0.0, 0
    end = time.monotonic() + SECONDS
    with crowd(watched.door.port, attack, end):
        while time.monotonic() < end:
            started = time.monotonic()
            number += 1
            assert watched.door.deliver(body_of(number, "beside")).status == 202
            slowest = max(slowest, time.monotonic() - started)
            growth = max(growth, watched.growth())
            time.sleep(0.05)
    print(f"{number} good ones, the slowest {slowest:.2f} s; memory grew by {growth / MIB:.1f} MB since the start")
    assert slowest <= LONGEST_ANSWER
    assert growth <= MOST_GROWTH


def test_nothing_that_a_body_holds_makes_the_door_call_anybody(tmp_path: Path) -> None:
    with door_process(tmp_path / "ledger.db") as door:
        words = ["http://127.0.0.1:9/", "https://acme.example/x", "file:///etc/passwd", "//a.example"]
        for number, word in enumerate(words):
            body = f'[{{"Id":{number + 1},"URL":"{word}","Email":"{word}","CallbackUrl":"{word}"}}]'.encode()
            assert door.deliver(body).status == 202
            assert door.call("POST", f"/hooks/barcelona/{EVENT}", body, {"X-Forwarded-For": word, "Referer": word})
        door.process.terminate()
        assert door.process.stdout is not None
        assert door.process.stdout.read() == b""


def test_what_would_be_called_would_be_seen() -> None:
    with redirect_stdout(io.StringIO()) as told:
        spy("socket.connect", (None, ("127.0.0.1", 9)))
    assert told.getvalue().startswith("reached out: socket.connect")
