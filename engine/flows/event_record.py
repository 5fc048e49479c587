"""The moment of the event that starts a run, read from the record that it is about (design 4, "event"). Reads only.

A delivery tells ids only: what the record does not bear out starts nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from engine.core.applies import NotStarted
from engine.core.facts import Event, Raw
from engine.core.triggers import EVENT_RECORD, event_moment
from engine.flows.request import Request, at_zone
from engine.nexudus.calls import Entity
from engine.nexudus.client import NexudusReader

_READ: Final = {
    "product": Entity.COWORKER_PRODUCT,
    "checkin": Entity.CHECKIN,
    "invoice": Entity.COWORKER_INVOICE,
}
"""The records that nothing else of a run is read from."""


@dataclass(frozen=True)
class Seen:
    """The records that were read for the facts anyway: whom an event is about, the run's contract and team."""

    coworker: Raw
    contract: Raw | None
    team: Raw | None


def event_of(reader: NexudusReader, request: Request, seen: Seen, zone: str) -> Event | None:
    """Return the event of a run with its moment, its zone an IANA name; None for a run by hand without one.

    Raises:
        NotStarted: the record is gone, is another coworker's, or does not say what the event says.
    """
    if request.event_at is not None:
        return Event(request.event_name, at_zone(request.event_at, zone))
    if request.event_received_at is None:
        return None
    found = event_moment(request.event_name, _record(reader, request, seen) or {}, zone)
    return Event(request.event_name, found or request.event_received_at)


def _record(reader: NexudusReader, request: Request, seen: Seen) -> Raw | None:
    kind = EVENT_RECORD.get(request.event_name)
    if kind is None or request.event_record_id is None:
        return None
    if kind in _READ:
        return _read(reader, request, kind, seen.coworker["Id"])
    known = {"coworker": seen.coworker, "contract": seen.contract, "team": seen.team}[kind]
    return known if known is not None and known.get("Id") == request.event_record_id else None


def _read(reader: NexudusReader, request: Request, kind: str, coworker_id: int) -> Raw | None:
    number = request.event_record_id
    assert number is not None  # the caller looked
    record = reader.record(_READ[kind], number)
    if not request.starting:
        return record
    if record is None:
        raise NotStarted(f"{kind} {number} is gone", may_lag=True)
    if record.get("CoworkerId") != coworker_id:
        raise NotStarted(f"{kind} {number} is not coworker {coworker_id}'s")
    if request.event_name == "invoice.paid" and record.get("Paid") is not True and not record.get("PaidOn"):
        raise NotStarted(f"invoice {number} is not paid", may_lag=True)
    return record
