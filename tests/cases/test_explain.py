"""`explain`: twenty members told in full against golden texts, and what a saved member's ledger knew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from bless_explained import case_names, explained, golden_name
from cases_given import EXPLAINED, GOLDEN, SAVED, command_in, shipped
from test_output_schemas import faults

from engine.cli.output_schemas import OUTPUTS

CASES = case_names()


def test_there_is_one_golden_text_for_each_of_twenty_cases() -> None:
    assert len(CASES) >= 20
    assert {golden_name(case) for case in CASES} == {path.name for path in GOLDEN.iterdir()}


@pytest.mark.parametrize("case", CASES)
def test_a_case_is_explained_as_its_golden_text_says(case: str) -> None:
    assert explained(case) == (GOLDEN / golden_name(case)).read_text("utf-8")


def test_one_item_can_be_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    told = command_in(EXPLAINED, capsys)("explain", "moving-in", "--case", "01", "--item", "identity")
    assert "identity\n  out    optional:" in told.out
    assert "papers" not in told.out


def test_a_mistyped_item_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    told = command_in(EXPLAINED, capsys)("explain", "moving-in", "--case", "01", "--item", "papprs")
    assert told.code == 2
    assert "Did you mean papers?" in told.err


def test_two_members_at_once_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    told = command_in(EXPLAINED, capsys)("explain", "moving-in", "--case", "01", "--coworker", "3")
    assert told.code == 2


def test_options_of_a_run_are_not_lost_beside_a_case(capsys: pytest.CaptureFixture[str]) -> None:
    told = command_in(EXPLAINED, capsys)("explain", "moving-in", "--case", "01", "--skip", "card")
    assert told.code == 2
    assert "only --location goes with --case" in told.err


def test_a_part_of_several_names_asks_for_more_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    told = command_in(EXPLAINED, capsys)("explain", "moving-in", "--case", "late for")
    assert told.code == 2
    assert "2 cases" in told.err
    assert "16 late for the card" in told.err


def known_member(at: Path) -> Path:
    """A saved member for whom one task was made under another date, and another one was deleted since."""
    told = json.loads((SAVED / "new-member.json").read_text("utf-8"))
    folder = shipped(at)
    file = at / "known.json"
    file.write_text(json.dumps(told), "utf-8")
    from engine.cli.main import run_commands

    plan = at / "plan.json"
    with plan.open("w", encoding="utf-8") as out:
        import contextlib

        with contextlib.redirect_stdout(out):
            facts = ("--facts", str(file), "--now", "2026-11-23T10:00", "--format", "json")
            assert run_commands(["preview", "new-member", "--dir", str(folder), *facts]) == 0
    actions = {one["item"]: one for one in json.loads(plan.read_text("utf-8"))["actions"]}
    known = [_known(actions["access-card"], 9001), _known(actions["welcome-message"], 9002)]
    live = [{"task_id": 9001, "business_id": 1421021016, "coworker_id": 7101, "name": "Card", "completed": True,
             "responsible_id": 1, "due_at": None, "created_at": "2026-11-20T10:00:00Z"}]  # fmt: skip
    told["situation"] = {"known": known, "live": live, "gone": [9002], "key": "00" * 32}
    file.write_text(json.dumps(told), "utf-8")
    return file


def _known(action: dict[str, Any], task_id: int) -> dict[str, Any]:
    return {
        "identity": action["task_item_unique_id"], "state": "created", "run_id": "r1", "tasklist": "new-member",
        "item": action["item"], "key": "", "task_id": task_id, "contract_id": 7201, "marked": True,
        "at": "2026-11-20T10:00:00Z", "seen_at": "2026-11-20T10:00:00Z", "due_at": "2026-12-01T10:00:00Z",
        "event_at": None, "fingerprints": {"DueDate": "another"},
    }  # fmt: skip


def test_what_the_ledger_knows_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = known_member(tmp_path)
    call = command_in(tmp_path / "tasklists", capsys)
    told = call("explain", "new-member", "--facts", str(file), "--now", "2026-11-23T10:00").out
    assert "keep: created 2026-11-20 by run r1; completed; drift in DueDate: was Tue 2026-12-01 11:00" in told
    assert "skip: created 2026-11-20 by run r1, since deleted in Nexudus; it is not made again" in told


def test_the_json_is_what_the_schema_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = known_member(tmp_path)
    call = command_in(tmp_path / "tasklists", capsys)
    told = call("explain", "new-member", "--facts", str(file), "--now", "2026-11-23T10:00", "--format", "json").json
    assert faults(told, OUTPUTS["explain"]) == []
    card = next(one for one in told["items"] if one["item"] == "access-card")
    assert card["tasks"][0]["task_id"] == 9001
    assert card["tasks"][0]["drift"][0]["field"] == "DueDate"


def test_a_list_that_does_not_apply_says_so_and_tells_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shipped(tmp_path)
    told = json.loads((SAVED / "new-member.json").read_text("utf-8"))
    told["coworker"]["Active"] = False
    file = tmp_path / "left.json"
    file.write_text(json.dumps(told), "utf-8")
    said = command_in(folder, capsys)("explain", "new-member", "--facts", str(file), "--now", "2026-11-23T10:00")
    assert said.code == 0
    assert "the list does not apply: " in said.out
    assert "coworker.active is false" in said.out
    assert "access-card: " in said.out


def test_redaction_hides_the_member_and_the_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = command_in(shipped(tmp_path), capsys)
    facts = ("--facts", str(SAVED / "new-member.json"), "--now", "2026-11-23T10:00", "--redact")
    for form in ("text", "json"):
        told = call("explain", "new-member", *facts, "--format", form).out
        for word in ("Marta", "Oliver", "ana@acme.example", "Ferrer"):
            assert word not in told
