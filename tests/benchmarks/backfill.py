"""A backfill against an API that enforces its limits: goal P7, as a ratio to what the tightest limit allows.

Members x 12 tasks, several members at once on one ledger, with the pace, leases, intents and results as always. The
sandbox enforces the limit and answers too much with a throttle; 30/s and 10/s count reads and writes, 60/min counts
writes beside 120/min for all calls, in shortened minutes on both sides. The reference is of the same run: with the n
calls that were counted at the sandbox, (n - burst) / rate + the last call's latency. Printed beside it: the spread of
the ratio over tenths of the run, the fullest window that the sandbox saw, the throttle answers and the calls a member
besides POSTs. A second part meets the daily limit and shows that it parks, and goes on to the end. Nothing here
asserts a time: a figure is a figure.

    python tests/benchmarks/backfill.py [--quick] [--members 500] [--limit 30/s --limit 10/s --limit 60/min]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from whenever import Instant

sys.path.insert(0, str(Path(__file__).parent.parent))

from paced_account import (  # noqa: E402 - they stand one folder up
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
from sandbox_process import SandboxProcess, sandbox  # noqa: E402

from engine.authoring.folder import Folder  # noqa: E402
from engine.flows.request import Request  # noqa: E402
from engine.flows.resume import Recovery  # noqa: E402
from engine.flows.run import Job, Ran, Runner  # noqa: E402
from engine.flows.stopping import Stop  # noqa: E402
from engine.ledger.limits import Limits  # noqa: E402

GOAL = 1.05
MOST_READS = 6
LATENCY = 0.15
QUICK_MEMBERS = {"30/s": 40, "10/s": 14, "60/min": 40}
"""Enough for many windows: a short run ends in the middle of one, which the reference does not know."""
DAY_SECONDS = 8.0


@dataclass(frozen=True)
class Limit:
    """`count` calls, or writes only, in a window of `seconds`; `windows` are the sandbox's and ours in minutes."""

    name: str
    count: int
    seconds: float
    writes_only: bool
    calls_a_minute: int
    writes_a_minute: int = 0

    @property
    def scale(self) -> float:
        return self.seconds / 60

    @property
    def rate(self) -> float:
        return self.count / self.seconds

    def ours(self) -> Limits:
        return Limits(self.writes_a_minute, self.calls_a_minute, 0, 0, 0, scale=self.scale)


LIMITS = {
    "30/s": Limit("30/s", 30, 1.0, writes_only=False, calls_a_minute=30),
    "10/s": Limit("10/s", 10, 1.0, writes_only=False, calls_a_minute=10),
    "60/min": Limit("60/min", 60, 2.0, writes_only=True, calls_a_minute=120, writes_a_minute=60),
}


@dataclass(frozen=True)
class Measured:
    """What one backfill took, and what the sandbox saw of it: moments in seconds."""

    wall: float
    arrivals: tuple[float, ...]
    reads: int
    throttled: int
    last_latency: float

    def ideal(self, limit: Limit) -> float:
        return max(0, len(self.arrivals) - limit.count) / limit.rate + self.last_latency

    def ratio(self, limit: Limit) -> float:
        return self.wall / self.ideal(limit)

    def spread(self, limit: Limit) -> tuple[float, float]:
        """The least and the greatest ratio of a tenth of the run, each of whole windows where it has any."""
        step = max(1, len(self.arrivals) // 10 // limit.count) * limit.count
        starts = range(0, len(self.arrivals) - step, step)
        ratios = [(self.arrivals[at + step] - self.arrivals[at]) / (step / limit.rate) for at in starts]
        return (min(ratios), max(ratios)) if ratios else (float("nan"), float("nan"))

    def fullest(self, limit: Limit) -> int:
        """The most calls that any window of the limit's length held at the sandbox."""
        return most_in(self.arrivals, limit.seconds)


def backfill(far_side: SandboxProcess, limit: Limit, members: Sequence[int]) -> Measured:
    """Run the list for all members under one limit, on a fresh ledger."""
    with tempfile.TemporaryDirectory() as name:
        lists, stop = make_folder(Path(name)), Stop()
        with open_account(far_side.env, lists, limit.ours(), stop) as account:
            account.client.me()
            enforce(
                far_side,
                calls_per_minute=limit.calls_a_minute,
                writes_per_minute=limit.writes_a_minute,
                scale=limit.scale,
            )
            far_side.clear_requests()
            far_side.clear_counts()
            started = time.monotonic()
            done = run_all(runner_of(account, lists, stop), lists, members, at_once(limit))
            wall = time.monotonic() - started
    must_be_created(done, len(members))
    return measured(far_side, limit, wall)


def at_once(limit: Limit) -> int:
    """Members at a time: rate x latency + 2, as for calls (a member's reads come one after the other)."""
    return round(limit.rate * LATENCY) + 2


def measured(far_side: SandboxProcess, limit: Limit, wall: float) -> Measured:
    came = arrivals(far_side, writes_only=limit.writes_only)
    reads = len(arrivals(far_side)) - len(arrivals(far_side, writes_only=True))
    return Measured(wall, tuple(came), reads, far_side.counts()["throttled"], LATENCY)


def must_be_created(done: Sequence[Ran], members: int) -> None:
    made = sum(ran.applied.counts().get("created", 0) for ran in done)
    if made != members * ITEMS:
        odd = {f"{r.outcome}: {r.error}" for ran in done for r in ran.applied.results if r.outcome != "created"}
        raise SystemExit(f"{made} of {members * ITEMS} tasks were created, nothing can be measured: {sorted(odd)}")


def show(limit: Limit, one: Measured, members: int) -> None:
    low, high = one.spread(limit)
    reads = one.reads / members
    met = one.ratio(limit) <= GOAL and one.throttled == 0 and reads <= MOST_READS
    print(
        f"{limit.name:7} {members:4} members {len(one.arrivals):6} {'writes' if limit.writes_only else 'calls '}"
        f"  {one.wall:7.1f} s of {one.ideal(limit):7.1f} s: {one.ratio(limit):.3f}x"
        f" (tenths {low:.3f} to {high:.3f})  fullest window {one.fullest(limit):3} of {limit.count:3}"
        f"  throttle answers {one.throttled}  reads a member {reads:.1f}  {'met' if met else 'MISSED'}",
        flush=True,
    )


def daily_limit(far_side: SandboxProcess, members: Sequence[int]) -> None:
    """Meet the limit of a shortened day, park, go on when it is over, and say what came of it."""
    wanted = len(members) * ITEMS
    a_day = wanted * 2 // 3
    scale = DAY_SECONDS / 86_400
    with tempfile.TemporaryDirectory() as name:
        lists, stop = make_folder(Path(name)), Stop()
        with open_account(far_side.env, lists, Limits(0, 0, 0, 0, a_day, scale=scale), stop) as account:
            enforce(far_side, writes_per_day=a_day, scale=scale)
            far_side.clear_counts()
            before = created(far_side)
            runner = runner_of(account, lists, stop)
            outcomes = counted(run_all(runner, lists, members, 4))
            first = created(far_side) - before
            parked = [run for run in account.ledger.unfinished() if run.resumes_at is not None]
            print(
                f"daily limit {a_day}: {first} of {wanted} tasks made, then {outcomes}; {len(parked)} runs are parked"
            )
            days = go_on(runner, lists)
            made = created(far_side) - before
            print(
                f"  after {days} more shortened days: {made} of {wanted} made, throttle answers"
                f" {far_side.counts()['throttled']}, runs left {len(account.ledger.unfinished())}"
            )


def go_on(runner: Runner, lists: Folder) -> int:
    """Wait for the parked runs' moments and go on until none is left; how many times that was."""

    def job_of(_: str, request: Request) -> Job:
        return job_for(lists, request.coworker_id)

    recovery = Recovery(runner, job_of, lambda _: None)
    for days in range(1, 9):
        moments = [run.resumes_at for run in runner.tools.ledger.unfinished() if run.resumes_at is not None]
        if not moments:
            return days - 1
        print(f"  goes on at {min(moments).round('second')}")
        time.sleep(max(0.0, (max(moments) - Instant.now()).total("seconds")) + 0.1)
        for _ in recovery.coworkers(runner.tools.ledger.coworkers_to_recover()):
            pass
    raise SystemExit("the parked runs did not come to an end")


def created(far_side: SandboxProcess) -> int:
    return sum(line["op"] == "create" for line in far_side.commits())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="few members: about a minute")
    parser.add_argument("--members", type=int, default=500)
    parser.add_argument("--limit", action="append", choices=LIMITS, help="only these limits")
    parser.add_argument("--skip-daily", action="store_true")
    given = parser.parse_args()
    print(f"P7: members x {ITEMS} tasks, {LATENCY * 1000:.0f} ms a call, goal <= {GOAL}x, no throttle answers")
    ratios = []
    for name in given.limit or LIMITS:
        count = QUICK_MEMBERS[name] if given.quick else given.members
        with sandbox() as far_side:  # a fresh one each time: its lists grow longer with every task
            enforce(far_side)
            members = make_members(far_side, count)
            far_side.set_mode("S51.slow-seconds", str(LATENCY))
            for fault in ("slow", "slow-on-read"):
                far_side.set_fault(fault, "1.0")
            one = backfill(far_side, LIMITS[name], members)
        show(LIMITS[name], one, count)
        ratios.append(one.ratio(LIMITS[name]))
    print(f"median ratio {statistics.median(ratios):.3f}x, from {min(ratios):.3f}x to {max(ratios):.3f}x")
    if not given.skip_daily:
        with sandbox() as far_side:
            enforce(far_side)
            daily_limit(far_side, make_members(far_side, 10))


if __name__ == "__main__":
    main()
