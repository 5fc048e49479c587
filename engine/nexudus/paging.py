"""Reading a list to its end, and knowing whether that was the end. Pure.

It must never call a list complete on one sign alone: pages shift while they are read, parameters
are ignored, and counts contradict each other (api.md 2.5).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.nexudus.answers import Record
from engine.nexudus.rows import Listing
from engine.nexudus.wire import is_id, usable_id

MOST_PAGES = 200
"""20,000 rows: more than any list that we ask for; beyond it a filter was ignored, or pages never end."""


@dataclass
class Reading:
    """One reading of one list, page after page. `done` once no further page is worth asking for.

    What it cannot see: a row removed from a page already read and another made on a later page,
    between two calls, so that the count stays. Lists of one page have no such gap.
    """

    rows: dict[int, Record] = field(default_factory=dict)
    done: bool = False
    moved: bool = False
    """Rows came or went while we read: another reading may be whole."""
    _pages: int = 0
    _total: int | None = None
    _why: str = ""

    @property
    def next_page(self) -> int:
        return self._pages + 1

    def add(self, page: object) -> None:
        """Take in the answer for `next_page`."""
        self._pages += 1
        if not isinstance(page, Mapping) or not isinstance(page.get("Records"), list):
            self.fail(f"page {self._pages} has no Records")
        elif page.get("CurrentPage", self._pages) != self._pages:
            self.fail(f"page {page.get('CurrentPage')!r} came where page {self._pages} was asked for")
        else:
            new = self._take_rows(page["Records"])
            self._take_total(page.get("TotalItems"))
            self._look_ahead(page, new)

    def fail(self, why: str) -> None:
        """End the reading here: whatever it holds is not the whole list."""
        self._why = self._why or why
        self.done = True

    def listing(self) -> Listing[Record]:
        """The rows in the order of their Ids, and whether they are all."""
        why = self._why
        if not why and len(self.rows) != self._total:
            why = f"{len(self.rows)} rows came of {self._total}"
        ordered = tuple(self.rows[row_id] for row_id in sorted(self.rows))
        return Listing(ordered, not why, why)

    def _take_rows(self, records: list[object]) -> int:
        before = len(self.rows)
        for row in records:
            row_id = usable_id(row)
            if row_id is None or not isinstance(row, Mapping):
                self._doubt("a row has no usable Id")
            elif row_id in self.rows:
                self._move("a row came twice")
            else:
                self.rows[row_id] = row
        return len(self.rows) - before

    def _take_total(self, total: object) -> None:
        if not isinstance(total, int) or isinstance(total, bool):
            self._doubt("TotalItems is missing")
        elif self._total is not None and total != self._total:
            self._move("TotalItems changed from page to page")
        else:
            self._total = total

    def _look_ahead(self, page: Mapping[str, object], new: int) -> None:
        has_next, last = page.get("HasNextPage"), page.get("TotalPages")
        by_count = self._pages < last if isinstance(last, int) and not isinstance(last, bool) else None
        signs = {sign for sign in (has_next, by_count) if isinstance(sign, bool)}
        if len(signs) != 1:
            self._doubt("HasNextPage and TotalPages contradict each other" if signs else "no page count")
        if True not in signs:
            self._end()
        elif not new:
            self.fail(f"page {self._pages} brought nothing new, and more was announced")
        elif self._pages >= MOST_PAGES:
            self.fail(f"no end after {MOST_PAGES} pages")

    def _end(self) -> None:
        if self._total is not None and len(self.rows) != self._total:
            self._move(f"{len(self.rows)} rows came of {self._total}")
        self.done = True

    def _doubt(self, why: str) -> None:
        self._why = self._why or why

    def _move(self, why: str) -> None:
        self.moved = True
        self._doubt(why)


def id_list(records: object) -> dict[int, Record]:
    """The rows of a batch answer by Id: a bare array, or the older form with an envelope."""
    rows = records.get("Records") if isinstance(records, Mapping) else records
    if not isinstance(rows, list):
        return {}
    found = {usable_id(row): row for row in rows if isinstance(row, Mapping)}
    return {row_id: row for row_id, row in found.items() if row_id is not None and is_id(row_id)}
