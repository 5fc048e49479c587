"""Expansion: one ready list and one coworker's facts -> wanted tasks, or everything that stands in the way.

Pure and deterministic: equal facts give equal tasks, whatever the order of keys, and no clock is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from engine.core.applies import check_applies, facts_said
from engine.core.calendar import CalendarCoverage
from engine.core.errors import UserError
from engine.core.fact_values import Absent, Value
from engine.core.facts import Facts
from engine.core.identity import ItemRef, Subject, alternatives, identity
from engine.core.model import Holder, Responsible
from engine.core.people import Chosen, NotLookedUp, choose_person
from engine.core.prepared import Path, Prepared, ReadyItem
from engine.core.resolve import ResolvedDue, resolve_due
from engine.core.text import CompiledText
from engine.core.text_faults import FactAbsent
from engine.core.typed_facts import Read, read_facts
from engine.core.wanted import Expansion, Explanation, LeftOut, Wanted

Made = TypeVar("Made")

MAX_NAME = 200
"""No limit is documented; until one is probed a longer name is refused rather than cut by the service (Q10)."""


@dataclass(frozen=True)
class Trouble:
    """Why one item cannot become a task for this coworker; `path` leads into the list's file."""

    path: Path
    item: str
    message: str

    def __str__(self) -> str:
        return f"{self.item}: {self.message}" if self.item else self.message


class CannotExpand(UserError):
    """Items that cannot be made for this coworker: all of them, and nothing is sent."""

    def __init__(self, troubles: Sequence[Trouble]) -> None:
        self.troubles = tuple(troubles)
        super().__init__("\n".join(str(trouble) for trouble in self.troubles))


class HoldersNeeded(Exception):
    """The directory lacks these holders; look them up and expand again."""

    def __init__(self, holders: Sequence[Holder]) -> None:
        super().__init__(", ".join(map(str, holders)))
        self.holders = tuple(holders)


@dataclass(frozen=True)
class Round:
    """One pass over an item: the for_each key ('' without a loop) and the facts with the thing in them."""

    key: str
    values: Mapping[str, Value] = field(repr=False)


def expand(
    prepared: Prepared, facts: Facts, *, version: str, cycle: str = "", anyway: bool = False
) -> Expansion:
    """Return all that the list wants for the coworker, and what it leaves out, with the reasons.

    `cycle` is the label of a wanted repetition. `anyway` ignores the list's `applies`.

    Raises:
        DoesNotApply: `applies` leaves the coworker out.
        CannotExpand: items whose text, person, date or identity cannot be told; all of them.
        HoldersNeeded: people must be looked up first.
        CalendarCoverage: a date lies outside the days that the calendar knows.
    """
    read = read_facts(facts, prepared.organisation)
    if not anyway:
        check_applies(prepared, facts, read)
    return _Expander(prepared, facts, read, cycle).run(version)


class _Expander:
    def __init__(self, prepared: Prepared, facts: Facts, read: Read, cycle: str) -> None:
        self.prepared = prepared
        self.facts = facts
        self.read = read
        self.cycle = cycle
        self.business_id = prepared.organisation.locations[facts.location].business_id
        self.troubles: list[Trouble] = []
        self.needed: dict[str, Holder] = {}
        self.left_out: list[LeftOut] = []
        self.warnings: list[str] = list(read.warnings)

    def run(self, version: str) -> Expansion:
        name = self._name(("name",), "", self.prepared.name, self.read.values)
        subject = self._subject(("once_per",), "", self.prepared.tasklist.once_per)
        wanted = [
            task for index, ready in enumerate(self.prepared.items) for task in self._item(index, ready)
        ]
        if self.troubles:
            raise CannotExpand(self.troubles)
        if self.needed:
            raise HoldersNeeded([self.needed[name] for name in sorted(self.needed)])
        assert name is not None
        assert subject is not None
        return Expansion(
            tasklist=self.prepared.tasklist.tasklist,
            version=version,
            coworker_id=self.facts.coworker_id,
            business_id=self.business_id,
            task_list_name=name,
            subject=subject,
            cycle=self.cycle,
            wanted=tuple(wanted),
            left_out=tuple(self.left_out),
            warnings=tuple(dict.fromkeys(self.warnings)),
            zone=self.facts.zone,
            calendar=self.facts.calendar,
            contract_id=self.facts.contract_id,
            event_at=self.facts.event.at if self.facts.event else None,
        )

    def _item(self, index: int, ready: ReadyItem) -> Iterator[Wanted]:
        path: Path = ("items", index)
        for one in self._rounds(path, ready):
            told: list[str] = []
            if self._is_wanted(path, ready, one, told):
                task = self._task(path, ready, one, tuple(told))
                if task is not None:
                    yield task

    def _rounds(self, path: Path, ready: ReadyItem) -> list[Round]:
        loop = ready.loop
        if loop is None:
            return [Round("", self.read.values)]
        things = self._try((*path, "for_each"), ready.item.id, lambda: _things(self.read.values, loop.source))
        rounds = [
            Round(_key(thing, loop.key), {**self.read.values, loop.name: thing}) for thing in things or ()
        ]
        keys = [one.key for one in rounds]
        if things is not None and not things:
            self.left_out.append(LeftOut(ready.item.id, "", f"{'.'.join(loop.source)} is empty"))
        for key in sorted({key for key in keys if keys.count(key) > 1 or not key}):
            what = f"two things have the key {key!r}" if key else "a thing has no key"
            self.troubles.append(
                Trouble((*path, "for_each"), ready.item.id, f"{what}: keys tell tasks apart.")
            )
        return rounds

    def _is_wanted(self, path: Path, ready: ReadyItem, one: Round, told: list[str]) -> bool:
        for condition in ready.when:
            verdict = self._try((*path, "when"), ready.item.id, partial(condition.evaluate, one.values))
            if verdict is None:
                return False
            said = facts_said(condition.explain(one.values))
            told.append(f"{condition.source} is {str(verdict).lower()}: {said}")
            if not verdict:
                self.left_out.append(
                    LeftOut(ready.item.id, one.key, f"condition false: {condition.source} ({said})")
                )
                return False
        return True

    def _task(self, path: Path, ready: ReadyItem, one: Round, told: tuple[str, ...]) -> Wanted | None:
        who = ready.item.id if not one.key else f"{ready.item.id} [{one.key}]"
        before = len(self.troubles)
        name = self._name((*path, "name"), who, ready.name, one.values)
        notes = self._try(
            (*path, "notes"), who, lambda: ready.notes.render(one.values) if ready.notes else ""
        )
        subject = self._subject((*path, "once_per"), who, ready.once_per)
        due = self._try((*path, "due"), who, lambda: self._due(ready))
        chosen = self._person((*path, "responsible"), who, ready.responsible, subject)
        if len(self.troubles) > before or subject is None or chosen is None:
            return None
        owner = self.prepared.organisation.owner
        ref = ItemRef(self.prepared.identity_id, ready.identity_id, one.key, self.cycle)
        self.warnings.extend(f"{who}: passed over {person}" for person in chosen.passed_over)
        return Wanted(
            item=ready.item.id,
            key=one.key,
            identity=identity(owner, subject, ref),
            alternatives=alternatives(owner, subject, ref),
            business_id=self.business_id,
            coworker_id=self.facts.coworker_id,
            name=name or "",
            notes=(notes or "").strip("\n"),
            responsible_id=chosen.person.id,
            responsible_name=chosen.person.name,
            due_at=due.at if due else None,
            late=(ready.due.late if ready.due else None) or "closing",
            notify_by_email=ready.notify_by_email,
            display_to_everyone=ready.display_to_everyone,
            rolled_from=due.rolled_from if due else None,
            explanation=Explanation(due.steps if due else ("no due",), chosen.steps, told),
        )

    def _due(self, ready: ReadyItem) -> ResolvedDue | None:
        if ready.due is None:
            return None
        return resolve_due(
            ready.due,
            anchors=self.read.anchors,
            default_anchor=ready.anchor,
            zone=self.facts.zone,
            calendar=self.facts.calendar,
        )

    def _name(self, path: Path, who: str, text: CompiledText, values: Mapping[str, Value]) -> str | None:
        name = self._try(path, who, lambda: text.render(values))
        if name is None:
            return None
        if not name.strip():
            self.troubles.append(Trouble(path, who, "the name is empty for this coworker."))
        if len(name) > MAX_NAME:
            what = f"the name is {len(name)} characters long for this coworker; at most {MAX_NAME} are sent."
            self.troubles.append(Trouble(path, who, what))
        return name.strip()

    def _person(
        self, path: Path, who: str, responsible: Responsible, subject: Subject | None
    ) -> Chosen | None:
        if subject is None:
            return None
        try:
            return choose_person(
                responsible,
                organisation=self.prepared.organisation,
                location=self.facts.location,
                subject=f"{subject.kind}:{subject.id}",
                directory=self.facts.people,
            )
        except NotLookedUp as needed:
            self.needed[str(needed.holder)] = needed.holder
        except UserError as error:
            self.troubles.append(Trouble(path, who, str(error)))
        return None

    def _subject(self, path: Path, who: str, once_per: str) -> Subject | None:
        facts = self.facts
        if once_per == "coworker":
            return Subject("coworker", facts.coworker_id)
        if once_per == "location":
            return Subject("location", f"{facts.coworker_id}@{self.business_id}")
        if facts.contract_id is None:
            what = f"once_per: {once_per} needs a contract, and this coworker has none; once_per: coworker does not."
            self.troubles.append(Trouble(path, who, what))
            return None
        if once_per == "contract":
            return Subject("contract", facts.contract_id)
        chain = facts.chain()
        assert chain is not None  # there is a contract
        others = tuple(number for number in (*chain.contract_ids,) if number != chain.id)
        return Subject("membership", chain.id, others)

    def _try(self, path: Path, who: str, make: Callable[[], Made]) -> Made | None:
        try:
            return make()
        except CalendarCoverage:
            raise  # the caller can give the calendar more days
        except UserError as error:
            self.troubles.append(Trouble(path, who, str(error)))
        return None


def _things(values: Mapping[str, Value], source: tuple[str, ...]) -> list[Value]:
    """Return the things that a for_each goes over."""
    found: Value = values
    for number, name in enumerate(source):
        if isinstance(found, Absent):
            raise FactAbsent(".".join(source), found.reason)
        found = found.get(name) if isinstance(found, Mapping) else None
        if found is None:
            raise FactAbsent(".".join(source[: number + 1]), "it is not among the facts here")
    if isinstance(found, Absent):
        raise FactAbsent(".".join(source), found.reason)
    return list(found) if isinstance(found, Sequence) and not isinstance(found, str) else []


def _key(thing: Value, path: tuple[str, ...]) -> str:
    """Return the for_each key: the Nexudus id of the thing, or the named value, with single spaces."""
    found: Value = thing
    if not path and isinstance(thing, Mapping):
        found = thing.get("id")
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return "" if found is None else " ".join(str(found).split())
