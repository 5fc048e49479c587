"""PostgreSQL: the session ends before every statement of every method in turn; each did all or nothing, and goes on.

All of them with TASKLISTS_LONG=1, else every third of every fourth method.
"""

from __future__ import annotations

import os
from typing import Any

import psycopg
import pytest
from first_ledger import copy_ledger
from ledger_given import Place, opened, rows_of
from postgres_given import fresh_database
from test_ledger_every_write import METHODS, Prepared, fill

from engine.core.errors import Unreachable

LONG = os.environ.get("TASKLISTS_LONG") == "1"
STEP = 1 if LONG else 3
CHOSEN = tuple(METHODS) if LONG else tuple(METHODS)[::4]


class Fault:
    """Ends the session from the server's side, once, right before the n-th statement from `arm` on."""

    def __init__(self) -> None:
        self.address, self.left, self.statement = "", 0, ""

    def arm(self, address: Place, number: int) -> None:
        self.address, self.left, self.statement = str(address), number, ""

    def disarm(self) -> str:
        """The statement that was met, empty if none was."""
        self.left = 0
        return self.statement

    def meet(self, session: psycopg.Connection[Any], statement: object) -> None:
        if not self.left:
            return
        self.left -= 1
        if self.left == 0:
            self.statement = str(statement)
            rows_of(self.address, f"SELECT pg_terminate_backend({session.info.backend_pid}, 5000)")


FAULT = Fault()


@pytest.fixture(autouse=True)
def _planted(monkeypatch: pytest.MonkeyPatch) -> None:
    execute, many = psycopg.Cursor.execute, psycopg.Cursor.executemany
    commit = psycopg.Connection.commit

    def planted_execute(cursor: Any, statement: Any, *values: Any, **named: Any) -> Any:
        FAULT.meet(cursor.connection, statement)
        return execute(cursor, statement, *values, **named)

    def planted_many(cursor: Any, statement: Any, *values: Any, **named: Any) -> Any:
        FAULT.meet(cursor.connection, statement)
        return many(cursor, statement, *values, **named)

    def planted_commit(session: Any) -> None:
        FAULT.meet(session, "COMMIT")
        commit(session)

    monkeypatch.setattr(psycopg.Cursor, "execute", planted_execute)
    monkeypatch.setattr(psycopg.Cursor, "executemany", planted_many)
    monkeypatch.setattr(psycopg.Connection, "commit", planted_commit)


@pytest.fixture(scope="module")
def filled() -> str:
    """A ledger with a run, intents, results and a lease, to be copied."""
    address = fresh_database()
    fill(address)
    return address


def everything(address: Place) -> dict[str, list[tuple[object, ...]]]:
    tables = rows_of(address, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
    return {name: sorted(rows_of(address, f"SELECT * FROM {name}"), key=repr) for (name,) in tables}


def _error_of(step: Prepared) -> Unreachable | None:
    try:
        step()
    except Unreachable as error:
        return error
    return None


@pytest.mark.long
@pytest.mark.parametrize("method", CHOSEN)
def test_a_session_that_ends_before_any_statement_leaves_all_or_nothing(
    filled: str, tmp_path: Any, method: str
) -> None:
    ends = 0
    for number in range(1, 100, STEP):
        address = copy_ledger(filled, tmp_path)
        with opened(address) as ledger:
            step = METHODS[method](ledger)
            before = everything(address)
            FAULT.arm(address, number)
            error = _error_of(step)
            met = FAULT.disarm()
            told = f"met at {met!r}: {error}"
            if error is not None:
                assert "was lost" in error.message, told
                assert error.advice
                assert everything(address) == before, f"half of it is there; {told}"
                step()  # a new connection is made
            assert everything(address) != before, f"nothing of it is there; {told}"
        if not met:
            break
        ends += 1
    else:
        pytest.fail("the method has no end")
    assert ends * STEP >= 3, "its begin, its statements and its end were met"
