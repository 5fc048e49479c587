"""Reading the facts of one coworker from Nexudus: as few calls as the list's own words allow. Never writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from whenever import Date, Instant

from engine.core.applies import NO_CONTRACT, DoesNotApply, NotStarted, Started, check_start
from engine.core.calendar import Calendar, CalendarCoverage
from engine.core.errors import UserError
from engine.core.expand import HoldersNeeded, expand
from engine.core.facts import Facts, Raw, contract_of
from engine.core.membership import choose_contract
from engine.core.prepared import Prepared
from engine.core.wanted import Expansion, LeftOut
from engine.core.wire_dates import parse_moment
from engine.core.words import END_ANCHORS
from engine.flows.calendars import calendar_at
from engine.flows.directory import Directory
from engine.flows.event_record import Seen, event_of
from engine.flows.reducing import desk_ids, reduced
from engine.flows.request import Request, at_zone
from engine.flows.visits import with_visits
from engine.flows.whom import Whose
from engine.nexudus.client import NexudusReader

_PROVISIONAL_ZONE = "UTC"
"""For choosing a contract only its flags and the order of its dates matter."""

_MAX_ROUNDS = 24
"""Looking up people ends after a round or two, widening the calendar at _MAX_YEARS; more is a bug."""

_MAX_YEARS = 60
"""A due further away than that is a slip of the finger, and no holiday list reaches it."""


class NotOurs(UserError):
    """The coworker or the contract belongs to a location that organisation.yaml does not name."""


class Remembered(Protocol):
    """What facts take from the ledger."""

    def membership_of(self, coworker_id: int) -> Mapping[int, int]: ...

    def loads(self, *, without: tuple[int, str] | None = None) -> Mapping[int, int]: ...


@dataclass(frozen=True)
class Gathered:
    facts: Facts
    expansion: Expansion
    beside: tuple[LeftOut, ...] = ()
    """What is left out beside what expanding tells: a team's items, in the coworker's own part of a list."""

    def without(self, beside: tuple[LeftOut, ...]) -> Gathered:
        """Return this with more that is left out."""
        expansion = replace(self.expansion, left_out=(*self.expansion.left_out, *beside))
        return replace(self, expansion=expansion, beside=(*self.beside, *beside))


class Gatherer:
    """Reads for one list; the directory is shared by all runs of a process."""

    def __init__(
        self, reader: NexudusReader, directory: Directory, prepared: Prepared, memory: Remembered | None
    ) -> None:
        self._reader = reader
        self._directory = directory
        self._prepared = prepared
        self._organisation = prepared.organisation
        self._memory = memory
        self._whose = Whose(reader, prepared)
        self._named = prepared.facts_named()

    def gather(self, request: Request, version: str) -> Gathered:
        """Return the facts and what the list wants by them.

        Raises:
            UserError: whatever cannot be told, each with its own message.
            Unreachable: Nexudus gives no usable answer now.
        """
        return self._complete(self._facts(request), lambda facts: self._expanded(facts, request, version))

    def again(self, gathered: Gathered, facts: Facts) -> Gathered:
        """Return what the list wants by other facts of the same request; errors as `gather`."""
        told = gathered.expansion

        def expanded(facts: Facts) -> Expansion:
            return expand(self._prepared, facts, version=told.version, cycle=told.cycle, anyway=True)

        return self._complete(facts, expanded).without(gathered.beside)

    def _complete(self, facts: Facts, expanded: Callable[[Facts], Expansion]) -> Gathered:
        """Expand, and read the people and the days that turn out to be missing."""
        for _ in range(_MAX_ROUNDS):
            try:
                return Gathered(facts, expanded(facts))
            except HoldersNeeded as needed:
                business_id = self._organisation.locations[facts.location].business_id
                people = self._directory.people(needed.holders, business_id)
                facts = replace(facts, people={**facts.people, **people})
            except CalendarCoverage as short:
                facts = replace(facts, calendar=self._wider(facts, short))
        raise AssertionError("people and calendar days were still missing")

    def _expanded(self, facts: Facts, request: Request, version: str) -> Expansion:
        if request.starting:
            now = at_zone(request.now, facts.zone)
            check_start(self._prepared, facts, Started(request.event_name, request.event_record_id, now))
        try:
            return expand(self._prepared, facts, version=version, cycle=request.again, anyway=request.anyway)
        except (DoesNotApply, CalendarCoverage):
            raise
        except UserError as error:
            if request.starting and facts.contract_id is None and self._prepared.needs_contract():
                raise NotStarted(NO_CONTRACT) from error
            raise

    def _facts(self, request: Request) -> Facts:
        whom = self._whose.whom(request)
        coworker, team, request = whom.coworker, whom.team, whom.request
        contracts, chosen, source = self._contract(coworker, request)
        location = self._location(coworker, chosen, request.location)
        place = self._organisation.locations[location]
        zone = place.time_zone or self._directory.zone(place.business_id)
        event = event_of(self._reader, request, Seen(whom.started_by, chosen, team), zone)
        facts = Facts(
            coworker=reduced("coworker", coworker, self._organisation),
            location=location,
            business=self._business(place.business_id),
            zone=zone,
            calendar=calendar_at(self._organisation, location, self._days(coworker, contracts, request)),
            contracts=tuple(reduced("contract", row, self._organisation) for row in contracts),
            contract_id=int(chosen["Id"]) if chosen else None,
            contract_source=source,
            team=None if team is None else reduced("team", team, self._organisation),
            inputs=dict(request.inputs),
            event=event,
            zones=self._zones(contracts),
            known_chains=dict(self._memory.membership_of(request.coworker_id)) if self._memory else {},
            loads=self._loads(request.coworker_id),
        )
        facts = replace(facts, desks=self._desks(chosen), members=self._members(team))
        return with_visits(self._reader, self._prepared, facts)

    def _contract(self, coworker: Raw, request: Request) -> tuple[tuple[Raw, ...], Raw | None, str]:
        own = self._reader.contracts_of(request.coworker_id)
        contracts, source = own, "the coworker's own"
        elsewhere = request.contract_id is not None and all(row["Id"] != request.contract_id for row in own)
        if elsewhere and self._prepared.part == "team" and not request.part:
            request, elsewhere = replace(request, contract_id=None), False  # it names who started the run, not who pays
        payer = self._whose.other_payer(coworker, request) if elsewhere else None
        chosen = self._choose(own, request) if payer is None else None
        if chosen is None and payer is None:
            payer = self._whose.other_payer(coworker, request)
        if payer is not None:
            contracts = self._reader.contracts_of(payer)
            chosen = self._choose(contracts, request)
            source = f"of the team's paying member {payer}"
        if chosen is None:
            return own, None, ""
        whole = self._reader.contract(chosen)
        return tuple(whole if row["Id"] == chosen else row for row in contracts), whole, source

    def _choose(self, rows: Iterable[Raw], request: Request) -> int | None:
        contracts = [contract_of(row, _PROVISIONAL_ZONE) for row in rows]
        wanted = request.contract_id
        if request.starting and wanted is not None and all(one.id != wanted for one in contracts):
            raise NotStarted(f"contract {wanted} is not among coworker {request.coworker_id}'s", may_lag=True)
        is_end = not END_ANCHORS.isdisjoint(self._prepared.days.behind([self._prepared.tasklist.anchor or ""]))
        found = choose_contract(contracts, wanted=wanted, event=None, anchor_is_end=is_end)
        return found.id if found else None

    def _location(self, coworker: Raw, contract: Raw | None, wanted: str | None) -> str:
        if wanted is not None:
            if wanted not in self._organisation.locations:
                known = ", ".join(self._organisation.locations)
                raise UserError(f"There is no location {wanted!r} in organisation.yaml.", advice=f"Known: {known}.")
            return wanted
        origin = "the contract's IssuedById" if contract else "the coworker's InvoicingBusinessId"
        number = contract.get("IssuedById") if contract else coworker.get("InvoicingBusinessId")
        found = self._organisation.location_of(number) if isinstance(number, int) else None
        if found is None:
            raise NotOurs(
                f"Business {number} ({origin}) is not a location of organisation.yaml.",
                advice="Add it there, or choose a location with --location.",
            )
        return found

    def _zones(self, contracts: Iterable[Raw]) -> dict[int, str]:
        """The zones of the locations that issued the contracts, for dates that are midnight there."""
        found: dict[int, str] = {}
        for row in contracts:
            name = self._organisation.location_of(row["IssuedById"]) if row.get("IssuedById") else None
            zone = self._organisation.locations[name].time_zone if name else None
            if zone:
                found[row["IssuedById"]] = zone
        return found

    def _loads(self, coworker_id: int) -> Mapping[int, int]:
        """How many open tasks each person has when that chooses one, without those of this very list and coworker."""
        picks = {ready.responsible.pick for one in self._prepared.everywhere() for ready in one.items}
        if self._memory is None or "least_loaded" not in picks:
            return {}
        return dict(self._memory.loads(without=(coworker_id, self._prepared.tasklist.tasklist)))

    def _business(self, business_id: int) -> Raw:
        """The record is read only when a text names something that organisation.yaml does not know."""
        own = {"key", "vars", "time_zone", "language", "id"}
        if any(path[0] == "location" and path[1] not in own for path in self._named if len(path) > 1):
            return reduced("location", self._directory.business(business_id), self._organisation)
        return {}

    def _desks(self, contract: Raw | None) -> tuple[Raw, ...]:
        if contract is None or ("contract", "desks") not in {path[:2] for path in self._named}:
            return ()
        ids = desk_ids(contract)
        found = [reduced("contract.desks", row, self._organisation) for row in self._reader.desks(ids)] if ids else []
        return tuple(sorted(found, key=lambda desk: (str(desk.get("Name")), int(str(desk["Id"])))))

    def _members(self, team: Raw | None) -> tuple[Raw, ...]:
        if team is None or ("team", "members") not in {path[:2] for path in self._named}:
            return ()
        given = team.get("TeamMembers") or ()
        found = self._reader.coworkers([number for number in given if isinstance(number, int)])
        kept = ({name: row.get(name) for name in ("Id", "FullName", "Email")} for row in found)
        return tuple(sorted(kept, key=lambda member: int(str(member["Id"]))))

    def _days(self, coworker: Raw, contracts: Iterable[Raw], request: Request) -> list[Date]:
        fields = ("StartDate", "RenewalDate", "ContractTerm", "CancellationDate")
        texts = [row.get(name) for row in contracts for name in fields]
        texts += [coworker.get("RegistrationDate"), coworker.get("CreatedOn")]
        moments = [moment for text in texts if (moment := parse_moment(text)) is not None]
        moments += [at_zone(moment, "UTC") for moment in (request.now, request.event_at) if moment is not None]
        days = [moment.to_tz("UTC").date() for moment in moments if _is_sane(moment)]
        return days + [value for value in request.inputs.values() if isinstance(value, Date)]

    def _wider(self, facts: Facts, short: CalendarCoverage) -> Calendar:
        first, last = facts.calendar.covers
        try:
            days = [first, last, Date.parse_iso(short.wanted)]
        except ValueError:  # a count of open days ran off one end: give it years on both
            days = [first.add(years=-4), last.add(years=4)]
        if max(days).year - min(days).year > _MAX_YEARS:
            raise short
        return calendar_at(self._organisation, facts.location, days)


def _is_sane(moment: Instant) -> bool:
    """Nexudus writes year 1 for some empty dates; a calendar of two thousand years helps nobody."""
    return 1950 <= moment.to_tz("UTC").year <= 2200

