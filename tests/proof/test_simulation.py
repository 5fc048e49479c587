"""Seeded simulation: 2,000 schedules in the normal run, 100,000 with TASKLISTS_LONG=1; each is replayed by its seed.

The long ones are resumable: each chunk writes its next seed to .long/, and goes on from there.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from simulation import simulate, simulation
from simulation_duel import duel
from simulation_wire import LIST_FAULTS, NOT_DONE, UNSURE
from simulation_world import Found

LONG = os.environ.get("TASKLISTS_LONG") == "1"
CHUNKS = 40 if LONG else 8
A_CHUNK = 2_500 if LONG else 250
AT_ONCE = 250
"""Seeds between two notes of where a long chunk is."""

STATE = Path(__file__).resolve().parent.parent.parent / ".long"


@cache
def _note_of(chunk: int) -> Path:
    """Where a long chunk notes how far it is; another version of the engine begins anew."""
    told = hashlib.sha256()
    for file in sorted((STATE.parent / "engine").rglob("*.py")):
        told.update(file.read_bytes())
    return STATE / f"simulation-{chunk}-{told.hexdigest()[:12]}"


def _first(chunk: int) -> int:
    """The first seed of a chunk that is not done yet."""
    return int(_note_of(chunk).read_text()) if LONG and _note_of(chunk).exists() else chunk * A_CHUNK


def _note(chunk: int, following: int) -> None:
    """Write down the next seed; a chunk that is done begins anew when it is asked for again."""
    note = _note_of(chunk)
    if following == (chunk + 1) * A_CHUNK:
        note.unlink(missing_ok=True)
        return
    STATE.mkdir(exist_ok=True)
    beside = note.with_suffix(".new")
    beside.write_text(str(following))
    beside.replace(note)


@pytest.mark.long
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_no_schedule_loses_or_doubles_a_task(chunk: int) -> None:
    last = (chunk + 1) * A_CHUNK
    with simulation():
        for start in range(_first(chunk), last, AT_ONCE):
            found = [simulate(seed) for seed in range(start, start + AT_ONCE)]
            if LONG:
                _note(chunk, start + AT_ONCE)
            else:
                _must_be_rough(found)
    if LONG:
        print(f"seeds {chunk * A_CHUNK} to {last - 1}: lost 0, doubled 0, wrong 0, orphan 0")


def _must_be_rough(found: list[Found]) -> None:
    """Seeds that meet nothing prove nothing."""
    met = sum((one.met for one in found), Counter())
    assert sum(one.deaths for one in found) >= 50
    assert sum(one.audit.planned for one in found) >= 500
    assert max(one.seconds for one in found) < 5 * 3600
    assert met["died with an open intent"] >= 15
    assert met["stopped longer than the quiet period"] >= 10
    assert met["adopted"] >= 20
    assert met["exit code 130"] >= 5
    assert met["ledger: full"] + met["ledger: killed"] >= 10
    assert [fault for fault in (*UNSURE, *NOT_DONE) if not met[f"create: {fault}"]] == []
    assert [fault for fault in LIST_FAULTS if not met[f"list: {fault}"]] == []
    assert [deed for deed in ("complete", "rename", "date", "delete", "twin") if not met[f"staff: {deed}"]] == []


@pytest.mark.parametrize("step", range(8, 40, 2))
def test_who_wakes_without_its_lease_touches_nothing_of_the_one_that_has_it(step: int) -> None:
    with simulation():
        duels = [duel(step, dies_at, seed) for dies_at in (0, 33, 35, 37) for seed in range(2)]
    assert [one.violations for one in duels if one.violations] == []
    assert [one.audit for one in duels if not one.audit.clean] == []
    assert all(one.codes["third"] == 0 for one in duels)


def test_a_seed_gives_the_same_schedule_whatever_ran_before_it() -> None:
    with simulation():
        first = {seed: simulate(seed, trace=True).trace for seed in range(12)}
        again = {seed: simulate(seed, trace=True).trace for seed in reversed(range(12))}
    assert first == again
    assert len({tuple(trace) for trace in first.values()}) == 12
    assert all(len(trace) > 30 for trace in first.values())


def _told_by_the_command(seed: int, hash_seed: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("simulation.py")), "--seed", str(seed), "--trace"],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[:-1]  # the last line tells the time that it took


def test_a_seed_is_replayed_exactly_in_another_process() -> None:
    with simulation():
        here = simulate(7, trace=True).trace
    assert _told_by_the_command(7, "1") == _told_by_the_command(7, "2") == here
