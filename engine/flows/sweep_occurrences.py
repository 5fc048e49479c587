"""Which events a record tells of, by its own dates: what the sweep and a backfill look for.

Reads nothing but zones of locations. It must never take a field that did not come for one that is empty: a record that
lacks what is decided on tells of no event.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from whenever import Date, Instant, Time

from engine.core.coverage import Occurrence
from engine.core.errors import UserError
from engine.core.moments import in_zone
from engine.core.organisation import Organisation
from engine.core.wire_dates import calendar_date, parse_moment
from engine.flows.directory import Directory
from engine.nexudus.rows import Record
from engine.nexudus.wire import usable_id

NO_EVENT: Final = ""
"""What stands for an event while none is meant yet."""

_ELSEWHERE: Final = "UTC"
"""The zone of a business that is no location of ours: its lists are decided elsewhere, if anywhere."""


class Places:
    """The locations by their business ids, with their IANA zones."""

    def __init__(self, organisation: Organisation, directory: Directory) -> None:
        self._organisation = organisation
        self._directory = directory
        self._zones: dict[int, str] = {}

    def location_of(self, business_id: int | None) -> str | None:
        """Return the location that a business is, None for one that organisation.yaml does not name."""
        return None if business_id is None else self._organisation.location_of(business_id)

    def zone_of(self, business_id: int | None) -> str:
        """Return the IANA zone of a business; UTC for one that is none of ours. Raises Unreachable."""
        location = self.location_of(business_id)
        if location is None or business_id is None:
            return _ELSEWHERE
        if business_id not in self._zones:
            self._zones[business_id] = self._read_zone(location, business_id)
        return self._zones[business_id]

    def _read_zone(self, location: str, business_id: int) -> str:
        """A location without a zone anywhere has days of UTC here; its own runs say what is wrong."""
        try:
            return self._organisation.locations[location].time_zone or self._directory.zone(business_id)
        except UserError:
            return _ELSEWHERE


def of_coworker(row: Record, places: Places) -> Occurrence | None:
    """Return that a coworker was created; None for a row that does not say when."""
    coworker_id, created = usable_id(row), parse_moment(row.get("CreatedOn"))
    if coworker_id is None or created is None:
        return None
    business_id = _id(row, "InvoicingBusinessId")
    day = created.to_tz(places.zone_of(business_id)).date()
    # Where a coworker's list is made depends on contracts that the row does not show: `location` stays open.
    return Occurrence(
        "coworker.created", coworker_id, coworker_id, day, created, created, business_id=business_id
    )


def of_contract(row: Record, places: Places, *, now: Instant, days_ahead: int) -> Iterator[Occurrence]:
    """Yield the events of a contract, those to come too: `since` and `until` say when each one happens.

    A cancellation counts from `days_ahead` days before its date. A contract that ended, or was cancelled on or before
    its start, is not welcomed any more. Its first day activates a contract, whether Nexudus has set Active by then or
    not. Whether an activation was the coworker's first, its own row does not tell.
    """
    seed = contract_itself(row, places)
    if seed is None:
        return
    zone = places.zone_of(seed.business_id)
    start, end = calendar_date(row.get("StartDate"), zone), calendar_date(row.get("CancellationDate"), zone)
    created = parse_moment(row.get("CreatedOn"))
    if not is_over(row, places, now) and not (start and end and end.date <= start.date):
        if created:
            day = created.to_tz(zone).date()
            yield replace(seed, event="contract.created", day=day, since=created, until=created)
        if start:
            yield replace(_on(seed, start.date, zone, entered=created), event="contract.activated")
    if end:
        told = _on(seed, end.date, zone)
        yield replace(told, event="contract.cancelled", since=told.since.subtract(hours=24 * days_ahead))


def contract_itself(row: Record, places: Places) -> Occurrence | None:
    """Return whose contract it is, where and on which plan, as an occurrence of no event; None for a row of nobody."""
    contract_id, coworker_id = usable_id(row), _id(row, "CoworkerId")
    if contract_id is None or coworker_id is None:
        return None
    business_id = _id(row, "IssuedById")
    return Occurrence(
        *(NO_EVENT, contract_id, coworker_id, Date.MIN, Instant.MIN, Instant.MIN, contract_id, business_id),
        location=places.location_of(business_id),
        tariff_id=_id(row, "TariffId"),
        tariff_name=_text(row, "TariffName"),
    )


def is_over(row: Record, places: Places, now: Instant) -> bool:
    """Return whether a contract has ended: before today at its location, or cancelled without a day."""
    zone = places.zone_of(_id(row, "IssuedById"))
    end = calendar_date(row.get("CancellationDate"), zone)
    return end.date < now.to_tz(zone).date() if end else row.get("Cancelled") is True


def _on(seed: Occurrence, day: Date, zone: str, *, entered: Instant | None = None) -> Occurrence:
    """An event of a calendar day: at some hour of it, or as soon as it was entered when that was later."""
    since, until = (in_zone(one, Time(), zone)[0].to_instant() for one in (day, day.add(days=1)))
    if entered is not None and entered > since:
        until = entered
    return replace(seed, day=day, since=since, until=until)


def starts_first(contract: Occurrence, others: tuple[Record, ...], places: Places) -> bool:
    """Return whether none of the coworker's other contracts began earlier; several on one day are all the first.

    Whether Nexudus means the first ever or at the location is not known (webhooks.md 3): ever is taken.
    """
    days = []
    for row in others:
        zone = places.zone_of(_id(row, "IssuedById"))
        start, end = calendar_date(row.get("StartDate"), zone), calendar_date(row.get("CancellationDate"), zone)
        if start and not (end and end.date <= start.date):
            days.append(start.date)
    return contract.day <= min(days, default=contract.day)


def _id(row: Record, name: str) -> int | None:
    value = row.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _text(row: Record, name: str) -> str | None:
    value = row.get(name)
    return value if isinstance(value, str) else None
