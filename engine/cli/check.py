"""`tasklists check`: everything that is wrong in the files, at once, without the network."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.cli.choices import dir_option, folder_in_use
from engine.core.errors import Problem
from engine.core.report import visible

if TYPE_CHECKING:
    from engine.authoring.check import Checked

_EPILOG = """\b
Example:
  tasklists check
  tasklists check new-member --format github
"""


@click.command(epilog=_EPILOG)
@click.argument("names", nargs=-1, metavar="[LIST]...")
@dir_option
@click.option("--format", "form", type=click.Choice(["text", "json", "github"]), default="text", show_default=True)
def command(*, names: tuple[str, ...], folder: str | None, form: str) -> int:
    """Check the named lists, or all, and organisation.yaml: every problem with file, line and column."""
    from engine.authoring.check import check_folder

    place = folder_in_use(folder)
    found = check_folder(place, names)
    if form == "json":
        _print_json(found)
    else:
        show = _github if form == "github" else _text
        for problem in found.problems:
            show(problem, place.path)
        if form == "text":
            _print_summary(found, names or place.lists())
    return 2 if found.errors else 0


def _print_summary(found: Checked, names: tuple[str, ...]) -> None:
    warnings = len(found.problems) - len(found.errors)
    told = f"{len(found.errors)} problems, {warnings} warnings" if found.problems else "nothing is wrong"
    click.echo(f"checked organisation.yaml and {len(names)} task lists: {told}", err=True)


def _text(problem: Problem, folder: Path) -> None:
    kind = "" if problem.severity == "error" else "warning: "
    place, _, rest = str(problem).partition(": ")
    click.echo(visible(f"{place}: {kind}{rest}"))
    if sys.stdout.isatty():
        _excerpt(problem, folder)


def _excerpt(problem: Problem, folder: Path) -> None:
    """Show the line with a caret under the place."""
    try:
        lines = (folder / Path(problem.place.file).name).read_text("utf-8-sig").splitlines()
    except (OSError, ValueError):
        return
    if problem.place.line <= len(lines):
        line = lines[problem.place.line - 1].expandtabs(1)
        click.echo(f"    {visible(line)}")
        click.echo(f"    {' ' * len(visible(line[: problem.place.column - 1]))}^")


def _github(problem: Problem, folder: Path) -> None:
    """Print a workflow command, which GitHub shows beside the line of the change."""
    place = problem.place
    text = str(problem).partition(": ")[2]
    for sign, code in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A")):
        text = text.replace(sign, code)
    path = str(place.file).replace(",", "%2C").replace(":", "%3A")
    click.echo(f"::{problem.severity} file={path},line={place.line},col={place.column}::{visible(text)}")


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
    }
