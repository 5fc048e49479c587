"""Names told twice, orders that mean nothing, things declared and never named, and what a file allows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from authoring_given import sound_folder, tasklists
from lint_given import HEAD, checked, conditions, items, warnings

from engine.authoring.check import check_folder
from engine.authoring.folder import Folder
from engine.core.lint_codes import LIST_CODES

LOOP = "for_each: {desk: contract.desks}"


def test_two_tasks_of_one_name_are_found_at_the_second(tmp_path: Path) -> None:
    (told,) = checked(tmp_path, items("{id: a, name: Call}", "{id: b, name: ' Call ', notes: x}")).problems
    assert (told.code, told.place.line, told.found) == ("same-name", 6, "'Call'")
    assert told.what == "'b' and 'a' make two tasks of one name: the other stands on line 5"


@pytest.mark.parametrize(
    "second",
    [
        "{id: b, name: Call, when: not coworker.active}",
        "{id: b, name: Call, when: false and coworker.active}",
        "{id: b, name: Call, once_per: team}",
        "{id: b, name: call}",
    ],
)
def test_nothing_is_said_of_one_name_that_no_coworker_meets_twice(second: str, tmp_path: Path) -> None:
    told = warnings(checked(tmp_path, items("{id: a, name: Call, when: coworker.active}", second)))
    assert [one for one in told if one.endswith("same-name")] == []


def test_one_name_in_one_language_is_enough(tmp_path: Path) -> None:
    lines = items("{id: a, name: {en: Call, es: Llamar}}", "{id: b, name: {en: Ring, es: Llamar}}")
    assert warnings(checked(tmp_path, lines)) == ["6:19 same-name"]


def test_a_loop_whose_name_does_not_tell_its_things_apart_is_found(tmp_path: Path) -> None:
    lines = items(f"{{id: a, name: Key, {LOOP}}}", f"{{id: b, name: 'B {{{{ desk.name }}}}', {LOOP}}}")
    told = checked(tmp_path, lines)
    assert warnings(told) == ["5:19 same-name"]
    assert told.problems[0].what.startswith("each desk of contract.desks gets a task of this name")


def test_two_loops_over_the_same_things_with_one_name_are_found(tmp_path: Path) -> None:
    name = "name: 'Key {{ desk.name }}'"
    lines = items(f"{{id: a, {name}, {LOOP}}}", f"{{id: b, {name}, {LOOP}, notes: x}}")
    assert warnings(checked(tmp_path, lines)) == ["6:19 same-name"]


def test_an_item_after_what_nobody_gets_waits_for_nothing(tmp_path: Path) -> None:
    before = "applies: {when: coworker.active}\n"
    lines = items("{id: a, name: A, when: not coworker.active}", "{id: b, name: B, after: a}", before=before)
    found = checked(tmp_path, lines)
    assert warnings(found) == ["6:28 never-reached", "7:29 after-nothing"]
    assert found.problems[1].what == "nobody gets a, so it waits for nothing"


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("", "so `done` never has a day: every run fails"),
        (", optional: true", "so `done` never has a day and it is always left out"),
    ],
)
def test_a_due_on_what_is_never_done_is_told(more: str, told: str, tmp_path: Path) -> None:
    lines = items("{id: a, name: A, when: 1 == 2}", f"{{id: b, name: B, after: [a], due: 1 day after done{more}}}")
    assert checked(tmp_path, lines).problems[1].what == f"nobody gets a, {told}"


def test_an_item_after_something_that_some_get_is_sound(tmp_path: Path) -> None:
    lines = items("{id: a, name: A, when: coworker.active}", "{id: b, name: B, after: a, due: 1 day after done}")
    assert warnings(checked(tmp_path, lines)) == []


def test_a_gate_with_nothing_below_it_is_found(tmp_path: Path) -> None:
    lines = items("{id: a, name: A, gate: true}", "{id: b, name: B}", "{id: c, name: C, gate: true}")
    assert warnings(checked(tmp_path, lines)) == ["7:28 idle-gate"]


def test_inputs_that_nothing_names_are_found(tmp_path: Path) -> None:
    kinds = "a: {default: x}, b: {type: date, default: 2026-12-01}, c: {type: list, default: [x]}, d: {default: y}"
    lines = items(
        "{id: a, name: '{{ inputs.a }}', due: 1 day after inputs.b}",
        "{id: b, name: 'B {{ it }}', for_each: {it: inputs.c}}",
        before=f"inputs: {{{kinds}}}\n",
    )
    found = checked(tmp_path, lines)
    assert [one.what for one in found.problems] == ["nothing in the list names the input 'd'"]
    assert found.problems[0].code == "unused-input"


def test_an_input_that_only_an_overlay_names_is_in_use(tmp_path: Path) -> None:
    before = "inputs: {gift: {default: x}}\noverlays: {london: {items: [{id: a, notes: '{{ inputs.gift }}'}]}}\n"
    assert warnings(checked(tmp_path, items("{id: a, name: A}", before=before))) == []


def test_named_days_that_nothing_names_are_found(tmp_path: Path) -> None:
    days = "anchors: {eve: 1 day before contract.start, base: 2 days after contract.start, "
    days += "from_base: 1 day after base, shown: contract.renewal, unused: contract.start}\n"
    lines = items("{id: a, name: '{{ shown | date }}', due: on from_base, when: eve != none}", before=days)
    found = checked(tmp_path, lines)
    assert [one.what for one in found.problems] == ["nothing in the list names the day 'unused'"]


def test_a_role_that_no_list_names_is_found(tmp_path: Path) -> None:
    found = checked(tmp_path, items("{id: a, name: A}", "{id: b, name: B, responsible: host}"), "roles: {x: {}}\n")
    assert [(one.code, one.what.split("'")[1]) for one in found.problems] == [
        ("unused-role", "locksmith"),
        ("unused-role", "x"),
    ]


def test_roles_are_not_looked_for_while_anything_is_wrong(tmp_path: Path) -> None:
    found = checked(tmp_path, items("{id: a, name: A, responsible: nobody}"), "roles: {x: {}}\n")
    assert [one.severity for one in found.problems] == ["error"]


def test_a_list_allows_a_warning_by_its_word(tmp_path: Path) -> None:
    assert warnings(checked(tmp_path, conditions("1 == 2", before="allow: always-false\n"))) == []
    both = "allow: [always-false, same-name]\n"
    lines = items("{id: a, name: A, when: 1 == 2}", "{id: b, name: B}", "{id: c, name: B, notes: x}", before=both)
    (tmp_path / "more").mkdir()
    assert warnings(checked(tmp_path / "more", lines)) == []


def test_an_allow_that_silences_nothing_is_told(tmp_path: Path) -> None:
    found = checked(tmp_path, conditions("1 == 2", before="allow: [always-false, idle-gate, always-false]\n"))
    assert warnings(found) == ["4:23 unused-allow", "4:34 unused-allow"]
    assert found.problems[0].what == "nothing of 'idle-gate' is found here, so there is nothing to allow"


def test_an_unknown_word_is_an_error_with_the_nearest(tmp_path: Path) -> None:
    found = checked(tmp_path, items("{id: a, name: A}", before="allow: [alway-false]\n"))
    (told,) = found.errors
    assert (told.nearest, told.place.line) == ("always-false", 4)
    assert told.allowed == ", ".join(LIST_CODES)


def test_an_error_is_never_allowed(tmp_path: Path) -> None:
    found = checked(tmp_path, conditions("coworker.activ", before="allow: always-true\n"))
    assert [one.severity for one in found.problems] == ["error"]


def test_older_warnings_have_a_word_too(tmp_path: Path) -> None:
    before = "applies: {on: [invoice.paid]}\ninputs: {k: {type: date}}\n"
    lines = items("{id: a, name: A, due: inputs.k}", "{id: b, name: B, notify_by_email: true}", before=before)
    assert [one.split()[1] for one in warnings(checked(tmp_path, lines))] == ["not-swept", "no-default", "no-due"]
    (tmp_path / "more").mkdir()
    allowed = "allow: [not-swept, no-default, no-due]\n"
    assert warnings(checked(tmp_path / "more", allowed + lines)) == []


def test_a_part_from_another_list_may_be_of_use_there(tmp_path: Path) -> None:
    folder = sound_folder(tmp_path)
    shared = HEAD.replace("broken", "shared") + "abstract: true\ninputs: {gift: {default: x}}\n"
    plan = "contract.tariff_name == '{}'"
    shared += items(
        f'{{id: a, name: A, when: "{plan.format("Day")}"}}',
        f'{{id: b, name: B, when: "{plan.format("Week")}"}}',
    )
    (folder / "shared.yaml").write_text(shared, "utf-8")
    for name, more in (("day", "applies: {tariffs: [Day]}\n"), ("week", "applies: {tariffs: [Week], when: 1 == 2}\n")):
        (folder / f"{name}.yaml").write_text(f"tasklist: {name}\nextends: shared\n{more}", "utf-8")
    found = check_folder(Folder(folder, "lists"))
    assert [(one.place.file, one.code) for one in found.problems] == [("lists/week.yaml", "always-false")]


def test_what_an_extended_list_allows_is_allowed_below(tmp_path: Path) -> None:
    folder = sound_folder(tmp_path)
    base = HEAD.replace("broken", "base") + "abstract: true\nallow: [always-false, no-due]\n"
    (folder / "base.yaml").write_text(base + conditions("1 == 2"), "utf-8")
    (folder / "plain.yaml").write_text("tasklist: plain\nextends: base\n", "utf-8")
    (folder / "strict.yaml").write_text("tasklist: strict\nextends: base\nallow: no-due\n", "utf-8")
    found = check_folder(Folder(folder, "lists"))
    assert [one.code for one in found.of_list["plain"]] == []
    assert sorted(one.code for one in found.of_list["strict"]) == ["always-false", "unused-allow"]


def test_an_overlay_that_drops_what_others_wait_for_is_an_error(tmp_path: Path) -> None:
    before = "overlays: {london: {items: [{id: a, drop: true}]}}\n"
    found = checked(tmp_path, items("{id: a, name: A}", "{id: b, name: B, after: a}", before=before))
    (told,) = found.problems
    assert told.severity == "error"
    assert told.what == "at london: there is no item 'a'"


def test_what_is_wrong_at_one_location_only_says_so(tmp_path: Path) -> None:
    before = "overlays: {london: {items: [{id: a, when: 1 == 2}]}}\n"
    (told,) = checked(tmp_path, items("{id: a, name: A}", before=before)).problems
    assert told.what == "at london: this is never true, so the item is never made"


def test_an_overlay_elsewhere_makes_no_condition_on_the_location_idle(tmp_path: Path) -> None:
    before = "overlays: {london: {name: Hello}}\n"
    lines = conditions("location.key == 'london'", "location.key == 'barcelona'", before=before)
    assert warnings(checked(tmp_path, lines)) == []


def test_a_word_stands_in_every_form_of_output(tmp_path: Path) -> None:
    folder = sound_folder(tmp_path)
    (folder / "broken.yaml").write_text(HEAD + conditions("1 == 2"), "utf-8")
    told = "this is never true, so the item is never made, found '1 == 2' [always-false]"
    assert tasklists("check", "--dir", str(folder)).out.endswith(f"warning: {told}\n")
    assert tasklists("check", "--dir", str(folder), "--format", "github").out.endswith(f"::{told}\n")
    (problem,) = json.loads(tasklists("check", "--dir", str(folder), "--format", "json").out)["problems"]
    assert problem["code"] == "always-false"
    assert tasklists("check", "--dir", str(folder)).code == 0
