"""`tasklists diff`: what an edit of a list changes for saved members. Offline; reads git, changes nothing."""

from __future__ import annotations

from pathlib import Path

import click

from engine.cli.choices import dir_option, folder_in_use, redact_option

_EPILOG = """\b
Example:
  tasklists diff new-member --base main
  tasklists diff new-member --base main --facts members/ --format markdown --redact > comment.md
  tasklists diff new-member --base old/new-member.yaml --facts ashley.json --exit-code
"""


@click.command("diff", epilog=_EPILOG)
@click.argument("tasklist", metavar="LIST")
@click.option("--base", required=True, metavar="FILE|FOLDER|REVISION", help="What to compare with: a list, or git's.")
@click.option(
    "--facts",
    "facts",
    type=click.Path(exists=True, path_type=Path),
    metavar="FOLDER|FILE",
    help="Saved members; without it those of the list's cases.",
)
@click.option("--now", "now", metavar="MOMENT", help="Plan saved members as if it were this moment.")
@click.option("--exit-code", is_flag=True, help="Exit 4 when anything changes for anybody.")
@dir_option
@redact_option
@click.option("--format", "form", type=click.Choice(["table", "markdown", "json"]), default="table", show_default=True)
def command(
    *,
    tasklist: str,
    base: str,
    facts: Path | None,
    now: str | None,
    exit_code: bool,
    folder: str | None,
    redact: bool,
    form: str,
) -> int:
    """Show what the list as it is now changes for each member: new, gone, changed tasks, and lost identities."""
    from whenever import Instant

    from engine.authoring.check import ready_list
    from engine.cli import diff_showing
    from engine.flows.list_differences import compare, members_of_cases, saved_members
    from engine.flows.request import at_zone, parse_given_moment

    place = folder_in_use(folder)
    ready = ready_list(place, tasklist)
    moment = at_zone(parse_given_moment(now), "UTC") if now else Instant.now()
    members = members_of_cases(place, ready) if facts is None else saved_members(facts, moment)
    found = compare(place, ready, base, members)
    diff_showing.show(found, form, redact=redact)
    return 4 if exit_code and not found.is_same else 0
