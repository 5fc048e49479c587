"""What a list covers, and since when: which events can be found without a delivery, and whom an `applies` meant.

Pure. It must never let a list reach back to before it was in use, and never leave somebody out on a row that is only
partly known: where a row does not tell, the facts decide.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from pydantic import ValidationError
from whenever import Date, Instant

from engine.core.model import Applies, TaskList
from engine.core.prepared import Finding
from engine.core.text_faults import Fault

COVERED: Final = (
    "coworker.created",
    "contract.created",
    "contract.activated",
    "contract.first_activated",
    "contract.cancelled",
)
"""The events that leave a trace in a record, and so can be found when no delivery told of them."""

_SAME_SIGNUP: Final = {"welcome_email.sent": "coworker.created"}
"""A welcome mail goes out with the signup (webhooks.md 3): a list that has both is found by the other one."""


def uncovered(events: Iterable[str]) -> tuple[str, ...]:
    """Return the events of a list that nothing but a delivery can tell of, in the order given."""
    given = tuple(events)
    return tuple(event for event in given if event not in COVERED and _SAME_SIGNUP.get(event) not in given)


def told_once(tasklist: TaskList) -> tuple[Finding, ...]:
    """Return a warning for each event of a list that is lost with its delivery, at its place."""
    events = tasklist.applies.on
    what = "only a delivery tells of this event: the sweep does not find one that was lost"
    return tuple(
        Finding(("applies", "on", events.index(event)), Fault(0, 1, what, repr(event)), warning=True, code="not-swept")
        for event in uncovered(events)
    )


@dataclass(frozen=True)
class Occurrence:
    """That an event happened, read from a record.

    `since` is the first moment at which it counts as having happened, `until` the last at which it can have: a contract
    is activated at some hour of its first day. Both are instants; `day` is the calendar day at the location.
    `location` and the plan are None where the row does not tell, or where the event says nothing of them.
    """

    event: str
    record_id: int
    coworker_id: int
    day: Date
    since: Instant
    until: Instant
    contract_id: int | None = None
    business_id: int | None = None
    location: str | None = None
    tariff_id: int | None = None
    tariff_name: str | None = None

    @property
    def key(self) -> str:
        """What a sighting of it is known by. A cancellation's holds its day: it can be taken back and come again."""
        is_dated = self.event == "contract.cancelled"
        return f"{self.record_id} {self.day}" if is_dated else str(self.record_id)


class Coverage(NamedTuple):
    """An `applies` as the service saw it, and the moment from which on."""

    applies: str
    since: Instant


def applies_text(applies: Applies) -> str:
    """Return what decides for whom a list is, as canonical JSON; the order in the file does not matter."""
    told = {
        "on": sorted(set(applies.on)),
        "locations": sorted(set(applies.locations)),
        "tariffs": sorted(
            ({"tariff": one.tariff} if one.tariff is not None else _plain(one.name) for one in applies.tariffs), key=str
        ),
        "when": applies.when,
    }
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def applies_of_text(text: str) -> Applies | None:
    """Return a stored `applies`, or None for one that this version cannot read."""
    try:
        return Applies.model_validate(json.loads(text))
    except (ValueError, ValidationError):
        return None


def in_force(history: Sequence[Coverage], at: Instant) -> str | None:
    """Return the `applies` that was in force at a moment, None before the list was first seen.

    `history` begins with the oldest.
    """
    return next((one.applies for one in reversed(history) if one.since <= at), None)


def fits(applies: Applies, occurrence: Occurrence) -> bool | None:
    """Return whether events, locations and plans let an occurrence in; None where its row does not tell."""
    return fits_place_and_plan(applies, occurrence) if occurrence.event in applies.on else False


def fits_place_and_plan(applies: Applies, occurrence: Occurrence) -> bool | None:
    """Return the same without regard to the event."""
    told = [_fits_location(applies, occurrence), _fits_tariff(applies, occurrence)]
    return False if False in told else None if None in told else True


def covered_then(then: str | None, now: Applies, occurrence: Occurrence) -> Literal["yes", "no", "ask"]:
    """Return whether the `applies` in force when it happened meant it as well; `ask`: only the facts can tell."""
    if then is None:
        return "no"
    if then == applies_text(now):
        return "yes"
    before = applies_of_text(then)
    known = None if before is None else fits(before, occurrence)
    if before is None or known is False:
        return "no"
    if known and before.when in {None, now.when}:
        return "yes"
    return "ask"


def _fits_location(applies: Applies, occurrence: Occurrence) -> bool | None:
    if not applies.locations:
        return True
    return None if occurrence.location is None else occurrence.location in applies.locations


def _fits_tariff(applies: Applies, occurrence: Occurrence) -> bool | None:
    if not applies.tariffs:
        return True
    if occurrence.tariff_id is None or occurrence.tariff_name is None:
        return None
    return any(
        one.tariff == occurrence.tariff_id
        if one.tariff is not None
        else _plain(one.name) == _plain(occurrence.tariff_name)
        for one in applies.tariffs
    )


def _plain(name: str | None) -> str:
    """A plan's name as it is compared: without case and outer spaces (design 4)."""
    return (name or "").strip().casefold()
