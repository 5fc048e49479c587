"""`tasklists diff`: what an edit changes for saved members, told by identity, against a file, a folder, a revision."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from cases_given import SAVED, Answer, command_in, folder_with, shipped
from test_output_schemas import faults

from engine.cli.output_schemas import OUTPUTS

NOW = ("--now", "2026-11-23T10:00")


def git(at: Path, *arguments: str) -> None:
    """Run git on a repository of the test's own."""
    who = ("-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false")
    env = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", "-C", str(at), *who, *arguments]
    done = subprocess.run(command, capture_output=True, env=env, timeout=30, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped lists, committed, with one saved member in `members`."""
    found = shipped(tmp_path)
    (tmp_path / "members").mkdir()
    shutil.copy(SAVED / "new-member.json", tmp_path / "members" / "marta.json")
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "lists")
    return found


def edited(folder: Path, *pairs: tuple[str, str], name: str = "new-member.yaml") -> None:
    """Edit a file of the folder; each text must be there."""
    text = (folder / name).read_text("utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    (folder / name).write_text(text, "utf-8")


def diff(folder: Path, capsys: pytest.CaptureFixture[str], *more: str, base: str = "main") -> Answer:
    """Compare new-member for the members beside the folder."""
    facts = ("--facts", str(folder.parent / "members"))
    return command_in(folder, capsys)("diff", "new-member", "--base", base, *facts, *NOW, *more)


def changes(told: Answer) -> list[tuple[str, str, list[tuple[str, str, str]]]]:
    """(kind, task, [(field, was, now)]) of the first member."""
    found = told.json["members"][0]["changes"]
    return [(c["change"], c["task"], [(f["field"], f["was"], f["now"]) for f in c["fields"]]) for c in found]


def test_no_edit_changes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = diff(folder, capsys, "--exit-code")
    assert told.code == 0
    assert "15 unchanged" in told.out


def test_each_changed_field_is_told_as_it_was_and_is(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edited(
        folder,
        ("name: Prepare the access card of", "name: Make the access card of"),
        ("3 business days before contract.start at 12:00", "4 business days before contract.start at 12:00"),
        ("    responsible: it\n", "    responsible: host\n"),
        ("Clean desk", "Clean the desk"),
    )
    told = diff(folder, capsys, "--exit-code", "--format", "json")
    assert told.code == 4
    assert faults(told.json, OUTPUTS["diff"]) == []
    found = {task: fields for kind, task, fields in changes(told) if kind == "changed"}
    assert found["access-card"] == [
        ("name", "Prepare the access card of Marta Oliver", "Make the access card of Marta Oliver")
    ]
    assert found["contract-and-payment"] == [("due", "Fri 2026-12-04 12:00", "Thu 2026-12-03 12:00")]
    assert found["wifi-and-printer"] == [("responsible", "Ivo Marković", "Ana Ferrer")]
    assert found["desk-ready[7301]"][0][0] == "notes"
    assert told.json["members"][0]["unchanged"] == 11


def test_items_that_come_and_go_are_told_with_the_reason(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edited(
        folder,
        ("  - id: access-card\n", "  - {id: plant, name: Water it, due: on contract.start}\n  - id: access-card\n"),
        ("    when: coworker.custom.wants_locker\n", "    when: not coworker.custom.wants_locker\n"),
    )
    told = diff(folder, capsys, "--format", "json")
    kinds = [(kind, task) for kind, task, _ in changes(told)]
    assert kinds == [("added", "plant"), ("removed", "locker[7301]")]
    assert "condition false" in told.json["members"][0]["changes"][1]["why"]


def test_a_renamed_id_is_told_loudly(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edited(folder, ("id: access-card", "id: entry-card"))
    told = diff(folder, capsys)
    assert "attention: the id access-card became entry-card without formerly: access-card: 1 task" in told.out
    edited(folder, ("id: entry-card", "id: entry-card\n    formerly: access-card"))
    told = diff(folder, capsys, "--exit-code")
    assert told.code == 0, told.out


def test_another_once_per_makes_every_task_anew(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edited(folder, ("once_per: membership", "once_per: coworker"))
    told = diff(folder, capsys, "--format", "json").json
    assert told["totals"]["made_anew"] == 15
    assert "15 tasks are made anew" in told["attention"][0]


def test_a_closed_day_in_the_calendar_changes_dates(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    closed = "      - {day: 2026-12-09, name: Boiler}\n      - {day: 2026-12-24, name: Christmas Eve}"
    edited(folder, ("      - {day: 2026-12-24, name: Christmas Eve}", closed), name="organisation.yaml")
    found = {task: fields for _, task, fields in changes(diff(folder, capsys, "--format", "json"))}
    assert found["access-card"] == [("due", "Wed 2026-12-09 10:00", "Mon 2026-12-07 10:00")]


def test_an_edit_that_stops_a_member_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edited(folder, ("when: coworker.active", "when: not coworker.active"))
    told = diff(folder, capsys, "--exit-code", "--format", "json")
    assert told.code == 4
    assert "coworker.active is true" in told.json["members"][0]["error"]
    assert told.json["totals"]["failing"] == 1


def test_a_task_that_is_made_already_is_told_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    member = folder.parent / "members" / "marta.json"
    preview = command_in(folder, capsys)("preview", "new-member", "--facts", str(member), *NOW, "--format", "json")
    number = {a["item"]: a["task_item_unique_id"] for a in preview.json["actions"]}["access-card"]
    at = "2026-11-20T10:00:00Z"
    known = {"identity": number, "state": "created", "run_id": "r1", "tasklist": "new-member", "item": "access-card",
             "key": "", "task_id": 9, "contract_id": 7201, "marked": True, "at": at, "seen_at": at, "due_at": at,
             "event_at": None, "fingerprints": {}}  # fmt: skip
    told = json.loads(member.read_text("utf-8")) | {"situation": {"known": [known], "key": "00"}}
    member.write_text(json.dumps(told), "utf-8")
    edited(folder, ("name: Prepare the access card of", "name: Make the access card of"))
    assert "name, made already" in diff(folder, capsys).out


def test_a_file_a_folder_and_a_revision_are_the_same_base(
    folder: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    old = tmp_path / "old"
    shutil.copytree(folder, old)
    edited(folder, ("3 business days before contract.start at 12:00", "on contract.start at 12:00"))
    bases = ("main", "HEAD", str(old), str(old / "new-member.yaml"))
    found = [changes(diff(folder, capsys, "--format", "json", base=base)) for base in bases]
    assert found[0]
    assert all(one == found[0] for one in found)


def test_lists_that_the_base_extends_are_read_there_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "short.yaml").write_text("tasklist: short\nextends: new-member\nname: Short\n", "utf-8")
    git(folder.parent, "add", "-A")
    git(folder.parent, "commit", "-q", "-m", "short")
    edited(folder, ("3 business days before contract.start at 12:00", "on contract.start at 12:00"))
    facts = ("--facts", str(folder.parent / "members"))
    told = command_in(folder, capsys)("diff", "short", "--base", "main", *facts, *NOW, "--format", "json")
    assert [task for _, task, _ in changes(told)] == ["contract-and-payment"]


def test_a_list_that_the_base_lacks_is_new(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (folder / "new-member.yaml").read_text("utf-8").replace("tasklist: new-member", "tasklist: other")
    (folder / "other.yaml").write_text(text, "utf-8")
    facts = ("--facts", str(folder.parent / "members"))
    told = command_in(folder, capsys)("diff", "other", "--base", "main", *facts, *NOW)
    assert "(a new list), for 1 member: 15 added" in told.out


@pytest.mark.parametrize("base", ["nowhere", "--upload-pack=touch", "-x", "main:tasklists", "HEAD~5", "a b"])
def test_a_base_that_does_not_exist_is_refused(folder: Path, base: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = command_in(folder, capsys)("diff", "new-member", f"--base={base}", "--facts", str(folder.parent / "members"))
    assert told.code == 2
    assert "no revision that git knows here" in told.err


def test_a_base_with_mistakes_tells_them_with_their_places(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = (folder / "new-member.yaml").read_text("utf-8")
    edited(folder, ("anchor: contract.start", "anchor: contract.strat"))
    git(folder.parent, "commit", "-q", "-am", "broken")
    (folder / "new-member.yaml").write_text(good, "utf-8")
    told = diff(folder, capsys)
    assert told.code == 2
    assert "main:" in told.err
    assert "nearest: contract.start" in told.err


def test_the_working_tree_stays_as_it_is(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edited(folder, ("id: access-card", "id: entry-card"))
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    diff(folder, capsys)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_without_saved_members_those_of_the_cases_are_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = "cases: [{case: a plain one, facts: {contract: {start: 2026-12-10}}}]"
    folder = folder_with(tmp_path, cases)
    old = tmp_path / "old.yaml"
    old.write_text((folder / "welcome.yaml").read_text("utf-8").replace("at 10:00", "at 11:00"), "utf-8")
    told = command_in(folder, capsys)("diff", "welcome", "--base", str(old))
    assert "a plain one (barcelona)" in told.out
    assert "Wed 2026-12-09 11:00" in told.out


def test_markdown_is_inert_and_masked_on_demand(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    member = folder.parent / "members" / "marta.json"
    told = json.loads(member.read_text("utf-8"))
    told["coworker"]["FullName"] = "<img src=x> | @team [x](http://evil.example)"
    member.write_text(json.dumps(told), "utf-8")
    edited(folder, ("name: Prepare the access card of", "name: Make the access card of"))
    shown = diff(folder, capsys, "--format", "markdown").out
    assert not re.search(r"(?<!\\)(<img|\[x\]|@team)", shown)
    assert "<details><summary>marta: 1 changed</summary>" in shown
    masked = diff(folder, capsys, "--format", "markdown", "--redact").out
    for word in ("marta", "img", "evil"):
        assert word not in masked.lower()
    assert "coworker 7101" in masked


def test_a_summary_is_html_that_holds_no_html_of_others(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder.parent / "members" / "marta.json").rename(folder.parent / "members" / "<b>x&.json")
    edited(folder, ("name: Prepare the access card of", "name: Make the access card of"))
    shown = diff(folder, capsys, "--format", "markdown").out
    assert "<details><summary>&lt;b&gt;x&amp;: 1 changed</summary>" in shown


def test_a_comment_stays_below_what_a_pull_request_takes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    members = folder.parent / "members"
    for number in range(120):
        shutil.copy(members / "marta.json", members / f"copy-{number}.json")
    edited(folder, ("once_per: membership", "once_per: coworker"))
    told = diff(folder, capsys, "--format", "markdown")
    assert len(told.out) < 65_536
    assert "more members" in told.out
