"""`tasklists check`: everything that is wrong in the files, at once, without the network."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from engine.cli.choices import dir_option, folder_in_use
from engine.core.errors import Problem
from engine.core.report import visible

if TYPE_CHECKING:
    from engine.authoring.check import Checked
    from engine.authoring.folder import Folder

_EPILOG = """\b
Example:
  tasklists check
  tasklists check new-member --format github
  tasklists check --online
"""


@click.command(epilog=_EPILOG)
@click.argument("names", nargs=-1, metavar="[LIST]...")
@dir_option
@click.option("--online", is_flag=True, help="Also ask Nexudus: locations, time zones, people, plans. Reads only.")
@click.option("--format", "form", type=click.Choice(["text", "json", "github"]), default="text", show_default=True)
def command(*, names: tuple[str, ...], folder: str | None, online: bool, form: str) -> int:
    """Check the named lists, or all, and organisation.yaml: every problem with file, line and column.

    Cases in tests/ are checked too.
    """
    from engine.authoring.check import check_folder

    place = folder_in_use(folder)
    found = _with_cases(check_folder(place, names), place, names)
    if online and not found.errors:
        found = _with_online(found)
    elif online:
        click.echo("Nexudus is not asked while the files themselves have problems", err=True)
    if form == "json":
        _print_json(found)
    elif form == "github":
        for problem in found.problems:
            _github(problem)
    else:
        _print_text(found, place)
        _print_summary(found, place, names)
    return 2 if found.errors else 0


def _with_cases(found: Checked, folder: Folder, names: tuple[str, ...]) -> Checked:
    """Add what is wrong in the files of cases; a run or a preview does not hang on those."""
    if not (folder.path / "tests").is_dir():
        return found
    from engine.authoring.case_files import case_problems

    told = case_problems(folder, found.lists, names)
    return replace(found, problems=tuple(sorted({*found.problems, *told})))


def _with_online(found: Checked) -> Checked:
    from engine.flows.account import open_reader
    from engine.flows.check_online import online_problems

    with open_reader(os.environ) as reader:
        told = online_problems(reader, found)
    return replace(found, problems=tuple(sorted({*found.problems, *told})))


def _print_summary(found: Checked, folder: Folder, names: tuple[str, ...]) -> None:
    warnings = len(found.problems) - len(found.errors)
    count = len(set(names) or folder.lists())
    told = "nothing is wrong"
    if found.problems:
        told = f"{_counted(len(found.errors), 'problem')}, {_counted(warnings, 'warning')}"
    lists = _counted(count, "task list") if count else "no task list, as there is none"
    click.echo(f"checked organisation.yaml and {lists}: {told}", err=True)


def _counted(number: int, name: str) -> str:
    return f"{number} {name}" if number == 1 else f"{number} {name}s"


def _print_text(found: Checked, folder: Folder) -> None:
    from engine.cli.excerpt import Excerpts

    excerpts = Excerpts(folder) if sys.stdout.isatty() else None
    for problem in found.problems:
        kind = "" if problem.severity == "error" else "warning: "
        click.echo(visible(f"{problem.place}: {kind}{_rest(problem)}"))
        for line in excerpts.at(problem.place) if excerpts else ():
            click.echo(line)


def _rest(problem: Problem) -> str:
    """Return all that a problem says besides its place."""
    return str(problem)[len(str(problem.place)) + 2 :]


def _github(problem: Problem) -> None:
    """Print a workflow command, which GitHub shows beside the line of the change."""
    place = problem.place
    path, text = visible(_escaped(place.file)), visible(_escaped(_rest(problem)))
    path = path.replace(",", "%2C").replace(":", "%3A")
    click.echo(f"::{problem.severity} file={path},line={place.line},col={place.column}::{text}")


def _escaped(text: str) -> str:
    for sign, code in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A")):
        text = text.replace(sign, code)
    return text


def _print_json(found: Checked) -> None:
    from engine.cli.showing import print_json

    print_json({"problems": [_to_json(problem) for problem in found.problems], "lists": sorted(found.lists)})


def _to_json(problem: Problem) -> dict[str, Any]:
    return {
        "file": problem.place.file,
        "line": problem.place.line,
        "column": problem.place.column,
        "severity": problem.severity,
        "what": problem.what,
        "found": problem.found,
        "allowed": problem.allowed,
        "nearest": problem.nearest,
        "corrected": problem.corrected,
        "code": problem.code,
    }
