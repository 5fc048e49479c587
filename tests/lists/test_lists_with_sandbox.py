"""Every shipped list, previewed for the people of the sandbox it is meant for, over a real socket."""

from __future__ import annotations

from typing import Any

import pytest
from lists_given import Command, as_json
from sandbox_process import SandboxProcess

MEANT_FOR = [
    ("new-member", 1423831744, 15),  # starts in 10 days, with a desk
    ("new-member", 1423831745, 13),  # runs since 40 days: a late start
    ("new-member", 1423831753, 13),  # a hostile name
    ("new-member", 1423831754, 13),
    ("private-office", 1423831746, 18),  # starts in 5 days, with an office
    ("virtual-office", 1423831748, 12),  # starts in 14 days
    ("team-member", 1423831747, 9),  # in a team, without a contract
    ("offboarding", 1423831752, 15),  # ends in 25 days
    ("offboarding", 1423831749, 15),  # ended 20 days ago
]
NOT_MEANT_FOR = [
    ("new-member", 1423831746, "it is for the plans Hot Desk, Dedicated Desk"),
    ("private-office", 1423831744, "it is for the plans Private Office Small"),
    ("team-member", 1423831746, "coworker.total_new_contracts is 1"),
    ("team-member", 1423831751, "coworker.teams is a list of 0"),
    ("offboarding", 1423831745, "membership.end is none"),
    ("offboarding", 1423831751, "this coworker has no contract"),
]


def preview(tasklists: Command, name: str, coworker: int) -> dict[str, Any]:
    done = tasklists("preview", name, "--coworker", str(coworker), "--format", "json")
    assert done.returncode == 0, done.stderr
    return as_json(done.stdout)


@pytest.mark.parametrize(("name", "coworker", "count"), MEANT_FOR)
def test_a_list_plans_for_the_members_it_is_meant_for(
    name: str, coworker: int, count: int, tasklists: Command, far_side: SandboxProcess
) -> None:
    plan = preview(tasklists, name, coworker)
    assert len(plan["actions"]) == count
    assert {action["action"] for action in plan["actions"]} <= {"create", "skip", "wait"}
    assert plan["warnings"] == []
    for action in plan["actions"]:
        assert action["payload"]["CoworkerId"] == coworker
        assert action["payload"]["NotifyByEmail"] is True
        assert action["due_at"] is not None
        assert action["action"] in {"skip", "wait"} or action["due_at"] >= plan["now"][:19]
    assert far_side.records("coworkertasks") == []


@pytest.mark.parametrize(("name", "coworker", "why"), NOT_MEANT_FOR)
def test_a_list_says_why_it_is_not_meant_for_somebody(name: str, coworker: int, why: str, tasklists: Command) -> None:
    done = tasklists("preview", name, "--coworker", str(coworker))
    assert done.returncode == 2
    assert why in done.stderr
    assert done.stdout == ""


def test_a_desk_member_who_takes_two_contracts_is_asked_which_one_ends(tasklists: Command) -> None:
    done = tasklists("preview", "offboarding", "--coworker", "1423831750")
    assert done.returncode == 2
    assert "2 contracts could be meant" in done.stderr


ONE_EACH = {name: (coworker, count) for name, coworker, count in reversed(MEANT_FOR)}


@pytest.mark.parametrize("name", sorted(ONE_EACH))
def test_a_list_that_runs_twice_makes_each_task_once(name: str, tasklists: Command, far_side: SandboxProcess) -> None:
    coworker, count = ONE_EACH[name]
    actions = preview(tasklists, name, coworker)["actions"]
    not_yet = [one for one in actions if one["action"] in {"skip", "wait"}]
    far_side.remove_records("coworkertasks")
    codes = [tasklists("run", name, "--coworker", str(coworker), "--yes").returncode for _ in range(2)]
    made = far_side.records("coworkertasks")
    far_side.remove_records("coworkertasks")
    assert codes == [0, 0]
    assert len(made) == count - len(not_yet)
    assert {task["CoworkerId"] for task in made} == {coworker}
