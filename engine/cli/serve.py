"""`tasklists serve`: takes webhooks, does the work they mean, and looks by itself for what none told about."""

from __future__ import annotations

import json
import os
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import click

from engine.cli.choices import dir_option, folder_in_use
from engine.cli.signals import INTERRUPTED, end_now, stop_on_signals

if TYPE_CHECKING:
    from engine.flows.stopping import Stop
    from engine.service.serving import Service

_EPILOG = """\b
Example:
  tasklists serve
  tasklists serve --host 0.0.0.0 --port 8080 --no-work
"""

_LEFT = (
    b'{"level": "warning", "event": "ended at once", '
    b'"what": "calls under way had no answer yet; nothing is lost, whoever works next settles them"}\n'
)
"""Written by a signal handler, where no logger may be called: one line as the log's others are."""


@click.command(epilog=_EPILOG)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes a free one."
)
@click.option("--no-work", is_flag=True, help="Only take webhooks in; `tasklists worker` does the work (PostgreSQL).")
@dir_option
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(*, host: str, port: int, no_work: bool, folder: str | None, form: str) -> int:
    """Take webhooks at POST /hooks/LOCATION/EVENT and make the tasks that they mean. Runs until it is stopped.

    All settings are looked at first: whatever is wrong is listed at once, and nothing starts.
    """
    from engine.service.server import open_socket
    from engine.service.serving import Service, read_setting

    setting = read_setting(folder_in_use(folder), os.environ, no_work=no_work)
    listening = open_socket(host, port)
    with stop_on_service_signals() as stop:
        try:
            with Service(setting, stop) as service:
                service.serve(listening, lambda: _announce(host, listening.getsockname()[1], form))
        finally:
            listening.close()
    return exit_code(service, stop)


def stop_on_service_signals() -> AbstractContextManager[Stop]:
    """Return what a service listens to; what is said of it are lines of the log."""
    return stop_on_signals(left=_LEFT, told=b"", terminated=0)  # the service logs that it stops


def exit_code(service: Service, stop: Stop) -> int:
    """Return 0 for a service that was told to end, 130 for one that was interrupted at the keyboard.

    With calls to Nexudus still under way the process ends here, and says so: it must not wait for their answers.
    """
    import signal

    code = INTERRUPTED if stop.signal_number == signal.SIGINT else 0
    if not service.is_done:
        end_now(_LEFT, code)
    return code


def _announce(host: str, port: int, form: str) -> None:
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    if form == "json":
        click.echo(json.dumps({"url": url, "pid": os.getpid()}))
    else:
        click.echo(f"tasklists takes webhooks at {url}/hooks/LOCATION/EVENT; health at {url}/readyz. Ctrl-C ends it.")
