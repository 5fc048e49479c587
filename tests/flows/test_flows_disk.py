"""A ledger that cannot be written: one sentence, exit 6, no request without an intent, and all is made once later.

The fault begins at a chosen call of the ledger and stays: a disk that is full, files that cannot be written, a lock
that another process holds. Then it is mended, and another run makes what is missing.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path

import pytest
from given_account import ASHLEY, JOSE, Account, Answer

ITEMS = 12
FAULTY = Path(__file__).with_name("ledger_at_fault.py")
SAID = {
    "full": ("the disk is full", "an error of the disk"),
    "full-disk": ("the disk is full", "an error of the disk"),
    "read-only": ("cannot be written",),
    "immutable": ("cannot be written", "an error of the disk", "cannot be opened"),
    "locked": ("is locked by another process", "is busy"),
}
BEFORE_ANY_SEND = ["take_lease", "begin_run", "claim"]
LATER = ["confirm", "record", "record:5"]


@pytest.fixture
def many(account: Account, tmp_path: Path) -> Account:
    """A list of twelve tasks, and a ledger that has been used before."""
    items = "".join(f"  - {{id: item-{n:02d}, name: Task {n:02d}, due: on contract.start}}\n" for n in range(ITEMS))
    head = "tasklist: many\nname: Many\nanchor: contract.start\ndefaults: {responsible: front-desk}\nitems:\n"
    account.write("many", head + items)
    account.env |= {"TASKLISTS_LEDGER": str(tmp_path / "ledger" / "ledger.db"), "TASKLISTS_LEASE_SECONDS": "0.5"}
    return account


def _used_before(account: Account) -> None:
    """Make the ledger, by a task of another list for another member, which counts for nothing here."""
    account.write("one", "tasklist: one\nname: One\nitems:\n  - {id: one, name: One, responsible: front-desk}\n")
    assert account.run(name="one", coworker=JOSE).code == 0
    account.far_side.clear_requests()
    account.seen_commits = len(account.far_side.commits())


def _ledger(account: Account) -> Path:
    return Path(account.env["TASKLISTS_LEDGER"])


def _run_into(account: Account, kind: str, moment: str) -> Answer:
    method, _, count = moment.partition(":")
    asked = ["run", "many", "--coworker", str(ASHLEY), "--yes", "--no-wait", "--format", "json"]
    done = subprocess.run(
        [sys.executable, str(FAULTY), kind, method, count or "1", *asked],
        cwd=account.folder,
        env=account.whole_env(TASKLISTS_QUIET_SECONDS="60"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    return Answer(done.returncode, done.stdout.decode(), done.stderr.decode())


def _posted(account: Account) -> set[str]:
    return {json.loads(body)["TaskItemUniqueId"].replace("-", "") for body in account.posts()}


def _intended(account: Account) -> set[str]:
    with closing(sqlite3.connect(_ledger(account))) as connection:
        return {row[0].lower() for row in connection.execute("SELECT hex(identity) FROM tasks")}


def _assert_told_in_a_sentence(answer: Answer, kind: str) -> None:
    assert answer.code == 6, (answer.code, answer.out, answer.err)
    assert "Traceback" not in answer.err
    assert answer.err.count("error:") == 1, answer.err
    assert any(words in answer.err for words in SAID[kind]), answer.err


def _assert_all_made_once_in_the_end(account: Account) -> None:
    done = account.run("--wait", name="many", TASKLISTS_QUIET_SECONDS="0.2")
    assert done.code == 0, (done.out, done.err)
    assert account.names() == [f"Task {n:02d}" for n in range(ITEMS)]


@pytest.mark.parametrize("kind", ["full", "read-only", "locked"])
@pytest.mark.parametrize("moment", BEFORE_ANY_SEND)
def test_a_ledger_that_fails_before_the_first_send_sends_nothing(many: Account, kind: str, moment: str):
    _used_before(many)
    answer = _run_into(many, kind, moment)
    _assert_told_in_a_sentence(answer, kind)
    assert _posted(many) == set()
    _assert_all_made_once_in_the_end(many)


@pytest.mark.parametrize("kind", ["full", "read-only", "locked"])
@pytest.mark.parametrize("moment", LATER)
def test_a_ledger_that_fails_in_the_middle_leaves_an_intent_for_every_request(many: Account, kind: str, moment: str):
    _used_before(many)
    answer = _run_into(many, kind, moment)
    _assert_told_in_a_sentence(answer, kind)
    assert bool(_posted(many)) or moment == "confirm"
    assert _posted(many) <= _intended(many)
    _assert_all_made_once_in_the_end(many)


@pytest.mark.parametrize("kind", ["full", "read-only", "locked"])
def test_a_ledger_that_fails_at_the_very_end_has_lost_nothing(many: Account, kind: str):
    _used_before(many)
    answer = _run_into(many, kind, "finish_run")
    assert answer.code in {0, 6}, answer.err
    assert "Traceback" not in answer.err
    assert answer.err.count("error:") == (answer.code != 0)
    assert len(_posted(many)) == ITEMS
    _assert_all_made_once_in_the_end(many)


@pytest.mark.parametrize("moment", ["claim", "record:5"])
def test_a_disk_that_is_full_to_its_last_byte_leaves_an_intent_for_every_request(many: Account, moment: str):
    disk = _ledger(many).parent
    disk.mkdir()
    with _small_disk(disk):
        _used_before(many)
        answer = _run_into(many, "full-disk", moment)
        _assert_told_in_a_sentence(answer, "full-disk")
        assert _posted(many) <= _intended(many)
        (disk / "filler").unlink()
        _assert_all_made_once_in_the_end(many)


@pytest.mark.parametrize("ledger", ["none yet", "used before"])
def test_a_folder_that_we_may_not_write_to_sends_nothing(many: Account, ledger: str):
    folder = _ledger(many).parent
    folder.mkdir()
    with _small_disk(folder) if os.geteuid() == 0 else nullcontext():
        if ledger == "used before":
            _used_before(many)
        many.far_side.clear_requests()
        with _only_for_reading(folder):
            for command in ("run", "preview"):
                answer = many.cli(command, "many", "--coworker", ASHLEY, *["--yes"][: command == "run"])
                assert answer.code == (0 if (command, ledger) == ("preview", "none yet") else 6), answer.err
                assert answer.err.count("error:") == (answer.code != 0)
                assert "Make the file and its folder writable" in answer.err or answer.code == 0
        assert many.posts() == []
        _assert_all_made_once_in_the_end(many)


@contextmanager
def _small_disk(folder: Path) -> Iterator[None]:
    """A disk of one megabyte at a folder, where we may mount one."""
    _mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder))
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S607


@contextmanager
def _only_for_reading(folder: Path) -> Iterator[None]:
    """A folder that cannot be written: root may write to any, but for one on a disk that is mounted so."""
    if os.geteuid() == 0:
        _mount("-o", "remount,ro", str(folder))
    else:
        folder.chmod(0o555)
    try:
        yield
    finally:
        if os.geteuid() == 0:
            _mount("-o", "remount,rw", str(folder))
        else:
            folder.chmod(0o755)


def _mount(*arguments: str) -> None:
    if shutil.which("mount") is None:
        pytest.skip("no mount command here")
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)  # noqa: S607
    if done.returncode != 0:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")


@pytest.mark.parametrize("moment", ["claim", "record:5"])
def test_files_that_become_immutable_leave_an_intent_for_every_request(many: Account, moment: str):
    _used_before(many)
    if not _made_immutable(_ledger(many), "+i"):
        pytest.skip("files cannot be made immutable here")
    assert _made_immutable(_ledger(many), "-i")
    try:
        answer = _run_into(many, "immutable", moment)
    finally:
        for file in _ledger(many).parent.iterdir():
            _made_immutable(file, "-i")
    assert "Traceback" not in answer.err
    assert answer.code in {0, 6}, answer.err  # some systems let files that are open be written on
    assert _posted(many) <= _intended(many)
    _assert_all_made_once_in_the_end(many)


def _made_immutable(file: Path, how: str) -> bool:
    if shutil.which("chattr") is None:
        return False
    return subprocess.run(["chattr", how, str(file)], capture_output=True, check=False).returncode == 0  # noqa: S607


def test_a_full_disk_under_a_new_ledger_is_told_and_nothing_is_asked(many: Account):
    answer = _run_into(many, "full", "open_ledger")
    _assert_told_in_a_sentence(answer, "full")
    assert many.far_side.requests() == []
    _assert_all_made_once_in_the_end(many)
