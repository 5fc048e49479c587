"""Many processes for the same members at once (A08), and one that sleeps past its lease (A09)."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from typing import Any

import pytest
from auditor import Audit, audit, read_commits
from processes import Child, at_once, wait_until
from proof_world import LOGIN, Member, World, list_text, run_arguments

LONG = os.environ.get("TASKLISTS_LONG") == "1"
PROCESSES, MEMBERS, TASKS, ROUNDS = (20, 5, 30, 20) if LONG else (6, 2, 8, 1)
MOST_SECONDS = 60.0
PAUSES = 100 if LONG else 10
_MANY = 40
"""Twice and a half the lanes of a run."""

_STAFF, _STAFF_LOGIN = 1418332090, "ana@acme.example"


@pytest.mark.long
@pytest.mark.parametrize("number", range(ROUNDS))
def test_processes_at_once_make_each_task_once_and_all_end(one_world: World, number: int) -> None:
    """Each process takes the members in an order of its own, all on one ledger."""
    folder = one_world.new_folder({"list-0": list_text("list-0", TASKS, number)})
    members = [one_world.new_member() for _ in range(MEMBERS)]
    plans = [one_world.plan(folder, "list-0", member) for member in members]
    before = len(read_commits(one_world.commit_log))
    codes: list[int] = []
    # Nobody dies or sleeps here, and so many processes on few processors are slower than a short lease.
    waits = {"TASKLISTS_LEASE_SECONDS": "30", "TASKLISTS_QUIET_SECONDS": "30"}

    def one_by_one(order: list[Member]) -> None:
        for member in order:
            child = one_world.start(folder, *run_arguments("list-0", member), env=waits)
            codes.append(child.wait(MOST_SECONDS))

    orders = [random.Random(f"{number} {n}").sample(members, MEMBERS) for n in range(PROCESSES)]
    threads = [threading.Thread(target=one_by_one, args=(order,)) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [0] * (PROCESSES * MEMBERS)
    found = audit(plans, read_commits(one_world.commit_log)[before:], login=LOGIN)
    assert found.clean, found
    assert found.planned == MEMBERS * TASKS


class Sleeper:
    """Two runs of one list for one member, each with a login of its own; the first is stopped while it sends.

    There are more tasks than lanes, and answers come late: some were asked for, others still wait.
    """

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        world.far_side.put_record("users", _STAFF, _login=True, APIAccess=True)
        world.far_side.set_mode("S51.slow-seconds", "0.1")
        world.far_side.set_fault("slow-after-commit", "1:coworkertasks")
        self.folder, self.member = world.new_folder({"list-0": list_text("list-0", _MANY, seed)}), world.new_member()
        self.plan = world.plan(self.folder, "list-0", self.member)

    def start(self, **env: str) -> Child:
        return self.world.start(self.folder, *run_arguments("list-0", self.member), env=env)

    def commits(self) -> list[dict[str, Any]]:
        return self.world.commits_of(self.member)

    def stop_in_its_middle(self, after: float, **env: str) -> Child:
        """Start the one with the other login, and stop it so long after its first task."""
        child = self.start(NEXUDUS_USERNAME=_STAFF_LOGIN, **env)
        assert wait_until(self.commits, MOST_SECONDS, 0.005), child.err
        time.sleep(after)
        child.signal(signal.SIGSTOP)
        return child

    def wake(self, sleeper: Child) -> int:
        """Let it go on; how many tasks there are by now."""
        made = len(self.commits())
        sleeper.signal(signal.SIGCONT)
        return made

    def sent_by_it(self, since: int) -> int:
        return sum(line["record"]["UpdatedBy"] == _STAFF_LOGIN for line in self.commits()[since:])

    def finish(self, *children: Child) -> Audit:
        for child in children:
            assert child.wait(MOST_SECONDS) in {0, 3, 6}, child.err
        assert self.start().wait(MOST_SECONDS) == 0
        return audit([self.plan], self.commits())


@pytest.mark.long
def test_a_pause_past_the_lease_and_shorter_than_the_quiet_period_doubles_nothing(one_world: World) -> None:
    waits = {"TASKLISTS_LEASE_SECONDS": "0.3", "TASKLISTS_QUIET_SECONDS": "3"}
    overtaken: list[int] = []

    def pause(number: int) -> None:
        chance = random.Random(f"20261125 {number}")
        one = Sleeper(one_world, number)
        sleeper = one.stop_in_its_middle(chance.random() * 0.3, **waits)
        other = one.start(**waits)
        has_the_lease = wait_until(lambda: "in doubt" in other.err or other.over.is_set(), 1.5, 0.01)
        made = one.wake(sleeper)
        found = one.finish(sleeper, other)
        assert found.clean, (number, str(found), found)
        if has_the_lease:
            assert one.sent_by_it(made) <= 1
        if sleeper.code == 3:
            overtaken.append(number)

    at_once(pause, PAUSES)
    assert len(overtaken) >= 0.2 * PAUSES, "too few were overtaken while they slept"


@pytest.mark.long
def test_who_wakes_up_after_another_has_done_it_all_sends_at_most_the_call_it_was_in(one_world: World) -> None:
    """Longer than the quiet period: what was on its way may be doubled, and is at most one."""
    overtaken: list[int] = []

    def pause(number: int) -> None:
        chance = random.Random(f"20261126 {number}")
        one = Sleeper(one_world, number)
        sleeper = one.stop_in_its_middle(chance.random() * 0.3)
        other = one.start()
        locked = other.wait(MOST_SECONDS) == 6  # it sleeps in the middle of a transaction: nobody can do anything
        assert other.code == 0 or (locked and "locked" in other.err), other.err
        made = one.wake(sleeper)
        found = one.finish(sleeper)
        late = 0 if locked else one.sent_by_it(made)
        assert late <= 1
        assert len(found.doubled) <= late
        assert (found.lost, found.wrong, found.orphan) == ((), (), ()), found
        if sleeper.code == 3:
            overtaken.append(number)

    at_once(pause, PAUSES)
    assert len(overtaken) >= 0.2 * PAUSES, "too few were overtaken while they slept"


def test_a_pause_that_is_not_seen_by_anybody_changes_nothing(one_world: World) -> None:
    one = Sleeper(one_world, 1)
    sleeper = one.stop_in_its_middle(0.02)
    time.sleep(1.2)
    one.wake(sleeper)
    assert sleeper.wait(MOST_SECONDS) == 0, sleeper.err
    assert audit([one.plan], one.commits()).clean
