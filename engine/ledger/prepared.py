"""Core statements that are compiled once and then run by the driver itself.

Core writes one statement for two databases. Finding the compiled one again costs some 30 us a time, ten times
what SQLite needs for it, and a result is written in five statements. It must never build SQL out of values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import ClauseElement, Connection


class _Compiled(NamedTuple):
    text: str
    names: tuple[str, ...] | None
    """The order of the parameters, None where the driver takes them by name."""
    fixed: Mapping[str, Any]
    """The parameters that the statement itself gives, such as a limit."""


class Prepared:
    """A statement with named parameters. `columns` are those that an INSERT fills."""

    def __init__(self, statement: ClauseElement, columns: Iterable[str] | None = None) -> None:
        self._statement = statement
        self._columns = None if columns is None else list(columns)
        self._of_dialect: dict[str, _Compiled] = {}

    def one(self, connection: Connection, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """The first row, None if there is none."""
        cursor = self.run(connection, values)
        row: tuple[Any, ...] | None = cursor.fetchone()
        cursor.close()  # an open statement would keep the transaction's end waiting
        return row

    def all(self, connection: Connection, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """All rows, as plain tuples."""
        cursor = self.run(connection, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        cursor.close()
        return rows

    def run(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """Run it once and return the driver's cursor."""
        compiled = self._compiled(connection)
        cursor = connection.connection.cursor()
        cursor.execute(compiled.text, _ordered(compiled, values))
        return cursor

    def run_many(self, connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
        """Run it once for each row of parameters."""
        compiled = self._compiled(connection)
        cursor = connection.connection.cursor()
        cursor.executemany(compiled.text, [_ordered(compiled, row) for row in rows])
        cursor.close()

    def _compiled(self, connection: Connection) -> _Compiled:
        name = connection.dialect.name
        found = self._of_dialect.get(name)
        if found is None:
            made: Any = self._statement.compile(dialect=connection.dialect, column_keys=self._columns)
            names = tuple(made.positiontup) if made.positional else None
            fixed = {key: value for key, value in made.params.items() if value is not None}
            found = self._of_dialect[name] = _Compiled(made.string, names, fixed)
        return found


def _ordered(compiled: _Compiled, values: Mapping[str, Any]) -> Any:
    whole = {**compiled.fixed, **values} if compiled.fixed else values
    return whole if compiled.names is None else tuple([whole[name] for name in compiled.names])
