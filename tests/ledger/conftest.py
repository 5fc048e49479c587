from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger_given import opened

from engine.ledger.ledger import Ledger


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".tasklists" / "ledger.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    with opened(path) as ledger:
        yield ledger
