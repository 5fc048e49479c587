"""A task list made ready: its rules parsed, its texts compiled, its references known to hold. Values only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from engine.core.due import Due, DueRule
from engine.core.forms import Responsible
from engine.core.identity import ItemRef
from engine.core.model import Item, TaskList
from engine.core.named_days import NamedDays
from engine.core.organisation import Organisation
from engine.core.overrides import NO_OVERRIDES, ReadyOverrides
from engine.core.text import CompiledCondition
from engine.core.text_faults import Fault
from engine.core.wordings import ReadyWording

Path = tuple[str | int, ...]

Part = Literal["whole", "own", "team"]
"""All items of a list, those that are the coworker's own, or those that are made once for their team."""


@dataclass(frozen=True)
class Finding:
    """One mistake: where in the file, and what. A warning does not stop anything."""

    path: Path
    fault: Fault
    warning: bool = False
    other: Path = ()
    """Where the other one of two stands, when the mistake is that there are two."""


@dataclass(frozen=True)
class Loop:
    name: str
    source: tuple[str, ...]
    key: tuple[str, ...]
    of_records: bool


@dataclass(frozen=True)
class Spoken:
    """Where a list's language comes from: a tag, or the path of a text fact."""

    tag: str = ""
    path: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReadyLine:
    """One line of a checklist inside a task's notes, and its condition."""

    text: ReadyWording
    when: CompiledCondition | None


@dataclass(frozen=True)
class ReadyItem:
    item: Item
    identity_id: str
    name: ReadyWording
    notes: ReadyWording | None
    responsible: Responsible
    due: Due | None
    anchor: str | None
    when: tuple[CompiledCondition, ...]
    loop: Loop | None
    once_per: str
    notify_by_email: bool
    display_to_everyone: bool
    checklist: tuple[ReadyLine, ...] = ()
    phase: ReadyWording | None = None
    optional: bool = False
    """Whether the item is left out, with the reason, where a fact or an anchor that it needs is missing."""
    after: tuple[str, ...] = ()
    gate: bool = False
    create: DueRule | None = None
    """The moment, counted from the anchor `due`, before which the task is not made; None makes it at once."""


@dataclass(frozen=True)
class Prepared:
    """A list that can be expanded for any coworker."""

    tasklist: TaskList
    organisation: Organisation
    name: ReadyWording
    applies_when: CompiledCondition | None
    items: tuple[ReadyItem, ...]
    wait_until: DueRule | None = None
    """The moment that a run started by an event waits for; a run by hand does not."""
    part: Part = "whole"
    """Which items count. All of them stay here, so that each keeps its place in the file."""
    shared: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Item -> the list and the item whose identity it has, as `same_as` says."""
    asked_for: frozenset[str] = frozenset()
    """Items whose identity items of other lists have, too."""
    overlays: Mapping[str, Prepared] = field(default_factory=dict)
    """What the list is at the locations for which it has an overlay."""
    days: NamedDays = NamedDays()
    """The list's own names for days."""
    spoken: Spoken = Spoken()
    overrides: ReadyOverrides = NO_OVERRIDES
    """What a person changed for this one run; it wins over everything in the file."""
    above: Path = ()
    """What stands before every path into this list: for an overlaid one, `overlays` and its location."""

    def at(self, location: str) -> Prepared:
        """Return the list, or the part of it, as it is at a location: with its overlay where it has one."""
        overlaid = self.overlays.get(location)
        if overlaid is None:
            return self
        return replace(
            overlaid, part=self.part, shared=self.shared, asked_for=self.asked_for, overrides=self.overrides
        )

    def everywhere(self) -> Iterator[Prepared]:
        """Yield the list, and what it is at each location that has an overlay."""
        yield self
        yield from (self.at(location) for location in self.overlays)

    @property
    def identity_id(self) -> str:
        return self.tasklist.formerly or self.tasklist.tasklist

    @property
    def per_team(self) -> bool:
        """Whether all is made once for a team: written to its paying member, whoever started the run."""
        return self.once_per == "team"

    @property
    def once_per(self) -> str:
        """What the batch is made once for: the list's word, unless this part of it has another one."""
        if self.part == "team" or (self.part == "whole" and self.team_items() and not self.own_items()):
            return "team"
        return "coworker" if self.tasklist.once_per == "team" else self.tasklist.once_per

    @property
    def is_mixed(self) -> bool:
        """Whether some items are made once for the team, and others are not."""
        forms = tuple(self.everywhere())
        return any(one.team_items() for one in forms) and any(one.own_items() for one in forms)

    def refs_of(self, ready: ReadyItem, key: str, cycle: str) -> tuple[ItemRef, ...]:
        """Return what an item's identity is made of; that which it had before `same_as` was written comes last."""
        own = ItemRef(self.identity_id, ready.identity_id, key, cycle)
        shared = self.shared.get(ready.item.id)
        return (own,) if shared is None else (ItemRef(*shared, key, cycle), own)

    def own_items(self) -> tuple[ReadyItem, ...]:
        """Return the items that are made for the coworker who the list is run for."""
        return tuple(ready for ready in self.items if ready.once_per != "team")

    def team_items(self) -> tuple[ReadyItem, ...]:
        """Return the items that are made once for the coworker's team."""
        return tuple(ready for ready in self.items if ready.once_per == "team")

    def counts(self, ready: ReadyItem) -> bool:
        """Return whether an item belongs to this part of the list."""
        return self.part == "whole" or (ready.once_per == "team") == (self.part == "team")

    def parts(self) -> tuple[Prepared, Prepared | None]:
        """Return what is made for the coworker, and what for their team: None where all is one person's."""
        if self.part != "whole" or not self.is_mixed:
            return self, None
        return replace(self, part="own"), replace(self, part="team")

    def facts_named(self) -> frozenset[tuple[str, ...]]:
        """Return the paths of all facts that the list's texts, conditions and loops name, overlays included."""
        return frozenset().union(*(one.own_facts_named() for one in self.everywhere()))

    def own_facts_named(self) -> frozenset[tuple[str, ...]]:
        """Return the paths of all facts that the list names, without its overlays."""
        found: set[tuple[str, ...]] = set(self.name.facts_used)
        if self.applies_when:
            found |= set(self.applies_when.facts_used)
        for ready in filter(self.counts, self.items):
            for text in (ready.name, ready.notes, *ready.when):
                found |= set(text.facts_used) if text else set()
            if ready.loop:
                found.add(ready.loop.source)
        return frozenset(found)

    def anchors_named(self) -> frozenset[str]:
        """Return every anchor that a due rule of the list can need, overlays included."""
        return frozenset().union(*(one.own_anchors_named() for one in self.everywhere()))

    def own_anchors_named(self) -> frozenset[str]:
        """Return every anchor that a due rule of the list can need, without its overlays."""
        found: set[str] = set()
        for ready in filter(self.counts, self.items):
            if ready.due:
                bounds = (ready.due.rule, ready.due.fallback, ready.due.not_before, ready.due.not_after)
                for rule in bounds:
                    if rule is not None:
                        found |= set(rule.anchors()) or {ready.anchor or ""}
        return frozenset(found - {""})

    def needs_contract(self) -> bool:
        """Return whether the list makes no sense for a coworker without a contract."""
        roots = {path[0] for path in self.facts_named()} | {name.split(".")[0] for name in self.anchors_named()}
        kinds = {ready.once_per for one in self.everywhere() for ready in one.items if self.counts(ready)}
        return bool(roots & {"contract", "membership"} or kinds & {"contract", "membership"})
