"""The days and moments that due rules count from, as one coworker's records tell them.

Pure. An anchor without a value always has a reason, for a person has to do something about it. It must never read
a date that belongs to another contract or coworker than the run's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from whenever import Date, Instant

from engine.core.due_words import Days
from engine.core.facts import Facts
from engine.core.model import Item, TaskList
from engine.core.wire_dates import calendar_date, parse_moment
from engine.core.words import ANCHORS

DATE_ANCHORS: Final[Mapping[str, str]] = {
    "contract.start": "StartDate",
    "contract.renewal": "RenewalDate",
    "contract.term_end": "ContractTerm",
    "contract.cancellation": "CancellationDate",
    "contract.identity_checks_due": "IdentityChecksDueOn",
}
"""Anchor -> the field of the contract that holds it."""

VISITS: Final[Mapping[str, int]] = {"visit.first": 1, "visit.third": 3}
"""Anchor -> how many local days with a check-in it takes."""

DONE: Final = "done"
"""The day of an item with `after`: when all that it comes after was completed."""

NO_CONTRACT: Final = "this coworker has no contract"
NO_EVENT: Final = "no event started this run; by hand give its moment with --event"
VISITS_UNREAD: Final = "the check-ins were not read"
PAID_UNREAD: Final = "the invoices could not be read; that needs the right CoworkerInvoice-List"


@dataclass(frozen=True)
class Anchor:
    """A day or a moment that rules refer to; `source` says for people where the value came from.

    `steps` led to the day of a named one. `ends`: a due on it that falls on a closed day is due before, as with an end.
    """

    name: str
    value: Date | Instant
    source: str
    steps: tuple[str, ...] = ()
    ends: bool = False


@dataclass(frozen=True)
class Anchors:
    """All anchors by name; None is one without a value, and `missing` says why."""

    found: Mapping[str, Anchor | None]
    missing: Mapping[str, str]


def anchor_names(tasklist: TaskList, item: Item | None = None, facts: Iterable[str] = ()) -> tuple[str, ...]:
    """Return every word that a rule of the list, or of one of its items, may count from.

    `facts` are those that are days as well: they count, and are not listed.
    """
    dates = (f"inputs.{name}" for name, given in tasklist.inputs.items() if given.type == "date")
    done = (DONE,) if item is not None and item.after else ()
    return Days(dict.fromkeys((*ANCHORS, *dates, *tasklist.anchors, *done)), facts)


def done_anchor(at: Instant | None, items: Sequence[str]) -> Anchor | None:
    """Return the anchor `done` of an item that comes after others: when the last of them was completed (UTC)."""
    return None if at is None else Anchor(DONE, at, f"completed: {', '.join(items)}")


def signup_of(facts: Facts) -> Instant | None:
    """Return when the coworker registered, else when the record was made (coworkers: RegistrationDate, CreatedOn)."""
    return parse_moment(facts.coworker.get("RegistrationDate")) or parse_moment(facts.coworker.get("CreatedOn"))


def anchors_of(facts: Facts) -> Anchors:
    """Return the anchors that the records tell; named days are not among them."""
    found: dict[str, Anchor | None] = {}
    missing: dict[str, str] = {}
    for name, given in _all(facts):
        found[name] = given if isinstance(given, Anchor) else None
        if isinstance(given, str):
            missing[name] = given
    return Anchors(found, missing)


def _all(facts: Facts) -> Iterator[tuple[str, Anchor | str]]:
    """Yield each anchor, or why it has no value."""
    at = signup_of(facts)
    field_name = "RegistrationDate" if facts.coworker.get("RegistrationDate") else "CreatedOn"
    yield "signup", Anchor("signup", at, f"coworker {field_name}") if at else "the coworker has no date of registration"
    yield "event", Anchor("event", facts.event.at, facts.event.name) if facts.event else NO_EVENT
    for name, source in DATE_ANCHORS.items():
        yield name, _of_contract(facts, name, source)
    yield from _of_membership(facts)
    for name, number in VISITS.items():
        yield name, _visit(facts, name, number)
    yield "invoice.first_paid", _first_paid(facts)
    for name, value in facts.inputs.items():
        if isinstance(value, Date):
            whole = f"inputs.{name}"
            yield whole, Anchor(whole, value, "given at the start of the run")


def _of_contract(facts: Facts, name: str, source: str) -> Anchor | str:
    contract = facts.contract
    if contract is None:
        return NO_CONTRACT
    day = calendar_date(contract.get(source), facts.zone_of(contract))
    if day is None:
        return f"{source} of contract {facts.contract_id} is empty"
    return Anchor(name, day.date, f"contract {facts.contract_id} {source}")


def _of_membership(facts: Facts) -> Iterator[tuple[str, Anchor | str]]:
    chain = facts.chain()
    for end in ("start", "end"):
        name = f"membership.{end}"
        if chain is None:
            yield name, NO_CONTRACT
            continue
        day = chain.start if end == "start" else chain.end
        origin = f"membership {chain.id} of contracts {', '.join(map(str, chain.contract_ids))}"
        yield name, Anchor(name, day, origin) if day else f"{origin} has no {end}"


def _visit(facts: Facts, name: str, number: int) -> Anchor | str:
    days = facts.visits
    if days is None:
        return VISITS_UNREAD
    if len(days) < number:
        return f"{len(days) or 'no'} day{'s' * (len(days) != 1)} with a check-in so far"
    return Anchor(name, days[number - 1], f"day {number} with a check-in")


def _first_paid(facts: Facts) -> Anchor | str:
    if facts.first_paid is not None:
        return Anchor("invoice.first_paid", facts.first_paid, "the first paid invoice, PaidOn")
    return "no invoice is paid so far" if facts.paid_read else PAID_UNREAD
