"""What the ledger's tests share: one moment, one account, and short ways to say run and intent."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Engine
from whenever import Instant

from engine.ledger import postgres, sqlite
from engine.ledger.connections import writing
from engine.ledger.ledger import Ledger
from engine.ledger.opening import open_ledger, open_ledger_to_look
from engine.ledger.values import BatchKey, Intent, NewRun, RunId, StoredWait
from engine.ledger.view import LedgerView

NOW = Instant("2026-11-23T10:00:00Z")
SINCE = Instant("2026-11-01T00:00:00Z")
ADA = 1_416_660_358
SPACE = UUID("3668bd1b-c290-527c-ac21-80e3d400b351")
BATCH = BatchKey("coworker", str(ADA), "new-member")
NAME = "1111111111111111"
REPOSITORY = Path(__file__).parents[2]


def asked(**other: Any) -> dict[str, Any]:
    usual = {"owner": "acme-coworking", "account": "https://spaces.nexudus.com", "since": SINCE, "now": NOW}
    return usual | other


Place = Path | str
"""A file, as a path or as a process is told of it, or the address of a database."""


def opened(place: Place, **other: Any) -> Ledger:
    return open_ledger(_named(place), **asked(**other))


def looked(place: Place, **other: Any) -> LedgerView | None:
    return open_ledger_to_look(_named(place), **asked(**other))


def _named(place: Place) -> Place:
    return place if "://" in str(place) else Path(place)


@contextmanager
def locked(place: Place) -> Iterator[None]:
    """Somebody else is writing: the lock is held and nothing is done with it."""
    engine = engine_of(place)
    try:
        with writing(engine, str(place)):
            yield
    finally:
        engine.dispose()


def engine_of(place: Place) -> Engine:
    """An engine as the ledger makes it, beside the ledger."""
    named = _named(place)
    return sqlite.connect(named, 10.0) if isinstance(named, Path) else postgres.connect(named, 10.0)


def rows_of(place: Place, statement: str) -> list[tuple[Any, ...]]:
    """What a connection that is none of the ledger's sees."""
    if "://" in str(place):
        from postgres_given import rows_of as rows_on_server

        return rows_on_server(str(place), statement)
    connection = sqlite3.connect(place)
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


def tell(place: Place, statement: str) -> None:
    """Change something behind the ledger's back."""
    if "://" in str(place):
        rows_of(place, statement)
        return
    connection = sqlite3.connect(place)
    with connection:
        connection.execute(statement)
    connection.close()


def identity(item: str) -> UUID:
    return uuid5(SPACE, item)


def intent(item: str, **other: Any) -> Intent:
    usual: dict[str, Any] = {"batch": BATCH, "batch_name": NAME, "payload": f'{{"Name":"{item}"}}'}
    return Intent(identity(item), item, **(usual | other))


def begin(ledger: Ledger, *, at: Instant = NOW, coworker_id: int = ADA, request: str = "") -> RunId:
    return ledger.begin_run(
        NewRun(
            tasklist="new-member",
            version="0123456789ab",
            coworker_id=coworker_id,
            business_id=1_421_021_016,
            cause="cli",
            started_at=at,
            checksum="c" * 64,
            actions={"create": 2},
            request=request,
        )
    )


def waiting(request: str, **other: Any) -> StoredWait:
    """A batch of which something waits, to be looked at an hour from now."""
    usual: dict[str, Any] = {"key": BATCH, "items": "[]", "next_look_at": NOW.add(hours=1), "looked_at": NOW}
    return StoredWait(coworker_id=ADA, request=request, **(usual | other))


def states(ledger: LedgerView, coworker_id: int = ADA) -> dict[UUID, str]:
    return {task.identity: task.state for task in ledger.known(coworker_id)}


PLACES = {"PYTHONPATH": os.pathsep.join((str(REPOSITORY), str(Path(__file__).parent)))}
"""What a process of its own needs to import the engine and this module."""


def start_python(program: str, *arguments: object, reads: bool = False) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        stdin=subprocess.PIPE if reads else None,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | PLACES,
    )


def end_all(processes: Sequence[subprocess.Popen[str]], seconds: float = 60) -> list[str]:
    """What each printed; AssertionError with its complaint if one failed. None stays behind."""
    try:
        told = [process.communicate(timeout=seconds) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    for process, (_, complaint) in zip(processes, told, strict=True):
        assert process.returncode == 0, complaint
    return [printed for printed, _ in told]


def most_in(went: list[float], length: float) -> int:
    """The most of these moments in any stretch of that length that begins with one of them."""
    return max(sum(first <= moment < first + length for moment in went) for first in went)
