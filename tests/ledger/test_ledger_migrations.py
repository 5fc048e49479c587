from __future__ import annotations

from pathlib import Path

from ledger_given import REPOSITORY, opened

from engine.ledger import schema
from engine.ledger.sqlite import connect, reading


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
