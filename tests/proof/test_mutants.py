"""The proof finds planted bugs: each of eight is caught by seeds of the normal run, which the engine itself passes."""

from __future__ import annotations

import re

import pytest
from mutants import MUTANTS, Mutant
from simulation import simulate, simulation
from simulation_world import Broken

MOST_SEEDS = 400
"""Of the 2,000 of the normal run: a bug that needs more is not planted where the seeds look."""


def _first_caught(mutant: Mutant) -> tuple[int, str]:
    """The first seed of the normal run that catches a bug, and what it says."""
    for seed in range(MOST_SEEDS):
        try:
            with mutant.planted():
                simulate(seed)
        except Broken as caught:
            simulate(seed)  # the engine itself passes it
            return seed, str(caught)
    return -1, "not caught"


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_planted_bug_is_caught(mutant: Mutant, capsys: pytest.CaptureFixture[str]) -> None:
    with simulation():
        seed, told = _first_caught(mutant)
    with capsys.disabled():
        print(f"\nmutant {mutant.name!r} ({mutant.meaning}): seed {seed}: {told}")
    assert seed >= 0
    assert any(re.search(sign, told) for sign in mutant.signs), told


def test_there_are_eight_of_them() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == 8


def test_a_planted_bug_is_taken_back() -> None:
    for mutant in MUTANTS:
        before = [getattr(place, name) for place, name, _ in mutant.patches()]
        with mutant.planted():
            during = [getattr(place, name) for place, name, _ in mutant.patches()]
        assert [getattr(place, name) for place, name, _ in mutant.patches()] == before
        assert during != before
