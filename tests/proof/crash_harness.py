"""Kills runs, lets them run again until done, and has the auditor count what that cost.

    python tests/proof/crash_harness.py [--kills 60] [--seed 1] [--workers 2] [--state FOLDER] [--case N]

The protocol is that of promises.md section 5: a sandbox in its own process with a commit log, the plan saved before
the first run, kill, run again until exit 0 (at most 10 times), audit. With --state a proof that was interrupted goes
on where it was. --case N does one case again and tells all about it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parent.parent)]

from auditor import audit, read_commits  # noqa: E402  the path comes first
from boundaries import DEAD  # noqa: E402
from crash_cases import Case, Outcome, case, summary  # noqa: E402
from killing import Victim  # noqa: E402
from processes import Child, Nursery  # noqa: E402
from proof_world import LOGIN, Member, World, list_text, run_arguments, world  # noqa: E402
from secrets_kept import leaks  # noqa: E402

MOST_RUNS = 10
"""Runs after a kill until the proof gives up; it must take 3 at most."""

RUN_SECONDS = 60.0
DONE, GOES_ON = 0, {3, 6, DEAD, -9}
"""Exit codes after which a run is repeated; any other is trouble."""

Pair = tuple[str, Member]


class Trial:
    """One case in one world."""

    def __init__(self, world: World, case: Case, windows: Windows) -> None:
        self._world = world
        self._case = case
        self._windows = windows
        self._outcome = Outcome(case.number, case.kind)
        self._children: list[Child] = []

    def run(self) -> Outcome:
        """Do all of it; whatever goes wrong on the way is trouble in the outcome."""
        started = time.monotonic()
        self._world.env = self._world.with_token() if self._case.loud and self._case.number % 12 == 5 else {}
        pairs, folder = self._prepare()
        window = self._windows.of(self._case) if self._case.kind == "random" else 0.0
        before = len(read_commits(self._world.commit_log))
        try:
            plans = [self._world.plan(folder, name, member) for name, member in pairs]
            for name, value in self._case.faults.items():
                self._world.far_side.set_fault(name, value)
            self._kill(pairs, folder, window)
            self._finish(pairs, folder)
            commits = read_commits(self._world.commit_log)[before:]
            found = audit(plans, commits, login=LOGIN)
            self._outcome.counts = found.counts
            if not found.clean:
                self._outcome.trouble += [f"{kind}: {told}" for kind in found.counts for told in getattr(found, kind)]
            if found.planned != self._case.items * len(pairs):
                self._outcome.trouble.append(f"{found.planned} tasks were planned")
            members = {member.name for _, member in pairs}
            self._outcome.trouble += leaks(self._world.secrets, folder, self._children, members)
        except (TimeoutError, AssertionError, OSError) as error:
            self._outcome.trouble.append(f"{type(error).__name__}: {error}")
        finally:
            self._world.far_side.clear_faults()
        self._outcome.seconds = round(time.monotonic() - started, 2)
        return self._outcome

    def _prepare(self) -> tuple[list[Pair], Path]:
        """Members and lists as the case says."""
        one = self._case
        count = one.pairs if one.same_member else 1
        lists = {f"list-{n}": list_text(f"list-{n}", one.items, one.number + n) for n in range(count)}
        first = self._world.new_member()
        if one.same_member or one.pairs == 1:
            return [(name, first) for name in lists], self._world.new_folder(lists)
        members = [first] + [self._world.new_member() for _ in range(one.pairs - 1)]
        return [("list-0", member) for member in members], self._world.new_folder(lists)

    def _kill(self, pairs: list[Pair], folder: Path, window: float) -> None:
        """Run all pairs at once, and kill the first one."""
        victim = Victim(self._world, self._case, folder)
        child, landed = victim.kill(pairs[0], window, lambda: self._start_others(pairs[1:], folder))
        self._children.append(child)
        self._outcome.kills += 1
        self._outcome.landed += landed
        if self._case.kind == "random" and not landed:
            self._windows.shorten(self._case)
        for other in self._children:
            self._judge(other, other.wait(RUN_SECONDS))

    def _start_others(self, pairs: list[Pair], folder: Path) -> None:
        self._children += [self._world.start(folder, *run_arguments(*pair)) for pair in pairs]

    def _finish(self, pairs: list[Pair], folder: Path) -> None:
        """Run again until exit 0, one pair after the other; the first run after the kill may be killed too."""
        for number, pair in enumerate(pairs):
            again, restarts = self._case.again if number == 0 else "", 0
            for turn in range(1, MOST_RUNS + 1):
                argv = self._argv(pair, turn)
                env = self._case.env | {"CRASH_AT": again}
                child = self._world.start(folder, *argv, cold=self._case.cold, env=env)
                self._children.append(child)
                code = child.wait(RUN_SECONDS)
                self._judge(child, code)
                killed, again = code == DEAD, ""
                self._outcome.kills, self._outcome.landed = self._outcome.kills + killed, self._outcome.landed + killed
                restarts = 0 if killed else restarts + 1
                if code == DONE and argv[0] == "run":  # what was never begun is nothing to `resume`
                    break
            else:
                self._outcome.trouble.append(f"not done after {MOST_RUNS} runs: {self._children[-1].err[-1000:]}")
            self._outcome.restarts = max(self._outcome.restarts, restarts)

    def _argv(self, pair: Pair, turn: int) -> list[Any]:
        """`run` and `resume` in turn; every other case begins with the other, so that `run` comes second at most."""
        if (turn + self._case.number) % 2:
            return run_arguments(*pair)
        return ["resume", "--coworker", pair[1].id, "--format", "json"]

    def _judge(self, child: Child, code: int) -> None:
        if code != DONE and code not in GOES_ON:
            self._outcome.trouble.append(f"exit code {code}: {child.err[-1500:]}")


Measure = Callable[[int, tuple[str, ...], bool], float]
"""Of so many items, with these faults once each, from a cold start or not; in seconds."""


class Windows:
    """How long a run of so many items takes from its first write to the ledger to its end, measured here and now."""

    def __init__(self, measure: Measure) -> None:
        self._measure = measure
        self._known: dict[tuple[int, tuple[str, ...], bool], float] = {}

    def of(self, case: Case) -> float:
        """In seconds; measured when first asked for: the shorter of two runs, since another program may disturb one."""
        key = (case.items, tuple(case.faults), case.cold)
        if key not in self._known:
            self._known[key] = min(self._measure(*key) for _ in range(2))
        return self._known[key]

    def shorten(self, case: Case) -> None:
        """A run ended before its kill came: the machine was slower when it was measured."""
        self._known[case.items, tuple(case.faults), case.cold] = 0.8 * self.of(case)


def measuring(world: World) -> Measure:
    """What Windows measures with: a run of a member of its own that nobody kills."""

    def measure(items: int, faults: tuple[str, ...], cold: bool) -> float:
        folder, member = world.new_folder({"list-0": list_text("list-0", items, items)}), world.new_member()
        for name in faults:
            world.far_side.set_fault(name, "1x:coworkertasks")
        try:
            return Victim.window(world, folder, ("list-0", member), cold=cold)
        finally:
            world.far_side.clear_faults()

    return measure


def worker(folder: Path, numbers: Iterator[int], seed: int, nursery: Nursery, keep: Callable[[Outcome], None]) -> None:
    """Take cases until none is left, in a world of its own."""
    with world(folder, nursery, seed=seed) as mine:
        windows = Windows(measuring(mine))
        measuring(mine)(3, (), False)  # the first run of a nursery is longer than all others
        for number in numbers:
            keep(Trial(mine, case(seed, number), windows).run())


def prove(
    kills: int, *, seed: int, workers: int, folder: Path, state: Path | None = None, told: Callable[[Outcome], None]
) -> list[Outcome]:
    """Do the cases 0 to `kills` that `state` does not hold yet; return the outcomes of all."""
    outcomes = {n: found for n in range(kills) if state and (found := Outcome.load(state, n)) is not None}
    lock, waiting = threading.Lock(), iter([n for n in range(kills) if n not in outcomes])

    def numbers() -> Iterator[int]:
        while True:
            with lock:
                number = next(waiting, None)
            if number is None:
                return
            yield number

    def keep(outcome: Outcome) -> None:
        with lock:
            outcomes[outcome.number] = outcome
            if state and outcome.clean:  # one that is not is tried again, and seen again
                outcome.save(state)
            told(outcome)

    failures: list[BaseException] = []

    def work(place: Path, nursery: Nursery) -> None:
        try:
            worker(place, numbers(), seed, nursery, keep)
        except BaseException as error:
            failures.append(error)

    with ExitStack() as stack:
        nursery = stack.enter_context(Nursery())
        threads = [threading.Thread(target=work, args=(folder / f"worker-{n}", nursery)) for n in range(workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if failures:
        raise failures[0]
    return [outcomes[number] for number in sorted(outcomes)]


def tell(outcome: Outcome) -> None:
    """A line for each case that is not clean."""
    if not outcome.clean:
        print(f"case {outcome.number} ({outcome.kind}): {outcome.counts}", *outcome.trouble, sep="\n    ", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--state", type=Path)
    parser.add_argument("--case", type=int)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        if asked.case is not None:
            print(case(asked.seed, asked.case))
            with Nursery() as nursery:
                worker(Path(place), iter([asked.case]), asked.seed, nursery, print)
            return 0
        outcomes = prove(
            asked.kills, seed=asked.seed, workers=asked.workers, folder=Path(place), state=asked.state, told=tell
        )
    print(summary(outcomes))
    return 0 if all(one.clean for one in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
