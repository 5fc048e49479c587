"""When it is an alert that no sweep gets finished: late enough, at once if refused, and not for a new process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from whenever import Instant

from engine.flows.sweep_moments import FIRST_START, LAST_SWEEP, note_refused
from engine.ledger.ledger import Ledger
from engine.ledger.opening import open_ledger
from engine.service.alert_causes import Situation, evaluate
from engine.service.sweep_sight import look_at_sweep

NOW = Instant("2026-11-24T10:00:00Z")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    since = Instant("2026-11-01T00:00:00Z")
    account = "https://spaces.nexudus.com"
    with open_ledger(tmp_path / "ledger.db", owner="acme", account=account, since=since, now=NOW) as ledger:
        ledger.watch.set_moment(FIRST_START, NOW)
        yield ledger


def seen(ledger: Ledger, after: int, every: int = 15, began: Instant = NOW) -> Situation:
    return look_at_sweep(ledger.watch, NOW.add(minutes=after), sweep_minutes=every, began=began)


def causes(situation: Situation) -> list[str]:
    return [one.text for one in evaluate(situation, NOW, backlog_minutes=15)]


def test_a_sweep_that_was_never_finished_is_a_cause_after_an_hour(ledger: Ledger) -> None:
    assert causes(seen(ledger, 60)) == []
    (text,) = causes(seen(ledger, 61))
    assert text.startswith("No sweep was finished since 2026-11-24T10:00")
    assert "The log names the reason" in text
    assert "Coworker-List and CoworkerContract-List" in text


def test_one_that_sweeps_seldom_has_three_turns(ledger: Ledger) -> None:
    ledger.watch.set_moment(LAST_SWEEP, NOW.add(minutes=5))
    assert causes(seen(ledger, 185, every=60)) == []
    assert len(causes(seen(ledger, 186, every=60))) == 1


def test_a_refused_one_is_a_cause_at_once_and_until_the_next_finished_one(ledger: Ledger) -> None:
    ledger.watch.set_moment(LAST_SWEEP, NOW)
    note_refused(ledger.watch, NOW.add(minutes=15))
    (text,) = causes(seen(ledger, 16))
    assert "Nexudus refuses its login or a right" in text
    ledger.watch.set_moment(LAST_SWEEP, NOW.add(minutes=30))
    assert seen(ledger, 31) == Situation(sweep="")
    assert seen(ledger, 31).kinds() == {"sweep"}, "looked at and in order: the alert ends"


def test_a_process_that_has_just_begun_raises_no_alert_for_the_pause_before_and_ends_none(ledger: Ledger) -> None:
    week = 7 * 24 * 60
    fresh = seen(ledger, week, began=NOW.add(minutes=week))
    assert (fresh, fresh.kinds()) == (Situation(), frozenset())
    assert len(causes(seen(ledger, week + 61, began=NOW.add(minutes=week)))) == 1


def test_a_last_sweep_that_is_still_to_come_does_not_hide_that_none_works(ledger: Ledger) -> None:
    ledger.watch.set_moment(LAST_SWEEP, NOW.add(hours=1000))
    assert len(causes(seen(ledger, 61))) == 1
