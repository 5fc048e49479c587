"""Which lists an event starts, and for whom: one job for each list and coworker (design 4, "applies").

Pure. It decides by the event and the lists alone; whether a list is meant for a coworker is told by facts, which are
read when the job is carried out. It must never drop a list because its file cannot be read just now.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from whenever import Instant, Time

from engine.core.model import TaskList
from engine.core.moments import in_zone
from engine.core.same_as import once_per_of
from engine.core.wire_dates import calendar_date, parse_moment
from engine.core.words import EVENTS

RecordKind = Literal["coworker", "contract", "team", "product", "checkin", "invoice"]

_KINDS: Final[dict[str, RecordKind]] = {
    "coworker": "coworker",
    "welcome_email": "coworker",
    "contract": "contract",
    "team": "team",
    "product": "product",
    "checkin": "checkin",
    "invoice": "invoice",
}

EVENT_RECORD: Final[Mapping[str, RecordKind]] = {event: _KINDS[event.partition(".")[0]] for event in EVENTS}
"""Event -> the kind of record that its webhook bears the id of (webhooks.md section 4)."""

_DATES: Final = {
    "contract.activated": "StartDate",
    "contract.first_activated": "StartDate",
    "contract.cancelled": "CancellationDate",
}
"""Events that happen on a calendar date of their contract."""

_MOMENTS: Final = {
    **{event: "CreatedOn" for event in EVENTS if event.endswith(".created")},
    "invoice.first_created": "CreatedOn",
    "checkin.created": "FromTime",
    "invoice.paid": "PaidOn",
}
"""Events whose record tells their moment, by field; of all others only the receipt is known."""


@dataclass(frozen=True)
class Starts:
    """What starts a list. `on` is None when its file has a mistake that hides its events."""

    on: frozenset[str] | None
    per_team: bool = False
    """Whether all of it is made once for a team; of a list that has other items too, each member gets theirs."""


@dataclass(frozen=True)
class Sighting:
    """An event that was noticed, by a delivery or by looking.

    `coworker_ids` are those it is about: of a team all members; `payer_id` is who pays for the team. `at` is the
    moment of the event where it is known already; None: it is read from the record.
    """

    event: str
    record_id: int
    cause: Literal["delivery", "sweep", "backfill"]
    received_at: Instant
    coworker_ids: tuple[int, ...]
    contract_id: int | None = None
    team_id: int | None = None
    payer_id: int | None = None
    at: Instant | None = None


@dataclass(frozen=True)
class JobAsked:
    """One list for one coworker, to be carried out at `due_at` or later."""

    tasklist: str
    coworker_id: int
    event: str
    cause: Literal["delivery", "sweep", "backfill"]
    due_at: Instant
    received_at: Instant
    contract_id: int | None
    team_id: int | None
    record_id: int
    event_at: Instant | None


def starts_of(tasklist: TaskList) -> Starts:
    """Return what starts a sound list."""
    return Starts(frozenset(tasklist.applies.on), is_per_team(tasklist))


def is_per_team(tasklist: TaskList) -> bool:
    """Return whether every item of a list is made once for a team."""
    return all(once_per_of(tasklist, item) == "team" for item in tasklist.items)


def lists_started_by(event: str, lists: Mapping[str, Starts]) -> tuple[str, ...]:
    """Return the names of the lists that an event starts, sorted; one whose events cannot be told is among them."""
    return tuple(sorted(name for name, starts in lists.items() if starts.on is None or event in starts.on))


def jobs_for(
    sighting: Sighting, lists: Mapping[str, Starts], *, now: Instant, settle_seconds: float
) -> tuple[tuple[JobAsked, ...], str]:
    """Return the jobs that a sighting asks for, due once its burst has settled; without any, the reason."""
    names = lists_started_by(sighting.event, lists)
    if not names:
        return (), f"no list starts on {sighting.event}"
    due_at = now.add(seconds=settle_seconds)
    jobs = tuple(_jobs(sighting, lists, names, due_at))
    return jobs, "" if jobs else f"team {sighting.team_id} has no members"


def _jobs(
    sighting: Sighting, lists: Mapping[str, Starts], names: Collection[str], due_at: Instant
) -> Iterator[JobAsked]:
    # A contract that is gone cannot be the one that a list is about: it is chosen anew.
    contract_id = None if sighting.event == "contract.deleted" else sighting.contract_id
    for name in names:
        for coworker_id in _whose(sighting, per_team=lists[name].per_team):
            yield JobAsked(
                tasklist=name,
                coworker_id=coworker_id,
                event=sighting.event,
                cause=sighting.cause,
                due_at=due_at,
                received_at=sighting.received_at,
                contract_id=contract_id,
                team_id=sighting.team_id,
                record_id=sighting.record_id,
                event_at=sighting.at,
            )


def _whose(sighting: Sighting, *, per_team: bool) -> tuple[int, ...]:
    """Each coworker once; for a list that is made once for a team only who pays for it, else any member."""
    ids = tuple(dict.fromkeys(sighting.coworker_ids))
    if not per_team:
        return ids
    return ids[:1] if sighting.payer_id is None else (sighting.payer_id,)


def event_moment(event: str, record: Mapping[str, Any], zone: str) -> Instant | None:
    """Return the moment of an event by its record; a calendar date is its first moment in an IANA zone.

    None where the record does not tell, as with updates: then it is the moment of the first receipt.
    """
    if event in _DATES:
        day = calendar_date(record.get(_DATES[event]), zone)
        return in_zone(day.date, Time(), zone)[0].to_instant() if day else None
    return parse_moment(record.get(_MOMENTS[event])) if event in _MOMENTS else None
