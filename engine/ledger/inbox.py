"""The deliveries of a ledger: stored before they are acknowledged, then decided. One method is one transaction.

It must never act on a delivery that was not verified, never keep a body once its delivery is done, and never call
a clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection
from whenever import Instant

from engine.core.errors import UserError
from engine.ledger import accepting, job_rows
from engine.ledger import delivery_rows as rows
from engine.ledger import service_schema as tables
from engine.ledger.packing import instant_or_none, milliseconds
from engine.ledger.service_values import DISCARDED, Accepted, Delivery, DeliveryId, JobId, NewDelivery, NewJob
from engine.ledger.transactions import Also, AlsoDeliveries, AlsoJobs, Reading, Transactions, short

__all__ = ["Also", "Inbox", "InboxView"]

TIDY_MILLISECONDS: Final = 5_000
"""While one delivery is decided after the other, removed bodies are cut out of the log so often: each time would
cost more than the deciding."""

_FORGET_AT_ONCE: Final = 500
"""Deliveries forgotten in one transaction: those who write meanwhile wait for milliseconds."""


class InboxView:
    """Deliveries for looking only."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading.reading

    def due(self, now: Instant, *, limit: int) -> tuple[DeliveryId, ...]:
        """The new deliveries to be looked at by now, the longest due first; none that was not verified."""
        with self._reading() as connection:
            return rows.due(connection, milliseconds(now), limit)

    def delivery(self, delivery_id: DeliveryId) -> Delivery | None:
        """One delivery, None if the ledger has no such delivery."""
        with self._reading() as connection:
            return rows.read(connection, delivery_id=delivery_id)

    def body(self, delivery_id: DeliveryId) -> bytes | None:
        """The bytes as received: a member's text. None once its delivery is done."""
        with self._reading() as connection:
            return rows.body_of(connection, delivery_id)

    def listed(self, state: str | None = None, *, limit: int = 50) -> tuple[Delivery, ...]:
        """Deliveries, the newest first, of one state or of all; those never verified are `unverified`."""
        with self._reading() as connection:
            return rows.listed(connection, state, limit)

    def counts(self) -> dict[str, int]:
        """How many there are by state; those never verified are `unverified` instead of `aside`."""
        with self._reading() as connection:
            return rows.counts(connection)

    def turned_away(self) -> int:
        """How many that were never verified were not even kept, because enough were."""
        with self._reading() as connection:
            return accepting.turned_away(connection)

    def oldest_waiting(self) -> Instant | None:
        """Since when the new delivery that waits longest is new, None if none is."""
        with self._reading() as connection:
            return instant_or_none(rows.waiting_since(connection))


class Inbox(InboxView):
    def __init__(self, transactions: Transactions, key: bytes) -> None:
        super().__init__(transactions)
        self._writing = transactions.writing
        self._transactions = transactions
        self._key = key
        self._tidied_at = 0

    def accept(
        self, deliveries: Sequence[NewDelivery], *, also: AlsoDeliveries | None = None
    ) -> tuple[Accepted, ...]:
        """Store deliveries durably, all or none; one answer each, in order.

        The same bytes for the same location and event are one delivery, however often they come. A hundred that
        were not verified are kept, never acted on; further ones are counted and have no id.
        """
        with self._writing() as connection:
            accepted = accepting.store(connection, self._key, deliveries)
            fresh = tuple(one.id for one in accepted if one.is_new)
            if also is not None and fresh:
                also(connection, fresh)
        return accepted

    def decide(  # noqa: PLR0913  what was decided about one delivery, by name
        self,
        delivery_id: DeliveryId,
        jobs: Sequence[NewJob],
        *,
        why: str,
        record_id: int | None,
        coworker_id: int | None,
        now: Instant,
        also: AlsoJobs | None = None,
    ) -> tuple[JobId, ...]:
        """Settle a new delivery: it is done, its body goes, its jobs are stored or merged, its record is seen.

        One that is new no more was decided, set aside or discarded by somebody else: nothing changes, and the
        answer is the jobs that it asked for.
        """
        moment = milliseconds(now)
        with self._deciding(moment) as connection:
            found = rows.find(connection, delivery_id)
            if found.state != tables.NEW:
                return job_rows.of_delivery(connection, found.key)
            stored = job_rows.store(connection, jobs, moment, delivery_key=found.key)
            job_rows.let_go(connection, found.key, "no longer asked for: its delivery was decided again", moment)
            told = {"why": short(why), "record_id": record_id, "coworker_id": coworker_id}
            self._settle(connection, found, moment, **told)
            job_rows.review_delivery(connection, found.key, moment)
            if record_id is not None:
                job_rows.note_seen(connection, found.event, str(record_id), moment)
            if also is not None and stored.fresh:
                also(connection, stored.fresh)
        return stored.all

    def set_aside(self, delivery_id: DeliveryId, why: str, now: Instant) -> bool:
        """Leave a new delivery to a person, with its body. False, and nothing changed, if it is new no more."""
        return self._stop(delivery_id, tables.ASIDE, why, milliseconds(now))

    def fail(self, delivery_id: DeliveryId, why: str, now: Instant) -> bool:
        """Give a new delivery up after too many tries. False, and nothing changed, if it is new no more."""
        return self._stop(delivery_id, tables.FAILED, why, milliseconds(now))

    def _stop(self, delivery_id: DeliveryId, state: int, why: str, moment: int) -> bool:
        values = {"state": state, "why": short(why), "trouble": "", "settled_at": moment}
        return self._change_new(delivery_id, **values)

    def retry(self, delivery_id: DeliveryId, why: str, due_at: Instant, now: Instant) -> bool:
        """Look at a new delivery again at `due_at`: one more try failed. False if it is new no more."""
        del now  # of the same shape as its siblings
        tries = tables.deliveries.c.tries + 1
        return self._change_new(delivery_id, due_at=milliseconds(due_at), why=short(why), tries=tries)

    def _change_new(self, delivery_id: DeliveryId, **values: object) -> bool:
        with self._writing() as connection:
            found = rows.find(connection, delivery_id)
            if found.state != tables.NEW:
                return False
            rows.change(connection, found.key, **values)
        return True

    def replay(self, delivery_id: DeliveryId, now: Instant) -> bool:
        """Make a delivery new, whatever became of it, with all its tries. False if there is no such delivery.

        Raises:
            UserError: it was never verified, or neither its body nor the ids read from it are kept.
        """
        moment = milliseconds(now)
        fresh = {"state": tables.NEW, "tries": 0, "waits_since": moment, "due_at": moment, "settled_at": None}
        with self._writing() as connection:
            try:
                found = rows.find(connection, delivery_id)
            except LookupError:
                return False
            _refuse_replay(found)
            rows.change(connection, found.key, **fresh, why="", trouble="")
        return True

    def discard(self, delivery_id: DeliveryId, now: Instant) -> bool:
        """Settle a delivery by hand, whatever it waits for. False if there is no such delivery.

        Its open jobs go on; those aside or failed that no other delivery waits for are settled with it.
        """
        moment = milliseconds(now)
        with self._deciding(moment) as connection:
            try:
                found = rows.find(connection, delivery_id)
            except LookupError:
                return False
            job_rows.let_go(connection, found.key, DISCARDED, moment)
            self._settle(connection, found, moment, why=DISCARDED)
        return True

    def forget_settled(self, before: Instant) -> int:
        """Remove deliveries that were done before that moment, and as old ones never verified; how many went.

        Jobs stay. A copy of a forgotten delivery is new: what it asks for is then found done. A few at once are
        one transaction.
        """
        went = 0
        while True:
            with self._writing() as connection:
                keys = rows.old_ones(connection, milliseconds(before), _FORGET_AT_ONCE)
                rows.forget(connection, keys)
            went += len(keys)
            if len(keys) < _FORGET_AT_ONCE:
                break
        if went:
            self._transactions.text_went()
            self._transactions.tidy()
        return went

    def _settle(self, connection: Connection, found: rows.Found, moment: int, **told: object) -> None:
        rows.change(connection, found.key, state=tables.DONE, trouble="", settled_at=moment, **told)
        rows.forget_body(connection, found.key)

    @contextmanager
    def _deciding(self, moment: int) -> Iterator[Connection]:
        """A transaction that may remove a body, whose bytes are then cut out of the log."""
        with self._writing() as connection:
            yield connection
            more_to_come = bool(rows.due(connection, moment, 1))
        self._transactions.text_went()  # after the commit: whoever tidies before it finds nothing to cut
        if not more_to_come or not 0 <= moment - self._tidied_at < TIDY_MILLISECONDS:
            self._tidied_at = moment
            self._transactions.tidy()


def _refuse_replay(found: rows.Found) -> None:
    if found.is_unverified:
        raise UserError(
            f"the delivery {found.id} was never verified, so nothing is ever done because of it.",
            advice="Mend the secret of its path; the sweep finds what the deliveries before would have told.",
        )
    if found.body_key is None and found.record_id is None:
        raise UserError(
            f"of the delivery {found.id} neither its body nor the ids in it are kept.",
            advice="The sweep finds what it would have told; `tasklists run LIST --coworker ID` does it at once.",
        )
