"""Sign-ups of which Nexudus tells four in five, and a service that is away in the middle: the sweep finds the rest."""

from __future__ import annotations

import os
import time
from collections import Counter
from pathlib import Path

import pytest
from service_process import until
from service_world import PER_PERSON, service_world

LONG = os.environ.get("TASKLISTS_LONG") == "1"
SIGN_UPS = 1000 if LONG else 60
DROPPED = "0.2"
WAYS = {"hooks stay on": ("--mode", "S45.failures=1000000")} | ({"hooks go off": ()} if LONG else {})
"""Ten failures in a row switch a hook off: then the sweep has to find all that came later, else what was dropped."""

SECONDS = 1500 if LONG else 90


@pytest.mark.long
@pytest.mark.parametrize("arguments", WAYS.values(), ids=WAYS)
def test_after_drops_and_a_dead_service_everybody_who_signed_up_has_the_lists_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    sweeping = {"TASKLISTS_SWEEP": "run", "TASKLISTS_SWEEP_MINUTES": "1"}
    began = time.monotonic()
    with service_world(tmp_path, *arguments, seed=20261124) as world:
        world.remove("leaving")  # somebody who was there before has given notice, and rightly gets that list
        running = world.start(**sweeping)
        try:
            world.cli("hooks", "register", "--yes")
            world.far_side.set_fault("hook-dropped", DROPPED)
            for number in range(SIGN_UPS):
                world.sign_up(in_days=40)
                if number == SIGN_UPS // 3:
                    until(world.commits)
                    running.kill()
                    running.end()
                elif number == SIGN_UPS * 2 // 3:
                    running = world.start(**sweeping)
            world.far_side.deliveries(wait=20)
            told = Counter(line["outcome"] for line in world.far_side.deliveries())
            until(world.is_idle, SECONDS)
            missed = sum(not world.has_all([person]) for person in world.people)
            assert running.stop() == 0
            running.end()
            running = world.start(**sweeping)
            until(lambda: world.has_all() and world.is_idle(), SECONDS, every=0.5)
            assert running.stop() == 0
        finally:
            running.end()
        found, states = world.judged(), world.states()
        by_sweep = world.rows("SELECT count(*) FROM jobs WHERE cause = 1")[0][0]
    with capsys.disabled():
        seconds = time.monotonic() - began
        print(f"\n{SIGN_UPS} sign-ups: {found}; deliveries {dict(told)}, {by_sweep} jobs asked for by the sweep,")
        print(f"  {missed} waited for the last one; {states}; {seconds:.0f} s")
    assert found.clean, found
    assert found.planned == SIGN_UPS * PER_PERSON
    assert told["dropped"] >= (0.12 * SIGN_UPS * 2 if arguments else 0.1 * (told["delivered"] + told["failed"]))
    assert told["failed"], "the service was never away"
    assert by_sweep
    assert set(states["jobs"]) == {"done"}
