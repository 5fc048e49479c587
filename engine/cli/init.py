"""`tasklists init`: a starter folder that `check` accepts, by asking, by options, or from the account.

It must never write into a folder that has lists already.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.cli.choices import can_ask
from engine.core.errors import TasklistsError, UserError

if TYPE_CHECKING:
    from whenever import Date

    from engine.flows.starter import Beginning, NewPlace

_EPILOG = """\b
Example:
  tasklists init tasklists
  tasklists init tasklists --online
  tasklists init tasklists --yes --owner acme --location barcelona=1421021016,Europe/Madrid,ES-CT \\
      --person community-manager=eva@acme.example --person barcelona:front-desk=ana@acme.example
"""

_PERSON = "Write ROLE=E-MAIL, or LOCATION:ROLE=E-MAIL: front-desk=ana@acme.example."


@click.command(epilog=_EPILOG)
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@click.option("--online", is_flag=True, help="Read locations and admins from your Nexudus account.")
@click.option("--owner", metavar="NAME", help="Your organisation's name in the identity of every task, for ever.")
@click.option("--since", metavar="DATE", help="The first day of use; today if left out.")
@click.option("--location", "locations", multiple=True, metavar="NAME=ID,ZONE,COUNTRY", help="A location; repeatable.")
@click.option("--person", "people", multiple=True, metavar="[LOCATION:]ROLE=E-MAIL", help="Who holds a role.")
@click.option("--yes", is_flag=True, help="Ask nothing.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(*, directory: Path, form: str, **options: Any) -> int:
    """Make a folder with an organisation.yaml and two lists to begin with, ready for `tasklists check`."""
    from engine.flows.starter import starter_files

    _must_be_new(directory)
    beginning = _beginning(options, asking=can_ask() and not options["yes"])
    files = starter_files(beginning) | _schemas()
    _write(directory, files)
    _tell(directory, sorted(files), form)
    return 0


def _must_be_new(directory: Path) -> None:
    held = sorted(path.name for path in directory.glob("*.y*ml")) if directory.is_dir() else []
    if held:
        what = f"{directory} holds {held[0]} already; nothing was written."
        raise UserError(what, advice="Name a new folder, or edit the lists that are there.")


def _beginning(options: dict[str, Any], *, asking: bool) -> Beginning:
    from engine.flows.starter import Beginning

    places = _places(options, asking=asking)
    owner = options["owner"] or (_ask_until("Your organisation's short name, kept for ever", _owner) if asking else "")
    return Beginning(_owner(owner), _since(options["since"]), places)


def _owner(text: str) -> str:
    import re

    from engine.core.scalars import SLUG

    if not re.fullmatch(SLUG, text):
        raise UserError(f"--owner {text!r} is no name.", advice="Lower-case letters, digits, hyphens: acme-coworking.")
    return text


def _since(text: str | None) -> Date:
    from pydantic_core import PydanticCustomError
    from whenever import Instant

    from engine.core.scalars import as_day

    try:
        return as_day(text) if text else Instant.now().to_tz("UTC").date()
    except PydanticCustomError as error:
        raise UserError(f"--since: {error.message()}.", advice="Write 2026-12-01.") from None


def _places(options: dict[str, Any], *, asking: bool) -> tuple[NewPlace, ...]:
    from engine.flows.starter import place_of

    given = [place_of(text) for text in options["locations"]]
    if options["online"]:
        return _online(given, options, asking=asking)
    while asking and (not given or click.confirm("One more location?", default=False, err=True)):
        given.append(_ask_place())
    return _peopled(_unique(given), options["people"], asking=asking)


def _online(given: Sequence[NewPlace], options: dict[str, Any], *, asking: bool) -> tuple[NewPlace, ...]:
    from engine.flows.account import open_reader
    from engine.flows.starter_online import admins_online, places_online, with_admins

    with open_reader(os.environ) as reader:
        places = _unique(given) or places_online(reader)
        admins = admins_online(reader)
    if not places:
        raise UserError("the account shows no location.", advice="Give one with --location.")
    click.echo(f"found {len(places)} locations and {len(admins)} admins", err=True)
    if asking and admins:
        click.echo("admins: " + ", ".join(sorted(str(row["Email"]) for row in admins)), err=True)
    return with_admins(_peopled(places, options["people"], asking=asking), admins)


def _unique(places: Iterable[NewPlace]) -> tuple[NewPlace, ...]:
    found = {place.name: place for place in places}
    numbers = [place.business_id for place in found.values()]
    if len(set(numbers)) < len(numbers):
        raise UserError("two locations have the same business id.", advice="Each Nexudus business is one location.")
    return tuple(found.values())


def _ask_place() -> NewPlace:
    from engine.flows.starter import place_of

    name = click.prompt("Location, a short name such as barcelona", err=True).strip()
    number = click.prompt("Its business id in Nexudus", type=click.IntRange(min=1), err=True)
    zone = click.prompt("Its time zone, such as Europe/Madrid", err=True).strip()
    country = click.prompt("Country of its public holidays, such as ES or ES-CT; empty for none", default="", err=True)
    try:
        return place_of(",".join(filter(None, (f"{name}={number}", zone, country.strip()))))
    except UserError as error:
        click.echo(f"{error}", err=True)
        return _ask_place()


def _peopled(places: tuple[NewPlace, ...], people: Iterable[str], *, asking: bool) -> tuple[NewPlace, ...]:
    """Give each place its people: those that were named, and by asking where nobody was."""
    held: dict[str, dict[str, list[str]]] = {place.name: {} for place in places}
    for text in people:
        where, role, email = _person(text, held)
        for name in [where] if where else held:
            held[name].setdefault(role, []).append(email)
    if asking and not any(held.values()):
        held = {name: _ask_people(name) for name in held}
    made = ({role: tuple(emails) for role, emails in held[place.name].items()} for place in places)
    return tuple(replace(place, holders=holders) for place, holders in zip(places, made, strict=True))


def _person(text: str, places: Iterable[str]) -> tuple[str, str, str]:
    from engine.core.words import nearest
    from engine.flows.starter import ROLES

    left, equals, email = (part.strip() for part in text.partition("="))
    where, colon, role = left.rpartition(":")
    names = list(places)
    if not equals or not _is_email(email):
        raise UserError(f"--person {text!r} names nobody.", advice=_PERSON)
    if role not in ROLES:
        close = nearest(role, ROLES)
        advice = f"Did you mean {close}?" if close else f"Roles to begin with: {', '.join(ROLES)}."
        raise UserError(f"--person {text!r}: there is no role {role!r}.", advice=advice)
    if colon and where not in names:
        raise UserError(f"--person {text!r}: there is no location {where!r}.", advice=f"There are: {', '.join(names)}.")
    return where, role, email.lower()


def _is_email(text: str) -> bool:
    import re

    return bool(re.fullmatch(r"[^@\s,;<>\"']+@[^@\s,;<>\"']+", text))


def _ask_people(place: str) -> dict[str, list[str]]:
    from engine.flows.starter import ROLES

    found: dict[str, list[str]] = {}
    for role, does in ROLES.items():
        default = None if not found else ""
        text = _ask_until(f"Who is {role} at {place} ({does}); e-mails, empty for nobody", _emails, default=default)
        if text:
            found[role] = text.split()
    return found


def _emails(text: str) -> str:
    parts = text.replace(",", " ").replace(";", " ").split()
    wrong = [part for part in parts if not _is_email(part)]
    if wrong:
        raise UserError(f"{wrong[0]!r} is no e-mail.")
    return " ".join(part.lower() for part in parts)


def _ask_until(question: str, reader: Any, default: str | None = None) -> str:
    while True:
        try:
            found = reader(click.prompt(question, default=default, show_default=False, err=True))
            return str(found)
        except TasklistsError as error:
            click.echo(str(error), err=True)


def _schemas() -> dict[str, str]:
    from engine.cli.schema import file_schema

    texts = {kind: json.dumps(file_schema(kind), ensure_ascii=False, indent=2) for kind in ("tasklist", "organisation")}
    return {f"{kind}.schema.json": f"{text}\n" for kind, text in texts.items()}


def _write(directory: Path, files: dict[str, str]) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            with (directory / name).open("x", encoding="utf-8") as opened:
                opened.write(text)
    except OSError as error:
        raise UserError(f"{error.filename} cannot be written: {error.strerror}.") from None


def _tell(directory: Path, files: list[str], form: str) -> None:
    from engine.cli.showing import print_json

    if form == "json":
        print_json({"folder": str(directory), "files": files})
        return
    for name in files:
        click.echo(f"{directory / name}")
    click.echo(f"now: tasklists check --dir {directory}", err=True)
