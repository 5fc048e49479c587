"""The shipped files themselves: sound, and described for editors as the command describes them."""

from __future__ import annotations

from pathlib import Path

import pytest
from lists_given import FOLDER, LISTS, SHIPPED, ready

from engine.authoring.case_files import case_files, list_of
from engine.authoring.check import check_folder
from engine.cli.main import run_commands


def test_the_shipped_folder_has_no_error_and_no_warning() -> None:
    checked = check_folder(FOLDER)
    assert [str(problem) for problem in checked.problems] == []
    assert sorted(checked.lists) == list(LISTS)


@pytest.mark.parametrize("kind", ["tasklist", "organisation"])
def test_the_schema_beside_the_lists_is_what_the_command_prints(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_commands(["schema", kind]) == 0
    shipped = (SHIPPED / f"{kind}.schema.json").read_text("utf-8")
    assert shipped == capsys.readouterr().out, f"tasklists schema {kind} > tasklists/{kind}.schema.json"


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_file_leads_an_editor_to_its_schema(path: Path) -> None:
    first, second = path.read_text("utf-8").splitlines()[:2]
    kind = "organisation" if path.stem == "organisation" else "tasklist"
    assert first == f"# yaml-language-server: $schema=./{kind}.schema.json"
    assert second == "#", "the head of each file says when the list starts and what to adapt"


@pytest.mark.parametrize("name", LISTS)
def test_every_list_says_when_it_starts_and_what_to_adapt(name: str) -> None:
    head = ready(name).data.decode().split("tasklist:")[0]
    assert "# Starts:" in head
    assert "# Adapt:" in head


@pytest.mark.parametrize("name", LISTS)
def test_every_list_can_be_started_by_an_event(name: str) -> None:
    assert ready(name).prepared.tasklist.applies.on


@pytest.mark.parametrize("name", LISTS)
def test_every_item_has_notes_a_due_and_its_first_id(name: str) -> None:
    for one in ready(name).prepared.items:
        assert one.notes is not None, one.item.id
        assert one.due is not None, one.item.id
        assert one.item.formerly is None, one.item.id


def test_the_list_for_team_members_needs_nothing_of_a_contract() -> None:
    prepared = ready("team-member").prepared
    assert not prepared.needs_contract()
    assert {path[0] for path in prepared.facts_named()} <= {"coworker", "location"}


def test_the_cases_beside_the_lists_hold(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_commands(["test", "--dir", str(SHIPPED)]) == 0, capsys.readouterr().out
    assert {list_of(name) for name in case_files(FOLDER)} == set(LISTS)
