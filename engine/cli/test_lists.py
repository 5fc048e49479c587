"""`tasklists test`: the cases of lists, held against what the lists make. Offline; no file is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from engine.cli.choices import dir_option, folder_in_use, redact_option
from engine.core.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from engine.flows.case_runs import CaseRun, ListRun

_EPILOG = """\b
Example:
  tasklists test
  tasklists test new-member --coverage --fail-under 90
  tasklists test --format junit > cases.xml
  tasklists test new-member --update
"""


@click.command("test", epilog=_EPILOG)
@click.argument("names", nargs=-1, metavar="[LIST]...")
@click.option("--case", "only", default="", metavar="TEXT", help="Only the cases with this text in their name.")
@click.option("--coverage", is_flag=True, help="Show the items and branches that no case reaches.")
@click.option("--fail-under", type=click.FloatRange(0, 100), metavar="N", help="Exit 3 below N percent of branches.")
@click.option("--update", is_flag=True, help="Write what the cases would have to expect into a new file beside each.")
@dir_option
@redact_option
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "github", "junit"]), default="text", show_default=True
)
def command(
    *,
    names: tuple[str, ...],
    only: str,
    coverage: bool,
    fail_under: float | None,
    update: bool,
    folder: str | None,
    redact: bool,
    form: str,
) -> int:
    """Try the cases in tests/LIST.yaml: what each list makes of them, and what differs. Exit 3 when one fails."""
    from engine.cli import test_showing
    from engine.flows.case_runs import lists_with_cases, run_all

    if only and (update or fail_under is not None):
        raise click.UsageError("--case looks at some cases only: leave out --update and --fail-under.")
    place = folder_in_use(folder)
    runs = run_all(place, lists_with_cases(place, names), only)
    lacking = [run for run in runs if fail_under is not None and run.coverage.percent < fail_under]
    test_showing.show(runs, form, coverage=coverage or bool(lacking), redact=redact)
    for run in lacking:
        told = f"{run.tasklist}: {run.coverage.percent:.1f} % of its branches are reached, below {fail_under:g} %"
        click.echo(told, err=True)
    if update:
        _update(place.path, runs)
    return 3 if lacking or any(not one.is_good for run in runs for _, one in run.tried()) else 0


def _update(folder: Path, runs: tuple[ListRun, ...]) -> None:
    """Write a new file beside each file of cases that does not hold; never over one that is there."""
    from engine.flows.case_runs import updated

    for run in (one for whole in runs for one in whole.runs):
        text, left = updated(run)
        if text.splitlines() != run.cases.loaded.source.text.splitlines():
            _write(folder, run, text)
        for one in left:
            why = (one.outcome.error or "it does not stand with a line for each key").splitlines()[0]
            click.echo(f"not updated: {run.place(one)}: {one.case.case}: {why}", err=True)


def _write(folder: Path, run: CaseRun, text: str) -> None:
    name = f"{run.file_name}.new"
    try:
        with (folder / name).open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        advice = "Look at it, then move it over the old file or delete it."
        raise UserError(f"{name} is there already.", advice=advice) from None
    except OSError as error:
        raise UserError(f"{name} cannot be written: {error.strerror}.") from None
    click.echo(f"wrote {name}: look at what changed, then move it over {run.file_name}", err=True)
