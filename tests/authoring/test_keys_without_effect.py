"""What would say nothing, or too much, where it stands is refused there, with what is allowed and the nearest."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from authoring_given import sound_folder, tasklists

HEAD = "tasklist: broken\nname: Welcome\ndefaults: {responsible: front-desk}\nitems:\n  - id: card\n    name: Card\n"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{line: Scan it, wen: coworker.active}", "'wen' is not known here, allowed: line, when, nearest: when"),
        ("{en: Scan, es: Pasar, when: coworker.active}", "a line with a condition has its text under line, allowed:"),
    ],
    ids=["a misspelt key", "a condition among languages"],
)
def test_a_checklist_line_that_would_lose_its_condition_is_refused(line: str, said: str, tmp_path: Path) -> None:
    folder = sound_folder(tmp_path)
    (folder / "broken.yaml").write_text(f"{HEAD}    checklist: [{line}]\n")
    outcome = tasklists("check", "broken", "--dir", str(folder))
    assert outcome.code == 2
    assert said in outcome.out


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("{field: Custom9, true: [x]}", "words for true say nothing of a text"),
        ("{field: Custom9, type: date, false: [x]}", "words for false say nothing of a date"),
        ("{field: Custom9, type: boolean, true: [Yes], false: [no, YES]}", "already means true, found 'YES'"),
    ],
    ids=["a text", "a date", "one word for both"],
)
def test_words_of_a_custom_field_that_would_decide_nothing_are_refused(field: str, said: str, tmp_path: Path) -> None:
    file = sound_folder(tmp_path) / "organisation.yaml"
    file.write_text(file.read_text().replace("custom_fields:\n", f"custom_fields:\n  odd: {field}\n", 1))
    outcome = tasklists("check", "--dir", str(file.parent))
    assert outcome.code == 2
    assert said in outcome.out


def test_one_of_several_holidays_tells_its_keys_as_a_single_one_does(tmp_path: Path) -> None:
    file = sound_folder(tmp_path) / "organisation.yaml"
    head = file.read_text().split("calendars:\n")[0]
    for holidays in ("{country: ES, observd: false}", "[{country: FR}, {country: ES, observd: false}]"):
        names = {line.split("calendar: ")[1].strip() for line in head.splitlines() if "calendar: " in line}
        calendars = "".join(f"  {name}: {{holidays: {holidays}}}\n" for name in sorted(names))
        file.write_text(f"{head}calendars:\n{calendars}")
        outcome = tasklists("check", "--dir", str(file.parent))
        told = "allowed: country, subdivision, observed, categories, without, nearest: observed"
        assert f"the key 'observd' is not known here, {told}" in outcome.out


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("due: 14 dys before contract.start", "unknown unit, found 'dys', allowed: minutes,"),
        ("due: first sundae after signup", "unknown weekday, found 'sundae', allowed: Monday,"),
    ],
)
def test_a_misspelt_word_of_a_rule_is_told_with_the_nearest(line: str, said: str, tmp_path: Path) -> None:
    folder = sound_folder(tmp_path)
    (folder / "broken.yaml").write_text(f"{HEAD}    {line}\n")
    outcome = tasklists("check", "broken", "--dir", str(folder))
    assert said in outcome.out
    assert re.search(r"nearest: (days|Sunday)|write: ", outcome.out)


def test_two_roles_for_one_task_are_refused_with_what_several_people_need(tmp_path: Path) -> None:
    folder = sound_folder(tmp_path)
    (folder / "broken.yaml").write_text(f"{HEAD}    responsible: [host, front-desk]\n")
    outcome = tasklists("check", "broken", "--dir", str(folder))
    assert "broken.yaml:7:18: one person is responsible for a task, found a list, allowed: a role" in outcome.out
