"""Facts for a rehearsal: a made-up member, or a saved one, with all dates moved to another day together.

Pure. It must never change what is no date: ids, names and desks stay, so that conditions and texts stay what they were.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from whenever import Date, Instant, Time

from engine.core.errors import UserError
from engine.core.facts import Event, Facts, Raw
from engine.core.prepared import Prepared
from engine.core.wire_dates import calendar_date, parse_moment, wire_moment
from engine.core.words import END_ANCHORS

Turn = Literal["contract.start", "contract.cancellation", "signup"]
"""The day of a member that a rehearsal moves over the calendar; all their other days keep their distance to it."""

NOON = Time(12)
"""The time of day at which made-up members sign up, and at which the tasks of all are made."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\S+)?\Z")
_MEMBER, _CONTRACT, _TEAM = 1, 1, 1
_MEMBERS = ({"Id": _MEMBER, "FullName": "Sample Member"}, {"Id": 2, "FullName": "Second Member"})
_DESKS = ({"Id": 1, "Name": "Desk 1", "ItemType": 2, "FloorPlanName": "Floor 1"},)


@dataclass(frozen=True)
class Ground:
    """The location that a rehearsal stands on, with what its calendar and its people are."""

    location: str
    business_id: int
    facts: Facts
    """Location, zone, calendar and people; whose facts these are does not count."""


def turn_of(prepared: Prepared) -> Turn:
    """Return which day a list turns on: its anchor says whether it is for a beginning or an end."""
    named = {prepared.tasklist.anchor} if prepared.tasklist.anchor else set(prepared.anchors_named())
    if named and named <= END_ANCHORS:
        return "contract.cancellation"
    if named <= {"signup", "event"} and not prepared.needs_contract():
        return "signup"
    return "contract.start"


def noon(day: Date, zone: str) -> Instant:
    """Return noon of a local day in an IANA zone: no clock change comes near it."""
    return day.at(NOON).assume_tz(zone).to_instant()


def made_up(  # noqa: PLR0913 - all that tells one made-up member from another, by name
    prepared: Prepared,
    ground: Ground,
    turn: Turn,
    *,
    day: Date,
    made_at: Instant,
    inputs: Mapping[str, Any],
    has_team: bool,
) -> Facts:
    """Return the facts of a made-up member whose turning day this is; they sign up at `made_at`.

    One contract, issued by the location, made then too, with the first plan of `applies` and one desk; the portal was
    used on signing up, and never again; no custom field is filled in. A team of two, that the member pays for, only on
    demand: see `names_team`.
    """
    start = day.add(days=-365) if turn == "contract.cancellation" else day
    signed = wire_moment(made_at)
    plan = next((tariff for tariff in prepared.tasklist.applies.tariffs), None)
    end = {"CancellationDate": _midnight(day), "Cancelled": True} if turn == "contract.cancellation" else {}
    contract = {
        "Id": _CONTRACT, "CoworkerId": _MEMBER, "IssuedById": ground.business_id, "Active": True, "MainContract": True,
        "TariffId": plan.tariff if plan else None, "TariffName": (plan.name if plan else None) or "Sample plan",
        "StartDate": _midnight(start), "RenewalDate": _midnight(start.add(months=1)),
        "ContractTerm": _midnight(start.add(years=1)), "IdentityChecksDueOn": _midnight(start.add(days=14)),
        "CreatedOn": signed, **end,
    }  # fmt: skip
    coworker = {
        "Id": _MEMBER, "FullName": "Sample Member", "GuessedFirstName": "Sample", "GuessedLastName": "Member",
        "Email": "member@example.invalid", "CompanyName": "Sample Company", "BusinessArea": "Samples", "Active": True,
        "RegistrationDate": signed, "CreatedOn": signed, "UserLastAccess": signed,
        "InvoicingBusinessId": ground.business_id,
    }  # fmt: skip
    place = ground.facts
    return Facts(
        coworker=coworker,
        location=place.location,
        business=place.business,
        zone=place.zone,
        calendar=place.calendar,
        contracts=(contract,),
        contract_id=_CONTRACT,
        contract_source="made up",
        team={"Id": _TEAM, "Name": "Sample Team", "PayingMemberId": _MEMBER, "CreatedOn": signed} if has_team else None,
        members=_MEMBERS if has_team else (),
        desks=_DESKS,
        people=place.people,
        inputs=inputs,
        event=Event(next(iter(prepared.tasklist.applies.on), "by hand"), made_at),
        visits=(start, start.add(days=2), start.add(days=7)),
        first_paid=noon(start, place.zone),
        paid_read=True,
    )


def names_team(prepared: Prepared) -> bool:
    """Return whether a list speaks of a team, so that a made-up member needs one."""
    return prepared.per_team or bool(prepared.team_items()) or any(p[0] == "team" for p in prepared.facts_named())


def _midnight(day: Date) -> str:
    return f"{day}T00:00:00Z"


def turning_day(facts: Facts, turn: Turn) -> Date:
    """Return the day of saved facts that a rehearsal moves.

    Raises:
        UserError: the member has no such day.
    """
    found: Date | None = None
    if turn == "signup":
        row = facts.coworker
        signed = parse_moment(row.get("RegistrationDate")) or parse_moment(row.get("CreatedOn"))
        found = signed.to_tz(facts.zone).date() if signed else None
    elif facts.contract is not None:
        source = "StartDate" if turn == "contract.start" else "CancellationDate"
        day = calendar_date(facts.contract.get(source), facts.zone_of(facts.contract))
        found = day.date if day else None
    if found is None:
        raise UserError(
            f"the saved facts have no {turn}, which this list turns on.",
            advice="Save those of a member who has one, or leave --facts out: a made-up member is used then.",
        )
    return found


def moved(facts: Facts, ground: Ground, days: int) -> Facts:
    """Return saved facts at another location with every date of the records moved by so many days.

    Calendar dates stay calendar dates and moments keep their local time of day, over clock changes as well. The
    contract of the run is issued by that location then.
    """
    zone = facts.zone
    contracts = tuple(
        _moved_row(row, days, facts.zone_of(row))
        | ({"IssuedById": ground.business_id} if row["Id"] == facts.contract_id else {})
        for row in facts.contracts
    )
    place = ground.facts
    return replace(
        facts,
        coworker=_moved_row(facts.coworker, days, zone),
        contracts=contracts,
        location=place.location,
        business=facts.business if facts.location == place.location else place.business,
        zone=place.zone,
        calendar=place.calendar,
        people={**place.people, **facts.people},
        zones={**facts.zones, ground.business_id: place.zone},
        inputs=moved_inputs(facts.inputs, days),
        event=replace(facts.event, at=_moved_moment(facts.event.at, days, zone)) if facts.event else None,
        visits=None if facts.visits is None else tuple(day.add(days=days) for day in facts.visits),
        first_paid=None if facts.first_paid is None else _moved_moment(facts.first_paid, days, zone),
    )


def moved_inputs(inputs: Mapping[str, Any], days: int) -> dict[str, Any]:
    """Return inputs with each date moved by so many days."""
    return {name: value.add(days=days) if isinstance(value, Date) else value for name, value in inputs.items()}


def _moved_row(row: Raw, days: int, zone: str) -> dict[str, Any]:
    return {name: _moved_value(value, days, zone) for name, value in row.items()}


def _moved_value(value: Any, days: int, zone: str) -> Any:
    if not isinstance(value, str) or not _DATE.match(value):
        return value
    moment = parse_moment(value)
    if moment is None:
        return value
    if moment.to_tz("UTC").time() == Time():
        return _midnight(moment.to_tz("UTC").date().add(days=days))
    return wire_moment(_moved_moment(moment, days, zone))


def _moved_moment(moment: Instant, days: int, zone: str) -> Instant:
    local = moment.to_tz(zone).to_plain()
    return local.date().add(days=days).at(local.time()).assume_tz(zone).to_instant()
