"""A task list made ready: its rules parsed, its texts compiled, its references known to hold. Values only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

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

OF_THE_LOCATION: Final = ("location", "language")
"""Where a list's language comes from unless it says something else."""

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
    code: str = ""
    """The word that a list can allow a warning by."""


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

    def facts_named(self) -> frozenset[tuple[str, ...]]:
        """Return the paths of all facts that the item's texts, conditions, loop and person name."""
        lines = [part for line in self.checklist for part in (line.text, line.when)]
        texts = [text for text in (self.name, self.notes, self.phase, *self.when, *lines) if text is not None]
        found = {path for text in texts for path in text.facts_used}
        found |= {self.loop.source} if self.loop else set()
        person = self.responsible.source
        return frozenset(found | ({tuple(person.strip().split("."))} if person else set()))

    def anchors_named(self) -> frozenset[str]:
        """Return every anchor that the item's due rules can need."""
        due = self.due
        rules = (due.rule, due.fallback, due.not_before, due.not_after) if due else ()
        found = {name for rule in rules if rule is not None for name in rule.anchors() or {self.anchor or ""}}
        return frozenset(found - {""})


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
        found = set(self._list_facts())
        for ready in filter(self.counts, self.items):
            found |= ready.facts_named()
        sources = (one.source for one in self.overrides.responsible.values() if one.source)
        return frozenset(found).union(tuple(source.strip().split(".")) for source in sources)

    def _list_facts(self) -> frozenset[tuple[str, ...]]:
        language = frozenset({self.spoken.path} if self.spoken.path not in {(), OF_THE_LOCATION} else ())
        return self.name.facts_used | language | (self.applies_when.facts_used if self.applies_when else frozenset())

    def anchors_named(self) -> frozenset[str]:
        """Return every anchor that a due rule of the list can need, overlays included."""
        return frozenset().union(*(one.own_anchors_named() for one in self.everywhere()))

    def own_anchors_named(self) -> frozenset[str]:
        """Return every anchor that a due rule of the list can need, without its overlays."""
        found = [ready.anchors_named() for ready in self.items if self.counts(ready)]
        return self.overrides.anchors().union(*found)

    def needs_contract(self) -> bool:
        """Return whether the list makes no sense for a coworker without a contract; optional items may lack it."""
        return any(one._of_contract(must=True) for one in self.everywhere())

    def names_contract(self) -> bool:
        """Return whether anything in the list is told by a contract, so that one has to be read and chosen."""
        return any(one._of_contract(must=False) for one in self.everywhere())

    def _of_contract(self, *, must: bool) -> bool:
        items = [ready for ready in self.items if self.counts(ready) and not (must and ready.optional)]
        facts = self._list_facts().union(*(ready.facts_named() for ready in items))
        anchors = self.overrides.anchors().union(*(ready.anchors_named() for ready in items))
        names = anchors | {path[0] for path in facts}
        told = self.days.must_have(names) if must else self.days.behind(names)
        roots = {name.split(".")[0] for name in told}
        return bool((roots | {ready.once_per for ready in items}) & {"contract", "membership"})
