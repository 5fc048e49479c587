"""For whom a task changed lately: one read for the whole account, or the lists of those who wait.

It must never take a window that the service ignored for one that it kept, and never wait for a list without end: what
is overlooked here is looked at a day later all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from whenever import Instant

from engine.core.completions import completed_since
from engine.core.wire_dates import parse_moment, wire_moment
from engine.flows.stopping import Stop
from engine.flows.waiting import LOOK_AGAIN_HOURS
from engine.ledger.ledger import Ledger
from engine.ledger.values import StoredWait
from engine.nexudus.calls import Entity
from engine.nexudus.client import NexudusReader
from engine.nexudus.rows import Listing, Record, live_task

OVERLAP_SECONDS: Final = 180
"""The service compares to the minute (api.md 2.5), and its clock and ours differ by two at most."""

MOST_HOURS: Final = LOOK_AGAIN_HOURS + 1
"""What waits is looked at each day all the same: further back a window is only long."""

SKEW_SECONDS: Final = 60
"""A row so little older than the window may be in it: the service rounds to the minute."""

MOST_LISTS: Final = 20
"""Where the window is ignored, so many coworkers' own lists are read at a time: a third of a minute's calls."""

_TURN_SECONDS: Final = 60
"""How often a look is usual: the next one goes on where this one stopped."""

_POLLED: Final = "changed tasks"


class ChangeReader:
    """Reads what changed since the last read that worked; the moment of that one is kept in the ledger."""

    def __init__(self, reader: NexudusReader, ledger: Ledger, stop: Stop) -> None:
        self._reader = reader
        self._ledger = ledger
        self._stop = stop

    def read(self, waits: Sequence[StoredWait], now: Instant) -> frozenset[int]:
        """Return for whom our tasks were completed or opened again; the ledger has noted it. Errors as the client's."""
        listed = self._of_account(self._since(waits, now))
        rows = self._of_each(waits, now) if listed is None else listed.rows
        found = frozenset(self._noted(_by_coworker(rows), now))
        if listed is None or listed.complete:  # else the next window begins where this one did
            self._ledger.watch.set_moment(_POLLED, now)
        return found

    def _since(self, waits: Sequence[StoredWait], now: Instant) -> Instant:
        last = self._ledger.watch.moment(_POLLED)
        oldest = min((one.looked_at for one in waits), default=now)
        known = min(oldest if last is None else last, now)  # a clock that ran ahead overlooks nothing
        return max(known.subtract(seconds=OVERLAP_SECONDS), now.subtract(hours=MOST_HOURS))

    def _of_account(self, since: Instant) -> Listing[Record] | None:
        """The rows of a window over all tasks; None where the service ignores the window."""
        window = {"from_CoworkerTask_UpdatedOn": wire_moment(since)[:16]}
        first = self._reader.short_list(Entity.COWORKER_TASK, window)
        if any(_is_before(row, since) for row in first.rows):
            return None
        if first.complete:
            return first
        self._stop.check()
        return self._reader.listing(Entity.COWORKER_TASK, window)

    def _of_each(self, waits: Sequence[StoredWait], now: Instant) -> Sequence[Record]:
        """The rows of those who wait, some each time; whose turn it is goes with the clock."""
        everybody = sorted({one.coworker_id for one in waits})
        begin = now.timestamp() // _TURN_SECONDS * MOST_LISTS % max(len(everybody), 1)
        rows: list[Record] = []
        for coworker_id in (everybody[begin:] + everybody[:begin])[:MOST_LISTS]:
            self._stop.check()
            listed = self._reader.listing(Entity.COWORKER_TASK, {"CoworkerTask_Coworker": str(coworker_id)})
            rows += [row for row in listed.rows if row.get("CoworkerId") == coworker_id]
        return rows

    def _noted(self, found: Mapping[int, Sequence[Record]], now: Instant) -> Iterator[int]:
        for coworker_id, rows in found.items():
            tasks = [task for task in map(live_task, rows) if task is not None]
            news = completed_since(self._ledger.known(coworker_id), tasks, now)
            if news:
                self._ledger.note_ends(coworker_id, news, (), now)
                yield coworker_id


def _is_before(row: Record, since: Instant) -> bool:
    changed = parse_moment(row.get("UpdatedOn"))
    return changed is not None and changed < since.subtract(seconds=SKEW_SECONDS)


def _by_coworker(rows: Iterable[Record]) -> dict[int, list[Record]]:
    found: dict[int, list[Record]] = {}
    for row in rows:
        coworker_id = row.get("CoworkerId")
        if isinstance(coworker_id, int) and not isinstance(coworker_id, bool):
            found.setdefault(coworker_id, []).append(row)
    return found
