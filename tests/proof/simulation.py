"""Seeded simulation of runs: one seed is one schedule of processes, faults, crashes and staff, and its judgement.

    python tests/proof/simulation.py --seed 17 --trace     replay one seed, step by step
    python tests/proof/simulation.py --seeds 0 2000        many seeds; prints those that fail

The engine is the real one; clock, line, store and the order of threads are ours. It must never take anything but
the seed into a choice: a failure is told by its seed alone.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from simulation_locks import baton_locks
from simulation_processes import WITH_LOCKS
from simulation_world import Found, World

from engine.core import catalogue, typed_facts
from engine.flows import gather

_quick_snake_case = cache(catalogue.snake_case)


@contextmanager
def simulation() -> Iterator[None]:
    """What has to hold around every seed: the engine's locks hand the baton on."""
    slow = catalogue.snake_case
    modules = (catalogue, gather, typed_facts)
    for module in modules:  # the same names in every seed: what is remembered changes nothing but the time
        module.snake_case = _quick_snake_case
    try:
        with baton_locks(*WITH_LOCKS):
            yield
    finally:
        for module in modules:
            module.snake_case = slow


def simulate(seed: int, *, trace: bool = False) -> Found:
    """Run one seed. Raises Broken, with how to see it again."""
    world = World(seed, trace=trace)
    try:
        return world.judged()
    except BaseException as error:
        error.add_note(f"seed {seed}; replay it: python tests/proof/simulation.py --seed {seed} --trace")
        if world.trace is not None:
            print("\n".join(world.trace))
        raise
    finally:
        world.store.baton = None


def main(arguments: list[str]) -> int:
    """Replay one seed, or look for seeds that fail."""
    trace = "--trace" in arguments
    if "--seed" in arguments:
        first = int(arguments[arguments.index("--seed") + 1])
        seeds = range(first, first + 1)
    else:
        first, last = (int(text) for text in arguments[arguments.index("--seeds") + 1 :][:2])
        seeds = range(first, last)
    started, failed = time.process_time(), 0
    total: Counter[str] = Counter()
    with simulation():
        for seed in seeds:
            try:
                found = simulate(seed, trace=trace)
            except Exception as error:  # noqa: BLE001 - told with its seed, and the next one is tried
                failed += 1
                print(f"seed {seed}: {type(error).__name__}: {error}", flush=True)
                if len(seeds) == 1:
                    raise
                continue
            total += Counter(lives=found.lives, deaths=found.deaths, sent=found.sent)
            print("\n".join(found.trace), end="\n" if trace else "")
    spent = time.process_time() - started
    each = 1000 * spent / len(seeds)
    print(f"{len(seeds)} seeds in {spent:.1f} s of CPU ({each:.1f} ms each): {failed} failed; {dict(total)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
