"""Reassigning open tasks over real HTTP: what is meant, what staff did stays, nobody unfit, and nothing is lost."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator

import pytest
from given_account import ANA, ASHLEY, BEN, JOSE, Account
from postgres_given import fresh_database, server
from test_output_schemas import faults

from engine.cli.output_schemas import OUTPUTS

__all__ = ["server"]

LIST = """
tasklist: desk
name: "Welcome {{ coworker.full_name }}"
items:
  - {id: card, name: Card, notes: "Card system: Salto", responsible: ana@acme.example, due: 2027-01-05 at 10:00}
  - {id: badge, name: Badge, responsible: ana@acme.example, due: 2027-02-05 at 10:00}
  - {id: chair, name: Chair, responsible: ana@acme.example}
  - {id: tour, name: Tour, responsible: ben@acme.example, due: 2027-01-05 at 11:00}
"""
FROM_ANA = ("reassign", "--from", "ana@acme.example", "--to", "ben@acme.example")


@pytest.fixture
def made(account: Account) -> Account:
    """Ashley and José each have the four tasks of the list."""
    account.write("desk", LIST)
    for coworker in (ASHLEY, JOSE):
        ran = account.run(name="desk", coworker=coworker)
        assert ran.code == 0, ran.err
    return account


def reassign(account: Account, *arguments: object, yes: bool = True):
    return account.cli(*FROM_ANA, *(["--yes"] if yes else []), "--format", "json", *arguments)


def tasks(account: Account) -> Iterator[dict]:
    yield from account.far_side.records("coworkertasks")


def of(account: Account, responsible: int) -> list[tuple[int, str]]:
    return sorted((task["CoworkerId"], task["Name"]) for task in tasks(account) if task["ResponsibleId"] == responsible)


def task(account: Account, coworker: int, name: str) -> dict:
    return next(one for one in tasks(account) if (one["CoworkerId"], one["Name"]) == (coworker, name))


def test_a_dry_run_shows_what_would_change_and_writes_nothing(made: Account):
    shown = reassign(made, "--dry-run", yes=False)
    assert shown.code == 0
    assert [one["item"] for one in shown.json["actions"]] == ["card", "card", "badge", "badge", "chair", "chair"]
    assert {one["action"] for one in shown.json["actions"]} == {"reassign"}
    assert shown.json["results"] is None
    assert made.commits("update") == []


def test_open_tasks_change_hands_and_nothing_else_of_them_changes(made: Account):
    before = {one["Id"]: one for one in tasks(made)}
    done = reassign(made)
    assert (done.code, {one["outcome"] for one in done.json["results"]}) == (0, {"reassigned"})
    assert of(made, ANA) == []
    for one in tasks(made):
        stamps = {"ResponsibleId", "ResponsibleFullName", "UpdatedOn", "UpdatedBy"}
        assert {k: v for k, v in one.items() if k not in stamps} == {
            k: v for k, v in before[one["Id"]].items() if k not in stamps
        }, "the mark, the id that no answer shows and the notes are all sent back"
    again = reassign(made)
    assert (again.code, again.json["actions"]) == (0, [])
    kept = made.run(name="desk")
    assert set(kept.outcomes.values()) == {"kept"}, "the person chosen at creation is no longer wanted back"


def test_only_what_is_due_by_then_and_at_the_location_is_meant(made: Account):
    done = reassign(made, "--until", "2027-01-31")
    assert [one["item"] for one in done.json["results"]] == ["card", "card"]
    assert done.json["apart"] == {"due later": 2, "without a due date": 2}
    elsewhere = reassign(made, "--location", "london")
    assert elsewhere.json["results"] == []
    assert elsewhere.json["apart"] == {"at another location": 4}
    assert len(of(made, ANA)) == 4


def test_what_staff_completed_deleted_or_gave_away_stays_as_it_is(made: Account):
    card, badge, chair = (task(made, ASHLEY, name)["Id"] for name in ("Card", "Badge", "Chair"))
    made.far_side.put_record("coworkertasks", card, Completed=True)
    made.far_side.put_record("coworkertasks", badge, ResponsibleId=1418332092)
    made.far_side.remove_record("coworkertasks", chair)
    done = reassign(made)
    skipped = {one["task_id"]: one["reason"] for one in done.json["actions"] if one["action"] == "skip"}
    assert skipped == {
        card: "it is completed",
        badge: "it was given to user 1418332092 meanwhile",
        chair: "it is gone from Nexudus",
    }
    assert (done.code, len(done.json["results"])) == (0, 3)
    assert task(made, ASHLEY, "Badge")["ResponsibleId"] == 1418332092


def test_a_task_of_ours_that_staff_gave_to_her_is_meant_too_and_one_of_theirs_is_not(made: Account):
    tour = task(made, ASHLEY, "Tour")["Id"]
    made.far_side.put_record("coworkertasks", tour, ResponsibleId=ANA)
    made.far_side.put_record("coworkertasks", 77, **{**task(made, ASHLEY, "Card"), "Id": 77, "Name": "By hand"})
    done = reassign(made)
    assert tour in {one["task_id"] for one in done.json["results"]}
    assert of(made, ANA) == [(ASHLEY, "By hand")]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"Active": False}, "is not active"),
        ({"IsAdmin": False}, "is not an admin"),
        ({"Businesses": [1421021017], "DefaultBusinessId": 1421021017}, "does not have business"),
    ],
)
def test_somebody_unfit_is_refused_before_anything_is_written(made: Account, change: dict, why: str):
    made.far_side.put_record("users", BEN, **change)


    with sqlite3.connect(made.ledger) as ledger:  # the directory is kept for 15 minutes
        ledger.execute("delete from directory")
    ledger.close()
    refused = reassign(made)
    assert refused.code == 2
    assert why in refused.err
    assert "barcelona: 6 tasks" in refused.err
    assert made.commits("update") == []


def test_two_people_are_named_and_both_exist(made: Account):
    same = made.cli("reassign", "--from", "ana@acme.example", "--to", ANA, "--yes")
    assert (same.code, "same user" in same.err) == (2, True)
    unknown = made.cli("reassign", "--from", "nobody@acme.example", "--to", BEN, "--yes")
    assert (unknown.code, "nobody@acme.example" in unknown.err) == (2, True)
    wrong = made.cli("reassign", "--from", "Ana", "--to", BEN, "--yes")
    assert (wrong.code, "no e-mail and no id" in wrong.err) == (2, True)
    late = made.cli(*FROM_ANA, "--until", "8 Jan", "--yes")
    assert (late.code, "YYYY-MM-DD" in late.err) == (2, True)


def test_without_the_right_to_edit_it_names_it_and_stops(made: Account):
    made.far_side.set_mode("S04", "403")
    roles = ["CoworkerTask-List", "CoworkerTask-Read", "User-List", "User-Read"]
    made.far_side.put_record("users", 1418332103, UserRoles=roles)
    made.env["NEXUDUS_USERNAME"] = "list-only@acme.example"
    refused = reassign(made)
    assert refused.code == 2
    assert "CoworkerTask-Edit" in refused.err
    assert made.commits("update") == []
    made.far_side.put_record("users", 1418332103, UserRoles=[*roles, "CoworkerTask-Edit"])
    assert reassign(made).code == 0


@pytest.mark.parametrize("fault", ["error-after-commit", "error-before-commit", "reset-after-commit", "late-commit"])
def test_an_answer_that_proves_nothing_is_looked_into(made: Account, fault: str):
    made.far_side.set_mode("S51.late-seconds", "0.1")
    made.far_side.set_fault(fault, "2x")
    done = reassign(made)
    assert (done.code, {one["outcome"] for one in done.json["results"]}) == (0, {"reassigned"}), done.err
    assert of(made, ANA) == []


def test_a_change_that_the_service_confirms_and_does_not_make_is_told(made: Account):
    made.far_side.set_fault("value-null", "1x")
    done = reassign(made)
    assert done.code == 0, "a receipt without the record is read back"
    assert of(made, ANA) == []


def start(account: Account, *arguments: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        account.command(*FROM_ANA, "--yes", "--format", "json", *arguments),
        cwd=account.folder,
        env=account.whole_env(TASKLISTS_QUIET_SECONDS="0.2", TASKLISTS_LEASE_SECONDS="0.5"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def until(condition, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)


def killed(account: Account, fault: str) -> None:
    """A call that dies while the answer to its second change is awaited."""
    process = start(account)
    until(lambda: len(account.commits("update")) >= 1)
    account.far_side.set_fault(fault, "1.0:coworkertasks")
    time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=20)
    account.far_side.clear_faults()


@pytest.mark.parametrize("fault", ["hang-after-commit", "hang-before-commit"])
def test_a_call_that_is_killed_is_gone_on_with_and_nothing_is_lost(made: Account, fault: str):
    killed(made, fault)
    finished(made)


def finished(account: Account) -> None:
    done = account.subprocess(*FROM_ANA, "--yes", "--format", "json", TASKLISTS_LEASE_SECONDS="0.5")
    assert done.code == 0, done.err
    assert of(account, ANA) == []
    assert len(of(account, BEN)) == 8
    assert len(account.commits()) == 8, "nothing was made"
    again = reassign(account)
    assert (again.code, again.json["actions"]) == (0, [])


def test_it_works_on_postgresql_too_when_killed_in_between(account: Account):
    account.env |= {"TASKLISTS_LEDGER": fresh_database()}
    account.write("desk", LIST)
    for coworker in (ASHLEY, JOSE):
        assert account.run(name="desk", coworker=coworker).code == 0
    killed(account, "hang-after-commit")
    finished(account)


def test_an_audit_finds_nothing_edited_after_a_reassignment(made: Account):
    assert reassign(made).code == 0
    told = made.cli("audit", "--format", "json")
    assert (told.code, told.json["findings"]) == (0, [])


@pytest.mark.parametrize("who", ["ana@acme.example", str(ANA)])
def test_somebody_who_left_can_be_named_by_address_or_once_removed_by_id(made: Account, who: str):
    if who == str(ANA):
        made.far_side.remove_record("users", ANA)
    else:
        made.far_side.put_record("users", ANA, Active=False, IsAdmin=False)
    with sqlite3.connect(made.ledger) as ledger:  # the directory is kept for 15 minutes
        ledger.execute("delete from directory")
    ledger.close()
    done = made.cli("reassign", "--from", who, "--to", "ben@acme.example", "--yes", "--format", "json")
    assert (done.code, len(done.json["results"])) == (0, 6), done.err
    assert of(made, ANA) == []


def test_where_nobody_can_be_asked_it_wants_to_be_told(made: Account):
    told = made.subprocess(*FROM_ANA)
    assert (told.code, "--dry-run first" in told.err) == (2, True)
    assert made.commits("update") == []


def test_without_a_ledger_there_is_nothing_to_give(account: Account):
    told = reassign(account)
    assert (told.code, told.json["actions"], "no ledger at" in told.err) == (0, [], True)
    assert account.calls() == []


def test_the_json_is_what_its_schema_says_and_the_table_holds_each_task(made: Account):
    for arguments, yes in ((("--dry-run",), False), ((), True)):
        assert faults(reassign(made, *arguments, yes=yes).json, OUTPUTS["reassign"]) == []
    tour = made.cli("reassign", "--from", BEN, "--to", ANA, "--until", "2027-01-31", "--yes")
    assert tour.code == 0
    assert "desk/tour" in tour.out
    assert "2 open tasks due later stay as they are" in tour.out
    assert f"reassigned 4 tasks from user {BEN} to user {ANA}" in tour.out
