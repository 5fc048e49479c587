"""`tasklists sandbox`: runs the Nexudus stand-in, prints its modes and faults, or tells a running one what to do.

Must never import a server at start-up: `--help` has to stay fast.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from engine.cli.sandbox_calls import cancel, signup

if TYPE_CHECKING:
    from engine.sandbox.state import State

_EPILOG = """\b
Example:
  tasklists sandbox --mode S14=kept --fault error-after-commit=2x
  tasklists sandbox --port 0 --format json
  tasklists sandbox signup "José Núñez" --tariff "Hot Desk" --start +14
"""


@click.group(invoke_without_command=True, epilog=_EPILOG, subcommand_metavar="[COMMAND [ARGS]...]")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8765, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes a free one."
)
@click.option("--db", type=click.Path(dir_okay=False, path_type=Path), help="Keep the records here; else in memory.")
@click.option("--commit-log", type=click.Path(dir_okay=False, path_type=Path), help="Add a JSON line for each commit.")
@click.option("--mode", "modes", multiple=True, metavar="NAME=VALUE", help="How the service behaves, as S14=kept.")
@click.option("--fault", "faults", multiple=True, metavar="NAME=VALUE", help="A share (0.3) or a count (2x).")
@click.option(
    "--hook-secret",
    "secrets",
    multiple=True,
    metavar="LOCATION=SECRET",
    help="What deliveries of a location are signed with; nothing behind = means unsigned. Else from the seed.",
)
@click.option("--allow-remote-hooks", is_flag=True, help="Send webhooks to other machines too.")
@click.option("--seed", default=1, show_default=True, type=int, help="Names, order and faults follow from it.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--list", "only_list", is_flag=True, help="Print all modes and faults, and end.")
@click.pass_context
def command(
    context: click.Context,
    *,
    host: str,
    port: int,
    db: Path | None,
    commit_log: Path | None,
    modes: tuple[str, ...],
    faults: tuple[str, ...],
    secrets: tuple[str, ...],
    allow_remote_hooks: bool,
    seed: int,
    form: str,
    only_list: bool,
) -> None:
    """Run a stand-in for the Nexudus API with made-up people, and a page to look at its tasks.

    Nothing it does reaches a real account. It runs until Ctrl-C.
    """
    if context.invoked_subcommand is not None:
        _refuse_options_before(context)
        return
    if only_list:
        _print_switches(form)
        return
    from engine.sandbox.faults import Faults
    from engine.sandbox.modes import Modes

    # Checked before any file is made.
    _switch(Modes().change, modes)
    _switch(Faults(seed).change, faults)
    if not all("=" in secret for secret in secrets):
        raise click.UsageError("--hook-secret needs LOCATION=SECRET.")  # what was given may be the secret
    start = _Start((host, port), form, modes, faults, secrets, allow_remote_hooks)
    raise SystemExit(_serve(_open_state(db, commit_log, seed), start))


command.add_command(signup)
command.add_command(cancel)


@dataclass(frozen=True)
class _Start:
    """How the server is to be started."""

    address: tuple[str, int]
    form: str
    modes: tuple[str, ...]
    faults: tuple[str, ...]
    secrets: tuple[str, ...] = field(repr=False)
    allow_remote_hooks: bool


def _refuse_options_before(context: click.Context) -> None:
    """What stands before a command would start a server; ignoring it would hide a slip of the hand."""
    for name in context.params:
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            told = f"options of the server do not go with {context.invoked_subcommand}"
            raise click.UsageError(f"{told}: those of the command stand behind it.")


def _switch(change: Callable[[dict[str, object]], None], settings: Iterable[str]) -> None:
    """NAME=VALUE each. UsageError names the nearest and the allowed."""
    from engine.sandbox.modes import SwitchError

    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise click.UsageError(f"{setting!r} is not NAME=VALUE.")
        try:
            change({name.strip(): value})
        except SwitchError as error:
            raise click.UsageError(str(error)) from error


def _open_state(file: Path | None, commit_log: Path | None, seed: int) -> State:
    import sqlite3

    from engine.sandbox.seed import seed_store
    from engine.sandbox.state import State
    from engine.sandbox.store import Store

    try:
        state = State(Store(file, commit_log), seed)
        seed_store(state)
    except (OSError, sqlite3.Error) as error:
        kept = " and ".join(repr(str(one)) for one in (file, commit_log) if one)
        raise click.UsageError(f"cannot keep records in {kept}: {error}.") from error
    return state


def _serve(state: State, start: _Start) -> int:
    from engine.sandbox.serve import open_socket, run_server

    _switch(state.modes.change, start.modes)
    _switch(state.faults.change, start.faults)
    _switch(state.secrets.change, start.secrets)
    host, port = start.address
    try:
        listening = open_socket(host, port)
    except OSError as error:
        reason = error.strerror or str(error)
        message = f"cannot listen on {host} port {port}: {reason}. --port 0 takes a free one."
        raise click.UsageError(message) from error

    def announce() -> None:
        _announce(state, host, listening.getsockname()[1], start.form)

    try:
        return run_server(state, listening, announce, allow_remote_hooks=start.allow_remote_hooks)
    finally:
        listening.close()
        state.store.close()


def _announce(state: State, host: str, port: int, form: str) -> None:
    from engine.sandbox.access import LOGIN, PASSWORD

    base = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    if form == "json":
        told = {
            "base_url": base,
            "username": LOGIN,
            "password": PASSWORD,
            "page": f"{base}/",
            "pid": os.getpid(),
            "hook_secrets": state.secrets.as_dict(),
        }
        print(json.dumps(told), flush=True)
        return
    print(f"The sandbox is at {base}/ (a page to look at). It holds made-up people only. Ctrl-C ends it.")
    print("Paste these lines where tasklists is to use it:")
    print(f"export NEXUDUS_BASE_URL={base}")
    print(f"export NEXUDUS_USERNAME={LOGIN}")
    print(f"export NEXUDUS_PASSWORD={PASSWORD}")
    print(f"export TASKLISTS_HOOK_SECRETS={shlex.quote(state.secrets.as_text())}", flush=True)


def _print_switches(form: str) -> None:
    from engine.sandbox.faults import FAULTS
    from engine.sandbox.modes import MODES

    values = "a share such as 0.3, or a count such as 2x; narrowed to an entity as 2x:users"
    if form == "json":
        modes = [
            {"name": one.name, "values": one.values, "default": one.default, "meaning": one.meaning} for one in MODES
        ]
        faults = [
            {"name": one.name, "values": values, "default": "off", "meaning": one.meaning} for one in FAULTS.values()
        ]
        print(json.dumps({"modes": modes, "faults": faults}))
        return
    print("Modes (--mode NAME=VALUE; the first value is the default, n is a whole number, decimal one such as 0.25):")
    for mode in MODES:
        print(f"  {mode.name}  {' | '.join(mode.values)}\n      {mode.meaning}")
    print(f"\nFaults (--fault NAME=VALUE; off by default; VALUE is {values}):")
    for fault in FAULTS.values():
        print(f"  {fault.name}\n      {fault.meaning}")


if __name__ == "__main__":
    command()
