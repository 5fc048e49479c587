"""The guide of the language in the README is executed: every list is checked and planned, every case tried."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
import yaml
from readme_examples import CASES, LISTS, ORGANISATIONS, README, ROOT, YAML, fenced, house, standing_alone

from engine.authoring.check import check_folder, ready_list
from engine.authoring.folder import Folder
from engine.cli.main import COMMANDS, run_commands, tasklists
from engine.core.cases import Case, CaseFile
from engine.core.prepared import Prepared
from engine.core.scalars import Plain
from engine.flows.cases import Tried, try_cases

MEMBER = {
    "contract": {"start": "2027-03-01", "cancellation": "2027-05-31"},
    "team": {"name": "Sailmakers"},
}
"""A member whom every example can be made for: they have begun, and they will leave."""

INPUTS = {"text": "P7", "int": 2, "bool": True, "date": "2027-05-31", "list": ["A1"]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    return Folder(house(tmp_path_factory.mktemp("house") / "tasklists"), "tasklists")


def planned(prepared: Prepared, locations: list[str]) -> tuple[Tried, ...]:
    given = {name: INPUTS[one.type] for name, one in prepared.tasklist.inputs.items() if one.default is None}
    facts = {**MEMBER, "inputs": given, "event": "2027-02-01 10:00"}
    case = {"case": "a member", "at": locations, "now": "2027-02-15 10:00", "anyway": True, "facts": facts}
    return try_cases(CaseFile(tasklist=prepared.tasklist.tasklist, cases=(Case(**case),)), prepared, {})


def test_every_yaml_block_begins_with_its_file_name_and_each_list_stands_once() -> None:
    assert [block[:60] for name, block in YAML if not name] == []
    names = [name for name, _ in YAML if name != "tasklists/organisation.yaml"]
    assert sorted(set(names)) == sorted(names)


def test_all_lists_and_cases_of_the_readme_are_sound_together(folder: Folder) -> None:
    checked = check_folder(folder)
    assert [str(problem) for problem in checked.problems] == []
    assert set(checked.lists) | set(checked.abstract) == set(LISTS)


@pytest.mark.parametrize("name", LISTS)
def test_every_list_of_the_readme_makes_tasks_for_a_member_at_each_location(name: str, folder: Folder) -> None:
    if name in check_folder(folder).abstract:
        return  # made where it is extended or included
    ready = ready_list(folder, name)
    for tried in planned(ready.prepared, ["barcelona", "london"]):
        assert tried.outcome.error == ""
        assert tried.outcome.actions


def test_the_cases_of_the_readme_hold(folder: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_commands(["test", "--dir", str(folder.path)]) == 0, capsys.readouterr().out
    assert len(CASES) > 2


@pytest.mark.parametrize("number", range(len(ORGANISATIONS)))
def test_every_organisation_of_the_readme_is_sound_and_can_be_planned_for(number: int, tmp_path: Path) -> None:
    folder = Folder(standing_alone(tmp_path / "tasklists", number), "tasklists")
    assert [str(problem) for problem in check_folder(folder).problems] == []
    prepared = ready_list(folder, "trial").prepared
    for tried in planned(prepared, list(prepared.organisation.locations)):
        assert tried.outcome.error == ""
        assert len(tried.outcome.actions) == len(prepared.items)


def test_what_show_prints_is_what_the_readme_says(
    folder: Folder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.path.parent)
    (told,) = (block for block in fenced("text") if block.startswith("flex-desk at london"))
    assert run_commands(["show", "flex-desk", "--location", "london"]) == 0
    assert capsys.readouterr().out.startswith(told)


def test_a_date_that_cannot_be_told_is_told_as_the_readme_says(tmp_path: Path) -> None:
    (told,) = (block for block in fenced("text") if block.startswith("due rule"))
    (tmp_path / "organisation.yaml").write_text(ORGANISATIONS[0])
    due = "2 days after contract.cancellation at 10:00"
    text = f"tasklist: trial\nname: Trial\nitems: [{{id: card, name: Card, responsible: front-desk, due: {due}}}]\n"
    (tmp_path / "trial.yaml").write_text(text)
    prepared = ready_list(Folder(tmp_path, "tasklists"), "trial").prepared
    facts = {"contract": {"id": 1418975228, "start": "2027-03-01", "cancellation": Plain("none")}}
    case = Case(case="nobody leaves", at="barcelona", now="2027-02-15 10:00", facts=facts)
    (tried,) = try_cases(CaseFile(tasklist="trial", cases=(case,)), prepared, {})
    assert " ".join(told.split()) in " ".join((tried.outcome.error or "").split())


MISTAKES = README.split("| a mistake | what `check` says |\n|---|---|\n")[1].split("\n\n")[0].splitlines()


@pytest.mark.parametrize("row", MISTAKES)
def test_check_says_of_a_mistake_what_the_readme_says(row: str, tmp_path: Path) -> None:
    match = re.fullmatch(r"\| `(.+?)` \| (.+) \|", row)
    assert match
    whole = "holidays: {country: ES, subdivision: CT}, ics: closures.ics"
    text = ORGANISATIONS[-1].replace(whole, match[1])
    assert text != ORGANISATIONS[-1]
    (tmp_path / "organisation.yaml").write_text(text)
    items = "[{id: card, name: Card, responsible: front-desk}]"
    (tmp_path / "trial.yaml").write_text(f"tasklist: trial\nname: Trial\nitems: {items}\n")
    said = "\n".join(str(problem) for problem in check_folder(Folder(tmp_path, "tasklists")).problems)
    parts = re.split(r", (?=write: |nearest: )", match[2].replace("`", ""))
    assert [part for part in parts if part not in said] == []


def test_the_list_to_rehearse_shows_findings_at_once(folder: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["rehearse", "rehearsed", "--from", "2026-12-01", "--days", "40", "--fail-on", "past-due,pile-up"]
    assert run_commands([*words, "--dir", str(folder.path)]) == 3
    assert "past-due at barcelona: card" in " ".join(capsys.readouterr().out.split())


def test_what_is_pasted_for_a_gate_of_commits_is_real() -> None:
    files = {name: yaml.safe_load(block) for name, block in YAML if name.startswith(".")}
    hooks = {one["id"] for repo in files[".pre-commit-config.yaml"]["repos"] for one in repo["hooks"]}
    assert hooks <= {one["id"] for one in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))}
    assert files[".github/workflows/task-lists.yaml"]["jobs"]["task-lists"]["steps"]


def commands_told() -> list[str]:
    blocks = [*fenced("sh"), *fenced("console")]
    steps = re.findall(r"run: (tasklists .*)", README)
    lines = [line.removeprefix("$ ").strip() for block in blocks for line in block.splitlines()]
    told = [line for line in (*lines, *steps) if line.startswith("tasklists ")]
    return [part.strip() for line in told for part in line.split("&&")]


@pytest.mark.parametrize("line", sorted(set(commands_told())))
def test_every_command_line_of_the_readme_names_a_command_and_its_options(line: str) -> None:
    words = shlex.split(line, comments=True)
    assert words[1] in COMMANDS
    command = tasklists.get_command(click.Context(tasklists), words[1])
    if isinstance(command, click.Group):
        own = [word for word in words[2:] if word in command.commands]
        command = command.commands[own[0]] if own else command
    assert command is not None
    known = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
    assert [word for word in words[2:] if word.startswith("--") and word.split("=")[0] not in known] == []
