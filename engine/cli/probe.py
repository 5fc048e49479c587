"""`tasklists probe`: what this account does that no document tells. Shows, asks, and removes all that it makes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from engine.cli.choices import can_ask, dir_option, folder_in_use, redact_option
from engine.cli.making import say
from engine.cli.signals import at_a_prompt, stop_on_signals
from engine.core.errors import Problems

if TYPE_CHECKING:
    from engine.authoring.check import Checked
    from engine.authoring.folder import Folder
    from engine.core.organisation import Organisation
    from engine.flows.probe import Asked, Report

_EPILOG = """\b
Example:
  tasklists probe --coworker 1423831744 --read-only
  tasklists probe --coworker 1423831744
  tasklists probe --coworker 1423831744 --location barcelona --yes --format json
"""


@click.command(epilog=_EPILOG)
@click.option("--coworker", "coworker_id", type=int, required=True, metavar="ID", help="For whom the tasks are made.")
@click.option("--location", metavar="NAME", help="A location of organisation.yaml.")
@click.option("--read-only", is_flag=True, help="Make no task and send no write.")
@click.option("--yes", is_flag=True, help="Do not ask. Needed where nobody can be asked.")
@click.option("--keep-going", is_flag=True, help="Ask on after a task whose creation got no clear answer.")
@dir_option
@redact_option
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def command(
    *,
    coworker_id: int,
    location: str | None,
    read_only: bool,
    yes: bool,
    keep_going: bool,
    folder: str | None,
    redact: bool,
    form: str,
) -> int:
    """Ask the account what no document tells, with a few tasks for one coworker, all removed at the end."""
    from engine.cli.main import print_error
    from engine.flows.probe import Asked

    if not (yes or read_only or can_ask()):
        raise click.UsageError("nobody can be asked here: look with --read-only first, then probe with --yes.")
    place = folder_in_use(folder)
    checked = _sound(place)
    assert checked.organisation is not None  # it is sound
    organisation = checked.organisation.model
    asked = Asked(coworker_id, location, read_only, keep_going)
    report = _probe(place, checked, organisation, asked=asked, yes=yes)
    if report is None:
        click.echo("nothing was done", err=True)
        return 0
    _show(report, form, organisation if redact else None)
    if report.stopped_by is not None:
        print_error(report.stopped_by)
    return report.exit_code


def _sound(place: Folder) -> Checked:
    """All lists of the folder. Raises Problems: an account is compared with files that are right."""
    from engine.authoring.check import check_folder

    checked = check_folder(place)
    if checked.errors or checked.organisation is None:
        raise Problems(checked.problems)
    return checked


def _probe(
    place: Folder, checked: Checked, organisation: Organisation, *, asked: Asked, yes: bool
) -> Report | None:
    from whenever import Instant

    from engine.flows.account import Place, lease_seconds, open_to_run, policy
    from engine.flows.probe import Probe, house_of
    from engine.flows.probing.turn import Deferring

    with stop_on_signals(_GRACE_SECONDS, _LEFT) as asked_to_stop:
        stop = Deferring(asked_to_stop)
        with open_to_run(Place(os.environ, place.path, organisation), stop) as account:
            probe = Probe(
                account.client,
                account.ledger,
                house_of(account.client, organisation, checked.lists, Instant.now),
                stop=stop,
                quiet_seconds=policy(os.environ, organisation).quiet_seconds,
                lease_seconds=lease_seconds(os.environ),
                say=say,
            )
            return probe.run(asked, (lambda _: True) if yes else _agrees)


_GRACE_SECONDS = 60.0
"""For removing what was made: a slow service takes seconds for each call."""

_LEFT = b"interrupted: a task of the probe may be left; the same command removes it first\n"


def _agrees(what: str) -> bool:
    click.echo(f"This {what}.", err=True)
    with at_a_prompt():
        return click.confirm("Go on?", err=True)


def _show(report: Report, form: str, to_mask: Organisation | None) -> None:
    from engine.cli.masking import Mask
    from engine.cli.showing import print_json

    shown = Mask(_holder_words(to_mask) if to_mask is not None else {}).value(report)
    if form == "json":
        print_json(shown.to_json())
        return
    from engine.cli.tables import print_table
    from engine.cli.tables import say as line

    print_table(("check", "", "detail"), [(c.check, c.state, c.detail) for c in shown.checks], least=(10, 8, 30))
    _show_answers(shown)
    for left in shown.left:
        which = f"task {left.task_id}" if left.task_id else f"a task named 'tasklists probe {left.label} ...'"
        line(f"left: {which} of coworker {left.coworker_id}: {left.why}. Probe again, or remove it in Nexudus.")
    if not shown.read_only:
        line(f"{shown.made} creations were sent, {shown.removed} tasks removed, {len(shown.left)} left")


def _show_answers(report: Report) -> None:
    """A row for each question that was asked; the others by their reason."""
    from engine.cli.tables import print_table
    from engine.cli.tables import say as line

    rows, unasked = [], dict[str, list[str]]()
    for told in report.told:
        if not told.answer.asked:
            unasked.setdefault(told.answer.detail, []).append(told.answer.question)
            continue
        was = f" (was {told.was.answer})" if told.changed and told.was is not None else ""
        rows.append((told.answer.question, f"{told.answer.answer}{was}", f"{told.title}: {told.answer.detail}"))
    print_table(("", "answer", "question and detail"), rows, least=(3, 16, 40))
    for why, questions in unasked.items():
        line(f"not asked: {', '.join(questions)}: {why}")


def _holder_words(organisation: Organisation) -> dict[str, str]:
    """The e-mails of the staff, with what stands for them: all that a probe shows of a person."""
    holders = {
        str(holder)
        for location in organisation.locations
        for role in organisation.known_roles()
        for holder in organisation.holders_at(role, location)
    }
    return {holder: f"[holder {number}]" for number, holder in enumerate(sorted(holders), 1) if "@" in holder}
