"""What going on must not do: drop a request, carry out the wrong one, or be stopped by one member for all."""

import os
import signal
import sqlite3
import subprocess
import time

from given_account import ASHLEY, GLEN, JOSE, Account

SOON = {"TASKLISTS_QUIET_SECONDS": "0.5", "TASKLISTS_LEASE_SECONDS": "0.5"}
HEAD = "anchor: contract.start\ndefaults: {responsible: front-desk}\n"


def _list(account: Account, name: str, items: list[str], more: str = "") -> None:
    rows = "".join(f"  - {{id: {item}, name: \"{item.title()} {more}\", due: on contract.start}}\n" for item in items)
    inputs = "inputs:\n  room: {type: text}\n" if "inputs." in more else ""
    account.write(name, f"tasklist: {name}\nname: {name}\n{HEAD}{inputs}items:\n{rows}")


def _until(condition, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)


def _ledger(account: Account, statement: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(account.ledger) as connection:
        rows = connection.execute(statement).fetchall()
    connection.close()
    return rows


def test_a_run_that_was_overtaken_keeps_its_request(account: Account):
    _list(account, "one", [f"item-{n}" for n in range(8)])
    _list(account, "two", ["other"])
    account.far_side.set_mode("S51.slow-seconds", "1")
    account.far_side.set_fault("slow", "1.0:coworkertasks")
    first = subprocess.Popen(
        account.command("run", "one", "--coworker", ASHLEY, "--yes", "--no-wait"),
        cwd=account.folder,
        env=account.whole_env(**SOON | {"TASKLISTS_WRITES_PER_MINUTE": "60"}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _until(account.commits)
        os.kill(first.pid, signal.SIGSTOP)
        account.far_side.clear_faults()
        time.sleep(0.8)
        account.edit("one", "due: on contract.start", "due: on contract.strat")  # half edited: it cannot go on
        other = account.run("--wait", name="two", **SOON)
        account.edit("one", "due: on contract.strat", "due: on contract.start")
        os.kill(first.pid, signal.SIGCONT)  # stopped while it wrote, it kept the ledger locked
        first.wait(30)
    finally:
        first.kill()
        first.wait(10)
    assert other.code in {0, 6}
    time.sleep(0.6)
    assert account.run("--wait", name="two", **SOON).code == 0
    assert account.cli("resume", **SOON).code == 0
    assert len(account.names()) == len(set(account.names())) == 9


def test_corrected_inputs_replace_the_wrong_ones(account: Account):
    _list(account, "room", ["alpha", "beta"], "in {{ inputs.room }}")
    account.far_side.set_fault("error-before-commit", "1x:coworkertasks")
    assert account.run("--set", "room=WRONG", name="room").code == 3
    done = account.run("--wait", "--set", "room=RIGHT", name="room", **SOON)
    assert done.code == 0
    assert sorted(name.split()[-1] for name in account.names()) == ["RIGHT", "WRONG"], "one was made before"
    assert account.cli("resume", "--format", "json", **SOON).json == {"runs": [], "left": []}


def test_a_member_whom_the_list_no_longer_fits_is_told_adopted_and_given_up(account: Account):
    account.write("active", f"tasklist: active\nname: A\n{HEAD}applies: {{when: coworker.active}}\nitems:\n"
                  "  - {id: a, name: A}\n  - {id: b, name: B}\n")
    account.far_side.set_fault("reset-after-commit", "1x:coworkertasks")
    account.far_side.set_fault("error-before-commit", "1x:coworkertasks")
    assert account.run(name="active").code == 3
    account.far_side.put_record("coworkers", ASHLEY, Active=False)
    told = account.cli("resume", "--format", "json", **SOON)
    assert (told.code, len(told.json["left"])) == (3, 1)
    assert "--give-up" in told.json["left"][0]["why"]
    assert len(_ledger(account, "SELECT * FROM payloads")) == 1
    anyway = account.run("--anyway", "--wait", name="active", **SOON)
    assert (anyway.code, len(account.names())) == (0, 2)
    assert account.cli("resume", "--format", "json", **SOON).json == {"runs": [], "left": []}
    assert _ledger(account, "SELECT * FROM payloads") + _ledger(account, "SELECT * FROM requests") == []


def test_a_request_of_last_month_is_not_gone_on_with_unless_its_member_is_named(account: Account):
    account.far_side.set_fault("error-before-commit", "1x:coworkertasks")
    assert account.run().code == 3
    _ledger(account, "UPDATE runs SET started_at = started_at - 2592000000")
    told = account.cli("resume", "--format", "json", **SOON)
    assert told.code == 3
    assert "nobody may want it any more" in told.json["left"][0]["why"]
    assert len(account.names()) == 2
    assert account.cli("resume", "--coworker", ASHLEY, **SOON).code == 0
    assert len(account.names()) == 3


def test_one_unreadable_member_does_not_keep_the_others_waiting(account: Account):
    account.far_side.set_fault("error-before-commit", "2x:coworkertasks")
    assert account.run(coworker=ASHLEY).code == 3
    account.far_side.set_fault("error-before-commit", "1x:coworkertasks")
    assert account.run(coworker=JOSE).code == 3
    account.far_side.set_mode("S19", "500")
    account.far_side.remove_record("coworkers", ASHLEY)
    done = account.cli("resume", **SOON)
    assert done.code == 3
    assert "nothing is open" not in done.out
    assert sum(line["record"]["CoworkerId"] == JOSE for line in account.commits()) == 2, done.out


def test_without_the_mark_what_was_sent_is_looked_for_and_not_what_the_list_says_now(account: Account):
    account.env["TASKLISTS_NOTES_REF"] = "off"
    _list(account, "edited", ["alpha", "beta"])
    account.far_side.set_fault("reset-after-commit", "2x:coworkertasks")
    assert account.run(name="edited").code == 3
    account.edit("edited", "Alpha", "Delta")
    done = account.cli("resume", **SOON)
    assert done.code == 0, done.out + done.err
    assert len(account.names()) == 2


def test_a_team_whose_payer_changed_in_between_has_its_tasks_once(account: Account):
    account.write("office", "tasklist: office\nname: O\nonce_per: team\ndefaults: {responsible: host}\nitems:\n"
                  "  - {id: keys, name: Keys}\n  - {id: sign, name: Sign}\n")
    account.far_side.set_fault("reset-after-commit", "1x:coworkertasks")
    account.far_side.set_fault("error-before-commit", "1x:coworkertasks")
    assert account.run(name="office", coworker=GLEN).code == 3
    team = next(one for one in account.far_side.records("teams") if GLEN in one["TeamMembers"])
    account.far_side.put_record("teams", team["Id"], PayingMemberId=GLEN)
    try:
        held = account.run(name="office", coworker=GLEN, **SOON)
        assert (held.code, set(held.outcomes.values())) == (3, {"held"})
        assert account.cli("resume", **SOON).code in {0, 3}
        assert account.run("--wait", name="office", coworker=GLEN, **SOON).code == 0
    finally:
        account.far_side.put_record("teams", team["Id"], PayingMemberId=team["PayingMemberId"])
    assert sorted(account.names()) == ["Keys", "Sign"]
    assert account.cli("resume", "--format", "json", **SOON).json == {"runs": [], "left": []}


def test_a_clock_that_was_a_day_ahead_blocks_nobody_for_a_day(account: Account):
    account.far_side.set_fault("error-before-commit", "1x:coworkertasks")
    assert account.run().code == 3
    ahead = 86_400_000
    _ledger(account, f"UPDATE leases SET holder = 'dead', until = {int(time.time() * 1000) + ahead}")
    _ledger(account, f"UPDATE runs SET seen_at = seen_at + {ahead}")
    _ledger(account, f"INSERT INTO pause (id, until) VALUES (1, {int(time.time() * 1000) + ahead})")
    account.run(**SOON)
    time.sleep(0.6)
    done = account.run("--wait", **SOON)
    assert (done.code, len(account.names())) == (0, 3)


def test_a_turn_that_is_far_away_is_not_waited_for_in_silence(account: Account):
    account.env |= {"TASKLISTS_CALLS_PER_HOUR": "12"}
    codes = [account.run(coworker=coworker).code for coworker in (ASHLEY, JOSE)]
    assert 3 in codes
    told = account.run(coworker=JOSE)
    assert (told.code, "goes on at 20" in told.err) == (3, True)
