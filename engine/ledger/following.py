"""What becomes of tasks once they are made: completed, gone, given to somebody else, and what waits for them.

One method is one transaction. It must never write an end that nobody saw, and never keep what was asked of a batch
that waits no more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from whenever import Instant

from engine.ledger import holding, reassigning, waiting
from engine.ledger.packing import milliseconds, milliseconds_or_none, seconds_or_none
from engine.ledger.values import BatchKey, Reassigning, StoredWait
from engine.ledger.view import LedgerView


class Following(LedgerView):
    def note_ends(
        self, coworker_id: int, completed: Mapping[UUID, Instant | None], gone: Collection[UUID], now: Instant
    ) -> None:
        """Remember since when tasks are completed (None: open again), and which are no more. Unknown ones are let be.

        What waits for this coworker is looked at next, whoever saw the end. Where there is nothing to tell, nothing
        is written.
        """
        if not completed and not gone:
            return
        moments = {one: seconds_or_none(moment) for one, moment in completed.items()}
        with self._writing() as connection:
            if moments:
                holding.complete(connection, coworker_id, moments)
            if gone:
                holding.go(connection, coworker_id, gone, now.timestamp())
            waiting.hasten(connection, {coworker_id}, milliseconds(now))

    def reassigning(self, change: Reassigning, now: Instant) -> int:
        """Record that a task is about to be given to somebody else, before the first byte; the number of the change.

        An open change of the same task between the same people is gone on with, under its number.
        """
        with self._writing() as connection:
            return reassigning.begin(connection, change, milliseconds(now))

    def reassigned(self, key: int, outcome: str, now: Instant, why: str = "") -> None:
        """Record what came of a change: reassigned, skipped or failed. `why` must hold no member's text."""
        with self._writing() as connection:
            reassigning.settle(connection, key, outcome, why=why, now=milliseconds(now))

    def keep_waiting(self, wait: StoredWait) -> None:
        """Remember what of a batch waits, in place of what was known of it; the older text is cut out of the log."""
        with self._writing() as connection:
            waiting.keep(connection, wait)
        self._text_in_log = True
        self._tidy()

    def put_off(self, wait: StoredWait, *, looked_at: Instant) -> None:
        """Remember when and why a batch is looked at again, unless another run wrote of it since it was read."""
        with self._writing() as connection:
            waiting.put_off(connection, wait, milliseconds(looked_at))

    def waits_no_more(self, coworker_id: int, key: BatchKey, *, looked_by: Instant | None = None) -> None:
        """Forget that a batch waits; with `looked_by` only if nobody looked at it later than that."""
        with self._writing() as connection:
            found = waiting.forget(connection, coworker_id, key, looked_by=milliseconds_or_none(looked_by))
        if found:
            self._text_in_log = True
            self._tidy()

    def end_wait(self, coworker_id: int, key: BatchKey, why: str, now: Instant) -> None:
        """Give up a batch that can never go on; `why`, without a member's text, stays for `tasklists status`."""
        with self._writing() as connection:
            waiting.end(connection, coworker_id, key, why=why, now=milliseconds(now))
        self._text_in_log = True
        self._tidy()

    def forget_ended_waits(self, before: Instant) -> int:
        """Forget the batches that were given up before a moment, and return how many."""
        with self._writing() as connection:
            return waiting.forget_ended(connection, milliseconds(before))
