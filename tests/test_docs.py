"""The README says what is true: its commands run, and nothing that people can use is missing; YAML: test_docs_guide."""

from __future__ import annotations

import re

import click
import pytest
from readme_examples import README, ROOT, fenced

from engine.cli.main import COMMANDS, run_commands, tasklists
from engine.flows.settings_table import SETTINGS, Setting


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


TOLD_WHOLE = (
    *("preview", "run", "status", "check", "show", "explain"),
    *("test", "diff", "rehearse", "reassign", "import", "init"),
)


@pytest.mark.parametrize("name", TOLD_WHOLE)
def test_every_option_is_in_the_readme(name: str) -> None:
    told = [option.opts[0] for option in command_of(name).params if isinstance(option, click.Option)]
    assert [option for option in told if option not in README] == []


def test_the_gate_runs_the_readmes_own_test_command() -> None:
    commands = [line for block in fenced("sh") for line in block.splitlines() if line.startswith("python3 -m venv")]
    assert len(commands) == 2
    assert commands[1] in (ROOT / ".ci" / "run").read_text().splitlines()


NAMES = {setting.name for setting in SETTINGS}
A_NAME = r"\b(?:NEXUDUS|TASKLISTS)_[A-Z0-9_]*[A-Z0-9]\b"


def settings_named(text: str) -> set[str]:
    """Every setting that a text names, a file's name counted for its setting where it may stand in a file."""
    found = set(re.findall(A_NAME, text))
    return {name if name in NAMES else re.sub("_FILE$", "", name) for name in found}


def row_of(setting: Setting) -> str:
    is_prose = " " in setting.default
    default = f"`{setting.default}`" if setting.default and not is_prose else setting.default
    words = f" ({', '.join(f'`{word}`' for word in setting.words)})" if setting.words else ""
    also = ". Also as `..._FILE`" if setting.has_file else ""
    return f"| `{setting.name}` | {default} | {setting.meaning}{words}{also} |"


def test_the_readme_has_the_table_of_all_settings_and_no_other() -> None:
    heading = "| setting | default | meaning |\n|---|---|---|\n"
    assert README.count(heading) == 1
    table = README.split(heading)[1].split("\n\n")[0]
    assert table.splitlines() == [row_of(setting) for setting in SETTINGS]


def test_the_readme_and_the_engine_name_no_setting_that_there_is_not() -> None:
    sources = "\n".join(path.read_text() for path in (ROOT / "engine").rglob("*.py"))
    assert settings_named(README) == NAMES
    assert settings_named(sources) - NAMES == set()


def test_every_setting_is_read_by_something_else_than_its_table() -> None:
    table = ROOT / "engine" / "flows" / "settings_table.py"
    sources = "\n".join(path.read_text() for path in (ROOT / "engine").rglob("*.py") if path != table)
    limits = {f"TASKLISTS_{name.upper()}" for name in re.findall(r'given\("(\w+)"\)', sources)}
    assert NAMES - settings_named(sources) - limits == set()


def test_every_link_inside_the_readme_leads_to_a_heading() -> None:
    prose = re.sub(r"^```.*?^```", "", README, flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    there = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert [link for link in re.findall(r"\]\(#([^)]+)\)", README) if link not in there] == []


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
