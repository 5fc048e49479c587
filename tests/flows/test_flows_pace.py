"""One rate budget for all processes of an account, kept to the brim and never beyond; and a day's limit that parks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from paced_account import (
    ITEMS,
    arrivals,
    counted,
    enforce,
    job_for,
    make_folder,
    make_members,
    most_in,
    open_account,
    run_all,
    runner_of,
)
from sandbox_process import SandboxProcess, sandbox
from whenever import Instant

from engine.authoring.folder import Folder
from engine.flows.request import Request
from engine.flows.resume import Recovery
from engine.flows.run import Job
from engine.flows.stopping import Stop
from engine.ledger.limits import Limits

ROOT = Path(__file__).parent.parent.parent
PROCESSES = 4
LONG = os.environ.get("TASKLISTS_LONG") == "1"
MEMBERS, WRITES_A_MINUTE, MINUTE_SECONDS = (20, 60, 20.0) if LONG else (4, 16, 6.0)
"""240 tasks under 60 writes a minute of 20 s; else 48 under 16 a minute of 6 s: at least three minutes' worth."""

DAY_SECONDS = 4.0


@pytest.fixture
def far_side() -> Iterator[SandboxProcess]:
    with sandbox() as running:
        enforce(running)
        yield running


def made(far_side: SandboxProcess) -> Counter[tuple[int, str]]:
    records = [line["record"] for line in far_side.commits() if line["op"] == "create"]
    return Counter((record["CoworkerId"], record["Name"]) for record in records)


def backfill_at_once(far_side: SandboxProcess, folder: Path, members: tuple[int, ...]) -> list[dict[str, int]]:
    """Start the processes, let them begin together, and return what each says."""
    program = [sys.executable, str(Path(__file__).with_name("paced_backfill.py")), str(folder)]
    program += [str(WRITES_A_MINUTE), str(MINUTE_SECONDS)]
    env = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT), **far_side.env}
    with ExitStack() as stack:
        started = []
        for number in range(PROCESSES):
            command = [*program, *map(str, members[number::PROCESSES])]
            pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
            process = stack.enter_context(subprocess.Popen(command, env=env, **pipes))
            stack.callback(process.kill)
            started.append(process)
        assert [process.stdout.readline() for process in started] == ["ready\n"] * PROCESSES
        answers = []
        for process in started:
            process.stdin.write("\n")
            process.stdin.flush()
        for process in started:
            out, _ = process.communicate(timeout=300)
            assert process.returncode == 0
            answers.append(json.loads(out))
        return answers


@pytest.mark.long
def test_four_processes_use_a_minutes_limit_to_the_brim_and_are_never_throttled(
    far_side: SandboxProcess, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lists = make_folder(tmp_path)
    members = make_members(far_side, MEMBERS)
    with open_account(far_side.env, lists, Limits(), Stop()):
        pass  # the ledger is there before four want to make it
    scale = MINUTE_SECONDS / 60
    enforce(far_side, writes_per_minute=WRITES_A_MINUTE, scale=scale)
    far_side.clear_requests()
    far_side.clear_counts()
    answers = backfill_at_once(far_side, tmp_path, members)
    assert answers == [{"created": MEMBERS * ITEMS // PROCESSES}] * PROCESSES
    assert len(made(far_side)) == MEMBERS * ITEMS
    assert set(made(far_side).values()) == {1}
    writes, calls = arrivals(far_side, writes_only=True), arrivals(far_side)
    assert far_side.counts()["throttled"] == 0
    assert most_in(writes, MINUTE_SECONDS) <= WRITES_A_MINUTE
    allowed = WRITES_A_MINUTE * (1 + (writes[-1] - writes[0]) / MINUTE_SECONDS)
    with capsys.disabled():
        print(f"\n{len(writes)} writes of {allowed:.0f} allowed ({len(writes) / allowed:.0%}), no throttle answer")
    assert len(writes) >= 0.9 * allowed
    assert len(calls) - len(writes) <= 6 * MEMBERS


def recovery_of(runner: Any, lists: Folder) -> Recovery:
    def job_of(_: str, request: Request) -> Job:
        return job_for(lists, request.coworker_id)

    return Recovery(runner, job_of, lambda _: None)


def status(far_side: SandboxProcess, folder: Path, *arguments: str) -> str:
    """What `tasklists status` prints, from a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "engine.cli.main", "status", *arguments],
        cwd=folder,
        env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT), "COLUMNS": "200", **far_side.env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    ).stdout


def test_a_run_that_meets_the_daily_limit_parks_with_a_time_and_goes_on_to_the_end(
    far_side: SandboxProcess, tmp_path: Path
) -> None:
    lists, stop = make_folder(tmp_path), Stop()
    members = make_members(far_side, 3)
    scale, a_day = DAY_SECONDS / 86_400, 20
    enforce(far_side, writes_per_day=a_day, scale=scale)
    far_side.clear_counts()
    with open_account(far_side.env, lists, Limits(0, 0, 0, 0, a_day, scale=scale), stop) as account:
        runner = runner_of(account, lists, stop)
        first_call = Instant.now()
        outcomes = counted(run_all(runner, lists, members, 1))
        assert outcomes == {"created": a_day, "parked": 3 * ITEMS - a_day}
        assert sum(made(far_side).values()) == a_day
        parked = {run.coworker_id: run.resumes_at for run in account.ledger.unfinished()}
        assert len(parked) == 2
        for moment in parked.values():
            assert moment is not None
            assert DAY_SECONDS <= (moment - first_call).total("seconds") <= 1.1 * DAY_SECONDS + 3

        shown = json.loads(status(far_side, tmp_path, "--format", "json"))
        told = {run["coworker_id"]: run["resumes_at"] for run in shown["runs"] if run["resumes_at"]}
        assert told.keys() == parked.keys()
        assert status(far_side, tmp_path).count("parked till") == 2

        days = 0
        while waiting := [run.resumes_at for run in account.ledger.unfinished() if run.resumes_at is not None]:
            time.sleep(max(0.0, (max(waiting) - Instant.now()).total("seconds")) + 0.05)
            for _ in recovery_of(runner, lists).coworkers(account.ledger.coworkers_to_recover()):
                pass
            days += 1
            assert days < 5
        assert account.ledger.unfinished() == ()
        assert account.ledger.coworkers_to_recover() == ()
    assert len(made(far_side)) == 3 * ITEMS
    assert set(made(far_side).values()) == {1}
    assert far_side.counts()["throttled"] == 0
    assert status(far_side, tmp_path).count("parked till") == 0


def test_before_its_moment_a_parked_run_is_left_alone(far_side: SandboxProcess, tmp_path: Path) -> None:
    lists, stop = make_folder(tmp_path), Stop()
    (member,) = make_members(far_side, 1)
    with open_account(far_side.env, lists, Limits(0, 0, 0, 0, 5), stop) as account:
        runner = runner_of(account, lists, stop)
        assert counted(run_all(runner, lists, [member], 1)) == {"created": 5, "parked": ITEMS - 5}
        far_side.clear_requests()
        ((coworker_id, resumed),) = recovery_of(runner, lists).coworkers(account.ledger.coworkers_to_recover())
        assert coworker_id == member
        (left,) = resumed.left
        assert left.why.startswith("parked; goes on after 2")
        assert arrivals(far_side) == []


def test_the_same_run_by_hand_meets_the_same_limit_and_doubles_nothing(
    far_side: SandboxProcess, tmp_path: Path
) -> None:
    lists, stop = make_folder(tmp_path), Stop()
    (member,) = make_members(far_side, 1)
    with open_account(far_side.env, lists, Limits(0, 0, 0, 0, 5), stop) as account:
        runner = runner_of(account, lists, stop)
        run_all(runner, lists, [member], 1)
        again = counted(run_all(runner, lists, [member], 1))
        assert again == {"kept": 5, "parked": ITEMS - 5}
    with open_account(far_side.env, lists, Limits(0, 0, 0, 0, 0), stop) as account:  # the limit was lifted
        lifted = counted(run_all(runner_of(account, lists, stop), lists, [member], 1))
        assert lifted == {"kept": 5, "created": ITEMS - 5}
        assert account.ledger.unfinished() == ()
    assert set(made(far_side).values()) == {1}
    assert len(made(far_side)) == ITEMS
