"""Audit against a real far side: planted cases of each kind are found, nothing else is, and nothing is written."""

from __future__ import annotations

import os
import pty
import shutil
import sqlite3
import subprocess
import threading
import time
from contextlib import closing
from typing import Any

import pytest
from given_account import ANA, ASHLEY, BARCELONA, GLEN, JOSE, NO_PACE, Account, Answer

from engine.authoring.folder import Folder
from engine.flows.account import Place, open_to_preview, policy
from engine.flows.audit import Auditor

LONG = bool(os.environ.get("TASKLISTS_LONG"))
CASES = 100 if LONG else 10
KINDS = ("lost", "doubled", "held", "stuck", "foreign", "drifted", "completed", "removed")
SOME_MARK = "ref: 0123456789abcdef · Welcome"
Fields = dict[str, Any]
Told = set[tuple[str, str, int | None]]


def _write(account: Account, name: str, number: int, due: str = "on 2027-01-15") -> None:
    items = "".join(f"  - {{id: {name}-{n:03d}, name: The {name} {n:03d}, due: {due} }}\n" for n in range(number))
    head = f"tasklist: {name}\nname: All of {name}\nonce_per: coworker\ndefaults: {{responsible: front-desk}}\n"
    account.write(name, f"{head}items:\n{items}")


def _open(account: Account, name: str, number: int, **env: str) -> list[tuple[str, Fields]]:
    """Send requests that never arrive and have no sure answer; return item and payload of each."""
    _write(account, name, number)
    account.far_side.set_fault("error-before-commit", f"{number}x:coworkertasks")
    answer = account.run(name=name, **env)
    account.far_side.clear_faults()
    assert set(answer.outcomes.values()) == {"held"}, answer.err
    return sorted((action["item"], action["payload"]) for action in answer.json["actions"])


def _made(account: Account, name: str, number: int = CASES, *, coworker: int = ASHLEY, **env: str) -> list[Fields]:
    """Make a list and return its results, in the order of the items."""
    _write(account, name, number)
    answer = account.run(name=name, coworker=coworker, **env)
    assert answer.json["results"], answer.err
    found: list[Fields] = sorted(answer.json["results"], key=lambda result: result["item"])
    return found


def _record(account: Account, result: Fields) -> Fields:
    return account.far_side.record("coworkertasks", result["task_id"])


def _put(account: Account, task_id: int, **fields: Any) -> None:
    account.far_side.put_record("coworkertasks", task_id, **fields)


def _by_hand(account: Account, task_id: int, name: str, notes: str = "", **fields: Any) -> None:
    usual = {"BusinessId": BARCELONA, "CoworkerId": ASHLEY, "ResponsibleId": ANA, "Completed": False}
    _put(account, task_id, **usual | {"Name": name, "Notes": notes} | fields)


def _audit(account: Account, *arguments: object, **env: str) -> Answer:
    account.far_side.clear_requests()
    answer = account.cli("audit", "--format", "json", *arguments, **{"TASKLISTS_QUIET_SECONDS": "0"} | env)
    assert all(method == "GET" for method, _ in account.calls()), "an audit only reads"
    return answer


def _told(answer: Answer) -> Told:
    return {(one["kind"], one["item"], one["task_id"]) for one in answer.json["findings"]}


def _kinds(answer: Answer) -> list[str]:
    return [one["kind"] for one in answer.json["findings"]]


def _memory(account: Account) -> dict[str, list[tuple[Any, ...]]]:
    """All that the ledger holds besides pace, caches and verdicts."""
    with closing(sqlite3.connect(account.ledger)) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        kept = sorted(set(names) - {"calls", "pause", "directory", "verdicts"})
        return {name: sorted(connection.execute(f"SELECT * FROM {name}"), key=repr) for name in kept}


def _half(results: list[Fields]) -> tuple[list[Fields], list[Fields]]:
    return results[::2], results[1::2]


def _plant_open(account: Account) -> Told:
    """Open requests: never arrived; arrived after all; arrived, and the mark is gone from the notes."""
    planted: Told = {("lost", item, None) for item, _ in _open(account, "lost", CASES)}
    for number, (item, payload) in enumerate(_open(account, "held", CASES)):
        _put(account, 4000 + number, **payload | ({} if number % 2 else {"Notes": "Rewritten by Eva"}))
        planted.add(("held", item, 4000 + number))
    return planted


def _plant_rows(account: Account) -> Told:
    """Tasks of others: copies of ours, marks that we do not know, and names of ours without a mark."""
    planted: Told = set()
    for number, result in enumerate(_made(account, "doubled")):
        record = _record(account, result)
        _put(account, 5000 + number, **{name: record[name] for name in record if name not in {"Id", "CreatedOn"}})
        planted.add(("doubled", result["item"], result["task_id"]))
    for number, result in enumerate(_made(account, "foreign")):
        if number % 2:
            _by_hand(account, 6000 + number, _record(account, result)["Name"], DueDate="2027-01-15T09:00:00Z")
            planted.add(("foreign", result["item"], 6000 + number))
        else:
            _by_hand(account, 6000 + number, f"Strange {number}", f"Hello\n\nref: {number:016x} · Welcome")
            planted.add(("foreign", "", 6000 + number))
    return planted


def _plant_edits(account: Account) -> Told:
    planted: Told = set()
    renamed, moved = _half(_made(account, "drifted"))
    for result in renamed:
        _put(account, result["task_id"], Name=f"{_record(account, result)['Name']} (Eva)")
    for result in moved:
        _put(account, result["task_id"], DueDate="2027-02-01T09:00:00Z")
    planted |= {("drifted", one["item"], one["task_id"]) for one in (*renamed, *moved)}
    for result in _made(account, "completed"):
        _put(account, result["task_id"], Completed=True)
        planted.add(("completed", result["item"], result["task_id"]))
    for result in _made(account, "removed"):
        account.far_side.remove_record("coworkertasks", result["task_id"])
        planted.add(("removed", result["item"], result["task_id"]))
    return planted


def _innocent(account: Account) -> None:
    """What is no finding: tasks as made, late ones too; staff's own tasks; tasks older than `since`."""
    _made(account, "clean")
    _made(account, "others", coworker=GLEN)
    _write(account, "late", CASES, "on 2026-11-12")
    assert account.run(name="late").code == 0
    for number in range(CASES):
        _by_hand(account, 7000 + number, f"Order flowers {number}", f"see ref {number:016x}")
        _by_hand(account, 8000 + number, "The clean 001", SOME_MARK, CreatedOn="2026-10-01T10:00:00Z")


@pytest.mark.long
def test_all_planted_cases_of_each_kind_are_found_with_no_false_alarm_and_no_write(account: Account):
    _innocent(account)
    planted = _plant_rows(account) | _plant_edits(account)
    planted |= _plant_open(account)  # last: each run settles first what is open for its coworker
    before, rows = _memory(account), account.far_side.records("coworkertasks")
    answer = _audit(account, "--all")
    assert _told(answer) == planted
    assert len(answer.json["findings"]) == len(planted) == (len(KINDS) - 1) * CASES  # nothing waits here
    assert answer.code == 3
    kept = 4 * CASES  # clean, others, late, and those beside which a strange task stands
    assert answer.json["counts"] == dict.fromkeys(KINDS, CASES) | {"stuck": 0, "kept": kept}
    assert answer.json["checked"] == {"coworkers": 2, "tasks": 10 * CASES}
    assert _memory(account) == before
    assert account.far_side.records("coworkertasks") == rows
    needing = {one["kind"] for one in answer.json["findings"] if one["needs_person"]}
    assert needing == {"lost", "doubled", "held"}


def test_rows_are_read_once_ever_and_a_second_audit_says_the_same(account: Account):
    _plant_rows(account)
    first = _audit(account)
    ones = [path for _, path in account.calls() if path.rsplit("/", 1)[-1].isdigit()]
    assert len(ones) == len(set(ones)) == CASES, "the copies were read by the run that came after them"
    second = _audit(account)
    assert not [path for _, path in account.calls() if path.rsplit("/", 1)[-1].isdigit()]
    assert second.json == first.json


def test_a_clean_account_exits_0_and_says_what_was_checked(account: Account):
    _innocent(account)
    answer = _audit(account)
    assert (answer.code, answer.json["findings"]) == (0, [])
    assert answer.json["counts"]["kept"] == 3 * CASES
    shown = account.cli("audit", COLUMNS="80")
    assert shown.code == 0
    assert (
        shown.out.split()
        == (
            f"checked {3 * CASES} tasks of 2 coworkers: 0 lost, 0 doubled, 0 held, 0 stuck, 0 foreign, 0 drifted, "
            f"0 completed, 0 removed, {3 * CASES} kept"
        ).split()
    )


def test_without_a_ledger_nothing_is_remembered_and_marked_tasks_are_foreign(account: Account):
    nothing = _audit(account)
    assert (nothing.code, nothing.json["checked"]) == (0, {"coworkers": 0, "tasks": 0})
    assert "no ledger at" in nothing.err
    _made(account, "clean")
    account.lose_ledger()
    answer = _audit(account, "--coworker", ASHLEY)
    assert (answer.code, _kinds(answer)) == (0, ["foreign"] * CASES)
    assert not account.ledger.exists()


def test_a_restored_ledger_finds_what_it_missed_as_foreign_and_the_next_run_adopts_it(account: Account):
    _made(account, "early", 3)
    shutil.copytree(account.ledger.parent, account.folder / "backup")
    _made(account, "later", 4)
    account.lose_ledger()
    shutil.copytree(account.folder / "backup", account.ledger.parent)
    answer = _audit(account)
    assert (answer.code, _kinds(answer)) == (0, ["foreign"] * 4)
    assert account.run(name="later").outcomes == {f"later-00{n}": "adopted" for n in range(4)}
    assert _kinds(_audit(account)) == []


def test_a_hand_made_and_a_native_twin_are_foreign_and_never_adopted(account: Account):
    (result,) = _made(account, "card", 1)
    like = _record(account, result)
    _by_hand(account, 5001, like["Name"], DueDate=like["DueDate"])
    _by_hand(account, 5002, like["Name"], "Made by the native list", TaskListName="Welcome", UpdatedBy="[System]")
    answer = _audit(account)
    assert (answer.code, _told(answer)) == (0, {("foreign", "card-000", 5001), ("foreign", "card-000", 5002)})
    assert {one["next"] for one in answer.json["findings"]} == {"nothing: it is never adopted and never touched"}
    rows = account.far_side.records("coworkertasks")
    assert account.run(name="card").outcomes == {"card-000": "kept"}
    account.lose_ledger()
    again = account.run(name="card")
    assert [(one["outcome"], one["task_id"]) for one in again.json["results"]] == [("adopted", result["task_id"])]
    assert account.far_side.records("coworkertasks") == rows


def test_marks_of_other_coworkers_tasks_in_notes_are_neither_doubled_nor_adopted(account: Account):
    own = _made(account, "own", 2)
    others = _made(account, "own", 2, coworker=JOSE)
    marks = [_record(account, one)["Notes"].splitlines()[-1] for one in (*others, *own)]
    _put(account, own[0]["task_id"], Notes="\n".join([*marks, marks[2]]))  # ours, known by its id
    for number in range(3):
        _by_hand(account, 5000 + number, "Call him", f"He wrote:\n{marks[0]}\n")
    _by_hand(account, 5003, "The own 000", f"{marks[1]}\n")
    rows = account.far_side.records("coworkertasks")
    answer = _audit(account)
    assert (answer.code, set(_kinds(answer))) == (0, {"foreign"})
    assert {one["task_id"] for one in answer.json["findings"]} == {5000, 5001, 5002, 5003}
    assert all(f"a task of coworker {JOSE}" in one["what"] for one in answer.json["findings"])
    assert set(account.run(name="own").outcomes.values()) == {"kept"}
    assert account.far_side.records("coworkertasks") == rows


def test_a_foreign_task_whose_text_imitates_one_of_ours_stays_foreign(account: Account):
    (ours,) = _made(account, "own", 1)
    mark = _record(account, ours)["Notes"].splitlines()[-1]
    _by_hand(account, 5000, "Another list's task", f"{mark}\n\n{SOME_MARK}")
    answer = _audit(account)
    assert [(one["kind"], one["mark"]) for one in answer.json["findings"]] == [("foreign", "0123456789abcdef")]
    account.cli("audit")
    with closing(sqlite3.connect(account.ledger)) as connection:
        assert connection.execute("SELECT count(*) FROM verdicts").fetchone() == (0,), "a run may believe another mark"


def test_a_task_given_to_another_coworker_is_drifted_where_it_was_made_and_nothing_elsewhere(account: Account):
    (result,) = _made(account, "card", 1)
    _made(account, "other", 1, coworker=GLEN)
    _put(account, result["task_id"], CoworkerId=GLEN)
    answer = _audit(account)
    assert answer.code == 0
    (one,) = answer.json["findings"]
    assert (one["kind"], one["coworker_id"], one["fields"]) == ("drifted", ASHLEY, ["CoworkerId"])


@pytest.mark.parametrize("fault", ["contradicting-counts", "endless-pages", "records-null"])
def test_a_list_that_is_cut_gives_held_never_lost_or_removed(account: Account, fault: str):
    _open(account, "open", 2)
    gone, there = _made(account, "made", 2)
    account.far_side.remove_record("coworkertasks", gone["task_id"])
    account.far_side.set_fault(fault, "1.0:coworkertasks")
    answer = _audit(account)
    assert answer.code == 3
    assert set(_kinds(answer)) == {"held"}
    told = {one["item"] for one in answer.json["findings"]}
    assert {"open-000", "open-001", "made-000"} <= told
    account.far_side.clear_faults()
    assert set(_kinds(_audit(account))) == {"lost", "removed"}
    assert there["task_id"] in {row["Id"] for row in account.far_side.records("coworkertasks")}


def test_a_task_that_answers_500_is_held_as_unreadable(account: Account):
    (result,) = _made(account, "card", 1)
    account.far_side.remove_record("coworkertasks", result["task_id"])
    account.far_side.set_mode("S19", "500")
    answer = _audit(account)
    assert (answer.code, _told(answer)) == (3, {("held", "card-000", result["task_id"])})
    assert "cannot be read" in answer.json["findings"][0]["what"]


def test_rows_that_appear_late_in_lists_are_no_alarm(account: Account):
    account.far_side.set_mode("S37", 60)
    _made(account, "card", 2)
    answer = _audit(account)
    assert (answer.code, answer.json["counts"]["kept"]) == (0, 2)


def test_notes_are_compared_where_a_task_is_read_anyhow(account: Account):
    account.far_side.set_mode("S37", 60)
    one, other = _made(account, "card", 2)
    _put(account, one["task_id"], Notes="Rewritten by Eva")
    answer = _audit(account)
    assert [(f["kind"], f["item"], f["fields"]) for f in answer.json["findings"]] == [
        ("drifted", "card-000", ["Notes"])
    ]
    assert other["outcome"] == "created"


def test_a_refused_task_is_lost_with_its_reason_and_made_once_that_is_mended(account: Account):
    account.far_side.set_mode("S23.Name", "400")
    account.far_side.set_mode("S23.Name-limit", 5)
    assert {one["outcome"] for one in _made(account, "card", 2)} == {"failed"}
    answer = _audit(account)
    assert (answer.code, _kinds(answer)) == (3, ["lost", "lost"])
    assert f"`tasklists run card --coworker {ASHLEY}`" in answer.json["findings"][0]["advice"]
    account.far_side.set_mode("S23.Name", "accepted")
    assert account.run(name="card").code == 0
    assert _kinds(_audit(account)) == []


def test_open_requests_are_held_while_they_may_arrive_and_resume_settles_what_audit_names(account: Account):
    (_, arrived), (lost, _) = _open(account, "card", 2)
    _put(account, 4000, **arrived)
    inside = _audit(account, TASKLISTS_QUIET_SECONDS="600")
    assert (inside.code, _kinds(inside)) == (3, ["held", "held"])
    assert {one["advice"] for one in inside.json["findings"]} == {f"`tasklists resume --coworker {ASHLEY}`"}
    past = _audit(account)
    assert _told(past) == {("held", "card-000", 4000), ("lost", lost, None)}
    assert account.cli("resume", "--coworker", ASHLEY, TASKLISTS_QUIET_SECONDS="0").code == 0
    assert (_audit(account).code, _kinds(_audit(account))) == (0, [])
    assert account.names() == ["The card 001"]


def test_a_request_without_the_mark_is_found_by_its_content(account: Account):
    ((_, payload), _) = _open(account, "card", 2, TASKLISTS_NOTES_REF="off")
    assert "ref: " not in payload["Notes"]
    _put(account, 4000, **payload)
    _put(account, 4001, **payload | {"DueDate": "2027-01-16T08:00:00Z"})
    answer = _audit(account, TASKLISTS_NOTES_REF="off")
    told = {("held", "card-000", 4000), ("lost", "card-001", None), ("foreign", "card-000", 4001)}
    assert (answer.code, _told(answer)) == (3, told)


def test_what_a_held_finding_asks_for_settles_it_though_the_row_was_read_before(account: Account):
    ((_, payload),) = _open(account, "card", 1)
    _put(account, 4000, **payload | {"Notes": "Rewritten by Eva"})
    for _ in range(2):
        (one,) = _audit(account).json["findings"]
        assert (one["kind"], one["task_id"]) == ("held", 4000)
    line = one["advice"].split("`")[1]
    assert line == payload["Notes"].splitlines()[-1].split(" · ")[0]
    _put(account, 4000, Notes=f"Rewritten by Eva\n{line}")
    assert account.cli("resume", "--coworker", ASHLEY, TASKLISTS_QUIET_SECONDS="0").code == 0
    assert (_audit(account).code, account.names()) == (0, [])


def test_an_audit_beside_a_run_at_work_raises_no_alarm(account: Account):
    _write(account, "busy", 30)
    assert _made(account, "done", 2)
    account.far_side.set_mode("S51.slow-seconds", "1")
    account.far_side.set_fault("slow", "1.0:coworkertasks")
    run = subprocess.Popen(
        account.command("run", "busy", "--coworker", ASHLEY, "--yes"),
        cwd=account.folder,
        env=account.whole_env(**NO_PACE),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    done = threading.Event()
    try:
        end = time.monotonic() + 30
        while len(account.commits()) < 6:
            assert time.monotonic() < end, "the run did not begin"
            time.sleep(0.05)
        account.far_side.clear_faults()
        while not done.is_set():
            if run.poll() is not None:
                done.set()
            answer = _audit_beside(account)
            assert answer.code == 0, answer.out
            assert {one["kind"] for one in answer.json["findings"]} <= {"held"}
    finally:
        run.kill()
        run.wait(10)
    assert _kinds(_audit(account)) == []


def _audit_beside(account: Account) -> Answer:
    """An audit while another process writes: its own calls cannot be told apart there."""
    return account.cli("audit", "--format", "json", TASKLISTS_QUIET_SECONDS="0")


def test_a_list_is_chosen_by_name_and_an_unknown_one_names_the_nearest(account: Account):
    for name in ("first", "second"):
        (result,) = _made(account, name, 1)
        account.far_side.remove_record("coworkertasks", result["task_id"])
    answer = _audit(account, "--list", "second")
    assert (answer.code, _told(answer)) == (0, {("removed", "second-000", answer.json["findings"][0]["task_id"])})
    assert answer.json["checked"] == {"coworkers": 1, "tasks": 1}
    wrong = account.cli("audit", "--list", "secnd")
    assert wrong.code == 2
    assert "Did you mean second?" in wrong.err


def test_completed_tasks_are_counted_and_listed_only_on_demand(account: Account):
    (result,) = _made(account, "card", 1)
    _put(account, result["task_id"], Completed=True)
    assert (_kinds(_audit(account)), _audit(account).json["counts"]["completed"]) == ([], 1)
    assert _kinds(_audit(account, "--all")) == ["completed"]


def test_what_stops_an_audit_is_said_after_what_was_found_and_exits_6(account: Account):
    for coworker in (ASHLEY, JOSE, GLEN):
        (result,) = _made(account, "card", 1, coworker=coworker)
        account.far_side.remove_record("coworkertasks", result["task_id"])
    account.far_side.set_fault("html-200-on-read", "1.0:coworkertasks")
    nothing = _audit(account)
    assert (nothing.code, nothing.json["checked"]["coworkers"]) == (6, 0)
    assert "instead of data" in nothing.err
    assert "Traceback" not in nothing.err


def test_what_was_found_before_an_interruption_is_kept(account: Account):
    for coworker in (ASHLEY, JOSE):
        (result,) = _made(account, "card", 1, coworker=coworker)
        account.far_side.remove_record("coworkertasks", result["task_id"])
    organisation = Folder(account.lists, "tasklists").organisation().model

    def cut_off(done: int, total: int) -> None:
        assert (done, total) == (1, 2)
        account.far_side.set_fault("html-200-on-read", "1.0:coworkertasks")

    with open_to_preview(Place(account.env, account.lists, organisation)) as opened:
        auditor = Auditor(opened.reader, opened.memory, policy(account.env, organisation))
        audited = auditor.audit((ASHLEY, JOSE), progress=cut_off)
    assert [(one.kind, one.coworker_id) for one in audited.findings] == [("removed", ASHLEY)]
    assert (audited.coworkers, audited.exit_code) == (1, 6)


def test_progress_is_one_line_on_a_terminal_and_silence_elsewhere(account: Account):
    for coworker in (ASHLEY, JOSE):
        _made(account, "card", 1, coworker=coworker)
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "wb", buffering=0) as screen:
        done = subprocess.run(
            account.command("audit"),
            cwd=account.folder,
            env=account.whole_env(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=screen,
            timeout=60,
            check=True,
        )
        told = os.read(ours, 10_000)
    os.close(ours)
    assert told == b"\r\x1b[K1 of 2 coworkers\r\x1b[K2 of 2 coworkers\r\n"
    assert b"2 kept" in done.stdout
    assert account.subprocess("audit").err == ""


def test_the_table_fits_80_columns_and_says_what_happens_next(account: Account):
    _open(account, "a-list-with-a-rather-long-name", 1)
    for result in _made(account, "edited", 6):
        _put(account, result["task_id"], Name="Ashley's card")
    shown = account.cli("audit", COLUMNS="80", TASKLISTS_QUIET_SECONDS="0")
    assert shown.code == 3
    assert max(map(len, shown.out.splitlines())) <= 80
    text = " ".join(shown.out.split())
    assert f"You: `tasklists resume --coworker {ASHLEY}`." in text
    assert "drifted: 6 tasks: its name differs from what was sent. Next: nothing: staff's edit stays." in text
    assert "checked 7 tasks of 1 coworkers: 1 lost, 0 doubled" in text
    assert "Ashley" not in shown.out


def test_a_key_that_may_be_a_members_text_is_masked(account: Account):
    account.write(
        "keys",
        "tasklist: keys\nname: Keys\nonce_per: coworker\ninputs: {rooms: {type: list}}\n"
        "defaults: {responsible: front-desk}\n"
        'items:\n  - {id: room, for_each: {room: inputs.rooms}, name: "Room {{ room }}", due: on 2027-01-15}\n',
    )
    account.far_side.set_fault("error-before-commit", "1x:coworkertasks")
    account.run("--set", "rooms=Annexe of Ashley", name="keys")
    plain, masked = _audit(account), _audit(account, "--redact")
    assert [one["key"] for one in plain.json["findings"]] == ["Annexe of Ashley"]
    assert [one["key"] for one in masked.json["findings"]] == ["[key]"]
    assert "Annexe" not in masked.out + account.cli("audit", "--redact", TASKLISTS_QUIET_SECONDS="0").out
