"""Telling a task of ours by its content, for accounts that switched our mark in Notes off. Pure.

It must never take one row for two wanted tasks, and where more rows are alike than are wanted it must not choose:
all of them are returned, which the planner shows as a conflict.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from whenever import Instant

from engine.core.known import LiveTask
from engine.core.resolve import late_due
from engine.core.wanted import Expansion, Wanted


def alike(
    expansion: Expansion, oldest: Mapping[UUID, Instant], rows: Iterable[LiveTask]
) -> dict[UUID, list[LiveTask]]:
    """Return identity -> rows with its business, name, responsible and due.

    `oldest` names the identities that are looked for, each with the earliest CreatedOn (UTC) that can be its.
    """
    groups: dict[tuple[object, ...], list[Wanted]] = {}
    for task in sorted(expansion.wanted, key=lambda task: (task.item, task.key)):
        if task.identity in oldest:
            groups.setdefault((task.business_id, task.name, task.responsible_id, task.due_at), []).append(task)
    free = {row.task_id: row for row in sorted(rows, key=lambda row: row.task_id)}
    found: dict[UUID, list[LiveTask]] = {}
    for group in groups.values():
        first = min(oldest[task.identity] for task in group)
        same = [row for row in free.values() if _is_alike(expansion, row, group[0], first)]
        for row in same:
            del free[row.task_id]
        if len(same) > len(group):
            found |= {task.identity: same for task in group}
        else:  # tasks that nothing tells apart: any of them may be any of the rows
            found |= {task.identity: [row] for task, row in zip(group, same, strict=False)}
    return found


def _is_alike(expansion: Expansion, row: LiveTask, task: Wanted, first: Instant) -> bool:
    created = row.created_at or Instant.MIN
    named = (row.business_id, row.name, row.responsible_id) == (task.business_id, task.name, task.responsible_id)
    return named and created >= first and row.due_at in _dues(expansion, task, created)


def _dues(expansion: Expansion, task: Wanted, created: Instant) -> set[Instant | None]:
    """What may have been sent: the rule's due, or what `late: closing` made of it on the day of creation."""
    if task.due_at is None or created <= task.due_at or task.late != "closing":
        return {task.due_at}
    moved, _ = late_due(task.due_at, now=created, zone=expansion.zone, calendar=expansion.calendar)
    return {task.due_at, moved}
