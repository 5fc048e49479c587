"""What staff do to tasks in Nexudus itself: complete one, open it again, delete it.

Each is a write like any other, stamped and in the commit log. Must never touch what staff did not ask for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from engine.sandbox.clock import write_second
from engine.sandbox.modes import SwitchError
from engine.sandbox.state import State
from engine.sandbox.store import Record
from engine.sandbox.writing import stamp

STAFF: Final = "front-desk@acme.example"
"""Whose login the page stands for."""


def complete_task(state: State, asked: Mapping[str, Any]) -> dict[str, Any]:
    """`{"task_id"}`: tick it off; one that is completed already is changed all the same."""
    return _set(state, asked, completed=True)


def reopen_task(state: State, asked: Mapping[str, Any]) -> dict[str, Any]:
    """`{"task_id"}`: take the tick away."""
    return _set(state, asked, completed=False)


def delete_task(state: State, asked: Mapping[str, Any]) -> dict[str, Any]:
    """`{"task_id"}`: gone for good."""
    task = _task(state, asked)
    state.store.commit("delete", task, write_second(state.clock.now()))
    return {"task_id": task["Id"]}


def _set(state: State, asked: Mapping[str, Any], *, completed: bool) -> dict[str, Any]:
    task = _task(state, asked) | {"Completed": completed}
    stamp(task, state.stamp(), STAFF)
    state.store.commit("update", task, write_second(state.clock.now()))
    return {"task_id": task["Id"], "completed": completed}


def _task(state: State, asked: Mapping[str, Any]) -> Record:
    told = str(asked.get("task_id", ""))
    task = state.store.get("coworkertasks", int(told)) if told.isascii() and told.isdigit() else None
    if task is None or asked.get("coworker_id", task["CoworkerId"]) != task["CoworkerId"]:
        raise SwitchError(f"there is no task {told!r} here")
    return dict(task)
