"""From each released schema to the newest: no row is lost, and a crash leaves the one or the other, whole."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import pytest
from first_ledger import (
    RELEASED,
    copy_ledger,
    make_first_ledger,
    revision_of,
    rows_at,
    rows_left,
    set_revision,
    shape_of,
)
from ledger_given import (
    ADA,
    NOW,
    REPOSITORY,
    Place,
    begin,
    end_all,
    engine_of,
    identity,
    intent,
    looked,
    opened,
    start_python,
    states,
)
from sqlalchemy import Engine, event

from engine.core.errors import UserError
from engine.ledger import schema, service_schema
from engine.ledger.connections import reading

LONG = os.environ.get("TASKLISTS_LONG") == "1"


def test_the_migrations_end_where_the_tables_say(place: Place) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.config import Config
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    configuration = Config()
    configuration.set_main_option("script_location", str(REPOSITORY / "engine/ledger/migrations"))
    scripts = ScriptDirectory.from_config(configuration)
    assert scripts.get_current_head() == schema.HEAD
    assert {step.revision for step in scripts.walk_revisions()} == schema.KNOWN_REVISIONS
    assert {*RELEASED, schema.HEAD} == schema.KNOWN_REVISIONS, "each released one has rows here"
    opened(place).close()
    engine = engine_of(place)
    with reading(engine, str(place)) as connection:
        assert compare_metadata(MigrationContext.configure(connection), service_schema.deliveries.metadata) == []
    engine.dispose()


def test_migrations_are_found_in_an_installed_package() -> None:
    """Packages are found by their __init__.py: a folder without one would be left out of an installation."""
    folders = {path.parent for path in (REPOSITORY / "engine").rglob("*.py")}
    assert REPOSITORY / "engine" / "ledger" / "migrations" / "versions" in folders
    assert [str(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


@pytest.fixture(params=RELEASED)
def revision(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def old(place: Place, revision: str) -> Place:
    """A ledger of a released schema, on each database."""
    make_first_ledger(place, revision)
    return place


def test_a_ledger_of_a_released_schema_is_migrated_with_every_row(old: Place, revision: str) -> None:
    assert revision_of(old) == revision
    assert rows_left(old, revision) == rows_at(revision)
    with opened(old) as ledger:
        assert {task.run_id for task in ledger.known(ADA)} == {"00000000000000a1"}
        assert states(ledger) == {identity(state): state for state in schema.STATES}
        (open_one,) = ledger.open_intents(ADA)
        assert (open_one.key, open_one.payload) == ("31", '{"Name":"Ada Ó"}')
        assert ledger.coworkers_to_recover() == (ADA,)
        kept = rows_at(revision).get("requests", [(0, 0, "")])[0][2]
        assert [run.request for run in ledger.runs()] == ["", kept]
        lease = ledger.take_lease("coworker 7", holder="ben", seconds=30, now=NOW)
        assert lease is not None
        assert lease.fence == (1 if revision == "0001" else 42), "a fence never starts again"
        assert ledger.claim(begin(ledger), [intent("new")], NOW)
        ledger.finish_run(begin(ledger, request="{}"), {}, NOW, done=False, resumes_at=NOW)
        assert [run.resumes_at for run in ledger.unfinished()][-1] == NOW
    assert revision_of(old) == schema.HEAD


def test_migrating_changes_no_row(old: Place, revision: str) -> None:
    opened(old).close()
    assert rows_left(old, revision) == rows_at(revision)


def test_a_migrated_ledger_has_the_shape_of_a_new_one(old: Place, tmp_path: Path) -> None:
    opened(old).close()
    new = another(old, tmp_path)
    opened(new).close()
    assert shape_of(old) == shape_of(new)


def another(place: Place, folder: Path) -> Place:
    """An empty place of the same kind."""
    if isinstance(place, Path):
        return folder / "another.db"
    from postgres_given import fresh_database

    return fresh_database()


def test_a_look_at_an_older_schema_says_that_run_migrates_it_and_changes_nothing(old: Place, revision: str) -> None:
    told = f"older version .schema {revision}, now {schema.HEAD}.*`tasklists run` migrates it"
    with pytest.raises(UserError, match=told):
        looked(old)
    assert revision_of(old) == revision
    assert rows_left(old, revision) == rows_at(revision)


def test_the_ledger_of_a_migration_to_come_is_refused_by_both_doors(old: Place, revision: str) -> None:
    set_revision(old, "0999")
    before = shape_of(old)
    for door in (opened, looked):
        with pytest.raises(UserError, match="newer version .schema 0999"):
            door(old)
    assert (shape_of(old), rows_left(old, revision)) == (before, rows_at(revision))


class _ExitAt:
    """Ends the process like a kill right before its n-th statement, BEGIN and COMMIT counted."""

    def __init__(self, number: int) -> None:
        self._left = number

    def statement(self, *_: object) -> None:
        self._left -= 1
        if self._left == 0:
            os._exit(9)


def _open_and_exit_at(place: Place, number: int) -> None:
    exit_at = _ExitAt(number)
    if isinstance(place, Path):  # SQLite tells of every statement itself, pragmas too
        event.listen(Engine, "connect", lambda driver, _record: driver.set_trace_callback(exit_at.statement))
    else:
        event.listen(Engine, "before_cursor_execute", exit_at.statement)
        event.listen(Engine, "begin", exit_at.statement)
        event.listen(Engine, "commit", exit_at.statement)
    ledger = opened(place)
    exit_at.statement("what comes after the last one")
    ledger.close()
    os._exit(0)


def _numbers(place: Place) -> range:
    """Every statement of a file; of a server, where each copy is a database, some unless it is a long run."""
    return range(1, 1000, 1 if LONG or isinstance(place, Path) else 8)


@pytest.mark.long
def test_a_crash_before_any_statement_of_a_migration_leaves_the_old_or_the_new_whole(
    old: Place, revision: str, tmp_path: Path
) -> None:
    shapes = {revision: shape_of(old)}
    new = another(old, tmp_path)
    opened(new).close()
    shapes[schema.HEAD] = shape_of(new)
    forks = multiprocessing.get_context("fork")
    ends = []
    for number in _numbers(old):
        copy = copy_ledger(old, tmp_path / f"{number}.db")
        process = forks.Process(target=_open_and_exit_at, args=(copy, number))
        process.start()
        process.join(30)
        assert process.exitcode in {0, 9}
        ends.append(revision_of(copy))
        assert shape_of(copy) == shapes[ends[-1]]
        assert rows_left(copy, revision) == rows_at(revision)
        opened(copy).close()
        assert (revision_of(copy), shape_of(copy)) == (schema.HEAD, shapes[schema.HEAD])
        assert rows_left(copy, revision) == rows_at(revision)
        if process.exitcode == 0:
            break
    assert ends == sorted(ends), "first the old one, and from some statement on the new one"
    assert ends.count(revision) * _numbers(old).step >= 10, "the statements of the migration are among them"
    assert schema.HEAD in ends, "and some after it"


MIGRATE_AT_ONCE = """
import sys, time
from pathlib import Path
from ledger_given import begin, opened
place, folder, who, other = sys.argv[1:]
Path(folder, who).touch()
while not Path(folder, other).exists():
    time.sleep(0.001)
with opened(place) as ledger:
    print(begin(ledger))
"""


def test_two_processes_that_migrate_at_once_both_get_the_new_one(old: Place, tmp_path: Path) -> None:
    names = (("one", "two"), ("two", "one"))
    processes = [start_python(MIGRATE_AT_ONCE, old, tmp_path, *pair) for pair in names]
    assert len(set(end_all(processes))) == 2
    assert revision_of(old) == schema.HEAD
    with opened(old) as ledger:
        assert len(ledger.runs()) == 4
