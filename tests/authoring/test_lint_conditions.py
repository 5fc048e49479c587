"""Conditions that decide nothing are found, each with its word and its place; sound ones are not."""

from __future__ import annotations

from pathlib import Path

import pytest
from lint_given import checked, conditions, items, warnings

ALWAYS_FALSE = [
    "false",
    "1 == 2",
    "'a' | upper == 'a'",
    "not true",
    "coworker.id == 1 and coworker.id == 2",
    "coworker.id > 3 and coworker.id < 4",
    "coworker.id != coworker.id",
    "coworker.active and not coworker.active",
    "coworker.active == true and coworker.active == none",
    "contract.start > '2026-01-01' and contract.start <= '2026-01-01'",
    "contract.start > '2026-01-01' and contract.start < '2026-01-02'",
    "contract.price > 10 and contract.price < 9.5",
    "contract.price > 10 and contract.price <= 10",
    "coworker.tag in ['a', 'b'] and coworker.tag not in ['b', 'a', 'c']",
    "coworker.tag == 'abc' and 'z' in coworker.tag",
    "'ab' in coworker.tag and 'a' not in coworker.tag",
    "coworker.email | lower == 'a' and coworker.email|lower == 'b'",
    "contract.start < contract.renewal and contract.renewal <= contract.start",
    "contract == none and contract.active",
    "contract.desks | length < 0",
    "coworker.visits < 0",
    "contract.cancellation == none and contract.cancellation > '2026-01-01'",
    "5 in coworker.teams and 5 not in coworker.teams",
    "coworker.tag < ''",
    "(false if coworker.active else true) and coworker.active",
    "3 > coworker.id and 3 < coworker.id",
    "1 < coworker.id < 2",
    "coworker.custom.wants_locker and coworker.custom.wants_locker == false",
]

ALWAYS_TRUE = [
    "true",
    "1 < 2 < 3",
    "coworker.id == 1 or coworker.id != 1",
    "coworker.id < 5 or coworker.id > 3",
    "contract.cancellation != none or contract.cancellation == none",
    "coworker.full_name == coworker.full_name",
    "not (coworker.active and not coworker.active)",
    "coworker.tag != 'a' or coworker.tag != 'b'",
    "contract.desks | length >= 0",
    "coworker.active or coworker.active == false",
    "contract.start <= contract.renewal or contract.start > contract.renewal",
]

SOUND = [
    "coworker.active",
    "coworker.id > 3 and coworker.id < 5",
    "contract.price > 10 and contract.price < 10.5",
    "contract.start >= '2026-01-01' and contract.start <= '2026-01-01'",
    "contract.cancellation != none and contract.cancellation > contract.start",
    "coworker.tag == 'a' or coworker.tag == 'b'",
    "coworker.tag in ['a', 'b'] and coworker.tag != 'a'",
    "'a' in coworker.tag and 'b' not in coworker.tag",
    "coworker.email | lower == 'a' and coworker.email == 'A'",
    "contract == none or contract.active",
    "coworker.visits >= 3",
    "coworker.visits == 0",
    "location.key == 'london' or location.key == 'barcelona'",
    "location.vars.card_system == 'Salto'",
    "coworker.coworker_type == 2",
    "event.name == 'contract.created' or event.name == 'by hand'",
    "contract.desks | length > 0 and contract.desks | length < 2",
    "coworker.teams | length == 0 or 5 in coworker.teams",
    "signup < event",
    "coworker.tag > 'a' and coworker.tag < 'b'",
]


@pytest.mark.parametrize("source", ALWAYS_FALSE)
def test_a_condition_that_no_facts_make_true_is_found(source: str, tmp_path: Path) -> None:
    found = checked(tmp_path, conditions(source))
    assert [one.code for one in found.problems] == ["always-false"]
    assert found.problems[0].what == "this is never true, so the item is never made"
    assert found.lists  # a warning keeps nobody from running it


@pytest.mark.parametrize("source", ALWAYS_TRUE)
def test_a_condition_that_no_facts_make_false_is_found(source: str, tmp_path: Path) -> None:
    told = checked(tmp_path, conditions(source)).problems
    assert [one.code for one in told] == ["always-true"]


def test_nothing_is_said_of_conditions_that_decide(tmp_path: Path) -> None:
    assert warnings(checked(tmp_path, conditions(*SOUND))) == []


def test_three_cases_of_a_flag_leave_no_other(tmp_path: Path) -> None:
    source = "coworker.active == true or coworker.active == false or coworker.active == none"
    assert warnings(checked(tmp_path, conditions(source))) == ["5:30 always-true"]


def test_only_the_part_that_is_wrong_is_named(tmp_path: Path) -> None:
    source = "coworker.active and (coworker.id == 1 and coworker.id == 2 or coworker.tag == 'x')"
    (told,) = checked(tmp_path, conditions(source)).problems
    assert (told.code, told.what) == ("always-false", "this part of the condition is never true")
    assert told.found == "'coworker.id == 1 and coworker.id == 2'"
    assert told.place.column == 31 + source.index("coworker.id")


AGAINST = [
    ("when: coworker.active", "not coworker.active", "applies.when is 'coworker.active'"),
    ("when: coworker.visits > 5", "coworker.visits < 3", "applies.when is 'coworker.visits > 5'"),
    ("tariffs: [Hot Desk]", "contract.tariff_name == 'Dedicated Desk'", "applies.tariffs has Hot Desk"),
    ("tariffs: [Hot Desk]", "contract.tariff_name != 'Hot Desk'", "applies.tariffs has Hot Desk"),
    ("tariffs: [Hot Desk]", "contract == none", "applies.tariffs has Hot Desk"),
    ("tariffs: [{tariff: 7}]", "contract.tariff_id == 8", "applies.tariffs has tariff 7"),
    ("locations: [barcelona]", "location.key == 'london'", "the list runs at barcelona"),
    ("on: [contract.created]", "location.key == 'paris'", "there is no such location"),
    ("on: [contract.created]", "event.name == 'contract.deactivated'", "there is no such event"),
    ("on: [contract.created]", "coworker.coworker_type == 3", "coworker_type is 1 (individual) or 2 (company)"),
]


@pytest.mark.parametrize(("applies", "source", "reason"), AGAINST)
def test_an_item_for_nobody_of_the_list_is_found_with_the_reason(
    applies: str, source: str, reason: str, tmp_path: Path
) -> None:
    (told,) = checked(tmp_path, conditions(source, before=f"applies: {{{applies}}}\n")).problems
    assert (told.code, told.what) == ("never-reached", f"this is never true here, so the item is never made: {reason}")


def test_two_reasons_are_named_where_both_are_needed(tmp_path: Path) -> None:
    before = "applies: {when: coworker.visits > 2 or location.key == 'london', locations: [barcelona]}\n"
    (told,) = checked(tmp_path, conditions("coworker.visits < 2", before=before)).problems
    assert told.what.endswith(
        "applies.when is 'coworker.visits > 2 or location.key == 'london'', and the list runs at barcelona"
    )


def test_a_mistyped_location_and_event_name_the_nearest(tmp_path: Path) -> None:
    told = checked(tmp_path, conditions("location.key == 'barcelna'", "event.name == 'contract.create'")).problems
    assert [one.nearest for one in told] == ["barcelona", "contract.created"]


def test_a_mistyped_name_is_found_beside_a_good_one(tmp_path: Path) -> None:
    (told,) = checked(tmp_path, conditions("location.key == 'london' or location.key == 'barcelna'")).problems
    assert (told.code, told.found, told.nearest) == ("never-reached", "\"location.key == 'barcelna'\"", "barcelona")


@pytest.mark.parametrize(
    ("applies", "source"),
    [
        ("when: coworker.active", "coworker.active"),
        ("when: coworker.active and coworker.visits > 3", "coworker.visits > 1"),
        ("tariffs: [Hot Desk]", "contract.tariff_name != 'Dedicated Desk'"),
        ("locations: [barcelona]", "location.key == 'barcelona'"),
        ("tariffs: [Hot Desk]", "contract != none"),
    ],
)
def test_what_applies_says_already_is_found(applies: str, source: str, tmp_path: Path) -> None:
    (told,) = checked(tmp_path, conditions(source, before=f"applies: {{{applies}}}\n")).problems
    assert told.code == "implied"


def test_plans_are_compared_as_applies_does(tmp_path: Path) -> None:
    before = "applies: {tariffs: [' hot desk ', Dedicated]}\n"
    assert warnings(checked(tmp_path, conditions("contract.tariff_name == 'Hot Desk'", before=before))) == []


def test_an_applies_for_nobody_is_found(tmp_path: Path) -> None:
    before = "applies: {tariffs: [Hot Desk], when: contract.tariff_name == 'Day'}\n"
    (told,) = checked(tmp_path, items("{id: a, name: A}", before=before)).problems
    assert told.what == "this is never true here, so the list is for nobody: applies.tariffs has Hot Desk"


def test_a_default_condition_is_told_once_at_its_place(tmp_path: Path) -> None:
    head = "tasklist: broken\nname: Welcome\ndefaults: {responsible: front-desk, when: 1 == 2}\n"
    found = checked(tmp_path, items("{id: a, name: A}", "{id: b, name: B}"), head=head)
    assert warnings(found) == ["3:43 always-false"]


def test_visits_asked_for_with_equals_are_advised_against(tmp_path: Path) -> None:
    (told,) = checked(tmp_path, conditions("coworker.active and coworker.visits == 3")).problems
    assert told.code == "visits-equal"
    assert told.corrected == '"coworker.active and coworker.visits >= 3"'


def test_a_line_of_a_checklist_for_nobody_is_found(tmp_path: Path) -> None:
    line = "{id: a, name: A, when: coworker.active, checklist: [Scan, {line: Ask, when: not coworker.active}]}"
    (told,) = checked(tmp_path, items(line)).problems
    assert (told.code, told.what) == (
        "never-reached",
        "this is never true here, so the line is never written: the item has its own condition",
    )


def test_branches_of_texts_that_nobody_sees_are_found(tmp_path: Path) -> None:
    notes = "{% if coworker.active %}a{% elif not coworker.active %}b{% elif coworker.tag == 'x' %}c{% endif %}"
    (told,) = checked(tmp_path, items(f'{{id: a, name: A, notes: "{notes}"}}')).problems
    assert (told.code, told.found) == ("never-reached", "\"coworker.tag == 'x'\"")
    assert told.what.endswith("the conditions before it take all cases")


def test_a_choice_inside_braces_that_is_none_is_found(tmp_path: Path) -> None:
    notes = "{{ 'a' if coworker.id == coworker.id else 'b' }}"
    assert warnings(checked(tmp_path, items(f'{{id: a, name: A, notes: "{notes}"}}'))) == ["5:40 always-true"]


def test_the_thing_of_a_loop_inside_a_text_is_free(tmp_path: Path) -> None:
    notes = "{% for desk in contract.desks %}{% if desk.name == 'A' or desk.available %}x{% endif %}{% endfor %}"
    assert warnings(checked(tmp_path, items(f'{{id: a, name: A, notes: "{notes}"}}'))) == []


def test_a_condition_on_the_thing_of_for_each_is_read(tmp_path: Path) -> None:
    line = "{{id: a, name: 'A {{{{ desk.name }}}}', for_each: {{desk: contract.desks}}, when: {}}}"
    wrong = line.format("desk.item_type == 1 and desk.item_type == 2")
    assert warnings(checked(tmp_path, items(wrong))) == ["5:80 always-false"]


def test_too_many_cases_to_try_are_left_alone(tmp_path: Path) -> None:
    parts = " and ".join(f"(coworker.id != {at} or coworker.tag != 't{at}')" for at in range(18))
    assert warnings(checked(tmp_path, conditions(f"{parts} and coworker.active"))) == []
