"""Who sleeps past the quiet period sends nothing more; what cannot be written down stays an open intent."""

import os
import signal
import sqlite3
import subprocess
import time
from contextlib import closing

import pytest
from given_account import ASHLEY, GLEN, NO_PACE, Account

from engine.core.errors import TasklistsError
from engine.flows.apply import Applied, exit_code
from engine.ledger.values import RunId

ITEMS = 12


def _many(account: Account, number: int = ITEMS) -> None:
    items = "".join(f"  - {{id: item-{n:02d}, name: Task {n:02d}, due: on contract.start}}\n" for n in range(number))
    head = "tasklist: many\nname: Many\nanchor: contract.start\ndefaults: {responsible: front-desk}\nitems:\n"
    account.write("many", head + items)


def _until(condition, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.05)


def _stop_between_writes(account: Account, pid: int) -> None:
    """Stop a process at a moment when it does not hold the ledger: a stopped writer keeps everybody out of SQLite."""
    end = time.monotonic() + 20
    while True:
        os.kill(pid, signal.SIGSTOP)
        try:
            with closing(sqlite3.connect(account.ledger, timeout=0.3, isolation_level=None)) as probe:
                probe.execute("BEGIN IMMEDIATE")
                probe.execute("ROLLBACK")
            return
        except sqlite3.OperationalError:
            assert time.monotonic() < end, "the ledger was never free"
            os.kill(pid, signal.SIGCONT)
            time.sleep(0.05)


def test_a_process_that_slept_past_the_quiet_period_sends_nothing_that_another_has_taken(account: Account):
    _many(account)
    account.far_side.set_mode("S51.slow-seconds", "1")
    account.far_side.set_fault("slow", "1000x:coworkertasks")
    sleeper = subprocess.Popen(
        account.command("run", "many", "--coworker", ASHLEY, "--yes", "--format", "json"),
        cwd=account.folder,
        env=account.whole_env(  # two at a time, by rate and latency
            TASKLISTS_QUIET_SECONDS="1", TASKLISTS_LEASE_SECONDS="0.5", TASKLISTS_WRITES_PER_MINUTE="60"
        ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        _until(lambda: len(account.commits()) >= 3)
        _stop_between_writes(account, sleeper.pid)
        account.far_side.clear_faults()
        time.sleep(1.5)
        other = account.run("--wait", name="many", TASKLISTS_QUIET_SECONDS="1")
        assert len(set(account.names())) == ITEMS, other
        os.kill(sleeper.pid, signal.SIGCONT)
        told, _ = sleeper.communicate(timeout=40)
    finally:
        sleeper.kill()
        sleeper.communicate(timeout=10)
    assert other.code == 0
    assert b"another run has this task in hand" in told
    assert len(account.names()) - ITEMS <= 1, "at most the one call that it was already in"


def test_waiting_for_the_pace_past_the_quiet_period_doubles_nothing(account: Account):
    _many(account, 6)
    slow = NO_PACE | {"TASKLISTS_WRITES_PER_MINUTE": "4", "TASKLISTS_QUIET_SECONDS": "1"}
    first = subprocess.Popen(
        account.command("run", "many", "--coworker", ASHLEY, "--yes"),
        cwd=account.folder,
        env=account.whole_env(**slow),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _until(lambda: len(account.commits()) >= 3)
        time.sleep(1.5)
        account.run(name="many", **NO_PACE, TASKLISTS_QUIET_SECONDS="1")
    finally:
        first.kill()
        first.wait(10)
    assert len(account.names()) == len(set(account.names()))


def test_a_request_that_went_out_without_the_mark_is_found_when_the_mark_is_on_again(account: Account):
    account.far_side.set_fault("reset-after-commit", "1x:coworkertasks")
    assert "held" in account.run(TASKLISTS_NOTES_REF="off").outcomes.values()
    decided = account.run(TASKLISTS_QUIET_SECONDS="0")
    assert sorted(decided.outcomes.values()) == ["adopted", "kept", "kept"]
    assert len(account.names()) == len(set(account.names())) == 3


def test_what_was_adopted_with_a_date_of_its_own_drifts_from_that_date(account: Account):
    account.run()
    account.lose_ledger()
    account.edit("new-member", "on contract.start at 09:00", "on contract.start at 16:00")
    for answer in (account.preview(), account.run(), account.run()):
        (drift,) = [part for action in answer.json["actions"] for part in action["drift"]]
        assert (drift["field"], drift["was"][11:16], drift["wanted"][11:16]) == ("DueDate", "08:00", "15:00")


def test_a_member_s_text_that_the_service_repeats_reaches_neither_output_nor_ledger(account: Account):
    account.far_side.set_mode("S23.Name", "400")
    account.far_side.set_mode("S23.Name-limit", "10")
    answer = account.run()
    assert answer.code == 3
    told = " ".join(str(result["error"]) for result in answer.json["results"])
    assert "Ashley" not in told
    assert "Ashley" not in account.ledger.read_bytes().decode("latin-1")


def test_a_deferral_parks_what_was_not_sent_with_the_time_that_it_goes_on(account: Account):
    account.far_side.set_fault("access-denied", "100x")
    answer = account.run()
    assert (answer.code, set(answer.outcomes.values())) == (3, {"parked"})
    assert all("goes on after" in result["error"] for result in answer.json["results"])


def test_a_task_made_by_hand_is_named_before_another_one_is_made_beside_it(account: Account):
    made = account.run().json["results"][0]["task_id"]
    account.far_side.put_record("coworkertasks", made, Notes="staff replaced the notes")
    account.lose_ledger()
    (warning,) = account.preview().json["warnings"]
    assert f"task {made} bears the name" in warning


def test_the_payers_contract_can_be_named_for_a_team_member(account: Account):
    item = "{id: a, name: A, responsible: host, due: on contract.start}"
    account.write("team", f"tasklist: team\nname: T\nitems:\n  - {item}\n")
    by_itself = account.preview(name="team", coworker=GLEN)
    assert by_itself.code == 0, by_itself.err
    named = account.preview("--contract", 1418975230, name="team", coworker=GLEN)
    assert (named.code, named.json["checksum"]) == (0, by_itself.json["checksum"])
    assert "paying member" in named.json["warnings"][0]


def test_a_list_can_ask_whether_there_is_a_contract(account: Account):
    items = (
        "  - {id: contact, name: Call, responsible: host, when: contract == none, due: 1 day after signup}\n"
        "  - {id: member, name: Card, responsible: host, when: contract != none, due: on contract.start}\n"
    )
    account.write("both", f"tasklist: both\nname: Both\nitems:\n{items}")
    assert list(account.preview(name="both", coworker=1423831751).actions) == ["contact"]
    assert list(account.preview(name="both").actions) == ["member"]


def test_a_list_that_claims_another_ones_identity_is_refused_when_it_is_run_too(account: Account):
    item = "{id: a, name: A, responsible: host}"
    account.write("other", f"tasklist: other\nformerly: new-member\nname: O\nitems:\n  - {item}\n")
    answer = account.preview(name="other")
    assert answer.code == 2
    assert "both have the identity 'new-member'" in answer.err


@pytest.mark.parametrize("label", ["", "  "])
def test_an_empty_label_is_refused(account: Account, label: str):
    answer = account.preview("--again", label)
    assert (answer.code, "--again has no label" in answer.err) == (2, True)


def test_masked_output_holds_no_e_mail_of_the_staff(account: Account):
    for form in ("json", "markdown", "table"):
        answer = account.cli("preview", "new-member", "--coworker", ASHLEY, "--redact", "--explain", "--format", form)
        assert answer.code == 0
        assert "@acme.example" not in answer.out


def test_a_task_whose_notes_were_cut_is_held_and_never_made_beside_its_twin(account: Account):
    account.far_side.set_mode("S23.Notes", "cut-silently")
    account.far_side.set_mode("S23.Notes-limit", "12")  # no mark survives, not even alone
    account.far_side.set_fault("error-after-commit", "1x:coworkertasks")
    assert "held" in account.run().outcomes.values()
    held = account.run(TASKLISTS_QUIET_SECONDS="0")
    assert (held.code, sorted(held.outcomes.values())) == (3, ["held", "kept", "kept"])
    assert len(account.names()) == len(set(account.names())) == 3
    (action,) = [action for action in held.json["actions"] if action["action"] == "hold"]
    task_id = int(action["reason"].split()[1])
    account.far_side.put_record("coworkertasks", task_id, Notes=action["reason"].split("`")[1])
    assert sorted(account.run(TASKLISTS_QUIET_SECONDS="0").outcomes.values()) == ["adopted", "kept", "kept"]
    assert len(account.names()) == 3


def test_a_list_made_once_for_a_contract_is_not_made_again_for_who_shares_it(account: Account):
    item = "{id: a, name: Keys, responsible: host, due: on contract.start}"
    account.write("office", f"tasklist: office\nname: Office\nonce_per: contract\nitems:\n  - {item}\n")
    answer = account.preview(name="office", coworker=GLEN)
    assert answer.code == 2
    assert "once_per: contract, and contract 1418975230 is coworker 1423831746's; run it for 1423831746" in answer.err
    assert account.run(name="office", coworker=1423831746).outcomes == {"a": "created"}


def test_a_contract_that_is_nobodys_is_an_error_for_the_payer_too(account: Account):
    answer = account.preview("--anyway", "--contract", 999, coworker=1423831746)
    assert answer.code == 2
    assert "Contract 999 is not one of this coworker's contracts" in answer.err


def test_a_run_that_was_stopped_is_never_exit_0():
    assert exit_code(Applied(RunId("run"), (), TasklistsError("another due was stored"))) == 3
    assert exit_code(Applied(RunId("run"), ())) == 0


def test_a_reader_that_goes_away_is_no_error(account: Account):
    program = " ".join(account.command("fields"))
    shell = f"{program} | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", shell],
        cwd=account.folder,
        env=account.whole_env(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.stdout.splitlines()[-1] == "0"
    assert "Traceback" not in done.stderr
