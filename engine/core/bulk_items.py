"""The items of one list at one location, ready for many coworkers: what coworkers share is worked out once.

Pure. Whatever is not ordinary ends in NotPlain or the error of the function that met it: it must never answer where
the plain way would say something else.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from whenever import Instant

from engine.core.bulk_dues import AskedDue, Moment, Shelf
from engine.core.bulk_member import Member
from engine.core.bulk_texts import NotPlain, as_line, as_name, as_notes, decider, remember, with_lines, writer
from engine.core.fact_values import Value
from engine.core.facts import Facts
from engine.core.identity import NAMESPACE, Subject
from engine.core.people import choose_person
from engine.core.prepared import Loop, Prepared, ReadyItem
from engine.core.resolve import late_due
from engine.core.rounds import rounds_of, wrong_keys
from engine.core.text import CompiledText
from engine.core.wire_dates import wire_moment
from engine.core.wordings import ReadyWording

_VARIANT = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))
"""A UUID's variant bits over the first hex digit of its fourth group (RFC 9562)."""


Rounds = Sequence[tuple[str, Mapping[str, Value]]]
"""for_each key ('' without a loop) and facts of each wanted task of one item."""


class Dated(NamedTuple):
    """One wanted task without its texts. `at` is the moment that would be sent, `made` is False for `late: skip`."""

    item: Item
    key: str
    values: Mapping[str, Value]
    due: Moment | None
    at: Instant | None
    wire: str
    made: bool


@dataclass(frozen=True)
class Place:
    """What the coworkers of one location share."""

    prepared: Prepared
    facts: Facts
    """Of one of them: location, zone, calendar and people are those of all."""
    shelf: Shelf
    languages: tuple[str, ...]
    late: dict[Instant, tuple[Instant, str]]
    people: dict[tuple[object, ...], int]

    def closing(self, at: Instant, now: Instant) -> tuple[Instant, str]:
        """Return the moment that a due of the past is moved to, which is the same for all of them."""
        found = self.late.get(now)
        if found is None:
            moved, _ = late_due(at, now=now, zone=self.facts.zone, calendar=self.facts.calendar)
            found = (moved, wire_moment(moved))
            remember(self.late, now, found)
        return found


class Item:
    """One item at one location."""

    def __init__(self, place: Place, ready: ReadyItem, cycle: str) -> None:
        self.place, self.ready, self.id = place, ready, ready.item.id
        thing = ready.loop.name if ready.loop else ""
        spoken = partial(_spoken, languages=place.languages)
        self.name = writer(spoken(ready.name), as_name, thing)
        lines = [
            (writer(spoken(line.text), as_line, thing), decider(line.when) if line.when else None)
            for line in ready.checklist
        ]
        self.notes = with_lines(writer(spoken(ready.notes), as_notes, thing), lines)
        self.conditions = [decider(one) for one in ready.when]
        self.late = (ready.due.late if ready.due else None) or "closing"
        change = ready.item.clock_change or place.prepared.tasklist.clock_change
        self.dues = None if ready.due is None else place.shelf.dues(AskedDue(ready.due, ready.anchor, change))
        chosen = ready.responsible
        self.rotates = chosen.pick == "rotate"
        self.has_absences = bool(place.prepared.organisation.absences)
        self.always: int | None = None
        """The user id of whoever has this item for all coworkers and days."""
        self.choice: tuple[object, ...] = (chosen.role, chosen.pick, str(chosen.holder))
        flags = (ready.notify_by_email, ready.display_to_everyone)
        self.tail = ',"NotifyByEmail":{},"DisplayToEveryone":{}}}'.format(*(str(flag).lower() for flag in flags))
        self.rest = self._rest("", cycle)

    def rounds(self, member: Member) -> Rounds:
        """Return each task that is wanted."""
        loop, values = self.ready.loop, member.values
        if loop is not None:
            return self._looped(loop, values)
        for decide in self.conditions:
            if not decide(values):
                return ()
        return (("", values),)

    def _looped(self, loop: Loop, values: Mapping[str, Value]) -> Rounds:
        rounds = rounds_of(loop, values)
        if wrong_keys(rounds):
            raise NotPlain
        return [(one.key, one.values) for one in rounds if all(decide(one.values) for decide in self.conditions)]

    def dated(self, member: Member, now: Instant, rounds: Rounds) -> Sequence[Dated]:
        """Return the tasks of the wanted rounds, with their dates. NotPlain for `late: fail` that is late."""
        if not rounds:
            return ()
        due = None if self.dues is None else self.dues.at(member)
        if due is None:
            return [Dated(self, key, values, None, None, "", True) for key, values in rounds]
        at, wire, made = due.at, due.wire, True
        if at < now and self.late != "keep":
            if self.late not in {"closing", "skip"}:
                raise NotPlain
            made = self.late == "closing"
            at, wire = self.place.closing(at, now) if made else (at, wire)
        return [Dated(self, key, values, due, at, wire, made) for key, values in rounds]

    def person(self, member: Member, one: Dated) -> int:
        """Return the user id of who is responsible. Raises as `choose_person`."""
        if self.always is not None:
            return self.always
        subject = member.subject(self.ready.once_per)
        on = one.due.day if one.due and self.has_absences else None
        key = (*self.choice, subject if self.rotates else None, on) if self.rotates or on else self.choice
        known = self.place.people
        found = known.get(key)
        if found is None:
            found = choose_person(
                self.ready.responsible,
                organisation=self.place.prepared.organisation,
                location=self.place.facts.location,
                subject=f"{subject.kind}:{subject.id}",
                directory=self.place.facts.people,
                on=on,
                loads={},
                values=one.values,
            ).person.id
            remember(known, key, found)
        if not (self.rotates or self.has_absences):
            self.always = found
        return found

    def body(self, member: Member, one: Dated, batch: Batch) -> str:
        """Return the JSON of one creation."""
        name, person = self.name(member, one.values), self.person(member, one)
        notes, number = self.notes(member, one.values), self.identity(member, one.key, batch)
        told = f"{notes}\\n\\n" if notes else ""
        mark = f"{told}ref: {number[:8]}{number[9:13]}{number[14:18]} · {batch.name}" if batch.with_mark else notes
        due = f'"{one.wire}"' if one.wire else "null"
        return (
            f'{batch.head}{name}","ResponsibleId":{person},"Notes":"{mark}","TaskListName":"{batch.name}",'
            f'"TaskItemUniqueId":"{number}","DueDate":{due}{self.tail}'
        )

    def identity(self, member: Member, key: str, batch: Batch) -> str:
        """Return the TaskItemUniqueId as text: what `identity` gives, the part that all items share hashed once."""
        state = batch.state(member.subject(self.ready.once_per)).copy()
        state.update(self.rest if not key else self._rest(key, batch.cycle))
        digits: str = state.hexdigest()
        group = f"{_VARIANT[digits[16]]}{digits[17:20]}"
        return f"{digits[:8]}-{digits[8:12]}-5{digits[13:16]}-{group}-{digits[20:32]}"

    def _rest(self, key: str, cycle: str) -> bytes:
        ref = self.place.prepared.refs_of(self.ready, key, cycle)[0]
        parts = [ref.tasklist_id, ref.item_id, ref.key, ref.cycle]
        return b"," + _json([unicodedata.normalize("NFC", part) for part in parts])[1:]


def _spoken(wording: ReadyWording | None, languages: tuple[str, ...]) -> CompiledText | None:
    return None if wording is None else wording.chosen(languages)


class Batch:
    """What the tasks of one coworker's list have in common."""

    def __init__(self, member: Member, name: str, *, owner: str, cycle: str, with_mark: bool) -> None:
        facts, business_id = member.facts, member.reader.business_id
        self.head = f'{{"BusinessId":{business_id},"CoworkerId":{facts.coworker_id},"Name":"'
        self.name, self.owner, self.cycle, self.with_mark = name, owner, cycle, with_mark
        self._states: dict[Subject, Any] = {}

    def state(self, subject: Subject) -> Any:
        """Return the hash of an identity's first three parts. Any: hashlib names no type that can be copied."""
        found = self._states.get(subject)
        if found is None:
            parts = [self.owner, subject.kind, subject.id]
            told = _json([unicodedata.normalize("NFC", part) if isinstance(part, str) else part for part in parts])
            found = hashlib.sha1(NAMESPACE.bytes + told[:-1], usedforsecurity=False)
            self._states[subject] = found
        return found


def _json(parts: list[int | str]) -> bytes:
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")
