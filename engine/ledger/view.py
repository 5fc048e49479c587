"""What may be done with a ledger without applying a plan: look, keep caches.

Previews get this type. It must never record a run, an intent or a result, and never a member's text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from uuid import UUID

from sqlalchemy import Connection, Engine
from whenever import Instant

from engine.core.known import KnownTask
from engine.ledger import caches, holding, reassigning, schema, waiting
from engine.ledger.calls import due, move, pause, pause_of, reserve
from engine.ledger.connections import Connections
from engine.ledger.history import batch_of, holders_of, read_results, read_runs, read_unfinished
from engine.ledger.inbox import InboxView
from engine.ledger.jobs import JobsView
from engine.ledger.knowing import known_rows, known_tasks
from engine.ledger.leases import held_until
from engine.ledger.limits import Clock, Window
from engine.ledger.packing import instant, instant_or_none, milliseconds
from engine.ledger.recovery import (
    read_coworkers,
    read_coworkers_to_recover,
    read_last_results,
    read_open_intents,
)
from engine.ledger.transactions import Reading
from engine.ledger.values import (
    Batch,
    BatchKey,
    Finding,
    HeldTask,
    OpenIntent,
    Reassignment,
    Result,
    Run,
    RunId,
    StoredWait,
)
from engine.ledger.writers import Queue

DIRECTORY_SECONDS: Final = 900
"""Design 5.3: businesses, zones, admins, tariffs and native lists are read again after 15 minutes."""

PUNCTUAL_MILLISECONDS: Final = 5
"""A call that goes so little after its moment counts as sent at it: a sixth of the room that a second has."""


@dataclass(frozen=True)
class Account:
    """What a ledger is bound to. `since` is the first moment of use, `hash_key` keys all fingerprints."""

    owner: str
    account: str
    since: Instant
    hash_key: bytes

    def __repr__(self) -> str:
        return f"Account({self.owner!r}, {self.account!r}, since={self.since})"


class LedgerView:
    def __init__(self, engine: Engine, place: Path | str, account: Account, busy_seconds: float) -> None:
        self._writers = Queue()
        self._connections = Connections(engine, place, self._writers, busy_seconds)
        self._text_in_log = False
        self.place = str(place)
        """Where it is, for people: a file, or the address of a database without its login."""
        self.owner = account.owner
        self.account = account.account
        self.since = account.since
        self.fingerprint_key = account.hash_key

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _reading(self) -> AbstractContextManager[Connection]:
        return self._connections.reading()

    def _writing(self) -> AbstractContextManager[Connection]:
        return self._connections.writing()

    def close(self) -> None:
        """Give back all connections; the last process to do so leaves one file, without a log."""
        self._tidy()
        self._connections.close()

    def _tidy(self) -> None:
        """Cut removed texts out of the log. Never an error: the write is done, and the next one tries again."""
        if self._text_in_log:
            self._text_in_log = False  # before, not after: a text that goes meanwhile sets it again
            if not self._connections.empty_the_log():
                self._text_in_log = True

    @cached_property
    def inbox(self) -> InboxView:
        """The deliveries of the service."""
        return InboxView(Reading(self._reading))

    @cached_property
    def jobs(self) -> JobsView:
        """What deliveries, the sweep and backfills asked for."""
        return JobsView(Reading(self._reading))

    def known(self, coworker_id: int) -> tuple[KnownTask, ...]:
        """All remembered tasks of a coworker, by identity.

        A `key` that is no id is known only while the intent is open (it may be a member's text).
        """
        with self._reading() as connection:
            rows = known_rows(connection, coworker_id)
        return known_tasks(rows)

    def batch(self, coworker_id: int, key: BatchKey) -> Batch | None:
        """The batch of a list for a subject, None before its first intent."""
        with self._reading() as connection:
            return batch_of(connection, coworker_id, key)

    def holders_of(self, key: BatchKey) -> tuple[int, ...]:
        """The coworkers that have a batch for its subject: more than one where a team's paying member changed."""
        with self._reading() as connection:
            return holders_of(connection, key)

    def run(self, run_id: RunId) -> Run | None:
        """One run, None if the ledger has no such run."""
        with self._reading() as connection:
            return next(iter(read_runs(connection, schema.runs.c.id == run_id, limit=1)), None)

    def runs(self, coworker_id: int | None = None, *, limit: int = 50) -> tuple[Run, ...]:
        """Runs, the newest first, of one coworker or of all."""
        chosen = schema.runs.c.key > 0 if coworker_id is None else schema.runs.c.coworker_id == coworker_id
        with self._reading() as connection:
            return read_runs(connection, chosen, limit=limit)

    def unfinished(self, coworker_id: int | None = None) -> tuple[Run, ...]:
        """Runs whose request is kept, the oldest first: running, parked, held, or their process died."""
        with self._reading() as connection:
            return read_unfinished(connection, coworker_id)

    def leased_until(self, name: str, now: Instant) -> Instant | None:
        """The moment up to which somebody holds that lease, None if it is free."""
        with self._reading() as connection:
            return instant_or_none(held_until(connection, name, milliseconds(now)))

    def results(self, run_id: RunId) -> tuple[Result, ...]:
        """The outcome of each task of a run that has one by now, by item and identity."""
        with self._reading() as connection:
            return read_results(connection, run_id)

    def last_results(self, coworker_id: int) -> Mapping[UUID, Result]:
        """The newest result of each identity that is not settled: why it was held, failed or parked."""
        with self._reading() as connection:
            return read_last_results(connection, coworker_id)

    def open_intents(self, coworker_id: int) -> tuple[OpenIntent, ...]:
        """The tasks of a coworker that may or may not have been made, the oldest intent first."""
        with self._reading() as connection:
            return read_open_intents(connection, coworker_id)

    def coworkers_to_recover(self) -> tuple[int, ...]:
        """The ids of coworkers with an open intent or an unfinished run, sorted."""
        with self._reading() as connection:
            return read_coworkers_to_recover(connection)

    def coworkers(self, tasklist: str | None = None) -> tuple[int, ...]:
        """The ids of coworkers with a remembered task, of one list or of any, sorted."""
        with self._reading() as connection:
            return read_coworkers(connection, tasklist)

    def loads(self, *, without: tuple[int, str] | None = None) -> Mapping[int, int]:
        """User id -> tasks that we gave to them and that are not known as completed or gone.

        `without` leaves out those of a coworker's list (id and name): they must not weigh on their own draw.
        """
        with self._reading() as connection:
            return holding.loads(connection, without)

    def tasks_held_by(self, user_id: int) -> tuple[HeldTask, ...]:
        """Those tasks of one user, by due (none last), coworker and identity."""
        with self._reading() as connection:
            return holding.tasks_of(connection, user_id)

    def reassignments(self, *, limit: int = 50) -> tuple[Reassignment, ...]:
        """Changes of the responsible, the newest first."""
        with self._reading() as connection:
            return reassigning.read(connection, limit=limit)

    def open_reassignments(self) -> tuple[Reassignment, ...]:
        """Those that may or may not have happened, the oldest first."""
        with self._reading() as connection:
            return reassigning.read_open(connection)

    def waits(self, coworker_id: int | None = None) -> tuple[StoredWait, ...]:
        """Batches of which something waits, of one coworker or of all; those given up are among them."""
        with self._reading() as connection:
            return waiting.read(connection, coworker_id)

    def findings(self) -> Mapping[str, Finding]:
        """What `probe` learned about this account, by question."""
        with self._reading() as connection:
            return caches.findings(connection)

    def record_finding(self, question: str, value: object, now: Instant) -> None:
        """Remember one answer of `probe`, in place of an earlier one: anything that JSON can hold."""
        finding = Finding(question, value, now)
        with self._writing() as connection:
            caches.store_finding(connection, finding)

    def verdicts(self, coworker_id: int) -> Mapping[int, UUID | None]:
        """Task id -> the identity that its row turned out to be, None for a row that is not ours."""
        with self._reading() as connection:
            return caches.verdicts(connection, coworker_id)

    def record_verdicts(self, coworker_id: int, verdicts: Mapping[int, UUID | None]) -> None:
        """Remember what rows turned out to be, so that each is read once ever; the first verdict stays."""
        with self._writing() as connection:
            caches.add_verdicts(connection, coworker_id, verdicts)

    def membership_of(self, coworker_id: int) -> Mapping[int, int]:
        """Contract id -> id of the membership chain that the contract was first seen in (design 5.1)."""
        with self._reading() as connection:
            return caches.chains(connection, coworker_id)

    def directory(self, key: str, now: Instant, max_age_seconds: float = DIRECTORY_SECONDS) -> object | None:
        """A cached directory read, None if there is none or it is too old (or from a later clock)."""
        with self._reading() as connection:
            return caches.directory(connection, key, now=milliseconds(now), max_age=max_age_seconds * 1000)

    def store_directory(self, key: str, value: object, now: Instant) -> None:
        """Cache a directory read: anything that JSON can hold."""
        with self._writing() as connection:
            caches.store_directory(connection, key, value, milliseconds(now))

    def reserve_call(self, windows: Sequence[Window], clock: Clock, *, write: bool) -> Instant:
        """Reserve the first moment for one more call among those of all processes; DailyLimit if it parks.

        The clock is read under the lock, so that waiting for it counts.
        """
        with self._writing() as connection:
            return instant(reserve(connection, milliseconds(clock()), windows, write=write))

    def take_turn(self, at: Instant, windows: Sequence[Window], clock: Clock, *, write: bool) -> Instant:
        """When the call reserved for `at`, which is over, may go, by what really went before; `at` if that is now.

        Who wakes up late moves its reservation, so that those behind it count from what was sent, not from a wish.
        """
        reserved = milliseconds(at)
        with self._reading() as connection:
            now = milliseconds(clock())
            moment = due(connection, reserved, now, windows, write=write)
        if moment == now and now - reserved <= PUNCTUAL_MILLISECONDS:
            return at
        with self._writing() as connection:
            now = milliseconds(clock())
            moment = due(connection, reserved, now, windows, write=write)
            move(connection, reserved, moment, write=write)
        return instant(moment)

    def move_call(self, at: Instant, to: Instant, *, write: bool) -> None:
        """Write down that the call reserved for `at` goes at another moment."""
        with self._writing() as connection:
            move(connection, milliseconds(at), milliseconds(to), write=write)

    def pause_calls(self, until: Instant) -> None:
        """Let no process call before that moment; an earlier one than is stored changes nothing."""
        with self._writing() as connection:
            pause(connection, milliseconds(until))

    def paused_until(self) -> Instant | None:
        """The moment before which nobody may call, None if nobody ever asked for one."""
        with self._reading() as connection:
            return instant_or_none(pause_of(connection))
