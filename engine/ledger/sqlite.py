"""One SQLite file as a SQLAlchemy engine: pragmas on each connection, explicit transactions.

It must never decide what is in the file, and never change one that is not known to be a ledger:
the write-ahead log is switched on by `use_write_ahead_log`, after the look.
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.exc import DBAPIError

BUSY_SECONDS: Final = 10.0
"""How long to wait for another process's transaction. Ours last milliseconds; a backup may take seconds."""

CHECKPOINT_SECONDS: Final = 0.2
"""How long emptying the log may wait for readers: it is tidiness, and the next result tries again."""

_RETRY_SECONDS: Final = 0.01
_LOOK_AGAIN_SECONDS: Final = (0.0005, 0.004)


def connect(path: Path, busy_seconds: float) -> Engine:
    """Return an engine on an existing file; connections open when they are first used."""
    # mode=rw: a file that vanished is an error, not a new and empty ledger
    place = f"file:{quote(str(path.absolute()))}?mode=rw"

    def open_connection() -> sqlite3.Connection:
        # Threads take turns with a connection of the pool; transactions are begun by us, below.
        return sqlite3.connect(
            place, uri=True, timeout=busy_seconds, isolation_level=None, check_same_thread=False
        )

    # Without a bound: a thread that reads must never wait for the connection of one that waits to write.
    engine = create_engine(
        "sqlite://", creator=open_connection, poolclass=QueuePool, max_overflow=-1, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def _set_pragmas(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA busy_timeout = {int(busy_seconds * 1000)}")
        connection.execute("PRAGMA synchronous = FULL")  # NORMAL may lose the last commits at power loss
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")  # a payload that is removed leaves no bytes behind
        connection.execute("PRAGMA journal_size_limit = 0")  # nor in the tail of a log that starts again

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        reads = connection.get_execution_options().get("reads_only", False)
        driver = connection.connection.dbapi_connection
        assert driver is not None  # it has just been checked out
        if reads:
            driver.execute("BEGIN")
        else:
            _take_write_lock(driver, busy_seconds)

    return engine


def _take_write_lock(driver: Any, busy_seconds: float) -> None:
    give_up_at = time.monotonic() + busy_seconds
    while True:
        try:
            driver.execute("BEGIN IMMEDIATE")
            return
        except sqlite3.OperationalError as fault:
            if fault.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > give_up_at:
                raise
        time.sleep(random.uniform(*_LOOK_AGAIN_SECONDS))  # noqa: S311  no secret, only a spread


def open_writer(engine: Engine) -> Connection:
    """A connection that one ledger keeps for all that it writes: to open one costs as much as to write a result.

    It looks for the write lock often and at random. SQLite's own waiting sleeps up to 100 ms between two
    looks: among processes that write without a pause, who looks so seldom may find no gap at all.
    """
    connection = engine.connect()
    connection.detach()  # from the pool: a reader who got it would not wait at all
    driver = connection.connection.dbapi_connection
    assert driver is not None  # it is open
    driver.execute("PRAGMA busy_timeout = 0")
    return connection


def open_reader(engine: Engine) -> Connection:
    """A connection whose transactions see one state and take no lock that a writer would wait for."""
    connection = engine.connect()
    connection.detach()
    return connection.execution_options(reads_only=True)


def is_lost(_connection: Connection) -> bool:
    """Never: a file does not go away by itself, and what fails at the begin of a transaction would fail again."""
    return False


@contextmanager
def plain(engine: Engine) -> Iterator[Any]:
    """The driver's connection outside any transaction, for pragmas."""
    connection = engine.raw_connection()
    try:
        yield connection.dbapi_connection
    finally:
        connection.close()


def use_write_ahead_log(engine: Engine, busy_seconds: float) -> None:
    """Switch the file to WAL, which it then remembers. SQLite does not wait for a lock here, so we do."""
    give_up_at = time.monotonic() + busy_seconds
    with plain(engine) as connection:
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as fault:
                if fault.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > give_up_at:
                    raise
            time.sleep(_RETRY_SECONDS)


def empty_the_log(engine: Engine, busy_seconds: float) -> bool:
    """Move the log into the file and cut it to nothing; False if somebody was reading just then.

    The log keeps the bytes of earlier states of a page, removed texts among them, until it is cut.
    """
    try:
        with plain(engine) as connection:
            connection.execute(f"PRAGMA busy_timeout = {int(CHECKPOINT_SECONDS * 1000)}")
            try:
                busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                connection.execute(f"PRAGMA busy_timeout = {int(busy_seconds * 1000)}")
    except (sqlite3.Error, DBAPIError):
        return False  # what was committed is safe in the log, and the next write tells of a full disk
    return not busy
