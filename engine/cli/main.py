"""The command `tasklists`: finds its commands by name, and turns every error into a sentence and an exit code.

Commands are imported when they are called: `--help` must stay fast (goal P1).
"""

from __future__ import annotations

import importlib
import os
import sys

import click

from engine.core.errors import Problems, TasklistsError

COMMANDS = {
    "preview": "Show exactly what a run would do. Writes nothing.",
    "run": "Create what is missing for one coworker, each task once.",
    "resume": "Go on with what was interrupted, parked or left in doubt.",
    "status": "What was done: runs, or the tasks of one coworker.",
    "reassign": "Give one person's open tasks to another, with a preview.",
    "audit": "Compare the ledger with Nexudus: lost, doubled, changed. Writes nothing.",
    "probe": "Ask an account what no document tells; all that it makes is removed.",
    "serve": "Take webhooks, make the tasks they mean, and find what none told about.",
    "worker": "Do the work of a service on PostgreSQL beside `serve`, on any machine.",
    "inbox": "The webhooks that came in: list, show, replay, discard.",
    "hooks": "The webhooks at Nexudus: list, register, check, remove.",
    "backfill": "Start a list for members who were there before it.",
    "config": "All settings in force, secrets masked.",
    "import": "Turn a spreadsheet, or a location's native lists, into YAML.",
    "init": "Make a starter folder by asking for locations and people.",
    "check": "Find everything that is wrong in the files, without the network.",
    "show": "One list as it is in force, with all that it extends, includes and overlays.",
    "explain": "Why each item is made or not, its date step by step, and why this person.",
    "test": "Try the cases of lists: members in, expected tasks out, and what no case reaches.",
    "diff": "What an edit of a list changes for saved members, against a file or git's history.",
    "rehearse": "A list for every start day of a year: late dates, pile-ups, overloads. Offline.",
    "fields": "The facts that texts and conditions may name.",
    "schema": "The JSON Schema of the files, for editors.",
    "demo": "See it work: a sandbox, a preview, a run, and a second run.",
    "sandbox": "Run a stand-in for the Nexudus API.",
}

_MODULES = {"import": "import_lists", "test": "test_lists"}
"""Where a command's module cannot bear its name."""


class Commands(click.Group):
    """Lists names and one-liners without importing any command."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        found = importlib.import_module(f"engine.cli.{_MODULES.get(cmd_name, cmd_name)}").command
        assert isinstance(found, click.Command)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from engine.core.words import nearest

            close = nearest(args[0], COMMANDS)
            ctx.fail(f"there is no command {args[0]!r}" + (f"; did you mean {close}?" if close else "."))
        return super().resolve_command(ctx, args)


_EPILOG = """\b
Example:
  tasklists demo
  tasklists preview new-member --coworker 1423831744
  tasklists run new-member --coworker 1423831744 --yes
"""


@click.group(cls=Commands, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tasklists", message="%(version)s")
def tasklists() -> None:
    """Onboarding task lists for coworking spaces: YAML lists become Nexudus tasks, each exactly once."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave with the exit code of design section 7."""
    try:
        code = run_commands(arguments)
        sys.stdout.flush()
        sys.exit(code)
    except BrokenPipeError:  # the reader of our output went away: not our error, and nobody is there to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def run_commands(arguments: list[str] | None) -> int:
    """Return the exit code; errors that a person can act on are printed, a bug keeps its traceback."""
    try:
        code = tasklists.main(args=arguments, prog_name="tasklists", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted: nothing is lost, the same command goes on where this one stopped", err=True)
        return 130
    except TasklistsError as error:
        print_error(error)
        return error.exit_code


def print_error(error: TasklistsError) -> None:
    """Print what went wrong and what to do now on standard error; data in it cannot steer the terminal."""
    from engine.core.report import visible

    if isinstance(error, Problems):
        for problem in error.problems:
            click.echo(visible(str(problem)), err=True)
    else:
        for line in error.message.splitlines():
            click.echo(f"error: {visible(line)}", err=True)
    if error.advice:
        click.echo(visible(error.advice), err=True)


if __name__ == "__main__":
    main()
