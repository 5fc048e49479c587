"""The lists that the sweep and a backfill read: few, by pages, and compared again on our side.

It must never take a list that was cut for a whole one: what could not be read to its end is a trouble, and said.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from whenever import Instant

from engine.core.errors import Unreachable
from engine.core.wire_dates import parse_moment, wire_moment
from engine.flows.stopping import Stop
from engine.nexudus.calls import Entity
from engine.nexudus.client import NexudusReader
from engine.nexudus.errors import UnreadableRecord
from engine.nexudus.rows import Record, is_whole_contract
from engine.nexudus.wire import usable_id

_MARGIN_HOURS: Final = 48
"""On both ends of windows over calendar dates: zones reach from -12 to +14 hours, and dates are midnight in either."""

_FEW: Final = 20
"""Coworkers whose contracts are asked for one by one; of more, one list of all contracts is fewer calls."""


@dataclass(frozen=True)
class Window:
    """From and until when; an end that is None is open. Both ends belong to it."""

    since: Instant | None
    until: Instant | None = None

    def wider(self) -> Window:
        """Return the window with a margin for dates that are midnight somewhere."""
        return Window(
            self.since and self.since.subtract(hours=_MARGIN_HOURS), self.until and self.until.add(hours=_MARGIN_HOURS)
        )


class RecordReading:
    """Reads lists for one look. `troubles` says what could not be read to its end."""

    def __init__(self, reader: NexudusReader, stop: Stop) -> None:
        self._reader = reader
        self._stop = stop
        self.troubles: list[str] = []

    def coworkers(self, created: Window, filters: Mapping[str, str] | None = None) -> tuple[Record, ...]:
        """Return the coworkers whose CreatedOn lies in a window, and with them whatever a filter let through."""
        rows, why = self._list(Entity.COWORKER, {**_bounds("Coworker_CreatedOn", created), **(filters or {})})
        self._doubt(why)
        return rows

    def contracts(
        self, *, created: Window | None = None, started: Window | None = None, cancelled: Window | None = None
    ) -> tuple[Record, ...]:
        """Return the contracts with a date in one of the windows; others may be among them.

        No filter on CreatedOn is documented (api.md 4). It is sent all the same: where it is heeded, contracts that
        were entered late are found, and where it is ignored all contracts come, which answers everything at once.
        """
        found: dict[int, Record] = {}
        if created is not None:
            rows, why = self._list(Entity.CONTRACT, _bounds("CoworkerContract_CreatedOn", created))
            found |= _by_id(rows)
            if not any(_before(row, created) for row in rows):
                self._doubt(why)
            elif not why:
                return self._whole_rows(rows)
        for name, window in (("StartDate", started), ("CancellationDate", cancelled)):
            if window is not None:
                rows, why = self._list(Entity.CONTRACT, _bounds(f"CoworkerContract_{name}", window.wider()))
                found |= _by_id(rows)
                self._doubt(why)
        return self._whole_rows(found.values())

    def all_contracts(self) -> tuple[Record, ...]:
        """Return every contract."""
        rows, why = self._list(Entity.CONTRACT, {})
        self._doubt(why)
        return self._whole_rows(rows)

    def contracts_of(self, coworker_ids: Collection[int]) -> Mapping[int, tuple[Record, ...]]:
        """Return all contracts of each coworker; one whose contracts cannot be read now is left out."""
        if len(coworker_ids) > _FEW:
            rows, why = self._list(Entity.CONTRACT, {})
            if not why:
                return _by_coworker(rows, coworker_ids)
        found: dict[int, tuple[Record, ...]] = {}
        for coworker_id in sorted(coworker_ids):
            self._stop.check()
            try:
                found[coworker_id] = self._reader.contracts_of(coworker_id)
            except UnreadableRecord:  # one record that ails for good: better a list too many than none
                found[coworker_id] = ()
            except Unreachable as error:
                self._doubt(error.message)
        return found

    def _doubt(self, why: str) -> None:
        if why and why not in self.troubles:
            self.troubles.append(why)

    def _list(self, entity: Entity, filters: Mapping[str, str]) -> tuple[tuple[Record, ...], str]:
        """The rows that came, and why they are not all, or nothing."""
        self._stop.check()
        try:
            listing = self._reader.listing(entity, filters)
        except Unreachable as error:
            return (), error.message
        why = "" if listing.complete else f"the list of {entity.label} records: {listing.why_incomplete}"
        return listing.rows, why

    def _whole_rows(self, rows: Iterable[Record]) -> tuple[Record, ...]:
        """Rows that lack what is decided on are read one by one; one that is gone by now is left out."""
        whole = (row if is_whole_contract(row) and row.get("CreatedOn") else self._reread(row) for row in rows)
        return tuple(row for row in whole if row is not None)

    def _reread(self, row: Record) -> Record | None:
        self._stop.check()
        try:
            return self._reader.record(Entity.CONTRACT, usable_id(row) or 0)
        except UnreadableRecord:  # one record that ails for good must not hold up all others
            return None
        except Unreachable as error:
            self._doubt(error.message)
            return None


def _bounds(name: str, window: Window) -> dict[str, str]:
    """The filters of a window, to the minute, as documented (api.md 2.3)."""
    ends = {f"from_{name}": window.since, f"to_{name}": window.until and window.until.add(minutes=1)}
    return {key: wire_moment(moment)[:16] for key, moment in ends.items() if moment is not None}


def _before(row: Record, window: Window) -> bool:
    """Whether a row shows that the filter was ignored."""
    moment = parse_moment(row.get("CreatedOn"))
    return moment is not None and window.since is not None and moment < window.since.subtract(minutes=1)


def _by_id(rows: Iterable[Record]) -> dict[int, Record]:
    return {usable_id(row) or 0: row for row in rows}


def _by_coworker(rows: Iterable[Record], wanted: Collection[int]) -> dict[int, tuple[Record, ...]]:
    found: dict[int, list[Record]] = {coworker_id: [] for coworker_id in wanted}
    for row in rows:
        coworker_id = row.get("CoworkerId")
        if isinstance(coworker_id, int) and coworker_id in found:
            found[coworker_id].append(row)
    return {coworker_id: tuple(own) for coworker_id, own in found.items()}
