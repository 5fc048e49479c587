"""Which facts of a coworker the fast way reads: those that a list names, at one location.

Pure. What it knows how to read must be what `typed_facts` reads; for a fact beyond that there is no reader, and the
plain way goes on.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache

from engine.core.anchors import DATE_ANCHORS
from engine.core.catalogue import Kind, ListOf, Record, Scope, all_facts, scope, snake_case
from engine.core.fact_values import Path, Value
from engine.core.facts import Facts, Raw
from engine.core.organisation import Organisation
from engine.core.scopes import custom_kinds

SHORT = {name.split(".")[1]: source for name, source in DATE_ANCHORS.items()}
MOMENTS = frozenset({"membership", "event", "signup"})
"""First names whose facts are worked out from several fields."""

_SINGLE = frozenset({str, int, bool, type(None)})


def _desk_fields() -> Mapping[str, Kind]:
    contract = scope({}, {}, {})["contract"]
    desks = contract.fields["desks"] if isinstance(contract, Record) else None
    element = desks.element if isinstance(desks, ListOf) else None
    fields = element.fields if isinstance(element, Record) else {}
    return {name: kind for name, kind in fields.items() if isinstance(kind, Kind)}


_DESK = _desk_fields()


@lru_cache(1024)
def _as_named(names: tuple[str, ...]) -> Mapping[str, str]:
    """Return snake_case name -> field of a record with these fields; of two alike the last one counts."""
    return {snake_case(name): name for name in names}


@dataclass
class Reader:
    """Which facts of a coworker are read: those that the list names, at one location."""

    organisation: Organisation
    zone: str
    business_id: int
    location: Mapping[str, Value]
    coworker: Mapping[str, Kind] = field(default_factory=dict)
    contract: Mapping[str, Kind] = field(default_factory=dict)
    custom: Collection[str] = ()
    desk: Mapping[str, Kind] = field(default_factory=dict)
    rest: frozenset[str] = frozenset()
    """The other first names that are read: contract.desks among them."""

    def origin(self, facts: Facts) -> Origin | None:
        """Return all that the values of a coworker are read from: two who have it in common have the same values.

        None where values hang on more than single fields.
        """
        if self.rest & MOMENTS or ("inputs" in self.rest and facts.inputs):
            return None
        row, custom = facts.coworker, [self.organisation.custom_fields[name].field for name in self.custom]
        if "CustomFields" in row and any(name not in row for name in custom):
            return None
        contract = facts.contract if self.contract or "contract.desks" in self.rest else None
        told = raw_fields(contract or {}, self.contract, SHORT)
        read = [*raw_fields(row, self.coworker, {}), contract is None, *told]
        read += [row.get(name) for name in custom]
        kinds = [type(value) for value in read]
        return Origin(facts.desks, (*read, *kinds)) if _SINGLE.issuperset(kinds) else None


@dataclass(eq=False)
class Origin:
    """What values were read from. Desks count as the same when they are the same object; 1 and true are two things."""

    desks: tuple[Raw, ...]
    read: tuple[object, ...]

    def is_of(self, other: Origin) -> bool:
        return self.desks is other.desks and self.read == other.read


def reader_for(
    named: Collection[Path],
    things: Collection[str],
    *,
    organisation: Organisation,
    place: Facts,
    location: Value,
    desk: Collection[str] | None = None,
) -> Reader | None:
    """Return how the named facts are read at a place, or None when one of them takes the plain way.

    `things` are the names of for_each things, which are no facts of their own; `desk` are the fields that are read of
    each desk, all without it.
    """
    roots = scope(custom_kinds(organisation.custom_fields), {}, {})
    if not isinstance(location, Mapping):
        return None
    business_id = organisation.locations[place.location].business_id
    made = Reader(organisation, place.zone, business_id, location)
    made.desk = {name: kind for name, kind in _DESK.items() if desk is None or name in desk}
    kinds: dict[str, dict[str, Kind]] = {"coworker": {}, "contract": {}}
    custom, rest = [], set()
    for path in named:
        if path[0] in things:
            continue
        if path[:2] == ("coworker", "custom") and len(path) == 3:
            custom.append(path[2])
        elif path == ("contract", "desks") or path[0] in {"location", "inputs", "membership", "event", "signup"}:
            rest.add("contract.desks" if path[0] == "contract" else path[0])
        elif ".".join(path) in _of_records() and isinstance(kind := _kind(roots, path), Kind):
            kinds[path[0]][path[1]] = kind
        else:
            return None
    made.coworker, made.contract, made.custom, made.rest = (
        kinds["coworker"], kinds["contract"], custom, frozenset(rest))  # fmt: skip
    return made


def raw_fields(row: Raw, names: Collection[str], short: Mapping[str, str]) -> list[object]:
    """Return the values of a record's fields by their names as facts, None for those that it has not."""
    if not names:
        return []
    fields = _as_named(tuple(row))
    held = (fields.get(_source(name, short)) for name in names)
    return [None if field is None else row[field] for field in held]


def _source(name: str, short: Mapping[str, str]) -> str:
    return snake_case(short[name]) if name in short else name


@cache
def _of_records() -> frozenset[str]:
    """Return the facts that are fields of the two records as they came: what is worked out is not for the fast way."""
    return frozenset(fact.path for fact in all_facts() if fact.field.startswith(("Coworker.", "CoworkerContract.")))


def _kind(roots: Scope, path: Path) -> object:
    whole = roots.get(path[0])
    return whole.fields.get(path[1]) if path[0] in {"coworker", "contract"} and isinstance(whole, Record) else None
