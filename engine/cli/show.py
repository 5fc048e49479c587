"""`tasklists show`: one list with all that it extends, includes and overlays, as a person reads a checklist."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from engine.cli.choices import dir_option, folder_in_use
from engine.core.errors import Problems, UserError

if TYPE_CHECKING:
    from engine.authoring.effective import View
    from engine.authoring.folder import Folder
    from engine.authoring.loader import Loaded
    from engine.core.model import TaskList
    from engine.core.organisation import Organisation

_EPILOG = """\b
Example:
  tasklists show new-member
  tasklists show new-member --location london --format markdown
"""


@click.command(epilog=_EPILOG)
@click.argument("tasklist", metavar="LIST")
@click.option("--location", metavar="NAME", help="With the overlay of this location, and who holds the roles there.")
@click.option("--language", metavar="TAG", help="Texts in this language, such as es.")
@dir_option
@click.option(
    "--format", "form", type=click.Choice(["text", "markdown", "json", "yaml"]), default="text", show_default=True
)
def command(*, tasklist: str, location: str | None, language: str | None, folder: str | None, form: str) -> None:
    """Print a list as it is in force: phases, dates, people, conditions, and which file each part comes from."""
    from engine.cli import show_forms

    place = folder_in_use(folder)
    loaded, organisation = _loaded(place, tasklist)
    view = _view(loaded, organisation, location or "", language or "")
    if form == "yaml":
        click.echo(show_forms.as_yaml(loaded, view), nl=False)
    elif form == "json":
        from engine.cli.showing import print_json

        print_json(show_forms.as_json(loaded, view))
    else:
        lines = show_forms.as_markdown(loaded, view) if form == "markdown" else show_forms.as_text(loaded, view)
        for line in lines:
            click.echo(line)


def _loaded(folder: Folder, tasklist: str) -> tuple[Loaded[TaskList], Organisation]:
    """Return a sound list, abstract or not. Raises Problems with everything that is wrong with it."""
    from engine.authoring.check import check_folder

    loaded = folder.tasklist_mended(tasklist)
    found = check_folder(folder, [tasklist])
    if found.organisation is None or any(problem.severity == "error" for problem in found.of_list[tasklist]):
        raise Problems(found.errors)
    return loaded, found.organisation.model


def _view(loaded: Loaded[TaskList], organisation: Organisation, location: str, language: str) -> View:
    from engine.authoring.effective import View
    from engine.core.wordings import is_tag
    from engine.core.words import nearest

    if location and location not in organisation.locations:
        close = nearest(location, organisation.locations)
        there_are = f"There are: {', '.join(sorted(organisation.locations))}."
        raise UserError(f"there is no location {location!r}.", advice=f"Did you mean {close}?" if close else there_are)
    where = loaded.model.applies.locations
    if location and where and location not in where:
        what = f"the list {loaded.model.tasklist!r} is not for {location}."
        raise UserError(what, advice=f"It is for {', '.join(where)}.")
    if language and not is_tag(language):
        raise UserError(f"{language!r} is no language tag.", advice="Give one such as en, es or pt-BR.")
    said = loaded.model.language or ""
    own = said if is_tag(said) else ""
    at = organisation.language_at(location) if location else organisation.language or ""
    return View(organisation, location, tuple(dict.fromkeys(tag for tag in (language or own or at, at) if tag)))
