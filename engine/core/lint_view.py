"""A sound list as the checks of its sense see it: its conditions as formulas, and what is known of all whom it is for.

Pure. It must never take for certain what `--anyway` or a change in Nexudus could make otherwise, unless it says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from jinja2 import nodes

from engine.core.fact_types import ListOf, Scope
from engine.core.lint_logic import Among, Atom, Formula, either, possible
from engine.core.lint_reading import Conditions, type_at
from engine.core.prepared import Prepared, ReadyItem
from engine.core.scopes import base_scope, thing_type
from engine.core.text_faults import Findings
from engine.core.text_parsing import Ends, Tree, parse
from engine.core.words import EVENTS

BY_HAND = "by hand"
"""The name of an event that a person gave, `--event MOMENT`."""

COWORKER_TYPES = frozenset({1, 2, None})
"""Individual, company, and left empty: all that coworkers have (coworkers: CoworkerType)."""


@dataclass(frozen=True)
class Reason:
    """Something that holds for everybody whom the list is for, and how it is said."""

    formula: Formula
    says: str
    written: bool = True
    """Whether the list says so itself; else it is only known, and a condition may well ask for it."""
    known: tuple[str, ...] = ()
    """The names that exist, where it is about names."""


@dataclass(frozen=True)
class Parsed:
    """A condition or a text as a tree, with its source."""

    source: str
    tree: Tree
    ends: Ends


@lru_cache(maxsize=2_000)  # overlays and languages ask for the same texts again
def parsed(source: str, *, condition: bool) -> Parsed | None:
    """Return the tree of a condition or of a text, None where it has mistakes."""
    findings = Findings(source)
    tree, ends = parse(source, findings, condition=condition)
    return None if tree is None or findings.faults else Parsed(source, tree, ends)


class View:
    """One form of a list: as it is everywhere, or with the overlay of a location. `locations`: all where it runs."""

    def __init__(self, prepared: Prepared, locations: Sequence[str]) -> None:
        self.prepared = prepared
        self.tasklist = prepared.tasklist
        self.locations = tuple(locations)
        self.base: Scope = base_scope(self.tasklist, prepared.organisation, self.locations, ())

    def scope_of(self, ready: ReadyItem) -> Scope:
        """Return what an item's texts may name: all that the list's may, and the thing of its loop."""
        if ready.loop is None:
            return self.base
        kind = type_at(self.base, ready.loop.source)
        element = kind.element if isinstance(kind, ListOf) else None
        return {**self.base, ready.loop.name: thing_type(ready.item, element)} if element else self.base

    @cached_property
    def around(self) -> tuple[Reason, ...]:
        """All that holds besides applies.when: plans, locations, and what values there are."""
        return tuple(self._around())

    @cached_property
    def reasons(self) -> tuple[Reason, ...]:
        """All that holds for everybody whom the list is for."""
        when = self.prepared.applies_when
        read = self.formula(when.source, self.base) if when else None
        own = () if when is None or read is None else (Reason(read, f"applies.when is '{when.source.strip()}'"),)
        return (*own, *self.around)

    def _around(self) -> Iterator[Reason]:
        applies = self.tasklist.applies
        plans = ", ".join(plan.name or f"tariff {plan.tariff}" for plan in applies.tariffs)
        if plans:
            yield Reason(_on_plans(applies.tariffs), f"applies.tariffs has {plans}")
        if self.locations:
            at = Atom("location.key", Among(frozenset(self.locations)))
            yield Reason(at, f"the list runs at {', '.join(self.locations)}", written=bool(applies.locations))
        everywhere = tuple(self.prepared.organisation.locations)
        place = Atom("location.key", Among(frozenset(everywhere)))
        yield Reason(place, "there is no such location", written=False, known=everywhere)
        events = (*EVENTS, BY_HAND)
        named = Atom("event.name", Among(frozenset(events)))
        yield Reason(named, "there is no such event", written=False, known=tuple(EVENTS))
        kinds = Atom("coworker.coworker_type", Among(COWORKER_TYPES))
        yield Reason(kinds, "coworker_type is 1 (individual) or 2 (company)", written=False)

    def formula(self, source: str, scope: Scope, *, wanted: bool = True) -> Formula | None:
        """Return what must hold for a condition to give `wanted`; None where it cannot be read."""
        found = parsed(source, condition=True)
        return Conditions(scope).formula(found.tree, wanted) if found else None

    def asks(self, ready: ReadyItem) -> tuple[Formula, ...]:
        """Return what must hold for an item to be made, besides what holds for everybody."""
        scope = self.scope_of(ready)
        found = (self.formula(one.source, scope) for one in ready.when)
        return tuple(one for one in found if one is not None)

    def is_reached(self, ready: ReadyItem) -> bool:
        """Return whether anybody whom the list is for can get an item."""
        return possible((*(reason.formula for reason in self.reasons), *self.asks(ready)))

    def are_both_reached(self, one: ReadyItem, other: ReadyItem) -> bool:
        """Return whether one coworker can get both items. Things of loops that bear one name count as different."""
        loops = [ready for ready in (one, other) if ready.loop]
        asked = [formula for ready in (one, other) if ready not in loops for formula in self.asks(ready)]
        return possible((*(reason.formula for reason in self.reasons), *asked))


def _on_plans(tariffs: Sequence[object]) -> Formula:
    names = frozenset(name for plan in tariffs if (name := getattr(plan, "name", None)))
    numbers = frozenset(number for plan in tariffs if (number := getattr(plan, "tariff", None)) is not None)
    by_name = Atom("contract.tariff_name", Among(names, folded=True), there="contract")
    by_number = Atom("contract.tariff_id", Among(numbers), whole=True, there="contract")
    return either(*([by_name] if names else []), *([by_number] if numbers else []))


def tests_of(node: nodes.Node) -> Iterator[nodes.Node]:
    """Yield the parts of a condition that give true or false themselves, from left to right."""
    match node:
        case nodes.Not():
            yield node.node
        case nodes.And() | nodes.Or():
            yield node.left
            yield node.right
