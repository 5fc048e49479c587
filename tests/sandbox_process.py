"""Starts the sandbox as its own process, for tests that need a far side.

    with sandbox("--mode", "S14=kept") as far_side:
        far_side.set_fault("error-after-commit", "2x")

Must never import anything of the engine: what a test sees of the sandbox came over a socket.
"""

from __future__ import annotations

import json
import select
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

_START_SECONDS = 20
_STOP_SECONDS = 10
_SHUT_SECONDS = 5
_ANSWER_SECONDS = 30  # longer than any wait that is asked of `commits`
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class SandboxProcess:
    """A running sandbox and the calls under /_sandbox."""

    base_url: str
    username: str
    password: str
    pid: int
    #: the shared secret of each location by its name
    hook_secrets: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def env(self) -> dict[str, str]:
        """The settings that lead a client here."""
        return {
            "NEXUDUS_BASE_URL": self.base_url,
            "NEXUDUS_USERNAME": self.username,
            "NEXUDUS_PASSWORD": self.password,
        }

    @property
    def hook_env(self) -> dict[str, str]:
        """The setting by which a receiver checks the deliveries."""
        return {"TASKLISTS_HOOK_SECRETS": json.dumps(self.hook_secrets)}

    def requests(self) -> list[dict[str, Any]]:
        """What clients asked, in order."""
        found: list[dict[str, Any]] = self.admin("GET", "requests")
        return found

    def clear_requests(self) -> None:
        """Forget what was asked."""
        self.admin("DELETE", "requests")

    def commits(self, after: int = 0, wait: float = 0) -> list[dict[str, Any]]:
        """The commit log behind its first `after` lines; waits up to `wait` seconds until there is one."""
        found: list[dict[str, Any]] = self.admin("GET", f"commits?after={after}&wait={wait}")
        return found

    def set_mode(self, name: str, value: str | int) -> None:
        """One mode, as `--mode name=value`."""
        self.admin("POST", "modes", {name: value})

    def set_fault(self, name: str, value: str) -> None:
        """One fault, as `--fault name=value`."""
        self.admin("POST", "faults", {name: value})

    def counts(self) -> dict[str, Any]:
        """calls, writes, throttled, commits, and faults by name since the last clear."""
        found: dict[str, Any] = self.admin("GET", "counts")
        return found

    def clear_counts(self) -> None:
        """Count from zero."""
        self.admin("DELETE", "counts")

    def clear_faults(self) -> None:
        """All faults off."""
        self.admin("DELETE", "faults")

    def set_clock(self, offset_seconds: float) -> None:
        """Move the sandbox's clock against real time."""
        self.admin("POST", "clock", {"offset_seconds": offset_seconds})

    def signup(self, name: str, **wanted: Any) -> dict[str, Any]:
        """Somebody signs up: email, tariff, location, start, team, user, fields, contract; the ids of what was made."""
        found: dict[str, Any] = self.admin("POST", "signup", {"name": name} | wanted)
        return found

    def cancel(self, coworker: int, **wanted: Any) -> dict[str, Any]:
        """Notice for the contract of a coworker, or for `contract_id`; `on` a date, else today."""
        found: dict[str, Any] = self.admin("POST", "cancel", {"coworker_id": coworker} | wanted)
        return found

    def change_plan(self, coworker: int, tariff: str | int, **wanted: Any) -> dict[str, Any]:
        """Another plan from today on."""
        asked = {"coworker_id": coworker, "tariff": tariff} | wanted
        found: dict[str, Any] = self.admin("POST", "change-plan", asked)
        return found

    def join_team(self, coworker: int, team: str) -> dict[str, Any]:
        """Into a team by name or id; made if it is not there."""
        found: dict[str, Any] = self.admin("POST", "join-team", {"coworker_id": coworker, "team": team})
        return found

    def happen(self, event: str, **wanted: Any) -> dict[str, Any]:
        """Any event: `id` and `fields` of a record, or `location` and a made-up `body`."""
        found: dict[str, Any] = self.admin("POST", "events", {"event": event} | wanted)
        return found

    def deliveries(self, wait: float = 0) -> list[dict[str, Any]]:
        """One line for each attempt; waits up to `wait` seconds until none is on its way."""
        found: list[dict[str, Any]] = self.admin("GET", f"deliveries?wait={wait}")["deliveries"]
        return found

    def deliveries_waiting(self) -> int:
        """How many deliveries and retries are on their way."""
        return int(self.admin("GET", "deliveries")["waiting"])

    def clear_deliveries(self) -> None:
        """Forget what was sent, and what still waits."""
        self.admin("DELETE", "deliveries")

    def set_hook_secrets(self, **secrets: str | None) -> None:
        """The secrets of some locations; None takes one away."""
        self.admin("POST", "secrets", secrets)

    def put_record(self, entity: str, identifier: int, **fields: Any) -> dict[str, Any]:
        """Merge fields into a record, or make it; nothing is checked."""
        found: dict[str, Any] = self.admin("PUT", f"records/{entity}/{identifier}", fields)
        return found

    def record(self, entity: str, identifier: int) -> dict[str, Any]:
        """A record with the columns that no answer shows."""
        found: dict[str, Any] = self.admin("GET", f"records/{entity}/{identifier}")
        return found

    def records(self, entity: str) -> list[dict[str, Any]]:
        """All records of an entity as they are stored."""
        found: list[dict[str, Any]] = self.admin("GET", f"records/{entity}")
        return found

    def remove_records(self, entity: str) -> None:
        """Take all records of an entity away, without a line in the commit log."""
        self.admin("DELETE", f"records/{entity}")

    def remove_record(self, entity: str, identifier: int) -> None:
        """Take a record away, without a line in the commit log."""
        self.admin("DELETE", f"records/{entity}/{identifier}")

    def admin(self, method: str, path: str, body: object = None) -> Any:
        """Any call under /_sandbox; urllib.error.HTTPError when it is refused.

        A port that the refuse fault has shut is waited for.
        """
        request = urllib.request.Request(
            f"{self.base_url}/_sandbox/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        deadline = time.monotonic() + _SHUT_SECONDS
        while True:
            try:
                with _OPENER.open(request, timeout=_ANSWER_SECONDS) as answer:
                    return json.load(answer)
            except (urllib.error.URLError, ConnectionError) as error:
                reason = error.reason if isinstance(error, urllib.error.URLError) else error
                if not isinstance(reason, ConnectionRefusedError) or time.monotonic() > deadline:
                    raise
            time.sleep(0.01)


@contextmanager
def sandbox(*args: str) -> Iterator[SandboxProcess]:
    """A sandbox on a free port with these arguments, ended on the way out, also after a failure."""
    process = subprocess.Popen(
        [sys.executable, "-m", "engine.cli.sandbox", "--port", "0", "--format", "json", *args],
        stdout=subprocess.PIPE,
    )
    try:
        told = _read_line(process)
        yield SandboxProcess(
            told["base_url"], told["username"], told["password"], process.pid, hook_secrets=told["hook_secrets"]
        )
    finally:
        _end(process)


def _read_line(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    assert process.stdout is not None
    deadline = time.monotonic() + _START_SECONDS
    ready, _, _ = select.select([process.stdout], [], [], deadline - time.monotonic())
    line = process.stdout.readline() if ready else b""
    if not line:
        raise RuntimeError(f"the sandbox did not start within {_START_SECONDS} s (exit code {process.poll()})")
    found: dict[str, Any] = json.loads(line)
    return found


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
