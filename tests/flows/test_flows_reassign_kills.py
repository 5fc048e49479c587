"""A reassign that dies at each of its boundaries: the next call ends with the same tasks as if none had died."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest
from given_account import ANA, ASHLEY, BEN, Account

from engine.ledger.ledger import Ledger
from engine.nexudus.client import NexudusClient, NexudusReader

LIST = """
tasklist: desk
name: "Welcome {{ coworker.full_name }}"
items:
  - {id: card, name: Card, responsible: ana@acme.example, due: 2027-01-05 at 10:00}
  - {id: badge, name: Badge, responsible: ana@acme.example, due: 2027-02-05 at 10:00}
"""
REASSIGN = ("reassign", "--from", "ana@acme.example", "--to", "ben@acme.example", "--yes", "--format", "json")
STEPS: list[tuple[type, str]] = [
    (Ledger, "reassigning"),
    (NexudusReader, "task"),
    (NexudusClient, "update_task"),
    (Ledger, "reassigned"),
]
A_TASK = 2 * 5
"""Before and after: the intent, the reading, the update, the reading back, the result."""


def dying_at(boundary: int) -> None:
    """From now on this process kills itself at its n-th boundary, from 0."""
    passed = 0

    def step() -> None:
        nonlocal passed
        if passed == boundary:
            os.kill(os.getpid(), signal.SIGKILL)
        passed += 1

    def dying(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            step()
            answer = real(*args, **named)
            step()
            return answer

        return call

    for owner, name in STEPS:
        setattr(owner, name, dying(getattr(owner, name)))


def killed(account: Account, boundary: int) -> bool:
    """Whether a call in a process of its own died at the boundary; False: it had fewer."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            dying_at(boundary)
            code = account.cli(*REASSIGN, TASKLISTS_LEASE_SECONDS="0.3").code
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def outcomes(account: Account) -> list[tuple[str, bool]]:
    """Outcome and whether it is settled, of each change that the ledger remembers."""
    ledger = sqlite3.connect(account.ledger)
    try:
        return [(row[0], row[1] is not None) for row in ledger.execute("select outcome, settled_at from reassignments")]
    finally:
        ledger.close()


@pytest.mark.parametrize("boundary", range(2 * A_TASK))
def test_a_death_at_any_boundary_loses_nothing_and_the_next_call_ends_it(account: Account, boundary: int) -> None:
    account.write("desk", LIST)
    assert account.run(name="desk").code == 0
    before = {task["Id"]: task["Name"] for task in account.far_side.records("coworkertasks")}
    assert killed(account, boundary), "the boundaries are as many as is said"
    done = account.cli(*REASSIGN, TASKLISTS_LEASE_SECONDS="0.3", TASKLISTS_QUIET_SECONDS="0")
    assert done.code == 0, done.err
    after = account.far_side.records("coworkertasks")
    assert {task["Id"]: task["Name"] for task in after} == before
    assert {(task["CoworkerId"], task["ResponsibleId"]) for task in after} == {(ASHLEY, BEN)}
    assert outcomes(account) == [("reassigned", True)] * 2, "each change is told once, and none is open"
    assert len(account.commits("update")) <= 3, "at most the one that was under way is sent again"
    shown = account.cli("reassign", "--from", ANA, "--to", BEN, "--dry-run", "--format", "json")
    assert shown.json["actions"] == []


def test_a_call_that_nobody_kills_has_no_more_boundaries(account: Account) -> None:
    account.write("desk", LIST)
    assert account.run(name="desk").code == 0
    assert not killed(account, 2 * A_TASK)
