"""A fault at every statement of every method in turn: each did all or nothing, and says so in a sentence."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from first_ledger import copy_ledger
from ledger_given import ADA, BATCH, NOW, Place, begin, identity, intent, opened, rows_of, waiting

from engine.core.errors import Unreachable
from engine.ledger.ledger import Ledger
from engine.ledger.limits import Window
from engine.ledger.values import BatchKey, Reassigning

LATER = NOW.add(minutes=5)
OVER = BatchKey("coworker", "1", "new-member", "2027")
CHANGE = Reassigning(ADA, identity("card"), 900, 11, 12)
FAULTS = {
    "full": (sqlite3.SQLITE_FULL, "the disk is full"),
    "disk error": (sqlite3.SQLITE_IOERR_WRITE, "an error of the disk"),
    "read-only": (sqlite3.SQLITE_READONLY, "cannot be written"),
    "locked": (sqlite3.SQLITE_BUSY, "is locked by another process"),
}


class Fault:
    """Raises once, at the n-th statement from `arm` on; BEGIN and COMMIT count, pragmas only when they write."""

    def __init__(self) -> None:
        self.left, self.code, self.statement = 0, 0, ""

    def arm(self, number: int, code: int) -> None:
        self.left, self.code, self.statement = number, code, ""

    def disarm(self) -> str:
        """The statement that was met, empty if none was."""
        self.left = 0
        return self.statement

    def meet(self, statement: str) -> None:
        if statement.startswith("PRAGMA") and "checkpoint" not in statement:
            return
        self.left -= 1
        if self.left == 0:
            self.statement = statement
            fault = sqlite3.OperationalError("planted")
            fault.sqlite_errorcode = self.code
            raise fault


FAULT = Fault()


class Cursor(sqlite3.Cursor):
    def execute(self, statement: str, *values: Any) -> Any:
        FAULT.meet(statement)
        return super().execute(statement, *values)

    def executemany(self, statement: str, *values: Any) -> Any:
        FAULT.meet(statement)
        return super().executemany(statement, *values)


class Connection(sqlite3.Connection):
    def cursor(self, *_other: Any) -> Any:
        return super().cursor(Cursor)

    def execute(self, statement: str, *values: Any) -> Any:
        return self.cursor().execute(statement, *values)

    def commit(self) -> None:
        FAULT.meet("COMMIT")
        super().commit()


@pytest.fixture(autouse=True)
def _planted(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = sqlite3.connect

    def connect(*place: Any, **options: Any) -> Any:
        ours = {"factory": Connection} if options.get("uri") else {}  # not for the looks of this test
        return usual(*place, **options, **ours)

    monkeypatch.setattr("engine.ledger.sqlite.sqlite3.connect", connect)


def _everything(path: Path) -> dict[str, list[tuple[object, ...]]]:
    tables = [str(name) for (name,) in rows_of(path, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {table: sorted(rows_of(path, f"SELECT * FROM {table}"), key=repr) for table in tables}


def fill(place: Place) -> None:
    """A ledger with a run, intents, results, a lease, a change of the responsible, and batches that wait."""
    with opened(place) as ledger:
        run = begin(ledger, request="{}")
        ledger.claim(run, [intent("tea"), intent("card"), intent("tour")], NOW)
        ledger.record(run, identity("card"), "created", task_id=900, now=NOW)
        ledger.record(run, identity("tour"), "failed", now=NOW)
        assert ledger.take_lease("coworker 1", holder="ana", seconds=30, now=NOW)
        ledger.reassigning(CHANGE, NOW)
        ledger.keep_waiting(waiting("{}"))
        ledger.keep_waiting(waiting("{}", key=OVER))
        ledger.end_wait(ADA, OVER, "left", NOW)


def _run(ledger: Ledger) -> Any:
    return ledger.runs()[0].id


def _lease(ledger: Ledger) -> Any:
    return ledger.take_lease("coworker 1", holder="ana", seconds=30, now=NOW)


Prepared = Callable[[], object]
METHODS: dict[str, Callable[[Ledger], Prepared]] = {
    "begin_run": lambda one: lambda: begin(one, request="{}"),
    "claim": lambda one: _with(one, lambda run: one.claim(run, [intent(i) for i in ("tour", "new", "desk")], LATER)),
    "record created": lambda one: _with(
        one, lambda run: one.record(run, identity("tea"), "created", task_id=901, now=LATER, error="late")
    ),
    "record failed": lambda one: _with(one, lambda run: one.record(run, identity("tea"), "failed", now=LATER)),
    "record held": lambda one: _with(one, lambda run: one.record(run, identity("tea"), "held", now=LATER)),
    "adopt": lambda one: _with(one, lambda run: one.adopt(run, intent("new"), task_id=902, fingerprints={}, now=LATER)),
    "finish_run": lambda one: _with(one, lambda run: one.finish_run(run, {}, LATER, done=True)),
    "finish_run parked": lambda one: _with(one, lambda run: one.finish_run(run, {}, NOW, done=False, resumes_at=LATER)),
    "forget_request": lambda one: _with(one, one.forget_request),
    "record_membership": lambda one: lambda: one.record_membership(ADA, [1, 2], 1),
    "take_lease": lambda one: lambda: one.take_lease("coworker 2", holder="ana", seconds=30, now=NOW),
    "take_lease over": lambda one: lambda: one.take_lease("coworker 1", holder="ben", seconds=30, now=LATER),
    "renew_lease": lambda one: _with_lease(one, lambda lease: one.renew_lease(lease, seconds=30, now=LATER)),
    "give_back_lease": lambda one: _with_lease(one, one.give_back_lease),
    "confirm": lambda one: _with_lease(one, lambda lease: one.confirm(_run(one), lease, seconds=30, now=LATER)),
    "note_ends": lambda one: lambda: one.note_ends(ADA, {identity("card"): LATER}, {identity("tea")}, LATER),
    "reassigning": lambda one: lambda: one.reassigning(replace(CHANGE, after_id=13), LATER),
    "reassigned": lambda one: lambda: one.reassigned(1, "reassigned", LATER),
    "keep_waiting": lambda one: lambda: one.keep_waiting(waiting("{1}")),
    "waits_no_more": lambda one: lambda: one.waits_no_more(ADA, BATCH),
    "end_wait": lambda one: lambda: one.end_wait(ADA, BATCH, "left", LATER),
    "forget_ended_waits": lambda one: lambda: one.forget_ended_waits(LATER),
    "record_verdicts": lambda one: lambda: one.record_verdicts(ADA, {1: None}),
    "store_directory": lambda one: lambda: one.store_directory("admins", [1], NOW),
    "record_finding": lambda one: lambda: one.record_finding("Q1", True, NOW),
    "reserve_call": lambda one: lambda: one.reserve_call([Window(5, 100)], lambda: NOW, write=True),
    "pause_calls": lambda one: lambda: one.pause_calls(LATER),
}


def _with(ledger: Ledger, step: Callable[[Any], object]) -> Prepared:
    run = _run(ledger)
    return lambda: step(run)


def _with_lease(ledger: Ledger, step: Callable[[Any], object]) -> Prepared:
    lease = _lease(ledger)
    return lambda: step(lease)


def _error_of(step: Prepared) -> Unreachable | None:
    try:
        step()
    except Unreachable as error:
        return error
    return None


def _fail_at(number: int, kind: str, method: str, path: Path, place: Path) -> tuple[str, bool]:
    """Which statement was met, empty if the method has no n-th one, and whether it failed for that."""
    code, sentence = FAULTS[kind]
    copy_ledger(path, place)
    before = _everything(place)
    with opened(place, busy_seconds=0.0) as ledger:
        step = METHODS[method](ledger)
        FAULT.arm(number, code)
        error = _error_of(step)
        met = FAULT.disarm()
        told = f"met at {met!r}: {error}"
        if error is not None:
            assert sentence in error.message, told
            assert error.advice
            assert _everything(place) == before, f"half of it is there; {told}"
            step()  # the fault is over: the same ledger goes on
        assert _everything(place) != before, f"nothing of it is there; {told}"
    return met, error is not None


@pytest.mark.long
@pytest.mark.parametrize("method", METHODS)
def test_a_fault_at_any_statement_leaves_all_or_nothing(path: Path, tmp_path: Path, method: str) -> None:
    fill(path)
    kinds, failed = list(FAULTS), 0
    for number in range(1, 100):
        chosen = kinds if os.environ.get("TASKLISTS_LONG") == "1" else [kinds[number % len(kinds)]]
        ends = [_fail_at(number, kind, method, path, tmp_path / f"{number} {kind}.db") for kind in chosen]
        failed += sum(has_failed for _, has_failed in ends)
        if not any(met for met, _ in ends):
            break
    else:
        pytest.fail("the method has no end")
    assert failed >= 2, "at least its begin and its end were met"
