"""One coworker's facts as the fast way reads them: only the fields that a list names, each once.

Pure. What it reads must be what `typed_facts` reads; where the records hold more than it understands, it stops with
NotPlain, and the plain way goes on.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache

from whenever import Date, Instant

from engine.core.anchors import DATE_ANCHORS, VISITS, Anchor, signup_of
from engine.core.bulk_reader import MOMENTS, SHORT, Reader, raw_fields
from engine.core.bulk_texts import NotPlain, piece_of
from engine.core.catalogue import Kind
from engine.core.custom_values import custom_value, plain_value
from engine.core.fact_days import fact_day
from engine.core.fact_values import Absent, Path, Value
from engine.core.facts import Facts, Raw
from engine.core.identity import Subject
from engine.core.subjects import subject_of
from engine.core.wire_dates import calendar_date, parse_moment

_NO_CONTRACT = "this coworker has no contract"
_NO_EVENT = "no event started this run"
_DAYS_KEPT = 4096
_MIDNIGHT = "T00:00:00Z"


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
        if reader.rest & MOMENTS:
            values |= self._moments()
        return values

    def _contract(self) -> Value:
        if self.contract is None:
            return Absent("contract", _NO_CONTRACT)
        record = self._record(self.contract, self.reader.contract, SHORT)
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
            for (name, kind), value in zip(kinds.items(), raw_fields(row, kinds, short), strict=True)
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
