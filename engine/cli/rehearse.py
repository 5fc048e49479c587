"""`tasklists rehearse`: a list for every start day of a year or more, before it meets the first member. Offline."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.cli.choices import asked, dir_option, folder_in_use, pairs
from engine.core.errors import UserError

if TYPE_CHECKING:
    from whenever import Date

    from engine.core.facts import Facts
    from engine.core.prepared import Prepared
    from engine.core.rehearsal import Rehearsal
    from engine.flows.rehearse import Asked

_KINDS = ("past-due", "pile-up", "after-start", "overload", "clock-change", "cannot-expand")

_MOST_SHOWN = 30
"""Findings in the table: a screen or two. JSON and the page hold the others."""

_MOST_PEOPLE = 10

_EPILOG = """\b
Example:
  tasklists rehearse new-member --from 2026-12-01
  tasklists rehearse new-member --from 2026-12-01 --days 90 --locations barcelona --lead 5
  tasklists rehearse new-member --from 2026-12-01 --format html --out rehearsal.html
  tasklists rehearse offboarding --from 2026-12-01 --fail-on past-due,after-start
"""


@click.command(epilog=_EPILOG)
@click.argument("tasklist", metavar="LIST")
@click.option("--from", "first", metavar="DATE", help="The first start day; today if left out.")
@click.option("--days", type=click.IntRange(1), default=400, show_default=True, help="How many start days.")
@click.option("--locations", metavar="A,B", default="", help="Only these; else those of the list, else all.")
@click.option("--facts", "facts_file", type=click.Path(dir_okay=False, path_type=Path), help="A member to start from.")
@click.option("--lead", type=click.IntRange(0), metavar="N", help="Days of notice: tasks are made that long before.")
@click.option("--per-day", type=click.IntRange(1), metavar="N", help="Tasks a person can do on one day; 20.")
@click.option("--pile-up", type=click.IntRange(2), metavar="N", help="Starts sharing one due day from which on; 6.")
@click.option("--set", "given", multiple=True, metavar="NAME=VALUE", help="A value for an input; its dates move along.")
@click.option("--fail-on", default="", metavar="KIND,KIND", help=f"Exit 3 when any is found: {', '.join(_KINDS)}.")
@dir_option
@click.option("--format", "form", type=click.Choice(["table", "json", "html"]), default="table", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write into this file.")
def command(
    *,
    tasklist: str,
    first: str | None,
    facts_file: Path | None,
    fail_on: str,
    folder: str | None,
    form: str,
    out: Path | None,
    **options: Any,
) -> int:
    """Make a list for one start on each day, on paper, and say what is awkward about its dates and people.

    For each start day and location the list is expanded for a made-up member, or for a saved one with all dates moved
    along. Lists that count from an end move the last day. Nothing is asked of Nexudus or the ledger.
    """
    from engine.authoring.check import ready_list
    from engine.flows.rehearse import rehearse

    kinds = _kinds(fail_on)
    prepared = ready_list(folder_in_use(folder), tasklist).prepared
    saved = _saved(facts_file, prepared)
    asked_for = _asked(prepared, first, options, saved)
    gc.freeze()  # what is loaded by now stays: looking through it again and again takes a third of the time
    told = rehearse(prepared, asked_for, saved, lambda line: click.echo(f"rehearsed {line}", err=True))
    _show(told, form, out)
    found = {one.kind for one in told.findings}
    return 3 if kinds and found & {*kinds, "cannot-expand"} else 0


def _kinds(text: str) -> tuple[str, ...]:
    from engine.core.words import nearest

    names = tuple(part.strip() for part in text.split(",") if part.strip())
    for name in names:
        if name not in _KINDS:
            close = nearest(name, _KINDS)
            near = f", nearest: {close}" if close else ""
            raise click.UsageError(f"--fail-on knows no {name!r}{near}; it takes {', '.join(_KINDS)}.")
    return names


def _saved(facts_file: Path | None, prepared: Prepared) -> Facts | None:
    if facts_file is None:
        return None
    from engine.authoring.source import read_source
    from engine.core.facts_json import load_facts

    facts, _ = load_facts(read_source(facts_file, str(facts_file)).text, str(facts_file))
    if facts.location not in prepared.organisation.locations:
        raise UserError(f"organisation.yaml has no location {facts.location!r}, which the facts were saved for.")
    return facts


def _asked(prepared: Prepared, first: str | None, options: dict[str, Any], saved: Facts | None) -> Asked:
    from engine.core.rehearsal import PER_DAY, SHARED_BY
    from engine.flows.rehearse import Asked
    from engine.flows.request import typed_inputs

    known = saved.inputs if saved is not None else {}
    given = asked(prepared.tasklist, pairs(options["given"]), known)
    return Asked(
        first=_day(first),
        days=options["days"],
        locations=tuple(name.strip() for name in options["locations"].split(",") if name.strip()),
        lead=options["lead"],
        per_day=options["per_day"] or PER_DAY,
        shared_by=options["pile_up"] or SHARED_BY,
        inputs=typed_inputs(prepared.tasklist, given, known),
        given_inputs=frozenset(given),
    )


def _day(text: str | None) -> Date:
    from whenever import Date

    if text is None:
        return Date.today_in_system_tz()
    try:
        return Date.parse_iso(text.strip())
    except ValueError:
        raise UserError(f"--from {text!r} is no day.", advice="Write it as YYYY-MM-DD, such as 2026-12-01.") from None


def _show(told: Rehearsal, form: str, out: Path | None) -> None:
    text = _text(told, form)
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise UserError(f"{out} cannot be written: {error.strerror}.", advice="Name another --out FILE.") from None
    click.echo(f"written: {out}", err=True)


def _text(told: Rehearsal, form: str) -> str:
    if form == "json":
        import json

        return json.dumps(told.to_json(), indent=2) + "\n"
    if form == "html":
        from engine.core.rehearsal_page import page

        return page(told)
    from engine.core.rehearsal_report import report

    return report(told, findings=_MOST_SHOWN, people=_MOST_PEOPLE)
