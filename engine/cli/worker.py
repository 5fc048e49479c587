"""`tasklists worker`: does the work of a service, beside `tasklists serve`, on a ledger on PostgreSQL."""

from __future__ import annotations

import json
import os

import click

from engine.cli.choices import dir_option, folder_in_use
from engine.cli.serve import exit_code, stop_on_service_signals

_EPILOG = """\b
Example:
  tasklists worker
  tasklists worker --format json
"""


@click.command(epilog=_EPILOG)
@dir_option
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(*, folder: str | None, form: str) -> int:
    """Carry out what webhooks and the sweep asked for. Start as many as you like. Runs until it is stopped."""
    from engine.service.serving import Service, read_setting

    setting = read_setting(folder_in_use(folder), os.environ, takes_hooks=False)
    with stop_on_service_signals() as stop, Service(setting, stop) as service:
        if form == "json":
            click.echo(json.dumps({"pid": os.getpid()}))
        else:
            click.echo("the worker takes what is due. Ctrl-C ends it.")
        service.wait()
    return exit_code(service, stop)
