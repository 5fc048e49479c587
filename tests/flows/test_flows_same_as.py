"""Two lists that share an item make its task once: whichever comes first makes it, the other keeps it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from given_account import ASHLEY, GLEN, Account
from given_account import ZOE as PAYER
from given_service import service_of

MEMBER = """\
tasklist: member
name: Member {{ coworker.full_name }}
anchor: signup
defaults: {responsible: host}
items:
  - {id: card, name: "Card for {{ coworker.full_name }}", notes: From the member list., due: 1 day after signup}
  - {id: tour, name: Tour}
"""
DESK = """\
tasklist: desk
name: Desk {{ coworker.full_name }}
anchor: signup
defaults: {responsible: host}
items:
  - {id: key, name: Key}
  - {id: access, name: Access card, notes: From the desk list., same_as: member/card}
"""


@pytest.fixture(autouse=True)
def lists(account: Account) -> None:
    account.write("member", MEMBER)
    account.write("desk", DESK)


def _outcomes(account: Account, name: str, coworker: int = ASHLEY, **env: str) -> dict[str, str]:
    made = account.run(name=name, coworker=coworker, **env)
    assert made.code == 0, made.err
    return made.outcomes


def test_the_list_that_comes_first_makes_the_task_and_the_other_keeps_it(account: Account):
    assert _outcomes(account, "member") == {"card": "created", "tour": "created"}
    assert _outcomes(account, "desk") == {"key": "created", "access": "kept"}
    kept = account.preview(name="desk").json
    told = next(action for action in kept["actions"] if action["item"] == "access")
    assert told["drift"] == [], "its words are those of the list that made it"
    assert told["reason"].endswith("of member")
    assert len(account.commits()) == 3


def test_in_the_other_order_the_other_list_makes_it(account: Account):
    assert _outcomes(account, "desk") == {"key": "created", "access": "created"}
    assert _outcomes(account, "member") == {"card": "kept", "tour": "created"}
    assert account.names() == ["Access card", "Key", "Tour"]


@pytest.mark.parametrize("order", [("member", "desk"), ("desk", "member")])
def test_a_lost_ledger_finds_the_one_task_for_both(account: Account, order: tuple[str, str]):
    for name in order:
        _outcomes(account, name)
    for again in (order, order[::-1]):
        account.lose_ledger()
        for name in again:
            assert set(_outcomes(account, name).values()) <= {"adopted", "kept"}
    assert len(account.commits()) == 3


@pytest.mark.parametrize(("first", "second"), [("member", "desk"), ("desk", "member")])
def test_after_a_lost_ledger_new_tasks_carry_their_own_lists_name(account: Account, first: str, second: str):
    _outcomes(account, first)
    account.lose_ledger()
    _outcomes(account, second)
    person = account.far_side.record("coworkers", ASHLEY)["FullName"]
    batches = [line["record"]["Notes"].rpartition(" · ")[2] for line in account.commits()]
    assert batches == [f"{first.title()} {person}"] * 2 + [f"{second.title()} {person}"]


def test_a_task_that_staff_deleted_is_made_again_by_neither(account: Account):
    _outcomes(account, "member")
    task = next(line["record"] for line in account.commits() if line["record"]["Name"].startswith("Card"))
    account.far_side.remove_record("coworkertasks", task["Id"])
    assert _outcomes(account, "desk") == {"key": "created", "access": "skipped"}
    assert _outcomes(account, "member") == {"card": "skipped", "tour": "kept"}
    assert len(account.commits()) == 3


def test_a_renamed_list_and_item_are_still_the_same(account: Account):
    _outcomes(account, "desk")
    (account.lists / "member.yaml").unlink()
    account.write("joiner", MEMBER.replace("tasklist: member", "tasklist: joiner\nformerly: member"))
    account.edit("joiner", "{id: card,", "{id: badge, formerly: card,")
    account.edit("desk", "member/card", "joiner/badge")
    assert _outcomes(account, "joiner") == {"badge": "kept", "tour": "created"}
    assert _outcomes(account, "desk") == {"key": "kept", "access": "kept"}


def test_a_task_made_before_the_items_were_the_same_is_kept(account: Account):
    account.edit("desk", ", same_as: member/card", "")
    _outcomes(account, "desk")
    account.edit("desk", "From the desk list.", "From the desk list., same_as: member/card")
    assert _outcomes(account, "desk") == {"key": "kept", "access": "kept"}
    account.lose_ledger()
    assert _outcomes(account, "desk") == {"key": "adopted", "access": "adopted"}
    assert len(account.commits()) == 2


def test_things_that_are_looped_over_are_shared_by_their_keys(account: Account):
    account.write(
        "member",
        MEMBER + '  - {id: lock, name: "Lock {{ one }}", for_each: {one: inputs.locks}}\n'
        "inputs: {locks: {type: list, default: [A1, A2]}}\n",
    )
    account.write(
        "desk",
        DESK + '  - {id: box, name: "Box {{ box }}", for_each: {box: inputs.locks}, same_as: member/lock}\n'
        "inputs: {locks: {type: list, default: [A2, B3]}}\n",
    )
    assert account.run(name="member").code == 0
    made = account.run(name="desk")
    assert made.code == 0, made.err
    assert {(one["key"], one["outcome"]) for one in made.json["results"] if one["item"] == "box"} == {
        ("A2", "kept"),
        ("B3", "created"),
    }


def test_what_is_once_for_the_team_is_shared_too_and_survives_another_payer(account: Account):
    account.write("member", MEMBER + "  - {id: sign, once_per: team, name: Door sign}\n")
    account.write("desk", DESK + "  - {id: plate, once_per: team, name: Plate, same_as: member/sign}\n")
    first = account.run(name="member", coworker=GLEN).json
    assert [one["outcome"] for one in first["team"]["results"]] == ["created"]
    teams = {team["Id"]: team["PayingMemberId"] for team in account.far_side.records("teams")}
    team = next(number for number, payer in teams.items() if payer == PAYER)
    account.far_side.put_record("teams", team, PayingMemberId=GLEN)
    try:
        second = account.run(name="desk", coworker=GLEN)
        assert [one["outcome"] for one in second.json["team"]["results"]] == ["kept"], second.err
    finally:
        account.far_side.put_record("teams", team, PayingMemberId=PAYER)


def test_both_lists_at_once_in_processes_of_their_own_make_it_once(account: Account):
    def one(name: str) -> int:
        done = account.subprocess("run", name, "--coworker", ASHLEY, "--yes", TASKLISTS_QUIET_SECONDS="1")
        return done.code

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(one, ["member", "desk"])) == [0, 0]
    assert len(account.commits()) == 3


def test_an_event_that_starts_both_makes_it_once(account: Account):
    for name in ("member", "desk"):
        account.edit(name, "anchor: signup", "anchor: signup\napplies: {on: [coworker.created]}")
    with service_of(account) as running:
        running.deliver("coworker.created", ASHLEY)
        running.work()
        states = {job.tasklist: job.state for job in running.jobs()}
    assert states == {"member": "done", "desk": "done"}
    assert len(account.commits()) == 3
