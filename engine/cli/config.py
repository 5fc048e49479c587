"""`tasklists config`: what is in force, where it came from, and everything that is wrong with it. Contacts nothing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from engine.cli.choices import dir_option, folder_in_use
from engine.core.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from engine.core.organisation import Organisation
    from engine.flows.settings_in_force import InForce

_EPILOG = """\b
Example:
  tasklists config
  tasklists config --format json
"""


@click.command(epilog=_EPILOG)
@dir_option
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def command(*, folder: str | None, form: str) -> int:
    """Show every setting: its value, secrets masked, and where it came from. Exits 2 when any is wrong."""
    from engine.flows.service_settings import problems, unknown
    from engine.flows.settings_in_force import in_force
    from engine.service.start_settings import check_senders

    path, organisation, wrong = _place(folder)
    found = problems(os.environ, organisation, hooks_needed=False, also=[lambda: check_senders(os.environ)])
    settings = in_force(os.environ, path, named=folder is not None)
    _show(settings, (*wrong, *found), unknown(os.environ), form)
    return 2 if wrong or found else 0


def _place(folder: str | None) -> tuple[Path | None, Organisation | None, tuple[str, ...]]:
    """The folder of the lists and who they are for, as far as they can be had, and what is in the way."""
    try:
        place = folder_in_use(folder)
    except UserError as error:
        return None, None, (str(error),)
    try:
        return place.path, place.organisation().model, ()
    except UserError:
        return place.path, None, (f"{place.name}/organisation.yaml has mistakes: `tasklists check` tells them.",)


def _show(settings: Sequence[InForce], wrong: Sequence[str], strange: Sequence[str], form: str) -> None:
    if form == "json":
        from engine.cli.showing import print_json

        print_json(
            {"settings": [_to_json(one) for one in settings], "problems": list(wrong), "warnings": list(strange)}
        )
        return
    from engine.cli.tables import print_table
    from engine.core.report import visible

    print_table(("setting", "value", "from"), [(one.setting.name, one.value, one.source) for one in settings])
    for line in wrong:
        click.echo(f"error: {visible(line)}", err=True)
    for line in strange:
        click.echo(f"warning: {visible(line)}", err=True)


def _to_json(one: InForce) -> dict[str, str | bool]:
    return {
        "name": one.setting.name,
        "value": one.value,
        "from": one.source,
        "is_secret": one.setting.is_secret,
        "default": one.setting.default,
        "meaning": one.setting.meaning,
    }
