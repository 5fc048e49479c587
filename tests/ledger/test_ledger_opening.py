from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import pytest
from ledger_given import (
    ADA,
    NOW,
    SINCE,
    Place,
    begin,
    end_all,
    identity,
    intent,
    locked,
    looked,
    opened,
    rows_of,
    start_python,
    states,
    tell,
)
from sqlalchemy import text

from engine.core.errors import Unreachable, UserError
from engine.ledger.connections import reading
from engine.ledger.sqlite import connect


def test_opening_makes_a_ledger_that_opening_finds_again(place: Place) -> None:
    with opened(place) as made:
        assert made.since == SINCE
        key = made.fingerprint_key
    assert len(key) == 32
    with opened(place) as found:
        assert found.fingerprint_key == key
        assert repr(key) not in repr(found)


def test_two_ledgers_have_two_keys(tmp_path: Path) -> None:
    with opened(tmp_path / "one.db") as one, opened(tmp_path / "two.db") as two:
        assert one.fingerprint_key != two.fingerprint_key


def test_another_owner_is_refused_and_told_which(place: Place) -> None:
    opened(place).close()
    with pytest.raises(UserError, match="belongs to owner 'acme-coworking'.*part of every identity"):
        opened(place, owner="other")
    with pytest.raises(UserError, match="belongs to owner"):
        looked(place, owner="other")


def test_another_account_is_refused_and_advised_another_file(place: Place) -> None:
    opened(place).close()
    opened(place, account="HTTPS://Spaces.Nexudus.com/").close()
    with pytest.raises(UserError, match="TASKLISTS_LEDGER"):
        opened(place, account="http://127.0.0.1:8765")


def test_a_future_since_is_refused_before_anything_is_made(path: Path) -> None:
    with pytest.raises(UserError, match="2026-11-24.*future day"):
        opened(path, since=NOW.add(hours=24))
    assert not path.parent.exists()


def test_a_later_since_is_refused_and_an_earlier_one_is_kept(place: Place) -> None:
    opened(place).close()
    with pytest.raises(UserError, match="2026-11-02.*knows 2026-11-01"):
        opened(place, since=SINCE.add(hours=24))
    earlier = SINCE.subtract(hours=24)
    view = looked(place, since=earlier)
    assert view is not None
    assert view.since == earlier
    view.close()
    opened(place).close()  # the look stored nothing
    opened(place, since=earlier).close()
    with pytest.raises(UserError, match="knows 2026-10-31"):
        opened(place)


def test_a_look_finds_nothing_where_nothing_is_and_makes_nothing(path: Path) -> None:
    assert looked(path) is None
    assert not path.parent.exists()
    path.parent.mkdir()
    path.touch()
    assert looked(path) is None
    assert path.stat().st_size == 0


def test_a_look_sees_what_was_recorded(place: Place) -> None:
    with opened(place) as ledger:
        ledger.claim(begin(ledger), [intent("card")], NOW)
    view = looked(place)
    assert view is not None
    with view:
        assert states(view) == {identity("card"): "intended"}
        assert not hasattr(view, "claim")


def test_a_newer_schema_is_refused_and_left_alone(place: Place) -> None:
    opened(place).close()
    tell(place, "UPDATE alembic_version SET version_num = '0999'")
    before = everything(place)
    for door in (opened, looked):
        with pytest.raises(UserError, match="newer version .schema 0999.*Update tasklists"):
            door(place)
    assert everything(place) == before


def test_a_database_that_is_no_ledger_is_refused_and_left_alone(place: Place) -> None:
    if isinstance(place, Path):
        place.parent.mkdir()
    tell(place, "CREATE TABLE recipes (name TEXT)")
    before = everything(place)
    for door in (opened, looked):
        with pytest.raises(UserError, match="no ledger .its tables: recipes"):
            door(place)
    assert everything(place) == before


def everything(place: Place) -> object:
    """Every byte of a file; of a database each table with its rows."""
    if isinstance(place, Path):
        return place.read_bytes()
    tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1"
    return {name: rows_of(place, f"SELECT * FROM {name}") for (name,) in rows_of(place, tables)}


@pytest.mark.parametrize("content", [b"Dear diary, " * 100, b"SQLite format 3\x00" + b"\xff" * 4000])
def test_a_file_that_is_no_database_is_refused_and_left_alone(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    for door in (opened, looked):
        with pytest.raises(UserError, match="no ledger, or a damaged one"):
            door(path)
    assert path.read_bytes() == content


def test_a_ledger_damaged_in_the_middle_is_told_as_such(path: Path) -> None:
    with opened(path) as ledger:
        run = begin(ledger)
        ledger.claim(run, [intent(f"i{n}") for n in range(500)], NOW)
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))
    with pytest.raises(UserError, match="damaged"), opened(path) as ledger:
        ledger.known(ADA)


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    for door in (opened, looked):
        with pytest.raises(UserError, match="it is a folder"):
            door(tmp_path)


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    with pytest.raises(UserError, match="There can be no ledger"):
        opened(tmp_path / "plain" / "ledger.db")


def test_a_locked_ledger_is_unreachable_within_the_bound_and_unchanged(place: Place) -> None:
    with opened(place, busy_seconds=0.2) as ledger:
        run = begin(ledger)
        with locked(place):
            started = time.monotonic()
            with pytest.raises(Unreachable, match="locked by another process.*Try again"):
                ledger.claim(run, [intent("card")], NOW)
            assert time.monotonic() - started < 5
            assert ledger.known(ADA) == ()  # readers do not wait
        assert ledger.claim(run, [intent("card")], NOW)


def test_a_new_file_locked_by_another_process_is_unreachable(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(Unreachable, match="locked"):
        opened(path, busy_seconds=0.2)
    other.close()
    opened(path).close()


OPEN_AND_BEGIN = """
import sys, time
from ledger_given import begin, opened
time.sleep(max(0, float(sys.argv[2]) - time.time()))
with opened(sys.argv[1]) as ledger:
    begin(ledger)
    print(ledger.fingerprint_key.hex())
"""


def test_processes_that_open_at_once_make_one_ledger(place: Place) -> None:
    together = time.time() + 1.5
    keys = end_all([start_python(OPEN_AND_BEGIN, place, together) for _ in range(4)])
    assert len(set(keys)) == 1
    with opened(place) as ledger:
        assert len(ledger.runs()) == 4
    assert rows_of(place, "SELECT count(*) FROM alembic_version") == [(1,)]


def test_connections_keep_commits_and_locks(path: Path) -> None:
    opened(path).close()
    engine = connect(path, 10.0)
    names = ("journal_mode", "synchronous", "busy_timeout", "foreign_keys", "secure_delete")
    with reading(engine, path) as connection:
        values = [connection.execute(text(f"PRAGMA {name}")).scalar() for name in names]
    engine.dispose()
    assert values == ["wal", 2, 10_000, 1, 1]


def test_a_ledger_at_head_is_opened_without_alembic(place: Place) -> None:
    opened(place).close()
    program = (
        "import sys; from ledger_given import opened;"
        "opened(sys.argv[1]).close(); print('alembic' in sys.modules)"
    )
    assert end_all([start_python(program, place)]) == ["False\n"]


def test_a_process_killed_while_it_makes_the_ledger_leaves_none_or_all(path: Path) -> None:
    program = (
        "import sys; from ledger_given import opened; import alembic.command;"
        "print('ready', flush=True); opened(sys.argv[1])"
    )
    for number in range(6):
        place = path.with_name(f"{number}.db")
        process = start_python(program, place)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(number * 0.02)
        process.kill()
        process.communicate()
        if (view := looked(place)) is not None:
            view.close()
        with opened(place) as ledger:
            assert begin(ledger)


def test_a_relative_path_with_odd_letters_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with opened(Path("año 100%?x=1#&") / "ledger.db") as ledger:
        begin(ledger)
    assert (tmp_path / "año 100%?x=1#&" / "ledger.db").stat().st_size > 0
