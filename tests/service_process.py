"""Starts `tasklists serve` and `tasklists worker` as processes, and stands for the sender of webhooks.

    with served(folder, env) as service:
        service.post("barcelona", "contract.created", body)

Signatures are made here by a signer of its own, UTF-16 unit by UTF-16 unit: it must never import the engine.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import select
import signal
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

ROOT = Path(__file__).resolve().parent.parent
SECRET = "0123456789abcdef0123456789abcdef-barcelona"
_START_SECONDS = 40
_STOP_SECONDS = 15

T = TypeVar("T")


def fold(text: str) -> bytes:
    """ASCII as .NET folds it: one question mark for each UTF-16 unit from 0x80 on."""
    raw = text.encode("utf-16-le", "surrogatepass")
    units = (raw[at] | raw[at + 1] << 8 for at in range(0, len(raw), 2))
    return bytes(unit if unit < 0x80 else 0x3F for unit in units)


def sign(secret: str, body: bytes) -> str:
    return hmac.new(fold(secret), fold(body.decode()), hashlib.sha256).hexdigest().upper()


@dataclass
class Running:
    """A service or a worker. `url` is empty for a worker."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    def call(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Status and body of one call on a connection of its own; OSError when nobody answers."""
        parts = urllib.parse.urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def get(self, path: str) -> tuple[int, bytes]:
        return self.call("GET", path)

    def post(self, location: str, event: str, body: bytes, *, secret: str = SECRET) -> int:
        """Deliver as Nexudus does; the status."""
        headers = {"X-Nexudus-Hook-Signature": sign(secret, body), "Content-Type": "application/json"}
        return self.call("POST", f"/hooks/{location}/{event}", body, headers)[0]

    def kill(self) -> None:
        """No chance to tidy up."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def pause(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def stop(self) -> int:
        """SIGTERM, as a service manager does; the exit code."""
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        return self.process.wait(_STOP_SECONDS)

    def end(self) -> None:
        """Whatever state it is in."""
        if self.process.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                self.stop()
        if self.process.poll() is None:
            self.kill()
        if self.process.stdout is not None:
            self.process.stdout.close()

    def logged(self) -> str:
        return self.log.read_text(encoding="utf-8")


def start(command: str, folder: Path, env: dict[str, str], *arguments: str) -> Running:
    """Begin `tasklists COMMAND` in a folder, and wait for the line that says it is ready."""
    number = len(list(folder.glob(f"{command}-*.log")))
    log = folder / f"{command}-{number:03d}.log"
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "engine.cli.main", command, "--format", "json", *arguments],
            cwd=folder,
            env=kept | {"PYTHONPATH": str(ROOT)} | env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], _START_SECONDS)
    line = process.stdout.readline() if ready else b""
    if not line:
        process.kill()
        process.wait()
        process.stdout.close()
        raise RuntimeError(f"`tasklists {command}` did not start: {log.read_text(encoding='utf-8')[-2000:]}")
    told: dict[str, Any] = json.loads(line)
    return Running(process, told.get("url", ""), log)


@contextmanager
def served(folder: Path, env: dict[str, str], *arguments: str) -> Iterator[Running]:
    """A service on a free port, ended on the way out."""
    running = start("serve", folder, env, "--port", "0", *arguments)
    try:
        yield running
    finally:
        running.end()


@contextmanager
def worker(folder: Path, env: dict[str, str]) -> Iterator[Running]:
    """A worker, ended on the way out."""
    running = start("worker", folder, env)
    try:
        yield running
    finally:
        running.end()


def until(look: Callable[[], T], seconds: float = 30.0, *, every: float = 0.1) -> T:
    """What `look` says as soon as it is true; AssertionError with its last word after so many seconds."""
    end = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s; the last look gave {found!r}")
        time.sleep(every)
