"""Three calls of ten meet some fault, of every kind there is: runs end by themselves, nothing is lost or doubled."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from auditor import audit, read_commits
from processes import Child, Nursery
from proof_world import LOGIN, Member, World, list_text, run_arguments, world

LONG = os.environ.get("TASKLISTS_LONG") == "1"
SEEDS, LISTS, ITEMS = (50, 4, 50) if LONG else (5, 1, 40)
SHARE = "0.3"
MOST_RUNS = 12
RUN_SECONDS = 240.0 if LONG else 90.0
HASTE = 20
"""Waits pass so many times as fast: a quiet period of 12 s takes 0.6 s, longer than any commit here is late."""

_SHORT = {"late": 0.2, "slow": 0.05, "hang": 0.2, "drip": 0, "hold": 0.1, "refuse": 0.1}
_A_DAY = 86_400


def run(world: World, folder: Path, name: str, member: Member, *, days: int) -> Child:
    """One run, so many days later: a creation quota that is used up parks the rest until later."""
    env = {
        "HASTE": f"{HASTE}",
        "CLOCK_AHEAD": f"{days * _A_DAY}",
        "TASKLISTS_QUIET_SECONDS": f"{0.6 * HASTE}",
        "TASKLISTS_LEASE_SECONDS": "30",
    }
    child = world.start(folder, *run_arguments(name, member), env=env)
    assert child.wait(RUN_SECONDS) in {0, 2, 3, 6}, child.err
    return child


@pytest.mark.long
@pytest.mark.parametrize("seed", range(SEEDS))
def test_under_faults_of_every_kind_runs_end_and_each_task_is_made_once(
    nursery: Nursery, tmp_path: Path, seed: int
) -> None:
    modes = [part for name, value in _SHORT.items() for part in ("--mode", f"S51.{name}-seconds={value}")]
    with world(tmp_path, nursery, *modes, seed=seed) as one:
        lists = {f"list-{n}": list_text(f"list-{n}", ITEMS, seed + n) for n in range(LISTS)}
        folder, member = one.new_folder(lists), one.new_member()
        plans = [one.plan(folder, name, member) for name in lists]
        one.far_side.set_fault("mix", SHARE)
        runs = 0
        for name in lists:
            codes: list[int | None] = []
            while len(codes) < MOST_RUNS and 0 not in codes:
                one.far_side.set_clock(runs * _A_DAY)
                codes.append(run(one, folder, name, member, days=runs).code)
                runs += 1
            assert codes[-1] == 0, codes
        found = audit(plans, read_commits(one.commit_log), login=LOGIN)
        assert found.clean, (str(found), found)
        assert found.planned == LISTS * ITEMS
        struck = one.far_side.counts()["faults"]
        assert sum(struck.values()) >= 0.2 * LISTS * ITEMS, struck
