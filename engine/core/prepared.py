"""A task list made ready: its rules parsed, its texts compiled, its references known to hold. Values only."""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.due import Due, DueRule
from engine.core.forms import Responsible
from engine.core.model import Item, TaskList
from engine.core.organisation import Organisation
from engine.core.text import CompiledCondition, CompiledText
from engine.core.text_faults import Fault

Path = tuple[str | int, ...]


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
class ReadyItem:
    item: Item
    identity_id: str
    name: CompiledText
    notes: CompiledText | None
    responsible: Responsible
    due: Due | None
    anchor: str | None
    when: tuple[CompiledCondition, ...]
    loop: Loop | None
    once_per: str
    notify_by_email: bool
    display_to_everyone: bool


@dataclass(frozen=True)
class Prepared:
    """A list that can be expanded for any coworker."""

    tasklist: TaskList
    organisation: Organisation
    name: CompiledText
    applies_when: CompiledCondition | None
    items: tuple[ReadyItem, ...]
    wait_until: DueRule | None = None
    """The moment that a run started by an event waits for; a run by hand does not."""

    @property
    def identity_id(self) -> str:
        return self.tasklist.formerly or self.tasklist.tasklist

    @property
    def per_team(self) -> bool:
        """Whether the list is made once for a team: written to its paying member, whoever started the run."""
        return self.tasklist.once_per == "team"

    def facts_named(self) -> frozenset[tuple[str, ...]]:
        """Return the paths of all facts that the list's texts, conditions and loops name."""
        found: set[tuple[str, ...]] = set(self.name.facts_used)
        if self.applies_when:
            found |= set(self.applies_when.facts_used)
        for ready in self.items:
            for text in (ready.name, ready.notes, *ready.when):
                found |= set(text.facts_used) if text else set()
            if ready.loop:
                found.add(ready.loop.source)
        return frozenset(found)

    def anchors_named(self) -> frozenset[str]:
        """Return every anchor that a due rule of the list can need."""
        found: set[str] = set()
        for ready in self.items:
            if ready.due:
                bounds = (ready.due.rule, ready.due.fallback, ready.due.not_before, ready.due.not_after)
                for rule in bounds:
                    if rule is not None:
                        found |= set(rule.anchors()) or {ready.anchor or ""}
        return frozenset(found - {""})

    def needs_contract(self) -> bool:
        """Return whether the list makes no sense for a coworker without a contract."""
        roots = {path[0] for path in self.facts_named()} | {name.split(".")[0] for name in self.anchors_named()}
        kinds = {ready.once_per for ready in self.items}
        return bool(roots & {"contract", "membership"} or kinds & {"contract", "membership"})
