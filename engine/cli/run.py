"""`tasklists run`: shows the plan, asks, and makes what is missing, each task once."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from engine.cli.choices import can_ask, folder_in_use, request_of, run_options
from engine.cli.making import Countdown, job_for, jobs_of, runner_for, say, wait_option
from engine.cli.signals import at_a_prompt, stop_on_signals

if TYPE_CHECKING:
    from engine.flows.preview import Preview
    from engine.flows.resume import Resumed

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
@wait_option
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def command(
    *,
    tasklist: str,
    coworker_id: int,
    folder: str | None,
    redact: bool,
    yes: bool,
    wait: bool,
    form: str,
    **options: Any,
) -> int:
    """Create the tasks of a list that one coworker does not have yet. A second run creates nothing."""
    from engine.authoring.check import ready_list
    from engine.authoring.troubles import placed
    from engine.cli.main import print_error
    from engine.cli.showing import show_run
    from engine.flows.account import Place, open_to_run
    from engine.flows.resume import Recovery

    if not yes and not can_ask():
        raise click.UsageError("nobody can be asked here: look with preview first, then run with --yes.")
    place = folder_in_use(folder)
    ready = ready_list(place, tasklist)
    prepared = ready.prepared
    request = request_of(prepared.tasklist, coworker_id, options)
    job = job_for(ready, request)
    agreement = None if yes else _Agreement(form, redact=redact)
    with (
        stop_on_signals() as stop,
        open_to_run(Place(os.environ, place.path, prepared.organisation), stop, Countdown()) as account,
    ):
        runner = runner_for(account, prepared.organisation, stop, wait=wait)
        recovery = Recovery(runner, jobs_of(place), say)
        with placed(ready):
            ran = runner.run(
                job,
                agree=agreement,
                before=lambda tenure, text: _tell_left(recovery.unfinished(tenure, but=text)),
                after=lambda tenure, done: _tell_left(recovery.after_run(tenure, done)),
            )
    if ran is None:
        click.echo("nothing was done", err=True)
        return 0
    show_run(ran, form, redact=redact, plan_shown=agreement is not None and agreement.asked)
    if ran.trouble is not None:
        say("once for the team nothing is made yet; `tasklists resume` goes on with it:")
    if ran.stopped_by is not None:
        print_error(ran.stopped_by)
    return ran.exit_code


class _Agreement:
    """Shows a plan that would change anything, and asks."""

    def __init__(self, form: str, *, redact: bool) -> None:
        self._form = form
        self._redact = redact
        self.asked = False

    def __call__(self, made: Preview) -> bool:
        from engine.cli.showing import show_preview

        changes = sum(part.plan.counts().get(name, 0) for part in made.parts() for name in ("create", "adopt"))
        if not changes:
            return True
        if self._form == "table":  # what is asked about has to be seen first
            show_preview(made, self._form, redact=self._redact, explain=False)
            self.asked = True
        with at_a_prompt():
            return click.confirm(f"Make these {changes} changes in Nexudus?", err=True)


def _tell_left(resumed: Resumed) -> None:
    """Say what an earlier run left and this one could not finish; it does not keep this one from its own."""
    for left in resumed.left:
        what = f"run {left.run_id} of {left.tasklist}" if left.run_id else f"coworker {left.coworker_id}"
        say(f"{what} is still open: {left.why}")
