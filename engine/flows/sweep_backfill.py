"""Whom a list can be started for that was not there, or not in force, when they came. Reads only.

It must never look further than the days that a person named, nor decide what only facts can: a condition is asked when
the job is carried out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from whenever import Date, Instant, Time

from engine.core.coverage import COVERED, Occurrence, fits, fits_place_and_plan
from engine.core.errors import UserError
from engine.core.prepared import Prepared
from engine.core.wire_dates import parse_moment
from engine.flows.directory import Cache, Directory
from engine.flows.request import missing_inputs
from engine.flows.stopping import Stop
from engine.flows.sweep_occurrences import Places, contract_itself, is_over, of_contract, of_coworker, starts_first
from engine.flows.sweep_reading import RecordReading, Window
from engine.ledger.service_values import NewJob
from engine.nexudus.client import NexudusReader
from engine.nexudus.errors import IncompleteList
from engine.nexudus.rows import Record
from engine.nexudus.wire import usable_id

BY_HAND: Final = "by hand"
"""What starts a list without `on`: no event does."""


@dataclass(frozen=True)
class Days:
    """From and until which calendar day at the location; both belong to it, and None is open."""

    since: Date | None = None
    until: Date | None = None

    def hold(self, day: Date) -> bool:
        """Return whether a day is one of them."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)

    def window(self) -> Window:
        """Return the moments that can lie on one of the days, in whatever zone."""
        start, end = (None if one is None else one.at(Time()).assume_utc() for one in (self.since, self.until))
        return Window(start, end and end.add(hours=24)).wider()


@dataclass(frozen=True)
class Whom:
    """Somebody to start the list for. `day` is that of the event at the location, `at` its moment. Ids only."""

    coworker_id: int
    event: str
    day: Date | None = None
    contract_id: int | None = None
    at: Instant | None = None

    def job(self, tasklist: str, now: Instant) -> NewJob:
        """Return the job to ask for, to be carried out at once.

        It names no record: that would note a sighting, and the sweep would pass the event over for other lists.
        """
        return NewJob(
            tasklist=tasklist,
            coworker_id=self.coworker_id,
            event=self.event,
            cause="backfill",
            due_at=now,
            contract_id=self.contract_id,
            event_at=self.at,
            received_at=now,
        )


class Backfill:
    """Looks for one list. `location`: only records that belong to it."""

    def __init__(  # noqa: PLR0913 - all by name
        self,
        reader: NexudusReader,
        memory: Cache | None,
        prepared: Prepared,
        *,
        location: str | None = None,
        clock: Callable[[], Instant] = Instant.now,
        stop: Stop,
    ) -> None:
        self._reading = RecordReading(reader, stop)
        self._places = Places(prepared.organisation, Directory(reader, memory, clock))
        self._prepared = prepared
        self._applies = prepared.tasklist.applies
        self._location = location
        self._now = clock()

    def find(self, days: Days) -> tuple[Whom, ...]:
        """Return for whom the list would be started, by coworker and contract.

        Raises:
            UserError: the list cannot be started so: inputs without a default, or events that leave no trace.
            Unreachable: a list of Nexudus could not be read to its end.
        """
        _refuse_unfit(self._prepared)
        found = self._by_event(days) if self._applies.on else self._present(days)
        ordered = {(one.coworker_id, one.contract_id): one for one in reversed(list(found))}
        if self._reading.troubles:
            raise IncompleteList("records that a backfill needs", "; ".join(self._reading.troubles))
        return tuple(ordered[key] for key in sorted(ordered, key=lambda key: (key[0], key[1] or 0)))

    def _by_event(self, days: Days) -> Iterator[Whom]:
        for one in self._occurrences(days):
            if self._is_meant(one, days) and fits(self._applies, one) is not False and self._is_here(one):
                yield Whom(one.coworker_id, one.event, one.day, one.contract_id, one.since)

    def _occurrences(self, days: Days) -> Iterator[Occurrence]:
        events, window = set(self._applies.on), days.window()
        if "coworker.created" in events:
            yield from filter(None, (of_coworker(row, self._places) for row in self._reading.coworkers(window)))
        starts = bool(events & {"contract.activated", "contract.first_activated"})
        wanted = ("contract.created" in events, starts, "contract.cancelled" in events)
        if not any(wanted):
            return
        created, started, cancelled = (window if one else None for one in wanted)
        rows = self._reading.contracts(created=created, started=started, cancelled=cancelled)
        told = [
            one
            for row in rows
            for one in of_contract(row, self._places, now=self._now, days_ahead=0)
            if self._is_meant(one, days)
        ]
        yield from told
        if "contract.first_activated" in events:
            yield from self._firsts([one for one in told if one.event == "contract.activated"])

    def _is_meant(self, one: Occurrence, days: Days) -> bool:
        """Whether it lies on one of the days; without a last one, what is still to come does not count."""
        has_happened = one.since <= self._now or one.event.endswith(".created")
        return days.hold(one.day) and (has_happened or days.until is not None)

    def _firsts(self, activated: list[Occurrence]) -> Iterator[Occurrence]:
        firsts = [replace(one, event="contract.first_activated") for one in activated]
        firsts = [one for one in firsts if fits(self._applies, one) is not False and self._is_here(one)]
        others = self._reading.contracts_of({one.coworker_id for one in firsts})
        for one in firsts:
            if starts_first(one, others.get(one.coworker_id, ()), self._places):
                yield one

    def _present(self, days: Days) -> Iterator[Whom]:
        """All active coworkers that locations and plans let in, by the contracts that they have now."""
        rows = self._reading.coworkers(Window(None), {"Coworker_Active": "true"})
        by_place = self._applies.locations or self._applies.tariffs or self._location
        contracts = _by_coworker(self._reading.all_contracts()) if by_place else {}
        for row in rows:
            coworker_id, day = usable_id(row), self._signup(row)
            if coworker_id is None or row.get("Active") is False or row.get("Archived") is True:
                continue
            own = [one for one in contracts.get(coworker_id, ()) if not is_over(one, self._places, self._now)]
            if (not by_place or self._fits_now(row, own)) and (days == Days() or (day and days.hold(day))):
                yield Whom(coworker_id, BY_HAND, day)

    def _signup(self, row: Record) -> Date | None:
        moment = parse_moment(row.get("RegistrationDate")) or parse_moment(row.get("CreatedOn"))
        business_id = row.get("InvoicingBusinessId")
        zone = self._places.zone_of(business_id if isinstance(business_id, int) else None)
        return None if moment is None else moment.to_tz(zone).date()

    def _fits_now(self, row: Record, contracts: Iterable[Record]) -> bool:
        own = [one for one in (contract_itself(each, self._places) for each in contracts) if one is not None]
        if own:
            return any(fits_place_and_plan(self._applies, one) is not False and self._is_here(one) for one in own)
        business_id = row.get("InvoicingBusinessId")
        home = self._places.location_of(business_id if isinstance(business_id, int) else None)
        is_meant = not self._applies.locations or home in self._applies.locations
        return not self._applies.tariffs and is_meant and self._location in {None, home}

    def _is_here(self, one: Occurrence) -> bool:
        """Whether an occurrence is at a location of ours, and at the one that was asked for."""
        place = self._places.location_of(one.business_id)
        if one.contract_id is not None and place is None:
            return False
        return self._location in {None, place}


def _refuse_unfit(prepared: Prepared) -> None:
    tasklist = prepared.tasklist
    events = tasklist.applies.on
    if events and not set(events) & set(COVERED):
        told = f"nothing but a delivery tells of {', '.join(events)}: whom {tasklist.tasklist} missed cannot be found."
        raise UserError(told, advice="Run the list for each coworker by hand: tasklists run.")
    if missing := missing_inputs(tasklist, {}):
        told = f"{tasklist.tasklist} asks for {', '.join(missing)}, for each coworker another value."
        raise UserError(told, advice="Give these inputs a default, or run the list by hand with --set.")


def _by_coworker(rows: Iterable[Record]) -> dict[int, list[Record]]:
    found: dict[int, list[Record]] = {}
    for row in rows:
        coworker_id = row.get("CoworkerId")
        if isinstance(coworker_id, int):
            found.setdefault(coworker_id, []).append(row)
    return found
