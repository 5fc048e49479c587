"""The auditor sees each kind of harm, tells three ways of retrying apart, and is not confused by other hands."""

from __future__ import annotations

import ast
import json
import random
import subprocess
import sys
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import auditor
import pytest
from auditor import Audit, audit, read_commits
from hypothesis import given, settings
from hypothesis import strategies as st

MEMBER, LOGIN = 1423831744, "api@acme.example"


def identity(number: int) -> str:
    return f"00000000-0000-5000-8000-{number:012d}"


def payload(number: int, coworker: int = MEMBER) -> dict[str, Any]:
    return {
        "BusinessId": 1421021016,
        "CoworkerId": coworker,
        "Name": f"Task {number}",
        "ResponsibleId": 1418332090,
        "Notes": f"ref: {number:016x}",
        "TaskListName": "Welcome",
        "TaskItemUniqueId": identity(number),
        "DueDate": None if number % 3 == 0 else "2026-12-02T09:00:00Z",
        "NotifyByEmail": True,
        "DisplayToEveryone": False,
    }


def plan(size: int, coworker: int = MEMBER, action: str = "create") -> dict[str, Any]:
    actions = [
        {"action": action, "item": f"item-{n}", "task_item_unique_id": identity(n), "payload": payload(n, coworker)}
        for n in range(size)
    ]
    return {"tasklist": "welcome", "coworker_id": coworker, "actions": actions}


class FarSide:
    """Commits without de-duplication; `lies(n)` says whether the n-th answer is lost, and whether before a commit."""

    def __init__(self, lies: Callable[[], str]) -> None:
        self.log: list[dict[str, Any]] = []
        self._lies = lies

    def post(self, body: dict[str, Any]) -> bool:
        told = self._lies()
        if told != "lost before":
            self.commit(body)
        return told == ""

    def commit(self, body: dict[str, Any], **more: Any) -> int:
        number = 1416660000 + len(self.log)
        record = {**body, "Id": number, "UpdatedBy": LOGIN, "TaskListName": None} | more.pop("record", {})
        self.log.append({"at": "2026-11-23T12:00:00Z", "op": "create", "id": number, "record": record} | more)
        return number

    def has(self, body: dict[str, Any]) -> bool:
        return any(line["record"]["TaskItemUniqueId"] == body["TaskItemUniqueId"] for line in self.log)


def all_of(size: int) -> FarSide:
    far_side = FarSide(lambda: "")
    for number in range(size):
        far_side.commit(payload(number))
    return far_side


def blind_retrier(far_side: FarSide, body: dict[str, Any]) -> None:
    while not far_side.post(body):
        pass


def giver_up(far_side: FarSide, body: dict[str, Any]) -> None:
    far_side.post(body)


def reconciler(far_side: FarSide, body: dict[str, Any]) -> None:
    while not far_side.has(body):
        far_side.post(body)


def judged(way: Callable[[FarSide, dict[str, Any]], None], seed: int) -> Audit:
    """60 tasks, three answers of ten lost, half of those before the commit."""
    chance = random.Random(seed)
    far_side = FarSide(lambda: chance.choice(["lost before", "lost after"]) if chance.random() < 0.3 else "")
    for number in range(60):
        way(far_side, payload(number))
    return audit([plan(60)], far_side.log)


@pytest.mark.parametrize("seed", range(5))
def test_a_blind_retrier_a_giver_up_and_a_reconciler_are_told_apart(seed: int) -> None:
    blind, gave_up, looked = (judged(way, seed) for way in (blind_retrier, giver_up, reconciler))
    assert blind.doubled
    assert not blind.lost
    assert gave_up.lost
    assert not gave_up.doubled
    assert looked.clean
    assert looked.planned == 60


def test_a_planned_task_that_was_never_committed_is_lost() -> None:
    far_side = all_of(4)
    del far_side.log[2]
    assert audit([plan(4)], far_side.log).counts == {"lost": 1, "doubled": 0, "wrong": 0, "orphan": 0}


def test_a_task_that_the_engine_removed_again_is_lost() -> None:
    far_side = all_of(4)
    far_side.log.append(far_side.log[1] | {"op": "delete"})
    assert audit([plan(4)], far_side.log).counts["lost"] == 1


def test_one_of_two_equal_tasks_removed_is_still_doubled() -> None:
    far_side = all_of(4)
    far_side.log.append(far_side.log[1] | {"op": "delete"})
    far_side.commit(payload(1))
    found = audit([plan(4)], far_side.log)
    assert found.counts == {"lost": 0, "doubled": 1, "wrong": 0, "orphan": 0}
    assert "2 times" in found.doubled[0]


def test_the_same_identity_for_two_members_is_not_doubled() -> None:
    far_side = all_of(3)
    for number in range(3):
        far_side.commit(payload(number, MEMBER + 1))
    assert audit([plan(3), plan(3, MEMBER + 1)], far_side.log).clean


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Name", "Task 1 "),
        ("Notes", None),
        ("DueDate", "2026-12-02T10:00:00Z"),
        ("DueDate", None),
        ("ResponsibleId", 1418332091),
        ("BusinessId", 1421021017),
        ("NotifyByEmail", False),
        ("NotifyByEmail", 1),
        ("DisplayToEveryone", True),
    ],
)
def test_content_that_differs_from_the_plan_is_wrong(name: str, value: object) -> None:
    far_side = all_of(4)
    far_side.log[1]["record"][name] = value
    found = audit([plan(4)], far_side.log)
    assert found.counts == {"lost": 0, "doubled": 0, "wrong": 1, "orphan": 0}
    assert name in found.wrong[0]


def test_a_task_for_another_coworker_is_lost_there_and_an_orphan_here() -> None:
    far_side = all_of(4)
    far_side.log[1]["record"]["CoworkerId"] = MEMBER + 1
    assert audit([plan(4)], far_side.log).counts == {"lost": 1, "doubled": 0, "wrong": 0, "orphan": 1}


def test_the_same_moment_in_another_spelling_is_not_wrong() -> None:
    far_side = all_of(4)
    far_side.log[1]["record"]["DueDate"] = "2026-12-02T10:00:00.0000+01:00"
    assert audit([plan(4)], far_side.log).clean


def test_a_committed_task_that_nobody_planned_is_an_orphan() -> None:
    assert audit([plan(4)], all_of(5).log).counts == {"lost": 0, "doubled": 0, "wrong": 0, "orphan": 1}


def test_two_tasks_without_an_identity_are_two_orphans() -> None:
    far_side = all_of(4)
    for _ in range(2):
        far_side.commit(payload(9) | {"TaskItemUniqueId": None})
    assert audit([plan(4)], far_side.log).counts == {"lost": 0, "doubled": 0, "wrong": 0, "orphan": 2}


def test_what_the_plan_skips_or_holds_is_an_orphan_when_it_is_made_and_not_lost_when_it_is_not() -> None:
    held = plan(4, action="hold")
    assert audit([held], []).clean
    assert len(audit([held], all_of(4).log).orphan) == 4


def test_what_stood_before_the_plan_is_neither_lost_nor_an_orphan() -> None:
    kept = plan(4, action="keep")
    assert audit([kept], all_of(4).log).clean
    assert audit([kept], []).clean


def test_an_update_of_ours_is_what_is_judged() -> None:
    far_side = all_of(2)
    changed = deepcopy(far_side.log[1])
    changed["op"], changed["record"]["Name"] = "update", "Something else"
    far_side.log.append(changed)
    assert audit([plan(2)], far_side.log, login=LOGIN).counts["wrong"] == 1


def test_native_tasks_and_those_of_other_logins_are_counted_and_not_judged() -> None:
    far_side = all_of(4)
    far_side.commit(payload(70), by="native")
    staff = far_side.commit(payload(71), record={"UpdatedBy": "ana@acme.example"})
    touched = deepcopy(next(line for line in far_side.log if line["id"] == staff))
    far_side.log.append(touched | {"op": "update"})
    far_side.log.append(touched | {"op": "delete"})
    edited = deepcopy(far_side.log[1])
    edited["op"] = "update"
    edited["record"] |= {"Name": "Renamed by Ana", "UpdatedBy": "ana@acme.example"}
    far_side.log.append(edited)
    found = audit([plan(4)], far_side.log, login=LOGIN)
    assert found.clean
    assert found.others == 2


def test_a_native_twin_of_a_planned_task_does_not_stand_for_it() -> None:
    far_side = all_of(3)
    far_side.commit(payload(3), by="native")
    assert audit([plan(4)], far_side.log).counts["lost"] == 1


@settings(derandomize=True, max_examples=200, deadline=None)
@given(copies=st.lists(st.integers(0, 3), min_size=1, max_size=12), strangers=st.integers(0, 3), data=st.data())
def test_the_counts_are_exactly_what_was_planted_in_any_order(
    copies: list[int], strangers: int, data: st.DataObject
) -> None:
    far_side = FarSide(lambda: "")
    for number in [n for n, times in enumerate(copies) for _ in range(times)] + [100 + n for n in range(strangers)]:
        far_side.commit(payload(number))
    found = audit([plan(len(copies))], data.draw(st.permutations(far_side.log)))
    assert found.planned == len(copies)
    assert len(found.lost) == copies.count(0)
    assert len(found.doubled) == sum(times > 1 for times in copies)
    assert len(found.orphan) == strangers
    assert found.wrong == ()
    assert found.clean == (set(copies) == {1} and not strangers)


def test_a_last_line_without_its_end_does_not_count(tmp_path: Path) -> None:
    log = tmp_path / "commits.jsonl"
    lines = [json.dumps(line) for line in all_of(3).log]
    log.write_text("\n".join(lines)[:-5])
    assert len(read_commits(log)) == 2
    assert read_commits(tmp_path / "none.jsonl") == []


def test_the_program_prints_the_counts_and_what_it_found(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(json.dumps(plan(4)))
    log = tmp_path / "commits.jsonl"
    log.write_text("".join(json.dumps(line) + "\n" for line in all_of(3).log))
    command = [sys.executable, auditor.__file__, "plan.json", "commits.jsonl", "--login", LOGIN]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert done.stdout.splitlines()[0] == "4 planned: lost 1, doubled 0, wrong 0, orphan 0"
    assert identity(3) in done.stdout


def test_the_auditor_imports_nothing_of_the_engine() -> None:
    tree = ast.parse(Path(auditor.__file__).read_text(encoding="utf-8"))
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names
