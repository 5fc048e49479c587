"""Expansion of one list for many coworkers: the bytes that would be posted for each, and nothing that writes them.

The fast way works out once what coworkers share and puts the rest together from pieces; it gives byte for byte what
`expand`, `make_plan` and `body_of` give for a coworker of whom nothing is known yet. What it does not know takes
just that way. It must never answer anything else, and never grow with the number of coworkers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import NamedTuple

from whenever import Instant

from engine.core.applies import check_applies
from engine.core.bulk_dues import Shelf
from engine.core.bulk_items import Batch, Dated, Item, Place, Rounds
from engine.core.bulk_known import why_plain
from engine.core.bulk_member import Member
from engine.core.bulk_reader import Origin, Reader, reader_for
from engine.core.bulk_texts import as_name, writer
from engine.core.expand import expand
from engine.core.fact_values import Path
from engine.core.facts import Facts
from engine.core.languages import chosen_languages
from engine.core.plan import Plan, Situation, body_of
from engine.core.planner import make_plan
from engine.core.prepared import Prepared
from engine.core.typed_facts import Read, read_facts

MOST_PLACES = 64
"""Locations with their calendars and people that are kept ready: more than any network has; then all start afresh."""

_NO_DUE = "~"
"""Sorts behind every date: a plan has tasks without a due last."""


class Bodies(NamedTuple):
    """The creations for one coworker, in the order of their plan: each the bytes of `body_of` its payload."""

    coworker_id: int
    bodies: tuple[bytes, ...]

    def line(self) -> bytes:
        """Return one line of JSON: the array of the bodies."""
        return b"[" + b",".join(self.bodies) + b"]\n"


class Bulk:
    """One ready list, for as many coworkers as come by.

    `plain` counts the coworkers who took the plain way for their bodies; `why` is the part of the list that sent them
    all there.
    """

    def __init__(
        self, prepared: Prepared, *, version: str, cycle: str = "", anyway: bool = False, with_mark: bool = True
    ) -> None:
        self.prepared, self.version, self.cycle = prepared, version, cycle
        self.anyway, self.with_mark = anyway, with_mark
        self.plain = 0
        self.why = ""
        self._why: str | None = None
        self._shelves: list[Shelf] = []
        self._places: dict[str, list[_Kernel]] = {}

    def stream(self, facts: Iterable[Facts], now: Instant) -> Iterator[Bodies]:
        """Yield the bodies for each coworker as they come; errors as `bodies`."""
        for one in facts:
            yield self.bodies(one, now)

    def bodies(self, facts: Facts, now: Instant) -> Bodies:
        """Return what a run at `now` would create for a coworker who has no task of the list yet.

        Raises:
            UserError, HoldersNeeded: as `expand` and `make_plan` for these facts.
        """
        try:
            bodies = self._kernel(facts).bodies(facts, now)
            if bodies is not None:
                return Bodies(facts.coworker_id, bodies)
        except Exception:  # noqa: S110  # whatever stands in the way, the plain way tells it in full
            pass
        self.plain += 1
        plan = self.plan(facts, now)
        return Bodies(facts.coworker_id, tuple(body_of(one.payload) for one in plan.actions if one.action == "create"))

    def dated(self, facts: Facts, now: Instant) -> tuple[list[tuple[Dated, int]], Member] | None:
        """Return the wanted tasks without texts, each with the user id of its responsible; None: take the plain way."""
        try:
            return self._kernel(facts).dated(facts, now)
        except Exception:  # as in `bodies`
            return None

    def plan(self, facts: Facts, now: Instant) -> Plan:
        """Return the plan of the plain way; errors as `bodies`."""
        expansion = expand(self.prepared, facts, version=self.version, cycle=self.cycle, anyway=self.anyway)
        return make_plan(expansion, Situation(with_mark=self.with_mark), now)

    def why_plain(self, here: Prepared) -> str:
        """Return what `why_plain` says; locations without an overlay are all one list, and asked about once."""
        if here is not self.prepared:
            return why_plain(here)
        if self._why is None:
            self._why = why_plain(here)
        return self._why

    def shelf(self, facts: Facts) -> Shelf:
        """Return the dues that all share who have the calendar and the zone of these facts."""
        found = next((one for one in self._shelves if one.fits(facts.calendar, facts.zone)), None)
        if found is None:
            del self._shelves[: max(len(self._shelves) - MOST_PLACES, 0)]
            found = Shelf(facts.calendar, facts.zone)
            self._shelves.append(found)
        return found

    def _kernel(self, facts: Facts) -> _Kernel:
        known = self._places.setdefault(facts.location, [])
        for kernel in known:
            if kernel.fits(facts):
                return kernel
        if len(known) >= MOST_PLACES:
            known.clear()
        kernel = _Kernel(self, facts)
        known.append(kernel)
        self.why = self.why or kernel.why
        return kernel


class _Kernel:
    """The list at one location, with its calendar and its people."""

    def __init__(self, bulk: Bulk, facts: Facts) -> None:
        self.bulk, self.facts = bulk, facts
        self.prepared = bulk.prepared.at(facts.location)
        self.why = bulk.why_plain(self.prepared)
        self.reader: Reader | None = None
        """None: texts need a fact that is read in full only."""
        self.dating: Reader | None = None
        """For dates without texts; None: a condition or a loop needs such a fact."""
        self.origin: Origin | None = None
        self.wanted: list[tuple[Item, Rounds]] = []
        if not self.why:
            self._make_ready()

    def _make_ready(self) -> None:
        prepared, facts = self.prepared, self.facts
        organisation = prepared.organisation
        location = read_facts(facts, organisation, named=()).values["location"]
        things = {ready.loop.name for ready in prepared.items if ready.loop}
        read = partial(reader_for, things=things, organisation=organisation, place=facts, location=location)
        named, desk = _facts_for_dates(self.bulk.prepared, prepared)
        self.reader, self.dating = read(self.bulk.prepared.facts_named()), read(named, desk=desk)
        self.why = "" if self.reader else "facts"
        spoken = chosen_languages(prepared.spoken, organisation=organisation, location=facts.location, values={})
        place = Place(prepared, facts, self.bulk.shelf(facts), spoken.tags, {}, {})
        self.name = writer(prepared.name.chosen(spoken.tags), as_name, "")
        self.items = [Item(place, ready, self.bulk.cycle) for ready in prepared.items if prepared.counts(ready)]
        anchors = prepared.own_anchors_named()
        self.custom_days = [name for name in anchors if name.startswith("coworker.custom.")]
        """Read for every member: a value that is no date is an error even if nothing is due by it."""

    def fits(self, facts: Facts) -> bool:
        own = self.facts
        return (
            own.zone == facts.zone
            and (own.calendar is facts.calendar or own.calendar == facts.calendar)
            and (own.people is facts.people or own.people == facts.people)
            and (own.business is facts.business or own.business == facts.business)
        )

    def bodies(self, facts: Facts, now: Instant) -> tuple[bytes, ...] | None:
        if self.reader is None:
            return None
        member = self._member(facts, self.reader)
        owner = self.prepared.organisation.owner
        name = self.name(member, member.values)
        member.subject(self.prepared.once_per)  # no batch without the list's own subject
        batch = Batch(member, name, owner=owner, cycle=self.bulk.cycle, with_mark=self.bulk.with_mark)
        found = [
            (one.wire or _NO_DUE, item.id, one.key, item.body(member, one, batch), one.made)
            for item in self.items
            for one in item.dated(member, now, item.rounds(member))
        ]
        found.sort()
        return tuple(body.encode("utf-8", "backslashreplace") for _, _, _, body, made in found if made)

    def dated(self, facts: Facts, now: Instant) -> tuple[list[tuple[Dated, int]], Member] | None:
        if self.dating is None:
            return None
        member = self._member(facts, self.dating)
        member.subject(self.prepared.once_per)
        wanted = self._wanted(member, self.dating)
        return [
            (one, item.person(member, one)) for item, rounds in wanted for one in item.dated(member, now, rounds)
        ], member

    def _wanted(self, member: Member, reader: Reader) -> list[tuple[Item, Rounds]]:
        """Return the items with their wanted rounds: those of the last member where they are read from the same."""
        origin = reader.origin(member.facts)
        if origin is None or self.origin is None or not origin.is_of(self.origin):
            found = ((item, item.rounds(member)) for item in self.items)
            self.wanted = [(item, rounds) for item, rounds in found if rounds]
            self.origin = origin
        return self.wanted

    def _member(self, facts: Facts, reader: Reader) -> Member:
        member = Member(facts, reader)
        for name in self.custom_days:
            member.anchor(name)
        applies = self.bulk.prepared.tasklist.applies
        if not self.bulk.anyway and (applies.locations or applies.tariffs or applies.when):
            check_applies(self.bulk.prepared, facts, Read(member.values, {}, ()))
        return member


def _facts_for_dates(prepared: Prepared, here: Prepared) -> tuple[frozenset[Path], frozenset[str] | None]:
    """Return the facts that decide who is in, without those that only texts show, and what is read of a desk."""
    conditions = [one for ready in here.items for one in ready.when]
    conditions += [prepared.applies_when] if prepared.applies_when else []
    loops = [ready.loop for ready in here.items if ready.loop]
    named = frozenset[Path]().union(*(one.facts_used for one in conditions))
    keys = {loop.key[0] for loop in loops if loop.key} | {"id"}
    desk = keys | {path[1] for path in named if len(path) > 1 and path[0] in {loop.name for loop in loops}}
    return named | {loop.source for loop in loops}, None if ("contract", "desks") in named else frozenset(desk)
