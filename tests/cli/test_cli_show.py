"""`tasklists show`: a list made of three files, as a person reads it; in words, Markdown, JSON and YAML.

`shown/NAME.txt` are whole outputs; `TASKLISTS_BLESS=1` writes them anew: read the difference.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from given_account import Account
from test_output_schemas import faults

from engine.cli.main import run_commands
from engine.cli.output_schemas import OUTPUTS

HERE = Path(__file__).parent / "shown"
FORMS = {
    "everywhere": (),
    "barcelona": ("--location", "barcelona"),
    "london": ("--location", "london"),
    "barcelona-in-english": ("--location", "barcelona", "--language", "en-GB"),
    "london-markdown": ("--location", "london", "--format", "markdown"),
    "london-json": ("--location", "london", "--format", "json"),
    "everywhere-yaml": ("--format", "yaml"),
    "london-yaml": ("--location", "london", "--format", "yaml"),
}


def shown(capsys: pytest.CaptureFixture[str], folder: Path, *arguments: str) -> tuple[int, str, str]:
    code = run_commands(["show", *arguments, "--dir", folder.name])
    told = capsys.readouterr()
    return code, told.out, told.err


@pytest.fixture
def lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(HERE / "lists", tmp_path / "lists")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "lists"


@pytest.mark.parametrize("name", FORMS)
def test_a_list_is_shown_in_these_words(name: str, lists: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = shown(capsys, lists, "desk", *FORMS[name])
    assert (code, err) == (0, "")
    golden = HERE / f"{name}.txt"
    if os.environ.get("TASKLISTS_BLESS") == "1":
        golden.write_text(out, "utf-8")
    assert out == golden.read_text("utf-8")


def test_an_abstract_list_is_shown_as_far_as_it_goes(lists: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = shown(capsys, lists, "locks")
    assert code == 0
    assert out.startswith("locks: named by the list that extends it\n  abstract: never run by itself\n")


def test_the_json_is_what_its_schema_says(lists: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import json

    for name in ("desk", "locks", "first-days"):
        _, out, _ = shown(capsys, lists, name, "--format", "json")
        assert faults(json.loads(out), OUTPUTS["show"]) == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("dsk",), "there is no task list 'dsk' in lists. Did you mean desk?"),
        (("desk", "--location", "londn"), "there is no location 'londn'. Did you mean london?"),
        (("desk", "--language", "in english"), "'in english' is no language tag. Give one such as en, es or pt-BR."),
    ],
)
def test_what_cannot_be_shown_is_refused(
    arguments: tuple[str, ...], told: str, lists: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = shown(capsys, lists, *arguments)
    assert (code, out) == (2, "")
    assert " ".join(err.removeprefix("error: ").split("\n")).strip() == told


def test_a_broken_list_is_not_shown_but_its_mistakes_are(lists: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = lists / "locks.yaml"
    file.write_text(file.read_text().replace("desk.name", "desk.nme", 1))
    code, out, err = shown(capsys, lists, "desk")
    assert (code, out) == (2, "")
    assert err.startswith("lists/locks.yaml:8:28: there is no fact desk.nme")


def test_what_is_shown_as_yaml_is_planned_just_like_the_list_itself(account: Account) -> None:
    whole = (account.lists / "new-member.yaml").read_text()
    before = account.preview()
    account.write("origin", whole.replace("tasklist: new-member", "tasklist: origin") + "abstract: true\n")
    account.write("new-member", "tasklist: new-member\nextends: origin\n")
    through = account.preview()
    assert [one["payload"] for one in through.json["actions"]] == [one["payload"] for one in before.json["actions"]]
    account.write("new-member", account.cli("show", "new-member", "--format", "yaml").out)
    alone = account.preview()
    assert [one["payload"] for one in alone.json["actions"]] == [one["payload"] for one in before.json["actions"]]
