"""SIGTERM at any moment: what is under way is finished, the process ends in time, and nothing is lost or doubled."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest
from auditor import audit
from killing import Victim
from processes import Child, at_once, wait_until
from proof_world import LOGIN, World, list_text, run_arguments

LONG = os.environ.get("TASKLISTS_LONG") == "1"
STOPS = 200 if LONG else 20
MOST_SECONDS = 10.0
INTERRUPTED = 130
_BY_THE_SYSTEM = -signal.SIGTERM
"""A signal before the run listens, or after all of it is done: nothing is under way then."""


class Stopped:
    """A run of one member that is asked to stop, and what comes of it."""

    def __init__(self, world: World, items: int, seed: int) -> None:
        self.world = world
        self.folder, self.member = world.new_folder({"list-0": list_text("list-0", items, seed)}), world.new_member()
        self.plan = world.plan(self.folder, "list-0", self.member)

    def start(self, *more: str, cold: bool = False) -> Child:
        return self.world.start(self.folder, *run_arguments("list-0", self.member), *more, cold=cold)

    def begin(self, *, cold: bool = False) -> Child:
        """Start it, and wait for the first byte of its ledger."""
        child = self.start(cold=cold)
        assert Victim.has_begun(self.folder, child)
        return child

    def assert_whole(self) -> None:
        found = audit([self.plan], self.world.commits_of(self.member), login=LOGIN)
        assert found.clean, (str(found), found)

    def commits(self) -> int:
        return len(self.world.commits_of(self.member))


def stop_in_time(child: Child) -> tuple[int, float]:
    """The exit code after one SIGTERM, and how many seconds that took."""
    asked = time.monotonic()
    child.signal(signal.SIGTERM)
    code = child.wait(MOST_SECONDS + 2)
    return code, time.monotonic() - asked


@pytest.mark.long
def test_a_run_that_is_asked_to_stop_ends_in_time_and_leaves_nothing_in_doubt(one_world: World) -> None:
    one_world.far_side.set_mode("S51.slow-seconds", "0.2")
    one_world.far_side.set_fault("slow-after-commit", "0.3:coworkertasks")  # so that calls are under way
    landed: list[int] = []

    def stop(number: int) -> None:
        chance = random.Random(f"20261124 {number}")
        one = Stopped(one_world, chance.randint(3, 24), number)
        child = one.begin(cold=number % 10 == 0)  # its own interpreter has to end in time as well
        time.sleep(chance.random() * 0.3)
        code, seconds = stop_in_time(child)
        assert seconds < MOST_SECONDS
        assert code in {INTERRUPTED, 0, _BY_THE_SYSTEM}, child.err
        after = one.start("--no-wait")
        assert after.wait(60) == 0, f"something was left in doubt: {after.err}"
        one.assert_whole()
        if code == INTERRUPTED:
            landed.append(number)

    at_once(stop, STOPS)
    assert len(landed) >= 0.5 * STOPS, "too few signals came while something was under way"


def test_calls_under_way_are_finished_and_told(one_world: World) -> None:
    one = Stopped(one_world, 3, 1)
    one_world.far_side.set_mode("S51.slow-seconds", "1")
    one_world.far_side.set_fault("slow-after-commit", "1:coworkertasks")
    child = one.begin()
    assert wait_until(lambda: one.commits() == 3, 10, 0.005)
    code, seconds = stop_in_time(child)
    assert code in {0, INTERRUPTED}  # everything was sent, so there was nothing that a stop could leave out
    assert seconds < 5
    assert child.out.count('"outcome": "created"') == 3


def test_a_second_signal_ends_the_process_at_once_and_is_as_safe(one_world: World) -> None:
    one = Stopped(one_world, 4, 2)
    one_world.far_side.set_mode("S51.slow-seconds", "5")
    one_world.far_side.set_fault("slow-after-commit", "1:coworkertasks")
    child = one.begin()
    assert wait_until(lambda: one.commits() >= 1, 10, 0.005)
    child.signal(signal.SIGTERM)
    assert not child.over.wait(0.5), "the first signal lets the call under way end"
    code, seconds = stop_in_time(child)
    assert code == INTERRUPTED
    assert seconds < 1
    one_world.far_side.clear_faults()
    assert one.start().wait(60) == 0
    one.assert_whole()


def test_a_call_that_gets_no_answer_does_not_keep_the_process_beyond_ten_seconds(one_world: World) -> None:
    one = Stopped(one_world, 4, 3)
    one_world.far_side.set_mode("S51.hang-seconds", "30")
    one_world.far_side.set_fault("hang-after-commit", "2x:coworkertasks")
    child = one.begin()
    assert wait_until(lambda: one.commits() >= 1, 10, 0.005)
    code, seconds = stop_in_time(child)
    assert code == INTERRUPTED
    assert 1 < seconds < MOST_SECONDS
    one_world.far_side.clear_faults()
    assert one.start().wait(60) == 0
    one.assert_whole()
