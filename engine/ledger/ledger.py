"""The durable memory of what was meant and what was done. One method is one transaction.

The order that keeps the promise of design 5.3: `claim` before the first byte is sent, `record`
as soon as the answer is known. No method may send anything, read a clock, or keep a payload
after its result.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, Engine
from whenever import Instant

from engine.ledger import caches, leases, outcomes, runs
from engine.ledger.claims import Holder, Keys, claim_intents, has_open_text
from engine.ledger.following import Following
from engine.ledger.inbox import Inbox
from engine.ledger.jobs import Jobs
from engine.ledger.packing import instant, milliseconds, milliseconds_or_none
from engine.ledger.pins import Pins
from engine.ledger.transactions import Transactions
from engine.ledger.values import Intent, Lease, NewRun, RunId
from engine.ledger.view import Account
from engine.ledger.watch import Watch

FRESH_MILLISECONDS: Final = 100
"""A sign of life this young need not be written again: no quiet period is that short in earnest."""


class Ledger(Following):
    def __init__(self, engine: Engine, place: Path | str, account: Account, busy_seconds: float) -> None:
        super().__init__(engine, place, account, busy_seconds)
        self._keys = Keys()
        self._holders: dict[RunId, Holder] = {}
        self._pins = Pins(self._connections) if self._connections.is_served else None

    @cached_property
    def inbox(self) -> Inbox:
        """The deliveries of the service."""
        return Inbox(self._transactions, self.fingerprint_key)

    @cached_property
    def jobs(self) -> Jobs:
        """What deliveries, the sweep and backfills asked for."""
        return Jobs(self._transactions)

    @cached_property
    def watch(self) -> Watch:
        """Doors, alerts, moments and coverage of the service."""
        return Watch(self._transactions)

    @property
    def _transactions(self) -> Transactions:
        return Transactions(self._reading, self._writing, self._text_went, self._tidy)

    def _text_went(self) -> None:
        self._text_in_log = True

    def begin_run(self, run: NewRun) -> RunId:
        """Record that a plan is about to be applied; the id is new and sorts by `started_at`."""
        with self._writing() as connection:
            run_id = runs.begin(connection, run)
        self._text_in_log = self._text_in_log or bool(run.request)
        return run_id

    def claim(
        self, run_id: RunId, intents: Sequence[Intent], now: Instant, lease: Lease | None = None
    ) -> frozenset[UUID]:
        """Write intents of the run's coworker durably; only the returned identities may be sent.

        Not claimed: what is settled, and what is intended already, by whichever run; unless the
        intent says `reclaim` and its `held_by` still holds it. A failed one is taken over. Nothing is
        claimed under a lease that somebody else took.
        """
        with self._writing() as connection:
            if leases.is_lost(connection, lease):
                return frozenset()
            run = self._holder(connection, run_id)
            claimed = claim_intents(connection, run, intents, now=milliseconds(now), keys=self._keys)
            runs.see(connection, run, milliseconds(now))
        self._text_in_log = self._text_in_log or bool(claimed)
        return frozenset(intent.identity for intent in claimed)

    def record(  # noqa: PLR0913  what came of one task, by name
        self,
        run_id: RunId,
        identity: UUID,
        outcome: str,
        *,
        now: Instant,
        task_id: int | None = None,
        error: str = "",
        fingerprints: Mapping[str, str] | None = None,
    ) -> bool:
        """Record an outcome. True unless another task is remembered for this identity already.

        created, adopted: settled with `task_id`, even if another run holds the intent by now.
        failed, parked: certainly not committed, so the next claim takes it over.
        held: the intent stays open. All others change no task. `error` must hold no member's text.
        """
        with self._writing() as connection:
            run = self._holder(connection, run_id)
            runs.see(connection, run, milliseconds(now))
            if outcome in outcomes.MADE:
                values = outcomes.settled(outcome, task_id, fingerprints or {}, now)
                told = outcomes.settle(connection, run, identity, values)
            else:
                told = True
                outcomes.leave_or_fail(connection, run, identity, outcome)
            if error or not told or outcome not in outcomes.MADE:
                outcomes.tell(connection, run, identity, outcome, task_id=task_id, error=error, now=now)
            texts_wait = has_open_text(connection, run.coworker_id)
        if outcome in outcomes.LAST_WORDS:
            self._text_in_log = True
        if not texts_wait:
            self._tidy()
        return told

    def adopt(
        self,
        run_id: RunId,
        intent: Intent,
        *,
        task_id: int,
        fingerprints: Mapping[str, str],
        now: Instant,
        lease: Lease | None = None,
    ) -> bool:
        """Take a task that was found for one of ours, intended or not.

        False, and nothing changed, if the identity is settled, the task is another identity's, or the lease lost.
        """
        with self._writing() as connection:
            if leases.is_lost(connection, lease):
                return False
            run = self._holder(connection, run_id)
            found = outcomes.find(connection, run, intent.identity)
            settled = found is not None and found.task_id is not None
            if settled or outcomes.holds_task(connection, run.coworker_id, task_id):
                return False
            runs.see(connection, run, milliseconds(now))
            if found is None:
                claim_intents(connection, run, [intent], now=milliseconds(now), keys=self._keys)
            outcomes.settle(connection, run, intent.identity, outcomes.settled("adopted", task_id, fingerprints, now))
        self._text_in_log = True
        self._tidy()
        return True

    def withdraw(
        self, run_id: RunId, identity: UUID, now: Instant, why: str, *, lease: Lease | None = None
    ) -> bool:
        """Forget a task that was certainly not made and that nobody wants any more; the run tells why.

        False, and nothing changed, unless it was refused, or is an open intent of this very run, under our lease.
        """
        with self._writing() as connection:
            if leases.is_lost(connection, lease):
                return False
            run = self._holder(connection, run_id)
            withdrawn = outcomes.withdraw(connection, run, identity)
            if withdrawn:
                outcomes.tell(connection, run, identity, "skipped", task_id=None, error=why, now=now)
        self._text_in_log = True
        self._tidy()
        return withdrawn

    def finish_run(  # noqa: PLR0913  how one run ended, by name
        self,
        run_id: RunId,
        counts: Mapping[str, int],
        now: Instant,
        *,
        done: bool,
        resumes_at: Instant | None = None,
    ) -> None:
        """Close a run with how many tasks had which outcome. Its open intents stay open.

        `done`: nothing is left to do, so its request goes, and with it every older equal one of the
        coworker. Else the request stays for `unfinished`; parked till `resumes_at` (UTC) if given.
        """
        resumes = None if done else milliseconds_or_none(resumes_at)
        with self._writing() as connection:
            run = self._holder(connection, run_id)
            runs.see(connection, run, milliseconds(now))
            runs.finish(connection, run, counts, now=milliseconds(now), resumes_at=resumes)
            if done and runs.forget_requests_met_by(connection, run):
                self._text_in_log = True
        self._tidy()

    def forget_request(self, run_id: RunId) -> None:
        """Give up what was asked of a run that can never go on, because its list is gone."""
        with self._writing() as connection:
            if runs.forget_request_of(connection, self._holder(connection, run_id)):
                self._text_in_log = True
        self._tidy()

    def take_lease(self, name: str, *, holder: str, seconds: float, now: Instant) -> Lease | None:
        """Take a lease that is free, ran out, or is the holder's own; None while somebody else holds it.

        On PostgreSQL one that ran out is held as well while the session of its holder lives: that process may be
        stopped in the middle of a request. The fence grows with each taking by another holder and each taking after
        the end.
        """
        moment, lease = milliseconds(now), None
        if self._pins is not None and not self._pin(self._pins, name, holder, moment):
            return None
        try:
            with self._writing() as connection:
                lease = leases.take(connection, name, holder=holder, length=_length(seconds), now=moment)
        finally:
            if lease is None and self._pins is not None:
                self._pins.let_go(name, holder)
        return lease

    def _pin(self, pins: Pins, name: str, holder: str, moment: int) -> bool:
        """Look first: the lock belongs to the holder of the row, and who only asks must not be in its way."""
        with self._reading() as connection:
            row = leases.find(connection, name)
        return not leases.is_anothers(row, holder, moment) and pins.hold(name, holder)

    def renew_lease(self, lease: Lease, *, seconds: float, now: Instant) -> Lease | None:
        """Hold it for longer, even past its end if nobody took it since; None if somebody did."""
        if self._pins is not None and not self._pins.hold(lease.name, lease.holder):
            return None
        with self._writing() as connection:
            return leases.renew(connection, lease, length=_length(seconds), now=milliseconds(now))

    def give_back_lease(self, lease: Lease) -> None:
        """Free it from now on; nothing happens if it is another's by now."""
        try:
            with self._writing() as connection:
                leases.give_back(connection, lease)
        finally:
            if self._pins is not None:
                self._pins.let_go(lease.name, lease.holder)

    def close(self) -> None:
        """Give back all connections, and with them what sessions hold; a file is left without a log."""
        if self._pins is not None:
            self._pins.close()
        super().close()

    def confirm(  # noqa: PLR0913  what is about to be sent, and under which lease, by name
        self, run_id: RunId, lease: Lease, *, seconds: float, now: Instant, identity: UUID | None = None
    ) -> Lease | None:
        """Right before a send: the lease, if it and the intent of `identity` are still ours; None: then send nothing.

        It is renewed for `seconds` once less than half of that is left, and the run's sign of life is fresh.
        """
        moment, length = milliseconds(now), _length(seconds)
        with self._reading_under(lease) as connection:
            if connection is None:
                return None
            row = leases.find(connection, lease.name)
            seen_at = runs.last_sign(connection, run_id)
            holds = self._holds(connection, run_id, identity)
        if row is None or not leases.is_ours(row, lease) or not holds:
            return None
        fresh = moment - seen_at < FRESH_MILLISECONDS
        if fresh and 2 * (row.until - moment) >= length:
            return Lease(lease.name, lease.holder, lease.fence, instant(row.until))
        with self._writing() as connection:
            kept = leases.keep(connection, lease, length=length, now=moment)
            if kept is None or not self._holds(connection, run_id, identity):
                return None
            runs.see(connection, self._holder(connection, run_id), moment)
            return kept

    def _reading_under(self, lease: Lease) -> AbstractContextManager[Connection | None]:
        return self._reading() if self._pins is None else self._pins.reading(lease)

    def _holds(self, connection: Connection, run_id: RunId, identity: UUID | None) -> bool:
        return identity is None or outcomes.is_held_by(connection, self._holder(connection, run_id), identity)

    def record_membership(self, coworker_id: int, contract_ids: Collection[int], chain_id: int) -> int:
        """Remember which chain contracts belong to and return the chain's id in force.

        A contract keeps its first chain; a chain that shares a contract with a known one keeps that id.
        """
        with self._writing() as connection:
            return caches.add_to_chain(connection, coworker_id, contract_ids, chain_id)

    def _holder(self, connection: Connection, run_id: RunId) -> Holder:
        """The row of a run; it never changes or goes away, so it is looked up once."""
        if (known := self._holders.get(run_id)) is not None:
            return known
        found = runs.find_holder(connection, run_id)
        self._holders = {run_id: found}  # of the last run only: a service has many
        return found


def _length(seconds: float) -> int:
    return round(seconds * 1000)
