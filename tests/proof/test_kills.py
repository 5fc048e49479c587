"""Killed at every boundary and at random moments, then run again: every task once, as planned."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections import Counter
from pathlib import Path

import pytest
from crash_cases import KINDS, summary
from crash_harness import prove, tell

ROOT = Path(__file__).resolve().parent.parent.parent
LONG = os.environ.get("TASKLISTS_LONG") == "1"
CASES, LEAST_KILLS = (500, 500) if LONG else (56, 60)
"""One case in five is killed a second time, while it recovers."""

SEED = 20261123
MOST_RESTARTS = 3
LEAST_INSIDE = 0.9
WORKERS = 3
"""More than the smallest machine has processors: most of a case is waiting for a quiet period or a lease to end."""

_JUDGES = ("auditor", "boundaries", "crash_cases", "crash_harness", "crash_runner", "killing", "proof_world")


def state() -> Path | None:
    """Where the long proof keeps what it has done; another version of the engine or of the proof begins anew."""
    if not LONG:
        return None
    told = hashlib.sha256()
    for file in [*sorted(ROOT.glob("engine/**/*.py")), *(Path(__file__).with_name(f"{name}.py") for name in _JUDGES)]:
        told.update(file.read_bytes())
    return ROOT / ".long" / f"kills-{SEED}-{told.hexdigest()[:12]}"


@pytest.mark.long
def test_whatever_is_killed_loses_and_doubles_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = state()
    outcomes = prove(CASES, seed=SEED, workers=WORKERS, folder=tmp_path, state=kept, told=tell)
    with capsys.disabled():
        print(f"\n{summary(outcomes)}")
    assert [(one.number, one.kind, one.counts, one.trouble) for one in outcomes if not one.clean] == []
    assert max(one.restarts for one in outcomes) <= MOST_RESTARTS
    kills, landed = sum(one.kills for one in outcomes), sum(one.landed for one in outcomes)
    assert kills >= LEAST_KILLS
    assert landed >= LEAST_INSIDE * kills, "too many kills came after the end: they prove nothing"
    hit = Counter(one.kind for one in outcomes if one.landed)
    assert [kind for kind in KINDS if not hit[kind]] == []
    if kept is not None:  # all is done: whoever asks for it again wants it again
        shutil.rmtree(kept)
