"""The README says what is true: its commands run, its YAML is sound, and nothing that people can use is missing."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from engine.authoring.check import check_folder
from engine.authoring.folder import Folder
from engine.cli.main import COMMANDS, run_commands, tasklists
from engine.core import forms, model, organisation

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
MODELS = (
    model.TaskList,
    model.Item,
    forms.Due,
    model.Applies,
    model.Defaults,
    model.Input,
    organisation.Organisation,
    organisation.Location,
    organisation.CalendarRules,
    organisation.PublicHolidays,
    organisation.Role,
    organisation.CustomField,
)


def fenced(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def command_of(name: str) -> click.Command:
    found = tasklists.get_command(click.Context(tasklists), name)
    assert found is not None
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_readme_and_shows_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert f"`tasklists {name}" in README
    assert run_commands([name, "--help"]) == 0
    assert f"Example:\n    tasklists {name}" in capsys.readouterr().out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_machine_readable_output(name: str) -> None:
    if name in {"demo", "schema"}:  # a tour for people, and JSON by nature
        return
    found = command_of(name)
    runs_by_itself = not isinstance(found, click.Group) or found.invoke_without_command
    parts = list(found.commands.values()) if isinstance(found, click.Group) else []
    for one in [*parts, *([found] if runs_by_itself else [])]:
        forms = [option for option in one.params if "--format" in option.opts]
        assert forms, f"{name} {one.name}"
        assert isinstance(forms[0].type, click.Choice)
        assert "json" in forms[0].type.choices


@pytest.mark.parametrize("name", ["preview", "run", "status", "check"])
def test_every_option_is_in_the_readme(name: str) -> None:
    told = [option.opts[0] for option in command_of(name).params if isinstance(option, click.Option)]
    assert [option for option in told if option not in README] == []


def test_every_key_of_the_files_is_in_the_readme() -> None:
    keys = {key for one in MODELS for key in one.model_fields}
    assert sorted(key for key in keys if not re.search(rf"[`{{ (,]{key}[`:,]|^{key}:", README, re.MULTILINE)) == []


def test_the_yaml_of_the_readme_is_sound(tmp_path: Path) -> None:
    for block in fenced("yaml"):
        name = re.match(r"# tasklists/([\w-]+\.yaml)\n", block)
        assert name, "a YAML block begins with its file name"
        (tmp_path / name[1]).write_text(block)
    assert check_folder(Folder(tmp_path, "tasklists")).problems == ()


def test_the_gate_runs_the_readmes_own_test_command() -> None:
    commands = [line for block in fenced("sh") for line in block.splitlines() if line.startswith("python3 -m venv")]
    assert len(commands) == 2
    assert commands[1] in (ROOT / ".ci" / "run").read_text().splitlines()


def test_every_setting_is_in_the_readme_and_is_read_somewhere() -> None:
    pattern = r"\b(?:NEXUDUS|TASKLISTS)_[A-Z0-9_]+\b"
    sources = "\n".join(path.read_text() for path in (ROOT / "engine").rglob("*.py"))
    read = {name for name in re.findall(pattern, sources) if not name.endswith(("_FILE", "_"))}
    told = set(re.findall(pattern, README))
    assert read - told == set()
    limits = {f"TASKLISTS_{name}" for name in re.findall(r'given\("(\w+)"\)', sources.lower())}
    assert told - read - {name.upper() for name in limits} == set()


def test_readme_names_the_files_that_exist() -> None:
    for path in re.findall(r"`(engine/\w+/)`", README) + re.findall(r"(tests/[\w/]+\.py)", README):
        assert (ROOT / path).exists(), path


def test_the_constraints_pin_everything_and_name_no_registry() -> None:
    lines = (ROOT / "constraints.txt").read_text().split()
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+==[A-Za-z0-9_.]+", line) for line in lines)
    project = (ROOT / "pyproject.toml").read_text()
    wanted = {name.lower() for name in re.findall(r'^  "([A-Za-z0-9-]+)>=', project, re.MULTILINE)}
    pinned = {line.split("==")[0].lower().replace("_", "-") for line in lines}
    assert wanted - pinned == set()
