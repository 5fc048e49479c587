"""What the tests of the queue share: a ledger on a fresh database, deliveries, and work that only notes its ids."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from postgres_given import rows_of
from service_process import until
from whenever import Instant

from engine.flows.stopping import Stop
from engine.ledger.ledger import Ledger
from engine.ledger.opening import open_ledger
from engine.ledger.service_values import DeliveryId, JobId, NewDelivery, NewJob
from engine.service.queue import Deferrer, QueueWorker

COWORKER = 1_416_660_358
WAITING = "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"


@contextmanager
def ledger_at(place: Path | str, **other: Any) -> Iterator[Ledger]:
    now = Instant.now()
    usual = {"owner": "acme", "account": "https://spaces.nexudus.com", "since": now.subtract(hours=24), "now": now}
    with open_ledger(place, **(usual | other)) as ledger:
        yield ledger


def accept(ledger: Ledger, *bodies: str, defer: bool = True) -> list[DeliveryId]:
    """Deliveries as the door stores them."""
    now = Instant.now()
    came = [NewDelivery("barcelona", "contract.created", body.encode(), "signature", now) for body in bodies]
    also = Deferrer().deliveries if defer else None
    return [one.id for one in ledger.inbox.accept(came, also=also)]


def ask(
    ledger: Ledger, *coworkers: int, tasklist: str = "new-member", in_seconds: float = 0.0
) -> Sequence[JobId]:
    """Jobs that are due now, or in so many seconds."""
    now = Instant.now()
    due, event = now.add(seconds=in_seconds), "contract.created"
    asked = [
        NewJob(tasklist, one, event=event, cause="sweep", due_at=due, contract_id=one, received_at=now)
        for one in coworkers
    ]
    return ledger.jobs.ask(asked, now)


@dataclass
class NotingWork:
    """Settles what it is given, after `hold` seconds, and notes it with the moments of begin and end."""

    ledger: Ledger
    hold: float = 0.0
    fails: Callable[[str], bool] = lambda _: False
    began: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    under_way: dict[int, int] = field(default_factory=dict)
    most_of_one: int = 0
    """The most that were ever under way for one coworker."""
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def settle(self, delivery_id: DeliveryId) -> None:
        with self._guard:
            self.began.append(delivery_id)
        time.sleep(self.hold)
        if self.fails(delivery_id):
            raise ValueError(delivery_id)
        self.ledger.inbox.decide(
            delivery_id, [], why="nothing starts", record_id=1, coworker_id=COWORKER, now=Instant.now()
        )
        with self._guard:
            self.done.append(delivery_id)

    def advance(self, job_id: JobId) -> None:
        job = self.ledger.jobs.job(job_id)
        assert job is not None
        with self._guard:
            self.began.append(job_id)
            self.under_way[job.coworker_id] = self.under_way.get(job.coworker_id, 0) + 1
            self.most_of_one = max(self.most_of_one, self.under_way[job.coworker_id])
        try:
            time.sleep(self.hold)
            if self.fails(job_id):
                raise ValueError(job_id)
            self.ledger.jobs.finish(job_id, "done", "made", Instant.now())
            with self._guard:
                self.done.append(job_id)
        finally:
            with self._guard:
                self.under_way[job.coworker_id] -= 1


@contextmanager
def working(url: str, work: NotingWork, *, dead_seconds: float = 1.0, threads: int = 2) -> Iterator[QueueWorker]:
    """A worker of the queue in this process."""
    notices: list[tuple[str, str]] = []
    worker = QueueWorker(
        work,
        work.ledger,
        Stop(),
        url=url,
        threads=threads,
        dead_seconds=dead_seconds,
        notice=lambda kind, text: notices.append((kind, text)),
    )
    worker.start()
    try:
        yield worker
    finally:
        assert worker.close(15), notices


def waiting(url: str) -> int:
    """Jobs of the queue that are not over."""
    return int(rows_of(url, WAITING)[0][0])


def all_done(work: NotingWork, ids: Sequence[str], seconds: float = 20) -> None:
    until(lambda: set(ids) <= set(work.done), seconds)
