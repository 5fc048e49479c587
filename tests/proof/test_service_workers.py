"""Two workers on two processes with PostgreSQL: killed, stopped past every time-out, and without their database."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest
from workers_world import PAST_EVERY_TIME_OUT, Fleet, feeding, settled, workers_world

LONG = os.environ.get("TASKLISTS_LONG") == "1"
KILLS, PAUSES, OUTAGE_SECONDS = (50, 20, 40.0) if LONG else (5, 2, 4.0)
PAUSE_SECONDS = PAST_EVERY_TIME_OUT if LONG else 9.0
"""The small form is past each time-out by itself, the full one past their sum."""

SEED = 20261127
LEAST_AMID = 0.8 if LONG else 0.5
MOST_SECONDS = 120.0


def strike(fleet: Fleet, chance: random.Random) -> None:
    """All pauses, with kills of the other worker in the middle of them; then the kills that are left."""
    kills = KILLS
    for _ in range(PAUSES):
        place = chance.randrange(2)
        with fleet.paused(place, PAUSE_SECONDS):
            for _ in range(min(kills, KILLS // PAUSES)):
                time.sleep(chance.random() * 1.5)
                fleet.kill(1 - place)
                kills -= 1
        time.sleep(chance.random())
    for _ in range(kills):
        time.sleep(0.2 + chance.random() * 1.3)
        fleet.kill(chance.randrange(2))


@pytest.mark.long
def test_two_workers_that_are_killed_paused_and_without_a_database_lose_and_double_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with workers_world(tmp_path, seed=SEED) as fleet:
        chance = random.Random(SEED)
        with feeding(fleet, SEED):
            time.sleep(1)
            fleet.outage(OUTAGE_SECONDS)
            strike(fleet, chance)
        took = settled(fleet, MOST_SECONDS)
        found, runs = fleet.judged(), fleet.number("runs")
        states, left = fleet.states(), fleet.unfinished()
    counts = ", ".join(f"{name} {number}" for name, number in found.counts.items())
    ended = "all runs ended" if not left else f"{left} runs or intents are open"
    with capsys.disabled():
        print(
            f"\n{KILLS} kills, {PAUSES} pauses of {PAUSE_SECONDS:g} s, 1 outage of {OUTAGE_SECONDS:g} s"
            f" ({fleet.amid} strikes amid runs): {runs} runs, {found.planned} tasks: {counts};"
            f" {ended}, last one {took:.0f} s after the last fault"
        )
    assert found.clean, found
    assert left == 0
    assert states == {1}
    assert found.planned >= 10 * KILLS
    assert fleet.amid >= LEAST_AMID * (KILLS + PAUSES), "too many strikes fell while nothing was done"
