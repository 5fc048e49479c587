"""Reads of any kind of record: one, several, or a whole list, each compared again on our side.

It must never take an answer for another record's, nor a list that may be cut for a whole one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from engine.nexudus.answers import Absent, Found, Record
from engine.nexudus.calls import PAGE_SIZE, Call, Entity, read_batch, read_one, read_page
from engine.nexudus.conversation import Conversation
from engine.nexudus.errors import IncompleteList, NexudusUnreachable, RequestRefused, UnreadableRecord
from engine.nexudus.paging import Reading, id_list
from engine.nexudus.rows import Listing
from engine.nexudus.wire import usable_id

READINGS = 3
"""Of a list that changes while it is read; after that it counts as incomplete."""

BATCH = 50
"""Ids a batch call: the address stays below 1 KiB."""


class Records:
    """Raw reads on one account. What a record means is decided elsewhere."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self.page_size = PAGE_SIZE
        """Rows asked for on a page; a probe may have found that more come (api.md 14, Q12)."""

    def record(self, entity: Entity, record_id: int) -> Record | None:
        """One whole record, None if Nexudus knows no such id.

        UnreadableRecord where it answers 500 again and again: gone on some accounts, trouble on others.
        """
        try:
            found = self._conversation.read(read_one(entity, record_id))
        except NexudusUnreachable as error:
            if error.status == 500:
                raise UnreadableRecord(entity.label, record_id) from error
            raise
        if isinstance(found, Absent):
            return None
        if not isinstance(found.value, dict) or usable_id(found.value) != record_id:
            raise NexudusUnreachable(f"{entity.label} {record_id} was asked for, and another answer came.")
        return found.value

    def listing(self, entity: Entity, filters: Mapping[str, str] | None = None) -> Listing[Record]:
        """All rows of a list; `complete` is false, with the reason, unless every sign says it is whole.

        The filters are only a hint to Nexudus, which ignores what it does not know: compare the rows.
        A list of which not even the first page can be read raises.
        """
        reading = Reading()
        for _ in range(READINGS):
            reading = self._read_through(entity, filters or {})
            if not reading.moved:
                break
        return reading.listing()

    def short_list(self, entity: Entity, filters: Mapping[str, str]) -> Listing[Record]:
        """The first page of a list, in one call; `complete` only if that was all of it."""
        reading = Reading()
        page = self._conversation.read(read_page(entity, filters, 1, size=self.page_size))
        reading.add(page.value if isinstance(page, Found) else None)
        if not reading.done:
            reading.fail("it has more than one page")
        return reading.listing()

    def whole_list(self, entity: Entity, filters: Mapping[str, str] | None = None) -> tuple[Record, ...]:
        """All rows of a list; IncompleteList where that is in doubt."""
        listing = self.listing(entity, filters)
        if not listing.complete:
            raise IncompleteList(f"{entity.label} records", listing.why_incomplete)
        return listing.rows

    def batch(
        self, entity: Entity, ids: Iterable[int], *, is_whole: Callable[[Record], bool]
    ) -> tuple[Record, ...]:
        """The records with these ids, in the order of `ids`; those that do not exist are left out.

        Rows that are not whole, and ids that did not come, are read one by one.
        """
        wanted = list(dict.fromkeys(ids))
        rows: dict[int, Record] = {}
        for start in range(0, len(wanted), BATCH):
            found = self._conversation.read(read_batch(entity, wanted[start : start + BATCH]))
            rows |= id_list(found.value) if isinstance(found, Found) else {}
        records = (
            rows[each] if each in rows and is_whole(rows[each]) else self.record(entity, each)
            for each in wanted
        )
        return tuple(record for record in records if record is not None)

    def value(self, call: Call) -> Record:
        """The object that a call without an id answers with."""
        found = self._conversation.read(call)
        if isinstance(found, Absent) or not isinstance(found.value, dict):
            raise NexudusUnreachable(f"{call} was answered with no record.")
        return found.value

    def _read_through(self, entity: Entity, filters: Mapping[str, str]) -> Reading:
        reading = Reading()
        while not reading.done:
            number = reading.next_page
            try:
                page = self._conversation.read(read_page(entity, filters, number, size=self.page_size))
            except NexudusUnreachable:
                if number == 1:
                    raise
                reading.fail(f"page {number} could not be read")
                break
            if isinstance(page, Absent) and number == 1:
                raise RequestRefused(
                    f"Nexudus knows no list of {entity.label} records.",
                    advice="This account does not offer them, or NEXUDUS_BASE_URL is not the API's address.",
                )
            reading.add(page.value if isinstance(page, Found) else None)
        return reading
