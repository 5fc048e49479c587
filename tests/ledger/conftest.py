from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger_given import Place, opened
from postgres_given import fresh_database

from engine.ledger.ledger import Ledger


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a SQLite file may be, for tests that are about files."""
    return tmp_path / ".tasklists" / "ledger.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where a ledger may be, once on each database."""
    return tmp_path / ".tasklists" / "ledger.db" if request.param == "sqlite" else fresh_database()


@pytest.fixture
def ledger(place: Place) -> Iterator[Ledger]:
    """A ledger on each database in turn."""
    with opened(place) as ledger:
        yield ledger
