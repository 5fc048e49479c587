"""Run, resume, audit and status over a PostgreSQL ledger: the same commands, the same answers, one task each."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from given_account import ASHLEY, JOSE, Account
from postgres_given import PASSWORD, fresh_database, private_server, rows_of, server

SOON = {"TASKLISTS_QUIET_SECONDS": "0.4", "TASKLISTS_LEASE_SECONDS": "0.5"}
SECONDS = 60


@pytest.fixture
def served(account: Account) -> Account:
    """The account with its ledger on a server."""
    account.env |= {"TASKLISTS_LEDGER": fresh_database()}
    return account


def start(account: Account, *arguments: object, **env: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        account.command(*arguments),
        cwd=account.folder,
        env=account.whole_env(**(SOON | env)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def until(condition, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)


def killed_in_the_middle(account: Account) -> None:
    """A run that dies while its answers are awaited."""
    account.far_side.set_fault("hang-after-commit", "1.0:coworkertasks")
    process = start(account, "run", "new-member", "--coworker", ASHLEY, "--yes")
    until(account.commits)
    process.kill()
    process.communicate(timeout=SECONDS)
    account.far_side.clear_faults()


def test_a_run_creates_each_task_once_and_leaves_no_file(served: Account):
    shown = served.preview()
    assert shown.code == 0
    first = served.run()
    assert (first.code, set(first.outcomes.values())) == (0, {"created"})
    assert first.json["checksum"] == shown.json["checksum"]
    second = served.run()
    assert (second.code, set(second.outcomes.values())) == (0, {"kept"})
    assert len(served.commits()) == 3
    assert not served.ledger.parent.exists()
    assert served.cli("status", "--coworker", ASHLEY).code == 0
    told = served.cli("audit", "--format", "json")
    assert told.code == 0, told.err


def test_commands_without_a_ledger_say_where_they_looked_and_show_no_password(served: Account):
    shown = served.env["TASKLISTS_LEDGER"].replace(f"tasklists:{PASSWORD}@", "")
    for command in ("status", "audit", "resume"):
        answer = served.cli(command)
        assert answer.code == 0
        assert f"no ledger at {shown}" in answer.out + answer.err
        assert PASSWORD not in answer.out + answer.err
    assert rows_of(served.env["TASKLISTS_LEDGER"], "SELECT * FROM pg_tables WHERE schemaname = 'public'") == []


def test_a_killed_run_is_finished_by_resume_and_nothing_is_doubled(served: Account):
    killed_in_the_middle(served)
    time.sleep(0.6)
    done = served.cli("resume", "--format", "json", **SOON)
    assert (done.code, done.json["left"]) == (0, []), done.err
    assert sorted(set(served.names())) == served.names()
    assert len(served.commits()) == 3
    assert served.cli("audit", **SOON).code == 0


def test_the_address_may_be_in_a_file(served: Account, tmp_path: Path):
    secret = tmp_path / "ledger-address"
    secret.write_text(served.env.pop("TASKLISTS_LEDGER") + "\n", encoding="utf-8")
    served.env["TASKLISTS_LEDGER_FILE"] = str(secret)
    assert set(served.run().outcomes.values()) == {"created"}
    assert not served.ledger.parent.exists()
    answer = served.run(TASKLISTS_LEDGER="ledger.db")
    assert answer.code == 2
    assert "both set" in answer.err


def test_a_server_that_is_away_is_told_with_exit_6_and_the_run_goes_on_after(account: Account):
    with private_server() as own:
        account.env |= {"TASKLISTS_LEDGER": own.new_database()}
        assert account.run(coworker=JOSE).code == 0
        made = len(account.commits())
        own.stop()
        for command in (("run", "new-member", "--coworker", ASHLEY, "--yes"), ("resume",), ("status",), ("audit",)):
            answer = account.cli(*command)
            assert (answer.code, PASSWORD in answer.err) == (6, False), answer.err
            assert "gives no answer" in answer.err
        assert len(account.commits()) == made, "no request without an intent"
        own.start()
        assert set(account.run().outcomes.values()) == {"created"}


def test_a_server_that_restarts_in_the_middle_of_a_run_costs_no_task_and_doubles_none(account: Account):
    with private_server() as own:
        account.env |= {"TASKLISTS_LEDGER": own.new_database()}
        account.far_side.set_fault("hang-after-commit", "1.0:coworkertasks")
        account.far_side.set_mode("S51.hang-seconds", "1")
        process = start(account, "run", "new-member", "--coworker", ASHLEY, "--yes", "--no-wait")
        until(account.commits)
        own.stop()
        _, told = process.communicate(timeout=SECONDS)
        assert process.returncode in {3, 6}, told
        assert PASSWORD.encode() not in told
        account.far_side.clear_faults()
        own.start()
        time.sleep(0.6)
        done = account.cli("resume", "--format", "json", **SOON)
        assert (done.code, done.json["left"]) == (0, []), done.err
        assert len(account.commits()) == len(set(account.names())) == 3


def test_a_stopped_run_is_not_overtaken_and_ends_by_itself_when_it_wakes(served: Account):
    served.far_side.set_fault("hang-after-commit", "1x:coworkertasks")
    served.far_side.set_mode("S51.hang-seconds", "1")
    process = start(served, "run", "new-member", "--coworker", ASHLEY, "--yes")
    until(served.commits)
    os.kill(process.pid, signal.SIGSTOP)
    try:
        time.sleep(1.5)  # three times its lease
        other = served.run(**SOON)
        assert other.code == 3, "somebody works on this member"
        assert "another process is working on coworker" in other.err
    finally:
        os.kill(process.pid, signal.SIGCONT)
    out, told = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, told + out
    assert len(served.commits()) == len(set(served.names())) == 3
    assert set(served.run(**SOON).outcomes.values()) == {"kept"}


def test_a_run_after_an_older_backup_came_back_adopts_what_was_made_since(served: Account):
    assert set(served.run(coworker=JOSE).outcomes.values()) == {"created"}
    older = server().new_database(template=served.env["TASKLISTS_LEDGER"].rpartition("/")[2])
    first = served.run()
    made = len(served.commits())
    served.env["TASKLISTS_LEDGER"] = older
    again = served.run()
    assert (again.code, set(again.outcomes.values())) == (0, {"adopted"})
    assert [r["task_id"] for r in again.json["results"]] == [r["task_id"] for r in first.json["results"]]
    assert set(served.run(coworker=JOSE).outcomes.values()) == {"kept"}
    assert len(served.commits()) == made


def test_two_runs_at_once_make_each_task_once(served: Account):
    processes = [
        start(served, "run", "new-member", "--coworker", ASHLEY, "--yes", "--format", "json") for _ in range(3)
    ]
    answers = [process.communicate(timeout=SECONDS) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], answers
    outcomes = [{part["outcome"] for part in json.loads(out)["results"]} for out, _ in answers]
    assert sorted(map(sorted, outcomes)) == [["created"], ["kept"], ["kept"]]
    assert len(served.commits()) == 3
