"""Facts as a case writes them to records as Nexudus sends them: names of the catalogue to fields, words to values.

Pure. It must never let a name pass that is no fact: a case that sets nothing would then seem to hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache, partial
from typing import Any, Final, NamedTuple

from pydantic_core import PydanticCustomError
from whenever import Instant

from engine.core.cases import MOMENTS, NONE
from engine.core.catalogue import Kind, ListOf, Type, all_facts
from engine.core.organisation import CustomField, Organisation
from engine.core.scalars import Plain, as_day, as_flag, as_text, as_whole, shown, wrong
from engine.core.wire_dates import parse_moment, wire_moment
from engine.core.words import nearest

Path = tuple[str | int, ...]
Reader = Callable[[Any], dict[str, Any]]
"""A value of a case to the fields of a record."""

PLAN: Final = "plan"
"""Short for tariff_name: the plan by its name."""

ISSUED_AT: Final = "location"
"""In a contract: the location that issued it, by its name in organisation.yaml."""


@dataclass(frozen=True)
class Wrong:
    """One mistake in a case: where, and in the words of a problem what. `on_key`: the key is wrong, not its value."""

    path: Path
    what: str
    found: str = ""
    allowed: str = ""
    nearest: str = ""
    on_key: bool = False
    is_warning: bool = False


_ENTITIES: Final = frozenset({"Coworker", "CoworkerContract", "Business", "Team", "FloorPlanDesk"})
"""Records that hold what a case may say; other facts are told in their own words, as visits are."""


class Field(NamedTuple):
    name: str
    """In the record, such as FullName."""
    type: Type


@cache
def fields_of(root: str) -> Mapping[str, Field]:
    """Return the facts of a record, `coworker`, `contract.desks[]` and so on, with the fields that hold them."""
    found: dict[str, Field] = {}
    for fact in all_facts():
        parent, _, name = fact.path.rpartition(".")
        entity, _, field = fact.field.partition(".")
        plain = not isinstance(fact.type, ListOf) or isinstance(fact.type.element, Kind)
        if parent == root and entity in _ENTITIES and plain:
            found[name] = Field(field, fact.type)
    return found


@dataclass(frozen=True)
class Values:
    """What reading values needs to know: the names of organisation.yaml, and the IANA zone of local moments."""

    organisation: Organisation
    zone: str

    def row(self, root: str, given: Mapping[str, Any], path: Path, faults: list[Wrong]) -> dict[str, Any]:
        """Return the fields of a record; what is no fact, or of another type, is noted in `faults`."""
        own = self._own(root)
        fields = fields_of(root)
        row: dict[str, Any] = {}
        for name, value in given.items():
            at = (*path, name)
            if name in own:
                row |= attempt(faults, at, partial(own[name], value)) or {}
            elif name in fields:
                found = attempt(faults, at, partial(one_value, self.raw, fields[name].type, value))
                row |= {fields[name].name: found[0]} if found else {}
            else:
                faults.append(unknown(at, name, (*fields, *own)))
        return row

    def _own(self, root: str) -> Mapping[str, Reader]:
        if root == "coworker":
            return {"custom": lambda _: {}}
        if root == "contract":
            plan: Reader = lambda value: {"TariffName": as_text(value)}  # noqa: E731 - one of three readers, in a row
            return {PLAN: plan, ISSUED_AT: self._issued_at, "desks": lambda _: {}}
        if root == "location":
            return {"time_zone": lambda _: {}}
        return {"members": lambda _: {}} if root == "team" else {}

    def _issued_at(self, value: object) -> dict[str, Any]:
        name, known = as_text(value), self.organisation.locations
        if name not in known:
            near = nearest(name, known)
            raise wrong("there is no such location", found=shown(value), allowed=", ".join(known), nearest=near)
        return {"IssuedById": known[name].business_id}

    def raw(self, kind: Type, value: object) -> object:
        """Return a value as Nexudus sends it. Raises PydanticCustomError when it is of another type."""
        if is_none(value):
            return None
        if isinstance(kind, ListOf):
            if not isinstance(value, list | tuple):
                raise wrong("this must be a list", found=shown(value))
            return [as_whole(part) for part in value]
        if kind is Kind.DATE:
            return midnight(value)
        if kind is Kind.MOMENT:
            return wire_moment(self.moment(as_text(value)))
        if kind is Kind.NUMBER:
            return as_number(value)
        readers: Mapping[object, Callable[[object], object]] = {Kind.INT: as_whole, Kind.BOOL: as_flag}
        return readers.get(kind, as_text)(value)

    def moment(self, text: str) -> Instant:
        """Return a moment; one without a zone is local. Raises PydanticCustomError when it is none."""
        found = parse_moment(text)
        if found is None:
            raise wrong("this is no moment", found=shown(text), allowed=MOMENTS)
        if text.strip()[-1] in "zZ" or "+" in text or "-" in text.strip()[10:]:
            return found
        return found.to_tz("UTC").to_plain().assume_tz(self.zone).to_instant()

    def custom(self, given: Mapping[str, Any], path: Path, faults: list[Wrong]) -> dict[str, str | None]:
        """Return the member's custom fields, as `custom` of a case names them."""
        known = self.organisation.custom_fields
        row: dict[str, str | None] = {}
        for name, value in given.items():
            if name not in known:
                faults.append(unknown((*path, name), name, known))
                continue
            field = known[name]
            found = attempt(faults, (*path, name), partial(one_value, custom_text, field, value))
            row |= {field.field: found[0]} if found else {}
        return row


def custom_text(field: CustomField, value: object) -> str | None:
    """Return the text of a custom field that its type reads as this value. Raises PydanticCustomError."""
    if is_none(value):
        return None
    if field.type == "boolean":
        if as_flag(value):
            return field.true[0]
        return (*field.false, *(word for word in ("no", "false", "0", "-") if word not in field.true))[0]
    if field.type == "date":
        return midnight(value)
    return as_number(value) if field.type == "number" else as_text(value)


def one_value(read: Callable[[Any, Any], Any], kind: object, value: object) -> tuple[Any]:
    """Return a value that was read, as the only one of a row: so that none at all differs from one that is None."""
    return (read(kind, value),)


def midnight(value: object) -> str:
    """Return a calendar date as Nexudus writes it. Raises PydanticCustomError."""
    return f"{as_day(value)}T00:00:00Z"


def as_number(value: object) -> str:
    """Return a number's text. Raises PydanticCustomError."""
    text = as_text(value)
    try:
        Decimal(text)
    except InvalidOperation:
        raise wrong("this must be a number", found=shown(value)) from None
    return text


def is_none(value: object) -> bool:
    """Return whether a value stands for none at all."""
    return value is None or (isinstance(value, Plain) and value in {NONE, "null", "~", ""})


def attempt(faults: list[Wrong], path: Path, make: Callable[[], Any]) -> Any:
    """Return what is made, or note what is wrong with the value and return None."""
    try:
        return make()
    except PydanticCustomError as error:
        told = error.context or {}
        found, allowed, close = (str(told.get(name) or "") for name in ("found", "allowed", "nearest"))
        faults.append(Wrong(path, error.message(), found, allowed, close))
        return None


def unknown(path: Path, name: str, known: Iterable[str], what: str = "") -> Wrong:
    """Return the mistake of a name that does not exist, with the nearest one."""
    names = tuple(known)
    close = nearest(name, names)
    allowed = "" if close or len(names) > MOST_NAMED else ", ".join(sorted(names)) or "none"
    return Wrong(path, what or f"there is no fact {name!r} here", allowed=allowed, nearest=close, on_key=True)


MOST_NAMED: Final = 20
"""Names beyond that are not all told: `tasklists fields` prints them."""


def things(root: str, given: Iterable[Any]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield (place, facts) of the desks or members that a case lists: a text is a name; ids count from 1."""
    label = "full_name" if root.startswith("team") else "name"
    for number, one in enumerate(given):
        facts = dict(one) if isinstance(one, Mapping) else {label: one}
        yield number, {"id": Plain(str(number + 1))} | facts
