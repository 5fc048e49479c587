"""Checklists of real houses, said in the language: each is sound, and its cases hold.

The folder is a folder of task lists like any other. Nothing here knows more of the lists than a user does.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.authoring.case_files import case_files
from engine.authoring.check import check_folder
from engine.authoring.folder import Folder
from engine.cli.main import run_commands

HERE = Path(__file__).parent
FOLDER = Folder(HERE, "checklists")

SOURCES = (
    *("hamlet-security", "flextech-add-team-member", "wework-moves", "nexudus-virtual-office", "congleton-kyc"),
    *("melbourne-makerspace", "chattlab", "altspace-seattle", "cobot-guide", "office-building-move-out"),
    *("manifestly-move-in", "facility-moves", "studio-30-days", "member-14-days"),
)
TEMPLATES = (
    *("hot-desk-individual", "dedicated-desk-with-locker", "private-office-team", "virtual-office-kyc"),
    *("makerspace-member", "team-member-added", "offboarding"),
)
FRAGMENTS = ("manifestly-package",)


def test_every_source_and_template_is_a_list_of_the_folder() -> None:
    assert sorted(FOLDER.lists()) == sorted((*SOURCES, *TEMPLATES, *FRAGMENTS))


def test_every_list_is_sound_without_a_warning() -> None:
    assert [str(problem) for problem in check_folder(FOLDER).problems] == []


@pytest.mark.parametrize("name", [*SOURCES, *TEMPLATES])
def test_the_cases_of_each_list_hold(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert case_files(FOLDER, name), "every list has cases"
    code = run_commands(["test", name, "--dir", str(HERE)])
    assert code == 0, capsys.readouterr().out


@pytest.mark.parametrize("name", [*SOURCES, *TEMPLATES])
def test_every_item_of_a_list_is_made_in_some_case(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What no case makes could say anything at all."""
    assert run_commands(["test", name, "--dir", str(HERE), "--coverage", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["item"] for covered in told["coverage"] for one in covered["missed"] if one["what"] == "made"] == []


@pytest.mark.parametrize("name", [*SOURCES, *TEMPLATES])
def test_every_list_reads_as_a_checklist(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_commands(["show", name, "--dir", str(HERE), "--location", "harbour"]) == 0
    assert "[ ] " in capsys.readouterr().out
