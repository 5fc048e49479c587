"""`tasklists demo`: the main job against a sandbox of its own, in one command and without an account."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess  # noqa: S404 - starts this program again, never what a user gave
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from engine.cli.choices import dir_option, folder_in_use
from engine.core.errors import UserError

MEMBER = 1423831744
"""A made-up member of the sandbox whose contract starts in ten days."""

_PATIENCE_SECONDS = 60
_EPILOG = """\b
Example:
  tasklists demo
  tasklists demo --no-wait
"""


@click.command(epilog=_EPILOG)
@click.option("--coworker", "coworker_id", default=MEMBER, show_default=True, metavar="ID", help="A sandbox member.")
@click.option("--list", "tasklist", default="new-member", show_default=True, metavar="LIST", help="The list to run.")
@click.option("--wait/--no-wait", default=None, help="Keep the sandbox open to look at it; at a terminal it is.")
@dir_option
def command(*, coworker_id: int, tasklist: str, wait: bool | None, folder: str | None) -> None:
    """Start a sandbox, preview a list for a member, run it, run it again, and show the tasks that were made."""
    place = folder_in_use(folder)
    state = place.path.parent / ".tasklists" / "demo"
    shutil.rmtree(state, ignore_errors=True)
    try:
        state.mkdir(parents=True, mode=0o700)
    except OSError as error:
        raise UserError(
            f"the demo keeps its sandbox in {state}, which cannot be made: {error.strerror}.",
            advice="Copy the folder to a place that you may write to.",
        ) from None
    with _sandbox(state / "sandbox.db") as told:
        environ = os.environ | {
            "NEXUDUS_BASE_URL": told["base_url"],
            "NEXUDUS_USERNAME": told["username"],
            "NEXUDUS_PASSWORD": told["password"],
            "TASKLISTS_LEDGER": str(state / "ledger.db"),
            "TASKLISTS_DIR": str(place.path),
        }
        for name in ("NEXUDUS_TOKEN", "NEXUDUS_AUTH", "NEXUDUS_PASSWORD_FILE", "NEXUDUS_TOKEN_FILE"):
            environ.pop(name, None)
        for_member = (tasklist, "--coworker", str(coworker_id))
        _step("What would happen. Nothing is written.", environ, "preview", *for_member)
        _step("Do it.", environ, "run", *for_member, "--yes")
        _step("Once more: every task is there already, so nothing is made twice.", environ, "run", *for_member, "--yes")
        _show_tasks(told, coworker_id)
        page = f"member/{coworker_id}"
        if sys.stdout.isatty() and sys.stdin.isatty() if wait is None else wait:
            click.echo(f"\nLook at them now: {told['base_url']}/{page} (the sandbox ends when you press Enter)")
            sys.stdin.readline()
        database = os.path.relpath(state / "sandbox.db")
        click.echo(f"\nTo look at them: {_typed()} sandbox --db {database}")
        click.echo(f"and open http://127.0.0.1:8765/{page} in a browser.")


def _typed() -> str:
    """Return this program as a person has to type it here."""
    found = shutil.which("tasklists")
    own = Path(sys.argv[0]).absolute()
    return "tasklists" if found and Path(found).absolute() == own else os.path.relpath(own)


@contextlib.contextmanager
def _sandbox(database: Path) -> Iterator[dict[str, Any]]:
    """Run a sandbox process on a free port; it ends with the block."""
    arguments = ["sandbox", "--port", "0", "--db", str(database), "--format", "json"]
    process = subprocess.Popen(_program(*arguments), stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own program
    try:
        assert process.stdout is not None  # it was asked for
        line = process.stdout.readline()
        if not line:
            raise UserError("the sandbox did not start.", advice="Try tasklists sandbox by itself to see why.")
        yield json.loads(line)
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_PATIENCE_SECONDS)
        if process.stdout is not None:
            process.stdout.close()


def _program(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "engine.cli.main", *arguments]


def _step(what: str, environ: Mapping[str, str], *arguments: str) -> None:
    click.echo(f"\n{what}\n$ tasklists {' '.join(arguments)}")
    done = subprocess.run(_program(*arguments), env=dict(environ), check=False)  # noqa: S603 - our own program
    if done.returncode != 0:
        raise click.exceptions.Exit(done.returncode)


def _show_tasks(told: Mapping[str, Any], coworker_id: int) -> None:
    """Show what the service holds now, read from it and not from our memory."""
    from engine.cli.tables import print_table
    from engine.nexudus.client import NexudusReader, NoPace
    from engine.nexudus.settings import NexudusSettings

    settings = NexudusSettings(told["base_url"], told["username"], told["password"])
    with NexudusReader(settings, pace=NoPace()) as reader:
        listing = reader.tasks_of(coworker_id)
    rows = [
        (str(task.task_id), task.name, str(task.responsible_id), str(task.due_at or "none"))
        for task in sorted(listing.rows, key=lambda task: (str(task.due_at), task.task_id))
    ]
    click.echo(f"\nThe {len(rows)} tasks of the member, as the service lists them:")
    print_table(("task", "name", "responsible", "due (UTC)"), rows)

