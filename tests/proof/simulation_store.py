"""The store of a simulation: the real Ledger on a SQLite in memory, whose transactions are steps and may fail.

All simulated processes share one connection, so a transaction runs in one piece: what others could see of it
before its commit is nothing, and they come in before it or after it. It must never let an uncommitted row outlive
its transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from baton import Baton
from simulation_locks import BatonLock
from sqlalchemy import Connection, Engine, StaticPool, create_engine, insert
from whenever import Instant

from engine.ledger import schema
from engine.ledger.faults import explained
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


class Store:
    """One ledger file. `trouble` decides by the name of a boundary whether something goes wrong there."""

    def __init__(self, base_url: str, since: Instant) -> None:
        self._driver = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._engine = create_engine("sqlite://", creator=lambda: self._driver, poolclass=StaticPool)
        self._connection = self._engine.connect()  # it believes in one long transaction; ours are below
        self.baton: Baton | None = None
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
        return _Ledger(self, self._engine, self._account)

    def view(self) -> LedgerView:
        """The ledger as a preview opens it."""
        return _View(self, self._engine, self._account)

    def intends(self, identity: bytes, body: str) -> bool:
        """Whether an open intent for exactly these bytes is committed. Asked between transactions only."""
        assert not self._driver.in_transaction
        rows = self._driver.execute(
            "SELECT 1 FROM tasks t JOIN payloads p USING (coworker_id, identity)"
            " WHERE t.identity = ? AND t.state = ? AND p.payload = ?",
            (identity, schema.INTENDED, body),
        )
        return rows.fetchone() is not None

    def holder_of(self, coworker_id: int) -> str:
        """Who has the lease on a member's tasks, or had it last."""
        found = self._driver.execute("SELECT holder FROM leases WHERE name = ?", (f"coworker {coworker_id}",))
        return str((found.fetchone() or ("nobody",))[0])

    def has_open_intents(self) -> bool:
        """Whether anything is meant of which nobody knows yet what came of it."""
        found = self._driver.execute("SELECT 1 FROM tasks WHERE state = ?", (schema.INTENDED,))
        return found.fetchone() is not None

    def adopted(self) -> int:
        """How many tasks were found rather than answered for."""
        found = self._driver.execute("SELECT count(*) FROM tasks WHERE state = ?", (schema.ADOPTED,))
        return int(found.fetchone()[0])

    def settled_task_ids(self) -> set[int]:
        """Ids of tasks that the ledger knows as made."""
        return {row[0] for row in self._driver.execute("SELECT task_id FROM tasks WHERE task_id IS NOT NULL")}

    def _made(self) -> bytes:
        self._driver.execute("PRAGMA foreign_keys = ON")
        schema.metadata.create_all(self._connection)
        values = {"id": 1, "owner": OWNER, "account": self._account.account, "hash_key": KEY}
        moment = self._account.since.timestamp(unit="millisecond")
        self._connection.execute(insert(schema.account).values(**values, since_at=moment, created_at=moment))
        return self._driver.serialize()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that reads: one step, then all of it."""
        if self.baton is not None:
            self.baton.step("reads the ledger")
        with explained(FILE), self._whole("BEGIN"):
            yield self._connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes: a step before it, a step after its commit, and what goes wrong in between."""
        baton = self.baton
        with explained(FILE):
            if baton is not None:
                baton.step("writes the ledger")
                if self.trouble("begin") == "locked":
                    baton.sleep(_BUSY_SECONDS)
                    raise _fault("database is locked", sqlite3.SQLITE_BUSY)
            with self._whole("BEGIN IMMEDIATE"):
                yield self._connection
                self._strike()
        if baton is not None:
            baton.step("has written the ledger")

    @contextmanager
    def _whole(self, begin: str) -> Iterator[None]:
        self._driver.execute(begin)
        try:
            yield
        except BaseException:
            self._driver.execute("ROLLBACK")
            raise
        self._driver.execute("COMMIT")

    def _strike(self) -> None:
        """What goes wrong right before a commit."""
        trouble = self.trouble("commit") if self.baton is not None else ""
        if trouble == "full":
            raise _fault("database or disk is full", sqlite3.SQLITE_FULL)
        if trouble == "killed":
            assert self.baton is not None
            self.baton.die()


class _Transactions:
    """Where a ledger begins and ends its transactions: what happens inside them is the engine's own.

    The writers of one process take turns here as they do there.
    """

    def __init__(self, store: Store, engine: Engine, account: Account) -> None:
        super().__init__(engine, FILE, account, _BUSY_SECONDS)  # type: ignore[call-arg]
        self._store = store
        self._turn = BatonLock()

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._store.reading() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with explained(FILE):
            if not self._turn.acquire(timeout=_BUSY_SECONDS):
                raise _fault("database is locked", sqlite3.SQLITE_BUSY)
            try:
                with self._store.writing() as connection:
                    yield connection
            finally:
                self._turn.release()

    def _tidy(self) -> None:
        """Memory has no log to be cut."""


class _Ledger(_Transactions, Ledger):
    """A ledger in a simulation."""


class _View(_Transactions, LedgerView):
    """A ledger in a simulation, for looking only."""
