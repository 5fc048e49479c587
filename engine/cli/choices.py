"""Arguments that several commands share, and what they stand for."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from engine.core.errors import UserError

if TYPE_CHECKING:
    from engine.authoring.folder import Folder
    from engine.core.model import TaskList
    from engine.flows.request import Request

F = TypeVar("F", bound=Callable[..., Any])

_RUN_OPTIONS = (
    click.option("--contract", "contract_id", type=int, metavar="ID", help="The contract that is meant."),
    click.option("--team", "team_id", type=int, metavar="ID", help="The team that is meant."),
    click.option("--location", metavar="NAME", help="A location of organisation.yaml."),
    click.option("--event", "event", metavar="MOMENT", help="The moment of the event that rules count from."),
    click.option("--set", "given", multiple=True, metavar="NAME=VALUE", help="A value for an input of the list."),
    click.option("--skip", multiple=True, metavar="ITEM", help="Leave an item, or one ITEM[KEY], out of this run."),
    click.option(
        "--responsible", multiple=True, metavar="ITEM=WHO", help="Somebody else for an item: a role, e-mail or user id."
    ),
    click.option("--due", multiple=True, metavar="ITEM=RULE", help="Another rule for the date of an item."),
    click.option("--again", metavar="LABEL", help="Make the list once more, under a label."),
    click.option("--anyway", is_flag=True, help="Ignore the list's `applies`."),
    click.option("--now", "now", metavar="MOMENT", help="Plan as if it were this moment."),
)

dir_option = click.option("--dir", "folder", metavar="FOLDER", help="The folder of the task lists.")
redact_option = click.option("--redact", is_flag=True, help="Mask personal data in the output.")


def run_options(command: F) -> F:
    """Add the options that say for whom and how a list is planned."""
    for option in reversed((*_RUN_OPTIONS, dir_option, redact_option)):
        command = option(command)
    return command


def folder_in_use(named: str | None) -> Folder:
    """Return the folder of the task lists. Raises UserError when there is none."""
    from engine.authoring.folder import find_folder

    return find_folder(named, os.environ, Path.cwd())


def no_ledger(place: Folder) -> str:
    """Say that there is no ledger, and where it was looked for: a wrong path must not look like good news."""
    from engine.flows.account import ledger_shown

    return f"no ledger at {ledger_shown(os.environ, place.path)}: nothing was run here"


def pairs(given: Iterable[str]) -> dict[str, str]:
    """Return --set options as a map. Raises UserError for one without `=`, or given twice."""
    found: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or name in found:
            what = "is given twice" if name in found else "has no ="
            raise UserError(f"--set {text!r} {what}.", advice="Write --set NAME=VALUE once for each input.")
        found[name] = value
    return found


def can_ask() -> bool:
    """Whether somebody sits at a terminal."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def asked(tasklist: TaskList, given: dict[str, str], known: Collection[str] = ()) -> dict[str, str]:
    """Return the inputs with those that are missing asked for, when somebody sits at a terminal."""
    from engine.cli.asking import ask_input
    from engine.flows.request import missing_inputs

    answers = dict(given)
    if not can_ask():
        return answers
    for name in missing_inputs(tasklist, given):
        if name in known:
            continue
        answers[name] = ask_input(name, tasklist.inputs[name])
    return answers


def request_of(
    tasklist: TaskList, coworker_id: int, options: dict[str, Any], known_inputs: Collection[str] = ()
) -> Request:
    """Return what the shared options ask for; `known_inputs` have a value already and are not asked for.

    Raises:
        UserError: a moment or an input that cannot be read.
    """
    from whenever import Instant

    from engine.core.overrides import read_overrides
    from engine.flows.request import Request, parse_given_moment, typed_inputs

    overrides = read_overrides(options["skip"], options["responsible"], options["due"])
    event, now, again = options["event"], options["now"], options["again"]
    if again is not None and not again.strip():
        raise UserError("--again has no label.", advice="Give one, such as --again 2027.")
    given = asked(tasklist, pairs(options["given"]), known_inputs)
    return Request(
        coworker_id=coworker_id,
        now=parse_given_moment(now) if now else Instant.now(),
        contract_id=options["contract_id"],
        team_id=options["team_id"],
        location=options["location"],
        event_at=parse_given_moment(event) if event else None,
        inputs=typed_inputs(tasklist, given, known_inputs),
        given_inputs=frozenset(given),
        again=" ".join((again or "").split()),
        anyway=options["anyway"],
        overrides=overrides,
        now_given=bool(now),
    )
