"""Planning: exactly one action for each wanted task, by what is remembered and what is live."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from member_given import (
    CONTRACT,
    KEY,
    NOW,
    PEOPLE,
    applied,
    event,
    expanded,
    facts,
    item,
    live_row,
    planned,
    ready,
    remembered,
)
from whenever import Instant

from engine.core.errors import UserError
from engine.core.facts import Facts
from engine.core.identity import ItemRef, Subject, identity
from engine.core.known import LiveTask
from engine.core.origins import origins
from engine.core.people import Person
from engine.core.plan import Action, Plan, Situation, body_of
from engine.core.prepared import Prepared
from engine.core.wanted import PAYLOAD_KEYS, Explanation
from engine.core.wire_dates import wire_moment

LATE = Instant("2026-11-30T12:00:00Z")  # the due of the usual item is 09:00 of that Monday


def only(plan: Plan) -> Action:
    (action,) = plan.actions
    return action


def seen(*rows: LiveTask, plan: Plan | None = None, **more: Any) -> Situation:
    number = only(plan or planned()).wanted.identity
    return Situation(found={number: rows}, live={row.task_id: row for row in rows}, key=KEY, **more)


def after(prepared: Prepared, given: Facts, situation: Situation, now: Instant = NOW) -> Plan:
    """Plan again as a run does: with what each remembered task was made with."""
    expansion = expanded(prepared, given)
    past = origins(prepared, given, expansion, situation.known.values())
    return planned(expansion, replace(situation, origins=past), now)


def test_what_was_never_made_is_created() -> None:
    action = only(planned())
    assert (action.action, action.reason, action.again) == ("create", "not made yet", False)


def test_what_was_made_is_kept_and_says_since_when_and_by_which_run() -> None:
    action = only(planned(situation=applied(planned())))
    assert (action.action, action.task_id) == ("keep", 7000)
    assert action.reason == "created 2026-11-23 by run run-1"
    assert action.drift == ()


def test_a_kept_task_that_is_completed_says_so() -> None:
    situation = applied(planned())
    done = {number: replace(row, completed=True) for number, row in situation.live.items()}
    assert only(planned(situation=replace(situation, live=done))).reason.endswith("; completed")


def test_a_task_made_is_kept_while_the_list_does_not_show_it() -> None:
    situation = replace(applied(planned()), live={}, incomplete="page 3 is missing")
    assert only(planned(situation=situation)).action == "keep"


def test_a_task_that_somebody_deleted_is_not_made_again() -> None:
    action = only(planned(situation=replace(applied(planned()), live={}, gone=frozenset({7000}))))
    assert (action.action, action.task_id) == ("skip", 7000)
    assert "--again" in action.reason


@pytest.mark.parametrize("state", ["intended", "failed"])
def test_an_unsettled_task_that_is_found_live_is_adopted(state: str) -> None:
    plan = planned()
    row = live_row(44, only(plan))
    task = remembered(only(plan), plan.expansion, state=state, task_id=None)
    action = only(planned(situation=replace(seen(row), known={task.identity: task})))
    assert (action.action, action.task_id, action.again) == ("adopt", 44, True)


def test_a_live_task_with_our_mark_is_adopted_and_its_differences_are_told() -> None:
    row = live_row(44, only(planned()), name="Edited", due_at=Instant("2026-12-03T09:00:00Z"))
    action = only(planned(situation=seen(row)))
    assert (action.action, action.task_id, action.again) == ("adopt", 44, False)
    assert [(part.field, part.was) for part in action.drift] == [
        ("Name", "Edited"),
        ("DueDate", "2026-12-03T09:00:00Z"),
    ]
    assert action.baseline_texts["Name"] == "Edited"


def test_an_adopted_task_that_was_made_late_has_no_drift_in_its_date() -> None:
    row = live_row(44, only(planned()), due_at=Instant("2026-11-30T17:00:00Z"), created_at=LATE)
    action = only(planned(situation=seen(row), now=LATE))
    assert (action.action, action.drift) == ("adopt", ())


def test_two_live_tasks_with_one_mark_are_a_conflict_that_names_them() -> None:
    first = only(planned())
    action = only(planned(situation=seen(live_row(45, first), live_row(44, first))))
    assert action.action == "conflict"
    assert "44, 45" in action.reason


def test_a_list_that_was_not_read_to_its_end_never_means_absent() -> None:
    action = only(planned(situation=Situation(incomplete="page 3 is missing", key=KEY)))
    assert action.action == "hold"
    assert "page 3 is missing" in action.reason


def test_a_task_found_in_a_list_that_was_not_read_to_its_end_is_adopted() -> None:
    row = live_row(44, only(planned()))
    assert only(planned(situation=seen(row, incomplete="page 3 is missing"))).action == "adopt"


@pytest.mark.parametrize(("seconds", "action"), [(0, "hold"), (119, "hold"), (120, "create"), (500, "create")])
def test_an_open_intent_holds_until_the_quiet_period_is_over(seconds: int, action: str) -> None:
    plan = planned()
    task = remembered(only(plan), plan.expansion, state="intended", task_id=None)
    situation = Situation(known={task.identity: task}, key=KEY, looked_at=NOW.add(seconds=seconds))
    found = only(planned(situation=situation, now=Instant("2026-11-24T00:00:00Z")))
    assert found.action == action
    if action == "create":
        assert (found.again, found.held_by) == (True, "run-1")
    else:
        assert "2026-11-23T08:02:00Z" in found.reason


def test_an_open_intent_and_an_incomplete_list_hold_for_ever() -> None:
    plan = planned()
    task = remembered(only(plan), plan.expansion, state="intended", task_id=None)
    situation = Situation(known={task.identity: task}, incomplete="cut", looked_at=NOW.add(hours=9), key=KEY)
    assert only(planned(situation=situation)).action == "hold"


def test_a_failed_task_is_tried_again_at_once() -> None:
    plan = planned()
    task = remembered(only(plan), plan.expansion, state="failed", task_id=None)
    action = only(planned(situation=Situation(known={task.identity: task}, key=KEY)))
    assert (action.action, action.again) == ("create", True)


BEFORE = {"Id": 800, "StartDate": "2026-01-01", "CancellationDate": "2026-11-15"}


def merged() -> tuple[Any, UUID, UUID]:
    """A membership of two contracts, with the task's identity under the chain's id and under the other one."""
    found = expanded(ready(once_per="membership"), facts(contracts=(CONTRACT, BEFORE)))
    return found, found.wanted[0].identity, found.wanted[0].alternatives[0]


@pytest.mark.parametrize("worse", ["failed", "intended"])
@pytest.mark.parametrize("first", [True, False])
def test_a_settled_memory_counts_whichever_identity_it_has(worse: str, first: bool) -> None:
    found, own, other = merged()
    plan = planned(found)
    made = remembered(only(plan), found, identity=own if first else other)
    tried = remembered(only(plan), found, identity=other if first else own, state=worse, task_id=None)
    situation = Situation(known={task.identity: task for task in (tried, made)}, key=KEY)
    assert only(planned(found, situation)).action == "keep"


def test_an_open_intent_counts_before_a_failure_under_another_identity() -> None:
    found, own, other = merged()
    plan = planned(found)
    failed = remembered(only(plan), found, identity=own, state="failed", task_id=None)
    open_one = remembered(only(plan), found, identity=other, state="intended", task_id=None)
    situation = Situation(known={own: failed, other: open_one}, key=KEY)
    assert only(planned(found, situation)).action == "hold"


def test_a_live_task_under_an_older_id_of_the_membership_is_adopted() -> None:
    found, _, other = merged()
    row = live_row(44, only(planned(found)))
    situation = Situation(found={other: (row,)}, live={44: row}, key=KEY)
    assert only(planned(found, situation)).action == "adopt"


def test_one_row_found_by_two_identities_is_no_conflict() -> None:
    found, own, other = merged()
    row = live_row(44, only(planned(found)))
    situation = Situation(found={own: (row,), other: (row,)}, live={44: row}, key=KEY)
    assert only(planned(found, situation)).action == "adopt"


def test_edited_words_and_dates_are_drift_and_never_a_new_task() -> None:
    first = ready(item(notes="Old"))
    situation = applied(planned(expanded(first)))
    edited = ready(item(notes="New", name="Renamed", due="on contract.start at 09:00", responsible="host"))
    action = only(after(edited, facts(), situation))
    assert action.action == "keep"
    assert [(part.field, part.was, part.wanted) for part in action.drift] == [
        ("Name", "Do access-card for Ada Lovelace", "Renamed"),
        ("Notes", None, "New"),
        ("DueDate", "2026-11-30T09:00:00Z", "2026-12-01T08:00:00Z"),
    ]


def test_another_person_list_name_or_flag_is_no_drift() -> None:
    situation = applied(planned())
    people = PEOPLE | {"ana@acme.example": Person(99, "Another")}
    edited = ready(item(notify_by_email=True, display_to_everyone=True), name="Other words")
    plan = after(edited, facts(people=people), situation)
    assert (only(plan).action, only(plan).drift) == ("keep", ())
    assert plan.task_list_name == "Welcome Ada Lovelace"


def test_a_name_that_somebody_edited_in_nexudus_is_not_told_as_ours() -> None:
    situation = applied(planned())
    live = {number: replace(row, name="By hand") for number, row in situation.live.items()}
    (drift,) = only(after(ready(item(name="Renamed")), facts(), replace(situation, live=live))).drift
    assert (drift.field, drift.was) == ("Name", None)


@pytest.mark.parametrize("late", ["closing", "keep", "skip", "fail"])
def test_time_passing_is_never_a_change(late: str) -> None:
    prepared = ready(item(due={"rule": "1 day before contract.start at 10:00", "late": late}))
    plan = planned(expanded(prepared))
    long_after = after(prepared, facts(), applied(plan), Instant("2027-11-30T12:00:00Z"))
    assert (only(long_after).action, only(long_after).drift) == ("keep", ())


def test_a_task_made_late_has_no_drift_afterwards() -> None:
    plan = planned(now=LATE)
    assert only(plan).due_at != only(plan).wanted.due_at
    assert only(after(ready(), facts(), applied(plan), LATE)).drift == ()


def test_a_kept_task_is_compared_with_the_contract_that_made_it() -> None:
    prepared = ready()
    later = CONTRACT | {"Id": 901, "StartDate": "2027-02-01T00:00:00Z", "TariffName": "Office"}
    situation = applied(planned(expanded(prepared)))
    by_other = facts(contracts=(CONTRACT, later), contract_id=901)
    assert only(after(prepared, by_other, situation)).drift == ()
    moved = facts(contracts=(CONTRACT | {"StartDate": "2026-12-15T00:00:00Z"}, later), contract_id=901)
    (drift,) = only(after(prepared, moved, situation)).drift
    assert (drift.field, drift.wanted) == ("DueDate", "2026-12-14T09:00:00Z")


def test_a_kept_task_whose_contract_is_gone_has_no_drift() -> None:
    situation = applied(planned())
    other = facts(contract={"Id": 901, "StartDate": "2027-02-01T00:00:00Z"})
    assert only(after(ready(), other, situation)).drift == ()


EVENTFUL = item(due={"rule": "1 day after event at 10:00", "fallback": "on contract.start at 09:00"})


@pytest.mark.parametrize(
    ("then", "now"),
    [
        ("2026-11-24T10:00:00Z", "2026-11-26T10:00:00Z"),
        ("2026-11-24T10:00:00Z", None),
        (None, "2026-11-26T10:00:00Z"),
    ],
)
def test_a_kept_task_is_compared_with_the_event_that_made_it(then: str | None, now: str | None) -> None:
    prepared = ready(EVENTFUL)
    situation = applied(planned(expanded(prepared, facts(event=event(then) if then else None))))
    again = facts(event=event(now) if now else None)
    action = only(after(prepared, again, situation))
    assert (action.action, action.drift) == ("keep", ())


def test_a_text_that_lists_desks_is_not_compared_with_those_of_another_contract() -> None:
    text = "{% for desk in contract.desks %}{{ desk.name }} {% endfor %}"
    prepared = ready(item("desks", notes=text), item("plain", name="Old"))
    later = CONTRACT | {"Id": 901}
    situation = applied(planned(expanded(prepared, facts(desks=({"Id": 1, "Name": "A"},)))))
    other = facts(contracts=(CONTRACT, later), contract_id=901, desks=({"Id": 2, "Name": "B"},))
    edited = ready(item("desks", notes=text), item("plain", name="New"))
    drift = {action.wanted.item: len(action.drift) for action in after(edited, other, situation).actions}
    assert drift == {"desks": 0, "plain": 1}


def test_a_late_task_is_due_at_closing_and_says_what_it_was() -> None:
    action = only(planned(now=LATE))
    assert wire_moment(action.due_at or NOW) == action.payload["DueDate"] == "2026-11-30T17:00:00Z"
    assert action.reason == "late: was due Mon 30 Nov 2026 10:00, now at closing time, Mon 30 Nov 2026 18:00"
    assert action.wanted.explanation.due[-1] == action.reason
    assert action.late_from == action.wanted.due_at


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-11-30T09:00:00Z", "2026-11-30T09:00:00Z"),  # due this very second: not late
        ("2026-11-30T09:00:01Z", "2026-11-30T17:00:00Z"),
        ("2026-11-30T17:00:00Z", "2026-11-30T17:00:00Z"),
        ("2026-11-30T17:00:01Z", "2026-12-01T17:00:00Z"),  # closed for today
        ("2026-12-05T10:00:00Z", "2026-12-07T17:00:00Z"),  # Saturday
        ("2026-12-07T18:00:00Z", "2026-12-09T17:00:00Z"),  # Tuesday 8 December is a holiday
    ],
)
def test_late_is_closing_time_of_the_present_or_the_next_open_day(now: str, due: str) -> None:
    assert only(planned(now=Instant(now))).payload["DueDate"] == due


def test_a_task_due_this_very_second_is_not_called_late() -> None:
    action = only(planned(now=Instant("2026-11-30T09:00:00Z")))
    assert (action.reason, action.late_from) == ("not made yet", None)


@pytest.mark.parametrize(("late", "action"), [("keep", "create"), ("skip", "skip")])
def test_late_keep_and_skip_leave_the_date_as_it_is(late: str, action: str) -> None:
    found = only(planned(expanded(ready(item(), defaults={"late": late})), now=LATE))
    assert (found.action, found.payload["DueDate"]) == (action, "2026-11-30T09:00:00Z")
    assert "was due Mon 2026-11-30 10:00 Europe/Madrid" in found.reason


def test_late_fail_names_every_late_task_and_plans_nothing() -> None:
    given = facts(desks=({"Id": 5, "Name": "A"},))
    loop = item("locker", for_each={"desk": "contract.desks"})
    prepared = ready(item("a"), loop, item("c", due=None), defaults={"late": "fail"})
    with pytest.raises(UserError, match=r"a was due .*; locker \[5\] was due") as told:
        planned(expanded(prepared, given), now=LATE)
    assert "c was due" not in str(told.value)


def test_actions_are_sorted_by_due_then_item_then_key_and_no_due_comes_last() -> None:
    given = facts(desks=({"Id": 9, "Name": "A"}, {"Id": 10, "Name": "B"}))
    loop = item("locker", for_each={"desk": "contract.desks"})
    plan = planned(expanded(ready(item("z", due=None), loop, item("b"), item("a", due="on contract.start")), given))
    assert [(action.wanted.item, action.wanted.key) for action in plan.actions] == [
        ("b", ""), ("locker", "10"), ("locker", "9"), ("a", ""), ("z", ""),
    ]  # fmt: skip


def test_what_is_left_out_is_sorted_by_item() -> None:
    away = {"when": "not coworker.active"}
    plan = planned(expanded(ready(item("z", **away), item("a", **away), item("m"))))
    assert [part.item for part in plan.left_out] == ["a", "z"]


def test_the_json_of_a_plan_has_exactly_the_agreed_shape() -> None:
    told = planned(expanded(ready(item(), item("no", when="not coworker.active")))).to_json()
    assert list(told) == [
        "tasklist", "version", "coworker_id", "business_id", "task_list_name", "now", "checksum",
        "overrides", "actions", "left_out", "warnings",
    ]  # fmt: skip
    assert list(told["actions"][0]) == [
        "action", "item", "key", "task_item_unique_id", "due_at", "payload", "reason", "waits", "phase",
        "drift", "explain",
    ]  # fmt: skip
    assert tuple(told["actions"][0]["payload"]) == PAYLOAD_KEYS
    assert list(told["left_out"][0]) == ["item", "key", "reason"]
    assert told["actions"][0]["task_item_unique_id"] == "9860950b-3112-52d6-9450-e71c65d66486"
    assert told["now"] == "2026-11-23T08:00:00Z"
    assert json.loads(json.dumps(told)) == told


def test_the_checksum_hangs_on_actions_and_left_out_and_on_nothing_else() -> None:
    plan = planned()
    assert planned(now=NOW.add(hours=3)).checksum == plan.checksum
    wanted = replace(plan.actions[0].wanted, responsible_name="X", explanation=Explanation(due=("other",)))
    told = replace(plan.actions[0], reason="other", wanted=wanted)
    assert replace(plan, actions=(told,), warnings=("w",), now=LATE).checksum == plan.checksum
    for changed in (
        replace(plan, actions=()),
        replace(plan, actions=(replace(plan.actions[0], action="keep"),)),
        replace(plan, actions=(replace(plan.actions[0], payload=plan.actions[0].payload | {"Name": "X"}),)),
        planned(expanded(ready(item(), item("no", when="not coworker.active")))),
    ):
        assert changed.checksum != plan.checksum


def test_the_body_is_compact_utf_8_with_literal_signs() -> None:
    body = body_of({"Name": "José 🚀", "DueDate": None, "NotifyByEmail": True})
    assert body == '{"Name":"José 🚀","DueDate":null,"NotifyByEmail":true}'.encode()


def test_a_lone_surrogate_becomes_its_json_escape() -> None:
    body = body_of({"Name": "a\ud83db"})
    assert body == rb'{"Name":"a\ud83db"}'
    assert json.loads(body.decode("utf-8")) == {"Name": "a\ud83db"}
    assert len(planned(expanded(given=facts(coworker={"FullName": "a\ud83db"}))).checksum) == 64


def test_a_task_that_the_list_no_longer_wants_is_a_warning_and_never_an_action() -> None:
    given = facts(desks=({"Id": 5, "Name": "A"}, {"Id": 6, "Name": "B"}))
    loop = item("locker", for_each={"desk": "contract.desks"}, when="coworker.active")
    situation = applied(planned(expanded(ready(item(), item("gone"), loop), given)))
    fewer = facts(desks=({"Id": 6, "Name": "B"},))
    plan = after(ready(item(), loop), fewer, situation)
    assert plan.counts() == {"keep": 2}
    assert [line.split(" is no")[0].split("(")[1] for line in plan.warnings] == ["gone)", "locker [5])"]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"cycle": "2025"}, id="another repetition"),
        pytest.param({"given": facts(contract={"Id": 901})}, id="another contract"),
    ],
)
def test_tasks_of_another_contract_or_repetition_are_not_called_unwanted(other: dict[str, Any]) -> None:
    prepared = ready(once_per="contract")
    first = planned(expanded(prepared))
    plan = planned(expanded(prepared, **other), applied(first))
    assert (plan.counts(), plan.warnings) == ({"create": 1}, ())


def test_a_task_of_another_list_is_not_called_unwanted() -> None:
    situation = applied(planned(expanded(ready(tasklist="other"))))
    assert planned(situation=situation).warnings == ()


def test_the_name_that_the_first_task_fixed_is_used_for_all() -> None:
    plan = planned(situation=Situation(task_list_name="Welcome Ada Byron", key=KEY))
    assert plan.task_list_name == only(plan).payload["TaskListName"] == "Welcome Ada Byron"
    assert only(plan).payload["Notes"].endswith(" · Welcome Ada Byron")


def test_without_the_mark_notes_are_as_written() -> None:
    assert only(planned(situation=Situation(with_mark=False, key=KEY))).payload["Notes"] == ""


def test_the_identity_in_the_payload_is_the_one_of_the_design() -> None:
    action = only(planned())
    expected = identity("acme-coworking", Subject("coworker", 1416660358), ItemRef("new-member", "access-card"))
    assert action.payload["TaskItemUniqueId"] == str(expected)
