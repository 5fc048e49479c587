"""A settled delivery sent again: by its path, by others, and after a month. It makes no task, and nothing breaks."""

from __future__ import annotations

import itertools
import os
from collections import Counter
from pathlib import Path

import pytest
from service_process import Running, until
from service_world import PER_PERSON, SECRET, ServiceWorld, service_world

LONG = os.environ.get("TASKLISTS_LONG") == "1"
REPLAYS = 1000 if LONG else 100
PATHS = (
    ("barcelona", "contract.created"),
    ("barcelona", "contract.first_activated"),
    ("barcelona", "contract.cancelled"),
    ("barcelona", "coworker.created"),
    ("london", "contract.created"),
    ("london", "contract.first_activated"),
    ("london", "coworker.updated"),
)
"""The first is the one by which it came at first; the secret of both locations is the same."""

_MONTH = 30 * 86_400_000
_AGED = {
    "deliveries": ("received_at", "last_at", "waits_since", "due_at", "settled_at"),
    "jobs": ("received_at", "waits_since", "due_at", "created_at", "settled_at"),
    "sightings": ("at",),
    "runs": ("started_at", "seen_at", "finished_at"),
    "tasks": ("at",),
}


def age(world: ServiceWorld) -> None:
    """Move everything that happened a month back; `since` of the folder is then long ago, too."""
    for table, columns in _AGED.items():
        world.change(f"UPDATE {table} SET " + ", ".join(f"{one} = {one} - {_MONTH}" for one in columns))


def forget(world: ServiceWorld) -> None:
    """Drop all that the inbox remembers, as `TASKLISTS_KEEP_DAYS` does, and all jobs: only runs and tasks stay."""
    world.change(*(f"DELETE FROM {table}" for table in ("causes", "bodies", "deliveries", "jobs", "sightings")))


def replay_to_the_end(running: Running, world: ServiceWorld) -> Counter[int]:
    """Send both deliveries of everybody, a third of all replays, along all paths in turn, and let all be settled.

    What no record bears out is tried five times: the pauses in between are skipped.
    """
    every = [body for person in world.people for body in world.bodies(person).values()]
    ways = itertools.islice(itertools.cycle(itertools.product(PATHS, every)), -(-REPLAYS // 3))
    found = Counter(running.post(*path, body, secret=SECRET) for path, body in ways)

    def look() -> bool:
        world.hurry()
        return world.is_idle()

    until(look, 60, every=0.3)
    return found


@pytest.mark.long
def test_a_settled_delivery_makes_no_task_again_by_any_path_nor_after_a_month(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with service_world(tmp_path) as world:
        with world.serving() as running:
            for person in [world.sign_up(), world.sign_up()]:
                for event, body in world.bodies(person).items():
                    assert running.post("barcelona", event, body, secret=SECRET) == 202
            until(world.is_idle, 30)
            before, statuses = world.commits(), replay_to_the_end(running, world)
            assert running.stop() == 0
        assert len(before) == 2 * PER_PERSON
        for later in (age, forget):
            later(world)
            with world.serving() as running:
                statuses += replay_to_the_end(running, world)
                assert running.stop() == 0
        found, states = world.judged(), world.states()
        assert world.commits() == before
        copies = sum(number for (number,) in world.rows("SELECT copies FROM deliveries"))
    with capsys.disabled():
        print(f"\n{REPLAYS} replays: {dict(statuses)}; {found}; {states}, {copies} copies since the forgetting")
    assert found.clean
    assert statuses == {202: -(-REPLAYS // 3) * 3}
    assert set(states["jobs"]) | set(states["deliveries"]) <= {"done"}
