"""A running door for tests: in a thread over any ledger, or as a process of its own to be watched and killed.

    with door_on(ledger) as door:
        assert door.deliver(body).status == 202

    python door_given.py LEDGER     prints {"port": ..., "pid": ...} and serves until it is ended
"""

from __future__ import annotations

import asyncio
import http.client
import json
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
for folder in (ROOT, ROOT / "tests"):  # as a process of its own nobody else has put them there
    sys.path.insert(0, str(folder))

from service_process import sign  # noqa: E402 - it stands one folder up
from starlette.routing import Route  # noqa: E402
from whenever import Instant  # noqa: E402

from engine.ledger.ledger import Ledger  # noqa: E402
from engine.ledger.opening import open_ledger  # noqa: E402
from engine.nexudus.hook_secrets import HookSecrets  # noqa: E402
from engine.service.accepting import Accepting, TakesDeliveries  # noqa: E402
from engine.service.app import make_app  # noqa: E402
from engine.service.door import Door  # noqa: E402
from engine.service.room import Limits  # noqa: E402
from engine.service.server import open_socket, run_server  # noqa: E402

SECRET, NEXT_SECRET = "5up3rF1rst-0123456789abcdef-barcelona", "an0therOne-fedcba9876543210-barcelona"
TOKEN = "t0kenOf_Madrid-0123456789-abcdef"
SECRETS = HookSecrets(frozenset({"barcelona", "madrid", "porto"}), {"barcelona": (SECRET,)}, {"madrid": (TOKEN,)})
BODY = b'[{"Id":1407461412,"CoworkerId":1423831744,"IssuedById":1421021016}]'
EVENT = "contract.created"
SINCE = Instant("2026-11-01T00:00:00Z")


def body_of(number: int, name: str = "Ana") -> bytes:
    """A delivery that no other number has."""
    return json.dumps([{"Id": number, "CoworkerId": number, "FullName": name}], ensure_ascii=False).encode()


@dataclass
class Counted:
    """Counts as the door does, in memory."""

    outcomes: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    def received(self, location: str, event: str, outcome: str) -> None:
        self.outcomes[location, event, outcome] += 1

    def accepted_seconds(self, seconds: float) -> None:
        self.seconds.append(seconds)

    def of(self, outcome: str) -> int:
        return sum(count for (_, _, what), count in self.outcomes.items() if what == outcome)


@dataclass(frozen=True)
class Answered:
    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def id(self) -> str:
        found: str = json.loads(self.body)["id"]
        return found

    @property
    def code(self) -> str:
        found: str = json.loads(self.body)["error"]["code"]
        return found


@dataclass
class RunningDoor:
    """Where the door is, and ways to knock."""

    port: int
    counts: Counted = field(default_factory=Counted)

    def call(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answered:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            return Answered(answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()})
        finally:
            connection.close()

    def deliver(
        self,
        body: bytes = BODY,
        *,
        secret: str = SECRET,
        event: str = EVENT,
        location: str = "barcelona",
        signature: str | None = None,
    ) -> Answered:
        """Post a body as Nexudus does, with the right signature unless another is given."""
        header = sign(secret, body) if signature is None else signature
        return self.call("POST", f"/hooks/{location}/{event}", body, {"X-Nexudus-Hook-Signature": header})


@contextmanager
def door_on(
    ledger: Ledger,
    *,
    inbox: TakesDeliveries | None = None,
    secrets: HookSecrets = SECRETS,
    limits: Limits | None = None,
    routes: tuple[Route, ...] = (),
) -> Iterator[RunningDoor]:
    """A door on a thread of this process, over `ledger`, or over another inbox."""
    listening, counts = open_socket("127.0.0.1", 0), Counted()
    accepting = Accepting(inbox or ledger.inbox)
    door = Door(secrets, accepting, ledger.watch, key=ledger.fingerprint_key, counts=counts)
    loop, stop, started = asyncio.new_event_loop(), asyncio.Event(), threading.Event()
    serving = run_server(
        make_app(door, routes=routes), listening, stop=stop, on_started=started.set, counts=counts, limits=limits
    )
    thread = threading.Thread(target=loop.run_until_complete, args=(serving,))
    port = listening.getsockname()[1]
    thread.start()
    try:
        assert started.wait(20)
        yield RunningDoor(port, counts)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(20)
        accepting.close()
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
        assert not thread.is_alive()


def open_at(path: Path | str) -> Ledger:
    return open_ledger(
        path, owner="acme-coworking", account="https://spaces.nexudus.com", since=SINCE, now=Instant.now()
    )


@dataclass
class DoorProcess(RunningDoor):
    process: subprocess.Popen[bytes] = field(kw_only=True)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@contextmanager
def door_process(path: Path) -> Iterator[DoorProcess]:
    """The same as a process over the ledger at `path`; ended on the way out. What it connects to, it prints."""
    process = subprocess.Popen([sys.executable, __file__, str(path)], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        yield DoorProcess(told["port"], process=process)
    finally:
        process.terminate()
        process.wait(20)
        if process.stdout is not None:
            process.stdout.close()


def spy(event: str, arguments: tuple[Any, ...]) -> None:
    if event in {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname"}:
        print(f"reached out: {event} {arguments[-1]!r}", flush=True)


async def _serve(path: Path) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    with open_at(path) as ledger:
        accepting = Accepting(ledger.inbox)
        door = Door(SECRETS, accepting, ledger.watch, key=ledger.fingerprint_key)
        listening = open_socket("127.0.0.1", 0)
        sys.addaudithook(spy)
        print(json.dumps({"port": listening.getsockname()[1]}), flush=True)
        await run_server(make_app(door), listening, stop=stop)
        accepting.close()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1])))
