"""One sandbox for the tests of this folder, and the command line as its own process."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# The folders of tests are no packages; what starts a sandbox is one folder up, for all of them.
sys.path.insert(0, str(Path(__file__).parents[1]))

from lists_given import SHIPPED, Command
from sandbox_process import SandboxProcess, sandbox

_LIMITS = ("WRITES_PER_MINUTE", "CALLS_PER_MINUTE", "CALLS_PER_HOUR", "CALLS_PER_100_MS", "WRITES_PER_DAY")
_OUR_LIMITS = tuple(f"TASKLISTS_{name}" for name in _LIMITS)


@pytest.fixture(scope="session")
def far_side() -> Iterator[SandboxProcess]:
    """The stand-in as it comes, without its limits: many members are read in a row."""
    limits = ("calls-per-100ms", "calls-per-minute", "calls-per-hour", "writes-per-minute", "writes-per-day")
    with sandbox() as running:
        running.admin("POST", "modes", {f"S50.{name}": "0" for name in limits})
        yield running


@pytest.fixture
def tasklists(far_side: SandboxProcess, tmp_path: Path) -> Command:
    """The command `tasklists` on a copy of the shipped lists, so that no ledger of the checkout is in the way."""
    folder = tmp_path / "tasklists"
    shutil.copytree(SHIPPED, folder, ignore=shutil.ignore_patterns(".*"))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NEXUDUS_", "TASKLISTS_"))}
    env = {**kept, **far_side.env, **dict.fromkeys(_OUR_LIMITS, "0"), "TASKLISTS_DIR": str(folder)}

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "engine.cli.main", *arguments]
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)

    return call
