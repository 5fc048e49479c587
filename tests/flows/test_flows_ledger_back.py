"""A ledger that was lost, or brought back from a backup of any moment of a run: nothing that exists is made again.

The backups are SQLite's own, taken before each commit of a run whose answers are partly left open; so each is what
the commit before it left. Figures: 20 and more points with TASKLISTS_LONG=1, 7 otherwise.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import pytest
from given_account import ASHLEY, JOSE, Account, Answer
from sqlalchemy import Connection, Engine, event

POINTS = 24 if os.environ.get("TASKLISTS_LONG") == "1" else 7
ITEMS = 13
QUIET = {"TASKLISTS_QUIET_SECONDS": "0.2", "TASKLISTS_LEASE_SECONDS": "0.5"}
OPEN_ANSWERS = ("error-after-commit", "reset-after-commit", "error-before-commit", "cut-body-after-commit")


def _write_list(account: Account, name: str, number: int) -> None:
    items = "".join(
        f"  - {{id: item-{n:02d}, name: '{name} {n:02d}', due: {n + 1} days after contract.start}}\n"
        for n in range(number)
    )
    head = f"tasklist: {name}\nname: 'List {name}'\nonce_per: membership\nanchor: contract.start\n"
    account.write(name, f"{head}defaults: {{responsible: front-desk}}\nitems:\n{items}")


class Backups:
    """What the ledger was before each of its commits, each state once."""

    def __init__(self, ledger: Path, folder: Path) -> None:
        self._ledger = ledger
        self._folder = folder
        self._lock = Lock()
        self._versions: set[bytes] = set()
        self.files: list[Path] = []
        folder.mkdir()

    def take(self, connection: Connection | None = None) -> None:
        """Back up what is committed by now: a connection of our own does not see the transaction that commits."""
        if connection is not None and connection.get_execution_options().get("reads_only"):
            return
        with self._lock:
            file = self._folder / f"{len(self.files):03d}.db"
            with closing(sqlite3.connect(self._ledger)) as source, closing(sqlite3.connect(file)) as target:
                source.backup(target)
            if (content := file.read_bytes()) not in self._versions:
                self._versions.add(content)
                self.files.append(file)

    def chosen(self, number: int) -> list[Path]:
        """So many of them, evenly spread, the first and the last among them."""
        last = len(self.files) - 1
        assert last >= number, f"{last + 1} backups are too few"
        return [self.files[last * n // (number - 1)] for n in range(number)]


@contextmanager
def _backed_up(account: Account, tmp_path: Path) -> Iterator[Backups]:
    """Take a backup before each commit of what runs in this process."""
    backups = Backups(account.ledger, tmp_path / "backups")

    def before_commit(connection: Connection) -> None:
        if account.ledger.exists():
            backups.take(connection)

    event.listen(Engine, "commit", before_commit)
    try:
        yield backups
    finally:
        event.remove(Engine, "commit", before_commit)
    backups.take()


def _bring_back(account: Account, backup: Path) -> None:
    for file in account.ledger.parent.glob("ledger.db*"):
        file.unlink()
    shutil.copy(backup, account.ledger)


def _made(account: Account) -> list[tuple[Any, ...]]:
    """What the commit log holds: one entry a task, by coworker and name."""
    return sorted((line["record"]["CoworkerId"], line["record"]["Name"]) for line in account.commits())


def _run_all(account: Account, names: tuple[str, ...] = ("first", "second")) -> list[Answer]:
    return [account.run("--wait", name=name, **QUIET) for name in names]


def _assert_all_there(account: Account, *, by: str = "") -> None:
    """Two more runs of each list leave everything as it is."""
    account.far_side.clear_requests()
    for allowed in ({"kept", "adopted"}, {"kept"}):
        for answer in _run_all(account):
            assert answer.code == 0, (by, answer.out, answer.err)
            assert set(answer.outcomes.values()) <= allowed, (by, answer.out)
    assert account.posts() == [], by


@pytest.mark.long
@pytest.mark.parametrize("mark", ["on", "off"])
def test_a_ledger_from_a_backup_of_any_point_makes_nothing_that_exists(account: Account, tmp_path: Path, mark: str):
    account.env["TASKLISTS_NOTES_REF"] = mark
    _write_list(account, "first", ITEMS)
    _write_list(account, "second", 2)
    with _backed_up(account, tmp_path) as backups:
        for fault in OPEN_ANSWERS:
            account.far_side.set_fault(fault, "1x:coworkertasks")
        assert account.run(name="first", TASKLISTS_QUIET_SECONDS="60", TASKLISTS_LEASE_SECONDS="0.5").code == 3
        account.far_side.clear_faults()
        for answer in _run_all(account):
            assert answer.code == 0, answer.err
    whole = _made(account)
    assert len(whole) == len(set(whole)) == ITEMS + 2
    for backup in backups.chosen(POINTS):
        _bring_back(account, backup)
        _assert_all_there(account, by=backup.name)
    assert _made(account) == whole


@pytest.mark.long
def test_a_ledger_from_a_backup_makes_exactly_what_is_missing(account: Account, tmp_path: Path):
    _write_list(account, "first", ITEMS)
    with _backed_up(account, tmp_path) as backups:
        account.far_side.set_fault("error-after-commit", "1x:coworkertasks")
        parked = account.run(name="first", TASKLISTS_WRITES_PER_DAY="8", TASKLISTS_LEASE_SECONDS="0.5")
        assert parked.code == 3
    half = account.far_side.records("coworkertasks")
    assert 0 < len(half) < ITEMS
    for backup in backups.chosen(POINTS):
        _bring_back(account, backup)
        answer = account.run("--wait", name="first", **QUIET)
        assert answer.code == 0, (backup.name, answer.out, answer.err)
        now = account.far_side.records("coworkertasks")
        assert sorted(row["Name"] for row in now) == [f"first {n:02d}" for n in range(ITEMS)], backup.name
        for row in now:
            if row not in half:
                account.far_side.remove_record("coworkertasks", row["Id"])
        assert account.far_side.records("coworkertasks") == half


@pytest.mark.parametrize("mark", ["on", "off"])
def test_a_member_with_two_lists_and_no_ledger_gets_nothing_twice(account: Account, mark: str):
    account.env["TASKLISTS_NOTES_REF"] = mark
    _write_list(account, "first", 5)
    _write_list(account, "second", 4)
    for answer in _run_all(account):
        assert set(answer.outcomes.values()) == {"created"}
    whole = _made(account)
    account.lose_ledger()
    _assert_all_there(account)
    assert _made(account) == whole


def test_a_second_host_with_a_ledger_of_its_own_makes_nothing(account: Account, tmp_path: Path):
    _write_list(account, "first", 5)
    _write_list(account, "second", 4)
    _run_all(account)
    whole = _made(account)
    account.env["TASKLISTS_LEDGER"] = str(tmp_path / "other" / "ledger.db")
    _assert_all_there(account)
    del account.env["TASKLISTS_LEDGER"]
    _assert_all_there(account)
    assert _made(account) == whole


def test_a_ledger_older_than_a_member_takes_over_what_another_one_made_for_others(account: Account, tmp_path: Path):
    _write_list(account, "first", 4)
    account.run(name="first", coworker=JOSE)
    backup = tmp_path / "backup.db"
    with closing(sqlite3.connect(account.ledger)) as source, closing(sqlite3.connect(backup)) as target:
        source.backup(target)
    account.run(name="first")
    whole = _made(account)
    assert len(whole) == 8
    _bring_back(account, backup)
    outcomes = {
        coworker: set(account.run(name="first", coworker=coworker).outcomes.values()) for coworker in (ASHLEY, JOSE)
    }
    assert outcomes == {ASHLEY: {"adopted"}, JOSE: {"kept"}}
    assert _made(account) == whole
