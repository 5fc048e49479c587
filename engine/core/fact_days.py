"""Dates among the facts as days that due rules count from: `14 days after coworker.user_last_access`.

Every fact of a coworker, a contract or a team that is a date or a moment is a <day>, custom fields of type date
included. They are too many to be listed with the anchors. Pure; it must never show a value in a reason.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from whenever import Date

from engine.core.anchors import NO_CONTRACT, Anchor
from engine.core.catalogue import Kind, all_facts
from engine.core.custom_values import custom_value
from engine.core.facts import Facts, Raw
from engine.core.organisation import Organisation
from engine.core.wire_dates import calendar_date, parse_moment
from engine.core.words import ANCHORS

_ROOTS: Final = ("coworker", "contract", "team")
_CUSTOM: Final = "coworker.custom."


@cache
def _of_records() -> dict[str, tuple[Kind, str]]:
    """Fact -> its type and its field in the record, for all dates and moments that are no anchors already."""
    found: dict[str, tuple[Kind, str]] = {}
    for fact in all_facts():
        root, _, name = fact.path.partition(".")
        is_day = fact.type is Kind.DATE or fact.type is Kind.MOMENT
        if is_day and root in _ROOTS and "[" not in name and fact.path not in ANCHORS:
            assert isinstance(fact.type, Kind)  # it is one of the two
            found[fact.path] = (fact.type, fact.field.partition(".")[2])
    return found


def fact_day_names(organisation: Organisation) -> frozenset[str]:
    """Return the facts that are days, with the custom fields of type date."""
    custom = (f"{_CUSTOM}{name}" for name, given in organisation.custom_fields.items() if given.type == "date")
    return frozenset((*_of_records(), *custom))


def fact_day(name: str, facts: Facts, organisation: Organisation) -> Anchor | str | None:
    """Return the day that a fact tells, or why it tells none; None for a name that is no such fact.

    Raises:
        UserError: a custom field's value is no date.
    """
    if name.startswith(_CUSTOM):
        return _custom(name, facts, organisation)
    if name not in _of_records():
        return None
    kind, source = _of_records()[name]
    root = name.partition(".")[0]
    row, zone = _row(root, facts)
    if row is None:
        return NO_CONTRACT if root == "contract" else "this coworker is in no team"
    value = row.get(source)
    day = calendar_date(value, zone) if kind is Kind.DATE else None
    at = parse_moment(value) if kind is Kind.MOMENT else None
    told = f"{root} {source}"
    if day is None and at is None:
        return f"{source} of the {root} is empty"
    return Anchor(name, day.date, told) if day is not None else Anchor(name, at, told) if at is not None else None


def _row(root: str, facts: Facts) -> tuple[Raw | None, str]:
    """The record behind a root, and the zone in which its dates are days."""
    if root == "contract":
        contract = facts.contract
        return contract, facts.zone if contract is None else facts.zone_of(contract)
    return (facts.coworker if root == "coworker" else facts.team), facts.zone


def _custom(name: str, facts: Facts, organisation: Organisation) -> Anchor | str | None:
    own = name.removeprefix(_CUSTOM)
    given = organisation.custom_fields.get(own)
    if given is None or given.type != "date":
        return None
    value = custom_value(facts.coworker, own, given, facts.zone)
    return Anchor(name, value, f"coworker {given.field}") if isinstance(value, Date) else f"{given.field} is empty"
