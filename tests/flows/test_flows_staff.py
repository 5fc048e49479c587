"""Staff's edits are kept, and what is not ours is never adopted and never touched.

Between runs people complete, rename, re-date, re-assign and delete tasks, rewrite notes and make tasks by hand; the
service's own lists make tasks of the same names. Every request at the far side is counted by method and path.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from typing import Any

import pytest
from given_account import ASHLEY, BARCELONA, BEN, EVA, GLEN, Account, Answer

TASKS = "/api/crm/coworkertasks"
NATIVE_ITEM = "6b2f2f0e-5a44-4a53-9f3c-0b6a8f6f9d11"
LONG = os.environ.get("TASKLISTS_LONG") == "1"
Fields = dict[str, Any]

EDITS: dict[str, Callable[[Fields], Fields]] = {
    "completed": lambda row: {"Completed": True, "CompletedOn": "2026-11-23T10:00:00Z"},
    "renamed": lambda row: {"Name": "Something else entirely"},
    "given the name of another item": lambda row: {"Name": "Hand out the access card"},
    "re-dated": lambda row: {"DueDate": "2027-02-01T09:00:00Z"},
    "left without a date": lambda row: {"DueDate": None},
    "re-assigned": lambda row: {"ResponsibleId": BEN},
    "moved to another location": lambda row: {"BusinessId": BARCELONA + 1},
    "written around": lambda row: {"Notes": f"Called on Monday.\n\n{row['Notes']}\nStill open."},
    "left with its mark in the middle of a line": lambda row: {"Notes": f"x {row['Notes'].split(chr(10))[-1]} y"},
    "given Windows line ends": lambda row: {"Notes": row["Notes"].replace("\n", "\r\n") + "\r\n"},
    "silenced": lambda row: {"NotifyByEmail": False, "DisplayToEveryone": True, "Reminded": True},
}
"""What staff do to a task that leaves our mark in its notes."""

RENAMED = {"renamed", "given the name of another item"}
"""Without mark and answer a task that lost its name is like any other (design 5.3): which item meets that varies."""


def _task(account: Account, answer: Answer, item: str) -> Fields:
    number = next(r["task_id"] for r in answer.json["results"] if r["item"] == item)
    return account.far_side.record("coworkertasks", number)


def _edit(account: Account, row: Fields, **fields: Any) -> None:
    account.far_side.put_record("coworkertasks", row["Id"], **fields)


def _rows(account: Account) -> list[Fields]:
    return sorted(account.far_side.records("coworkertasks"), key=lambda row: row["Id"])


def _still_there(account: Account, before: list[Fields]) -> bool:
    """Whether all these rows are as they were; others may have joined them."""
    now = {row["Id"]: row for row in _rows(account)}
    return all(now.get(row["Id"]) == row for row in before)


def _writes(account: Account) -> list[tuple[str, str]]:
    return [(method, path) for method, path in account.calls() if method != "GET"]


def _twin(account: Account, number: int, like: Fields, **fields: Any) -> Fields:
    """A task that somebody else made: what `like`, a payload, says, without what only we write."""
    same = {name: like[name] for name in ("BusinessId", "CoworkerId", "Name", "ResponsibleId", "DueDate")}
    return account.far_side.put_record("coworkertasks", number, **same | {"Notes": "By hand"} | fields)


def _payload(account: Account, item: str, **env: str) -> Fields:
    shown = account.preview(**env)
    return next(action["payload"] for action in shown.json["actions"] if action["item"] == item)


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("ledger", ["kept", "lost"])
def test_a_task_that_staff_changed_is_never_made_again_nor_reset(account: Account, edit: str, ledger: str):
    row = _task(account, account.run(), "welcome-tour")
    _edit(account, row, **EDITS[edit](row))
    before = _rows(account)
    if ledger == "lost":
        account.lose_ledger()
    account.far_side.clear_requests()
    for _ in range(2):
        again = account.run()
        assert (again.code, "created" in again.outcomes.values()) == (0, False), again.out
    assert _writes(account) == []
    assert _rows(account) == before


def test_a_deleted_task_and_one_with_new_notes_are_not_made_again_while_the_ledger_knows_them(account: Account):
    made = account.run()
    _edit(account, _task(account, made, "locker"), Notes="Rewritten by Eva")
    account.far_side.remove_record("coworkertasks", _task(account, made, "access-card")["Id"])
    before = _rows(account)
    account.far_side.clear_requests()
    for _ in range(2):
        assert account.run().outcomes == {"access-card": "skipped", "locker": "kept", "welcome-tour": "kept"}
    assert _writes(account) == []
    assert _rows(account) == before


def test_a_task_given_to_another_coworker_is_kept_and_not_made_again(account: Account):
    row = _task(account, account.run(), "locker")
    _edit(account, row, CoworkerId=GLEN)
    account.far_side.clear_requests()
    assert set(account.run().outcomes.values()) == {"kept"}
    assert _writes(account) == []


def test_all_edits_at_once_and_a_changed_list_write_nothing_but_the_new_item(account: Account):
    made = account.run()
    for item, name in (("access-card", "completed"), ("locker", "renamed"), ("welcome-tour", "re-dated")):
        row = _task(account, made, item)
        _edit(account, row, **EDITS[name](row))
    account.edit("new-member", "Hand out the access card", "Give the access card")
    account.edit("new-member", "items:\n", "items:\n  - {id: tea, name: Tea, due: on contract.start}\n")
    before = _rows(account)
    account.far_side.clear_requests()
    again = account.run()
    assert again.outcomes == {"tea": "created", "access-card": "kept", "locker": "kept", "welcome-tour": "kept"}
    assert _writes(account) == [("POST", TASKS)]
    assert _still_there(account, before)


NEAR = {
    "the same moment": lambda due: due,
    "an hour later": lambda due: due[:11] + "23" + due[13:],
    "no date": lambda due: None,
}


@pytest.mark.parametrize("near", NEAR)
@pytest.mark.parametrize("completed", [False, True])
def test_a_twin_made_by_hand_is_neither_adopted_nor_touched(account: Account, near: str, completed: bool):
    like = _payload(account, "access-card")
    twin = _twin(account, 1400, like, DueDate=NEAR[near](like["DueDate"]), Completed=completed)
    account.far_side.clear_requests()
    assert set(account.run().outcomes.values()) == {"created"}
    assert set(account.run().outcomes.values()) == {"kept"}
    account.lose_ledger()
    assert set(account.run().outcomes.values()) == {"adopted"}
    assert _writes(account) == [("POST", TASKS)] * 3
    assert account.far_side.record("coworkertasks", 1400) == twin


@pytest.mark.parametrize("returned", ["kept-and-returned", "kept-filterable-not-returned", "dropped"])
def test_a_twin_that_a_native_list_made_is_neither_adopted_nor_touched(account: Account, returned: str):
    account.far_side.set_mode("S15.TaskItemUniqueId", returned)
    account.far_side.set_mode("S14", "kept")
    like = _payload(account, "access-card")
    shown = {"TaskListName": like["TaskListName"], "TaskItemUniqueId": NATIVE_ITEM}
    twin = _twin(account, 1400, like, Notes=None, **shown)
    assert account.run().outcomes["access-card"] == "created"
    account.lose_ledger()
    assert set(account.run().outcomes.values()) == {"adopted"}
    assert len(account.commits()) == 3
    assert account.far_side.record("coworkertasks", 1400) == twin


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_twin_beside_an_answer_that_left_it_open_is_not_taken_for_the_request(account: Account, moment: str):
    like = _payload(account, "access-card")
    if moment == "before":
        twin = _twin(account, 1400, like, CreatedOn="2026-11-20T09:00:00Z")
    account.far_side.set_fault("error-before-commit", "3x:coworkertasks")
    assert set(account.run().outcomes.values()) == {"held"}
    if moment == "after":
        twin = _twin(account, 1400, like)
    account.far_side.clear_requests()
    decided = account.run(TASKLISTS_QUIET_SECONDS="0")
    assert decided.outcomes["access-card"] == ("created" if moment == "before" else "held"), "never adopted"
    assert account.far_side.record("coworkertasks", 1400) == twin
    assert _writes(account) == [("POST", TASKS)] * (3 if moment == "before" else 2)


def test_without_the_mark_a_twin_older_than_the_first_day_of_use_is_not_adopted(account: Account):
    account.env["TASKLISTS_NOTES_REF"] = "off"
    twin = _twin(account, 1400, _payload(account, "access-card"), CreatedOn="2026-10-31T23:59:59Z")
    assert set(account.run().outcomes.values()) == {"created"}
    account.lose_ledger()
    assert set(account.run().outcomes.values()) == {"adopted"}
    assert len(account.commits()) == 3
    assert account.far_side.record("coworkertasks", 1400) == twin


@pytest.mark.parametrize("fault", ["error-before-commit", "error-after-commit"])
def test_without_the_mark_a_twin_older_than_the_intent_is_not_adopted(account: Account, fault: str):
    account.env["TASKLISTS_NOTES_REF"] = "off"
    like = _payload(account, "access-card")
    account.far_side.set_fault(fault, "3x:coworkertasks")
    assert set(account.run().outcomes.values()) == {"held"}
    twin = _twin(account, 1400, like, CreatedOn="2026-11-20T09:00:00Z")
    decided = account.run(TASKLISTS_QUIET_SECONDS="0")
    assert decided.outcomes["access-card"] in ({"adopted", "kept"} if fault == "error-after-commit" else {"created"})
    assert next(r["task_id"] for r in decided.json["results"] if r["item"] == "access-card") != 1400
    assert len(account.commits()) == 3
    assert account.far_side.record("coworkertasks", 1400) == twin


@pytest.mark.parametrize("change", ["near date", "another person", "another name"])
def test_without_the_mark_a_twin_that_differs_is_not_adopted(account: Account, change: str):
    account.env["TASKLISTS_NOTES_REF"] = "off"
    like = _payload(account, "access-card")
    other = {
        "near date": {"DueDate": like["DueDate"][:11] + "23:00:00Z"},
        "another person": {"ResponsibleId": EVA},
        "another name": {"Name": like["Name"] + "."},
    }
    twin = _twin(account, 1400, like, **other[change])
    assert set(account.run().outcomes.values()) == {"created"}
    assert account.far_side.record("coworkertasks", 1400) == twin


@pytest.mark.parametrize("edit", EDITS)
def test_a_request_without_an_answer_is_told_by_its_mark_whatever_staff_did_since(account: Account, edit: str):
    account.far_side.set_fault("error-after-commit", "1x:coworkertasks")
    held = account.run()
    item = next(r["item"] for r in held.json["results"] if r["outcome"] == "held")
    (row,) = [row for row in _rows(account) if row["Id"] not in {r["task_id"] for r in held.json["results"]}]
    _edit(account, row, **EDITS[edit](row))
    before = _rows(account)
    account.far_side.clear_requests()
    decided = account.run(TASKLISTS_QUIET_SECONDS="0")
    assert (decided.code, decided.outcomes[item] in {"adopted", "kept"}) == (0, True), decided.out
    assert _writes(account) == []
    assert _rows(account) == before


def test_a_copy_of_our_task_is_named_and_neither_of_the_two_is_chosen_or_made_again(account: Account):
    row = _task(account, account.run(), "locker")
    account.far_side.put_record("coworkertasks", 1400, **{k: v for k, v in row.items() if k != "Id"})
    before = _rows(account)
    account.far_side.clear_requests()
    assert set(account.run().outcomes.values()) == {"kept"}
    account.lose_ledger()
    again = account.run()
    assert (again.code, again.outcomes["locker"]) == (3, "conflict")
    assert _writes(account) == []
    assert _rows(account) == before


@pytest.mark.long
def test_a_thousand_rows_of_others_are_left_alone_by_every_command(account: Account):
    count = 1000 if LONG else 100
    names = ["Hand out the access card", "Locker key for desk Desk 11", "Call", "ref: 0123456789abcdef"]
    for number in range(count):
        fields = {"CoworkerId": ASHLEY if number % 4 else GLEN, "Name": names[number % 3], "BusinessId": BARCELONA}
        account.far_side.put_record("coworkertasks", 5000 + number, Notes=names[-1] if number % 5 else "", **fields)
    before = _rows(account)
    account.far_side.clear_requests()
    assert set(account.run().outcomes.values()) == {"created"}
    account.preview()
    account.cli("status")
    for command in (("audit",), ("resume",)):
        account.cli(*command)
    account.lose_ledger()
    assert set(account.run().outcomes.values()) == {"adopted"}
    assert _writes(account) == [("POST", TASKS)] * 3
    assert _still_there(account, before)


SEEDS = range(20 if LONG else 4)


@pytest.mark.long
@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_staff_do_between_runs_nothing_is_made_twice_or_changed(account: Account, seed: int):
    source = random.Random(seed)
    items = "".join(f"  - {{id: item-{n}, name: Task {n}, due: {n + 1} days after contract.start}}\n" for n in range(8))
    head = "tasklist: many\nname: Many\nanchor: contract.start\ndefaults: {responsible: front-desk}\nitems:\n"
    account.write("many", head + items)
    made = account.run(name="many")
    ids = {result["item"]: result["task_id"] for result in made.json["results"]}
    doubtful: set[str] = set()  # deleted, or without our mark: the ledger alone knows them
    for step in range(12):
        _one_edit(account, source, ids, doubtful, step)
        if not doubtful and source.random() < 0.3:
            account.lose_ledger()
        before = _rows(account)
        account.far_side.clear_requests()
        answer = account.run(name="many")
        assert set(answer.outcomes.values()) <= {"kept", "adopted", "skipped"}, (seed, step, answer.out)
        assert _writes(account) == []
        assert _rows(account) == before


def _one_edit(account: Account, source: random.Random, ids: dict[str, int], doubtful: set[str], step: int) -> None:
    item = source.choice(sorted(set(ids) - doubtful))
    row = account.far_side.record("coworkertasks", ids[item])
    kind = source.random()
    if kind < 0.08:
        account.far_side.remove_record("coworkertasks", row["Id"])
        doubtful.add(item)
    elif kind < 0.16:
        _edit(account, row, Notes=source.choice(["", "Rewritten", None]))
        doubtful.add(item)
    elif kind < 0.3:
        _twin(account, 9000 + step, row, DueDate=source.choice([row["DueDate"], None]))
    else:
        _edit(account, row, **EDITS[source.choice(sorted(EDITS))](row))


def test_without_the_mark_what_a_native_list_made_is_told_by_its_own_id(account: Account):
    account.env["TASKLISTS_NOTES_REF"] = "off"
    account.far_side.set_mode("S15.TaskItemUniqueId", "kept-and-returned")
    like = _payload(account, "access-card")
    twin = _twin(account, 1400, like, Notes=None, TaskListName="Native", TaskItemUniqueId=NATIVE_ITEM)
    assert account.run().outcomes["access-card"] == "created"
    assert account.far_side.record("coworkertasks", 1400) == twin
    assert set(account.run().outcomes.values()) == {"kept"}


@pytest.mark.parametrize("edit", [edit for edit in EDITS if edit not in RENAMED])
def test_without_the_mark_an_edit_beside_an_open_answer_never_makes_a_second_task(account: Account, edit: str):
    account.env["TASKLISTS_NOTES_REF"] = "off"
    account.far_side.set_fault("error-after-commit", "1x:coworkertasks")
    held = account.run()
    item = next(r["item"] for r in held.json["results"] if r["outcome"] == "held")
    (row,) = [row for row in _rows(account) if row["Id"] not in {r["task_id"] for r in held.json["results"]}]
    _edit(account, row, **EDITS[edit](row | {"Notes": row["Notes"] or ""}))
    decided = account.run(TASKLISTS_QUIET_SECONDS="0")
    assert decided.outcomes[item] in {"adopted", "held"}
    assert len(account.commits()) == 3
