from __future__ import annotations

import multiprocessing
import os
import resource
import shutil
import signal
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ledger_given import ADA, NOW, begin, identity, intent, looked, opened, states

from engine.core.errors import TasklistsError, Unreachable, UserError
from engine.ledger.values import RunId

NOBODY = 65534


def answer_of(step: Callable[[], object], *, before: Callable[[], None]) -> str:
    """What a forked process met: the kind of error and its message, or `fine`."""

    def run(answer) -> None:  # type: ignore[no-untyped-def]
        try:
            before()
            step()
            told = "fine"
        except TasklistsError as error:
            told = f"{type(error).__name__} {error.exit_code}: {error}"
        except BaseException as error:
            told = f"a bug: {error!r}"
        answer.put(told)

    forks = multiprocessing.get_context("fork")
    answers = forks.SimpleQueue()
    process = forks.Process(target=run, args=(answers,))
    process.start()
    process.join(30)
    assert process.exitcode == 0
    return str(answers.get())


def become_an_ordinary_user() -> None:
    """Root may write everywhere; the tests of access need somebody who may not."""
    if os.geteuid() == 0:
        os.setgid(NOBODY)
        os.setuid(NOBODY)


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that an ordinary user can reach, which the folders of pytest are not."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_a_read_only_folder_is_told_in_a_sentence(public: Path) -> None:
    public.chmod(0o555)
    told = answer_of(lambda: opened(public / "ledger.db"), before=become_an_ordinary_user)
    assert told.startswith("Unreachable 6: ")
    assert "Permission denied" in told
    assert "writable" in told
    assert list(public.iterdir()) == []


def test_a_read_only_ledger_is_told_in_a_sentence(public: Path) -> None:
    opened(public / "ledger.db").close()
    (public / "ledger.db").chmod(0o444)
    public.chmod(0o555)
    for door in (opened, looked):
        told = answer_of(lambda door=door: door(public / "ledger.db"), before=become_an_ordinary_user)  # type: ignore[misc]
        assert told.startswith("Unreachable 6: "), told


def test_a_ledger_of_somebody_else_is_told_in_a_sentence(public: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs a file of another user")
    opened(public / "ledger.db").close()
    told = answer_of(lambda: opened(public / "ledger.db"), before=become_an_ordinary_user)
    assert told.startswith("Unreachable 6: ")
    assert "cannot be opened" in told


def test_a_ledger_in_a_folder_that_is_closed_to_us_is_not_taken_for_none(public: Path) -> None:
    path = public / "closed" / "ledger.db"
    opened(path).close()
    path.parent.chmod(0)
    for door in (opened, looked):
        told = answer_of(lambda door=door: door(path), before=become_an_ordinary_user)  # type: ignore[misc]
        assert told.startswith("Unreachable 6: "), told


def limit_file_size(size: int) -> Callable[[], None]:
    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


def test_a_write_that_fails_anywhere_while_opening_leaves_none_or_all(tmp_path: Path) -> None:
    ends = set()
    for number, size in enumerate(range(0, 300_000, 30_000)):
        path = tmp_path / f"{number}.db"
        told = answer_of(lambda path=path: opened(path).close(), before=limit_file_size(size))  # type: ignore[misc]
        ends.add(told.split(":")[0])
        assert told == "fine" or told.startswith("Unreachable 6: "), told
        with opened(path) as ledger:
            assert begin(ledger)
    assert ends == {"fine", "Unreachable 6"}


def test_a_write_that_fails_anywhere_in_a_claim_leaves_all_of_it_or_nothing(tmp_path: Path) -> None:
    ends = set()
    many = [intent(f"i{n}", payload="x" * 3000) for n in range(30)]
    for number, size in enumerate(range(40_000, 240_000, 20_000)):
        path = tmp_path / f"{number}.db"
        with opened(path) as ledger:
            run = begin(ledger)

        def claim(path: Path = path, run: RunId = run) -> None:
            with opened(path) as ledger:
                ledger.claim(run, many, NOW)

        told = answer_of(claim, before=limit_file_size(size))
        ends.add(told.split(":")[0])
        assert told == "fine" or told.startswith("Unreachable 6: "), told
        with opened(path) as ledger:
            assert len(states(ledger)) == (30 if told == "fine" else 0)
    assert ends == {"fine", "Unreachable 6"}


def test_a_full_disk_is_told_and_the_ledger_goes_on_after(path: Path) -> None:
    with opened(path) as ledger:
        run = begin(ledger)
        with ledger._writing() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(Unreachable, match="the disk is full.*Free some space"):
            ledger.claim(run, [intent("card", payload="x" * 100_000)], NOW)
        assert ledger.known(ADA) == ()
        assert ledger.claim(run, [intent("card")], NOW) == {identity("card")}


def test_a_ledger_that_is_taken_away_is_told(path: Path) -> None:
    with opened(path) as ledger:
        run = begin(ledger)
        ledger.close()
        path.unlink()
        with pytest.raises(Unreachable, match="cannot be opened"):
            ledger.claim(run, [], NOW)
        assert not path.exists(), "a vanished ledger is not replaced by an empty one"


def test_a_result_that_cannot_be_written_leaves_the_intent_open(path: Path) -> None:
    with opened(path, busy_seconds=0.1) as ledger:
        run = begin(ledger)
        ledger.claim(run, [intent("card")], NOW)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unreachable):
            ledger.record(run, identity("card"), "created", task_id=900, now=NOW)
        other.close()
        assert states(ledger) == {identity("card"): "intended"}


def test_a_device_in_place_of_the_file_is_refused() -> None:
    with pytest.raises(UserError, match="special file"):
        opened(Path(os.devnull))
