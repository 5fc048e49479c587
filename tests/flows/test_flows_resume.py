"""Waiting out what is in doubt, going on after an interruption, one process at a time, and stopping in time."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import threading
import time

import pytest
from given_account import ASHLEY, JOSE, Account

SOON = {"TASKLISTS_QUIET_SECONDS": "0.4", "TASKLISTS_LEASE_SECONDS": "0.5"}
_SECONDS = 40


def _many(account: Account, number: int, name: str = "many") -> None:
    items = "".join(f"  - {{id: item-{n:02d}, name: Task {n:02d}, due: on contract.start}}\n" for n in range(number))
    head = f"tasklist: {name}\nname: Many\nanchor: contract.start\ndefaults: {{responsible: front-desk}}\nitems:\n"
    account.write(name, head + items)


def _start(account: Account, *arguments: object, **env: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        account.command(*arguments),
        cwd=account.folder,
        env=account.whole_env(**(SOON | env)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def _until(condition, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)


def _killed_in_the_middle(account: Account, **env: str) -> None:
    """A run that dies while its answers are awaited."""
    account.far_side.set_fault("hang-after-commit", "1.0:coworkertasks")
    process = _start(account, "run", "new-member", "--coworker", ASHLEY, "--yes", **env)
    _until(account.commits)
    process.kill()
    process.communicate(timeout=_SECONDS)
    account.far_side.clear_faults()


@pytest.mark.parametrize("fault", ["error-after-commit", "reset-before-commit", "late-commit", "value-null"])
def test_a_run_waits_out_the_quiet_period_and_settles_what_is_in_doubt_by_itself(account: Account, fault: str):
    account.far_side.set_mode("S51.late-seconds", "0.1")
    account.far_side.set_fault(fault, "2x:coworkertasks")
    answer = account.run("--wait", **SOON)
    assert (answer.code, len(account.commits()), len(set(account.names()))) == (0, 3, 3)
    assert set(answer.outcomes.values()) <= {"created", "adopted"}
    assert account.cli("status", "--coworker", ASHLEY).code == 0


def test_a_wait_says_for_what_and_until_when(account: Account):
    account.far_side.set_fault("reset-before-commit", "1x:coworkertasks")
    answer = account.run("--wait", TASKLISTS_QUIET_SECONDS="3")
    assert (answer.code, len(account.commits())) == (0, 3)
    assert re.search(r"waiting [1-3] s: what is in doubt is decided after 20\d\d-", answer.err)


def test_no_wait_exits_at_once_and_resume_settles_it(account: Account):
    account.far_side.set_fault("reset-after-commit", "1x:coworkertasks")
    account.far_side.set_fault("error-before-commit", "1x:coworkertasks")
    started = time.monotonic()
    first = account.run()
    assert time.monotonic() - started < 10
    assert (first.code, sorted(first.outcomes.values())) == (3, ["created", "held", "held"])
    held = [r["error"] for r in first.json["results"] if r["outcome"] == "held"]
    assert all(f"tasklists resume --coworker {ASHLEY}" in error for error in held)
    done = account.cli("resume", "--format", "json", **SOON)
    assert (done.code, done.json["left"]) == (0, [])
    (run,) = done.json["runs"]
    assert sorted(part["outcome"] for part in run["results"]) == ["adopted", "created", "kept"]
    assert len(account.commits()) == len(set(account.names())) == 3
    assert account.cli("resume", "--format", "json").json == {"runs": [], "left": []}


def test_resume_finishes_a_run_that_was_killed(account: Account):
    _killed_in_the_middle(account)
    told = account.cli("status", "--coworker", ASHLEY)
    assert told.code == 3
    done = account.cli("resume", **SOON)
    assert done.code == 0, done.err + done.out
    assert len(account.commits()) == len(set(account.names())) == 3
    assert account.cli("status", "--coworker", ASHLEY).code == 0
    assert set(account.run().outcomes.values()) == {"kept"}


def test_resume_goes_on_with_the_very_request_inputs_and_label_included(account: Account):
    account.write(
        "asks",
        "tasklist: asks\nname: Asks\ninputs:\n  box: {type: text}\n  day: {type: date}\n"
        'items:\n  - {id: a, name: "Box {{ inputs.box }}", responsible: host, due: on inputs.day}\n',
    )
    account.far_side.set_fault("error-before-commit", "1x:coworkertasks")
    options = ("--set", "box=Blue 7", "--set", "day=2027-01-04", "--again", "spring", "--location", "london")
    assert account.run(*options, name="asks").code == 3
    assert b"Blue 7" in account.ledger.read_bytes() + _side_file(account, "-wal")
    assert account.cli("resume", **SOON).code == 0
    (commit,) = account.commits()
    assert (commit["record"]["Name"], commit["record"]["DueDate"][:10]) == ("Box Blue 7", "2027-01-04")
    assert set(account.run(*options, name="asks").outcomes.values()) == {"kept"}
    assert b"Blue 7" not in account.ledger.read_bytes() + _side_file(account, "-wal") + _side_file(account, "-shm")


def _side_file(account: Account, suffix: str) -> bytes:
    path = account.ledger.with_name(account.ledger.name + suffix)
    return path.read_bytes() if path.exists() else b""


def test_a_run_first_finishes_the_other_unfinished_runs_of_its_member(account: Account):
    _many(account, 3)
    account.far_side.set_fault("error-before-commit", "1x:coworkertasks")
    assert account.run(name="many").code == 3
    account.far_side.clear_faults()
    answer = account.run("--wait", **SOON)
    assert answer.code == 0
    assert "going on with run" in answer.err
    assert len(account.names()) == len(set(account.names())) == 6
    assert account.cli("resume", "--format", "json").json["runs"] == []


def test_an_item_that_left_the_list_is_adopted_or_closed_and_never_made(account: Account):
    _many(account, 3)
    account.far_side.set_fault("reset-before-commit", "1x:coworkertasks")
    first = account.run(name="many")
    (gone,) = [item for item, outcome in first.outcomes.items() if outcome == "held"]
    account.edit("many", f"  - {{id: {gone}, name: Task {gone[-2:]}, due: on contract.start}}\n", "")
    done = account.cli("resume", "--format", "json", **SOON)
    assert done.code == 0, done.err + done.out
    assert len(account.names()) == 2
    assert account.cli("status", "--coworker", ASHLEY).code == 0
    assert account.cli("audit").code == 0


def test_a_list_that_is_gone_keeps_its_run_open_until_a_person_gives_it_up(account: Account):
    _many(account, 3)
    account.far_side.set_fault("reset-after-commit", "1x:coworkertasks")
    account.far_side.set_fault("error-before-commit", "1x:coworkertasks")
    assert account.run(name="many").code == 3
    path = account.lists / "many.yaml"
    away = path.rename(account.folder / "many.yaml")
    told = account.cli("resume", "--format", "json", **SOON)
    assert told.code == 3
    (left,) = told.json["left"]
    assert "--give-up" in left["why"]
    assert [r["outcome"] for run in told.json["runs"] for r in run["results"]] == ["adopted"], "what was made is ours"
    away.rename(path)
    assert account.cli("resume", **SOON).code == 0, "a list that was away for a moment"
    assert len(account.names()) == len(set(account.names())) == 3
    account.edit("many", "items:\n", "items:\n  - {id: tea, name: Tea, due: on contract.start}\n")
    account.far_side.set_fault("error-before-commit", "1x:coworkertasks")
    assert account.run(name="many").code == 3
    path.unlink()
    done = account.cli("resume", "--give-up", **SOON)
    assert (done.code, "is given up" in done.err) == (0, True)
    assert account.cli("status", "--coworker", ASHLEY).code == 0
    assert len(account.names()) == 3


def test_a_broken_list_keeps_its_run_open_and_says_so(account: Account):
    _many(account, 3)
    account.far_side.set_fault("error-before-commit", "1x:coworkertasks")
    account.run(name="many")
    account.edit("many", "due: on contract.start", "due: on contract.strat")
    done = account.cli("resume", "--format", "json", **SOON)
    assert done.code == 3
    (left,) = done.json["left"]
    assert "many.yaml" in left["why"]
    account.edit("many", "due: on contract.strat", "due: on contract.start")
    assert account.cli("resume", **SOON).code == 0
    assert len(account.names()) == 3


def test_a_member_who_is_gone_gets_nothing_more(account: Account):
    account.far_side.set_fault("error-before-commit", "1x:coworkertasks")
    account.run(coworker=JOSE)
    account.far_side.remove_record("coworkers", JOSE)
    before = len(account.posts())
    done = account.cli("resume", **SOON)
    assert (done.code, "is given up" in done.err) == (0, True)
    assert len(account.posts()) == before


def test_resume_with_nothing_to_do_needs_no_ledger(account: Account):
    told = account.cli("resume")
    assert (told.code, "no ledger at" in told.err) == (0, True)
    assert not account.ledger.exists()


def test_a_parked_run_goes_on_by_resume_once_its_time_has_come(account: Account):
    account.env["TASKLISTS_WRITES_PER_DAY"] = "1"
    assert account.run("--wait").code == 3
    early = account.cli("resume", "--format", "json")
    assert early.code == 3
    assert "parked; goes on after" in early.json["left"][0]["why"]
    assert "parked till" in account.cli("status", COLUMNS="160").out
    with sqlite3.connect(account.ledger) as connection:  # a day later
        connection.execute("UPDATE calls SET at = at - 90000000")
        connection.execute("UPDATE runs SET resumes_at = resumes_at - 90000000")
    connection.close()
    for _ in range(2):
        account.cli("resume")
        with sqlite3.connect(account.ledger) as connection:
            connection.execute("UPDATE calls SET at = at - 90000000")
            connection.execute("UPDATE runs SET resumes_at = resumes_at - 90000000")
        connection.close()
    assert len(account.names()) == len(set(account.names())) == 3
    assert account.cli("resume").code == 0


def test_a_member_in_work_is_waited_for_and_with_no_wait_left_alone(account: Account):
    account.far_side.set_mode("S51.slow-seconds", "2")
    account.far_side.set_fault("slow", "1.0:coworkertasks")
    first = _start(account, "run", "new-member", "--coworker", ASHLEY, "--yes")
    _until(account.commits)
    refused = account.run()
    assert (refused.code, f"another process is working on coworker {ASHLEY}" in refused.err) == (3, True)
    account.far_side.clear_faults()
    second = account.run("--wait", **SOON)
    first.communicate(timeout=_SECONDS)
    assert (first.returncode, second.code, set(second.outcomes.values())) == (0, 0, {"kept"})
    assert len(account.names()) == 3


def test_a_run_longer_than_its_lease_keeps_it(account: Account):
    account.far_side.set_mode("S51.slow-seconds", "2")
    account.far_side.set_fault("slow", "1.0:coworkertasks")
    answers = [None, None]

    def run(place: int) -> None:
        process = _start(account, "run", "new-member", "--coworker", ASHLEY, "--yes", "--format", "json")
        out, _ = process.communicate(timeout=_SECONDS)
        answers[place] = json.loads(out)["results"]

    threads = [threading.Thread(target=run, args=(place,)) for place in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(_SECONDS)
    outcomes = sorted({result["outcome"] for result in results} for results in answers)
    assert sorted(map(sorted, outcomes)) == [["created"], ["kept"]]
    assert len(account.names()) == 3


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_the_calls_under_way_end_and_sends_nothing_more(account: Account, number: int):
    _many(account, 12)
    account.far_side.set_mode("S51.slow-seconds", "1")
    account.far_side.set_fault("slow", "1.0:coworkertasks")
    process = _start(
        account, "run", "many", "--coworker", ASHLEY, "--yes", "--format", "json", TASKLISTS_WRITES_PER_MINUTE="60"
    )
    _until(account.commits)
    started = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=_SECONDS)
    assert time.monotonic() - started < 10
    assert process.returncode == 130
    assert b"Traceback" not in err
    made = len(account.names())
    told = [result["outcome"] for result in json.loads(out)["results"]]
    assert (told.count("created"), len(told)) == (made, 12)
    assert 0 < made < 12
    account.far_side.clear_faults()
    assert account.cli("resume", **SOON).code == 0
    assert len(account.names()) == len(set(account.names())) == 12


def test_a_signal_ends_a_wait_and_a_second_one_ends_all_at_once(account: Account):
    account.far_side.set_fault("error-before-commit", "1x:coworkertasks")
    process = _start(account, "run", "new-member", "--coworker", ASHLEY, "--yes", TASKLISTS_QUIET_SECONDS="300")
    _until(lambda: len(account.commits()) == 2)
    time.sleep(0.5)
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=_SECONDS)
    assert (process.returncode, time.monotonic() - started < 3) == (130, True)
    account.far_side.set_fault("hang-before-commit", "1.0:coworkertasks")
    process = _start(account, "run", "new-member", "--coworker", JOSE, "--yes")
    account.far_side.clear_requests()
    _until(account.posts)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    started = time.monotonic()
    os.kill(process.pid, signal.SIGTERM)
    _, err = process.communicate(timeout=_SECONDS)
    assert (process.returncode, time.monotonic() - started < 2) == (130, True)
    assert b"nothing is lost" in err
