"""`tasklists preview`: the plan, and nothing but the plan. Sends no write."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.cli.choices import folder_in_use, request_of, run_options
from engine.core.errors import UserError

if TYPE_CHECKING:
    from engine.authoring.check import Ready
    from engine.authoring.folder import Folder
    from engine.flows.planned import Preview

_EPILOG = """\b
Example:
  tasklists preview new-member --coworker 1423831744 --explain
  tasklists preview new-member --coworker 1423831744 --save-facts ashley.json
  tasklists preview new-member --facts ashley.json --format markdown
"""


@click.command(epilog=_EPILOG)
@click.argument("tasklist", metavar="LIST")
@click.option("--coworker", "coworker_id", type=int, metavar="ID", help="The coworker's id in Nexudus.")
@run_options
@click.option("--facts", "facts_file", type=click.Path(dir_okay=False, path_type=Path), help="Work from saved facts.")
@click.option("--save-facts", type=click.Path(dir_okay=False, path_type=Path), help="Save the facts for later.")
@click.option("--explain", is_flag=True, help="Show the steps to each date, person and condition.")
@click.option("--exit-code", is_flag=True, help="Exit 4 when a run would change anything.")
@click.option("--format", "form", type=click.Choice(["table", "json", "markdown"]), default="table", show_default=True)
def command(
    *,
    tasklist: str,
    coworker_id: int | None,
    folder: str | None,
    redact: bool,
    facts_file: Path | None,
    save_facts: Path | None,
    explain: bool,
    exit_code: bool,
    form: str,
    **options: Any,
) -> int:
    """Show exactly what `run` would do for one coworker: each task, person and date, and why. Writes nothing."""
    from engine.authoring.check import ready_list
    from engine.cli.showing import show_preview

    if (coworker_id is None) == (facts_file is None):
        raise click.UsageError("name a coworker with --coworker ID, or saved facts with --facts FILE.")
    place = folder_in_use(folder)
    ready = ready_list(place, tasklist)
    if facts_file is not None:
        made = offline(ready, facts_file, options)
    else:
        made = online(place, ready, coworker_id or 0, options=options, save_facts=save_facts)
    show_preview(made, form, redact=redact, explain=explain)
    changes = {"create", "adopt", "update", "remove"} & {name for part in made.parts() for name in part.plan.counts()}
    return 4 if exit_code and changes else 0


def online(
    place: Folder, ready: Ready, coworker_id: int, *, options: dict[str, Any], save_facts: Path | None
) -> Preview:
    """Plan with what Nexudus and the ledger say now."""
    from engine.authoring.troubles import placed
    from engine.core.overriding import with_overrides
    from engine.flows.account import Place, open_to_preview, policy
    from engine.flows.preview import Previewer
    from engine.flows.version import version_of

    request = request_of(ready.prepared.tasklist, coworker_id, options)
    prepared = with_overrides(ready.prepared, request.overrides)
    where = Place(os.environ, place.path, prepared.organisation)
    with open_to_preview(where) as account, placed(ready):
        previewer = Previewer(
            account.reader, account.memory, prepared, policy=policy(os.environ, prepared.organisation)
        )
        made = previewer.preview(request, version_of(ready.prepared, ready.data))
    if save_facts is not None:
        from engine.core.saved_facts import dump_saved

        write_private(save_facts, dump_saved(made.saved()))
    return made


def offline(ready: Ready, facts_file: Path, options: dict[str, Any]) -> Preview:
    """Plan from a facts file alone: no ledger, no network."""
    from engine.authoring.source import read_source
    from engine.authoring.troubles import placed
    from engine.core.overriding import with_overrides
    from engine.core.saved_facts import load_saved
    from engine.flows.offline import preview_from_facts
    from engine.flows.version import version_of

    saved = load_saved(read_source(facts_file, str(facts_file)).text, str(facts_file))
    request = request_of(ready.prepared.tasklist, saved.facts.coworker_id, options, saved.facts.inputs)
    version = version_of(ready.prepared, ready.data)
    with placed(ready):
        prepared = with_overrides(ready.prepared, request.overrides)
        return preview_from_facts(prepared, saved, request, version=version)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read; an older one is replaced. UserError where it cannot be written."""
    try:
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError as error:
        raise UserError(
            f"{path} cannot be written: {error.strerror}.", advice="Name another file with --save-facts."
        ) from None
