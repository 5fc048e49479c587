"""The days on which a coworker checked in, and when their first invoice was paid: read when a list names them.

Only reads. A filter is a hint: every row is compared again, and a list that was not read to its end counts nobody's
visits. It must never keep more of a check-in or an invoice than its moment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from whenever import Date, Instant

from engine.core.facts import Facts, Raw
from engine.core.prepared import Prepared
from engine.core.wire_dates import parse_moment
from engine.nexudus.calls import Entity
from engine.nexudus.client import NexudusReader
from engine.nexudus.errors import IncompleteList, RoleMissing
from engine.nexudus.wire import usable_id

VISIT_FACTS: Final = frozenset({"coworker.visits", "visit", "visit.first", "visit.third"})
PAID_FACTS: Final = frozenset({"invoice", "invoice.first_paid"})


def days_named(prepared: Prepared) -> frozenset[str]:
    """Return every anchor and fact that the list can need, with what its own names for days stand for."""
    found: set[str] = set()
    for one in prepared.everywhere():
        rules = (one.wait_until, *(ready.create for ready in one.items))
        names = {".".join(path) for path in one.facts_named()} | one.anchors_named() | {one.tasklist.anchor or ""}
        found |= one.days.behind(names.union(*(rule.anchors() for rule in rules if rule is not None)))
    return frozenset(found)


def with_visits(reader: NexudusReader, prepared: Prepared, facts: Facts) -> Facts:
    """Return the facts with the visits and the first payment, where the list names them: a list to its end for each.

    Raises:
        RoleMissing: the login may not list check-ins. Where it may not list invoices, the facts say so.
        IncompleteList: a list cannot be read to its end.
        Unreachable: Nexudus gives no usable answer now.
    """
    named = days_named(prepared)
    if named & VISIT_FACTS:
        facts = replace(facts, visits=visited_days(reader, facts.coworker_id, facts.zone))
    if named & PAID_FACTS:
        try:
            facts = replace(facts, first_paid=first_paid(reader, facts.coworker_id), paid_read=True)
        except RoleMissing:
            facts = replace(facts, first_paid=None, paid_read=False)
    return facts


def visited_days(reader: NexudusReader, coworker_id: int, zone: str) -> tuple[Date, ...]:
    """Return the days with a check-in at any location, local days in the IANA `zone`, sorted and each once."""
    rows = _rows_of(reader, Entity.CHECKIN, coworker_id, {})
    moments = (_moment(reader, Entity.CHECKIN, row, "FromTime") for row in rows)
    return tuple(sorted({moment.to_tz(zone).date() for moment in moments if moment is not None}))


def first_paid(reader: NexudusReader, coworker_id: int) -> Instant | None:
    """Return when the first of a coworker's invoices was paid (PaidOn), drafts and credit notes aside; None without."""
    rows = _rows_of(reader, Entity.COWORKER_INVOICE, coworker_id, {"CoworkerInvoice_Paid": "true"})
    paid = (row for row in rows if row.get("Paid") is True and not (row.get("Draft") or row.get("CreditNote")))
    moments = (_moment(reader, Entity.COWORKER_INVOICE, row, "PaidOn") for row in paid)
    return min((moment for moment in moments if moment is not None), default=None)


def _rows_of(
    reader: NexudusReader, entity: Entity, coworker_id: int, filters: Mapping[str, str]
) -> Iterator[Raw]:
    """Yield a coworker's rows of a list that was read to its end; one that does not say whose it is, is read whole."""
    listed = reader.listing(entity, {f"{entity.label}_Coworker": str(coworker_id), **filters})
    if not listed.complete:
        raise IncompleteList(f"{entity.label} records", listed.why_incomplete)
    for row in listed.rows:
        whole = row if row.get("CoworkerId") is not None else _whole(reader, entity, row)
        if whole.get("CoworkerId") == coworker_id:
            yield whole


def _moment(reader: NexudusReader, entity: Entity, row: Raw, name: str) -> Instant | None:
    """Return a moment of a record; a row may leave it out where the record itself has it."""
    return parse_moment(row.get(name)) or parse_moment(_whole(reader, entity, row).get(name))


def _whole(reader: NexudusReader, entity: Entity, row: Raw) -> Raw:
    number = usable_id(row)
    return (reader.record(entity, number) if number is not None else None) or {}
