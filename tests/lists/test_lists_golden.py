"""One made-up member per list, planned from saved facts at a fixed moment: every date stands in a table.

`TASKLISTS_BLESS=1 pytest -n 0 tests/lists/test_lists_golden.py` writes the tables anew: read the difference in git.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from lists_given import LISTS, SHIPPED, as_json, facts_file, golden_file, table

from engine.cli.main import run_commands

MOMENTS = {
    "new-member": "2026-11-23T10:00",  # starts on 10 December, after the Spanish holiday of the 8th
    "offboarding": "2026-11-24T12:00",  # ends on 31 December, when Barcelona is closed
    "private-office": "2026-11-23T10:00",  # moves in on 4 January, London's first open day of the year
    "team-member": "2026-12-18T17:00",  # signed up at 16:40 on the Friday before Christmas
    "virtual-office": "2026-12-14T12:00",  # starts on 7 January, the day after Epiphany
}


def preview(name: str, capsys: pytest.CaptureFixture[str], now: str, facts: Path | None = None) -> str:
    file = facts or facts_file(name)
    arguments = ["preview", name, "--dir", str(SHIPPED), "--facts", str(file), "--now", now, "--format", "json"]
    assert run_commands(arguments) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("name", LISTS)
def test_the_dates_of_a_member_are_those_of_the_table(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    zone = json.loads(facts_file(name).read_text("utf-8"))["zone"]
    found = table(as_json(preview(name, capsys, MOMENTS[name])), zone)
    if os.environ.get("TASKLISTS_BLESS"):
        golden_file(name).write_text(found, "utf-8")
    assert found == golden_file(name).read_text("utf-8")


@pytest.mark.parametrize("name", LISTS)
def test_another_moment_of_the_same_day_plans_the_same_tasks(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    earlier = MOMENTS[name][:-5] + ("16:45" if name == "team-member" else "08:00")
    first, second = (as_json(preview(name, capsys, now)) for now in (MOMENTS[name], earlier))
    assert first["checksum"] == second["checksum"]


@pytest.mark.parametrize("name", LISTS)
def test_no_text_of_a_plan_holds_a_template_or_an_empty_word(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    for action in as_json(preview(name, capsys, MOMENTS[name]))["actions"]:
        text = action["payload"]["Name"] + "\n" + action["payload"]["Notes"]
        for odd in ("{{", "{%", "  ", " .", " ,", "()", "None"):
            assert odd not in text, (action["item"], odd)


def test_an_office_that_is_not_on_the_floor_plan_is_asked_for(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    told = json.loads(facts_file("private-office").read_text("utf-8"))
    bare = tmp_path / "bare.json"
    bare.write_text(json.dumps({**told, "desks": []}), "utf-8")
    plan = as_json(preview("private-office", capsys, MOMENTS["private-office"], bare))
    assert "office-on-floor-plan" in {action["item"] for action in plan["actions"]}
    loops = {"furniture", "network-and-power", "lock-and-keys", "final-look", "handover"}
    assert loops == {part["item"] for part in plan["left_out"]}


def test_a_member_without_a_desk_gets_the_locker_all_the_same(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    told = json.loads(facts_file("new-member").read_text("utf-8"))
    hot = tmp_path / "hot.json"
    hot.write_text(json.dumps({**told, "desks": []}), "utf-8")
    items = {action["item"] for action in as_json(preview("new-member", capsys, MOMENTS["new-member"], hot))["actions"]}
    assert "locker-without-desk" in items
    assert not items & {"locker", "desk-ready"}


@pytest.mark.parametrize(
    ("answer", "item"),
    [(None, "ask-mail-handling"), ("scan", "scanning"), ("FORWARD", "forwarding"), ("collect", None)],
)
def test_what_happens_to_letters_follows_the_answer_of_the_member(
    answer: str | None, item: str | None, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    told = json.loads(facts_file("virtual-office").read_text("utf-8"))
    told["coworker"]["Custom8"] = answer
    file = tmp_path / "answered.json"
    file.write_text(json.dumps(told), "utf-8")
    plan = as_json(preview("virtual-office", capsys, MOMENTS["virtual-office"], file))
    asked = {action["item"] for action in plan["actions"]} & {"ask-mail-handling", "scanning", "forwarding"}
    assert asked == ({item} if item else set())
