"""Backups taken while others write, with the commands of the README: each is a whole ledger, and goes on.

Figures: 60 backups of each kind with TASKLISTS_LONG=1, 6 otherwise.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from ledger_given import NOW, Place, begin, identity, intent, opened, rows_of, tell
from postgres_given import PASSWORD, server

from engine.ledger.ledger import Ledger

BACKUPS = 60 if os.environ.get("TASKLISTS_LONG") == "1" else 6
ITEMS = 8
TEXT = "x" * 400

COPY = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('VACUUM INTO ?', sys.argv[2:])"


def write_on(ledger: Ledger, over: threading.Event, first: int, told: dict[int, int]) -> None:
    """Runs of one member after the other: a claim of all items, then each result. `told`: how many are settled."""
    coworker_id = first
    while not over.is_set():
        run = begin(ledger, coworker_id=coworker_id, request="{}")
        ledger.claim(run, [intent(f"i{number}", payload=TEXT) for number in range(ITEMS)], NOW)
        for number in range(ITEMS):
            one = identity(f"i{number}")
            ledger.record(run, one, "created", task_id=coworker_id * 100 + number, now=NOW)
            told[coworker_id] = number + 1
        ledger.finish_run(run, {"created": ITEMS}, NOW, done=True)
        coworker_id += 1


@contextmanager
def written_to(place: Place) -> Iterator[list[dict[int, int]]]:
    """Two threads write as fast as they can; what each was told to be settled."""
    over, told = threading.Event(), [dict[int, int](), dict[int, int]()]
    with opened(place) as ledger:
        threads = [
            threading.Thread(target=write_on, args=(ledger, over, 1 + 1_000_000 * number, told[number]))
            for number in range(2)
        ]
        for thread in threads:
            thread.start()
        try:
            yield told
        finally:
            over.set()
            for thread in threads:
                thread.join(60)


def back_up(place: Place, target: Path) -> None:
    """As the README says."""
    if isinstance(place, Path):
        subprocess.run([sys.executable, "-c", COPY, str(place), str(target)], check=True)
        return
    address = str(place).replace(f":{PASSWORD}", "")
    server().program("pg_dump", "--format=custom", f"--file={target}", address, PGPASSWORD=PASSWORD)


def restore(place: Place, copy: Path, target: Path) -> Place:
    """Bring a backup to a new place, as the README says."""
    if isinstance(place, Path):
        copy.rename(target)
        return target
    new = server().new_database()
    address = new.replace(f":{PASSWORD}", "")
    wanted = ("--no-owner", "--exit-on-error", f"--dbname={address}")
    server().program("pg_restore", *wanted, str(copy), PGPASSWORD=PASSWORD)
    return new


def check(place: Place) -> None:
    """Nothing is half there: claims are whole, and a text is kept exactly as long as its intent is open."""
    if isinstance(place, Path):
        assert rows_of(place, "PRAGMA integrity_check") == [("ok",)]
        assert rows_of(place, "PRAGMA foreign_key_check") == []
    counts = {int(number) for (number,) in rows_of(place, "SELECT count(*) FROM tasks GROUP BY coworker_id")}
    assert counts <= {ITEMS}
    open_ones = rows_of(place, "SELECT coworker_id, identity FROM tasks WHERE state = 0 ORDER BY 1, 2")
    assert open_ones == rows_of(place, "SELECT coworker_id, identity FROM payloads ORDER BY 1, 2")


@pytest.mark.long
def test_each_backup_taken_while_others_write_is_whole_and_holds_all_that_was_told_before(
    place: Place, tmp_path: Path
) -> None:
    folder = tmp_path if isinstance(place, Path) else server().folder
    copies: list[tuple[Path, int]] = []
    with written_to(place) as told:
        while sum(map(len, told)) < 4:
            threading.Event().wait(0.01)
        for number in range(BACKUPS):
            settled = sum(sum(one.copy().values()) for one in told)
            copy = folder / f"{str(place).rpartition('/')[2]}-{number}.copy"
            back_up(place, copy)
            copies.append((copy, settled))
    counts = []
    for number, (copy, settled) in enumerate(copies):
        brought_back = restore(place, copy, tmp_path / f"{number}.db")
        check(brought_back)
        ((count,),) = rows_of(brought_back, "SELECT count(*) FROM tasks WHERE state = 1")
        assert count >= settled, "what was told before the backup began is in it"
        counts.append(count)
        with opened(brought_back) as ledger:
            go_on(ledger)
        check_goes_on(brought_back)
    assert counts == sorted(counts)
    assert counts[-1] > counts[0], "others wrote meanwhile"


def go_on(ledger: Ledger) -> None:
    """Settle what was open, as resume does, and begin something new: keys are counted on, fences too."""
    for coworker_id in ledger.coworkers_to_recover():
        run = begin(ledger, coworker_id=coworker_id)
        for one in ledger.open_intents(coworker_id):
            found = intent(one.item, batch_name="1" * 16)
            assert ledger.adopt(run, found, task_id=int(one.item[1:]) + 7 * 10**9, fingerprints={}, now=NOW)
    lease = ledger.take_lease("coworker 5", holder="ana", seconds=30, now=NOW)
    assert lease is not None
    run = begin(ledger, coworker_id=5_000_000)
    assert len(ledger.claim(run, [intent(f"i{number}") for number in range(ITEMS)], NOW, lease)) == ITEMS


def check_goes_on(place: Place) -> None:
    ((number,),) = rows_of(place, "SELECT count(*) FROM tasks WHERE state = 0")
    assert number == ITEMS, "all that was open is settled, but for what was just begun"


def test_a_backup_that_misses_a_row_would_be_noticed(place: Place) -> None:
    with opened(place) as ledger:
        ledger.claim(begin(ledger), [intent(f"i{number}") for number in range(ITEMS)], NOW)
    check(place)
    tell(place, "DELETE FROM payloads")
    with pytest.raises(AssertionError):
        check(place)


def test_a_copy_of_the_file_alone_may_miss_what_is_in_its_log(path: Path, tmp_path: Path) -> None:
    """Why the README does not say `cp`."""
    with opened(path) as ledger:
        begin(ledger)
        (tmp_path / "copy.db").write_bytes(path.read_bytes())
        back_up(path, tmp_path / "backup.db")
    connection = sqlite3.connect(tmp_path / "copy.db")
    with pytest.raises(sqlite3.DatabaseError):
        connection.execute("SELECT count(*) FROM runs").fetchall()
    connection.close()
    assert rows_of(tmp_path / "backup.db", "SELECT count(*) FROM runs") == [(1,)]
