"""The records of the sandbox: kept in memory, written through to SQLite before the answer goes out.

One process owns the file. A commit of a task is on the disk, in the database and in the
commit log, when `commit` returns. Must never merge, complete or refuse a record.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
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

# Two blocks of ids around the ones recorded on a live account. Successive creations take from
# the two in turn, so that an id says nothing about time.
_FIRST_ID = 1416660000
_BLOCK = 100


def task_id(number: int) -> int:
    """The id of the n-th task ever created, counted from 0: unique, near 1.4e9, not monotonic."""
    window, place = divmod(number, 2 * _BLOCK)
    half = _BLOCK if place % 2 == 0 else 0
    return _FIRST_ID + window * 2 * _BLOCK + half + place // 2


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class Store:
    """Records by entity and id; tokens; the commit log. OSError or sqlite3.Error when the disk refuses."""

    def __init__(self, file: Path, commit_log: Path | None = None, *, survives_power_loss: bool = True) -> None:
        self._database = sqlite3.connect(file, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        # A file that is gone at the end has nothing to save from a power cut; a killed process loses nothing.
        self._database.execute(f"PRAGMA synchronous={'FULL' if survives_power_loss else 'OFF'}")
        self._database.executescript(_SCHEMA)
        self._log = commit_log.open("ab", buffering=0) if commit_log else None
        self._records: dict[str, dict[int, Record]] = {}
        self._tasks_of: dict[int, set[int]] = {}
        for entity, body in self._database.execute("SELECT entity, body FROM records ORDER BY entity, id"):
            self._remember(entity, json.loads(body))

    def close(self) -> None:
        """Let go of the files."""
        self._database.close()
        if self._log:
            self._log.close()

    def is_empty(self) -> bool:
        """True before the first record."""
        return not self._records

    def all(self, entity: str) -> list[Record]:
        """All records of an entity. They are not copies: read only."""
        return list(self._records.get(entity, {}).values())

    def tasks_of(self, coworker: int) -> list[Record]:
        """The tasks of one coworker. Read only."""
        tasks = self._records.get("coworkertasks", {})
        return [tasks[one] for one in sorted(self._tasks_of.get(coworker, ()))]

    def get(self, entity: str, identifier: object) -> Record | None:
        """One record, or None. Read only."""
        return self._records.get(entity, {}).get(identifier) if isinstance(identifier, int) else None

    def put(self, entity: str, record: Record) -> None:
        """Make or replace a record, without a line in the commit log."""
        self._write(entity, record)
        self._remember(entity, record)

    def put_many(self, entity: str, records: list[Record]) -> None:
        """Make or replace many records in one transaction."""
        with self._transaction():
            for record in records:
                self._write(entity, record)
        for record in records:
            self._remember(entity, record)

    def remove(self, entity: str, identifier: int) -> bool:
        """Take a record away, without a line in the commit log. False when there was none."""
        self._erase(entity, identifier)
        return self._forget(entity, identifier)

    def commit(self, operation: str, record: Record, at: str) -> None:
        """Create, update or delete a task and write the line of the commit log, all on disk on return."""
        line = _dump({"at": at, "op": operation, "id": record["Id"], "record": record})
        with self._transaction():
            if operation == "delete":
                self._erase("coworkertasks", record["Id"])
            else:
                self._write("coworkertasks", record)
            if operation == "create":
                self._database.execute("UPDATE created SET tasks = tasks + 1")
            self._database.execute("INSERT INTO commits (line) VALUES (?)", (line,))
        if self._log:
            self._log.write(line.encode() + b"\n")
            os.fsync(self._log.fileno())
        if operation == "delete":
            self._forget("coworkertasks", record["Id"])
        else:
            self._remember("coworkertasks", record)

    def commits(self) -> list[Record]:
        """The commit log from its beginning."""
        return [json.loads(line) for (line,) in self._database.execute("SELECT line FROM commits ORDER BY number")]

    def committed(self) -> int:
        """How many lines the commit log has."""
        return int(self._database.execute("SELECT count(*) FROM commits").fetchone()[0])

    def created(self) -> int:
        """How many tasks were ever created, those removed since among them."""
        return int(self._database.execute("SELECT tasks FROM created").fetchone()[0])

    def token(self, token: str) -> Record | None:
        """What is known of a token."""
        row = self._database.execute("SELECT body FROM tokens WHERE token = ?", (token,)).fetchone()
        return json.loads(row[0]) if row else None

    def keep_token(self, token: str, body: Record) -> None:
        """Remember a token."""
        self._database.execute("INSERT OR REPLACE INTO tokens VALUES (?, ?)", (token, _dump(body)))

    def drop_refresh_tokens(self, client: str) -> None:
        """Forget the refresh tokens of a client id; its access tokens stay good."""
        self._database.execute(
            "DELETE FROM tokens WHERE json_extract(body, '$.kind') = 'refresh' AND json_extract(body, '$.client') = ?",
            (client,),
        )

    def _transaction(self) -> _Transaction:
        return _Transaction(self._database)

    def _write(self, entity: str, record: Record) -> None:
        self._database.execute("INSERT OR REPLACE INTO records VALUES (?, ?, ?)", (entity, record["Id"], _dump(record)))

    def _erase(self, entity: str, identifier: int) -> None:
        self._database.execute("DELETE FROM records WHERE entity = ? AND id = ?", (entity, identifier))

    def _remember(self, entity: str, record: Record) -> None:
        self._forget(entity, record["Id"])
        self._records.setdefault(entity, {})[record["Id"]] = record
        if entity == "coworkertasks":
            self._tasks_of.setdefault(record["CoworkerId"], set()).add(record["Id"])

    def _forget(self, entity: str, identifier: int) -> bool:
        record = self._records.get(entity, {}).pop(identifier, None)
        if record is not None and entity == "coworkertasks":
            self._tasks_of.get(record["CoworkerId"], set()).discard(identifier)
        return record is not None


class _Transaction:
    """BEGIN IMMEDIATE ... COMMIT, or ROLLBACK when the block fails."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def __enter__(self) -> None:
        self._database.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, *rest: object) -> None:
        self._database.execute("COMMIT" if kind is None else "ROLLBACK")


def each_id(text: str) -> Iterator[int]:
    """The ids of a batch such as `[1,2,3]`; what is no number is left out."""
    for part in text.strip().strip("[]").split(","):
        digits = part.strip()
        if digits.isascii() and digits.isdigit() and len(digits) < 19:
            yield int(digits)
