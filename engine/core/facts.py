"""All that is known of one coworker for one list: the planner's first input, as it is read and saved.

The records are Nexudus's own, reduced to the fields that texts may name; `typed_facts` gives them types.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from whenever import Date, Instant

from engine.core.calendar import Calendar
from engine.core.membership import Chain, Contract, chain_of
from engine.core.people import Person
from engine.core.wire_dates import calendar_date

Raw = Mapping[str, Any]
"""A Nexudus record as it came. Any: only here and at the wire is the service's word taken as it is."""


@dataclass(frozen=True)
class Event:
    """What started a run: its name (design section 2), or `by hand`, and its moment."""

    name: str
    at: Instant


@dataclass(frozen=True)
class Facts:
    coworker: Raw
    location: str
    """The location's name in organisation.yaml."""
    business: Raw
    zone: str
    calendar: Calendar
    contracts: tuple[Raw, ...] = ()
    contract_id: int | None = None
    """The contract that the run is about; None for a coworker without one."""
    contract_source: str = ""
    team: Raw | None = None
    members: tuple[Raw, ...] = ()
    desks: tuple[Raw, ...] = ()
    people: Mapping[str, Person] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict)
    event: Event | None = None
    zones: Mapping[int, str] = field(default_factory=dict)
    """Business id -> IANA zone of other locations: a contract's dates are those of its own location."""
    known_chains: Mapping[int, int] = field(default_factory=dict)
    """Contract id -> membership id, as the ledger remembers them."""
    visits: tuple[Date, ...] | None = None
    """The local days with a check-in, sorted, each once; None when they were not read."""
    first_paid: Instant | None = None
    """When the coworker's first paid invoice was paid; None without one, or when `paid_read` is false."""
    paid_read: bool = False
    loads: Mapping[int, int] = field(default_factory=dict)
    """User id -> open tasks of our ledger, for `pick: least_loaded`."""
    done: Mapping[tuple[str, str], Instant] = field(default_factory=dict)
    """(item, for_each key) -> since when its task is completed, as far as we know; for `after` and `gate`."""
    gone: frozenset[tuple[str, str]] = frozenset()
    """Those whose tasks staff deleted: what waits for one waits for ever."""
    passed: frozenset[tuple[str, str]] = frozenset()
    """Those that were late by then and whose `late` is `skip`: never made, so that nothing waits for them."""

    @property
    def coworker_id(self) -> int:
        return int(self.coworker["Id"])

    @property
    def contract(self) -> Raw | None:
        return next((row for row in self.contracts if row["Id"] == self.contract_id), None)

    def chain(self) -> Chain | None:
        """Return the membership that holds the run's contract, or None without a contract."""
        if self.contract_id is None:
            return None
        contracts = [contract_of(row, self.zone_of(row)) for row in self.contracts]
        return chain_of(contracts, self.contract_id, self.known_chains)

    def zone_of(self, contract: Raw) -> str:
        """Return the IANA zone of the location that issued a contract, else that of the run."""
        return self.zones.get(contract.get("IssuedById") or 0, self.zone)


def contract_of(row: Raw, zone: str) -> Contract:
    """Return what deciding needs of a Nexudus contract record; dates as calendar dates in an IANA zone."""

    def day(name: str) -> Date | None:
        found = calendar_date(row.get(name), zone)
        return found.date if found else None

    return Contract(
        id=int(row["Id"]),
        start=day("StartDate"),
        cancellation=day("CancellationDate"),
        cancelled=row.get("Cancelled") is True,
        main=row.get("MainContract") is True,
        business_id=row.get("IssuedById"),
        tariff_id=row.get("TariffId"),
        tariff_name=str(row.get("TariffName") or ""),
    )
