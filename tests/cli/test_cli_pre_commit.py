"""The hook for git that the README gives: what is about to be committed is checked, not what lies in the folder."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _hook() -> str:
    blocks = re.findall(r"```sh\n(#!/bin/sh\n.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    (found,) = (block for block in blocks if "git checkout-index" in block)
    return str(found)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with the shipped lists committed, and the hook of the README in it."""
    shutil.copytree(ROOT / "tasklists", tmp_path / "tasklists", ignore=shutil.ignore_patterns(".*"))
    _git(tmp_path, "init", "-q")
    _git(tmp_path, "config", "user.email", "ops@acme.example")
    _git(tmp_path, "config", "user.name", "Ops")
    hook = tmp_path / ".git" / "hooks" / "pre-commit"
    hook.write_text(_hook())
    hook.chmod(0o755)
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "tasklists"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m engine.cli.main "$@"\n')
    command.chmod(0o755)
    _git(tmp_path, "add", "tasklists")
    assert _git(tmp_path, "commit", "-qm", "lists").returncode == 0
    return tmp_path


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "TASKLISTS_"))}
    env = kept | {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        ["git", *arguments], cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False
    )


def _edit(repository: Path, old: str, new: str) -> None:
    file = repository / "tasklists" / "new-member.yaml"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")


def test_a_broken_list_is_not_committed_and_its_place_is_told(repository: Path):
    _edit(repository, "contract.start at 11:00", "contract.strat at 11:00")
    refused = _git(repository, "commit", "-qam", "a slip")
    assert refused.returncode != 0
    assert "new-member.yaml:" in refused.stdout + refused.stderr
    assert "contract.start" in refused.stdout + refused.stderr


def test_what_is_staged_counts_and_not_what_lies_in_the_folder(repository: Path):
    _edit(repository, "at 11:00", "at 11:30")
    _git(repository, "add", "tasklists")
    _edit(repository, "at 11:30", "at 99:99")
    assert _git(repository, "commit", "-qm", "a better hour").returncode == 0
