"""Nexudus records to the typed values of the catalogue, and to the anchors of due rules.

A date that had to be bent is said in a warning; a value that cannot be read is an error, and never shown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from whenever import Date

from engine.core.anchors import (
    DATE_ANCHORS,
    NO_CONTRACT,
    NO_EVENT,
    PAID_UNREAD,
    VISITS,
    VISITS_UNREAD,
    Anchor,
    Anchors,
    anchors_of,
    signup_of,
)
from engine.core.catalogue import Kind, ListOf, Record, Type, scope, snake_case
from engine.core.custom_values import custom_value, plain_value
from engine.core.fact_days import fact_day
from engine.core.fact_values import Absent, Value
from engine.core.facts import Facts, Raw
from engine.core.model import ClockChange
from engine.core.named_days import NamedDays, with_named_days
from engine.core.organisation import CustomField, Organisation
from engine.core.scopes import custom_kinds
from engine.core.wire_dates import calendar_date, parse_moment


@dataclass(frozen=True)
class Read:
    """Facts as typed values by first name, the anchors that due rules may use, and what was odd.

    `missing` says of each anchor without a value why it has none.
    """

    values: Mapping[str, Value]
    anchors: Mapping[str, Anchor | None]
    warnings: tuple[str, ...]
    missing: Mapping[str, str] = field(default_factory=dict)


def read_facts(
    facts: Facts,
    organisation: Organisation,
    *,
    named: Collection[tuple[str, ...]] | None = None,
    days: NamedDays | None = None,
    anchors: Iterable[str] = (),
    clock_change: ClockChange | None = None,
) -> Read:
    """Return the typed values and anchors of one coworker's facts; `days` are the list's own names for days.

    Of the facts that are days themselves those among `anchors` are read, with what the named days need.

    Of the custom fields only those among the `named` paths are read, all without it: a value that is wrong in
    a field nobody uses stops nobody.

    Raises:
        UserError: a custom field's value is not one of its type, or a named day has no date, as in resolve.
    """
    custom = {
        name: given
        for name, given in organisation.custom_fields.items()
        if named is None or any(path[:2] == ("coworker", "custom") and path[2:3] in ((), (name,)) for path in named)
    }
    told = _with_fact_days(anchors_of(facts), facts, organisation, days.behind(anchors) if days else anchors)
    if days is not None:
        told = with_named_days(days, told, zone=facts.zone, calendar=facts.calendar, clock_change=clock_change)
    read = _Reader(facts, organisation, custom).read(told)
    return read if days is None else replace(read, values={**read.values, **_days_told(days, told)})


def _with_fact_days(told: Anchors, facts: Facts, organisation: Organisation, names: Iterable[str]) -> Anchors:
    """Return the anchors together with the named facts that are dates."""
    found, missing = dict(told.found), dict(told.missing)
    for name in names:
        given = fact_day(name, facts, organisation) if name not in found else None
        if given is not None:
            found[name] = given if isinstance(given, Anchor) else None
        if isinstance(given, str):
            missing[name] = given
    return Anchors(found, missing)


def _days_told(days: NamedDays, told: Anchors) -> dict[str, Value]:
    """Return the named days as facts; one without a day is none, like an empty date."""
    found = {name: told.found[name] for name in days.rules}
    return {name: anchor.value if anchor and isinstance(anchor.value, Date) else None for name, anchor in found.items()}


class _Reader:
    def __init__(self, facts: Facts, organisation: Organisation, custom: Mapping[str, CustomField]) -> None:
        self.facts = facts
        self.organisation = organisation
        self.custom = custom
        self.warnings: list[str] = []
        self.roots = scope(custom_kinds(organisation.custom_fields), {}, {})

    def read(self, told: Anchors) -> Read:
        facts = self.facts
        chain = facts.chain()
        signup = signup_of(facts)
        values: dict[str, Value] = {
            "coworker": self._coworker(),
            "contract": Absent("contract", NO_CONTRACT)
            if facts.contract is None
            else self._contract(facts.contract),
            "location": self._location(),
            "team": self._team(),
            "inputs": dict(facts.inputs),
            "event": self._event(),
            "signup": signup.to_tz(facts.zone) if signup else None,
            "membership": {"start": chain.start, "end": chain.end} if chain else Absent("membership", NO_CONTRACT),
            "visit": self._visits(),
            "invoice": {"first_paid": self._first_paid()},
        }
        warnings = tuple(dict.fromkeys([*self._standing(), *self.warnings]))
        return Read(values, told.found, warnings, told.missing)

    def _standing(self) -> Iterator[str]:
        """What a person should know before tasks are made: somebody who left, or somebody else's contract."""
        facts = self.facts
        if facts.coworker.get("Archived") is True:
            yield "this coworker is archived in Nexudus"
        elif facts.coworker.get("Active") is False:
            yield "this coworker is not active in Nexudus"
        if facts.contract is not None and facts.contract.get("CoworkerId") not in {None, facts.coworker_id}:
            yield f"contract {facts.contract_id} is {facts.contract_source}"

    def _visits(self) -> Value:
        days = self.facts.visits
        if days is None:
            return Absent("visit", VISITS_UNREAD)
        whole = {name.partition(".")[2]: number for name, number in VISITS.items()}
        return {name: days[number - 1] if len(days) >= number else None for name, number in whole.items()}

    def _first_paid(self) -> Value:
        at = self.facts.first_paid
        if at is not None:
            return at.to_tz(self.facts.zone)
        return None if self.facts.paid_read else Absent("invoice.first_paid", PAID_UNREAD)

    def _coworker(self) -> Value:
        record = self._record("coworker", self.facts.coworker)
        record["custom"] = {
            name: custom_value(self.facts.coworker, name, given, self.facts.zone)
            for name, given in self.custom.items()
        }
        days = self.facts.visits
        record["visits"] = Absent("coworker.visits", VISITS_UNREAD) if days is None else len(days)
        return record

    def _contract(self, row: Raw) -> Value:
        record = self._record("contract", row)
        for anchor, source in DATE_ANCHORS.items():
            record[anchor.split(".")[1]] = record[snake_case(source)]
        record["desks"] = [self._thing("contract", "desks", desk) for desk in self.facts.desks]
        return record

    def _location(self) -> Value:
        facts = self.facts
        given = self.organisation.locations[facts.location]
        record = self._record(
            "location", {"Id": given.business_id, "Name": facts.location} | dict(facts.business)
        )
        language = self.organisation.language_at(facts.location)
        own = {"key": facts.location, "time_zone": facts.zone, "language": language}
        return {**record, **own, "vars": dict(given.vars)}

    def _team(self) -> Value:
        if self.facts.team is None:
            return Absent("team", "this coworker is in no team")
        record = self._record("team", self.facts.team)
        record["members"] = [self._thing("team", "members", member) for member in self.facts.members]
        return record

    def _event(self) -> Value:
        event = self.facts.event
        if event is None:
            return Absent("event", NO_EVENT)
        return {"name": event.name, "moment": event.at.to_tz(self.facts.zone)}

    def _thing(self, root: str, name: str, row: Raw) -> Value:
        whole = self.roots[root]
        described = whole.fields[name] if isinstance(whole, Record) else None
        element = described.element if isinstance(described, ListOf) else None
        return self._fields(name, element.fields if isinstance(element, Record) else {}, row)

    def _record(self, root: str, row: Raw) -> dict[str, Value]:
        described = self.roots[root]
        return self._fields(root, described.fields if isinstance(described, Record) else {}, row)

    def _fields(self, root: str, fields: Mapping[str, Type], row: Raw) -> dict[str, Value]:
        given = {snake_case(name): value for name, value in row.items()}
        return {
            name: self._value(f"{root}.{name}", kind, given.get(name))
            for name, kind in fields.items()
            if not isinstance(kind, Record)
            and not (isinstance(kind, ListOf) and isinstance(kind.element, Record))
        }

    def _value(self, path: str, kind: Type, value: Any) -> Value:
        if isinstance(kind, ListOf):
            return (
                [part for part in value if isinstance(part, int)] if isinstance(value, list | tuple) else []
            )
        if kind is Kind.DATE:
            day = calendar_date(value, self.facts.zone)
            if day and day.odd:
                self.warnings.append(
                    f"{path} is no midnight, in UTC or at {self.facts.location}; taken as {day.date}"
                )
            return day.date if day else None
        if kind is Kind.MOMENT:
            moment = parse_moment(value)
            return moment.to_tz(self.facts.zone) if moment else None
        assert isinstance(kind, Kind)  # records are read apart
        return plain_value(kind, value)
