"""The command line, with a ledger that fails from one moment on: what a disk does, which no test can wait for.

    python ledger_at_fault.py KIND METHOD COUNT ARGUMENTS...

From the COUNT-th call of METHOD of the ledger on (`open_ledger`: from its opening on) the fault of that KIND holds
until the process ends. Every fault is SQLite's own or the system's: nothing is raised by this file.
"""

from __future__ import annotations

import atexit
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event

from engine.cli.main import run_commands
from engine.ledger import opening
from engine.ledger.ledger import Ledger

BUSY_SECONDS = 0.2
"""The real ten seconds of waiting for a lock have a test of their own; here there are many."""

_HOLD_THE_LOCK = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
time.sleep(60)
"""


def full(ledger: Path) -> None:
    """No file grows any more."""
    log = ledger.with_name(ledger.name + "-wal")
    size = log.stat().st_size if log.exists() else 0
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def full_disk(ledger: Path) -> None:
    """The disk under the ledger, a small one, is filled to its last byte."""
    with (ledger.parent / "filler").open("wb", buffering=0) as filler:
        size = 65536
        while size:
            try:
                filler.write(b"\0" * size)
            except OSError:
                size //= 2


def read_only(_: Path) -> None:
    """Every transaction from now on may only read."""

    def refuse_writes(connection: Connection) -> None:
        driver = connection.connection.dbapi_connection
        assert driver is not None
        driver.cursor().execute("PRAGMA query_only = ON")

    event.listen(Engine, "begin", refuse_writes)


def immutable(ledger: Path) -> None:
    """The file and its log may not be changed by anybody, root included; whoever called us takes that back."""
    log = ledger.with_name(ledger.name + "-wal")
    files = [str(file) for file in (ledger, log) if file.exists()]
    subprocess.run(["chattr", "+i", *files], check=True)  # noqa: S607


def locked(ledger: Path) -> None:
    """Another process holds the write lock."""
    command = [sys.executable, "-c", _HOLD_THE_LOCK, str(ledger)]
    other = subprocess.Popen(command, stdout=subprocess.PIPE)
    atexit.register(other.wait)
    atexit.register(other.kill)
    assert other.stdout is not None
    assert other.stdout.readline() == b"locked\n"


KINDS = {f.__name__.replace("_", "-"): f for f in (full, full_disk, read_only, immutable, locked)}


def _arm(owner: Any, method: str, count: int, strike: Callable[[], None]) -> None:
    whole = getattr(owner, method)
    calls = 0

    @wraps(whole)
    def struck(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == count:
            strike()
        return whole(*arguments, **named)

    setattr(owner, method, struck)


def main(kind: str, method: str, count: str, *arguments: str) -> int:
    """Run a command with its fault armed, and return its exit code."""
    ledger = Path(os.environ["TASKLISTS_LEDGER"])
    defaults = opening.open_ledger.__kwdefaults__
    assert "busy_seconds" in defaults
    defaults["busy_seconds"] = BUSY_SECONDS
    owner = opening if method == "open_ledger" else Ledger
    _arm(owner, method, int(count), lambda: KINDS[kind](ledger))
    return run_commands(list(arguments))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
