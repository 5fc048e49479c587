"""Judging a rehearsal: the tasks of every start become counts and findings.

Pure. Starts come one after the other and are not kept: what is kept is bounded by items, days and people.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

from whenever import Date, Instant

from engine.core.calendar import clock, long_day
from engine.core.rehearsal import KINDS, Finding, Kind, Load, Start, Task, some_days
from engine.core.wire_dates import local_text


class Judge:
    """Takes starts, location by location, and says at the end what is awkward."""

    def __init__(self, *, per_day: int, shared_by: int) -> None:
        self.per_day, self.shared_by = per_day, shared_by
        self.starts = self.tasks = self.left_late = 0
        self._people: defaultdict[str, defaultdict[Date, int]] = defaultdict(partial(defaultdict, int))
        self._findings: list[Finding] = []

    def take(self, location: str, zone: str, starts: Iterator[Start]) -> int:
        """Judge all starts at one location, whose times are told in its IANA zone; returns how many tasks they make."""
        place = _Place(location, zone, self.shared_by)
        before = self.tasks
        for start in starts:
            self.starts += 1
            if start.trouble:
                place.troubles[start.trouble.partition(":")[0]].append((start.day, start.trouble))
            made = [task for task in start.tasks if task.is_made]
            self.tasks += len(made)
            self.left_late += len(start.tasks) - len(made)
            for task in made:
                if task.day is not None:
                    self._people[task.person][task.day] += 1
                place.take(start, task)
        self._findings.extend(place.findings())
        return self.tasks - before

    def by_day(self) -> dict[Date, int]:
        """Return due day -> tasks, sorted."""
        found: Counter[Date] = Counter()
        for days in self._people.values():
            found.update(days)
        return dict(sorted(found.items()))

    def findings(self) -> tuple[Finding, ...]:
        """Return all findings, in the order of KINDS, by location and day."""
        found = [*self._findings, *self._overloads()]
        return tuple(sorted(found, key=lambda one: (KINDS.index(one.kind), one.location, str(one.day or ""), one)))

    def _overloads(self) -> Iterator[Finding]:
        for person, days in sorted(self._people.items()):
            for day, number in sorted(days.items()):
                if number > self.per_day:
                    said = f"{person} has {number} tasks due on {long_day(day)}; {self.per_day} a day is the limit"
                    yield Finding("overload", "", said, (), person, day, (), number)

    def loads(self) -> tuple[Load, ...]:
        """Return what each person has to do, the fullest day first."""
        found = []
        for person, days in self._people.items():
            most_on = min(days, key=lambda day: (-days[day], day))
            found.append(Load(person, sum(days.values()), len(days), days[most_on], most_on))
        return tuple(sorted(found, key=lambda load: (-load.most, load.person)))


@dataclass
class _Cases:
    """The starts to which one thing happens, with the first of them as the example."""

    made_at: Instant
    task: Task
    days: list[Date] = field(default_factory=list)
    tasks: int = 0

    def add(self, start: Start) -> None:
        self.tasks += 1
        if not self.days or self.days[-1] != start.day:  # a for_each makes several tasks of one start
            self.days.append(start.day)

    def said(self) -> str:
        days = tuple(self.days)
        return f"the start on {long_day(days[0])}" if len(days) == 1 else f"{len(days)} starts ({some_days(days)})"


class _Place:
    """What was seen at one location so far."""

    def __init__(self, location: str, zone: str, shared_by: int) -> None:
        self.location, self.zone, self.shared_by = location, zone, shared_by
        self.troubles: defaultdict[str, list[tuple[Date, str]]] = defaultdict(list)
        """By what stands before the colon, the item: the sentences behind it hold dates, and differ every day."""
        self.cases: dict[tuple[Kind, str, str], _Cases] = {}
        self.shared: defaultdict[tuple[str, Date], list[Date]] = defaultdict(list)
        self.closed: set[tuple[str, Date]] = set()
        """Of these, the ones on the way to which closed days were passed."""

    def take(self, start: Start, task: Task) -> None:
        if task.rule_at is not None and task.rule_at < start.made_at:
            self._add("past-due", start, task)
        if task.outruns:
            self._add("after-start", start, task)
        if task.clock:
            self._add("clock-change", start, task)
        if not task.gathers and task.day is not None:
            key = (task.item, task.day)
            days = self.shared[key]
            if not days or days[-1] != start.day:
                days.append(start.day)
            if task.skips_closed:
                self.closed.add(key)

    def _add(self, kind: Kind, start: Start, task: Task) -> None:
        key = (kind, task.item, task.clock if kind == "clock-change" else "")
        cases = self.cases.get(key)
        if cases is None:
            cases = self.cases[key] = _Cases(start.made_at, task)
        cases.add(start)

    def findings(self) -> Iterator[Finding]:
        for troubles in self.troubles.values():
            days = tuple(day for day, _ in troubles)
            first = f"the start on {long_day(days[0])}" if len(days) == 1 else f"{len(days)} starts ({some_days(days)})"
            said = f"{first} cannot be made: {troubles[0][1]}"
            yield Finding("cannot-expand", self.location, said, starts=days)
        for (kind, item, _), cases in self.cases.items():
            said = self._said(kind, cases)
            yield Finding(kind, self.location, said, (item,), "", cases.task.day, tuple(cases.days), cases.tasks)
        yield from self._pile_ups()

    def _said(self, kind: Kind, cases: _Cases) -> str:
        task, whose = cases.task, cases.said()
        if kind == "clock-change":
            return f"{task.item}, for {whose}: {task.clock}"
        if kind == "after-start":
            return f"{task.item} is due {self._due(task)}, which is not before {task.outruns}, for {whose}"
        assert task.rule_at is not None  # only what has a due can be late
        was, made = (local_text(at.to_tz(self.zone)) for at in (task.rule_at, cases.made_at))
        return f"{task.item} is due before it is made, for {whose}: {was}, made {made}"

    def _due(self, task: Task) -> str:
        assert task.at is not None  # only what has a due can outrun a day
        local = task.at.to_tz(self.zone)
        return f"{long_day(local.date())} {clock(local.time())}"

    def _pile_ups(self) -> Iterator[Finding]:
        """One finding for each due day, with all items that enough starts share it for."""
        by_day: defaultdict[Date, list[tuple[str, list[Date]]]] = defaultdict(list)
        for (item, day), starts in self.shared.items():
            if len(starts) >= self.shared_by and (item, day) in self.closed:
                by_day[day].append((item, starts))
        for day, items in sorted(by_day.items()):
            shared = tuple(sorted({start for _, found in items for start in found}))
            names = tuple(item for item, _ in items)
            most = max(len(found) for _, found in items)
            said = f"{most} starts share {long_day(day)} for {', '.join(names)}: {some_days(shared)}"
            yield Finding("pile-up", self.location, said, names, "", day, shared, sum(len(f) for _, f in items))
