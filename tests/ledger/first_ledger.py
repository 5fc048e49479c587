"""Ledgers as released schemas left them, with rows of every kind; written without our own tables."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from ledger_given import ADA, NOW, REPOSITORY, SINCE, Place, engine_of, identity, rows_of, tell
from sqlalchemy import Engine, inspect, text

from engine.ledger.connections import writing
from engine.ledger.disk import make_private_file
from engine.ledger.sqlite import use_write_ahead_log

_AT = NOW.timestamp(unit="millisecond")
_USUAL = ("0123456789ab", ADA, 5)
_STATES = {"intended": (0, None), "created": (1, 900), "adopted": (2, 901), "failed": (3, None)}
ALL_ROWS: dict[str, list[tuple[Any, ...]]] = {
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
"""What the first schema could hold."""

ROWS_SINCE: dict[str, dict[str, list[tuple[Any, ...]]]] = {
    "0001": {},
    "0002": {
        "requests": [(ADA, 1, '{"coworker":1416660358}')],
        "leases": [("coworker 7", "ana", 41, _AT)],
        "findings": [("Q01", "true", _AT)],
    },
    "0003": {
        "deliveries": [
            (1, "00000000000000d1", b"d" * 32, "barcelona", "contract.created", 0, 0, *(_AT,) * 2, 1, 0, *(_AT,) * 2)
            + (None, "", "", 77, ADA)
        ],
        "bodies": [(1, b'{"Id":77}')],
        "jobs": [
            (1, "00000000000000b1", "new-member", ADA, "contract.created", 0, 77, None, 77, *(_AT,) * 4, 0, 1, "", None)
            + (_AT, None)
        ],
        "causes": [(1, 1)],
        "sightings": [("contract.created", "77", _AT)],
        "doors": [("barcelona", "contract.created", "mark", _AT, 0)],
        "alerts": [("ledger", "backlog", "2 wait", _AT, None, None)],
        "moments": [("sweep", _AT)],
        "counters": [("accepted", 1)],
        "coverage": [(1, "new-member", "{}", _AT)],
    },
}
"""The tables that each later schema added, with what they could hold."""

RELEASED = tuple(ROWS_SINCE)


def rows_at(revision: str) -> dict[str, list[tuple[Any, ...]]]:
    """All that a ledger of a released schema holds here."""
    found = dict(ALL_ROWS)
    for number in RELEASED[: RELEASED.index(revision) + 1]:
        found |= ROWS_SINCE[number]
    return found


def make_first_ledger(place: Place, revision: str = "0001") -> None:
    """Run the migrations up to a released schema, then insert."""
    from alembic import command
    from alembic.config import Config

    if isinstance(place, Path):
        make_private_file(place)
    engine = engine_of(place)
    if isinstance(place, Path):
        use_write_ahead_log(engine, 1.0)
    configuration = Config()
    configuration.set_main_option("script_location", str(REPOSITORY / "engine/ledger/migrations"))
    with writing(engine, str(place)) as connection:
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, revision)
    _fill(engine, revision)
    engine.dispose()


def _fill(engine: Engine, revision: str) -> None:
    with engine.begin() as connection:
        for table, rows in rows_at(revision).items():
            names = [column["name"] for column in inspect(connection).get_columns(table)][: len(rows[0])]
            places = ", ".join(f":v{number}" for number in range(len(names)))
            columns = ", ".join(f'"{name}"' for name in names)
            for row in rows:
                values = {f"v{number}": value for number, value in enumerate(row)}
                connection.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({places})"), values)
            if engine.dialect.name == "postgresql" and names[0] == "key" and isinstance(rows[0][0], int):
                # its own inserts would have counted on
                connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'key'), {len(rows)})"))


def copy_ledger(source: Place, target: Path) -> Place:
    """A copy to be harmed: a file at `target`, or another database on the same server."""
    if isinstance(source, Path):
        shutil.copyfile(source, target)
        target.chmod(0o600)
        return target
    from postgres_given import server

    return server().new_database(template=str(source).rpartition("/")[2])


def revision_of(place: Place) -> str:
    ((revision,),) = rows_of(place, "SELECT version_num FROM alembic_version")
    return str(revision)


def set_revision(place: Place, revision: str) -> None:
    tell(place, f"UPDATE alembic_version SET version_num = '{revision}'")


def shape_of(place: Place) -> dict[str, object]:
    """Each table with its columns, keys and indexes."""
    engine = engine_of(place)
    with engine.connect() as connection:
        look = inspect(connection)
        shape = {table: _shape(look, table) for table in look.get_table_names()}
    engine.dispose()
    return shape


def _shape(look: Any, table: str) -> object:
    columns = {(one["name"], str(one["type"]), one["nullable"]) for one in look.get_columns(table)}
    indexes = {(one["name"], *one["column_names"], bool(one["unique"])) for one in look.get_indexes(table)}
    unique = {tuple(one["column_names"]) for one in look.get_unique_constraints(table)}
    foreign = {(*one["constrained_columns"], one["referred_table"]) for one in look.get_foreign_keys(table)}
    return columns, look.get_pk_constraint(table)["constrained_columns"], indexes, unique, foreign


def rows_left(place: Place, revision: str = "0001") -> dict[str, list[tuple[Any, ...]]]:
    """What is there of that which a released schema could hold, however much was added beside it."""
    return {
        table: [row[: len(rows[0])] for row in rows_of(place, f"SELECT * FROM {table} ORDER BY 1, 2")]
        for table, rows in rows_at(revision).items()
    }
