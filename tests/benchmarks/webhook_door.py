"""What it costs to store each webhook before it is acknowledged: goals P8 and P9, as ratios.

P8: 64 connections, bodies of 3 KB, each signed and each another: the rate of the door over a SQLite ledger at
synchronous=FULL, divided by the rate of the same door that stores nothing. P9: one connection: the median time of an
answer, divided by that of the same door which only appends the body to a file and calls fsync: the least that durable
can mean. The rounds are interleaved, the servers are processes of their own, and the median ratio is printed with its
spread; what the disk needs for an append and fsync alone is printed beside it.

    python tests/benchmarks/webhook_door.py [--rounds 9] [--deliveries 3000]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER.parent / "service"), str(FOLDER.parent)]

from door_given import EVENT, SECRET, SECRETS, open_at, open_socket  # noqa: E402 - they stand one folder up

from engine.ledger.inbox import Inbox  # noqa: E402
from engine.ledger.ledger import Ledger  # noqa: E402
from engine.ledger.service_values import Accepted, DeliveryId, NewDelivery  # noqa: E402
from engine.ledger.transactions import AlsoDeliveries  # noqa: E402
from engine.nexudus.signature import signature_of  # noqa: E402
from engine.service.accepting import Accepting  # noqa: E402
from engine.service.app import make_app  # noqa: E402
from engine.service.door import Door  # noqa: E402
from engine.service.server import run_server  # noqa: E402

CONNECTIONS, BODY_BYTES = 64, 3_000
LEAST_RATE, MOST_TIME = 0.5, 1.5
NUMBERS = count(1)


class StoresNothing(Accepting):
    """The reference: all but the thread and the commit."""

    def __init__(self, _inbox: Inbox) -> None:
        self._number = 0

    async def accept(self, _delivery: NewDelivery) -> Accepted:
        self._number += 1
        return Accepted(DeliveryId(f"{self._number:016}"), True)

    def close(self) -> None:
        """There is nothing to end."""


class Appends:
    """The reference for one connection: durable, and nothing more."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def accept(self, deliveries: Sequence[NewDelivery], *, also: AlsoDeliveries | None = None) -> Sequence[Accepted]:
        os.write(self._file, b"".join(delivery.body for delivery in deliveries))
        os.fsync(self._file)
        return [Accepted(DeliveryId("appended"), True)] * len(deliveries)


def accepting_of(kind: str, ledger: Ledger) -> Accepting:
    if kind == "nothing":
        return StoresNothing(ledger.inbox)
    return Accepting(ledger.inbox if kind == "storing" else Appends(Path(f"{ledger.place}.appended")))


async def serve(ledger: Ledger, accepting: Accepting) -> None:
    listening = open_socket("127.0.0.1", 0)
    print(listening.getsockname()[1], flush=True)
    door = Door(SECRETS, accepting, ledger.watch, key=ledger.fingerprint_key)
    await run_server(make_app(door), listening, stop=asyncio.Event())


@contextmanager
def server(kind: str, path: Path) -> Iterator[int]:
    """The port of a door of its own process."""
    process = subprocess.Popen([sys.executable, __file__, "--serve", kind, str(path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def request() -> bytes:
    """A delivery that never came before."""
    body = json.dumps([{"Id": next(NUMBERS), "CoworkerId": 7, "FullName": "José"}], ensure_ascii=False).encode()
    body = body[:-2] + b',"Notes":"' + b"x" * (BODY_BYTES - len(body) - 11) + b'"}]'
    lines = [
        f"POST /hooks/barcelona/{EVENT} HTTP/1.1",
        "Host: tasks.acme.example",
        f"X-Nexudus-Hook-Signature: {signature_of(SECRET, body)}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Client(asyncio.Protocol):
    """One connection: the next request goes out when the answer to the last one is there."""

    def __init__(self, requests: list[bytes], done: Callable[[], None]) -> None:
        self._requests = requests
        self._done = done
        self.taken: list[float] = []
        self._heard = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._next()

    def _next(self) -> None:
        if not self._requests:
            self._transport.close()
            self._done()
            return
        self._started = time.perf_counter()
        self._transport.write(self._requests.pop())

    def data_received(self, data: bytes) -> None:
        self._heard += data
        if not self._heard.endswith(b"}"):  # head and body are two segments
            return
        if not self._heard.startswith(b"HTTP/1.1 202"):
            raise SystemExit(f"not accepted: {self._heard[:40]!r}")
        self._heard = b""
        self.taken.append(time.perf_counter() - self._started)
        self._next()


async def load(port: int, requests: list[bytes], connections: int) -> tuple[float, list[float]]:
    """Seconds for all of them, and for each."""
    loop, ended, left = asyncio.get_running_loop(), asyncio.Event(), connections

    def done() -> None:
        nonlocal left
        left -= 1
        if not left:
            ended.set()

    started = time.perf_counter()
    made = [await loop.create_connection(lambda: Client(requests, done), "127.0.0.1", port) for _ in range(connections)]
    await asyncio.wait_for(ended.wait(), 120)
    wall = time.perf_counter() - started
    return wall, [seconds for _, client in made for seconds in client.taken]


def rate(port: int, deliveries: int) -> float:
    requests = [request() for _ in range(deliveries)]
    wall, taken = asyncio.run(load(port, requests, CONNECTIONS))
    return len(taken) / wall


def median_answer(port: int, deliveries: int) -> float:
    return statistics.median(asyncio.run(load(port, [request() for _ in range(deliveries)], 1))[1])


def median_append(path: Path, times: int) -> float:
    """Of one write of a request's size and one fsync."""
    data, taken = request(), []
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        for _ in range(times):
            started = time.perf_counter()
            os.write(file, data)
            os.fsync(file)
            taken.append(time.perf_counter() - started)
    finally:
        os.close(file)
    return statistics.median(taken)


def spread(values: Sequence[float], form: str = "{:.2f}x") -> str:
    ordered = sorted(values)
    tenth = len(ordered) // 10
    low, middle, high = ordered[tenth], statistics.median(ordered), ordered[-1 - tenth]
    return f"{form.format(middle)} (p10 {form.format(low)}, p90 {form.format(high)})"


def measure(folder: Path, rounds: int, deliveries: int) -> None:
    taken: dict[str, list[float]] = {}
    with (
        server("storing", folder / "a.db") as storing,
        server("nothing", folder / "b.db") as nothing,
        server("appending", folder / "c.db") as appending,
    ):
        for number in range(rounds + 1):
            sample = {
                "64, stored in the ledger": rate(storing, deliveries),
                "64, not stored": rate(nothing, deliveries),
                "1, stored in the ledger": 1000 * median_answer(storing, 200),
                "1, appended": 1000 * median_answer(appending, 200),
                "an append and fsync alone": 1000 * median_append(folder / "append", 100),
            }
            for name, value in sample.items() if number else ():  # the first round only warms up
                taken.setdefault(name, []).append(value)
    print(f"{rounds} interleaved rounds, {deliveries} deliveries of {BODY_BYTES} bytes; connections and what they do:")
    for name, values in taken.items():
        print(f"{name:28}{spread(values, '{:.0f}/s' if name.startswith('64') else '{:.2f} ms')}")
    rates = ratios(taken["64, stored in the ledger"], taken["64, not stored"])
    times = ratios(taken["1, stored in the ledger"], taken["1, appended"])
    print(f"P8 goal >= {LEAST_RATE}x: {spread(rates)}, {verdict(statistics.median(rates) >= LEAST_RATE)}")
    print(f"P9 goal <= {MOST_TIME}x: {spread(times)}, {verdict(statistics.median(times) <= MOST_TIME)}")


def ratios(ours: Sequence[float], reference: Sequence[float]) -> list[float]:
    return [one / other for one, other in zip(ours, reference, strict=True)]


def verdict(is_met: bool) -> str:
    return "met" if is_met else "MISSED"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--deliveries", type=int, default=3000)
    parser.add_argument("--serve", nargs=2, metavar=("KIND", "LEDGER"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        kind, place = given.serve
        with open_at(Path(place)) as ledger:
            asyncio.run(serve(ledger, accepting_of(kind, ledger)))
    else:
        with tempfile.TemporaryDirectory() as name:
            measure(Path(name), given.rounds, given.deliveries)


if __name__ == "__main__":
    main()
