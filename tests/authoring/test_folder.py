"""What is in the folder: which files are lists, which are not, and what is said of those."""

from __future__ import annotations

from pathlib import Path

import pytest
from authoring_given import sound_folder, tasklists


def test_a_folder_without_lists_is_checked_and_said_to_hold_none(tmp_path: Path) -> None:
    folder = sound_folder(tmp_path)
    (folder / "broken.yaml").unlink()
    outcome = tasklists("check", "--dir", str(folder))
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err == "checked organisation.yaml and no task list, as there is none: nothing is wrong\n"


def test_a_yml_file_is_a_warning_to_rename_it(tmp_path: Path) -> None:
    folder = sound_folder(tmp_path)
    (folder / "New Member.yml").write_text("tasklist: new-member\n")
    outcome = tasklists("check", "--dir", str(folder))
    told = "warning: this file is not read: rename it to new-member.yaml"
    assert outcome.out == f"{folder}/New Member.yml:1:1: {told}\n"
    assert outcome.err.endswith(": 0 problems, 1 warning\n")
    assert outcome.code == 0


def test_a_named_list_that_is_a_yml_file_is_told_to_be_renamed(tmp_path: Path) -> None:
    folder = sound_folder(tmp_path)
    (folder / "new-member.yml").write_text("tasklist: new-member\n")
    outcome = tasklists("check", "new-member", "--dir", str(folder))
    assert outcome.code == 2
    assert "Rename new-member.yml to new-member.yaml." in outcome.err


@pytest.mark.parametrize("name", ["New Member.yaml", "new_member.yaml", "Organisation.yaml"])
def test_a_file_whose_name_is_no_id_is_a_problem_with_the_right_name(name: str, tmp_path: Path) -> None:
    folder = sound_folder(tmp_path)
    (folder / name).write_text("tasklist: new-member\n")
    outcome = tasklists("check", "--dir", str(folder))
    assert outcome.code == 2
    meant = name.removesuffix(".yaml").lower().replace(" ", "-").replace("_", "-")
    assert outcome.out.startswith(f"{folder}/{name}:1:1: a task list's file is named by its id")
    assert outcome.out.endswith(f"write: {meant}.yaml\n")


def test_files_of_editors_and_other_kinds_are_left_alone(tmp_path: Path) -> None:
    folder = sound_folder(tmp_path)
    for name in (".#broken.yaml", ".hidden.yaml", "readme.md", "broken.yaml~", "tasklist.schema.json"):
        (folder / name).write_text("{{{")
    assert tasklists("check", "--dir", str(folder)).code == 0


def test_organisation_is_no_task_list(tmp_path: Path) -> None:
    outcome = tasklists("check", "organisation", "--dir", str(sound_folder(tmp_path)))
    assert outcome.code == 2
    assert outcome.err.startswith("error: organisation.yaml holds no task list.\n")


def test_an_unknown_list_names_the_nearest(tmp_path: Path) -> None:
    outcome = tasklists("check", "brokn", "--dir", str(sound_folder(tmp_path)))
    assert outcome.code == 2
    assert "there is no task list 'brokn'" in outcome.err
    assert "Did you mean broken?" in outcome.err


def test_a_list_named_twice_is_checked_once(tmp_path: Path) -> None:
    outcome = tasklists("check", "broken", "broken", "--dir", str(sound_folder(tmp_path)))
    assert outcome.err == "checked organisation.yaml and 1 task list: nothing is wrong\n"


def test_two_lists_with_one_former_id_are_a_problem_of_the_later_one(tmp_path: Path) -> None:
    folder = sound_folder(tmp_path)
    text = (folder / "broken.yaml").read_text()
    (folder / "second.yaml").write_text(text.replace("tasklist: broken", "tasklist: second\nformerly: broken"))
    outcome = tasklists("check", "--dir", str(folder))
    told = "the lists 'broken' and 'second' both have the identity 'broken'"
    assert outcome.out == f"{folder}/second.yaml:2:11: {told}\n"


def test_a_folder_without_organisation_is_refused_with_advice(tmp_path: Path) -> None:
    outcome = tasklists("check", "--dir", str(tmp_path))
    assert outcome.code == 2
    assert "organisation.yaml" in outcome.err
    assert "--dir" in outcome.err


def test_a_first_day_in_the_future_is_no_matter_of_check(tmp_path: Path) -> None:
    folder = sound_folder(tmp_path)
    file = folder / "organisation.yaml"
    file.write_text(file.read_text().replace("2026-11-01", "2999-01-01"))
    assert tasklists("check", "--dir", str(folder)).code == 0


@pytest.mark.parametrize(
    ("lines", "place", "told"),
    [
        ("notify_by_email: true", "4:5", "an e-mail is sent when a task is due, and this one has no due"),
        ("due: inputs.k\napplies: {on: [contract.created]}\ninputs: {k: {type: date}}", "9:13", "the input 'k' has"),
    ],
)  # fmt: skip
def test_a_warning_has_its_place_and_does_not_fail_the_check(lines: str, place: str, told: str, tmp_path: Path) -> None:
    folder = sound_folder(tmp_path)
    first, *rest = lines.split("\n")
    file = folder / "broken.yaml"
    file.write_text(file.read_text() + f"    {first}\n" + "".join(f"{line}\n" for line in rest))
    outcome = tasklists("check", "--dir", str(folder))
    assert outcome.out.startswith(f"{folder}/broken.yaml:{place}: warning: {told}")
    assert outcome.out.count("\n") == 1
    assert outcome.code == 0
