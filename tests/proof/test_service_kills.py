"""The served process killed right after each 202, and sent away under load: what was acknowledged is made, once."""

from __future__ import annotations

import itertools
import os
import random
import signal
import threading
import time
from pathlib import Path

import pytest
from service_process import Running, until
from service_world import PER_PERSON, SECRET, Person, ServiceWorld, service_world

LONG = os.environ.get("TASKLISTS_LONG") == "1"
KILLS, UNDER_LOAD = (200, 120) if LONG else (8, 12)
_USUAL, _HANGS = [(signal.SIGINT, ""), (signal.SIGTERM, "hang")], [(signal.SIGTERM, ""), (signal.SIGINT, "hang")]
ENDS = [*_USUAL, *_HANGS] if LONG else _USUAL
SEED = 20261124


def post(running: Running, world: ServiceWorld, person: Person, events: tuple[str, ...]) -> None:
    bodies = world.bodies(person)
    for event in events:
        assert running.post("barcelona", event, bodies[event], secret=SECRET) == 202


@pytest.mark.long
def test_nothing_acknowledged_is_lost_or_doubled_by_kill_9_after_each_202(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chance, began = random.Random(SEED), time.monotonic()
    with service_world(tmp_path, seed=SEED) as world:
        running = world.start()
        try:
            while len(world.people) * 2 < KILLS:
                person = world.sign_up()
                for event in ("coworker.created", "contract.created"):
                    post(running, world, person, (event,))
                    if chance.random() < 0.5:  # every other one dies a moment later, in the middle of its work
                        time.sleep(chance.random() * 0.4)
                    running.kill()
                    running.end()
                    running = world.start()
            until(world.is_idle, 120)
            again = running.stop()
        finally:
            running.end()
        found, states = world.judged(), world.states()
    with capsys.disabled():
        print(f"\nkill -9 after each of {KILLS} 202: {found}; {states}; {time.monotonic() - began:.0f} s")
    assert found.clean, found
    assert found.planned == KILLS // 2 * PER_PERSON
    assert set(states["deliveries"]) == set(states["jobs"]) == {"done"}
    assert again == 0


@pytest.mark.long
@pytest.mark.parametrize(("number", "fault"), ENDS, ids=lambda one: getattr(one, "name", one or "usual"))
def test_a_service_that_is_told_to_end_under_load_does_so_within_10_s_and_the_next_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], number: signal.Signals, fault: str
) -> None:
    code = 0 if number == signal.SIGTERM else 130
    with service_world(tmp_path, seed=SEED) as world:
        ready = [(person, world.bodies(person)) for person in [world.sign_up() for _ in range(UNDER_LOAD)]]
        accepted: list[tuple[Person, str]] = []
        with world.serving() as running:
            senders = [threading.Thread(target=send, args=(running, ready[n::4], accepted)) for n in range(4)]
            for sender in senders:
                sender.start()
            until(lambda: len(set(accepted)) == UNDER_LOAD * 2 and world.commits(), 30, every=0.01)
            if fault:
                world.far_side.set_fault(fault, "1.0")
                time.sleep(0.3)
            began = time.monotonic()
            running.process.send_signal(number)
            assert running.process.wait(15) == code
            took = time.monotonic() - began
            for sender in senders:
                sender.join()
            left = world.states()
            assert "Traceback" not in running.logged()
        world.far_side.clear_faults()
        with world.serving() as second:
            until(lambda: world.hurry() >= 0 and world.is_idle(), 60)
            assert second.stop() == 0
        found = world.judged_by(set(accepted))
    with capsys.disabled():
        ended = f"ended in {took:.1f} s with {code}"
        print(f"\n{number.name} {fault}: {ended}, {len(accepted)} answered 202, left {left}; then {found}")
    assert took <= 10
    assert not found.lost
    assert not found.doubled
    assert not found.wrong
    assert found.planned == UNDER_LOAD * PER_PERSON


def send(running: Running, ready: list[tuple[Person, dict[str, bytes]]], accepted: list[tuple[Person, str]]) -> None:
    """Post, again and again, until the service is away; note what was acknowledged."""
    for person, bodies in itertools.cycle(ready):
        for event, body in bodies.items():
            try:
                status = running.post("barcelona", event, body, secret=SECRET)
            except OSError:
                return
            if status == 202:
                accepted.append((person, event))
