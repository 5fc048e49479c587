"""Rehearsing a list: every start day at every location, offline. People and account are stood in for.

It must never ask the network or a ledger, and never keep a saved member's data longer than it works on it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from whenever import Date, Instant

from engine.core.calendar import Calendar
from engine.core.errors import UserError
from engine.core.expand import HoldersNeeded
from engine.core.facts import Facts
from engine.core.forms import Holder
from engine.core.moved_facts import Ground, Turn, made_up, moved, moved_inputs, names_team, noon, turn_of, turning_day
from engine.core.organisation import Organisation
from engine.core.people import Person
from engine.core.prepared import Prepared
from engine.core.rehearsal import PER_DAY, SHARED_BY, Rehearsal, Start
from engine.core.rehearsal_judging import Judge
from engine.core.rehearsal_starts import Starts, bulks_of
from engine.core.words import nearest
from engine.flows.calendars import calendar_at

Made = TypeVar("Made")

LEAD: Mapping[Turn, int] = {"contract.start": 14, "contract.cancellation": 30, "signup": 0}
"""Days of notice unless somebody says otherwise: two weeks before the first day, a month before the last one."""

MOST_DAYS = 3660
"""Ten years: no calendar of holidays is known further ahead."""


@dataclass(frozen=True)
class Asked:
    """What is rehearsed: days, locations (none means those of the list), notice, and where thresholds lie."""

    first: Date
    days: int
    locations: tuple[str, ...] = ()
    lead: int | None = None
    per_day: int = PER_DAY
    shared_by: int = SHARED_BY
    inputs: Mapping[str, Any] = field(default_factory=dict)
    """Values for the first start; their dates move along with it."""
    given_inputs: frozenset[str] = frozenset()
    """Those that a person gave: they win over the saved ones."""


def rehearse(
    prepared: Prepared, asked: Asked, saved: Facts | None = None, tell: Callable[[str], None] = lambda _: None
) -> Rehearsal:
    """Return what the list makes for a start on each day at each location; `saved` are a member's facts to start from.

    `tell` hears a line when a location is done.

    Raises:
        UserError: a location is unknown or has no time zone, the saved facts lack the day that is moved, or the list
            cannot be made on any day.
    """
    if not 1 <= asked.days <= MOST_DAYS:
        raise UserError(f"{asked.days} days cannot be rehearsed.", advice=f"Choose 1 to {MOST_DAYS} days.")
    turn = turn_of(prepared)
    work = _Rehearsing(prepared, asked, saved, turn)
    judge = Judge(per_day=asked.per_day, shared_by=asked.shared_by)
    locations = _locations(prepared, asked.locations)
    for location in locations:
        ground = work.ground(location)
        tasks = judge.take(location, ground.facts.zone, work.starts(ground))
        tell(f"{location}: {asked.days} starts, {tasks} tasks")
    findings = judge.findings()
    if work.never_made:
        raise UserError(
            f"{prepared.tasklist.tasklist} cannot be made on any of these days: {work.never_made}",
            advice="Give the facts of a real member with --facts, or inputs with --set NAME=VALUE.",
        )
    return Rehearsal(
        tasklist=prepared.tasklist.tasklist,
        turn=turn,
        first=asked.first,
        days=asked.days,
        lead=work.lead,
        locations=locations,
        starts=judge.starts,
        tasks=judge.tasks,
        left_late=judge.left_late,
        by_day=judge.by_day(),
        loads=judge.loads(),
        findings=findings,
        per_day=asked.per_day,
    )


class _Rehearsing:
    def __init__(self, prepared: Prepared, asked: Asked, saved: Facts | None, turn: Turn) -> None:
        self.prepared, self.asked, self.saved, self.turn = prepared, asked, saved, turn
        self.lead = LEAD[turn] if asked.lead is None else asked.lead
        self.base = turning_day(saved, turn) if saved is not None else asked.first
        self.people = stand_ins(prepared)
        self.bulks = bulks_of(prepared)
        self.has_team = names_team(prepared)
        self.never_made = "no start was tried"
        """Why no start could be made so far; '' as soon as one was."""

    def ground(self, location: str) -> Ground:
        """Return a location with its calendar over all days, and stand-ins for its people."""
        organisation = self.prepared.organisation
        place = organisation.locations[location]
        saved_zone = self.saved.zone if self.saved is not None and self.saved.location == location else None
        zone = place.time_zone or saved_zone
        if zone is None:
            raise UserError(
                f"organisation.yaml has no time_zone for {location}, and without the network nobody else tells it.",
                advice=f"Write it there, such as time_zone: Europe/Madrid, or leave {location} out with --locations.",
            )
        calendar = self._calendar(organisation, location)
        facts = Facts(coworker={"Id": 1}, location=location, business={}, zone=zone, calendar=calendar,
                      people=self.people)  # fmt: skip
        return Ground(location, place.business_id, facts)

    def _calendar(self, organisation: Organisation, location: str) -> Calendar:
        last = self.asked.first.add(days=self.asked.days)
        return calendar_at(organisation, location, [self.asked.first.add(days=-self.lead - 366), last])

    def starts(self, ground: Ground) -> Iterator[Start]:
        """Yield each start at a location, in the order of days."""
        starts = Starts(self.prepared, ground.location, self.bulks)
        for number in range(self.asked.days):
            one = self._start(starts, ground, self.asked.first.add(days=number))
            self.never_made = "" if not one.trouble else self.never_made and one.trouble
            yield one

    def _start(self, starts: Starts, ground: Ground, day: Date) -> Start:
        made_at = noon(day.add(days=-self.lead), ground.facts.zone)
        facts = self._facts(ground, day, made_at)
        if day == self.asked.first:
            self._with_people(facts, lambda given: starts.check(given, made_at))
        return self._with_people(facts, lambda given: starts.start(given, day, made_at))

    def _facts(self, ground: Ground, day: Date, made_at: Instant) -> Facts:
        number = int(day.since(self.asked.first, total="days"))
        inputs = moved_inputs(self.asked.inputs, number)
        if self.saved is None:
            return made_up(
                self.prepared,
                ground,
                self.turn,
                day=day,
                made_at=made_at,
                inputs=inputs,
                has_team=self.has_team,
            )
        facts = moved(self.saved, ground, int(day.since(self.base, total="days")))
        given = {name: value for name, value in inputs.items() if name in self.asked.given_inputs}
        return replace(facts, inputs={**inputs, **facts.inputs, **given}, people={**self.people, **facts.people})

    def _with_people(self, facts: Facts, work: Callable[[Facts], Made]) -> Made:
        """Do the work; people whom only a member's data names are stood in for as soon as they are asked for."""
        while True:
            try:
                return work(facts)
            except HoldersNeeded as needed:
                self.people.update({str(holder): stand_in(holder) for holder in needed.holders})
                facts = replace(facts, people={**self.people, **facts.people})


def _locations(prepared: Prepared, asked: tuple[str, ...]) -> tuple[str, ...]:
    """Return the locations to rehearse at: those asked for, else those of the list, else all."""
    known = prepared.organisation.locations
    for name in asked:
        if name not in known:
            near = nearest(name, known)
            advice = f"The nearest name is {near}." if near else f"Its locations: {', '.join(known)}."
            raise UserError(f"organisation.yaml has no location {name!r}.", advice=advice)
    return tuple(dict.fromkeys(asked)) or prepared.tasklist.applies.locations or tuple(known)


def stand_ins(prepared: Prepared) -> dict[str, Person]:
    """Return a stand-in for everybody whom organisation.yaml or the list names, by what they are named."""
    organisation = prepared.organisation
    held = [holder for place in organisation.locations.values() for held in place.roles.values() for holder in held]
    held += [holder for role in organisation.roles.values() for holder in role.holders]
    held += [one for away in organisation.absences for one in (away.who, away.delegate and away.delegate.holder) if one]
    lists = [ready.responsible.holder for one in prepared.everywhere() for ready in one.items]
    return {str(holder): stand_in(holder) for holder in [*held, *(one for one in lists if one is not None)]}


def stand_in(holder: Holder) -> Person:
    """Return somebody who was not looked up: fit for every task, with a number below 0 unless the id is known."""
    if holder.user is not None:
        return Person(holder.user, str(holder))
    told = hashlib.sha256(str(holder).strip().casefold().encode("utf-8", "backslashreplace")).digest()
    return Person(-1 - int.from_bytes(told[:6], "big"), str(holder))
