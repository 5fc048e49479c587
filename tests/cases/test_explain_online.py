"""`explain` for a coworker of the account: before anything is made, and after. It sends no write."""

from __future__ import annotations

from pathlib import Path

import pytest
from cases_given import command_in, shipped
from sandbox_process import sandbox

MEMBER = "1423831744"


def test_what_a_run_made_is_told_with_its_day_and_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    call = command_in(shipped(tmp_path), capsys)
    limits = ("--mode", "S50.writes-per-minute=0", "--mode", "S50.calls-per-minute=0")
    log = tmp_path / "commits.jsonl"
    with sandbox(*limits, "--commit-log", str(log)) as running:
        for name, value in running.env.items():
            monkeypatch.setenv(name, value)
        before = call("explain", "new-member", "--coworker", MEMBER, "--item", "access-card")
        assert "  task   would create: not made yet" in before.out
        assert not log.exists() or not log.read_text("utf-8")
        assert call("run", "new-member", "--coworker", MEMBER, "--yes").code == 0
        made = len(log.read_text("utf-8").splitlines())
        after = call("explain", "new-member", "--coworker", MEMBER, "--item", "access-card", "--format", "json").json
    (task,) = after["items"][0]["tasks"]
    assert task["action"] == "keep"
    assert task["task_id"]
    assert "by run " in task["reason"]
    assert len(log.read_text("utf-8").splitlines()) == made
