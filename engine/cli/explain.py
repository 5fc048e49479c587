"""`tasklists explain`: for each item why it is in or out, how its date came about, and why this person. Reads only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.cli.choices import folder_in_use, run_options
from engine.core.errors import UserError

if TYPE_CHECKING:
    from engine.authoring.check import Ready
    from engine.authoring.folder import Folder
    from engine.flows.planned import Preview

_EPILOG = """\b
Example:
  tasklists explain new-member --coworker 1423831744
  tasklists explain new-member --facts ashley.json --item locker
  tasklists explain new-member --case "a desk and a locker" --format json
"""


@click.command("explain", epilog=_EPILOG)
@click.argument("tasklist", metavar="LIST")
@click.option("--coworker", "coworker_id", type=int, metavar="ID", help="The coworker's id in Nexudus.")
@click.option("--facts", "facts_file", type=click.Path(dir_okay=False, path_type=Path), help="Work from saved facts.")
@click.option("--case", "case", metavar="TEXT", help="Work from a case of the list, by a part of its name.")
@click.option("--item", "item", metavar="ITEM", help="Only this item.")
@run_options
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    *,
    tasklist: str,
    coworker_id: int | None,
    facts_file: Path | None,
    case: str | None,
    item: str | None,
    folder: str | None,
    redact: bool,
    form: str,
    **options: Any,
) -> None:
    """Tell why each item is made or not, each date step by step, each person, and what the ledger knows of it."""
    from engine.authoring.check import ready_list

    if sum(given is not None for given in (coworker_id, facts_file, case)) != 1:
        raise click.UsageError("name one of --coworker ID, --facts FILE, --case TEXT.")
    if case is not None and any(value for name, value in options.items() if name != "location"):
        raise click.UsageError("a case says all about its own run: only --location goes with --case.")
    place = folder_in_use(folder)
    ready = ready_list(place, tasklist)
    if item is not None:
        _check_item(ready, item)
    why, made = "", None
    if case is not None:
        made = _of_case(place, ready, case, options["location"])
    else:
        made, why = _planned(place, ready, (coworker_id, facts_file), options)
    _show(ready, made, why, item=item, form=form, redact=redact)


def _planned(
    place: Folder, ready: Ready, member: tuple[int | None, Path | None], options: dict[str, Any]
) -> tuple[Preview, str]:
    """Return the plan; for a coworker whom the list is not meant for that of --anyway, with the reason."""
    from engine.core.applies import DoesNotApply

    try:
        return _plan(place, ready, member, options), ""
    except DoesNotApply as reason:
        return _plan(place, ready, member, {**options, "anyway": True}), reason.message


def _plan(
    place: Folder, ready: Ready, member: tuple[int | None, Path | None], options: dict[str, Any]
) -> Preview:
    from engine.cli.preview import offline, online

    coworker_id, facts_file = member
    if facts_file is not None:
        return offline(ready, facts_file, options)
    return online(place, ready, coworker_id or 0, options=options, save_facts=None)


def _of_case(place: Folder, ready: Ready, case: str, location: str | None) -> Preview:
    from engine.flows.case_runs import run_list

    name = ready.prepared.tasklist.tasklist
    found = [one for _, one in run_list(place, name, case).tried()]
    names = list(dict.fromkeys(one.case.case for one in found))
    exact = [one for one in found if one.case.case.casefold() == case.casefold()]
    if len(names) > 1 and not exact:
        told = "; ".join(names[:5])
        what = f"{len(names)} cases of {name} have {case!r} in their names: {told}."
        raise UserError(what, advice="Name one in full.")
    own = [one for one in exact or found if location in {None, one.outcome.location}]
    if not own:
        there = ", ".join(one.outcome.location for one in exact or found)
        raise UserError(f"this case does not take place at {location}.", advice=f"It does at {there}.")
    if own[0].preview is None:
        raise UserError(own[0].outcome.error)
    return own[0].preview


def _check_item(ready: Ready, item: str) -> None:
    from engine.core.words import nearest

    known = list(dict.fromkeys(one.item.id for form in ready.prepared.everywhere() for one in form.items))
    if item not in known:
        close = nearest(item, known)
        advice = f"Did you mean {close}?" if close else f"Its items: {', '.join(known)}."
        raise UserError(f"the list has no item {item!r}.", advice=advice)


def _show(ready: Ready, made: Preview, why: str, *, item: str | None, form: str, redact: bool) -> None:
    from engine.cli.masking import Mask, member_words
    from engine.core.explaining import as_json, as_text, explained, head_of
    from engine.core.report import visible

    words: dict[str, str] = {}
    for part in made.parts() if redact else ():
        words |= member_words(part.facts)
    mask = Mask(words)
    plans = [mask.value(part.plan) for part in made.parts()]
    head = head_of(plans, made.facts, mask.text(why))
    items = explained(ready.prepared.at(made.facts.location), plans, item)
    if form == "json":
        from engine.cli.showing import print_json

        print_json(as_json(head, items))
        return
    for line in as_text(head, items):
        click.echo(visible(line))
