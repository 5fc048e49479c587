"""Catch-up: finds members and contracts that no delivery told about, and asks for their lists.

It stands in for the events that leave a trace in a record (core.coverage.COVERED). It sends nothing itself: what it
finds becomes jobs like those of a delivery. It must never take a list that was cut for the whole, and never call itself
finished with one: what was missed is then looked for again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

from whenever import Instant

from engine.core.coverage import Occurrence
from engine.core.errors import Unreachable, UserError
from engine.core.organisation import Organisation
from engine.core.triggers import Sighting, jobs_for
from engine.flows.deciding import new_job
from engine.flows.directory import Directory
from engine.flows.lists_in_use import ListsInUse
from engine.flows.stopping import Stop
from engine.flows.sweep_covering import Covering, Meant, see_lists
from engine.flows.sweep_moments import FIRST_START, LAST_SWEEP, LOOK_BACK_DAYS, Since, first_start, since_when
from engine.flows.sweep_occurrences import Places, of_contract, of_coworker, starts_first
from engine.flows.sweep_reading import RecordReading, Window
from engine.ledger.ledger import Ledger
from engine.ledger.service_values import NewJob
from engine.ledger.transactions import AlsoJobs
from engine.nexudus.client import NexudusReader

__all__ = ["FIRST_START", "LAST_SWEEP", "Missing", "Sweep", "SweepSettings", "Swept"]

_SETTLE_SECONDS: Final = 2.0
"""The events of one signup are found in one sweep, and become one job."""

_AT_ONCE: Final = 100
"""Jobs a transaction: deliveries that come in meanwhile wait for it."""


@dataclass(frozen=True)
class SweepSettings:
    """`report` finds and asks nothing. A cancellation counts so many days ahead of its date."""

    mode: Literal["run", "report", "off"] = "run"
    cancellation_days: int = 60
    overlap_seconds: float = 600.0


@dataclass(frozen=True)
class Missing:
    """A list that no delivery started for a coworker. Ids only."""

    tasklist: str
    event: str
    coworker_id: int
    record_id: int
    contract_id: int | None = None


@dataclass(frozen=True)
class Swept:
    """What a sweep found. Unless `finished`, the next one looks back as far. `why` says what was in the way, or odd.

    `looked` counts events that records tell of, `asked` the jobs that were stored or merged; `not_covered` holds
    `list: event` for each event that the sweep does not stand in for.
    """

    looked: int = 0
    missing: tuple[Missing, ...] = ()
    asked: int = 0
    not_covered: tuple[str, ...] = ()
    finished: bool = True
    why: str = ""


class Sweep:
    """One account's catch-up. Kept for the life of a process, so that what was seen is not looked up twice."""

    def __init__(  # noqa: PLR0913 - all by name
        self,
        reader: NexudusReader,
        ledger: Ledger,
        lists: ListsInUse,
        organisation: Organisation,
        *,
        clock: Callable[[], Instant] = Instant.now,
        settings: SweepSettings | None = None,
        also: AlsoJobs | None = None,
    ) -> None:
        self._reader = reader
        self._ledger = ledger
        self._lists = lists
        self._organisation = organisation
        self._clock = clock
        self._settings = settings or SweepSettings()
        self._also = also
        self._seen: set[tuple[str, str]] = set()

    def first_start(self, now: Instant) -> Instant:
        """Return when the service first started, noting it the first time: nothing older is ever swept up."""
        return first_start(self._ledger.watch, now)

    def see_lists(self, now: Instant) -> None:
        """Note what the lists cover from now on. Raises UserError when the folder cannot be read."""
        see_lists(self._lists, self._ledger.watch, now)

    def run(self, stop: Stop) -> Swept:
        """Look once, and ask for what is missing. A list that cannot be read now leaves the sweep unfinished.

        Raises:
            UserError: the login, or the folder of the lists.
            Unreachable: the ledger, or a location whose time zone only Nexudus knows.
            Stopped: asked to stop; the next sweep looks back as far.
        """
        if self._settings.mode == "off":
            return Swept()
        now = self._clock()
        self.first_start(now)
        self.see_lists(now)
        meant = Meant(self._reader, self._ledger, self._clock)
        covering = Covering(self._lists, self._ledger.watch, meant)
        since = since_when(self._ledger.watch, now, self._settings.overlap_seconds)
        look = _Look(RecordReading(self._reader, stop), covering, self._places(), since)
        found = self._unseen(look, self._occurrences(look, now), stop)
        is_run = self._settings.mode == "run"
        asked = self._ask(found, look, now, stop) if is_run else 0
        missing = tuple(dict.fromkeys(_missing(found) if is_run else self._without_known(_missing(found), look)))
        is_whole = not look.reading.troubles
        if is_run and is_whole:
            self._ledger.watch.set_moment(LAST_SWEEP, now)
        why = "; ".join((*look.since.told, *look.reading.troubles))
        return Swept(look.looked, missing, asked, look.covering.not_covered(), is_whole, why)

    def _places(self) -> Places:
        try:
            organisation = self._lists.organisation()
        except UserError:  # its mistakes are told elsewhere; where locations are has not changed
            organisation = self._organisation
        return Places(organisation, Directory(self._reader, self._ledger, self._clock))

    def _occurrences(self, look: _Look, now: Instant) -> Iterator[Occurrence]:
        """All that records of the windows tell of and that has happened; the events of one contract in their order."""
        since = look.since.at
        events = look.covering.events()
        if "coworker.created" in events:
            for row in look.reading.coworkers(Window(since)):
                told = of_coworker(row, look.places)
                if told is not None and told.since >= since:
                    yield told
        wanted = events - {"coworker.created"}
        if not wanted:
            return
        back = min(since, now.subtract(hours=24 * LOOK_BACK_DAYS))
        ahead = now.add(hours=24 * self._settings.cancellation_days)
        welcomes = wanted - {"contract.cancelled"}
        # A contract that starts late may have been entered today: no end for those that are only created.
        latest = None if "contract.created" in wanted else now
        rows = look.reading.contracts(
            created=Window(since) if welcomes else None,
            started=Window(back, latest) if welcomes else None,
            cancelled=Window(back, ahead) if "contract.cancelled" in wanted else None,
        )
        for row in rows:
            for told in of_contract(row, look.places, now=now, days_ahead=self._settings.cancellation_days):
                is_new = told.since >= since if told.event == "contract.created" else told.until >= back
                if is_new and (told.since <= now or told.event == "contract.created"):
                    yield told

    def _unseen(self, look: _Look, told: Iterable[Occurrence], stop: Stop) -> list[tuple[Occurrence, tuple[str, ...]]]:
        """What no delivery and no sweep noticed yet, with the lists that it starts."""
        new: list[Occurrence] = []
        firsts: list[Occurrence] = []
        for one in told:
            look.looked += 1
            if self._is_new(look, one):
                new.append(one)
            if one.event == "contract.activated":
                first = replace(one, event="contract.first_activated")
                if self._is_new(look, first):
                    firsts.append(first)
        new += self._really_first(look, firsts)
        found = []
        for one in new:
            stop.check()
            try:
                names = look.covering.lists_for(one)
            except Unreachable as error:
                look.reading.troubles.append(error.message)
                continue
            if names:
                found.append((one, names))
        return found

    def _is_new(self, look: _Look, one: Occurrence) -> bool:
        if one.contract_id is not None and one.location is None:
            return False  # a business that is none of ours
        mark = (one.event, one.key)
        if mark in self._seen or not look.covering.may_start(one):
            return False
        if self._ledger.jobs.seen(*mark):
            self._seen.add(mark)
            return False
        return True

    def _really_first(self, look: _Look, firsts: list[Occurrence]) -> Iterator[Occurrence]:
        others = look.reading.contracts_of({one.coworker_id for one in firsts})
        for one in firsts:
            if one.coworker_id in others and starts_first(one, others[one.coworker_id], look.places):
                yield one

    def _ask(
        self, found: list[tuple[Occurrence, tuple[str, ...]]], look: _Look, now: Instant, stop: Stop
    ) -> int:
        ids: set[str] = set()
        for start in range(0, len(found), _AT_ONCE):
            stop.check()
            part = found[start : start + _AT_ONCE]
            jobs = [job for one, names in part for job in _jobs(one, names, look, now)]
            ids.update(self._ledger.jobs.ask(jobs, now, self._also))
            for one, _ in part:
                if one.key != str(one.record_id):  # a job's own sighting does not hold the day
                    self._ledger.jobs.note_seen(one.event, one.key, now)
                self._seen.add((one.event, one.key))
        return len(ids)

    def _without_known(self, missing: Iterable[Missing], look: _Look) -> Iterator[Missing]:
        """Less those who have the list already, made by hand meanwhile: nothing notes a sighting of theirs."""
        for one in missing:
            names = {one.tasklist, look.covering.formers.get(one.tasklist)}
            if all(task.tasklist not in names for task in self._ledger.known(one.coworker_id)):
                yield one


@dataclass
class _Look:
    """One sweep at work."""

    reading: RecordReading
    covering: Covering
    places: Places
    since: Since
    looked: int = 0


def _missing(found: Iterable[tuple[Occurrence, tuple[str, ...]]]) -> Iterator[Missing]:
    for one, names in found:
        for name in names:
            yield Missing(name, one.event, one.coworker_id, one.record_id, one.contract_id)


def _jobs(one: Occurrence, names: Iterable[str], look: _Look, now: Instant) -> list[NewJob]:
    sighting = Sighting(one.event, one.record_id, "sweep", now, (one.coworker_id,), one.contract_id)
    starts = {name: look.covering.starts[name] for name in names}
    asked, _ = jobs_for(sighting, starts, now=now, settle_seconds=_SETTLE_SECONDS)
    return [new_job(job) for job in asked]
