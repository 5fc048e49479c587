"""The state machine, 30 times 15 steps in the normal run and 500 times 50 with TASKLISTS_LONG=1."""

from __future__ import annotations

import os

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from machine import OneEffect
from mutants import MUTANTS, Mutant

LONG = os.environ.get("TASKLISTS_LONG") == "1"
PARTS = 10 if LONG else 2
EXAMPLES, STEPS = (50, 50) if LONG else (15, 15)
_CALM = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def _checked(part: int, *, examples: int = EXAMPLES, steps: int = STEPS, shrinks: bool = True) -> None:
    phases = [Phase.generate, Phase.shrink] if shrinks else [Phase.generate]
    told = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        suppress_health_check=_CALM,
        phases=phases,
        report_multiple_bugs=False,
    )
    machine = hypothesis.seed(part)(type(f"Part{part}", (OneEffect,), {}))
    run_state_machine_as_test(machine, settings=told)  # type: ignore[no-untyped-call]


@pytest.mark.long
@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_happens_in_whichever_order_each_task_is_made_once(part: int) -> None:
    _checked(part)


CAUGHT_HERE = ("no intent row", "no reconcile", "result before request")


@pytest.mark.parametrize("mutant", [one for one in MUTANTS if one.name in CAUGHT_HERE], ids=lambda one: one.name)
def test_the_state_machine_finds_planted_bugs_too(mutant: Mutant) -> None:
    with mutant.planted(), pytest.raises(AssertionError):
        _checked(0, examples=200, steps=25, shrinks=False)
