"""Two services and commands by hand on one PostgreSQL: what waits is made once, whoever sees it and dies."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from postgres_given import fresh_database
from service_process import ROOT, Running, start, until
from service_world import ServiceWorld, service_world
from test_order_kills import NAMES, ORDERED, QUICK, complete

LONG = os.environ.get("TASKLISTS_LONG") == "1"
PEOPLE = 10 if LONG else 3
KILLS = 24 if LONG else 1
SEED = 20261125


def _started(world: ServiceWorld, port: int) -> Running:
    return start("serve", world.folder, world.environment(**QUICK), "--port", str(port))


def _by_hand(world: ServiceWorld, *argv: str) -> subprocess.Popen[bytes]:
    """A command that goes on beside the services, and may find a coworker occupied."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    whole = kept | {"PYTHONPATH": str(ROOT)} | world.environment(**QUICK)
    command = [sys.executable, "-m", "engine.cli.main", *argv]
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(command, cwd=world.folder, env=whole, **quiet)


def _made(world: ServiceWorld) -> dict[int, Counter[str]]:
    found: dict[int, Counter[str]] = {}
    for line in world.commits():
        if line["op"] == "create":
            found.setdefault(line["record"]["CoworkerId"], Counter())[line["record"]["Name"]] += 1
    return found


def _open(world: ServiceWorld) -> list[tuple[int, str]]:
    rows = world.far_side.records("coworkertasks")
    return [(row["CoworkerId"], row["Name"]) for row in rows if not row["Completed"] and row["Name"] in NAMES]


@pytest.mark.long
def test_two_services_make_what_waits_once_though_one_is_killed_again_and_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chance, began = random.Random(SEED), time.monotonic()
    with service_world(tmp_path, seed=SEED) as world:
        world.env["TASKLISTS_LEDGER"] = fresh_database()
        world.write("moving-in", ORDERED)
        people = [world.sign_up().id for _ in range(PEOPLE)]
        for coworker in people:
            world.cli("run", "moving-in", "--coworker", str(coworker), "--yes")
        services = [_started(world, port) for port in (0, 0)]
        hands: list[subprocess.Popen[bytes]] = []
        try:
            for number in range(KILLS):
                for coworker, name in _open(world):
                    if chance.random() < 0.7:
                        complete(world, coworker, name)
                who = str(chance.choice(people))
                hands.append(_by_hand(world, "run", "moving-in", "--coworker", who, "--yes", "--no-wait"))
                time.sleep(chance.random() * 2)
                services[number % 2].kill()
                services[number % 2].end()
                services[number % 2] = _started(world, 0)
            until(lambda: _all_completed(world, people), 120, every=0.3)
            waited = until(lambda: '"waits": []' in world.cli("status", "--format", "json").stdout, 30)
        finally:
            for process in hands:
                process.wait(30)
            for service in services:
                service.end()
        found = _made(world)
    with capsys.disabled():
        print(f"\n{PEOPLE} lists on PostgreSQL, {KILLS} kills of two services: {time.monotonic() - began:.0f} s")
    assert waited
    assert found == {coworker: dict.fromkeys(NAMES, 1) for coworker in people}


def _all_completed(world: ServiceWorld, people: list[int]) -> bool:
    """Complete what is open; True when everybody has everything."""
    for coworker, name in _open(world):
        complete(world, coworker, name)
    made = _made(world)
    return all(set(made.get(coworker, ())) == set(NAMES) for coworker in people)
