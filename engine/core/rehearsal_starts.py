"""One start of a rehearsal: a list expanded for one day, each task with what is told of its due.

Pure. The fast way of `bulk` where it knows the list, else the plan of the plain way: both give the same tasks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from whenever import Date, Instant

from engine.core.bulk import Bulk
from engine.core.bulk_items import Dated
from engine.core.calendar import long_day
from engine.core.due import Count
from engine.core.due_day import keeps_clock
from engine.core.due_told import clock_said, moves_along, skips_closed, steps_of_rule
from engine.core.errors import UserError
from engine.core.facts import Facts
from engine.core.people import Directory
from engine.core.plan import Action
from engine.core.prepared import Prepared, ReadyItem
from engine.core.rehearsal import Start, Task
from engine.core.typed_facts import read_facts

DayOf = Callable[[str], Date | None]
"""The local day of an anchor, by its name."""


def bulks_of(prepared: Prepared) -> tuple[Bulk, ...]:
    """Return the parts of a list, ready for all locations: the coworker's own, and the team's where it has one."""
    return tuple(Bulk(part, version="", anyway=True) for part in prepared.parts() if part is not None)


class Starts:
    """A list at one location, for many days."""

    def __init__(self, prepared: Prepared, location: str, bulks: Sequence[Bulk]) -> None:
        here = prepared.at(location)
        self.bulks = bulks
        self.items = {ready.item.id: ready for ready in here.items}
        self.befores = {name: before for name, ready in self.items.items() if (before := _before(ready))}
        self.gathers = {name for name, ready in self.items.items() if not moves_along(ready.due)}
        self._is_plain = False
        self._names: tuple[Directory, Mapping[int, str]] = ({}, {})

    def start(self, facts: Facts, day: Date, made_at: Instant) -> Start:
        """Return what the list makes of a member at the moment `made_at`.

        Raises:
            HoldersNeeded: as `expand`; all that a user could mend is the start's trouble instead.
        """
        try:
            parts = [self._tasks(bulk, facts, made_at) for bulk in self.bulks]
            tasks = tuple(parts[0] if len(parts) == 1 else [task for part in parts for task in part])
        except UserError as error:
            return Start(day, made_at, (), "; ".join(str(error).splitlines()))
        return Start(day, made_at, tasks)

    def check(self, facts: Facts, made_at: Instant) -> None:
        """Make one start in full, texts included: where they fail, every day is done in full and told so."""
        try:
            for bulk in self.bulks:
                bulk.bodies(facts, made_at)
        except UserError:
            self._is_plain = True

    def _tasks(self, bulk: Bulk, facts: Facts, made_at: Instant) -> list[Task]:
        found = None if self._is_plain else bulk.dated(facts, made_at)
        if found is not None:
            tasks, member = found
            names = self._called(facts.people)
            return [self._of_bulk(one, names[person], facts, member.local_day) for one, person in tasks]
        read = read_facts(facts, bulk.prepared.organisation, named=())
        days = {name: None if one is None else one.value for name, one in read.anchors.items()}
        actions = bulk.plan(facts, made_at).actions
        return [self._of_plan(one, facts, lambda name: _local_day(days.get(name), facts.zone)) for one in actions]

    def _called(self, people: Directory) -> Mapping[int, str]:
        if self._names[0] is not people:
            self._names = (people, {person.id: person.name for person in people.values()})
        return self._names[1]

    def _of_bulk(self, one: Dated, person: str, facts: Facts, day_of: DayOf) -> Task:
        item = one.item.id
        if one.due is None or one.at is None:
            return Task(item, one.key, person, None, None, None, True, True, False, "", "")
        due = one.due
        late = one.at is not due.at
        day = one.at.to_tz(facts.zone).date() if late else due.day
        outruns = self._outruns(item, day, day_of, is_late=late) if item in self.befores and one.made else ""
        gathers = late or item in self.gathers
        return Task(item, one.key, person, due.at, one.at, day, one.made, gathers, due.skips, due.clock, outruns)

    def _of_plan(self, action: Action, facts: Facts, day_of: DayOf) -> Task:
        wanted, at, rule_at = action.wanted, action.due_at, action.wanted.due_at
        made = action.action != "skip"
        if at is None or rule_at is None:
            name = wanted.responsible_name
            return Task(wanted.item, wanted.key, name, rule_at, at, None, made, True, False, "", "")
        steps, due = steps_of_rule(wanted.explanation.due), self.items[wanted.item].due
        late, day = action.late_from is not None, at.to_tz(facts.zone).date()
        clock = clock_said(steps, due, rule_at, facts.zone) if due else ""
        outruns = self._outruns(wanted.item, day, day_of, is_late=late) if wanted.item in self.befores and made else ""
        gathers, skips = late or wanted.item in self.gathers, skips_closed(steps)
        return Task(
            wanted.item, wanted.key, wanted.responsible_name, rule_at, at, day, made, gathers, skips, clock, outruns
        )

    def _outruns(self, item: str, day: Date, day_of: DayOf, *, is_late: bool) -> str:
        name, by_clock = self.befores[item]
        before = day_of(name)
        if before is None or day < before or (by_clock and day == before and not is_late):
            return ""
        return f"{name}, {long_day(before)}"


def _before(ready: ReadyItem) -> tuple[str, bool] | None:
    """Return the anchor that an item is counted before, and whether by the clock; None where it is not."""
    rule = ready.due.rule if ready.due else None
    if rule is None or not isinstance(rule.when, Count) or rule.when.side != "before" or not rule.when.number:
        return None
    name = rule.day if isinstance(rule.day, str) else ready.anchor if rule.day is None else None
    return (name, keeps_clock(rule.when)) if name else None


def _local_day(value: Date | Instant | None, zone: str) -> Date | None:
    return value.to_tz(zone).date() if isinstance(value, Instant) else value
