"""Absences, the least loaded and the member's own manager from files to payloads, over real HTTP."""

from __future__ import annotations

import sqlite3

import pytest
from given_account import ANA, ASHLEY, BEN, EVA, JOSE, ZOE, Account

LIST = """
tasklist: desk
name: "Welcome {{ coworker.full_name }}"
items:
  - {id: card, name: Card, responsible: %s, due: 2027-01-05 at 10:00}
"""
ABSENCES = """
absences:
  - {who: ana@acme.example, from: 2026-12-21, to: 2027-01-08, delegate: eva@acme.example}
"""


def write(account: Account, responsible: str, more: str = "") -> None:
    account.write("desk", LIST % responsible + more)


def organise(account: Account, text: str) -> None:
    path = account.lists / "organisation.yaml"
    path.write_text(path.read_text() + text)


def who(account: Account, coworker: int = ASHLEY, item: int = 0) -> int:
    shown = account.preview("--location", "barcelona", name="desk", coworker=coworker)
    assert shown.code == 0, shown.err
    found: int = shown.json["actions"][item]["payload"]["ResponsibleId"]
    return found


def test_a_delegate_gets_what_is_due_in_the_absence_and_explain_names_it(account: Account) -> None:
    organise(account, ABSENCES)
    write(account, "front-desk", "  - {id: late, name: Late, responsible: front-desk, due: 2027-01-11 at 10:00}\n")
    assert (who(account), who(account, item=1)) == (EVA, ANA)
    told = account.cli("preview", "desk", "--coworker", ASHLEY, "--explain")
    assert "ana@acme.example is away 21 Dec 2026 to 8 Jan 2027: delegate eva@acme.example" in told.out


def test_a_person_who_is_unfit_is_refused_before_anything_is_written(account: Account) -> None:
    write(account, "eva@acme.example", "  - {id: other, name: Other, responsible: ana@acme.example}\n")
    account.far_side.put_record("users", EVA, Active=False)
    refused = account.run(name="desk")
    assert (refused.code, account.commits()) == (2, [])
    assert f"user {EVA} is not active" in refused.err


def test_the_account_manager_of_the_member_s_custom_field_gets_the_task(account: Account) -> None:
    account.edit("organisation", "custom_fields:\n", "custom_fields:\n  account_manager: {field: Custom9}\n")
    write(account, "{from: coworker.custom.account_manager, fallback: front-desk}")
    for told, person in (("ben@acme.example", BEN), (str(EVA), EVA), ("", ANA), ("who knows", ANA)):
        account.far_side.put_record("coworkers", ASHLEY, Custom9=told)
        assert who(account) == person
    account.far_side.put_record("coworkers", ASHLEY, Custom9="gone@acme.example")
    shown = account.preview(name="desk")
    assert shown.json["actions"][0]["payload"]["ResponsibleId"] == ANA
    (warning,) = [one for one in shown.json["warnings"] if "passed over" in one]
    assert "gone@" not in warning, "what the field holds is the member's data"


def test_a_role_or_a_fact_that_does_not_exist_is_found_by_check(account: Account) -> None:
    account.edit("organisation", "custom_fields:\n", "custom_fields:\n  account_manager: {field: Custom9}\n")
    write(account, "{from: coworker.custom.acount_manager, fallback: front-dsk}")
    told = account.cli("check")
    assert told.code == 2
    assert "account_manager" in told.out + told.err
    assert "there is no role 'front-dsk'" in told.out + told.err


def test_the_least_loaded_gets_the_next_task_by_our_own_ledger_and_the_facts_keep_the_draw(account: Account) -> None:
    write(account, "{role: host, pick: least_loaded}", "  - {id: more, name: More, responsible: ana@acme.example}\n")
    drawn = []
    for coworker in (ASHLEY, JOSE, ZOE):
        ran = account.run("--location", "barcelona", name="desk", coworker=coworker)
        assert ran.code == 0, ran.err
        drawn.append(who(account, coworker))
    held = [task["ResponsibleId"] for task in account.far_side.records("coworkertasks") if task["Name"] == "Card"]
    assert held.count(BEN) >= 2, "Ana has one more with each member"
    assert drawn == held, "a second look draws the same people"
    facts = account.folder / "facts.json"
    saved = account.preview("--save-facts", facts, name="desk", coworker=JOSE)
    offline = account.cli("preview", "desk", "--facts", facts, "--format", "json")
    assert offline.json["actions"] == saved.json["actions"]


@pytest.mark.parametrize("pick", ["first", "rotate", "least_loaded"])
def test_a_run_and_its_preview_choose_the_same_people(account: Account, pick: str) -> None:
    organise(account, ABSENCES)
    write(account, f"{{role: host, pick: {pick}}}", "  - {id: b, name: B, responsible: {role: host, pick: rotate}}\n")
    shown = account.preview(name="desk").json
    ran = account.run(name="desk").json
    assert ran["checksum"] == shown["checksum"]
    with sqlite3.connect(account.ledger) as ledger:
        assert ledger.execute("select count(*) from tasks").fetchone() == (2,)
    ledger.close()
