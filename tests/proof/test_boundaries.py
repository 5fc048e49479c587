"""Each boundary is hit: the process is dead there, and what the far side has by then is what that place means."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from auditor import read_commits
from boundaries import BOUNDARIES, DEAD, Crash
from crash_cases import KILLED_FROM_OUTSIDE, KINDS, Case, case
from killing import Victim
from processes import RUNNER, Child, wait_until
from proof_world import World, list_text, run_arguments

BEFORE_THE_LAST_BYTE = ("plan-made", "lease-taken", "intent-written", "intent-committed", "socket-open", "half-sent")
AFTER_IT = ("all-sent", "half-answer-read", "answer-parsed", "result-written", "result-committed", "lease-given-back")
DOUBT = {"in-the-quiet-wait": "reset-before-commit", "adoption-written": "reset-after-commit"}


def killed(world: World, kind: str, items: int, fault: str = "") -> tuple[Path, Child, bool]:
    """The folder, the process and whether its kill landed, of a run that nothing else disturbs."""
    folder, member = world.new_folder({"list-0": list_text("list-0", items, 1)}), world.new_member()
    faults = {fault: "1x:coworkertasks"} if fault else {}
    for name, value in faults.items():
        world.far_side.set_fault(name, value)
    one = Case(number=0, kind=kind, nth=1, moment=0.5, items=items, faults=faults)
    child, landed = Victim(world, one, folder).kill(("list-0", member), 0.0, lambda: None)
    return folder, child, landed


@pytest.mark.parametrize("kind", BOUNDARIES)
def test_the_process_dies_at_the_boundary_and_nowhere_else(one_world: World, kind: str) -> None:
    _, child, landed = killed(one_world, kind, 2, DOUBT.get(kind, ""))
    assert landed, child.err
    assert child.code == DEAD
    assert kind == "plan-shown" or not child.out  # nothing that comes after it was done


@pytest.mark.parametrize("kind", KILLED_FROM_OUTSIDE)
def test_the_process_is_killed_when_the_far_side_says_so(one_world: World, kind: str) -> None:
    before = len(read_commits(one_world.commit_log))
    _, child, landed = killed(one_world, kind, 1)
    assert landed
    assert child.code == -9
    assert len(read_commits(one_world.commit_log)) == before + 1


@pytest.mark.parametrize("kind", [*BEFORE_THE_LAST_BYTE, *AFTER_IT])
def test_the_far_side_has_the_task_from_its_last_byte_on(one_world: World, kind: str) -> None:
    before = len(read_commits(one_world.commit_log))
    killed(one_world, kind, 1)
    if kind in AFTER_IT:
        assert wait_until(lambda: len(read_commits(one_world.commit_log)) > before, 5)
    else:
        time.sleep(0.1)
    assert len(read_commits(one_world.commit_log)) == before + (kind in AFTER_IT)


def test_a_run_that_is_not_to_die_is_left_alone_and_counts_every_boundary(one_world: World) -> None:
    folder, member = one_world.new_folder({"list-0": list_text("list-0", 5, 1)}), one_world.new_member()
    census = folder / "census.json"
    child = one_world.start(folder, *run_arguments("list-0", member), env={"CENSUS": str(census)})
    assert child.wait(30) == 0, child.err
    seen = json.loads(census.read_text())
    assert {name: seen.get(name) for name in ("socket-open", "half-sent", "all-sent", "half-answer-read")} == {
        "socket-open": 5, "half-sent": 5, "all-sent": 5, "half-answer-read": 5,
    }  # fmt: skip
    assert seen["between-tasks"] == 4
    assert seen["result-committed"] == 5


def test_a_cold_process_dies_like_a_warm_one(one_world: World) -> None:
    folder, member = one_world.new_folder({"list-0": list_text("list-0", 2, 1)}), one_world.new_member()
    argv = run_arguments("list-0", member)
    child = one_world.start(folder, *argv, cold=True, env={"CRASH_AT": "intent-committed:1"})
    assert child.wait(60) == DEAD


def test_a_boundary_that_does_not_exist_is_refused() -> None:
    with pytest.raises(LookupError, match="no boundary 'coffee'"):
        Crash().arm("coffee:1")


def test_the_nth_time_is_meant() -> None:
    crash = Crash()
    crash.arm("all-sent:3")
    assert [crash.is_due("all-sent") for _ in range(4)] == [False, False, True, False]
    assert not crash.is_due("half-sent")


def test_the_cases_of_a_seed_are_the_same_for_ever_and_hold_every_kind() -> None:
    first = [case(7, number) for number in range(60)]
    assert first == [case(7, number) for number in range(60)]
    assert first != [case(8, number) for number in range(60)]
    assert {one.kind for one in first} == {*KINDS, "random"}
    assert sum(one.kind == "random" for one in first) >= 15
    assert any(one.faults for one in first)
    assert any(one.pairs > 1 for one in first)


def test_the_product_has_no_hook(tmp_path: Path) -> None:
    """CRASH_AT means something to the runner of the proof alone."""
    engine = RUNNER.parent.parent.parent / "engine"
    assert [file for file in engine.rglob("*.py") if "CRASH_AT" in file.read_text(encoding="utf-8")] == []
    done = subprocess.run(
        [sys.executable, "-m", "engine.cli.main", "fields"],
        cwd=engine.parent, env={"CRASH_AT": "plan-made:1"}, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0
