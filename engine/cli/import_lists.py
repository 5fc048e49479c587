"""`tasklists import`: what an operator has, a spreadsheet or native lists, becomes YAML with notes to review.

It must never write over a file, and never take a guess without saying so.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.cli.choices import can_ask, dir_option
from engine.core.errors import UserError
from engine.core.report import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.authoring.importing.cells import Sheet
    from engine.authoring.importing.columns import Columns
    from engine.authoring.importing.drafting import Draft, Review
    from engine.core.organisation import Organisation

_EPILOG = """\b
Example:
  tasklists import onboarding.xlsx
  tasklists import onboarding.csv --columns "task=B,who=Owner,when=Due,notes=F" --out tasklists/move-in.yaml
  tasklists import --native barcelona --out tasklists
"""


@click.command(epilog=_EPILOG)
@click.argument("file", required=False, type=click.Path(path_type=Path), metavar="[FILE]")
@click.option("--native", metavar="BUSINESS", help="The native lists of a location, by its name or business id.")
@click.option("--sheet", metavar="NAME", help="The sheet of a workbook that has several.")
@click.option("--columns", metavar="USES", help="Which column holds what: task=B,who=C,when=Due date,notes=E,phase=A.")
@click.option("--list", "tasklist", metavar="ID", help="The id of the new list; else made from the file's name.")
@click.option("--anchor", default="contract.start", show_default=True, help="The day that times count from.")
@click.option("--out", type=click.Path(path_type=Path), help="A new file, or a folder; else standard output.")
@click.option("--yes", is_flag=True, help="Take the columns as they are guessed, without asking.")
@dir_option
@click.option("--format", "form", type=click.Choice(["yaml", "json"]), default="yaml", show_default=True)
def command(*, file: Path | None, native: str | None, folder: str | None, **options: Any) -> int:
    """Turn a .csv or .xlsx, or a location's native task lists, into YAML, with a note wherever something is unclear."""
    if (file is None) == (native is None):
        raise click.UsageError("name a file, or native lists with --native BUSINESS.")
    organisation = _organisation(folder)
    if file is not None:
        draft, columns = _from_file(file, organisation, options)
        drafts: Sequence[Draft] = (draft,)
    else:
        drafts, columns = _from_nexudus(native or "", organisation), None
    _hand_out(drafts, columns, options)
    return 0


def _organisation(folder: str | None) -> Organisation | None:
    """The organisation in use, for its roles and locations; who only begins has none, which is no mistake."""
    from engine.authoring.folder import find_folder

    try:
        place = find_folder(folder, os.environ, Path.cwd())
    except UserError:
        if folder:
            raise
        return None
    return place.organisation().model


def _from_file(file: Path, organisation: Organisation | None, options: dict[str, Any]) -> tuple[Draft, Columns]:
    from engine.authoring.importing.cells import read_sheet
    from engine.authoring.importing.drafting import Draft, Drafting, slug_of

    anchors = _anchors(options["anchor"])
    sheet = read_sheet(_bytes_of(file), file.name, options["sheet"])
    columns = _columns(sheet, options)
    name = options["tasklist"] or slug_of(file.stem, otherwise="imported")
    title = " ".join(file.stem.replace("_", " ").replace("-", " ").split()) or "Imported"
    said = f'Made from "{file.name}"' + (f', sheet "{sheet.name}"' if sheet.name else "") + f": {columns.said()}."
    draft = Draft(_id(name), f"{_capital(title)}: {{{{ coworker.full_name }}}}", options["anchor"], (said,))
    made = Drafting(sheet, columns, draft, anchors=anchors, organisation=organisation).run()
    if not made.items:
        at = f"below row {columns.header}" if columns.header else "anywhere"
        what = f"{file.name} has no task {at} in {columns.title(columns.of['task'])}."
        raise UserError(what, advice="Name the right columns with --columns.")
    return made, columns


def _capital(text: str) -> str:
    from engine.authoring.importing.drafting import without_braces

    return without_braces(text[:1].upper() + text[1:])


def _id(name: str) -> str:
    import re

    from engine.core.scalars import SLUG

    if not re.fullmatch(SLUG, name):
        raise UserError(f"--list {name!r} is no id.", advice="Lower-case letters, digits and hyphens: move-in.")
    return name


def _anchors(anchor: str) -> tuple[str, ...]:
    from engine.core.words import ANCHORS, nearest

    if anchor not in ANCHORS:
        close = nearest(anchor, ANCHORS)
        advice = f"Did you mean {close}?" if close else f"There are: {', '.join(ANCHORS)}."
        raise UserError(f"--anchor {anchor!r} is no anchor.", advice=advice)
    return ANCHORS


def _bytes_of(file: Path) -> bytes:
    from engine.authoring.importing.cells import MOST_BYTES

    try:
        with file.open("rb") as opened:
            return opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}.") from None


def _columns(sheet: Sheet, options: dict[str, Any]) -> Columns:
    from engine.authoring.importing.columns import given_columns, guess_columns
    from engine.authoring.importing.times import is_time

    if options["columns"]:
        return given_columns(sheet, options["columns"])
    guessed = guess_columns(sheet, is_time)
    click.echo(visible(guessed.said()), err=True)
    if options["yes"] or not can_ask() or click.confirm("Is that right?", default=True, err=True):
        return guessed
    told = click.prompt("Which column holds what (task=B,who=C,when=D,notes=E,phase=A)", err=True)
    return given_columns(sheet, told)


def _from_nexudus(named: str, organisation: Organisation | None) -> Sequence[Draft]:
    from engine.flows.account import open_reader
    from engine.flows.native_drafts import native_drafts

    with open_reader(os.environ) as reader:
        return native_drafts(reader, _business(named, organisation), organisation)


def _business(named: str, organisation: Organisation | None) -> int:
    from engine.core.words import nearest

    if named.isascii() and named.isdigit() and len(named) < 19:
        return int(named)
    known = organisation.locations if organisation else {}
    if named not in known:
        close = nearest(named, known)
        advice = f"Did you mean {close}?" if close else f"Known: {', '.join(known) or 'none yet'}; or give its number."
        raise UserError(f"there is no location {named!r} in organisation.yaml.", advice=advice)
    return known[named].business_id


def _hand_out(drafts: Sequence[Draft], columns: Columns | None, options: dict[str, Any]) -> None:
    from engine.authoring.importing.writing import yaml_text

    files = _files(drafts, options["out"], options["tasklist"])
    texts = [yaml_text(draft) for draft in drafts]
    for file, text in zip(files, texts, strict=True):
        if file is not None:
            _write(file, text)
    if options["form"] == "json":
        from engine.cli.showing import print_json

        used = {use: columns.title(number) for use, number in columns.of.items()} if columns else {}
        told = [_to_json(draft, text, file) for draft, text, file in zip(drafts, texts, files, strict=True)]
        print_json({"columns": used, "lists": told})
    else:
        _print(drafts, texts, files)


def _files(drafts: Sequence[Draft], out: Path | None, named: str | None) -> list[Path | None]:
    """Where each draft goes; all of it is known to be free before anything is written."""
    if out is None:
        return [None] * len(drafts)
    if named and len(drafts) > 1:
        raise UserError(f"--list names one list, and there are {len(drafts)}.", advice="Leave it out.")
    is_folder = out.is_dir() or len(drafts) > 1
    files = [out / f"{draft.id}.yaml" if is_folder else out for draft in drafts]
    for file, draft in zip(files, drafts, strict=True):
        if file.exists() or file.is_symlink():
            advice = "Name another one with --out, or another id with --list: nothing is written over."
            raise UserError(f"{file} exists already.", advice=advice)
        if file.stem != draft.id and file.suffix == ".yaml":
            draft.id = _id(file.stem)
    return list(files)


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except OSError as error:
        raise UserError(f"{file} cannot be written: {error.strerror}.") from None


def _print(drafts: Sequence[Draft], texts: Sequence[str], files: Sequence[Path | None]) -> None:
    for draft, text, file in zip(drafts, texts, files, strict=True):
        if file is None:
            if len(drafts) > 1:
                click.echo(f"# ---- {draft.id}.yaml")
            click.echo(text, nl=False)
        where = f" -> {file}" if file else ""
        count = len(draft.all_reviews())
        click.echo(visible(f"{draft.id}: {len(draft.items)} items, {count} to review{where}"), err=True)
        if not sys.stderr.isatty() and file is None:
            continue
        for review in (*draft.all_reviews(), *draft.left_out):
            click.echo(visible(f"  {review.item + ' ' if review.item else ''}{review}"), err=True)


def _to_json(draft: Draft, text: str, file: Path | None) -> dict[str, Any]:
    return {
        "tasklist": draft.id,
        "file": str(file) if file else None,
        "items": len(draft.items),
        "reviews": [_review(review) for review in draft.all_reviews()],
        "left_out": [_review(review) for review in draft.left_out],
        "yaml": text,
    }


def _review(review: Review) -> dict[str, Any]:
    return {"item": review.item, "row": review.row, "column": review.column, "what": review.what}
