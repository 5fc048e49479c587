"""What an item may say beyond its text: optional, checklist, phase, and order among items as expansion sees it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from member_given import ADA, expanded, facts, item, organisation, ready
from whenever import Instant

from engine.core.expand import CannotExpand
from engine.core.model import Item, TaskList
from engine.core.preparing import prepare
from engine.core.wanted import Expansion, Wanted

MORNING = Instant("2026-11-24T09:00:00Z")


def left_out(found: Expansion) -> list[tuple[str, str, str]]:
    return [(part.item, part.key, part.reason) for part in found.left_out]


def by_item(found: Expansion) -> dict[str, Wanted]:
    return {f"{task.item}[{task.key}]" if task.key else task.item: task for task in found.wanted}


def faults(*items: dict[str, Any], **changes: Any) -> list[tuple[tuple[Any, ...], str]]:
    told = {"tasklist": "new-member", "name": "Welcome", "items": list(items)} | changes
    _, findings = prepare(TaskList.model_validate(told), organisation())
    return [(finding.path, finding.fault.what) for finding in findings if not finding.warning]


# optional


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"due": "on contract.cancellation"}, "anchor 'contract.cancellation' has no value"),
        ({"name": "Visa until {{ coworker.custom.visa_until }}"}, "coworker.custom.visa_until is empty"),
        ({"notes": "Team {{ team.name }}"}, "team.name has no value"),
        ({"when": "team.name == 'A'"}, "team.name has no value"),
        ({"phase": "Team {{ team.name }}"}, "team.name has no value"),
        ({"checklist": ["{{ team.name }}"]}, "team.name has no value"),
        ({"checklist": [{"line": "x", "when": "team.name == 'A'"}]}, "team.name has no value"),
        ({"for_each": {"member": "team.members"}, "name": "{{ member.full_name }}"}, "team.members has no value"),
        ({"responsible": {"from": "coworker.custom.shirt"}}, "coworker.custom.shirt is empty"),
    ],
)
def test_an_optional_item_is_left_out_with_the_reason_where_a_fact_or_an_anchor_is_missing(
    changes: dict[str, Any], reason: str
) -> None:
    found = expanded(ready(item(), item("extra", optional=True, **changes)))
    assert [task.item for task in found.wanted] == ["access-card"]
    ((number, key, why),) = left_out(found)
    assert (number, key) == ("extra", "")
    assert why.startswith("optional: ")
    assert reason in why
    with pytest.raises(CannotExpand):
        expanded(ready(item(), item("extra", **changes)))


def test_optional_in_the_defaults_is_for_every_item_that_does_not_say_otherwise() -> None:
    ending = {"due": "on contract.cancellation"}
    found = expanded(ready(item(), item("bye", **ending), defaults={"optional": True}))
    assert [number for number, _, _ in left_out(found)] == ["bye"]
    with pytest.raises(CannotExpand, match="bye"):
        expanded(ready(item(), item("bye", optional=False, **ending), defaults={"optional": True}))


def test_an_optional_item_hides_no_mistake_of_another_kind() -> None:
    with pytest.raises(CannotExpand, match="nobody can be responsible"):
        expanded(
            ready(
                item("extra", optional=True, responsible="host"),
            ),
            facts(people={name: replace(person, trouble="is not active") for name, person in facts().people.items()}),
        )


def test_of_a_loop_only_the_rounds_that_lack_something_are_left_out() -> None:
    desks = ({"Id": 30, "Name": "A", "Notes": "by the window"}, {"Id": 31, "Name": "B"})
    each = item("key", optional=True, for_each={"desk": "contract.desks"}, name="{{ desk.name }}: {{ desk.notes }}")
    found = expanded(ready(each), facts(desks=desks))
    names = {task.name for task in found.wanted}
    assert "A: by the window" in names


def test_a_list_whose_optional_items_alone_name_a_contract_is_for_people_without_one() -> None:
    plain = item(due="1 day after signup", responsible="front-desk")
    extra = item("extra", optional=True, once_per="membership")
    prepared = ready(plain, extra)
    assert (prepared.needs_contract(), prepared.names_contract()) == (False, True)
    found = expanded(prepared, facts(contracts=(), contract_id=None))
    assert [task.item for task in found.wanted] == ["access-card"]
    assert left_out(found)[0][0] == "extra"
    assert "no contract" in left_out(found)[0][2]
    assert ready(plain, extra | {"optional": False}).needs_contract()


def test_a_named_day_needs_a_contract_only_if_all_its_rules_do() -> None:
    plain = item(due="on begin")
    assert not ready(plain, anchors={"begin": ["contract.start", "signup"]}).needs_contract()
    assert ready(plain, anchors={"begin": ["contract.start", "signup"]}).names_contract()
    assert ready(plain, anchors={"begin": "contract.start"}).needs_contract()


# checklist and phase


def test_a_checklist_stands_below_the_notes_with_one_open_box_a_line() -> None:
    lines = [
        "Scan it: it must fail",
        {"line": "Note the number of {{ coworker.full_name }}", "when": "coworker.active"},
        {"line": "Never", "when": "not coworker.active"},
        "{{ coworker.company_name }}",
    ]
    (task,) = expanded(ready(item(notes="At the desk.\n", checklist=lines))).wanted
    assert task.notes == "At the desk.\n\n- [ ] Scan it: it must fail\n- [ ] Note the number of Ada Lovelace"
    (bare,) = expanded(ready(item(checklist=["Only this"]))).wanted
    assert bare.notes == "- [ ] Only this"


def test_a_members_line_break_makes_no_second_line_of_a_checklist() -> None:
    member = facts(coworker=ADA | {"FullName": "Ada\n- [x] done"})
    (task,) = expanded(ready(item(name="Card", checklist=["For {{ coworker.full_name }}"])), member).wanted
    assert task.notes == "- [ ] For Ada - [x] done"


def test_a_checklist_knows_the_thing_of_its_loop() -> None:
    desks = ({"Id": 30, "Name": "A"}, {"Id": 31, "Name": "B"})
    each = item("key", for_each={"desk": "contract.desks"}, name="Key", checklist=["Label {{ desk.name }}"])
    found = expanded(ready(each), facts(desks=desks))
    assert {task.key: task.notes for task in found.wanted} == {"30": "- [ ] Label A", "31": "- [ ] Label B"}


@pytest.mark.parametrize("lines", [[], "One line", {"line": "x"}])
def test_a_checklist_is_a_list_of_lines(lines: Any) -> None:
    with pytest.raises(ValueError, match="checklist is a list of lines"):
        Item.model_validate(item(checklist=lines))


def test_mistakes_in_a_checklist_are_told_at_their_line() -> None:
    lines = ["fine", "{{ coworker.ful_name }}", {"line": "x", "when": "yes"}, "  "]
    places = [path for path, _ in faults(item(checklist=[*lines[:3], {"line": " "}]))]
    assert places == [
        ("items", 0, "checklist", 1, "line"),
        ("items", 0, "checklist", 2, "when"),
        ("items", 0, "checklist", 3),
    ]


def test_a_phase_is_a_text_of_its_own_and_may_stand_in_the_defaults() -> None:
    found = by_item(
        expanded(ready(item(), item("tour", phase="First {{ 'day' }}"), defaults={"phase": "Before\narrival"}))
    )
    assert (found["access-card"].phase, found["tour"].phase) == ("Before arrival", "First day")
    assert by_item(expanded())["access-card"].phase == ""


# order among items, as far as expansion goes


def test_what_comes_after_another_item_waits_for_it_and_its_date_may_count_from_done() -> None:
    items = (
        item("follow-up", after="tour", due="2 days after done at 10:00"),
        item("tour"),
        item("letter", after=["tour", "follow-up"]),
    )
    waiting = expanded(ready(*items))
    tasks = by_item(waiting)
    assert [task.item for task in waiting.wanted] == ["follow-up", "tour", "letter"]
    assert waiting.ordered
    assert tasks["tour"].waits is None
    assert tasks["follow-up"].waits is not None
    assert tasks["follow-up"].waits.items == ("tour",)
    assert tasks["follow-up"].due_at is None
    assert "still to come" in tasks["follow-up"].explanation.due[-1]
    assert tasks["letter"].due_at is not None

    done = by_item(expanded(ready(*items), facts(done={("tour", ""): MORNING})))
    assert done["follow-up"].waits is None
    assert done["follow-up"].due_at == Instant("2026-11-26T09:00:00Z")
    assert done["letter"].waits is not None
    assert done["letter"].waits.items == ("follow-up",)


def test_done_of_what_was_never_made_has_no_value() -> None:
    away = item("tour", when="not coworker.active")
    after = {"after": "tour", "due": "2 days after done"}
    with pytest.raises(CannotExpand, match="'done' has no value"):
        expanded(ready(away, item("follow-up", **after)))
    optional = expanded(ready(away, item("follow-up", optional=True, **after)))
    assert [number for number, _, _ in left_out(optional)] == ["tour", "follow-up"]
    fallback = {"rule": "2 days after done", "fallback": "on contract.start"}
    told = by_item(expanded(ready(away, item("follow-up", after="tour", due=fallback))))
    assert told["follow-up"].waits is None
    assert told["follow-up"].due_at is not None


def test_an_item_is_not_made_before_its_moment_of_creation() -> None:
    found = expanded(ready(item(create="5 business days before due"), item("now", create="now")))
    tasks = by_item(found)
    assert tasks["now"].waits is None
    waits = tasks["access-card"].waits
    assert waits is not None
    assert waits.until == Instant("2026-11-23T08:00:00Z")  # Monday before Monday 30 November, opening time in Madrid
    assert waits.items == ()
    assert found.ordered


def test_the_default_moment_of_creation_is_for_items_with_a_due() -> None:
    found = by_item(expanded(ready(item(), item("bare", due=None), defaults={"create": "1 day before due"})))
    assert found["access-card"].waits is not None
    assert found["bare"].waits is None
    assert faults(item("bare", due=None, create="1 day before due")) == [
        (("items", 0, "create"), "this counts back from the due, and the item has none")
    ]


def test_done_is_a_day_only_for_items_that_come_after_others() -> None:
    assert [path for path, _ in faults(item(due="on done"))] == [("items", 0, "due", "rule")]


# what holds for all of them


def test_the_mark_stands_below_the_checklist() -> None:
    (task,) = expanded(ready(item(notes="Look", checklist=["One"]))).wanted
    notes = task.payload(task_list_name="Welcome", due_at=None, with_mark=True)["Notes"]
    lines = notes.split("\n")
    assert lines[:4] == ["Look", "", "- [ ] One", ""]
    assert lines[4].startswith("ref: ")
    assert len(lines) == 5


SAYINGS: dict[str, list[Any]] = {
    "name": ["Card", {"en": "Card", "es": "Tarjeta"}],
    "notes": [None, "N", {"es": "N"}],
    "phase": [None, "P", {"en": "P"}],
    "checklist": [None, ["A"], ["A", {"line": "B", "when": "coworker.active"}]],
    "optional": [None, True, False],
    "create": [None, "now", "3 days before due"],
    "gate": [None, True],
    "after": [None, "access-card"],
}


@settings(derandomize=True, max_examples=100)
@given(st.fixed_dictionaries({name: st.sampled_from(values) for name, values in SAYINGS.items()}))
def test_nothing_that_an_item_says_of_itself_changes_which_task_it_is(says: dict[str, Any]) -> None:
    plain = by_item(expanded(ready(item(), item("tour"))))
    found = by_item(expanded(ready(item(), item("tour", **says))))
    assert {name: task.identity for name, task in found.items()} == {
        name: task.identity for name, task in plain.items()
    }
    assert found["tour"].due_at == plain["tour"].due_at
    assert (found["tour"].waits is None) is (says["create"] in {None, "now"} and not says["after"])


@settings(derandomize=True, max_examples=60)
@given(st.permutations(["a", "b", "c", "d"]), st.sets(st.sampled_from("abcd")))
def test_a_chain_opens_one_item_after_the_other_wherever_they_stand_in_the_file(
    order: list[str], completed: set[str]
) -> None:
    chain = {"b": "a", "c": "b", "d": "c"}
    prepared = ready(*[item(name, after=chain.get(name)) for name in order])
    found = expanded(prepared, facts(done={(name, ""): MORNING for name in completed}))
    assert [task.item for task in found.wanted] == order
    waiting = {task.item: task.waits for task in found.wanted}
    for name, before in chain.items():
        assert (waiting[name] is None) is (before in completed)
