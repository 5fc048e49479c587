"""Cases of a list: every mistake in their file with its place, and every field that differs told alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from cases_given import LIST, SAVED, command_in, folder_with

STARTS = "{start: 2026-12-10}"

WRONG = [
    ("facts: {coworker: {full_nam: A}}", "full_nam", "no fact 'full_nam'", "nearest: full_name"),
    ("facts: {contract: {strat: 2026-12-10}}", "strat", "no fact 'strat'", "nearest: start"),
    ("facts: {contract: {start: soon}}", "soon", "must be a date", "YYYY-MM-DD"),
    ("now: noon", "noon", "this is no moment", "2026-12-01 09:30"),
    ("now: 2026-12-01, expect: [crad]", "crad", "no item 'crad'", "nearest: card"),
    ("now: 2026-12-01, left_out: {lockr: x}", "lockr", "no item 'lockr'", "nearest: locker"),
    ("now: 2026-12-01, expect: ['card[7]']", "'card[7]'", "has no for_each", "card"),
    ("now: 2026-12-01, at: barclona", "barclona", "no location 'barclona'", "nearest: barcelona"),
    ("now: 2026-12-01, expects: []", "expects", "the key 'expects' is not known", "nearest: expect"),
    ("only: true", "a, only", "the case says no moment", "now: 2026-11-20 10:00"),
    ("now: 2026-12-01}\n  - {case: a, now: 2026-12-01", "a, now: 2026-12-01}\n", "two cases", "'a'"),
    ("now: 2026-12-01, facts: nobody", "nobody", "no saved member 'nobody'", "marta"),
    ("now: 2026-12-01, facts: {inputs: {x: 1}}", "x: 1", "no input 'x'", ""),
    ("now: 2026-12-01, due: {card: someday}", "{card: someday}", "someday", ""),
    ("now: 2026-12-01, error: refused, expect: [card]", "refused", "a case that is refused", ""),
    (
        "now: 2026-12-01, facts: {coworker: {custom: {wants_lockr: true}}}",
        *("wants_lockr", "no fact 'wants_lockr'", "nearest: wants_locker"),
    ),
    (
        "now: 2026-12-01, facts: {coworker: {custom: {wants_locker: yes}}}",
        *("yes", "must be true or false", "true, false"),
    ),
    ("now: 2026-12-01, facts: {contract: {id: none}}", "none", "a contract has an id", ""),
    ("now: 2026-12-01, left_out: [{card: x}]", "[{card: x}]", "a mapping of items to reasons", ""),
    ("now: 2026-12-01, expect: [{item: card, due: tomorrow}]", "tomorrow", "local day and time", ""),
]


@pytest.mark.parametrize(("text", "spot", "what", "more"), WRONG, ids=[one[2] for one in WRONG])
def test_a_mistake_is_told_with_its_place(
    text: str, spot: str, what: str, more: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = folder_with(tmp_path, f"cases:\n  - {{case: a, {text}}}\n")
    (folder / "tests" / "facts" / "marta.json").write_bytes((SAVED / "new-member.json").read_bytes())
    told = command_in(folder, capsys)("check")
    assert told.code == 2
    found = next(one for one in told.out.splitlines() if what in one)
    assert f"tests/welcome.yaml:{place_in(folder, spot)}: " in found
    assert more in found
    assert command_in(folder, capsys)("test").code == 2


def place_in(folder: Path, spot: str) -> str:
    """Return line and column of a text in the file of cases, of its last occurrence."""
    whole = (folder / "tests" / "welcome.yaml").read_text("utf-8")
    before = whole[: whole.rindex(spot)]
    return f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def test_a_file_without_a_case_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = command_in(folder_with(tmp_path, "cases: []\n"), capsys)("check")
    assert told.code == 2
    assert "tests/welcome.yaml:2:8: there is no case" in told.out


def test_a_mistake_in_cases_stops_no_preview(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = folder_with(tmp_path, "cases: [{case: a}]")
    told = command_in(folder, capsys)("rehearse", "welcome", "--from", "2026-12-01", "--days", "5")
    assert told.code == 0


def test_cases_of_no_list_are_told_with_the_nearest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = folder_with(tmp_path)
    (folder / "tests" / "welcom.yaml").write_text("tasklist: welcom\ncases: []\n", "utf-8")
    told = command_in(folder, capsys)("check")
    assert told.code == 2
    assert "there is no such list" in told.out
    assert "nearest: welcome" in told.out


def test_cases_are_no_lists(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = folder_with(tmp_path, f"cases: [{{case: a, facts: {{contract: {STARTS}}}}}]")
    told = command_in(folder, capsys)("check", "--format", "json")
    assert told.json["lists"] == ["welcome"]


FAILING = [
    ("{item: card, due: 2026-12-09 11:00}", "due", "Wed 2026-12-09 11:00", "Wed 2026-12-09 10:00"),
    ("{item: card, due: 2026-12-08}", "due", "Tue 2026-12-08", "Wed 2026-12-09 10:00"),
    ("{item: card, due: none}", "due", "none", "Wed 2026-12-09 10:00"),
    ("{item: card, name: Card}", "name", "Card", "Card for Marta"),
    ("{item: card, name: {contains: Martha}}", "name", "contains 'Martha'", "Card for Marta"),
    ("{item: card, notes: {lacks: desk}}", "notes", "lacks 'desk'", "Give it at the desk."),
    ("{item: card, responsible: ben@acme.example}", "responsible", "ben@acme.example", "ana@acme.example"),
    ("{item: card, phase: Before}", "phase", "Before", ""),
    ("{item: card, action: wait}", "action", "wait", "create"),
    ("{item: card, waits: true}", "waits", "true", "false"),
    ("{item: card, late: true}", "late", "true", "false"),
    ("{item: card, notify_by_email: true}", "notify_by_email", "true", "false"),
    ("{item: card, display_to_everyone: true}", "display_to_everyone", "true", "false"),
    ("{item: locker}", "task", "a task", "condition false"),
]


@pytest.mark.parametrize(("expected", "field", "wanted", "found"), FAILING, ids=[one[0] for one in FAILING])
def test_a_field_that_differs_is_told_at_its_place(
    expected: str, field: str, wanted: str, found: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = f"""cases:
  - case: a plain member
    facts: {{coworker: {{full_name: Marta}}, contract: {STARTS}}}
    only: false
    expect:
      - {expected}
"""
    told = command_in(folder_with(tmp_path, cases), capsys)("test", "--format", "json")
    assert told.code == 3
    (failure,) = told.json["cases"][0]["failures"]
    assert (failure["field"], failure["expected"]) == (field, wanted)
    assert found in failure["found"]
    assert failure["line"] == 7
    assert failure["column"] >= 9


RIGHT = """cases:
  - case: all of it
    facts: {coworker: {full_name: Marta, custom: {wants_locker: true}}, contract: {start: 2026-12-10, term_end: none}}
    expect:
      - {item: card, name: Card for Marta, notes: {contains: [desk, Give], lacks: locker}, due: 2026-12-09 10:00}
      - {item: locker, due: 2026-12-10, responsible: ana@acme.example, late: false, action: create, waits: false}
    warnings: []
"""


def test_a_case_that_holds_exits_0_and_says_how_many(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = command_in(folder_with(tmp_path, RIGHT), capsys)("test")
    assert told == (0, "", "tried 1 case of 1 list: all hold\n")


def test_a_task_that_nobody_expects_fails_the_case(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = f"cases: [{{case: a, facts: {{contract: {STARTS}}}, expect: []}}]"
    told = command_in(folder_with(tmp_path, cases), capsys)("test")
    assert told.code == 3
    assert "expected no task" in told.out
    assert "found    due 2026-12-09 10:00, ana@acme.example" in told.out


def test_a_case_may_expect_to_be_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = "cases: [{case: nobody's contract, now: 2026-12-01, facts: {contract: none}, error: no contract}]"
    call = command_in(folder_with(tmp_path, cases), capsys)
    assert call("test").code == 0
    file = tmp_path / "tasklists" / "tests" / "welcome.yaml"
    file.write_text(file.read_text("utf-8").replace("error: no contract", "error: no money"), "utf-8")
    told = call("test")
    assert told.code == 3
    assert "expected no money" in told.out


def test_a_warning_may_be_expected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = f"""cases:
  - case: archived
    facts: {{coworker: {{archived: true}}, contract: {STARTS}}}
    warnings: is archived
  - case: not archived
    facts: {{contract: {STARTS}}}
    warnings: is archived
"""
    told = command_in(folder_with(tmp_path, cases), capsys)("test", "--format", "json")
    assert [one["passed"] for one in told.json["cases"]] == [True, False]


def test_one_case_at_several_locations_expects_other_people_by_location(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = f"""cases:
  - case: both
    at: [barcelona, london]
    facts: {{contract: {STARTS}}}
    expect:
      - {{item: card, responsible: ana@acme.example, at: barcelona}}
      - {{item: card, responsible: omar@acme.example, at: london}}
"""
    told = command_in(folder_with(tmp_path, cases), capsys)("test", "--format", "json")
    assert [(one["location"], one["passed"]) for one in told.json["cases"]] == [("barcelona", True), ("london", True)]


def test_what_is_given_for_all_cases_is_merged_with_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = """given:
  facts: {coworker: {full_name: Marta}, contract: {start: 2026-12-10}}
cases:
  - {case: as given, expect: [{item: card, name: Card for Marta, due: 2026-12-09}]}
  - case: later
    facts: {contract: {start: 2026-12-17}}
    expect: [{item: card, name: Card for Marta, due: 2026-12-16}]
"""
    assert command_in(folder_with(tmp_path, cases), capsys)("test").code == 0


TEAM = """tasklist: welcome
name: Welcome
anchor: contract.start
defaults: {responsible: front-desk}
items:
  - {id: card, name: Card, due: on contract.start}
  - {id: sign, once_per: team, name: "Door sign of {{ team.name }}", due: on contract.start}
  - {id: seats, name: "{{ team.members | length }} seats", when: coworker.active}
"""


def test_a_team_is_told_in_a_few_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = """given: {facts: {contract: {start: 2026-12-10}}}
cases:
  - case: the one who pays
    facts: {team: {name: Acme, members: [Ana Sol, Ben Ray, Cy Lee]}}
    expect: [card, {item: sign, name: Door sign of Acme}, {item: seats, name: 3 seats}]
  - case: another member
    facts: {team: {name: Acme, paying_member_id: 77}}
    expect: [card, seats]
    left_out: {sign: ''}
"""
    told = command_in(folder_with(tmp_path, cases, tasklist=TEAM), capsys)("test")
    assert told.code == 0, told.out + told.err


def test_a_member_may_have_no_team(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tasklist = TEAM.replace('  - {id: seats, name: "{{ team.members | length }} seats", when: coworker.active}\n', "")
    alone = "{case: alone, facts: {team: none, contract: {start: 2026-12-10}}, expect: [card], left_out: [sign]}"
    cases = f"cases: [{alone}]"
    told = command_in(folder_with(tmp_path, cases, tasklist=tasklist), capsys)("test")
    assert told.code == 0, told.out + told.err


def test_a_loop_is_told_apart_by_its_keys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tasklist = LIST + "  - {id: desk, for_each: {desk: contract.desks}, name: 'Desk {{ desk.name }}'}\n"
    cases = """cases:
  - case: two desks
    facts: {contract: {start: 2026-12-10, desks: [Window, {id: 77, name: Door}]}}
    expect: [card, {item: desk, name: Desk Window}, 'desk[77]']
"""
    told = command_in(folder_with(tmp_path, cases, tasklist=tasklist), capsys)("test")
    assert told.code == 0, told.out
