"""Lists made of others, through the sandbox: whose tasks they are, what a location changes, where trouble is told."""

from __future__ import annotations

from typing import Any

from given_account import Account, Answer

BASE = """tasklist: base
abstract: true
anchor: contract.start
defaults: {responsible: front-desk}
items:
  - {id: card, name: Give the card, due: 1 business day before at 10:00}
  - {id: tour, name: Tour, due: on contract.start at 11:00}
"""
LONDON = """overlays:
  london:
    name: Welcome to London
    items:
      - {id: card, name: Give the fob}
      - {id: tour, drop: true}
      - {id: tube, name: Tube map}
"""


def payloads(answer: Answer) -> dict[str, dict[str, Any]]:
    assert answer.code == 0, answer
    return {one["item"]: one["payload"] for one in answer.json["actions"]}


def test_two_lists_that_extend_one_base_share_no_task(account: Account) -> None:
    account.write("base", BASE)
    for name in ("desk", "office"):
        account.write(name, f"tasklist: {name}\nname: {name}\nextends: base\n")
    first = account.run("--anyway", name="desk")
    assert set(first.outcomes.values()) == {"created"}
    second = account.run("--anyway", name="office")
    assert set(second.outcomes.values()) == {"created"}
    assert set(account.run("--anyway", name="office").outcomes.values()) == {"kept"}
    numbers = {one["TaskItemUniqueId"] for answer in (first, second) for one in payloads(answer).values()}
    assert len(numbers) == 4


def test_a_list_that_becomes_one_made_of_others_keeps_its_tasks(account: Account) -> None:
    whole = BASE.replace("tasklist: base\nabstract: true\n", "tasklist: desk\nname: Desk\n")
    account.write("desk", whole)
    made = account.run(name="desk")
    assert set(made.outcomes.values()) == {"created"}
    account.write("base", BASE)
    account.write("desk", "tasklist: desk\nname: Desk\nextends: base\n")
    assert set(account.run(name="desk").outcomes.values()) == {"kept"}


def test_a_location_changes_texts_and_items_but_never_whose_task_it_is(account: Account) -> None:
    account.write("base", BASE)
    account.write("desk", "tasklist: desk\nname: Welcome\nextends: base\n" + LONDON)
    here = payloads(account.preview("--location", "barcelona", name="desk"))
    there = payloads(account.preview("--location", "london", name="desk"))
    assert sorted(here) == ["card", "tour"]
    assert sorted(there) == ["card", "tube"]
    assert [one["TaskListName"] for one in (here["card"], there["card"])] == ["Welcome", "Welcome to London"]
    assert [one["Name"] for one in (here["card"], there["card"])] == ["Give the card", "Give the fob"]
    assert here["card"]["TaskItemUniqueId"] == there["card"]["TaskItemUniqueId"]
    assert here["card"]["BusinessId"] != there["card"]["BusinessId"]


def test_trouble_with_one_member_is_told_in_the_overlay_that_it_comes_from(account: Account) -> None:
    account.write("base", BASE)
    overlay = "overlays:\n  london:\n    items:\n      - id: card\n        name: \"{{ coworker.nick_name }}\"\n"
    account.write("desk", "tasklist: desk\nname: Welcome\nextends: base\n" + overlay)
    assert account.preview("--location", "barcelona", name="desk").code == 0
    refused = account.preview("--location", "london", name="desk")
    assert refused.code == 2
    assert refused.err.startswith("tasklists/desk.yaml:8:15: card: the name is empty for this coworker")


def test_trouble_with_an_inherited_item_is_told_in_the_base(account: Account) -> None:
    account.write("base", BASE.replace("name: Tour", 'name: "{{ coworker.nick_name }}"'))
    account.write("desk", "tasklist: desk\nname: Welcome\nextends: base\n")
    refused = account.preview(name="desk")
    assert refused.code == 2
    assert refused.err.startswith("tasklists/base.yaml:7:22: tour: the name is empty for this coworker")


def test_an_abstract_list_is_not_run(account: Account) -> None:
    account.write("base", BASE)
    account.write("desk", "tasklist: desk\nname: Welcome\nextends: base\n")
    for refused in (account.preview(name="base"), account.run(name="base")):
        assert (refused.code, refused.out) == (2, "")
        assert "the list 'base' is abstract: it is not run by itself.\nLists made with it: desk." in refused.err
