"""What can be done to people on demand, the same by a call under /_sandbox and on the page.

Each takes what was asked for as plain values and returns ids. Must never do half of it: what
is wrong is a SwitchError before anything changes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.sandbox.contracts import cancel, change_plan
from engine.sandbox.happening import happen
from engine.sandbox.modes import SwitchError
from engine.sandbox.signups import join_team, sign_up
from engine.sandbox.state import State
from engine.sandbox.task_actions import complete_task, delete_task, reopen_task
from engine.sandbox.wishes import find_plan, read_contract, read_day, read_sign_up, read_team

Action = Callable[[State, dict[str, Any]], dict[str, Any]]


def _sign_up(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """A person, perhaps with a contract; the answer is the ids."""
    return sign_up(state, read_sign_up(state, asked))


def _cancel(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """Notice for a date, today if none is given."""
    contract = read_contract(state, asked, "on")
    ended = cancel(state, contract, read_day(state, asked.get("on"), contract["IssuedById"]))
    return {"contract_id": ended["Id"], "on": ended["CancellationDate"], "cancelled": ended["Cancelled"]}


def _change_plan(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """Another plan from today on; the answer names the contract that goes on and the one that it replaced."""
    contract, plan = read_contract(state, asked, "tariff"), find_plan(state, asked.get("tariff"))
    if not contract["Active"]:
        raise SwitchError(f"contract {contract['Id']} has not started, so its plan cannot change")
    return {"contract_id": change_plan(state, contract, plan)["Id"], "old_contract_id": contract["Id"]}


def _join_team(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """Into a team, which is made if it is not there."""
    coworker, team = read_team(state, asked)
    return {"coworker_id": coworker["Id"], "team_id": join_team(state, coworker, team)["Id"]}


ACTIONS: dict[str, Action] = {
    "signup": _sign_up,
    "cancel": _cancel,
    "change-plan": _change_plan,
    "join-team": _join_team,
    "complete-task": complete_task,
    "reopen-task": reopen_task,
    "delete-task": delete_task,
    "events": happen,
}
