"""`tasklists run`: shows the plan, asks, and makes what is missing, each task once."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from engine.cli.choices import folder_in_use, request_of, run_options

if TYPE_CHECKING:
    from engine.flows.judging import Result

_EPILOG = """\b
Example:
  tasklists run new-member --coworker 1423831744
  tasklists run new-member --coworker 1423831744 --yes --format json
"""


@click.command(epilog=_EPILOG)
@click.argument("tasklist", metavar="LIST")
@click.option("--coworker", "coworker_id", type=int, required=True, metavar="ID", help="The coworker's id in Nexudus.")
@run_options
@click.option("--yes", is_flag=True, help="Do not ask. Needed where nobody can be asked.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def command(
    *, tasklist: str, coworker_id: int, folder: str | None, redact: bool, yes: bool, form: str, **options: Any
) -> int:
    """Create the tasks of a list that one coworker does not have yet. A second run creates nothing."""
    from engine.authoring.check import ready_list
    from engine.authoring.troubles import placed
    from engine.cli.main import print_error
    from engine.cli.masking import member_words
    from engine.cli.showing import show_plan, show_run
    from engine.flows.account import Place, open_to_run, policy
    from engine.flows.apply import Applier, exit_code
    from engine.flows.preview import Previewer
    from engine.flows.version import version_of

    can_ask = sys.stdin.isatty() and sys.stderr.isatty()
    if not yes and not can_ask:
        raise click.UsageError("nobody can be asked here: look with preview first, then run with --yes.")
    place = folder_in_use(folder)
    ready = ready_list(place, tasklist)
    prepared = ready.prepared
    request = request_of(prepared.tasklist, coworker_id, options)
    with open_to_run(Place(os.environ, place.path, prepared.organisation)) as account:
        told = policy(os.environ, prepared.organisation)
        with placed(ready):
            previewer = Previewer(account.reader, account.ledger, prepared, policy=told)
            made = previewer.preview(request, version_of(prepared, ready.data))
        words = member_words(made.facts) if redact else {}
        changes = sum(made.plan.counts().get(name, 0) for name in ("create", "adopt"))
        asks = bool(changes) and not yes
        if asks and form == "table":  # what is asked about has to be seen first
            show_plan(made.plan, form, words=words, explain=False)
        if asks and not click.confirm(f"Make these {changes} changes in Nexudus?", err=True):
            click.echo("nothing was done", err=True)
            return 0
        chain = made.facts.chain()
        applier = Applier(account.client, account.ledger, account.fence, progress=_progress if changes else None)
        applied = applier.apply(
            made.plan, cause=request.cause, chain=(chain.id, chain.contract_ids) if chain else None
        )
    show_run(made.plan, applied, form, words=words, plan_shown=asks)
    if applied.stopped_by is not None:
        print_error(applied.stopped_by)
    return exit_code(applied)


def _progress(done: int, total: int, result: Result) -> None:
    """One line that is written over on a terminal, one line for each task elsewhere; never a member's text."""
    line = f"{done}/{total} {result.action.wanted.item}: {result.outcome}"
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{line}", err=True, nl=done == total)
    else:
        click.echo(line, err=True)
