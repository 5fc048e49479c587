from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from ledger_given import ADA, NOW, PLACES, begin, identity, intent, opened, start_python

from engine.core.known import fingerprint
from engine.ledger.ledger import Ledger

TEXT = "Zebedee Quartermaine-Ó"
LONG = (TEXT + " ") * 2000  # spills over into pages of its own


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    """These tests look into files."""
    with opened(path) as ledger:
        yield ledger


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def files_of(path: Path) -> dict[str, Path]:
    return {file.name: file for file in path.parent.iterdir()}


def traces(path: Path) -> list[str]:
    return sorted(name for name, file in files_of(path).items() if TEXT.encode() in file.read_bytes())


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("open_umask")
def test_files_and_folders_are_for_their_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "ledger.db"
    with opened(path) as ledger:
        begin(ledger)
        assert {name: mode(file) for name, file in files_of(path).items()} == {
            "ledger.db": 0o600,
            "ledger.db-wal": 0o600,
            "ledger.db-shm": 0o600,
        }
    assert mode(path.parent) == mode(path.parent.parent) == 0o700


def test_a_strict_umask_does_not_lock_the_owner_out(path: Path) -> None:
    before = os.umask(0o777)
    try:
        opened(path).close()
    finally:
        os.umask(before)
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)


@pytest.mark.usefixtures("open_umask")
def test_a_ledger_that_became_readable_is_closed_again_but_not_a_folder_of_others(tmp_path: Path) -> None:
    path = tmp_path / "shared" / "ledger.db"
    path.parent.mkdir(0o755)
    opened(path).close()
    path.chmod(0o644)
    opened(path).close()
    assert (mode(path), mode(path.parent)) == (0o600, 0o755)


def test_an_open_intent_keeps_its_payload(path: Path, ledger: Ledger) -> None:
    ledger.claim(begin(ledger), [intent("card", payload=TEXT)], NOW)
    assert traces(path), "this file's other tests find what is there"


@pytest.mark.parametrize("outcome", ["created", "adopted", "failed", "parked"])
@pytest.mark.parametrize("payload", [TEXT, LONG], ids=["short", "long"])
def test_no_text_of_a_member_stays_after_the_result(
    path: Path, ledger: Ledger, outcome: str, payload: str
) -> None:
    run = begin(ledger)
    ledger.claim(run, [intent("card", payload=payload, key=TEXT)], NOW)
    marks = {"Name": fingerprint(ledger.fingerprint_key, "Name", TEXT)}
    ledger.record(run, identity("card"), outcome, task_id=900, fingerprints=marks, now=NOW)
    assert traces(path) == []


def test_no_text_stays_after_the_last_result_of_many(path: Path, ledger: Ledger) -> None:
    run = begin(ledger)
    ledger.claim(run, [intent(f"i{n}", payload=TEXT * n) for n in range(1, 40)], NOW)
    for number in range(1, 40):
        ledger.record(run, identity(f"i{number}"), "created", task_id=number, now=NOW)
    assert traces(path) == []


def test_no_text_stays_after_an_adoption(path: Path, ledger: Ledger) -> None:
    run = begin(ledger)
    ledger.adopt(run, intent("card", payload=LONG, key=TEXT), task_id=900, fingerprints={}, now=NOW)
    assert traces(path) == []


def test_a_reader_in_the_way_delays_the_erasure_until_the_run_ends(path: Path, ledger: Ledger) -> None:
    run = begin(ledger)
    ledger.claim(run, [intent("card", payload=TEXT)], NOW)
    with opened(path) as other, other._connections._engine.connect() as connection:
        reader = connection.execution_options(reads_only=True)
        reader.exec_driver_sql("SELECT count(*) FROM tasks").fetchall()
        ledger.record(run, identity("card"), "created", task_id=900, now=NOW)
        assert traces(path) == ["ledger.db-wal"]
    ledger.finish_run(run, {"created": 1}, NOW, done=True)
    assert traces(path) == []


def test_the_text_of_a_killed_run_is_gone_once_its_task_is_settled(path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from ledger_given import NOW, begin, intent, opened;"
        "ledger = opened(Path(sys.argv[1])); ledger.claim(begin(ledger), [intent('card', payload=sys.argv[2])], NOW);"
        "print('claimed', flush=True); time.sleep(60)"
    )
    process = start_python(program, path, LONG)
    assert process.stdout is not None
    assert process.stdout.readline() == "claimed\n"
    process.kill()
    process.communicate()
    with opened(path) as ledger:
        assert traces(path)
        run = begin(ledger)
        assert ledger.adopt(run, intent("card"), task_id=900, fingerprints={}, now=NOW)
        assert traces(path) == []


@pytest.mark.parametrize("text", [TEXT, LONG], ids=["short", "long"])
@pytest.mark.parametrize("end", ["done", "given up", "asked again and done"])
def test_no_text_of_a_request_stays_after_its_run(path: Path, ledger: Ledger, text: str, end: str) -> None:
    run = begin(ledger, request=text)
    ledger.claim(run, [intent("card", payload=text, key=TEXT)], NOW)
    ledger.record(run, identity("card"), "created", task_id=900, now=NOW)
    assert traces(path), "it goes on with its request after a crash"
    if end == "given up":
        ledger.forget_request(run)
    else:
        if end == "asked again and done":
            ledger.finish_run(run, {"held": 1}, NOW, done=False)
            assert traces(path), "it is held: its request is still needed"
            run = begin(ledger, request=text)
        ledger.finish_run(run, {"created": 1}, NOW, done=True)
    assert traces(path) == []


def test_no_text_of_a_settled_task_stays_while_another_run_waits(path: Path, ledger: Ledger) -> None:
    waiting, run = begin(ledger, coworker_id=5, request="{}"), begin(ledger, request="{}")
    ledger.claim(waiting, [intent("card")], NOW)
    ledger.claim(run, [intent("card", payload=TEXT), intent("tour", payload=TEXT)], NOW)
    ledger.record(run, identity("card"), "created", task_id=900, now=NOW)
    ledger.finish_run(waiting, {"held": 1}, NOW, done=False)
    assert traces(path), "one is open yet"
    ledger.record(run, identity("tour"), "created", task_id=901, now=NOW)
    ledger.finish_run(run, {"created": 2}, NOW, done=True)
    assert traces(path) == [], "though the log was emptied between the two"


def test_no_text_of_a_request_stays_when_a_thread_empties_the_log_all_the_time(path: Path, ledger: Ledger) -> None:
    def finish_one(number: int) -> None:
        run = begin(ledger, coworker_id=number, request=f"{TEXT} {number}")
        ledger.claim(run, [intent("card", payload=LONG)], NOW)
        ledger.record(run, identity("card"), "created", task_id=number, now=NOW)
        ledger.finish_run(run, {"created": 1}, NOW, done=True)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(finish_one, range(1, 41)))
    ledger.close()
    assert traces(path) == []


def test_the_request_of_a_killed_run_is_gone_once_a_later_one_is_done(path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from ledger_given import begin, opened;"
        "ledger = opened(Path(sys.argv[1])); begin(ledger, request=sys.argv[2]);"
        "print('begun', flush=True); time.sleep(60)"
    )
    process = start_python(program, path, LONG)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    process.kill()
    process.communicate()
    with opened(path) as ledger:
        assert traces(path)
        ledger.finish_run(begin(ledger, request=LONG), {}, NOW, done=True)
        assert traces(path) == []


def test_a_key_that_is_an_id_stays_and_another_only_while_open(ledger: Ledger) -> None:
    run = begin(ledger)
    keys = {"id": "1416660358", "zero": "007", "words": TEXT, "huge": "9" * 30, "digits": "٣", "none": ""}
    ledger.claim(run, [intent(item, key=key) for item, key in keys.items()], NOW)
    assert {task.item: task.key for task in ledger.known(ADA)} == keys
    for number, item in enumerate(keys):
        ledger.record(run, identity(item), "created", task_id=number + 1, now=NOW)
    kept = {task.item: task.key for task in ledger.known(ADA)}
    assert kept == dict.fromkeys(keys, "") | {"id": "1416660358"}


def test_a_text_in_place_of_a_fingerprint_is_refused(ledger: Ledger) -> None:
    run = begin(ledger)
    ledger.claim(run, [intent("card")], NOW)
    with pytest.raises(ValueError, match="16 lower-case hex digits"):
        ledger.record(run, identity("card"), "created", task_id=9, fingerprints={"Name": TEXT}, now=NOW)
    assert [task.state for task in ledger.known(ADA)] == ["intended"]


STRACE = shutil.which("strace")


@pytest.mark.skipif(STRACE is None, reason="needs strace to see the order of fsync and return")
def test_the_intent_is_on_the_disk_before_claim_returns(path: Path, tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from ledger_given import NOW, begin, intent, opened;"
        "ledger = opened(Path(sys.argv[1])); run = begin(ledger); os.write(2, b'before');"
        "ledger.claim(run, [intent('card')], NOW); os.write(2, b'after')"
    )
    log = tmp_path / "strace.log"
    traced = [STRACE, "-f", "-e", "trace=fsync,fdatasync,write", "-o", str(log)]
    command = [*traced, sys.executable, "-c", program, str(path)]
    subprocess.run(command, check=True, capture_output=True, env=os.environ | PLACES)
    seen = log.read_text()
    assert "sync(" in seen[seen.index('"before"') : seen.index('"after"')]
