"""A ledger as the first released schema left it, with rows of every kind; written without our own tables."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

from ledger_given import ADA, NOW, REPOSITORY, SINCE, identity

from engine.ledger.connections import writing
from engine.ledger.disk import make_private_file
from engine.ledger.sqlite import connect, plain, use_write_ahead_log

_AT = NOW.timestamp(unit="millisecond")
_USUAL = ("0123456789ab", ADA, 5)
_STATES = {"intended": (0, None), "created": (1, 900), "adopted": (2, 901), "failed": (3, None)}
ALL_ROWS = {
    "account": [
        (1, "acme-coworking", "https://spaces.nexudus.com", SINCE.timestamp(unit="millisecond"), b"k" * 32, _AT)
    ],
    "runs": [
        (1, "00000000000000a1", "new-member", *_USUAL, "cli", "c" * 64, '{"create":4}', _AT, _AT, None, None),
        (2, "00000000000000a2", "new-member", *_USUAL, "sweep", "c" * 64, "{}", _AT, _AT, _AT, '{"kept":1}'),
    ],
    "batches": [(1, ADA, "coworker", str(ADA), "new-member", "", b"n" * 8, 900)],
    "items": [(number, state) for number, state in enumerate(_STATES, 1)],
    "tasks": sorted(
        (ADA, identity(state).bytes, code, 1, 1, number, 31, _AT, task_id, _AT, 77, _AT, b"\0\1" + b"f" * 8)
        for number, (state, (code, task_id)) in enumerate(_STATES.items(), 1)
    ),
    "payloads": [(ADA, identity("intended").bytes, "31", '{"Name":"Ada Ó"}')],
    "results": [(1, 1, identity("failed").bytes, "failed", _AT, None, "Name is too long")],
    "verdicts": [(ADA, 800, None), (ADA, 900, identity("created").bytes)],
    "memberships": [(ADA, 77, 70)],
    "directory": [("admins", '["ana"]', _AT)],
    "calls": [(1, _AT, 1), (2, _AT + 1, 0)],
    "pause": [(1, _AT)],
}


def make_first_ledger(path: Path) -> None:
    """Run migration 0001 only, then insert."""
    from alembic import command
    from alembic.config import Config

    make_private_file(path)
    engine = connect(path, 1.0)
    use_write_ahead_log(engine, 1.0)
    configuration = Config()
    configuration.set_main_option("script_location", str(REPOSITORY / "engine/ledger/migrations"))
    with writing(engine, path) as connection:
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "0001")
    with plain(engine) as raw:
        for table, rows in ALL_ROWS.items():
            raw.executemany(f"INSERT INTO {table} VALUES ({','.join('?' * len(rows[0]))})", rows)
    engine.dispose()


def copy_ledger(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)
    target.chmod(0o600)


def revision_of(path: Path) -> str:
    ((revision,),) = rows_of(path, "SELECT version_num FROM alembic_version")
    return str(revision)


def shape_of(path: Path) -> dict[str, set[str]]:
    """Each table with its columns."""
    tables = [str(name) for (name,) in rows_of(path, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {table: {str(row[1]) for row in rows_of(path, f"PRAGMA table_info({table})")} for table in tables}


def first_rows(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """All that the first schema could hold, however much was added beside it."""
    return {
        table: [row[: len(rows[0])] for row in rows_of(path, f"SELECT * FROM {table} ORDER BY 1, 2")]
        for table, rows in ALL_ROWS.items()
    }


def rows_of(path: Path, statement: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


ALLALL_ROWS = ALL_ROWS
