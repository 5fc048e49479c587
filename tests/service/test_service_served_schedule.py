"""Duties by the clock: one process at a time, and one that was killed in its duty does not cost a whole interval."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from door_given import open_at
from service_process import until
from whenever import Instant

from engine.core.errors import UserError
from engine.flows.stopping import Stop
from engine.ledger.ledger import Ledger
from engine.service.schedule import Duty, Schedule

AN_HOUR = 3600.0


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_at(tmp_path / "ledger.db") as one:
        yield one


def begun(ledger: Ledger, stop: Stop, *duties: Duty, said: list[str] | None = None) -> Schedule:
    heard = [] if said is None else said
    schedule = Schedule(
        "test",
        duties,
        ledger,
        holder="alive",
        stop=stop,
        notice=lambda kind, what: heard.append(f"{kind}: {what}"),
        taken_seconds=0.3,
    )
    schedule.start()
    return schedule


def test_a_duty_of_a_process_that_was_killed_in_it_comes_soon_after_its_lease(ledger: Ledger) -> None:
    stop, done = Stop(), []
    assert ledger.take_lease("duty sweep", holder="killed", seconds=1.0, now=Instant.now())
    schedule = begun(ledger, stop, Duty("sweep", AN_HOUR, lambda: done.append(time.monotonic())))
    time.sleep(0.5)
    assert done == [], "the other one may still be at it"
    until(lambda: done, 5)
    time.sleep(0.7)
    stop.request()
    schedule.join(5)
    assert len(done) == 1, "its turn was used: the next one is an hour away"
    assert not schedule.alive


def test_a_duty_that_fails_is_told_and_holds_up_no_other(ledger: Ledger) -> None:
    stop, done, said = Stop(), [], []

    def fails() -> None:
        raise UserError("the folder is gone.")

    duties = Duty("failing", AN_HOUR, fails), Duty("other", 0.3, lambda: done.append(1), alone=False)
    schedule = begun(ledger, stop, *duties, said=said)
    until(lambda: len(done) > 1, 5)
    stop.request()
    schedule.join(5)
    assert said == ["failing: the folder is gone."]
    assert ledger.take_lease("duty failing", holder="next", seconds=1.0, now=Instant.now()), "it gave the duty back"
