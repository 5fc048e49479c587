"""What one run takes against an API that needs 150 ms a call: goal P6, as a ratio to its own slowest call.

Each round applies a plan of 12 tasks with the engine (lease, intents, results, gate: all as always), then sends the
same 12 bodies with bare httpx one by one and all at once. The rounds are interleaved, each way of sending is
compared with the slowest single call of its own, and the median ratio is printed with its spread. Nothing here
asserts a time: a figure is a figure.

    python tests/benchmarks/run_latency.py [--rounds 9] [--milliseconds 150]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).parent.parent))

from paced_account import (  # noqa: E402 - they stand one folder up
    ITEMS,
    TimedWriter,
    enforce,
    job_for,
    make_folder,
    make_members,
    open_account,
    runner_of,
)
from sandbox_process import SandboxProcess, sandbox  # noqa: E402

from engine.core.plan import Plan, body_of  # noqa: E402
from engine.flows.account import WritingAccount  # noqa: E402
from engine.flows.apply import Applier, Asked  # noqa: E402
from engine.flows.preview import Preview, Previewer  # noqa: E402
from engine.flows.run import Job, Runner  # noqa: E402
from engine.flows.stopping import Stop  # noqa: E402
from engine.ledger.limits import Limits  # noqa: E402

GOAL = 3.0
UNLIMITED = Limits(0, 0, 0, 0, 0)


@dataclass(frozen=True)
class Sample:
    """Seconds of the whole, and of its slowest single call."""

    wall: float
    slowest: float

    @property
    def ratio(self) -> float:
        return self.wall / self.slowest


@dataclass
class Bench:
    """One far side, one login, one folder; `members` are used up one a round."""

    far_side: SandboxProcess
    folder: Path
    members: list[int]

    def round(self) -> dict[str, Sample]:
        """Measure each way of sending once."""
        member = self.members.pop()
        with tempfile.TemporaryDirectory(dir=self.folder) as name:
            lists = make_folder(Path(name))
            stop = Stop()
            with open_account(self.far_side.env, lists, UNLIMITED, stop) as account:
                runner, job = runner_of(account, lists, stop), job_for(lists, member)
                account.client.me()  # the login, for all alike, is no part of a call
                made = plan_of(runner, job)
                applied = self.apply(account, runner, made)
                whole = self.whole_run(runner, job_for(lists, self.members.pop()))
        bodies = [body_of(action.payload) for action in made.plan.actions]
        return {
            "engine, apply": applied,
            "engine, reads and apply": Sample(whole, applied.slowest),
            "httpx, all at once": self.bare(bodies, len(bodies)),
            "httpx, one by one": self.bare(bodies, 1),
        }

    def apply(self, account: WritingAccount, runner: Runner, made: Preview) -> Sample:
        writer = TimedWriter(account.client)
        with runner.holding(made.plan.expansion.coworker_id) as (tenure, _):
            applier = Applier(writer, account.ledger, tenure, runner.conduct)
            started = time.perf_counter()
            applier.begin(made.plan, Asked())
            applier.apply(made.plan)
            applied = applier.finish(made.plan)
            wall = time.perf_counter() - started
        must_be_created(made.plan, applied.counts())
        return Sample(wall, max(writer.taken))

    def whole_run(self, runner: Runner, job: Job) -> float:
        started = time.perf_counter()
        ran = runner.run(job)
        wall = time.perf_counter() - started
        assert ran is not None
        must_be_created(ran.preview.plan, ran.applied.counts())
        return wall

    def bare(self, bodies: Sequence[bytes], at_once: int) -> Sample:
        """The same bodies over connections that stand already, with nothing remembered."""
        login = (self.far_side.username, self.far_side.password)
        limits = httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once)
        url = f"{self.far_side.base_url}/api/crm/coworkertasks"
        with httpx.Client(auth=login, limits=limits, trust_env=False) as client, ThreadPoolExecutor(at_once) as pool:

            def post(body: bytes) -> float:
                started = time.perf_counter()
                answer = client.post(url, content=body, headers={"Content-Type": "application/json"})
                assert answer.json()["WasSuccessful"]
                return time.perf_counter() - started

            list(pool.map(lambda _: client.get(f"{self.far_side.base_url}/en/user/me"), range(at_once)))
            started = time.perf_counter()
            slowest = max(pool.map(post, bodies))
            return Sample(time.perf_counter() - started, slowest)


def plan_of(runner: Runner, job: Job) -> Preview:
    tools = runner.tools
    previewer = Previewer(tools.reader, tools.ledger, job.prepared, policy=runner.policy)
    return previewer.preview(job.request, job.version)


def must_be_created(plan: Plan, counts: dict[str, int]) -> None:
    if counts != {"created": ITEMS}:
        raise SystemExit(f"a run of {len(plan.actions)} tasks came to {counts}: nothing can be measured")


def spread(values: Sequence[float], form: Callable[[float], str]) -> str:
    ordered = sorted(values)
    low, high = ordered[len(ordered) // 10], ordered[-1 - len(ordered) // 10]
    return f"{form(statistics.median(ordered)):>8} (p10 {form(low)}, p90 {form(high)})"


def show(samples: dict[str, list[Sample]], rounds: int, milliseconds: int) -> None:
    print(f"P6: {ITEMS} tasks for one member, {milliseconds} ms a call, no limit, {rounds} interleaved rounds")
    print(f"{'':25} {'wall / slowest single call':38} {'wall':38} slowest call")
    for name, taken in samples.items():
        ratio = spread([one.ratio for one in taken], lambda x: f"{x:.2f}x")
        wall = spread([one.wall for one in taken], lambda x: f"{x * 1000:.0f} ms")
        slowest = statistics.median(one.slowest for one in taken)
        print(f"{name:25} {ratio:38} {wall:38} {slowest * 1000:.0f} ms")
    ratio = statistics.median(one.ratio for one in samples["engine, apply"])
    print(f"P6 goal <= {GOAL:.0f}x: {ratio:.2f}x, {'met' if ratio <= GOAL else 'MISSED'}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--milliseconds", type=int, default=150)
    given = parser.parse_args()
    samples: dict[str, list[Sample]] = {}
    with sandbox() as far_side, tempfile.TemporaryDirectory() as name:
        enforce(far_side)
        members = make_members(far_side, 2 * given.rounds + 2)
        far_side.set_mode("S51.slow-seconds", str(given.milliseconds / 1000))
        for fault in ("slow", "slow-on-read"):
            far_side.set_fault(fault, "1.0")
        bench = Bench(far_side, Path(name), list(members))
        bench.round()  # the first one compiles modules and warms both sides up
        for _ in range(given.rounds):
            for way, sample in bench.round().items():
                samples.setdefault(way, []).append(sample)
    show(samples, given.rounds, given.milliseconds)


if __name__ == "__main__":
    main()
