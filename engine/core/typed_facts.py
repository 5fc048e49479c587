"""Nexudus records to the typed values of the catalogue, and to the anchors of due rules.

A date that had to be bent is said in a warning; a value that cannot be read is an error, and never shown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from whenever import Date, Instant

from engine.core.catalogue import Kind, ListOf, Record, Type, scope, snake_case
from engine.core.errors import UserError
from engine.core.fact_values import Absent, Value
from engine.core.facts import Facts, Raw
from engine.core.membership import Chain
from engine.core.organisation import CustomField, Organisation
from engine.core.resolve import Anchor
from engine.core.scopes import custom_kinds
from engine.core.wire_dates import calendar_date, parse_moment

DATE_ANCHORS = {
    "contract.start": "StartDate",
    "contract.renewal": "RenewalDate",
    "contract.term_end": "ContractTerm",
    "contract.cancellation": "CancellationDate",
}


@dataclass(frozen=True)
class Read:
    """Facts as typed values by first name, the anchors that due rules may use, and what was odd."""

    values: Mapping[str, Value]
    anchors: Mapping[str, Anchor | None]
    warnings: tuple[str, ...]


def read_facts(
    facts: Facts, organisation: Organisation, *, named: Collection[tuple[str, ...]] | None = None
) -> Read:
    """Return the typed values and anchors of one coworker's facts.

    Of the custom fields only those among the `named` paths are read, all without it: a value that is wrong in
    a field nobody uses stops nobody.

    Raises:
        UserError: a custom field's value is not one of its type.
    """
    custom = {
        name: given
        for name, given in organisation.custom_fields.items()
        if named is None or any(path[:2] == ("coworker", "custom") and path[2:3] in ((), (name,)) for path in named)
    }
    return _Reader(facts, organisation, custom).read()


class _Reader:
    def __init__(self, facts: Facts, organisation: Organisation, custom: Mapping[str, CustomField]) -> None:
        self.facts = facts
        self.organisation = organisation
        self.custom = custom
        self.warnings: list[str] = []
        self.roots = scope(custom_kinds(organisation.custom_fields), {}, {})

    def read(self) -> Read:
        facts = self.facts
        chain = facts.chain()
        signup = self._signup()
        none = "this coworker has no contract"
        values: dict[str, Value] = {
            "coworker": self._coworker(),
            "contract": Absent("contract", none)
            if facts.contract is None
            else self._contract(facts.contract),
            "location": self._location(),
            "team": self._team(),
            "inputs": dict(facts.inputs),
            "event": self._event(),
            "signup": signup.to_tz(facts.zone) if signup else None,
            "membership": {"start": chain.start, "end": chain.end} if chain else Absent("membership", none),
        }
        warnings = tuple(dict.fromkeys([*self._standing(), *self.warnings]))
        return Read(values, self._anchors(signup, chain), warnings)

    def _standing(self) -> Iterator[str]:
        """What a person should know before tasks are made: somebody who left, or somebody else's contract."""
        facts = self.facts
        if facts.coworker.get("Archived") is True:
            yield "this coworker is archived in Nexudus"
        elif facts.coworker.get("Active") is False:
            yield "this coworker is not active in Nexudus"
        if facts.contract is not None and facts.contract.get("CoworkerId") not in {None, facts.coworker_id}:
            yield f"contract {facts.contract_id} is {facts.contract_source}"

    def _signup(self) -> Instant | None:
        row = self.facts.coworker
        return parse_moment(row.get("RegistrationDate")) or parse_moment(row.get("CreatedOn"))

    def _anchors(self, signup: Instant | None, chain: Chain | None) -> dict[str, Anchor | None]:
        facts = self.facts
        field_name = "RegistrationDate" if facts.coworker.get("RegistrationDate") else "CreatedOn"
        found: dict[str, Anchor | None] = {
            "signup": Anchor("signup", signup, f"coworker {field_name}") if signup else None,
            "event": Anchor("event", facts.event.at, facts.event.name) if facts.event else None,
        }
        for name, source in DATE_ANCHORS.items():
            day = calendar_date(facts.contract.get(source), facts.zone_of(facts.contract)) if facts.contract else None
            found[name] = Anchor(name, day.date, f"contract {facts.contract_id} {source}") if day else None
        for end in ("start", "end"):
            day_of = getattr(chain, end, None)
            origin = (
                f"membership {chain.id} of contracts {', '.join(map(str, chain.contract_ids))}"
                if chain
                else ""
            )
            found[f"membership.{end}"] = Anchor(f"membership.{end}", day_of, origin) if day_of else None
        for name, value in facts.inputs.items():
            if isinstance(value, Date):
                found[f"inputs.{name}"] = Anchor(f"inputs.{name}", value, "given at the start of the run")
        return found

    def _coworker(self) -> Value:
        record = self._record("coworker", self.facts.coworker)
        record["custom"] = {
            name: custom_value(self.facts.coworker, name, given, self.facts.zone)
            for name, given in self.custom.items()
        }
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
        return record | {"key": facts.location, "time_zone": facts.zone, "vars": dict(given.vars)}

    def _team(self) -> Value:
        if self.facts.team is None:
            return Absent("team", "this coworker is in no team")
        record = self._record("team", self.facts.team)
        record["members"] = [self._thing("team", "members", member) for member in self.facts.members]
        return record

    def _event(self) -> Value:
        event = self.facts.event
        if event is None:
            return Absent("event", "no event started this run; by hand give its moment with --event")
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


def plain_value(kind: Kind, value: Any) -> Value:
    """Return a text, number or bool as the catalogue types it: an empty text '', an empty number None."""
    if kind is Kind.TEXT:
        return "" if value is None else ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    if kind is Kind.BOOL:
        return value is True or str(value).lower() == "true"
    if value is None or isinstance(value, bool) or value == "":
        return None
    try:
        return int(value) if kind is Kind.INT else Decimal(str(value))
    except (ValueError, TypeError, OverflowError, InvalidOperation):
        return None


def custom_value(row: Raw, name: str, given: CustomField, zone: str) -> Value:
    """Return the typed value of a custom field (Custom1..30, or an entry of CustomFields); dates as in `zone`.

    Raises:
        UserError: the member's value is not one of its type. The value itself is not shown.
    """
    raw = raw_custom(row, given.field)
    text = "" if raw is None else str(raw).strip()
    if not text:
        return _empty(given)
    if given.type == "text":
        return text
    if given.type == "boolean":
        folded = text.casefold()
        if folded in {word.casefold() for word in given.true}:
            return True
        if not given.false or folded in {word.casefold() for word in given.false}:
            return False
    if given.type == "date" and (day := calendar_date(text, zone)):
        return day.date
    if given.type == "number" and (number := plain_value(Kind.NUMBER, text)) is not None:
        return number
    raise UserError(
        f"coworker.custom.{name} ({given.field}) of this coworker is no {given.type}.",
        advice="Correct the member's field in Nexudus, or the custom field in organisation.yaml.",
    )


def _empty(given: CustomField) -> Value:
    if given.empty is not None:
        return Decimal(given.empty) if given.type == "number" else cast(Value, given.empty)
    return "" if given.type == "text" else False if given.type == "boolean" else None


def raw_custom(row: Raw, field_name: str) -> object:
    """Return a custom field's text as it stands: a key of the record, or a Name in CustomFields.Data."""
    if field_name in row:
        return row[field_name]
    data = (row.get("CustomFields") or {}) if isinstance(row.get("CustomFields"), Mapping) else {}
    entries: Sequence[Any] = data.get("Data") or []
    return next(
        (
            part.get("Value")
            for part in entries
            if isinstance(part, Mapping) and part.get("Name") == field_name
        ),
        None,
    )
