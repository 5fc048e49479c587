"""The open connections of one ledger, kept from one transaction to the next: opening costs more than most reads.

One writes, and the threads of this process take turns with it; as many read as there are threads that read
at once. It must never lend a connection on which something failed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

from sqlalchemy import Connection, Engine

from engine.ledger import postgres, sqlite
from engine.ledger.faults import explained
from engine.ledger.writers import Queue

T = TypeVar("T")


class Database(Protocol):
    """What differs between SQLite and PostgreSQL: the modules of these names."""

    def open_reader(self, engine: Engine, /) -> Connection:
        """A connection whose transactions see one state and wait for no writer."""

    def open_writer(self, engine: Engine, /) -> Connection:
        """A connection whose transactions hold the write lock from their start."""

    def is_lost(self, connection: Connection, /) -> bool:
        """Whether the other end is gone, so that nothing was begun."""

    def empty_the_log(self, engine: Engine, busy_seconds: float, /) -> bool:
        """Cut removed texts out of the log, where there is one."""


def database_of(engine: Engine) -> Database:
    """SQLite or PostgreSQL, as the engine is."""
    return sqlite if engine.dialect.name == "sqlite" else postgres


@contextmanager
def reading(engine: Engine, place: Path | str) -> Iterator[Connection]:
    """One transaction on a connection of its own that sees one state and waits for no writer."""
    with explained(place), engine.connect() as connection:
        connection.execution_options(reads_only=True)
        with connection.begin():
            yield connection


@contextmanager
def writing(engine: Engine, place: Path | str) -> Iterator[Connection]:
    """One transaction on a connection of its own that holds the write lock from its start."""
    with explained(place), engine.begin() as connection:
        yield connection


class Connections:
    def __init__(self, engine: Engine, place: Path | str, writers: Queue, busy_seconds: float) -> None:
        self._engine = engine
        self._place = place
        self._busy_seconds = busy_seconds
        self._writers = writers
        self._writer: Connection | None = None
        self._readers: deque[Connection] = deque()
        self._database = database_of(engine)

    @property
    def is_served(self) -> bool:
        """Whether a server keeps sessions and their locks: PostgreSQL."""
        return self._engine.dialect.name == "postgresql"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One transaction that sees one state and waits for no writer."""
        with self.explained():
            connection, transaction = self.on_reader(Connection.begin)
            try:
                with transaction:
                    yield connection
            except BaseException:
                connection.close()
                raise
            self._readers.append(connection)

    def explained(self) -> AbstractContextManager[None]:
        """Where faults become words for a person."""
        return explained(self._place)

    def kept_reader(self) -> Connection | None:
        """A connection that nobody reads with, no longer kept here; None if there is none."""
        try:
            return self._readers.pop()
        except IndexError:
            return None

    def keep_reader(self, connection: Connection) -> None:
        """Keep a connection that somebody has read with, for the next one."""
        self._readers.append(connection)

    def on_reader(self, step: Callable[[Connection], T]) -> tuple[Connection, T]:
        """Do the first thing on a connection that nobody reads with; who called keeps or closes it."""
        return self._on(self.kept_reader(), self._database.open_reader, step)

    def _on(
        self, kept: Connection | None, open_another: Callable[[Engine], Connection], step: Callable[[Connection], T]
    ) -> tuple[Connection, T]:
        """Take the first step on the kept connection, or on another if that one was lost since."""
        if kept is not None:
            try:
                return kept, step(kept)
            except BaseException:
                lost = self._database.is_lost(kept)
                kept.close()
                if not lost:
                    raise
        connection = open_another(self._engine)
        try:
            return connection, step(connection)
        except BaseException:
            connection.close()
            raise

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction that holds the write lock from its start: what it reads stays true until commit."""
        with self.explained(), self._writers.turn(self._busy_seconds):
            try:
                kept, self._writer = self._writer, None
                self._writer, transaction = self._on(kept, self._database.open_writer, Connection.begin)
                with transaction:
                    yield self._writer
            except BaseException:
                self._drop_writer()
                raise

    def _drop_writer(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()

    def empty_the_log(self) -> bool:
        """Cut removed texts out of the log; False if somebody was reading just then, or writing for too long."""
        try:
            with self._writers.turn(self._busy_seconds):
                return self._database.empty_the_log(self._engine, self._busy_seconds)
        except TimeoutError:
            return False

    def close(self) -> None:
        """Give all of them back; the last process to do so leaves one file, without a log."""
        with self.explained(), self._writers.turn(self._busy_seconds):
            self._drop_writer()
        while self._readers:
            self._readers.pop().close()
        self._engine.dispose()
