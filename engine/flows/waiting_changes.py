"""For whom a task changed lately: one read for the whole account, or the lists of those who wait.

It must never take a window that the service ignored for one that it kept, and never wait for a list without end: what
is overlooked here is looked at a day later all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from whenever import Instant

from engine.core.completions import completed_since
from engine.core.wire_dates import parse_moment, wire_moment
from engine.flows.stopping import Stop
from engine.ledger.ledger import Ledger
from engine.ledger.values import StoredWait
from engine.nexudus.calls import Entity
from engine.nexudus.client import NexudusReader
from engine.nexudus.rows import Record, live_task

OVERLAP_SECONDS: Final = 180
"""The service compares to the minute (api.md 2.5), and its clock and ours differ by two at most."""

SKEW_SECONDS: Final = 60
"""A row so little older than the window may be in it: the service rounds to the minute."""

MOST_LISTS: Final = 20
"""Where the window is ignored, so many coworkers' own lists are read at a time: a third of a minute's calls."""

_POLLED: Final = "changed tasks"


@dataclass(frozen=True)
class Changes:
    """The coworkers of whom a task changed since the last look. `moment` is when that look began (UTC)."""

    coworker_ids: frozenset[int]
    moment: Instant


class ChangeReader:
    """Reads what changed since the last read that worked; the moment of that one is kept in the ledger."""

    def __init__(self, reader: NexudusReader, ledger: Ledger, stop: Stop) -> None:
        self._reader = reader
        self._ledger = ledger
        self._stop = stop

    def read(self, waits: Sequence[StoredWait], now: Instant) -> Changes:
        """Return for whom tasks changed; completions of our tasks are noted in the ledger. Errors as the client's."""
        since = self._since(waits, now)
        rows = self._of_account(since)
        if rows is None:
            rows = self._of_each(waits, since)
        found = _by_coworker(rows)
        self._note(found, now)
        self._ledger.watch.set_moment(_POLLED, now)
        return Changes(frozenset(found), now)

    def _since(self, waits: Sequence[StoredWait], now: Instant) -> Instant:
        last = self._ledger.watch.moment(_POLLED)
        oldest = min((one.looked_at for one in waits), default=now)
        known = min(oldest if last is None else last, now)  # a clock that ran ahead overlooks nothing
        return known.subtract(seconds=OVERLAP_SECONDS)

    def _of_account(self, since: Instant) -> Sequence[Record] | None:
        """The rows of a window over all tasks; None where the service ignores the window."""
        window = {"from_CoworkerTask_UpdatedOn": wire_moment(since)[:16]}
        first = self._reader.short_list(Entity.COWORKER_TASK, window)
        if any(_is_before(row, since) for row in first.rows):
            return None
        if first.complete:
            return first.rows
        self._stop.check()
        whole = self._reader.listing(Entity.COWORKER_TASK, window)
        return whole.rows  # of a list that moved while it was read, too: the rest is in the next window, or seen by day

    def _of_each(self, waits: Sequence[StoredWait], since: Instant) -> Sequence[Record]:
        """The changed rows of those who wait, who was looked at the longest ago first."""
        oldest = sorted(waits, key=lambda one: (one.looked_at, one.coworker_id))
        rows: list[Record] = []
        for coworker_id in list(dict.fromkeys(one.coworker_id for one in oldest))[:MOST_LISTS]:
            self._stop.check()
            listed = self._reader.listing(Entity.COWORKER_TASK, {"CoworkerTask_Coworker": str(coworker_id)})
            rows += [row for row in listed.rows if row.get("CoworkerId") == coworker_id and not _is_before(row, since)]
        return rows

    def _note(self, found: Mapping[int, Sequence[Record]], now: Instant) -> None:
        for coworker_id, rows in found.items():
            tasks = [task for task in map(live_task, rows) if task is not None]
            news = completed_since(self._ledger.known(coworker_id), tasks, now)
            self._ledger.note_ends(coworker_id, news, (), now)


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
