"""What waits for a completion comes once, whatever is killed between the poll, the plan, the request and its result."""

from __future__ import annotations

import functools
import json
import multiprocessing
import os
import random
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
from service_process import until
from service_world import ServiceWorld, service_world

LONG = os.environ.get("TASKLISTS_LONG") == "1"
KILLS_OF_A_SERVICE = 40 if LONG else 5
STEP = 1 if LONG else 3
"""Every place, or every third one."""

SEED = 20261124
DEAD = 9
ORDERED = """\
tasklist: moving-in
name: Moving in
once_per: coworker
defaults: {responsible: front-desk}
items:
  - {id: papers, name: Papers, gate: true}
  - {id: card, name: Card}
  - {id: key, name: Key}
  - {id: tour, name: Tour, after: card}
"""
NAMES = ("Papers", "Card", "Key", "Tour")
"""None comes before one that it waits for."""

QUICK = {"TASKLISTS_LEASE_SECONDS": "0.5", "TASKLISTS_QUIET_SECONDS": "0.3", "TASKLISTS_WAIT_SECONDS": "1"}
METHODS = {
    "engine.ledger.ledger.Ledger": (
        *("begin_run", "claim", "record", "finish_run", "note_ends", "keep_waiting", "waits_no_more"),
        *("take_lease", "give_back_lease"),
    ),
    "engine.nexudus.client.NexudusClient": ("create_task", "tasks_of", "short_list"),
    "engine.flows.preview.Previewer": ("look",),
}
"""Before and after each call of these is a place to die at."""


class Dying:
    """Counts the places, and ends the process at the one that was asked for."""

    def __init__(self, number: int) -> None:
        self._left = number

    def reach(self) -> None:
        self._left -= 1
        if self._left == 0:
            os._exit(DEAD)

    def wrap(self) -> None:
        for path, names in METHODS.items():
            module, _, owner = path.rpartition(".")
            found = getattr(sys.modules[module], owner)
            for name in names:
                setattr(found, name, self._wrapped(getattr(found, name)))

    def _wrapped(self, original: Any) -> Any:
        @functools.wraps(original)
        def wrapped(*args: Any, **named: Any) -> Any:
            self.reach()
            found = original(*args, **named)
            self.reach()
            return found

        return wrapped


def _run_and_die(world: ServiceWorld, argv: tuple[str, ...], number: int) -> None:
    import engine.flows.preview
    import engine.ledger.ledger
    import engine.nexudus.client  # noqa: F401  what is wrapped has to be there
    from engine.cli.main import run_commands

    Dying(number).wrap()
    os.environ.update(world.environment(**QUICK))
    os.chdir(world.folder)
    with Path(os.devnull).open("w") as nowhere:
        sys.stdout = sys.stderr = nowhere
        os._exit(run_commands([*argv]))


def die_at(world: ServiceWorld, number: int, *argv: str) -> bool:
    """Run a command that ends at its n-th place; False when it came to its end before."""
    process = multiprocessing.get_context("fork").Process(target=_run_and_die, args=(world, argv, number))
    process.start()
    process.join(60)
    assert process.exitcode in {0, DEAD}, argv
    return process.exitcode == DEAD


def perform(world: ServiceWorld, *argv: str) -> None:
    """Run a command to its end."""
    assert not die_at(world, 0, *argv)


def made(world: ServiceWorld, coworker: int) -> Counter[str]:
    lines = [line["record"] for line in world.commits() if line["op"] == "create"]
    return Counter(record["Name"] for record in lines if record["CoworkerId"] == coworker)


def complete(world: ServiceWorld, coworker: int, name: str) -> None:
    """Press the button on the member's page."""
    rows = world.far_side.records("coworkertasks")
    (task,) = (row["Id"] for row in rows if row["CoworkerId"] == coworker and row["Name"] == name)
    base = world.far_side.base_url
    form = {"task_id": str(task)}
    answer = httpx.post(f"{base}/member/{coworker}/complete-task", data=form, headers={"Origin": base})
    assert answer.status_code == 303


def begin(world: ServiceWorld) -> int:
    coworker = world.sign_up().id
    perform(world, "run", "moving-in", "--coworker", str(coworker), "--yes")
    return coworker


def waits(world: ServiceWorld) -> int:
    return len(json.loads(world.cli("status", "--format", "json").stdout)["waits"])


@pytest.mark.long
def test_a_poll_that_is_killed_at_any_place_loses_and_doubles_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kills = 0
    with service_world(tmp_path, seed=SEED) as world:
        world.write("moving-in", ORDERED)
        for number in range(1, 400, STEP):
            coworker = begin(world)
            complete(world, coworker, "Papers")
            command = ("resume",) if number // STEP % 2 else ("run", "moving-in", "--coworker", str(coworker), "--yes")
            died = die_at(world, number, *command)
            kills += died
            perform(world, "resume")
            perform(world, "resume", "--coworker", str(coworker))
            assert made(world, coworker) == {"Papers": 1, "Card": 1, "Key": 1}, f"killed at place {number} of {command}"
            complete(world, coworker, "Card")
            perform(world, "resume", "--coworker", str(coworker))
            assert made(world, coworker) == {"Papers": 1, "Card": 1, "Key": 1, "Tour": 1}, f"after place {number}"
            if not died:
                break
        else:
            pytest.fail("the command has no end")
        assert waits(world) == 0
    with capsys.disabled():
        print(f"\nkilled at {kills} places between poll and result: each task once")
    assert kills >= 8


@pytest.mark.long
def test_a_service_that_is_killed_while_things_wait_makes_each_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chance, began = random.Random(SEED), time.monotonic()
    with service_world(tmp_path, seed=SEED) as world:
        world.write("moving-in", ORDERED)
        people = [begin(world) for _ in range(2)]
        running = world.start(**QUICK)
        try:
            for number in range(KILLS_OF_A_SERVICE):
                coworker = people[number % 2]
                open_now = [name for name in made(world, coworker) if not _is_completed(world, coworker, name)]
                if open_now:
                    complete(world, coworker, chance.choice(open_now))
                time.sleep(chance.random() * 2.5)
                running.kill()
                running.end()
                running = world.start(**QUICK)
            for name in NAMES:
                for coworker in people:
                    until(lambda who=coworker, what=name: made(world, who)[what] > 0, 40)
                    if not _is_completed(world, coworker, name):
                        complete(world, coworker, name)
            until(lambda: waits(world) == 0, 30)
        finally:
            running.end()
        found = [made(world, coworker) for coworker in people]
    with capsys.disabled():
        print(f"\nserve killed {KILLS_OF_A_SERVICE} times while tasks waited: {time.monotonic() - began:.0f} s")
    assert found == [dict.fromkeys(NAMES, 1)] * 2


def _is_completed(world: ServiceWorld, coworker: int, name: str) -> bool:
    rows = world.far_side.records("coworkertasks")
    return any(row["Completed"] for row in rows if row["CoworkerId"] == coworker and row["Name"] == name)
