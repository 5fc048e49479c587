"""Expansion: one ready list and one coworker's facts -> wanted tasks, or everything that stands in the way.

Pure and deterministic: equal facts give equal tasks, whatever the order of keys, and no clock is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from engine.core.applies import check_applies, facts_said
from engine.core.calendar import CalendarCoverage
from engine.core.errors import UserError
from engine.core.fact_values import Absent, Value
from engine.core.facts import Facts
from engine.core.forms import Holder, Responsible
from engine.core.identity import ItemRef, Naming, Subject, alternatives, identity
from engine.core.people import Chosen, NotLookedUp, choose_person
from engine.core.prepared import Path, Prepared, ReadyItem
from engine.core.resolve import AnchorMissing, ResolvedDue, resolve_due
from engine.core.rounds import Round, rounds_of, wrong_keys
from engine.core.subjects import subject_of
from engine.core.text import CompiledText
from engine.core.typed_facts import Read, read_facts
from engine.core.wanted import MAX_NAME, Expansion, Explanation, LeftOut, Wanted

Made = TypeVar("Made")

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


def expand(
    prepared: Prepared, facts: Facts, *, version: str, cycle: str = "", anyway: bool = False
) -> Expansion:
    """Return all that the list wants for the coworker, and what it leaves out, with the reasons.

    `cycle` is the label of a wanted repetition. `anyway` ignores the list's `applies`.

    Raises:
        DoesNotApply: `applies` leaves the coworker out.
        UserError: a custom field that the list names has a value of another type.
        CannotExpand: items whose text, person, date or identity cannot be told; all of them.
        HoldersNeeded: people must be looked up first.
        CalendarCoverage: a date lies outside the days that the calendar knows.
    """
    read = read_facts(facts, prepared.organisation, named=prepared.facts_named())
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
            naming=self._naming(),
            contract_id=self.facts.contract_id,
            event_at=self.facts.event.at if self.facts.event else None,
        )

    def _naming(self) -> Naming:
        renamed = {ready.item.id: ready.identity_id for ready in self.prepared.items}
        kinds = ["coworker", "location", *(["contract", "membership"] if self.facts.contract_id is not None else [])]
        kinds += ["team"] if self.prepared.per_team else []
        found = (self._subject((), "", kind) for kind in kinds)
        subjects = tuple(subject for subject in found if subject is not None)
        return Naming(self.prepared.organisation.owner, self.prepared.identity_id, renamed, subjects, self.cycle)

    def _item(self, index: int, ready: ReadyItem) -> Iterator[Wanted]:
        path: Path = ("items", index)
        for one in self._rounds(path, ready):
            told: list[str] = []
            if self._is_wanted(path, ready, one, told):
                task = self._task(path, ready, one, tuple(told))
                if task is not None:
                    yield task

    def _rounds(self, path: Path, ready: ReadyItem) -> Sequence[Round]:
        loop, at = ready.loop, (*path, "for_each")
        if loop is None:
            return [Round("", self.read.values)]
        rounds = self._try(at, ready.item.id, lambda: rounds_of(loop, self.read.values))
        if rounds is not None and not rounds:
            self.left_out.append(LeftOut(ready.item.id, "", f"{'.'.join(loop.source)} is empty"))
        self.troubles.extend(Trouble(at, ready.item.id, what) for what in wrong_keys(rounds or ()))
        return rounds or ()

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
        try:
            return resolve_due(
                ready.due,
                anchors=self.read.anchors,
                default_anchor=ready.anchor,
                zone=self.facts.zone,
                calendar=self.facts.calendar,
            )
        except AnchorMissing as missing:
            group = self.read.values.get(missing.name.split(".")[0])
            if isinstance(group, Absent):
                raise UserError(f"{missing.message}: {group.reason}.", advice=missing.advice) from None
            raise

    def _name(self, path: Path, who: str, text: CompiledText, values: Mapping[str, Value]) -> str | None:
        """Render a name: one line, whatever line breaks a member's text holds."""
        rendered = self._try(path, who, lambda: text.render(values))
        if rendered is None:
            return None
        name = " ".join(rendered.splitlines()).strip()
        if not name:
            self.troubles.append(Trouble(path, who, "the name is empty for this coworker."))
        if len(name) > MAX_NAME:
            what = f"the name is {len(name)} characters long for this coworker; at most {MAX_NAME} are sent."
            self.troubles.append(Trouble(path, who, what))
        return name

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
        return self._try(path, who, lambda: subject_of(once_per, self.facts, self.business_id))

    def _try(self, path: Path, who: str, make: Callable[[], Made]) -> Made | None:
        try:
            return make()
        except CalendarCoverage:
            raise  # the caller can give the calendar more days
        except UserError as error:
            self.troubles.append(Trouble(path, who, str(error)))
        return None
