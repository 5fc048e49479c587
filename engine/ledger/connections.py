"""The open connections of one ledger, kept from one transaction to the next: opening costs more than most reads.

One writes, and the threads of this process take turns with it; as many read as there are threads that read
at once. It must never lend a connection on which something failed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine

from engine.ledger.faults import explained
from engine.ledger.sqlite import empty_the_log, open_reader, open_writer
from engine.ledger.writers import Queue


class Connections:
    def __init__(self, engine: Engine, path: Path, writers: Queue, busy_seconds: float) -> None:
        self._engine = engine
        self._path = path
        self._busy_seconds = busy_seconds
        self._writers = writers
        self._writer: Connection | None = None
        self._readers: deque[Connection] = deque()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One transaction that sees one state and waits for no writer."""
        with explained(self._path):
            connection = self._reader()
            try:
                with connection.begin():
                    yield connection
            except BaseException:
                connection.close()
                raise
            self._readers.append(connection)

    def _reader(self) -> Connection:
        try:
            return self._readers.pop()
        except IndexError:
            return open_reader(self._engine)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction that holds the write lock from its start: what it reads stays true until commit."""
        with explained(self._path), self._writers.turn(self._busy_seconds):
            try:
                if self._writer is None:
                    self._writer = open_writer(self._engine)
                with self._writer.begin():
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
                return empty_the_log(self._engine, self._busy_seconds)
        except TimeoutError:
            return False

    def close(self) -> None:
        """Give all of them back; the last process to do so leaves one file, without a log."""
        with explained(self._path), self._writers.turn(self._busy_seconds):
            self._drop_writer()
        while self._readers:
            self._readers.pop().close()
        self._engine.dispose()
