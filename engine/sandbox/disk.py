"""The SQLite file behind a sandbox that is to be kept (`--db`). One process owns it.

Must never decide anything: it holds what the store tells it to.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Record = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS records (entity TEXT, id INTEGER, body TEXT NOT NULL, PRIMARY KEY (entity, id));
CREATE TABLE IF NOT EXISTS commits (number INTEGER PRIMARY KEY, line TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tokens (token TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS created (one INTEGER PRIMARY KEY CHECK (one = 1), tasks INTEGER NOT NULL);
INSERT OR IGNORE INTO created VALUES (1, 0);
"""


def dump(value: object) -> str:
    """The one way JSON is written here: compact, non-ASCII as it is."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class Disk:
    """Records, tokens and commits as rows. sqlite3.Error when the file refuses."""

    def __init__(self, file: Path) -> None:
        self._database = sqlite3.connect(file, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=FULL")
        self._database.executescript(_SCHEMA)

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that happens in the block, or nothing when it fails."""
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    def records(self) -> Iterator[tuple[str, Record]]:
        """Entity and record of each."""
        for entity, body in self._database.execute("SELECT entity, body FROM records ORDER BY entity, id"):
            yield entity, json.loads(body)

    def write(self, entity: str, record: Record) -> None:
        """Make or replace a record."""
        self._database.execute("INSERT OR REPLACE INTO records VALUES (?, ?, ?)", (entity, record["Id"], dump(record)))

    def erase(self, entity: str, identifier: int) -> None:
        """Take a record away."""
        self._database.execute("DELETE FROM records WHERE entity = ? AND id = ?", (entity, identifier))

    def commits(self) -> list[str]:
        """The lines of the commit log."""
        return [line for (line,) in self._database.execute("SELECT line FROM commits ORDER BY number")]

    def write_commit(self, line: str, *, creates: bool) -> None:
        """Add a line of the commit log; a creation is counted, so that no id is given twice."""
        self._database.execute("INSERT INTO commits (line) VALUES (?)", (line,))
        if creates:
            self._database.execute("UPDATE created SET tasks = tasks + 1")

    def created(self) -> int:
        """How many tasks were ever created."""
        return int(self._database.execute("SELECT tasks FROM created").fetchone()[0])

    def tokens(self) -> dict[str, Record]:
        """What is known of each token."""
        return {token: json.loads(body) for token, body in self._database.execute("SELECT token, body FROM tokens")}

    def write_token(self, token: str, body: Record) -> None:
        """Remember a token."""
        self._database.execute("INSERT OR REPLACE INTO tokens VALUES (?, ?)", (token, dump(body)))

    def erase_token(self, token: str) -> None:
        """Forget a token."""
        self._database.execute("DELETE FROM tokens WHERE token = ?", (token,))
