"""What a person changes for one run: items left out, other people, other dates; checked, told, and kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from member_given import KEY, NOW, PEOPLE, applied, expanded, facts, item, ready
from whenever import Instant

from engine.core.errors import UserError
from engine.core.expand import CannotExpand
from engine.core.overrides import Overrides, overrides_of_json, read_overrides
from engine.core.overriding import overrides_said, with_overrides
from engine.core.plan import Situation
from engine.core.planner import make_plan
from engine.core.prepared import Prepared
from engine.core.wanted import Expansion
from engine.flows.request import Request
from engine.flows.stored_request import request_key, request_of_text, request_text

DESKS = ({"Id": 30, "Name": "A"}, {"Id": 31, "Name": "B"})
KEYS = item("key", for_each={"desk": "contract.desks"}, name="Key of {{ desk.name }}")


def changed(prepared: Prepared | None = None, **given: Any) -> Expansion:
    with_desks = facts(desks=DESKS)
    return expanded(with_overrides(prepared or ready(item(), KEYS), read_overrides(**given)), with_desks)


def refused(**given: Any) -> str:
    with pytest.raises(UserError) as told:
        changed(**given)
    return str(told.value)


def left_out(found: Expansion) -> list[tuple[str, str, str]]:
    return [(part.item, part.key, part.reason) for part in found.left_out]


def test_a_skipped_item_is_left_out_and_says_so() -> None:
    found = changed(skip=["access-card"])
    assert [task.key for task in found.wanted] == ["30", "31"]
    assert left_out(found) == [("access-card", "", "left out by --skip")]


def test_of_a_loop_one_task_can_be_skipped() -> None:
    found = changed(skip=["key[30]"])
    assert [(task.item, task.key) for task in found.wanted] == [("access-card", ""), ("key", "31")]
    assert left_out(found) == [("key", "30", "left out by --skip")]


def test_a_skipped_item_cannot_stand_in_the_way() -> None:
    broken = ready(item(), item("bye", due="on contract.cancellation"))
    with pytest.raises(CannotExpand):
        changed(broken)
    assert [task.item for task in changed(broken, skip=["bye"]).wanted] == ["access-card"]


@pytest.mark.parametrize(
    ("who", "chosen"),
    [("community-manager", 13), ("ben@acme.example", 12), ("14", 14)],
)
def test_somebody_else_can_be_responsible_by_role_e_mail_or_user_id(who: str, chosen: int) -> None:
    found = changed(responsible=[f"access-card={who}"])
    task = found.wanted[0]
    assert task.responsible_id == chosen
    assert task.explanation.responsible[0] == "by --responsible"
    assert {one.responsible_id for one in found.wanted[1:]} == {11}


def test_what_is_said_of_one_task_wins_over_what_is_said_of_its_item() -> None:
    found = changed(responsible=["key=ben@acme.example", "key[31]=14"], due=["key[30]=on 2026-12-04 at 12:00"])
    assert {task.key: task.responsible_id for task in found.wanted} == {"": 11, "30": 12, "31": 14}
    dues = {task.key: task.due_at for task in found.wanted}
    assert dues["30"] == Instant("2026-12-04T11:00:00Z")
    assert dues["31"] == dues[""]


def test_another_rule_for_a_date_is_resolved_and_explained() -> None:
    task = changed(due=["access-card=2 days after contract.start at 12:30"]).wanted[0]
    assert task.due_at == Instant("2026-12-03T11:30:00Z")
    assert task.explanation.due[0] == "by --due: 2 days after contract.start at 12:30"
    assert task.explanation.due[-1] == "due Thu 3 Dec 2026 12:30 in Europe/Madrid"


def test_another_rule_replaces_bounds_and_fallback_and_keeps_roll_and_late() -> None:
    own = {"rule": "on contract.start", "not_after": "2026-12-01", "roll": "none", "late": "keep"}
    task = changed(ready(item(due=own)), due=["access-card=on 2026-12-06 at 10:00"]).wanted[0]
    assert task.due_at == Instant("2026-12-06T09:00:00Z")  # a Sunday: roll none
    assert task.late == "keep"


def test_an_item_without_a_date_may_get_one_and_a_rule_without_its_day_counts_from_the_items_anchor() -> None:
    bare = ready(item(due=None, anchor="contract.start"), defaults={"roll": "none", "late": "skip"})
    task = changed(bare, due=["access-card=5 days after"]).wanted[0]
    assert (task.due_at, task.late) == (Instant("2026-12-06T08:00:00Z"), "skip")


def test_an_override_may_need_a_contract_that_the_list_does_not() -> None:
    plain = ready(item(due="1 day after signup"))
    assert not plain.needs_contract()
    ending = with_overrides(plain, read_overrides(due=["access-card=on contract.start"]))
    assert ending.needs_contract()
    assert "contract.start" in ending.anchors_named()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"skip": ["acces-card"]}, "--skip: the list has no item 'acces-card' (nearest: access-card)"),
        ({"due": ["tour=on signup"]}, "--due: the list has no item 'tour' (its items: access-card, key)"),
        ({"skip": ["access-card[3]"]}, "the item 'access-card' has no for_each, and so no keys"),
        ({"responsible": ["access-card=front-dsk"]}, "there is no role 'front-dsk' (nearest: front-desk)"),
        ({"responsible": ["access-card=Ana Maria"]}, "'Ana Maria' is no role, no e-mail and no user id"),
        ({"due": ["access-card=3 dys after signup"]}, "--due access-card: "),
        ({"due": ["access-card=on contrct.start"]}, "contract.start"),
        ({"due": ["access-card=3 days after"]}, "this rule names no day"),
        ({"due": ["access-card=on done"]}, "--due access-card: "),
        ({"skip": ["a b"]}, "--skip 'a b' names no item"),
        ({"due": ["access-card"]}, "--due 'access-card' has another form; write --due 'ITEM=RULE'"),
        ({"responsible": ["key="]}, "--responsible 'key=' has another form"),
        ({"due": ["key=on signup", "key = on event"]}, "--due is given twice for key"),
        ({"skip": ["key[32]"]}, "--skip names key[32], and there is no such task for this coworker (its keys: 30, 31"),
        ({"due": ["key=on contract.cancellation"]}, "anchor 'contract.cancellation' has no value"),
        ({"responsible": ["key=15"]}, "user 15"),
    ],
)
def test_what_cannot_be_done_is_refused_with_what_could(given: dict[str, Any], said: str) -> None:
    with pytest.raises(Exception) as told:  # noqa: PT011 - errors, and a person to look up first
        changed(**given)
    assert said in str(told.value)


def test_all_mistakes_are_told_at_once() -> None:
    told = refused(skip=["tour"], due=["access-card=soon"], responsible=["key=nobody-here"])
    assert [name in told for name in ("tour", "soon", "nobody-here")] == [True, True, True]


def test_overrides_are_in_the_plan_and_change_no_identity() -> None:
    given = {"skip": ["key[31]"], "responsible": ["access-card=14"], "due": ["key=on 2026-12-04"]}
    plain, found = changed(), changed(**given)
    told = make_plan(found, Situation(key=KEY), NOW).to_json()
    assert told["overrides"] == {
        "skip": ["key[31]"], "responsible": {"access-card": "14"}, "due": {"key": "on 2026-12-04"},
    }  # fmt: skip
    assert make_plan(plain, Situation(key=KEY), NOW).to_json()["overrides"] == {}
    known = {task.identity for task in plain.wanted}
    assert {task.identity for task in found.wanted} < known


def test_for_what_is_made_already_they_change_nothing_and_say_so() -> None:
    made = make_plan(changed(), Situation(key=KEY), NOW)
    found = changed(skip=["key[31]"], responsible=["access-card=14"], due=["key[30]=on 2026-12-04 at 12:00"])
    plan = make_plan(found, applied(made), NOW)
    assert {action.action for action in plan.actions} == {"keep"}
    drifted = {action.wanted.key: [part.field for part in action.drift] for action in plan.actions}
    assert drifted == {"": [], "30": ["DueDate"]}
    assert sorted(overrides_said(found, plan.actions, applied(made))) == [
        "--due changes nothing for key [30]: task 7001 is made already",
        "--responsible changes nothing for access-card: task 7000 is made already",
        "--skip changes nothing for key [31]: task 7002 is made already",
    ]


def test_without_any_a_list_is_the_very_same() -> None:
    prepared = ready()
    assert with_overrides(prepared, Overrides()) is prepared


TARGETS = st.tuples(st.sampled_from(["access-card", "key"]), st.none() | st.sampled_from(["30", "A ]b", "x=y"]))


@settings(derandomize=True, max_examples=100)
@given(
    st.lists(TARGETS, unique=True, max_size=3),
    st.dictionaries(TARGETS, st.sampled_from(["front-desk", "a@b.c"]), max_size=3),
    st.dictionaries(TARGETS, st.sampled_from(["on signup", "3 days after event at 10:00"]), max_size=3),
)
def test_a_stored_request_goes_on_with_the_same_overrides(skip: Any, responsible: Any, due: Any) -> None:
    overrides = Overrides(tuple(sorted(skip, key=str)), responsible, due)
    assert overrides_of_json(overrides.to_json()) == replace(
        overrides, skip=overrides_of_json({"skip": overrides.to_json().get("skip", [])}).skip
    )
    request = Request(7, NOW, overrides=overrides)
    text = request_text("new-member", request)
    assert request_of_text(text, NOW)[1].overrides.to_json() == overrides.to_json()
    plain = request_text("new-member", Request(7, NOW))
    assert request_key(text) == request_key(plain)
    assert (text == plain) is (not overrides)
    assert "overrides" not in plain


def test_nobody_who_cannot_be_given_tasks_is_made_responsible_by_hand() -> None:
    away = {name: replace(person, trouble="is not active") for name, person in PEOPLE.items()}
    prepared = with_overrides(ready(), read_overrides(responsible=["access-card=ben@acme.example"]))
    with pytest.raises(CannotExpand, match="ben@acme.example is not active"):
        expanded(prepared, facts(people=PEOPLE | {"ben@acme.example": away["ben@acme.example"]}))
