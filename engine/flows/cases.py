"""Trying the cases of a list: each member planned as `preview` plans a saved one, without network and ledger.

People are stood in for by what organisation.yaml calls them. It must never look at the clock: a case says its moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from whenever import Instant

from engine.core.calendar import Calendar
from engine.core.case_checking import replace_given
from engine.core.case_judging import Failure, Outcome, failures
from engine.core.case_member import Told, member_of, moment_of
from engine.core.case_places import ground_of, locations_of, overrides_of, zone_at
from engine.core.cases import Case, CaseFile
from engine.core.errors import TasklistsError, UserError
from engine.core.expand import CannotExpand, HoldersNeeded, expand
from engine.core.facts import Facts
from engine.core.forms import Holder
from engine.core.overriding import with_overrides
from engine.core.people import Person
from engine.core.plan import Situation
from engine.core.prepared import Prepared
from engine.core.saved_facts import Saved
from engine.flows.calendars import calendar_at
from engine.flows.offline import preview_from_facts
from engine.flows.planned import Preview
from engine.flows.rehearse import stand_in, stand_ins
from engine.flows.request import Request, typed_inputs


@dataclass(frozen=True)
class Tried:
    """One case at one location: what was made of it, and what is not as expected."""

    number: int
    case: Case
    outcome: Outcome
    failures: tuple[Failure, ...]
    prepared: Prepared
    facts: Facts | None = field(default=None, repr=False)
    now: Instant | None = None
    preview: Preview | None = field(default=None, repr=False)

    @property
    def is_good(self) -> bool:
        return not self.failures


def try_cases(
    cases: CaseFile, prepared: Prepared, saved: Mapping[str, Facts], only: str = ""
) -> tuple[Tried, ...]:
    """Return what became of every case at each of its locations, in the order of the file.

    `only` is a part of the names of those that count.
    """
    people = stand_ins(prepared)
    found = []
    for number, case in enumerate(replace_given(cases)):
        if only.casefold() not in case.case.casefold():
            continue
        here = saved.get(case.facts.saved or "")
        for location in locations_of(case, prepared, here):
            found.append(_tried(_Trying(prepared, case, location, people, here), number))
    return tuple(found)


@dataclass(frozen=True)
class _Trying:
    prepared: Prepared
    case: Case
    location: str
    people: Mapping[str, Person]
    saved: Facts | None

    def member(self) -> tuple[Prepared, Facts, Instant]:
        """Return the list with the case's overrides, the member, and the moment of the plan."""
        prepared = with_overrides(self.prepared, overrides_of(self.case))
        zone = zone_at(prepared, self.location, self.case.facts, self.saved)
        told = Told(prepared, self.case.facts, zone)
        now = moment_of(told, self.case.now, self.saved)
        calendar = self._calendar(now, zone)
        named = (responsible.holder for responsible in prepared.overrides.responsible.values())
        people = {**self.people, **{str(one): stand_in(one) for one in named if one is not None}}
        people |= {who: stand_in(_holder(who)) for who in self.case.facts.loads if who not in people}
        ground = ground_of(prepared, self.location, zone, calendar=calendar, people=people)
        return prepared, member_of(told, ground, now, self.saved), now

    def _calendar(self, now: Instant, zone: str) -> Calendar:
        day = now.to_tz(zone).date()
        days = [day.add(days=-366), day.add(days=366)]
        if self.saved is not None:
            days += self.saved.calendar.covers
        return calendar_at(self.prepared.organisation, self.location, days)


def _holder(who: str) -> Holder:
    return Holder(user=int(who.removeprefix("user "))) if who.startswith("user ") else Holder(email=who)


def _tried(trying: _Trying, number: int) -> Tried:
    case, location = trying.case, trying.location
    facts: Facts | None = None
    made: Preview | None = None
    now: Instant | None = None
    outcome = Outcome(location, "UTC", {})
    try:
        prepared, facts, now = trying.member()
        facts = with_everybody(prepared, facts, again=case.again or "", anyway=case.anyway)
        outcome = replace(outcome, zone=facts.zone, people=facts.people)
        made = plan_case(prepared, facts, now, case)
        outcome = _outcome(made, outcome)
    except TasklistsError as error:
        outcome = replace(outcome, error=_said(error))
    return Tried(number, case, outcome, tuple(failures(case, outcome)), trying.prepared, facts, now, made)


def _said(error: TasklistsError) -> str:
    told = [str(one) for one in error.troubles] if isinstance(error, CannotExpand) else [str(error)]
    return "\n".join(told)


def _outcome(made: Preview, outcome: Outcome) -> Outcome:
    plans = [part.plan for part in made.parts()]
    return replace(
        outcome,
        actions=tuple(action for plan in plans for action in plan.actions),
        left_out=tuple(dict.fromkeys(one for plan in plans for one in plan.left_out)),
        warnings=tuple(dict.fromkeys(one for plan in plans for one in plan.warnings)),
    )


def plan_case(prepared: Prepared, facts: Facts, now: Instant, case: Case | None = None) -> Preview:
    """Return the plan for a member for whom nothing is made yet; `case` may ask for a repetition. Raises UserError."""
    request = Request(
        coworker_id=facts.coworker_id,
        now=now,
        inputs=typed_inputs(prepared.tasklist, {}, facts.inputs),
        again=(case.again or "") if case else "",
        anyway=case.anyway if case else False,
    )
    return preview_from_facts(prepared, Saved(facts, Situation()), request, version=NO_VERSION)


NO_VERSION = "0" * 12
"""The version of a plan that nobody runs."""


def with_everybody(prepared: Prepared, facts: Facts, *, again: str = "", anyway: bool = False) -> Facts:
    """Return the facts with stand-ins for people whom only the member's own data names."""
    own = (ready.responsible.source for one in prepared.everywhere() for ready in one.items)
    if not any(own):
        return facts
    for part in prepared.parts():
        while part is not None:
            try:
                expand(part, facts, version=NO_VERSION, cycle=again, anyway=anyway)
            except HoldersNeeded as needed:
                facts = replace(facts, people={**facts.people, **{str(one): stand_in(one) for one in needed.holders}})
                continue
            except UserError:
                pass
            break
    return facts
