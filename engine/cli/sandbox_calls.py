"""`tasklists sandbox signup` and `cancel`: what a running sandbox is told to do.

Must never send anything but a question to what has not said that it is a sandbox: a
member's name does not go to a real account by a wrong address.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import httpx

_USUAL = "http://127.0.0.1:8765"  # where `tasklists sandbox` is unless it was told otherwise
_SECONDS = 30
_FORM = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)

_SIGNUP_EPILOG = """\b
Example:
  tasklists sandbox signup "José Núñez" --tariff "Hot Desk"
  tasklists sandbox signup "Nia Vance" --tariff "Dedicated Desk" --location london --start +14 --user
"""
_CANCEL_EPILOG = """\b
Example:
  tasklists sandbox cancel 1423850001
  tasklists sandbox cancel 1423850001 --on +30
"""


@click.command(epilog=_SIGNUP_EPILOG)
@click.argument("name")
@click.option("--email", help="Made up if left out.")
@click.option("--tariff", metavar="NAME", help="Plan of the contract; without one it is a contact.")
@click.option("--location", metavar="NAME", help="barcelona or london; the first if left out.")
@click.option("--start", metavar="DATE|+DAYS", help="First day of the contract; today if left out.")
@click.option("--team", metavar="NAME", help="Team to join; made if it is not there.")
@click.option("--user", is_flag=True, help="With a portal user, which sends the welcome mail.")
@_FORM
def signup(*, name: str, user: bool, form: str, **wanted: str | None) -> None:
    """Sign somebody up in the running sandbox; prints the ids.

    It is the one at NEXUDUS_BASE_URL, else at http://127.0.0.1:8765. Webhooks go out as on the service.
    """
    asked = {key: value for key, value in wanted.items() if value is not None}
    _print(_tell("signup", {"name": name, "user": user} | asked), form)


@click.command(epilog=_CANCEL_EPILOG)
@click.argument("coworker", type=int)
@click.option("--on", metavar="DATE|+DAYS", help="The day on which the contract ends; today if left out.")
@click.option("--contract", "contract_id", type=int, metavar="ID", help="Which one, where there are several.")
@_FORM
def cancel(*, coworker: int, on: str | None, contract_id: int | None, form: str) -> None:
    """Give notice for the contract of COWORKER in the running sandbox."""
    asked = {"coworker_id": coworker, "contract_id": contract_id, "on": on}
    _print(_tell("cancel", {key: value for key, value in asked.items() if value is not None}), form)


def _print(told: dict[str, Any], form: str) -> None:
    if form == "json":
        click.echo(json.dumps(told))
    elif "on" in told:
        verb = "ended" if told["cancelled"] else "ends"
        click.echo(f"contract {told['contract_id']} {verb} on {told['on'][:10]}")
    else:
        made = {key.removesuffix("_id"): identifier for key, identifier in told.items() if identifier is not None}
        click.echo("\n".join(f"{kind} {identifier}" for kind, identifier in made.items()))


def _tell(call: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Make the call and return its answer. UserError when it is refused or nobody is there to make it to."""
    import httpx

    from engine.core.errors import Unreachable, UserError

    base = os.environ.get("NEXUDUS_BASE_URL", "").strip().rstrip("/") or _USUAL
    try:
        with httpx.Client(base_url=base, timeout=_SECONDS, trust_env=False) as client:
            if not _is_sandbox(client):
                raise UserError(
                    f"what answers at {base} is no sandbox.",
                    advice="Start one with tasklists sandbox and paste the lines that it prints.",
                )
            answer = client.post(f"/_sandbox/{call}", json=asked)
            told: dict[str, Any] = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise Unreachable(
            f"no sandbox answers at {base} ({type(error).__name__}).",
            advice="Start one with tasklists sandbox, or set NEXUDUS_BASE_URL to where it is.",
        ) from error
    if answer.status_code != 200:
        raise UserError(f"the sandbox refused: {told.get('error')}")
    return told


def _is_sandbox(client: httpx.Client) -> bool:
    answer = client.get("/_sandbox/clock")
    return answer.status_code == 200 and "offset_seconds" in answer.text
