"""One coworker's facts as the fast way reads them: only the fields that a list names, each once.

Pure. What it reads must be what `typed_facts` reads; where the records hold more than it understands, it stops with
NotPlain, and the plain way goes on.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache

from whenever import Date, Instant

from engine.core.anchors import DATE_ANCHORS, VISITS, Anchor, signup_of
from engine.core.bulk_texts import NotPlain, piece_of
from engine.core.catalogue import Kind, ListOf, Record, Scope, all_facts, scope, snake_case
from engine.core.custom_values import custom_value, plain_value
from engine.core.fact_days import fact_day
from engine.core.fact_values import Absent, Path, Value
from engine.core.facts import Facts, Raw
from engine.core.identity import Subject
from engine.core.organisation import Organisation
from engine.core.scopes import custom_kinds
from engine.core.subjects import subject_of
from engine.core.wire_dates import calendar_date, parse_moment

_NO_CONTRACT = "this coworker has no contract"
_SHORT = {name.split(".")[1]: source for name, source in DATE_ANCHORS.items()}
_NO_EVENT = "no event started this run"
_DAYS_KEPT = 4096
_MOMENTS = frozenset({"membership", "event", "signup"})
"""First names whose facts are worked out from several fields."""

_SINGLE = frozenset({str, int, bool, type(None)})
_MIDNIGHT = "T00:00:00Z"


def _desk_fields() -> Mapping[str, Kind]:
    contract = scope({}, {}, {})["contract"]
    desks = contract.fields["desks"] if isinstance(contract, Record) else None
    element = desks.element if isinstance(desks, ListOf) else None
    fields = element.fields if isinstance(element, Record) else {}
    return {name: kind for name, kind in fields.items() if isinstance(kind, Kind)}


_DESK = _desk_fields()


@lru_cache(_DAYS_KEPT)
def day_of(text: str, zone: str) -> Date | None:
    """Return the calendar date of a date field, as `wire_dates.calendar_date`; most are midnight in UTC."""
    if len(text) == len(_MIDNIGHT) + 10 and text.endswith(_MIDNIGHT) and text[:4] not in {"0001", "9999"}:
        try:
            return Date.parse_iso(text[:10])
        except ValueError:
            pass
    found = calendar_date(text, zone)
    return found.date if found else None


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
        """Return all that the values of a coworker are read from: of two who have it in common they are the same.

        None where values hang on more than single fields.
        """
        if self.rest & _MOMENTS or ("inputs" in self.rest and facts.inputs):
            return None
        row, custom = facts.coworker, [self.organisation.custom_fields[name].field for name in self.custom]
        if "CustomFields" in row and any(name not in row for name in custom):
            return None
        contract = facts.contract if self.contract or "contract.desks" in self.rest else None
        read = [*_raw(row, self.coworker, {}), contract is None, *_raw(contract or {}, self.contract, _SHORT)]
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


def _raw(row: Raw, names: Collection[str], short: Mapping[str, str]) -> list[object]:
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


class Member:
    """One coworker at work: facts, anchors and subjects, each read when it is asked for and kept."""

    __slots__ = ("_anchors", "_ordinals", "_pieces", "_subjects", "_values", "contract", "facts", "reader")

    def __init__(self, facts: Facts, reader: Reader) -> None:
        self.facts, self.reader = facts, reader
        self.contract = facts.contract
        self._pieces: dict[Path, tuple[str, int] | None] = {}
        self._anchors: dict[str, Date | Instant | None] = {}
        self._subjects: dict[str, Subject] = {}
        self._ordinals: dict[str, int | None] = {}
        if facts.contract_id is not None and self.contract is None:
            raise NotPlain
        self._values: dict[str, Value] | None = None

    @property
    def values(self) -> dict[str, Value]:
        """Return the facts that are read. Raises UserError for a custom field's value that is not of its type."""
        if self._values is None:
            self._values = self._read()
        return self._values

    def piece(self, path: Path) -> tuple[str, int] | None:
        """Return a fact as JSON with its length as shown, or None when it is not one tame line."""
        if path in self._pieces:
            return self._pieces[path]
        found: Value = self.values
        for name in path:
            if not isinstance(found, Mapping) or name not in found:
                raise NotPlain
            found = found[name]
        piece = piece_of(found, path) if isinstance(found, str | Date | bool) else None
        self._pieces[path] = piece
        return piece

    def _read(self) -> dict[str, Value]:
        reader, facts = self.reader, self.facts
        coworker = self._record(facts.coworker, reader.coworker, {})
        if reader.custom:
            fields = reader.organisation.custom_fields
            coworker["custom"] = {
                name: custom_value(facts.coworker, name, fields[name], reader.zone) for name in reader.custom
            }
        values: dict[str, Value] = {"coworker": coworker, "location": reader.location, "inputs": dict(facts.inputs)}
        if reader.contract or "contract.desks" in reader.rest:
            values["contract"] = self._contract()
        if reader.rest & _MOMENTS:
            values |= self._moments()
        return values

    def _contract(self) -> Value:
        if self.contract is None:
            return Absent("contract", _NO_CONTRACT)
        record = self._record(self.contract, self.reader.contract, _SHORT)
        if "contract.desks" in self.reader.rest:
            record["desks"] = [self._desk(desk) for desk in self.facts.desks]
        return record

    def _desk(self, row: Raw) -> dict[str, Value]:
        return self._record(row, self.reader.desk, {})

    def _record(self, row: Raw, kinds: Mapping[str, Kind], short: Mapping[str, str]) -> dict[str, Value]:
        if not kinds:
            return {}
        return {
            name: self._value(kind, value)
            for (name, kind), value in zip(kinds.items(), _raw(row, kinds, short), strict=True)
        }

    def _value(self, kind: Kind, value: object) -> Value:
        if kind is Kind.DATE:
            return day_of(value, self.reader.zone) if isinstance(value, str) else None
        if kind is Kind.MOMENT:
            moment = parse_moment(value)
            return moment.to_tz(self.reader.zone) if moment else None
        return plain_value(kind, value)

    def _moments(self) -> dict[str, Value]:
        """Return the first names that hold moments and the days of the membership."""
        event, signup = self.facts.event, self.anchor("signup")
        ends = {end: self.anchor(f"membership.{end}") for end in ("start", "end")}
        return {
            "event": Absent("event", _NO_EVENT)
            if event is None
            else {"name": event.name, "moment": event.at.to_tz(self.reader.zone)},
            "signup": signup.to_tz(self.reader.zone) if isinstance(signup, Instant) else None,
            "membership": Absent("membership", _NO_CONTRACT)
            if self.facts.contract_id is None
            else {end: day for end, day in ends.items() if not isinstance(day, Instant)},
        }

    def anchor(self, name: str) -> Date | Instant | None:
        """Return the day or moment of an anchor, None when this coworker has none."""
        if name not in self._anchors:
            self._anchors[name] = self._read_anchor(name)
        return self._anchors[name]

    def _read_anchor(self, name: str) -> Date | Instant | None:
        facts = self.facts
        if name in DATE_ANCHORS:
            return self._contract_day(DATE_ANCHORS[name])
        if name.startswith("membership."):
            return self._membership_day(name)
        if name == "signup":
            return signup_of(facts)
        if name == "event":
            return facts.event.at if facts.event else None
        if name == "invoice.first_paid":
            return facts.first_paid
        return self._rarer_day(name)

    def _rarer_day(self, name: str) -> Date | Instant | None:
        facts = self.facts
        if name in VISITS:
            days = facts.visits or ()
            return days[VISITS[name] - 1] if len(days) >= VISITS[name] else None
        if name.startswith("inputs."):
            given = facts.inputs.get(name.partition(".")[2])
            return given if isinstance(given, Date) else None
        told = fact_day(name, facts, self.reader.organisation)
        if told is None:
            raise NotPlain
        return told.value if isinstance(told, Anchor) else None

    def _membership_day(self, name: str) -> Date | None:
        if self._is_alone():
            return self._contract_day("StartDate" if name == "membership.start" else "CancellationDate")
        chain = self.facts.chain()
        found: Date | None = getattr(chain, name.partition(".")[2], None)
        return found

    def _contract_day(self, source: str) -> Date | None:
        text = self.contract.get(source) if self.contract else None
        return day_of(text, self.facts.zone_of(self.contract)) if self.contract and isinstance(text, str) else None

    def _is_alone(self) -> bool:
        """Whether the run's contract is all that the membership can be made of."""
        return self.contract is not None and len(self.facts.contracts) == 1 and not self.facts.known_chains

    def anchors(self, names: Collection[str]) -> dict[str, Anchor | None]:
        """Return these anchors as rules take them; where they came from is not said."""
        found = {name: self.anchor(name) for name in names}
        return {name: None if value is None else Anchor(name, value, "") for name, value in found.items()}

    def local_day(self, name: str) -> Date | None:
        """Return the day of an anchor at the location."""
        value = self.anchor(name)
        return value.to_tz(self.reader.zone).date() if isinstance(value, Instant) else value

    def ordinal(self, name: str) -> int | None:
        """Return the number of an anchor's day at the location, as `datetime.date` counts days."""
        if name not in self._ordinals:
            day = self.local_day(name)
            self._ordinals[name] = None if day is None else day.to_stdlib().toordinal()
        return self._ordinals[name]

    def subject(self, once_per: str) -> Subject:
        """Return whom or what a task is made once for. Raises UserError as `subject_of`."""
        found = self._subjects.get(once_per)
        if found is None:
            if once_per == "membership" and self._is_alone() and self.facts.contract_id is not None:
                found = Subject(once_per, self.facts.contract_id)
            else:
                found = subject_of(once_per, self.facts, self.reader.business_id)
            self._subjects[once_per] = found
        return found
