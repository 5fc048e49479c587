"""The member that a case tells of, with everything that it leaves out made up.

Pure. The defaults are those of `moved_facts.made_up`: one contract with the list's first plan, a desk, no custom
field filled in. A date is never made up from the clock: it is counted from the case's own `now` or its own day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

from whenever import Date, Instant

from engine.core.case_values import PLAN, Values, Wrong, attempt, is_none, one_value, things
from engine.core.cases import NONE, CaseFacts, task_named
from engine.core.errors import UserError
from engine.core.facts import Event, Facts, Raw
from engine.core.model import input_value
from engine.core.moved_facts import Ground, Turn, made_up, moved, names_team, noon, turn_of, turning_day
from engine.core.people import Person
from engine.core.prepared import Prepared
from engine.core.wire_dates import calendar_date, wire_moment

LEAD: Final[Mapping[Turn, int]] = {"contract.start": 14, "contract.cancellation": 30, "signup": 0}
"""Days from `now` to the day that the list turns on, where a case says only one of the two."""

_TURNING: Final[Mapping[Turn, tuple[str, str]]] = {
    "contract.start": ("start", "start_date"),
    "contract.cancellation": ("cancellation", "cancellation_date"),
    "signup": ("", ""),
}


@dataclass
class Told:
    """A case's facts with the list and the place that they are for, and what is wrong with them."""

    prepared: Prepared
    told: CaseFacts
    zone: str
    path: tuple[str | int, ...] = ("facts",)
    faults: list[Wrong] = field(default_factory=list)

    @property
    def values(self) -> Values:
        return Values(self.prepared.organisation, self.zone)

    def at(self, *path: str | int) -> tuple[str | int, ...]:
        return (*self.path, *path)


def moment_of(told: Told, now: str | None, saved: Facts | None) -> Instant:
    """Return when a case is planned: its `now`, else so many days before the day that the list turns on.

    Raises:
        UserError: the case says neither.
    """
    if now is not None:
        return told.values.moment(now)
    turn = turn_of(told.prepared)
    day = _given_day(told, turn)
    if day is None and saved is not None:
        day = turning_day(saved, turn)
    if day is None:
        wanted = "signup" if turn == "signup" else turn.replace("contract.", "contract: {") + ": 2026-12-01}"
        raise UserError("the case says no moment.", advice=f"Give it `now: 2026-11-20 10:00`, or facts with {wanted}.")
    return noon(day.add(days=-LEAD[turn]), told.zone)


def _given_day(told: Told, turn: Turn) -> Date | None:
    if turn == "signup":
        return told.values.moment(told.told.signup).to_tz(told.zone).date() if told.told.signup else None
    contract = told.told.contract
    given = [contract.get(name) for name in _TURNING[turn]] if isinstance(contract, Mapping) else []
    for value in given:
        if value is not None and not is_none(value):
            found = calendar_date(str(value), told.zone)
            return found.date if found else None
    return None


def member_of(told: Told, ground: Ground, now: Instant, saved: Facts | None) -> Facts:
    """Return the facts of a case's member at a location; mistakes are noted in `told.faults`."""
    facts = moved(saved, ground, 0) if saved is not None and saved.location != ground.location else saved
    if facts is not None:
        facts = replace(facts, calendar=ground.facts.calendar, people={**ground.facts.people, **facts.people})
    facts = facts or _made_up(told, ground, now)
    facts = _with_records(told, facts)
    return _with_the_rest(told, facts)


def _made_up(told: Told, ground: Ground, now: Instant) -> Facts:
    turn = turn_of(told.prepared)
    default = now.to_tz(told.zone).date().add(days=LEAD[turn])
    return made_up(
        told.prepared,
        ground,
        turn,
        day=_given_day(told, turn) or default,
        made_at=now,
        inputs={name: one.default for name, one in told.prepared.tasklist.inputs.items() if one.default is not None},
        has_team=told.told.team is not None or names_team(told.prepared),
    )


def _with_records(told: Told, facts: Facts) -> Facts:
    given, values = told.told, told.values
    coworker = {**facts.coworker, **values.row("coworker", given.coworker, told.at("coworker"), told.faults)}
    coworker |= _custom(told, given.coworker.get("custom"))
    if given.signup is not None:
        coworker["RegistrationDate"] = wire_moment(values.moment(given.signup))
    business = {**facts.business, **values.row("location", given.location, told.at("location"), told.faults)}
    facts = replace(facts, coworker={**coworker, "Id": int(coworker.get("Id") or 1)}, business=business)
    return _with_team(told, _with_contracts(told, facts))


def _custom(told: Told, given: object) -> dict[str, Any]:
    if given is None:
        return {}
    at = told.at("coworker", "custom")
    if not isinstance(given, Mapping):
        told.faults.append(Wrong(at, "custom is a mapping of the names in custom_fields to values"))
        return {}
    return told.values.custom(given, at, told.faults)


def _with_contracts(told: Told, facts: Facts) -> Facts:
    given = told.told.contract
    others = [
        {"Id": 100 + number, "CoworkerId": facts.coworker_id, "Active": True}
        | _contract(told, one, ("contracts", number))
        for number, one in enumerate(told.told.contracts)
    ]
    if given == NONE:
        return replace(facts, contracts=tuple(others), contract_id=None, contract_source="", desks=())
    own: Raw | None = facts.contract
    if isinstance(given, Mapping):
        row = _contract(told, given, ("contract",))
        own = {**(own or {"Id": 1, "Active": True, "MainContract": True}), "CoworkerId": facts.coworker_id, **row}
        if "CancellationDate" in row and "cancelled" not in given:
            own = {**own, "Cancelled": row["CancellationDate"] is not None}
        facts = _with_desks(told, facts, given)
    if own is None:
        return replace(facts, contracts=(*facts.contracts, *others))
    kept = [row for row in facts.contracts if row["Id"] != facts.contract_id]
    source = facts.contract_source or "made up"
    return replace(facts, contracts=(own, *kept, *others), contract_id=int(own["Id"]), contract_source=source)


def _contract(told: Told, given: Mapping[str, Any], path: tuple[str | int, ...]) -> dict[str, Any]:
    row = told.values.row("contract", given, told.at(*path), told.faults)
    plan = given.get(PLAN)
    known = {str(one.name).strip().casefold(): one.tariff for one in told.prepared.tasklist.applies.tariffs if one.name}
    if plan is not None and "TariffId" not in row:
        row["TariffId"] = known.get(str(plan).strip().casefold())
    if row.get("Id", 1) is None:
        told.faults.append(Wrong(told.at(*path, "id"), "a contract has an id"))
        del row["Id"]
    return row


def _with_desks(told: Told, facts: Facts, given: Mapping[str, Any]) -> Facts:
    if "desks" not in given:
        return facts
    return replace(facts, desks=_rows(told, "contract.desks[]", given["desks"], ("contract", "desks")))


def _rows(told: Told, root: str, given: object, path: tuple[str | int, ...]) -> tuple[Raw, ...]:
    if is_none(given):
        return ()
    if not isinstance(given, list | tuple):
        what = "this must be a list of names, or of mappings"
        told.faults.append(Wrong(told.at(*path), what, allowed="[Desk 4, Desk 5]"))
        return ()
    rows = []
    for number, one in things(root, given):
        rows.append(told.values.row(root, one, told.at(*path, number), told.faults))
    return tuple(rows)


def _with_team(told: Told, facts: Facts) -> Facts:
    given = told.told.team
    if given is None:
        return facts
    if not isinstance(given, Mapping):
        return replace(facts, team=None, members=())
    blank = {"Id": 1, "Name": "Sample Team", "PayingMemberId": facts.coworker_id}
    row = told.values.row("team", given, told.at("team"), told.faults)
    members = facts.members
    if "members" in given:
        members = _rows(told, "team.members[]", given["members"], ("team", "members"))
    return replace(facts, team={**(facts.team or blank), **row}, members=members)


def _with_the_rest(told: Told, facts: Facts) -> Facts:
    given, values = told.told, told.values
    people = {who: _unfit(facts.people.get(who), who, why) for who, why in given.people.items()}
    known = {**facts.people, **people}
    event = facts.event
    if given.event is not None:
        event = Event(event.name if event else "by hand", values.moment(given.event))
    return replace(
        facts,
        inputs={**facts.inputs, **_inputs(told)},
        event=event,
        visits=facts.visits if given.visits is None else tuple(sorted(set(given.visits))),
        first_paid=facts.first_paid if given.first_paid is None else _paid(told, given.first_paid),
        paid_read=facts.paid_read or given.first_paid is not None,
        people=known,
        loads={**facts.loads, **{known[who].id: count for who, count in given.loads.items() if who in known}},
        done={**facts.done, **{_task(name): values.moment(at) for name, at in given.done.items() if at != NONE}},
        gone=facts.gone | {_task(name) for name in given.gone},
    )


def _unfit(person: Person | None, who: str, why: str) -> Person:
    return Person(person.id if person else 0, who, why)


def _paid(told: Told, text: str) -> Instant | None:
    return None if text == NONE else told.values.moment(text)


def _task(name: str) -> tuple[str, str]:
    item, key = task_named(name)
    return item, key or ""


def _inputs(told: Told) -> dict[str, Any]:
    known = told.prepared.tasklist.inputs
    found: dict[str, Any] = {}
    for name, value in told.told.inputs.items():
        if name in known:
            make = partial(one_value, input_value, known[name].type, value)
            read = attempt(told.faults, told.at("inputs", name), make)
            found |= {name: read[0]} if read else {}
    return found


