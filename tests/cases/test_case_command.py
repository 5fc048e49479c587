"""`tasklists test`: its outputs, the new file that it writes on demand, and what no case reaches."""

from __future__ import annotations

import shutil
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from cases_given import EXPLAINED, LIST, command_in, folder_with, shipped
from test_output_schemas import faults

from engine.cli.output_schemas import OUTPUTS

BAD = """# the cases of the welcome list
cases:
  # first
  - case: "a < b & 'c'"
    facts: {coworker: {full_name: Marta}, contract: {start: 2026-12-10}}
    expect:
      - {item: card, name: {contains: Card}, due: 2026-12-08}   # the day before
    left_out: [locker]
    # kept

  - case: it holds
    facts: {contract: {start: 2026-12-10}}
    expect: [card]
"""


def test_the_report_names_place_field_and_the_steps_to_the_date(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = command_in(folder_with(tmp_path, BAD), capsys)("test")
    assert told.code == 3
    assert "tests/welcome.yaml:8:51: card: due\n    expected Tue 2026-12-08\n    found    Wed 2026-12-09" in told.out
    assert "    because  contract.start is Thu 10 Dec 2026" in told.out
    assert "tried 2 cases of 1 list: 1 failed" in told.err


def test_github_is_told_the_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = command_in(folder_with(tmp_path, BAD), capsys)("test", "--format", "github")
    (line,) = told.out.splitlines()
    assert line.startswith("::error file=")
    assert ",line=8,col=51::a < b & 'c' (barcelona): card: due: expected Tue 2026-12-08, found Wed" in line


def test_junit_is_sound_xml_with_a_case_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = command_in(folder_with(tmp_path, BAD), capsys)("test", "--format", "junit")
    root = ET.fromstring(told.out)
    names = [one.get("name") for one in root.iter("testcase")]
    assert names == ["a < b & 'c' (barcelona)", "it holds (barcelona)"]
    assert len(list(root.iter("failure"))) == 1


def test_the_json_is_what_the_schema_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = command_in(folder_with(tmp_path, BAD), capsys)("test", "--format", "json").json
    assert faults(told, OUTPUTS["test"]) == []
    assert told["coverage"][0]["reached"] == told["coverage"][0]["branches"] - len(told["coverage"][0]["missed"])


def test_control_signs_of_a_file_never_reach_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = 'cases:\n  - {case: "a\\e[2Jb", facts: {contract: {start: 2026-12-10}}, expect: []}\n'
    folder = folder_with(tmp_path, cases)
    for form in ("text", "github", "junit"):
        assert "\x1b" not in command_in(folder, capsys)("test", "--format", form).out


def test_update_writes_a_new_file_that_holds_and_leaves_the_old_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = folder_with(tmp_path, BAD)
    old = folder / "tests" / "welcome.yaml"
    before = old.read_bytes()
    assert command_in(folder, capsys)("test", "--update").code == 3
    assert old.read_bytes() == before
    new = folder / "tests" / "welcome.yaml.new"
    text = new.read_text("utf-8")
    assert "- {item: card, name: {contains: [Card]}, due: 2026-12-09 10:00}" in text
    comments = ("# the cases of the welcome list", "  # first", "    # kept")
    for line in (*comments, "    expect: [card]", "    left_out: [locker]"):
        assert line in text.splitlines()
    new.replace(old)
    assert command_in(folder, capsys)("test").code == 0


def test_update_never_writes_over_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = folder_with(tmp_path, BAD)
    (folder / "tests" / "welcome.yaml.new").write_text("mine", "utf-8")
    told = command_in(folder, capsys)("test", "--update")
    assert told.code == 2
    assert "is there already" in told.err
    assert (folder / "tests" / "welcome.yaml.new").read_text("utf-8") == "mine"


def test_update_writes_nothing_when_all_hold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = folder_with(tmp_path, "cases:\n" + BAD[BAD.index("  - case: it") :])
    assert command_in(folder, capsys)("test", "--update").code == 0
    assert not list((folder / "tests").glob("*.new"))


def test_a_case_that_says_nothing_gets_all_its_tasks_everywhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shipped(tmp_path)
    file = folder / "tests" / "new-member.yaml"
    file.write_text(
        "tasklist: new-member\ncases:\n  - case: both\n    at: [barcelona, london]\n    now: 2026-11-23 10:00\n"
        "    facts: {saved: new-member, coworker: {full_name: 'Łucja: \"x\" #1 😀'}}\n",
        "utf-8",
    )
    assert command_in(folder, capsys)("test", "new-member", "--update").code == 0
    (folder / "tests" / "new-member.yaml.new").replace(file)
    text = file.read_text("utf-8")
    assert "- {item: access-card, due: 2026-12-09 10:00, responsible: ana@acme.example, at: [barcelona]}" in text
    assert "- {item: wifi-and-printer, due: 2026-12-10 11:00, responsible: ivo@acme.example}" in text
    told = command_in(folder, capsys)("test", "new-member")
    assert told.code == 0, told.out


def test_update_keeps_exact_texts_whatever_signs_they_hold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tasklist = LIST.replace("Card for {{ coworker.full_name }}", '"{{ coworker.full_name }}"')
    name = "a: \\\"b\\\" 'c' \\\\ # é 😀 [x] {y}"
    cases = f"""cases:
  - case: signs
    facts: {{coworker: {{full_name: "{name}"}}, contract: {{start: 2026-12-10}}}}
    expect:
      - {{item: card, name: other}}
"""
    folder = folder_with(tmp_path, cases, tasklist=tasklist)
    assert command_in(folder, capsys)("test", "--update").code == 3
    (folder / "tests" / "welcome.yaml.new").replace(folder / "tests" / "welcome.yaml")
    told = command_in(folder, capsys)("test")
    assert told.code == 0, told.out


def test_a_case_that_cannot_be_planned_is_not_updated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = "cases:\n  - case: no contract\n    now: 2026-12-01\n    facts: {contract: none}\n    expect: [card]\n"
    folder = folder_with(tmp_path, cases)
    told = command_in(folder, capsys)("test", "--update")
    assert told.code == 3
    assert "not updated: " in told.err
    assert not list((folder / "tests").glob("*.new"))


def test_coverage_names_each_branch_that_no_case_reaches(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = folder_with(tmp_path, BAD)
    told = command_in(folder, capsys)("test", "--coverage", "--format", "json").json["coverage"][0]
    assert [(one["item"], one["what"]) for one in told["missed"]] == [
        ("locker", "made"),
        ("locker", "coworker.custom.wants_locker is true"),
        ("locker", "due by its rule"),
        ("locker", "due by its fallback"),
    ]
    assert (told["branches"], told["reached"], told["percent"]) == (6, 2, 33)


def test_every_branch_can_be_reached(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = """given: {facts: {contract: {start: 2026-12-10}, coworker: {custom: {wants_locker: true}}}}
cases:
  - {case: by its rule}
  - {case: by its fallback, facts: {contract: {term_end: none}}}
  - {case: no locker, facts: {coworker: {custom: {wants_locker: false}}}}
"""
    told = command_in(folder_with(tmp_path, cases), capsys)("test", "--fail-under", "100")
    assert told.code == 0, told.out + told.err


def test_fail_under_fails_and_shows_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = "cases: [{case: a, facts: {contract: {start: 2026-12-10}}, expect: [card]}]"
    told = command_in(folder_with(tmp_path, cases), capsys)("test", "--fail-under", "50")
    assert told.code == 3
    assert "33.3 % of its branches are reached, below 50 %" in told.err
    assert "locker: coworker.custom.wants_locker is true" in told.out


def test_overlays_languages_order_and_named_days_count_as_branches(capsys: pytest.CaptureFixture[str]) -> None:
    told = command_in(EXPLAINED, capsys)("test", "--case", "01", "--format", "json").json["coverage"][0]
    missed = {(one["item"], one["what"]) for one in told["missed"]}
    assert ("", "the overlay of london") in missed
    assert ("", "texts in es") in missed
    assert ("", "ready_by is 'on contract.term_end'") in missed
    assert ("keys", "goes on after others") in missed
    assert ("keys", "waits for others") not in missed
    assert ("review", "its moment has come") in missed
    assert ("card", "skipped, as it is late") in missed


def test_a_list_without_cases_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = command_in(folder_with(tmp_path), capsys)
    assert "no list has cases yet" in call("test").err
    assert call("test", "welcome").code == 2
    assert "Did you mean welcome?" in call("test", "welcom").err


def test_a_wrong_list_is_told_before_its_cases(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = command_in(folder_with(tmp_path, BAD, tasklist=LIST.replace("contract.start", "contract.strat")), capsys)(
        "test"
    )
    assert told.code == 2
    assert "welcome.yaml:" in told.err


def test_saved_members_are_masked_on_demand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = shipped(tmp_path)
    case = "{case: a, now: 2026-11-23, facts: new-member, expect: [{item: access-card, name: x}]}"
    (folder / "tests" / "new-member.yaml").write_text(f"tasklist: new-member\ncases: [{case}]\n", "utf-8")
    for form in ("text", "json", "junit", "github"):
        assert "Marta" in command_in(folder, capsys)("test", "new-member", "--format", form).out
        assert "Marta" not in command_in(folder, capsys)("test", "new-member", "--redact", "--format", form).out


def test_a_hundred_cases_of_a_long_list_take_no_more_than_seconds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shipped(tmp_path)
    items = "".join(f"      - {{item: {one}}}\n" for one in ("access-card", "welcome-tour", "month-talk", "locker"))
    case = "  - case: number NUMBER\n    now: 2026-11-23 10:00\n    facts: new-member\n    only: false\n"
    case += "    expect:\n" + items
    text = "tasklist: new-member\ncases:\n" + "".join(case.replace("NUMBER", str(number)) for number in range(100))
    (folder / "tests" / "new-member.yaml").write_text(text, "utf-8")
    began = time.perf_counter()
    told = command_in(folder, capsys)("test", "new-member")
    took = time.perf_counter() - began
    assert told.code == 0, told.out
    assert took < 10, took  # about a second on a machine of its own


def test_cases_without_expectations_hold_once_they_are_updated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "tasklists"
    shutil.copytree(EXPLAINED, folder)
    file = folder / "tests" / "moving-in.yaml"
    lines = file.read_text("utf-8").splitlines()
    first, last = lines.index("    expect:"), next(n for n, line in enumerate(lines) if "left_out" in line)
    file.write_text("\n".join([*lines[:first], *lines[last + 1 :]]) + "\n", "utf-8")
    assert command_in(folder, capsys)("test", "--update").code == 0
    new = folder / "tests" / "moving-in.yaml.new"
    text = new.read_text("utf-8")
    assert text.count("expect:") == 20
    new.replace(file)
    assert command_in(folder, capsys)("test", "--update").code == 0
    assert not new.exists()
    edited = (folder / "moving-in.yaml").read_text("utf-8").replace("5 business days before", "6 business days before")
    (folder / "moving-in.yaml").write_text(edited, "utf-8")
    assert command_in(folder, capsys)("test", "--update").code == 3
    pairs = zip(text.splitlines(), new.read_text("utf-8").splitlines(), strict=True)
    changed = [one for one in pairs if one[0] != one[1]]
    assert changed
    assert all("item: papers" in was and "item: papers" in now for was, now in changed)
