"""The store of a simulation: the real Ledger on a SQLite in memory, whose transactions are steps and may fail.

All simulated processes share one connection, so a transaction runs in one piece: what others could see of it
before its commit is nothing, and they come in before it or after it. It must never let an uncommitted row outlive
its transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from baton import Baton, Killed
from sqlalchemy import Connection, StaticPool, create_engine, event, insert, text
from whenever import Instant

from engine.ledger import schema
from engine.ledger.ledger import Ledger
from engine.ledger.view import Account, LedgerView

KEY: Final = bytes(range(32))
FILE: Final = Path("simulated.db")
OWNER: Final = "acme-coworking"
_BUSY_SECONDS: Final = 10.0


def _fault(message: str, code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(message)
    error.sqlite_errorcode = code
    return error


class _Shared(sqlite3.Connection):
    """A connection of all processes: one that dies closes its own end only, and what it had not committed is undone."""

    def close(self) -> None:
        if self.in_transaction:
            self.execute("ROLLBACK")


class Store:
    """One ledger file. `trouble` decides by the name of a boundary whether something goes wrong there."""

    def __init__(self, base_url: str, since: Instant) -> None:
        self._driver = sqlite3.connect(
            ":memory:", isolation_level=None, check_same_thread=False, factory=_Shared
        )
        self._engine = create_engine("sqlite://", creator=lambda: self._driver, poolclass=StaticPool)
        event.listen(self._engine, "begin", self._begin)
        self._commits: Callable[[Any], None] = self._engine.dialect.do_commit
        self._engine.dialect.do_commit = self._commit  # type: ignore[method-assign]
        self.baton: Baton | None = None
        self._writes = False
        self.trouble: Callable[[str], str] = lambda _: ""
        self._account = Account(OWNER, base_url, since, KEY)
        self._empty = self._made()

    def renew(self, baton: Baton | None) -> None:
        """Start over with an empty ledger."""
        self.baton = baton
        self.restore(self._empty)

    def copy(self) -> bytes:
        """The ledger as a backup holds it: what is committed."""
        return self._driver.serialize()

    def restore(self, copy: bytes) -> None:
        """Bring a backup back. No process may be running."""
        self._driver.deserialize(copy)

    def lose(self) -> None:
        """Delete the ledger."""
        self.restore(self._empty)

    def ledger(self) -> Ledger:
        """The ledger as one process opens it."""
        return Ledger(self._engine, FILE, self._account, _BUSY_SECONDS)

    def view(self) -> LedgerView:
        """The ledger as a preview opens it."""
        return LedgerView(self._engine, FILE, self._account, _BUSY_SECONDS)

    def intends(self, identity: bytes, body: str) -> bool:
        """Whether an open intent for exactly these bytes is committed. Asked between transactions only."""
        assert not self._driver.in_transaction
        rows = self._driver.execute(
            "SELECT 1 FROM tasks t JOIN payloads p USING (coworker_id, identity)"
            " WHERE t.identity = ? AND t.state = ? AND p.payload = ?",
            (identity, schema.INTENDED, body),
        )
        return rows.fetchone() is not None

    def settled_task_ids(self) -> set[int]:
        """Ids of tasks that the ledger knows as made."""
        return {row[0] for row in self._driver.execute("SELECT task_id FROM tasks WHERE task_id IS NOT NULL")}

    def _made(self) -> bytes:
        self._driver.execute("PRAGMA foreign_keys = ON")
        with self._engine.begin() as connection:
            schema.metadata.create_all(connection)
            connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
            values = {"id": 1, "owner": OWNER, "account": self._account.account, "hash_key": KEY}
            moment = self._account.since.timestamp(unit="millisecond")
            connection.execute(insert(schema.account).values(**values, since_at=moment, created_at=moment))
        return self._driver.serialize()

    def _begin(self, connection: Connection) -> None:
        reads = bool(connection.get_execution_options().get("reads_only", False))
        baton = self.baton
        if baton is not None:
            baton.step("reads the ledger" if reads else "writes the ledger")
            if self.trouble("begin to read" if reads else "begin to write") == "locked":
                baton.sleep(_BUSY_SECONDS)
                raise _fault("database is locked", sqlite3.SQLITE_BUSY)
        self._writes = not reads
        self._driver.execute("BEGIN" if reads else "BEGIN IMMEDIATE")

    def _commit(self, connection: Any) -> None:
        baton = self.baton
        if baton is None:
            self._commits(connection)
            return
        trouble = self.trouble("commit") if self._writes else ""
        if trouble == "killed":
            process = baton.current.process if baton.current else None
            assert process is not None
            baton.kill(process)
            raise Killed
        if trouble == "full":
            raise _fault("database or disk is full", sqlite3.SQLITE_FULL)
        self._commits(connection)
        baton.step("has committed")
