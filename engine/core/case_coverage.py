"""Which parts of a list its cases reach: items, both ways of each condition, fallbacks, overlays, languages.

Pure. What counts is what the planner did with a member; conditions inside a text are not told apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from engine.core.case_judging import Outcome
from engine.core.errors import UserError
from engine.core.fact_values import Value
from engine.core.facts import Facts
from engine.core.languages import chosen_languages
from engine.core.order import gates_above
from engine.core.plan import Action
from engine.core.prepared import Path, Prepared, ReadyItem
from engine.core.rounds import Round, rounds_of
from engine.core.text import CompiledCondition
from engine.core.typed_facts import Read, read_facts


@dataclass(frozen=True, order=True)
class Branch:
    """One thing that a case can reach: where it stands in the list, whose it is, and in words what has to happen."""

    path: tuple[str, ...]
    item: str
    what: str

    def place(self) -> Path:
        """Return the path into the list's file."""
        return tuple(int(part) if part.isdigit() else part for part in self.path)


def branch(path: Iterable[str | int], item: str, what: str) -> Branch:
    """Return a branch; numbers in a path are kept as text, so that all paths can be sorted."""
    way = tuple(map(str, path))
    where = f" at {way[1]}" if item and way[:1] == ("overlays",) else ""
    return Branch(way, f"{item}{where}", what)


@dataclass(frozen=True)
class Coverage:
    """All branches of a list in the order of its file, and those that no case reaches."""

    branches: tuple[Branch, ...]
    missed: tuple[Branch, ...]

    @property
    def percent(self) -> float:
        """How many of a hundred branches are reached."""
        whole = len(self.branches)
        return 100.0 * (whole - len(self.missed)) / whole if whole else 100.0


def coverage_of(prepared: Prepared, tried: Iterable[tuple[Outcome, Facts | None]]) -> Coverage:
    """Return what the cases of a list reach; each comes with its member, where one could be made."""
    found = _Branches(prepared)
    reached: set[Branch] = set()
    for outcome, facts in tried:
        if facts is not None:
            reached |= set(found.reached(outcome, facts))
    return Coverage(found.all, tuple(one for one in found.all if one not in reached))


class _Branches:
    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared
        self.base = {ready.item.id: (("items", index), ready) for index, ready in enumerate(prepared.items)}

    @cached_property
    def all(self) -> tuple[Branch, ...]:
        """Every branch, those of the list first, then each item's own."""
        found = dict.fromkeys(self._of_list())
        for one in self.prepared.everywhere():
            waiting = _waiting(one)
            for path, ready in self._placed(one):
                found |= dict.fromkeys(_of_item(path, ready, is_waiting=ready.item.id in waiting))
        return tuple(found)

    def _of_list(self) -> Iterator[Branch]:
        one = self.prepared
        yield from _both(("applies", "when"), "", one.applies_when)
        for name, rules in one.days.rules.items():
            if len(rules) > 1:
                yield from (branch(("anchors", name, n), "", f"{name} is '{rule}'") for n, rule in enumerate(rules))
        yield from (branch(("overlays", name), "", f"the overlay of {name}") for name in one.overlays)
        tags = self.languages()
        if len(tags) > 1:
            yield from (branch(("name",), "", f"texts in {tag}") for tag in tags)

    def languages(self) -> tuple[str, ...]:
        """The tags that the list's texts are written in."""
        texts = [ready.name for one in self.prepared.everywhere() for ready in one.items]
        return tuple(dict.fromkeys(tag for text in (self.prepared.name, *texts) for tag, _ in text.texts if tag))

    def _placed(self, here: Prepared) -> Iterator[tuple[Path, ReadyItem]]:
        """Yield the items with their paths; one that an overlay leaves as it is has that of the list itself."""
        for index, ready in enumerate(here.items):
            path, own = self.base.get(ready.item.id, ((), None))
            same = own is not None and own.item == ready.item
            yield (path if same else (*here.above, "items", index)), ready

    def reached(self, outcome: Outcome, facts: Facts) -> Iterator[Branch]:
        """Yield the branches that one member reaches."""
        here = self.prepared.at(outcome.location)
        if outcome.location in self.prepared.overlays:
            yield branch(("overlays", outcome.location), "", f"the overlay of {outcome.location}")
        read = _read(here, facts)
        if read is None:
            return
        yield from _verdict(("applies", "when"), "", self.prepared.applies_when, read.values)
        yield from self._days(read)
        yield from self._spoken(here, read, facts, outcome)
        waiting = _waiting(here)
        for path, ready in self._placed(here):
            own = [action for action in outcome.actions if action.wanted.item == ready.item.id]
            yield from _of_rounds(path, ready, read, made={action.wanted.key for action in own})
            for action in own:
                yield from _of_action(path, ready, action, is_waiting=ready.item.id in waiting)
            reasons = [one.reason for one in outcome.left_out if one.item == ready.item.id]
            if any(reason.startswith("optional:") for reason in reasons):
                yield branch((*path, "optional"), ready.item.id, "left out, as it is optional")

    def _days(self, read: Read) -> Iterator[Branch]:
        for name, rules in self.prepared.days.rules.items():
            anchor = read.anchors.get(name)
            for number, rule in enumerate(rules):
                if anchor is not None and anchor.source == f"its rule '{rule}'":
                    yield branch(("anchors", name, number), "", f"{name} is '{rule}'")

    def _spoken(self, here: Prepared, read: Read, facts: Facts, outcome: Outcome) -> Iterator[Branch]:
        if not outcome.actions or len(self.languages()) < 2:
            return
        organisation = here.organisation
        tags = chosen_languages(here.spoken, organisation=organisation, location=facts.location, values=read.values)
        texts = {ready.item.id: ready.name for ready in here.items}
        for action in outcome.actions:
            text = texts[action.wanted.item]
            chosen = text.chosen(tags.tags)
            yield from (branch(("name",), "", f"texts in {tag}") for tag, one in text.texts if tag and one is chosen)


def _read(here: Prepared, facts: Facts) -> Read | None:
    try:
        return read_facts(
            facts,
            here.organisation,
            named=here.facts_named(),
            days=here.days,
            anchors=here.own_anchors_named(),
            clock_change=here.tasklist.clock_change,
        )
    except UserError:
        return None


def _waiting(one: Prepared) -> frozenset[str]:
    """Return the items that may wait for others."""
    gates = gates_above([ready.item for ready in one.items])
    return frozenset(ready.item.id for ready in one.items if ready.after or gates[ready.item.id])


def _of_item(path: Path, ready: ReadyItem, *, is_waiting: bool) -> Iterator[Branch]:
    item = ready.item.id
    yield branch(path, item, "made")
    if ready.loop is not None:
        yield branch((*path, "for_each"), item, f"{'.'.join(ready.loop.source)} is empty")
    for condition in ready.when:
        yield from _both(_when_path(path, ready, condition), item, condition)
    for number, line in enumerate(ready.checklist):
        yield from _both((*path, "checklist", number), item, line.when)
    if ready.due is not None and ready.due.fallback is not None:
        yield branch((*path, "due"), item, "due by its rule")
        yield branch((*path, "due", "fallback"), item, "due by its fallback")
    if ready.due is not None and ready.due.late == "skip":
        yield branch((*path, "due", "late"), item, "skipped, as it is late")
    if ready.responsible.source is not None and ready.responsible.fallback is not None:
        yield branch((*path, "responsible"), item, f"{ready.responsible.source} names somebody")
        yield branch((*path, "responsible", "fallback"), item, f"falls back to role {ready.responsible.fallback}")
    if ready.optional:
        yield branch((*path, "optional"), item, "left out, as it is optional")
    if is_waiting:
        yield from (branch((*path, "after"), item, what) for what in ("waits for others", "goes on after others"))
    if ready.create is not None:
        yield from (branch((*path, "create"), item, what) for what in ("waits for its moment", "its moment has come"))


def _when_path(path: Path, ready: ReadyItem, condition: CompiledCondition) -> Path:
    return (*path, "when") if condition.source == ready.item.when else ("defaults", "when")


def _both(path: Path, item: str, condition: CompiledCondition | None) -> Iterator[Branch]:
    if condition is not None:
        yield from (branch(path, item, f"{condition.source} is {verdict}") for verdict in ("true", "false"))


def _verdict(
    path: Path, item: str, condition: CompiledCondition | None, values: Mapping[str, Value]
) -> Iterator[Branch]:
    if condition is None:
        return
    try:
        verdict = condition.evaluate(values)
    except UserError:
        return
    yield branch(path, item, f"{condition.source} is {str(verdict).lower()}")


def _of_rounds(path: Path, ready: ReadyItem, read: Read, *, made: set[str]) -> Iterator[Branch]:
    item = ready.item.id
    rounds: tuple[Round, ...] = (Round("", read.values),)
    if ready.loop is not None:
        try:
            rounds = rounds_of(ready.loop, read.values)
        except UserError:
            return
        if not rounds:
            yield branch((*path, "for_each"), item, f"{'.'.join(ready.loop.source)} is empty")
    for one in rounds:
        for condition in ready.when:
            told = list(_verdict(_when_path(path, ready, condition), item, condition, one.values))
            yield from told
            if not told or told[0].what.endswith("is false"):
                break
        if one.key in made:
            for number, line in enumerate(ready.checklist):
                yield from _verdict((*path, "checklist", number), item, line.when, one.values)


def _of_action(path: Path, ready: ReadyItem, action: Action, *, is_waiting: bool) -> Iterator[Branch]:
    item, explained = ready.item.id, action.wanted.explanation
    if action.action == "skip":
        yield branch((*path, "due", "late"), item, "skipped, as it is late")
    else:
        yield branch(path, item, "made")
    if any(": the fallback '" in step for step in explained.due):
        yield branch((*path, "due", "fallback"), item, "due by its fallback")
    else:
        yield branch((*path, "due"), item, "due by its rule")
    role = ready.responsible.fallback
    if f"fell back to role {role}" in explained.responsible:
        yield branch((*path, "responsible", "fallback"), item, f"falls back to role {role}")
    elif ready.responsible.source is not None:
        yield branch((*path, "responsible"), item, f"{ready.responsible.source} names somebody")
    waits = action.wanted.waits if action.action == "wait" else None
    for_others = waits is not None and bool(waits.items)
    if is_waiting:
        yield branch((*path, "after"), item, "waits for others" if for_others else "goes on after others")
    if ready.create is not None and not for_others:
        yield branch((*path, "create"), item, "waits for its moment" if waits else "its moment has come")
