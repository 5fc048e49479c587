"""Who is responsible: a role at a location to one admin user, with stand-ins, absences and fair, stable picks.

Pure: equal facts give the same person for preview, run and replay. It must never choose somebody who cannot be
given the task, or who is away on its day.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from whenever import Date

from engine.core.absences import Rota, StandIn, role_chain
from engine.core.errors import UserError
from engine.core.fact_values import Value
from engine.core.forms import Holder, Responsible
from engine.core.organisation import Organisation
from engine.core.people_facts import NamesNobody, named_by_fact
from engine.core.roster import plainly_same

__all__ = ["Chosen", "Directory", "NotLookedUp", "Person", "choose_person", "role_chain"]


@dataclass(frozen=True)
class Person:
    """What the directory says of a holder. `trouble` says why nobody may be given a task, or is ''.

    An id of 0 is nobody's: a member's data names somebody who is no user of Nexudus.
    """

    id: int
    name: str
    trouble: str = ""


Directory = Mapping[str, Person]
"""str(holder) -> Person, for every holder that was looked up."""


@dataclass(frozen=True)
class Chosen:
    person: Person
    holder: str
    steps: tuple[str, ...]
    passed_over: tuple[str, ...] = ()
    """Holders who could not be given the task, each with the reason: a warning."""


class NotLookedUp(Exception):
    """Holders are needed that the directory does not hold yet."""

    def __init__(self, holders: Sequence[Holder]) -> None:
        super().__init__(", ".join(map(str, holders)))
        self.holders = tuple(holders)


def choose_person(  # noqa: PLR0913 - all that a choice hangs on, by name
    responsible: Responsible,
    *,
    organisation: Organisation,
    location: str,
    subject: str,
    directory: Directory,
    on: Date | None = None,
    loads: Mapping[int, int] | None = None,
    values: Mapping[str, Value] | None = None,
) -> Chosen:
    """Return the admin user for an item, the same for preview, run and replay.

    `subject` seeds rotation: rendezvous hashing over (subject, role, location), so a changed roster moves the
    fewest people. `on` is the due day at the location, by which absences count; without one nobody is away. `loads`
    are open tasks by user id, `values` the facts that a `from` may name. Holders who cannot be given a task are
    passed over and said so.

    Raises:
        NotLookedUp: the directory lacks holders that the choice needs.
        UserError: nobody is left to choose.
    """
    choice = _Choice(organisation, location, subject, directory, on=on, loads=loads or {})
    if responsible.holder is not None:
        return choice.of_person(responsible.holder, "named in the list")
    if responsible.source is not None:
        return choice.of_fact(responsible, responsible.source, values or {})
    assert responsible.role is not None  # the model allows no other form
    return choice.of_role(responsible.role, responsible.pick)


@dataclass(frozen=True)
class _Fit:
    """Somebody who can be given the task, with the holder whose place it is."""

    holder: Holder
    found: StandIn
    person: Person


class _Choice:
    def __init__(  # noqa: PLR0913 - what `choose_person` was given
        self,
        organisation: Organisation,
        location: str,
        subject: str,
        directory: Directory,
        *,
        on: Date | None,
        loads: Mapping[int, int],
    ) -> None:
        self.organisation = organisation
        self.location = location
        self.subject = subject
        self.directory = directory
        self.loads = loads
        self.rota = Rota(organisation, location, on, self._same)
        without_day = on is None and bool(organisation.absences)
        self.steps: list[str] = ["no due day, so nobody counts as away"] if without_day else []
        self.passed: list[str] = []

    def of_person(self, holder: Holder, how: str) -> Chosen:
        """The person that the list names, or who takes over for them."""
        fit = self._fit(holder)
        if fit is None:
            why = "; ".join((*self.passed, *self.rota.gone))
            advice = "Name somebody else, or a role."
            if self.rota.gone:
                advice = "Give a delegate in the absences of organisation.yaml, or name a role."
            raise UserError(f"{why}.", advice=advice)
        return self._chosen(fit, f"{holder} ({how})")

    def of_fact(self, responsible: Responsible, source: str, values: Mapping[str, Value]) -> Chosen:
        """Whom the member's own data names, or the fallback when it names nobody who can be given the task."""
        try:
            holder = named_by_fact(source, values)
            fit = self._fit(holder)
            if fit is not None:
                return self._chosen(fit, f"{source} names {holder}")
            why = "; ".join((*self.passed, *self.rota.gone))
        except NamesNobody as nobody:
            why = str(nobody)
            self.steps.append(why)
            if not nobody.is_empty:
                self.passed.append(why)
        if responsible.fallback is None:
            advice = f"Fill the field in Nexudus, or give a fallback: {{from: {source}, fallback: ROLE}}."
            raise UserError(f"nobody can be responsible by {source}: {why}.", advice=advice)
        self.steps.append(f"fell back to role {responsible.fallback}")
        return self.of_role(responsible.fallback, responsible.pick)

    def of_role(self, wanted: str, pick: str) -> Chosen:
        """One of the role's holders, else of the roles that stand in for it."""
        for role in role_chain(self.organisation, wanted):
            holders = self.organisation.holders_at(role, self.location)
            if not holders:
                self.steps.append(f"role {role} is held by nobody at {self.location}")
                continue
            if role != wanted:
                self.steps.append(f"fell back to role {role}")
            chosen = self._among(role, _in_order(holders, pick, f"{self.subject}|{role}|{self.location}"), pick)
            if chosen is not None:
                return chosen
        why = "; ".join((*self.passed, *self.rota.gone) or self.steps)
        raise UserError(
            f"nobody can be responsible for role {wanted!r} at {self.location}: {why}.",
            advice=f"Change the role's holders at {self.location}, or its fallback, in organisation.yaml.",
        )

    def _among(self, role: str, holders: Sequence[Holder], pick: str) -> Chosen | None:
        if pick == "least_loaded":
            return self._least_loaded(role, holders)
        for number, holder in enumerate(holders):
            if self.passed:  # one look-up for all the rest, not one for each
                self._look_up_all(holders[number:])
            fit = self._fit(holder)
            if fit is not None:
                how = f"rotation over {len(holders)}" if pick == "rotate" else "first holder"
                return self._chosen(fit, f"role {role} at {self.location} -> {holder} ({how})")
        return None

    def _least_loaded(self, role: str, holders: Sequence[Holder]) -> Chosen | None:
        """Of those who are there the one with the fewest open tasks; equals by the order of rotation."""
        self._look_up_all(holders)
        fits = [fit for holder in holders if (fit := self._fit(holder)) is not None]
        if not fits:
            return None
        best = min(fits, key=lambda fit: self._load(fit.person))
        counted = dict.fromkeys(f"{fit.found.holder} {self._load(fit.person)}" for fit in fits)
        told = f"least loaded by open tasks: {', '.join(sorted(counted))}"
        return self._chosen(best, f"role {role} at {self.location} -> {best.holder} ({told})")

    def _load(self, person: Person) -> int:
        return self.loads.get(person.id, 0)

    def _fit(self, holder: Holder) -> _Fit | None:
        """Who would have a task of this holder's: nobody when they are away without a delegate, or in trouble."""
        for found in self.rota.there(holder):
            person = self._look_up(found.holder)
            if not person.trouble:
                return _Fit(holder, found, person)
            self._pass_over(found.holder, person)
        self.steps.extend(told for told in self.rota.gone if told not in self.steps)
        return None

    def _pass_over(self, holder: Holder, person: Person) -> None:
        called = f"the person in {holder.fact}" if holder.fact else str(holder)
        told = f"{called} {person.trouble}"
        if told not in self.passed:  # one person may hold several roles of the chain
            self.passed.append(told)
            self.steps.append(f"passed over {called}: {person.trouble}")

    def _chosen(self, fit: _Fit, how: str) -> Chosen:
        *first, last = (how, *fit.found.steps)
        steps = (*self.steps, *first, f"{last} -> user {fit.person.id}")
        return Chosen(fit.person, str(fit.found.holder), steps, tuple(self.passed))

    def _look_up_all(self, holders: Iterable[Holder]) -> None:
        first = [found.holder for holder in holders for found in list(self.rota.there(holder))[:1]]
        missing = {str(holder): holder for holder in first if str(holder) not in self.directory}
        if missing:
            raise NotLookedUp(list(missing.values()))

    def _look_up(self, holder: Holder) -> Person:
        if str(holder) not in self.directory:
            raise NotLookedUp([holder])
        return self.directory[str(holder)]

    def _same(self, one: Holder, other: Holder) -> bool:
        """Whether two holders are one person; one told by e-mail and one by id have to be looked up for that."""
        if plainly_same(one, other) or (one.email is None) == (other.email is None):
            return plainly_same(one, other)
        return self._id(one) == self._id(other)

    def _id(self, holder: Holder) -> int:
        return holder.user if holder.user is not None else self._look_up(holder).id


def _in_order(holders: tuple[Holder, ...], pick: str, seed: str) -> list[Holder]:
    if pick == "first":
        return list(holders)
    return sorted(
        holders, key=lambda holder: hashlib.sha256(f"{seed}|{str(holder).lower()}".encode()).digest()
    )
