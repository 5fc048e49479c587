"""What `run` and `resume` share: the runner with its waits and progress shown on standard error."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from engine.authoring.check import Ready
    from engine.authoring.folder import Folder
    from engine.core.organisation import Organisation
    from engine.flows.account import WritingAccount
    from engine.flows.judging import Result
    from engine.flows.request import Request
    from engine.flows.run import Job, Runner
    from engine.flows.stopping import Stop

wait_option = click.option(
    "--wait/--no-wait",
    default=True,
    show_default=True,
    help="Wait out the quiet period of what is in doubt, and for a member that another process works on.",
)


def runner_for(account: WritingAccount, organisation: Organisation, stop: Stop, *, wait: bool) -> Runner:
    """Return a runner for one account, as the environment sets it."""
    from engine.flows.account import lease_seconds, policy
    from engine.flows.apply import Conduct
    from engine.flows.run import Patience, Runner
    from engine.flows.tenure import new_holder

    told = policy(os.environ, organisation)
    conduct = Conduct(stop, account.width, quiet_seconds=told.quiet_seconds, progress=_Progress())
    return Runner(
        account,
        told,
        conduct,
        holder=new_holder(),
        patience=Patience(wait=wait),
        lease_seconds=lease_seconds(os.environ),
        waiting=Countdown(),
    )


def job_for(ready: Ready, request: Request) -> Job:
    """Return the job of a list that was made ready. Raises UserError for overrides that the list cannot take."""
    from engine.core.overriding import with_overrides
    from engine.flows.request import with_defaults
    from engine.flows.run import Job
    from engine.flows.version import version_of

    prepared = with_overrides(ready.prepared, request.overrides)
    request = with_defaults(prepared.tasklist, request)
    return Job(prepared, request, version_of(ready.prepared, ready.data))


def jobs_of(place: Folder) -> Callable[[str, Request], Job]:
    """Return what makes a job of a list in a folder, read now. Raises UserError for one that is broken or gone."""
    from engine.authoring.check import ready_list

    return lambda tasklist, request: job_for(ready_list(place, tasklist), request)


def say(line: str) -> None:
    """Tell of progress; never a member's text."""
    click.echo(line, err=True)


class _Progress:
    """One line that is written over on a terminal, one line for each task elsewhere; never a member's text.

    What is kept without a change is not worth a line: only what is made, or fails, is told.
    """

    def __call__(self, done: int, total: int, result: Result) -> None:
        if result.outcome in {"kept", "skipped"}:
            return
        line = f"{done}/{total} {result.action.wanted.item}: {result.outcome}"
        if sys.stderr.isatty():
            click.echo(f"\r\x1b[K{line}", err=True, nl=done == total)
        else:
            click.echo(line, err=True)


class Countdown:
    """A wait, counted down on a terminal; one line when it begins elsewhere."""

    def __init__(self) -> None:
        self._told = ""

    def __call__(self, what: str, left: float) -> None:
        if left <= 0:
            if self._told and sys.stderr.isatty():
                click.echo("\r\x1b[K", err=True, nl=False)
            self._told = ""
        elif sys.stderr.isatty():
            line = f"waiting {_clock(left)}: {what} (Ctrl-C to leave it)"
            width = shutil.get_terminal_size().columns - 1  # a line that wraps cannot be written over
            click.echo(f"\r\x1b[K{line[:width]}", err=True, nl=False)
            self._told = what
        elif what != self._told:
            click.echo(f"waiting {left:.0f} s: {what}", err=True)
            self._told = what


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
