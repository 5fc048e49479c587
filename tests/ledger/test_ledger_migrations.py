"""From each released schema to the newest: no row is lost, and a crash leaves the one or the other, whole."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
from pathlib import Path

import pytest
from first_ledger import ALL_ROWS, copy_ledger, first_rows, make_first_ledger, revision_of, shape_of
from ledger_given import ADA, NOW, REPOSITORY, begin, end_all, identity, intent, looked, opened, start_python, states
from sqlalchemy import Engine, event

from engine.core.errors import UserError
from engine.ledger import schema
from engine.ledger.connections import reading
from engine.ledger.sqlite import connect


def test_the_migrations_end_where_the_tables_say(path: Path) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.config import Config
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    configuration = Config()
    configuration.set_main_option("script_location", str(REPOSITORY / "engine/ledger/migrations"))
    scripts = ScriptDirectory.from_config(configuration)
    assert scripts.get_current_head() == schema.HEAD
    assert {step.revision for step in scripts.walk_revisions()} == schema.KNOWN_REVISIONS
    opened(path).close()
    engine = connect(path, 1.0)
    with reading(engine, path) as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []
    engine.dispose()


def test_migrations_are_found_in_an_installed_package() -> None:
    """Packages are found by their __init__.py: a folder without one would be left out of an installation."""
    folders = {path.parent for path in (REPOSITORY / "engine").rglob("*.py")}
    assert REPOSITORY / "engine" / "ledger" / "migrations" / "versions" in folders
    assert [str(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


@pytest.fixture
def first(path: Path) -> Path:
    make_first_ledger(path)
    return path


def test_a_ledger_of_the_first_schema_is_migrated_with_every_row(first: Path) -> None:
    assert revision_of(first) == "0001"
    assert first_rows(first) == ALL_ROWS
    with opened(first) as ledger:
        assert {task.run_id for task in ledger.known(ADA)} == {"00000000000000a1"}
        assert states(ledger) == {identity(state): state for state in schema.STATES}
        (open_one,) = ledger.open_intents(ADA)
        assert (open_one.key, open_one.payload) == ("31", '{"Name":"Ada Ó"}')
        assert ledger.coworkers_to_recover() == (ADA,)
        assert [run.request for run in ledger.runs()] == ["", ""]
        assert ledger.take_lease("coworker 7", holder="ana", seconds=30, now=NOW) is not None
        assert ledger.claim(begin(ledger), [intent("new")], NOW)
        ledger.finish_run(begin(ledger, request="{}"), {}, NOW, done=False, resumes_at=NOW)
        assert [run.resumes_at for run in ledger.unfinished()] == [NOW]
    assert revision_of(first) == schema.HEAD


def test_migrating_changes_no_row(first: Path) -> None:
    opened(first).close()
    assert first_rows(first) == ALL_ROWS


def test_a_migrated_ledger_has_the_shape_of_a_new_one(first: Path, tmp_path: Path) -> None:
    opened(first).close()
    opened(tmp_path / "new.db").close()
    assert shape_of(first) == shape_of(tmp_path / "new.db")


def test_a_look_at_an_older_schema_says_that_run_migrates_it_and_changes_nothing(first: Path) -> None:
    before = first.read_bytes()
    with pytest.raises(UserError, match="older version .schema 0001, now 0002.*`tasklists run` migrates it"):
        looked(first)
    assert first.read_bytes() == before


def test_the_ledger_of_a_migration_to_come_is_refused_by_both_doors(first: Path) -> None:
    connection = sqlite3.connect(first)
    with connection:
        connection.execute("UPDATE alembic_version SET version_num = '0003'")
    connection.close()
    for door in (opened, looked):
        with pytest.raises(UserError, match="newer version .schema 0003"):
            door(first)
    assert first_rows(first) == ALL_ROWS


def _open_and_exit_at(path: Path, number: int) -> None:
    """Open the ledger, and end like a killed process right before its n-th statement, BEGIN and COMMIT counted."""
    seen = 0

    def at_statement(_statement: str) -> None:
        nonlocal seen
        seen += 1
        if seen == number:
            os._exit(9)

    event.listen(Engine, "connect", lambda driver, _record: driver.set_trace_callback(at_statement))
    ledger = opened(path)
    at_statement("what comes after the last one")
    ledger.close()
    os._exit(0)


def test_a_crash_before_any_statement_of_a_migration_leaves_the_old_or_the_new_whole(
    first: Path, tmp_path: Path
) -> None:
    old_shape = shape_of(first)
    opened(tmp_path / "new.db").close()
    new_shape = shape_of(tmp_path / "new.db")
    forks = multiprocessing.get_context("fork")
    ends = []
    for number in range(1, 1000):
        path = tmp_path / f"{number}.db"
        copy_ledger(first, path)
        process = forks.Process(target=_open_and_exit_at, args=(path, number))
        process.start()
        process.join(30)
        assert process.exitcode in {0, 9}
        ends.append(revision_of(path))
        assert shape_of(path) == {"0001": old_shape, "0002": new_shape}[ends[-1]]
        assert first_rows(path) == ALL_ROWS
        opened(path).close()
        assert (revision_of(path), first_rows(path), shape_of(path)) == ("0002", ALL_ROWS, new_shape)
        if process.exitcode == 0:
            break
    assert ends == sorted(ends), "first the old one, and from some statement on the new one"
    assert ends.count("0001") > 10, "the statements of the migration are among them"
    assert "0002" in ends[:-1], "and some after it"


MIGRATE_AT_ONCE = """
import sys, time
from pathlib import Path
from ledger_given import begin, opened
place, who, other = sys.argv[1:]
Path(place).with_name(who).touch()
while not Path(place).with_name(other).exists():
    time.sleep(0.001)
with opened(Path(place)) as ledger:
    print(begin(ledger))
"""


def test_two_processes_that_migrate_at_once_both_get_the_new_one(first: Path) -> None:
    names = (("one", "two"), ("two", "one"))
    assert len(set(end_all([start_python(MIGRATE_AT_ONCE, first, *pair) for pair in names]))) == 2
    assert revision_of(first) == schema.HEAD
    with opened(first) as ledger:
        assert len(ledger.runs()) == 4
