"""What a delivery starts: the ids in its body to jobs, one for each list and coworker. Reads as little as it can.

The body is believed for ids only. No fact is read here but whom a record is about, and nothing is planned: that is
done when the job is carried out. It must never lose a delivery because something cannot be read just now.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Final

from whenever import Instant

from engine.core.errors import Unreachable, UserError
from engine.core.triggers import EVENT_RECORD, JobAsked, RecordKind, Sighting, jobs_for, lists_started_by
from engine.flows.lists_in_use import ListsInUse
from engine.flows.stopping import Stopped
from engine.ledger.ledger import Ledger
from engine.ledger.limits import NoRoom
from engine.ledger.service_values import Delivery, DeliveryId, NewJob
from engine.ledger.transactions import AlsoJobs
from engine.nexudus.answers import Record
from engine.nexudus.calls import Entity
from engine.nexudus.client import NexudusReader
from engine.nexudus.errors import LoginRefused, RoleMissing, UnreadableRecord
from engine.nexudus.hook_body import HookIds, Odd, read_ids
from engine.nexudus.wire import is_id

__all__ = ["MOST_TRIES", "Decider", "new_job", "pause_after"]

MOST_TRIES: Final = 5
"""Then a delivery or a job is left to a person: whatever five tries in some minutes did not mend needs one."""

FIRST_PAUSE: Final = 5.0
LONGEST_PAUSE: Final = 300.0
"""Seconds. Five tries take some three minutes; whoever cannot be reached is asked every five minutes."""

SETTING_PAUSE: Final = 60.0
"""Seconds between looks for what a person has to mend: the login, its rights, a file."""

_ENTITY: Final[dict[RecordKind, Entity]] = {
    "contract": Entity.CONTRACT,
    "team": Entity.TEAM,
    "product": Entity.COWORKER_PRODUCT,
    "checkin": Entity.CHECKIN,
    "invoice": Entity.COWORKER_INVOICE,
}


def pause_after(tries: int) -> float:
    """Return the seconds till the next try, when so many have failed before: growing, then the same."""
    return min(FIRST_PAUSE * 3.0**tries, LONGEST_PAUSE)


def new_job(asked: JobAsked) -> NewJob:
    """Return a job as the ledger takes it."""
    return NewJob(**asdict(asked))


class _Gone(Exception):
    """The record that a delivery is about is not there, or names nobody."""


@dataclass(frozen=True)
class _Whom:
    """Whom a delivery is about; of a team all its members, and who pays for it."""

    coworker_ids: tuple[int, ...]
    contract_id: int | None = None
    team_id: int | None = None
    payer_id: int | None = None


@dataclass(frozen=True)
class _Told:
    """What is decided: jobs, or why there is none; the coworker where there is just one."""

    jobs: tuple[NewJob, ...] = ()
    why: str = ""
    coworker_id: int | None = None


class Decider:
    """Decides deliveries, from any thread. `clock` gives UTC instants; a burst settles in `settle_seconds`."""

    def __init__(  # noqa: PLR0913 - all by name
        self,
        reader: NexudusReader,
        ledger: Ledger,
        lists: ListsInUse,
        *,
        clock: Callable[[], Instant] = Instant.now,
        settle_seconds: float,
        also: AlsoJobs | None = None,
    ) -> None:
        self._reader = reader
        self._ledger = ledger
        self._lists = lists
        self._clock = clock
        self._settle_seconds = settle_seconds
        self._also = also

    def settle(self, delivery_id: DeliveryId) -> str:
        """Decide one delivery and return its state then; one that is `new` is to be decided again when due.

        Raises:
            Unreachable: the ledger cannot be reached; nothing changed.
            Stopped: asked to stop; nothing changed.
        """
        delivery = self._ledger.inbox.delivery(delivery_id)
        if delivery is None or delivery.state != "new":
            return delivery.state if delivery else "done"
        body = self._ledger.inbox.body(delivery_id)
        ids = _ids_of(delivery) if body is None else read_ids(body)
        if isinstance(ids, Odd):
            self._ledger.inbox.set_aside(delivery_id, ids.reason, self._clock())
        else:
            self._decide(delivery, ids)
        settled = self._ledger.inbox.delivery(delivery_id)
        return settled.state if settled else "done"

    def _decide(self, delivery: Delivery, ids: HookIds) -> None:
        try:
            told = self._tell(delivery, ids)
        except _Gone as gone:
            self._believe_later(delivery, ids, str(gone))
        except Stopped:
            raise
        except UnreadableRecord as error:  # gone, or Nexudus has trouble with this one
            self._try_again(delivery, error.message, last=self._ledger.inbox.set_aside)
        except NoRoom as full:
            self._look_again(delivery, full.message, full.resumes_at)
        except Unreachable as error:
            self._look_again(delivery, error.message, self._in(pause_after(delivery.tries)))
        except (LoginRefused, RoleMissing) as error:
            self._look_again(delivery, error.message, self._in(SETTING_PAUSE))
        except UserError as error:  # the folder of the lists, or a read that Nexudus refuses
            self._look_again(delivery, error.message, self._in(SETTING_PAUSE))
        except Exception as error:  # noqa: BLE001 - one that is poison must not hold up the others
            self._try_again(delivery, f"a fault of the engine ({type(error).__name__})", last=self._ledger.inbox.fail)
        else:
            self._done(delivery, ids, told)

    def _tell(self, delivery: Delivery, ids: HookIds) -> _Told:
        starts = self._lists.starts()
        if not lists_started_by(delivery.event, starts):
            return _Told(why=f"no list starts on {delivery.event}", coworker_id=ids.coworker_id)
        whom = self._whom(EVENT_RECORD[delivery.event], ids)
        sighting = Sighting(
            event=delivery.event,
            record_id=ids.record_id,
            cause="delivery",
            received_at=delivery.received_at,
            coworker_ids=whom.coworker_ids,
            contract_id=whom.contract_id,
            team_id=whom.team_id,
            payer_id=whom.payer_id,
        )
        asked, why = jobs_for(sighting, starts, now=self._clock(), settle_seconds=self._settle_seconds)
        only = whom.coworker_ids[0] if len(whom.coworker_ids) == 1 else None
        return _Told(tuple(map(new_job, asked)), why, only)

    def _whom(self, kind: RecordKind, ids: HookIds) -> _Whom:
        if kind == "coworker":  # a body of this kind has no CoworkerId; should one have it, that is the person
            return _Whom((ids.coworker_id or ids.record_id,))
        if kind == "team":
            return _of_team(self._record(kind, ids.record_id), ids.record_id)
        contract_id = ids.record_id if kind == "contract" else None
        if ids.coworker_id is not None:
            return _Whom((ids.coworker_id,), contract_id)
        coworker_id = self._record(kind, ids.record_id).get("CoworkerId")
        if not isinstance(coworker_id, int) or not is_id(coworker_id):
            raise _Gone(f"{kind} {ids.record_id} names no coworker")
        return _Whom((coworker_id,), contract_id)

    def _record(self, kind: RecordKind, record_id: int) -> Record:
        found = self._reader.record(_ENTITY[kind], record_id)
        if found is None:
            raise _Gone(f"{kind} {record_id} is gone")
        return found

    def _done(self, delivery: Delivery, ids: HookIds | None, told: _Told) -> None:
        names = ", ".join(dict.fromkeys(job.tasklist for job in told.jobs))
        self._ledger.inbox.decide(
            delivery.id,
            told.jobs,
            why=told.why or f"asks for {names}",
            record_id=ids.record_id if ids else None,
            coworker_id=told.coworker_id,
            now=self._clock(),
            also=self._also,
        )

    def _believe_later(self, delivery: Delivery, ids: HookIds, why: str) -> None:
        """A record may show only some time after its event: what is missing is believed after some tries.

        It is not noted as seen: should it show one day, the sweep finds it.
        """
        if delivery.tries + 1 >= MOST_TRIES:
            self._done(delivery, None, _Told(why=why, coworker_id=ids.coworker_id))
        else:
            self._look_again(delivery, why, self._in(pause_after(delivery.tries)))

    def _try_again(
        self, delivery: Delivery, why: str, *, last: Callable[[DeliveryId, str, Instant], object]
    ) -> None:
        if delivery.tries + 1 >= MOST_TRIES:
            last(delivery.id, f"{why.rstrip('.')}; tried {MOST_TRIES} times", self._clock())
        else:
            self._look_again(delivery, why, self._in(pause_after(delivery.tries)))

    def _look_again(self, delivery: Delivery, why: str, due_at: Instant) -> None:
        self._ledger.inbox.retry(delivery.id, why, due_at, self._clock())

    def _in(self, seconds: float) -> Instant:
        return self._clock().add(seconds=seconds)


def _ids_of(delivery: Delivery) -> HookIds | Odd:
    """What a replayed delivery is about, when its body is dropped: the ids that were read from it."""
    if delivery.record_id is None:
        return Odd("neither the body nor the ids in it are kept")
    return HookIds(delivery.record_id, coworker_id=delivery.coworker_id)


def _of_team(team: Record, team_id: int) -> _Whom:
    listed, payer = team.get("TeamMembers"), team.get("PayingMemberId")
    members = tuple(one for one in (listed if isinstance(listed, list) else ()) if is_id(one))
    return _Whom(members, team_id=team_id, payer_id=payer if isinstance(payer, int) and is_id(payer) else None)
