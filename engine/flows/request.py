"""What a door (command line, webhook, page) asks for: one list for one coworker at one moment."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from pydantic_core import PydanticCustomError
from whenever import Instant, PlainDateTime

from engine.core.errors import UserError
from engine.core.model import TaskList, input_value
from engine.core.overrides import Overrides
from engine.core.scalars import Plain
from engine.core.wire_dates import parse_moment
from engine.core.words import nearest

Moment = Instant | PlainDateTime
"""An instant, or a wall clock time that means the location's zone, which is known only once facts are read."""


@dataclass(frozen=True)
class Request:
    """`now` is the moment that the plan is made for; `again` is the label of a wanted repetition."""

    coworker_id: int
    now: Moment
    contract_id: int | None = None
    team_id: int | None = None
    location: str | None = None
    event_name: str = "by hand"
    event_at: Moment | None = None
    event_record_id: int | None = None
    """The record that an event is about, which tells its moment unless `event_at` does."""
    event_received_at: Instant | None = None
    """When an event was first heard of; its moment where no record tells. None for a run by hand."""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    given_inputs: frozenset[str] = frozenset()
    """The inputs that a person gave, as against those that have their default."""
    again: str = ""
    anyway: bool = False
    cause: str = "cli"
    starting: bool = False
    """Whether an event is to start the list now, and so must be one that does. Not for a run that is gone on with."""
    part: Literal["", "own", "team"] = ""
    """Of a list that holds both: the coworker's own items, those of their team, or '' for both, each as its own run."""
    overrides: Overrides = Overrides()
    """What a person changes for this run; it stays with the request, so that whatever goes on with it knows."""
    leaving: bool = False
    """Whether who it is for had left when it was asked: a person knew, so that is no reason to stop what waits."""
    now_given: bool = False
    """Whether a person chose `now`; else it is the moment of asking, and a later attempt takes its own."""


def parse_given_moment(text: str) -> Moment:
    """Return a moment that a person gave: YYYY-MM-DD, or with THH:MM, and Z or an offset where they like.

    Raises:
        UserError: it is none of these.
    """
    found = parse_moment(text)
    if found is None:
        raise UserError(
            f"{text!r} is no moment.", advice="Write 2026-12-01, 2026-12-01T09:30 or 2026-12-01T09:30:00Z."
        )
    has_zone = re.search(r"(Z|[+-]\d{2}:?\d{2})\Z", text.strip()[10:], re.IGNORECASE)
    return found if has_zone else found.to_tz("UTC").to_plain()


def at_zone(moment: Moment, zone: str) -> Instant:
    """Return the instant of a moment; a wall clock time means the given IANA zone (gaps forward, overlaps earlier)."""
    return moment if isinstance(moment, Instant) else moment.assume_tz(zone).to_instant()


def missing_inputs(tasklist: TaskList, given: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of inputs that have neither a value nor a default, in the order of the file."""
    return tuple(name for name, told in tasklist.inputs.items() if name not in given and told.default is None)


def typed_inputs(tasklist: TaskList, given: Mapping[str, str], known: Collection[str] = ()) -> dict[str, Any]:
    """Return the value of every input of a list, typed; those in `known` need none here.

    Raises:
        UserError: unknown names, values of another type, and missing ones; all of them.
    """
    troubles = [_unknown(tasklist, name) for name in given if name not in tasklist.inputs]
    values: dict[str, Any] = {}
    for name, told in tasklist.inputs.items():
        if name not in given:
            if told.default is None and name not in known:
                troubles.append(f"the input {name!r} ({told.type}) has no value: give --set {name}=VALUE")
            values[name] = told.default
            continue
        try:
            values[name] = read_input(name, told.type, given[name])
        except UserError as error:
            troubles.append(error.message.rstrip("."))
    if troubles:
        raise UserError("; ".join(troubles) + ".", advice="See the list's inputs.")
    return values


def with_defaults(tasklist: TaskList, request: Request) -> Request:
    """Return a request with the defaults of inputs that the list got after it was asked."""
    defaults = {name: told.default for name, told in tasklist.inputs.items() if told.default is not None}
    return replace(request, inputs={**defaults, **request.inputs})


def read_input(name: str, kind: str, text: str) -> object:
    """Return the value of an input that a person gave, by its type.

    Raises:
        UserError: the text is not one of that type.
    """
    try:
        return input_value(kind, _as_written(kind, text))
    except PydanticCustomError as error:
        raise UserError(f"the input {name!r}: {error.message()}, found {text!r}.") from None


def _as_written(kind: str, text: str) -> object:
    if kind != "list":
        return Plain(text)
    if text.lstrip().startswith("["):
        from engine.authoring.nodes import parse, to_data
        from engine.authoring.source import source_of

        node, _ = parse(source_of("--set", text.encode()))
        return to_data(node)
    return [part.strip() for part in text.split(",") if part.strip()]


def _unknown(tasklist: TaskList, name: str) -> str:
    close = nearest(name, tasklist.inputs)
    known = ", ".join(tasklist.inputs) or "it has none"
    return f"the list has no input {name!r}" + (f", nearest: {close}" if close else f" (its inputs: {known})")
