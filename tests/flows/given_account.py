"""A user's folder, a sandbox that it leads to, and the command line called in this process.

Everything is real: files, SQLite, sockets on 127.0.0.1. Each test has its own folder and ledger; the sandbox is
shared by the tests of a file and put back to its start after each.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sandbox_process import SandboxProcess, sandbox

from engine.cli.main import run_commands

ROOT = Path(__file__).parent.parent.parent
ASHLEY, JOSE, ZOE, GLEN, LESLIE, RACHAEL, DANNY, PAULA, TRACY, BRACES, ESCAPES = range(1423831744, 1423831755)
BARCELONA, LONDON = 1421021016, 1421021017
ANA, BEN, EVA = 1418332090, 1418332091, 1418332092
PASSWORD = "sandbox-password"
_LIMITS = ("calls-per-100ms", "calls-per-minute", "calls-per-hour", "writes-per-minute", "writes-per-day")
UNLIMITED = [f"S50.{name}" for name in _LIMITS]
_OUR_LIMITS = ("WRITES_PER_MINUTE", "CALLS_PER_MINUTE", "CALLS_PER_HOUR", "CALLS_PER_100_MS", "WRITES_PER_DAY")
NO_PACE = {f"TASKLISTS_{name}": "0" for name in _OUR_LIMITS}
QUICK = {"TASKLISTS_LEASE_SECONDS": "2"}
KEPT_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TERM")


@dataclass
class Answer:
    """What a command left: its exit code and the bytes that it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def actions(self) -> dict[str, str]:
        return {part["item"]: part["action"] for part in self.json["actions"]}

    @property
    def outcomes(self) -> dict[str, str]:
        return {part["item"]: part["outcome"] for part in self.json["results"]}


@dataclass
class Account:
    """One user's folder of task lists, and the sandbox that its settings lead to."""

    folder: Path
    far_side: SandboxProcess
    seen_commits: int
    env: dict[str, str] = field(default_factory=dict)

    @property
    def lists(self) -> Path:
        return self.folder / "tasklists"

    @property
    def ledger(self) -> Path:
        return self.folder / ".tasklists" / "ledger.db"

    def write(self, name: str, text: str) -> None:
        (self.lists / f"{name}.yaml").write_text(text, encoding="utf-8")

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.lists / f"{name}.yaml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def lose_ledger(self) -> None:
        shutil.rmtree(self.ledger.parent)

    def cli(self, *arguments: object, **env: str) -> Answer:
        """Call the command line in this process, with the folder as current directory."""
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
        with _standing_in(self.folder, self.env | env), redirect_stdout(out), redirect_stderr(err):
            code = run_commands([str(part) for part in arguments])
        return Answer(code, *(file.buffer.getvalue().decode() for file in (out, err)))  # type: ignore[attr-defined]

    def preview(self, *arguments: object, name: str = "new-member", coworker: int = ASHLEY, **env: str) -> Answer:
        return self.cli("preview", name, "--coworker", coworker, "--format", "json", *arguments, **env)

    def run(self, *arguments: object, name: str = "new-member", coworker: int = ASHLEY, **env: str) -> Answer:
        usual = ("--yes", "--no-wait", "--format", "json")
        return self.cli("run", name, "--coworker", coworker, *usual, *arguments, **env)

    def subprocess(self, *arguments: object, **env: str) -> Answer:
        """Call the command line as its own process, without a terminal."""
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.whole_env(**env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=False,
        )
        return Answer(done.returncode, done.stdout.decode(), done.stderr.decode())

    def command(self, *arguments: object) -> list[str]:
        return [sys.executable, "-m", "engine.cli.main", *map(str, arguments)]

    def whole_env(self, **env: str) -> dict[str, str]:
        kept = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
        return kept | {"PYTHONPATH": str(ROOT)} | self.env | env

    def commits(self, op: str = "create") -> list[dict[str, Any]]:
        """What the sandbox committed since the test began."""
        return [line for line in self.far_side.commits()[self.seen_commits :] if line["op"] == op]

    def names(self) -> list[str]:
        """The names of the tasks that were made since the test began, sorted."""
        return sorted(line["record"]["Name"] for line in self.commits())

    def calls(self) -> list[tuple[str, str]]:
        """Method and path of what was asked since the last clear_requests, without the login."""
        return [(r["method"], r["path"]) for r in self.far_side.requests() if r["path"] != "/api/token"]

    def reads(self) -> int:
        return sum(method == "GET" for method, _ in self.calls())

    def posts(self) -> list[bytes]:
        """The bodies that were posted, as bytes."""
        asked = [r for r in self.far_side.requests() if r["method"] == "POST" and r["path"] != "/api/token"]
        return [request["body"].encode() for request in asked]


@contextmanager
def _standing_in(folder: Path, env: dict[str, str]) -> Iterator[None]:
    before, here = dict(os.environ), Path.cwd()
    for name in [name for name in before if name.startswith(("NEXUDUS_", "TASKLISTS_", "COLUMNS"))]:
        del os.environ[name]
    os.environ.update(env)
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(here)
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture(scope="module")
def process() -> Iterator[SandboxProcess]:
    with sandbox() as running:
        yield running


@pytest.fixture
def far_side(process: SandboxProcess) -> Iterator[SandboxProcess]:
    """The sandbox without limits and faults; records that a test changes are put back, tasks removed."""
    kept = {name: process.records(name) for name in ("coworkers", "coworkercontracts", "businesses", "users")}
    for name in UNLIMITED:
        process.set_mode(name, 0)
    yield process
    process.clear_faults()
    process.admin("DELETE", "modes")
    process.set_clock(0)
    process.remove_records("coworkertasks")
    for entity, records in kept.items():
        now = {record["Id"]: record for record in process.records(entity)}
        for record in records:
            if now.pop(record["Id"], None) != record:
                process.put_record(entity, record["Id"], **{k: v for k, v in record.items() if k != "Id"})
        for number in now:
            process.remove_record(entity, number)


@pytest.fixture
def account(far_side: SandboxProcess, tmp_path: Path) -> Account:
    shutil.copytree(Path(__file__).with_name("lists"), tmp_path / "tasklists")
    far_side.clear_requests()
    return Account(tmp_path, far_side, len(far_side.commits()), far_side.env | NO_PACE | QUICK)
