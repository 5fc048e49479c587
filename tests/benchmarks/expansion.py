"""What expanding costs: goals P4 (many coworkers to JSON bytes) and P5 (memory).

P4: 10,000 coworkers x 30 items on one core. The reference is a loop written out by hand for just this list, with
dicts and orjson, which gives the same bytes; both are compared byte for byte before anything is timed. They run in
turns, chunk by chunk, and the median ratio of CPU times is printed with its spread. The plain way, one coworker at a
time, is measured beside them on fewer coworkers. P5: the highest memory of a process that streams 100,000 coworkers,
against one that streams 1,000. Nothing here asserts a time: a figure is a figure.

    python tests/benchmarks/expansion.py [--coworkers 10000] [--chunk 500] [--streamed 100000]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from expansion_given import LISTED, NOW, by_hand, members, prepared  # noqa: E402 - it stands beside this file

from engine.core.bulk import Bulk  # noqa: E402
from engine.core.facts import Facts  # noqa: E402
from engine.core.plan import body_of  # noqa: E402

GOAL_RATIO, GOAL_MEMORY = 5.0, 1.15
PLAIN = 100
"""Coworkers whose plain way is measured: it is slow, and only there to be compared with."""

Work = Callable[[Sequence[Facts]], list[tuple[bytes, ...]]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--coworkers", type=int, default=10_000)
    parser.add_argument("--chunk", type=int, default=500)
    parser.add_argument("--streamed", type=int, default=100_000)
    parser.add_argument("--stream", type=int, help=argparse.SUPPRESS)  # one measured process of P5
    given = parser.parse_args()
    if given.stream is not None:
        print(peak_of_stream(given.stream))
        return
    measure_rate(given.coworkers, given.chunk)
    measure_memory(given.streamed)


def measure_rate(coworkers: int, chunk: int) -> None:
    """Run both ways in turns over chunks of coworkers and print the ratios."""
    bulk = Bulk(prepared(), version="0" * 12)
    ways: dict[str, Work] = {
        "by hand": lambda facts: [by_hand(one, NOW) for one in facts],
        "bulk": lambda facts: [bulk.bodies(one, NOW).bodies for one in facts],
    }
    first = list(members(min(chunk, coworkers)))
    plain = [plain_way(bulk, one) for one in first[:PLAIN]]
    same = ways["by hand"](first) == ways["bulk"](first) and plain == ways["bulk"](first[:PLAIN])
    samples: dict[str, list[float]] = {name: [] for name in ways}
    for start in range(0, coworkers, chunk):
        facts = list(members(min(chunk, coworkers - start), start))
        for name in (list(ways) if start // chunk % 2 else list(ways)[::-1]):
            samples[name].append(cpu_of(ways[name], facts) / len(facts) / LISTED * 1e6)
    slow = cpu_of(lambda facts: [plain_way(bulk, one) for one in facts], first[:PLAIN]) / PLAIN / LISTED * 1e6
    ratios = sorted(fast / hand for fast, hand in zip(samples["bulk"], samples["by hand"], strict=True))
    low, middle, high = ratios[len(ratios) // 10], statistics.median(ratios), ratios[-1 - len(ratios) // 10]
    hand, fast = (statistics.median(samples[name]) for name in ways)
    print(f"{coworkers} coworkers x {LISTED} items in chunks of {chunk}; {bulk.plain} took the plain way")
    print(f"   by hand {hand:.2f} us a task, bulk {fast:.2f} us, plain way {slow:.0f} us ({slow / hand:.0f}x by hand)")
    print(
        f"P4 bulk / by hand  {middle:.2f}x (p10 {low:.2f}, p90 {high:.2f})  goal <= {GOAL_RATIO:.0f}x"
        f"  {'met' if middle <= GOAL_RATIO else 'MISSED'}; equal bytes: {'yes' if same else 'NO'}"
    )


def plain_way(bulk: Bulk, facts: Facts) -> tuple[bytes, ...]:
    """Return the bodies as `preview` and `run` make them."""
    return tuple(body_of(one.payload) for one in bulk.plan(facts, NOW).actions if one.action == "create")


def cpu_of(work: Work, facts: Sequence[Facts]) -> float:
    """Return CPU seconds of one way over one chunk."""
    before = time.process_time()
    work(facts)
    return time.process_time() - before


def measure_memory(streamed: int) -> None:
    """Compare the peaks of two processes, interleaved, each with its own number of coworkers."""
    sizes = (1_000, streamed)
    peaks: dict[int, list[int]] = {size: [] for size in sizes}
    for _ in range(3 if streamed <= 10_000 else 1):
        for size in sizes:
            command = [sys.executable, __file__, "--stream", str(size)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            peaks[size].append(int(done.stdout))
    small, large = (statistics.median(peaks[size]) for size in sizes)
    print(
        f"P5 peak memory  {large / small:.3f}x ({small / 1024:.1f} MiB for {sizes[0]}, {large / 1024:.1f} MiB for"
        f" {sizes[1]})  goal <= {GOAL_MEMORY}x  {'met' if large / small <= GOAL_MEMORY else 'MISSED'}"
    )


def peak_of_stream(coworkers: int) -> int:
    """Stream that many coworkers into nothing, and return this process's highest memory in KiB."""
    bulk, size = Bulk(prepared(), version="0" * 12), 0
    for made in bulk.stream(members(coworkers), NOW):
        size += len(made.line())
    assert size
    status = Path("/proc/self/status").read_text("ascii")  # ru_maxrss would tell of the parent, whose memory exec shed
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")))


if __name__ == "__main__":
    main()
