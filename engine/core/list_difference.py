"""What an edit of a list changes for one member: the tasks of before against those of now, told field by field.

Pure. Tasks are matched by identity, as the engine itself does: an item that lost its identity must never pass for a
changed one, because its task would be made a second time.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from engine.core.case_judging import due_text, task_text, with_weekday
from engine.core.plan import Action

_MADE: Final = frozenset({"keep", "adopt", "conflict"})


@dataclass(frozen=True)
class Side:
    """The tasks of one version of the list for one member, or why there are none."""

    actions: tuple[Action, ...] = ()
    names: tuple[str, ...] = ()
    """The names of the batches: the coworker's own, and the team's."""
    zone: str = "UTC"
    error: str = ""
    left_out: Mapping[str, str] | None = None
    """Task -> why it is not made."""


@dataclass(frozen=True)
class FieldChange:
    """One field of a task: before and now, in words."""

    field: str
    was: str
    now: str


@dataclass(frozen=True)
class TaskChange:
    """What happens to one task: `added`, `removed`, `changed`, or `identity` when it would be made anew.

    `made`: it is in Nexudus already, so that the edit does not reach it.
    """

    kind: str
    task: str
    name: str
    fields: tuple[FieldChange, ...] = ()
    was_task: str = ""
    made: bool = False
    why: str = ""


@dataclass(frozen=True)
class MemberDifference:
    """All that an edit changes for one member."""

    changes: tuple[TaskChange, ...]
    unchanged: int
    was_error: str = ""
    error: str = ""

    @property
    def is_same(self) -> bool:
        return not self.changes and self.was_error == self.error

    def counts(self) -> dict[str, int]:
        """Return how many changes there are of each kind."""
        kinds = [one.kind for one in self.changes]
        return {kind: kinds.count(kind) for kind in KINDS if kind in kinds}


KINDS: Final = ("identity", "added", "removed", "changed")


def difference(before: Side, now: Side) -> MemberDifference:
    """Return what changes for a member between two versions of a list."""
    if before.error or now.error:
        return MemberDifference((), 0, before.error, now.error)
    left = list(now.actions)
    pairs: list[tuple[Action, Action]] = []
    gone: list[Action] = []
    for old in before.actions:
        new = next((one for one in left if _numbers(one) & _numbers(old)), None)
        if new is None:
            gone.append(old)
        else:
            left.remove(new)
            pairs.append((old, new))
    renamed, gone, left = _renamed(gone, left)
    changed = [one for old, new in pairs if (one := _changed(old, new, before, now))]
    found = [
        *(_anew(old, new, before, now) for old, new in renamed),
        *(_alone("added", new, now, why=(before.left_out or {}).get(_named(new), "")) for new in left),
        *(_alone("removed", old, before, why=(now.left_out or {}).get(_named(old), "")) for old in gone),
        *changed,
        *_batch(before, now),
    ]
    found.sort(key=lambda one: (KINDS.index(one.kind), one.task))
    return MemberDifference(tuple(found), len(pairs) - len(changed))


def _numbers(action: Action) -> set[UUID]:
    return {action.wanted.identity, *action.wanted.alternatives}


def _named(action: Action) -> str:
    return task_text(action.wanted.item, action.wanted.key)


def _renamed(
    gone: Sequence[Action], new: Sequence[Action]
) -> tuple[list[tuple[Action, Action]], list[Action], list[Action]]:
    """Return pairs of a task that goes and one that comes which are one task to a person, and those left over."""
    pairs: list[tuple[Action, Action]] = []
    olds, news = list(gone), list(new)
    for old in gone:
        same = next((one for one in news if _named(one) == _named(old)), None)
        same = same or next((one for one in news if _is_alike(old, one)), None)
        if same is not None:
            pairs.append((old, same))
            olds.remove(old)
            news.remove(same)
    return pairs, olds, news


def _is_alike(old: Action, new: Action) -> bool:
    before, now = old.wanted, new.wanted
    if before.key != now.key:
        return False
    same_text = before.name == now.name
    others = (before.due_at == now.due_at, before.responsible_id == now.responsible_id, before.notes == now.notes)
    return all(others) if not same_text else any(others)


def _anew(old: Action, new: Action, before: Side, now: Side) -> TaskChange:
    item, was = new.wanted.item, old.wanted.item
    if item != was:
        why = f"the id {was} became {item} without formerly: {was}"
    else:
        why = "the list's own id, owner, once_per, for_each key or same_as is another one"
    fields = tuple(_fields(old, new, before, now))
    made = old.action in _MADE
    return TaskChange("identity", _named(new), new.wanted.name, fields, _named(old), made, why)


def _alone(kind: str, action: Action, side: Side, *, why: str) -> TaskChange:
    fields = tuple(
        FieldChange(name, "" if kind == "added" else text, text if kind == "added" else "")
        for name, text in _told(action, side).items()
        if name in {"due", "responsible"}
    )
    return TaskChange(kind, _named(action), action.wanted.name, fields, made=action.action in _MADE, why=why)


def _changed(old: Action, new: Action, before: Side, now: Side) -> TaskChange | None:
    fields = tuple(_fields(old, new, before, now))
    if not fields:
        return None
    return TaskChange("changed", _named(new), new.wanted.name, fields, _named(old), new.action in _MADE)


def _fields(old: Action, new: Action, before: Side, now: Side) -> Iterator[FieldChange]:
    was, told = _told(old, before), _told(new, now)
    found = [name for name in told if was[name] != told[name]]
    if "responsible" in found and "responsible id" in found:
        found.remove("responsible id")
    yield from (FieldChange(name, was[name], told[name]) for name in found)


def _told(action: Action, side: Side) -> dict[str, str]:
    """Return the fields of a task in words. The date is what the rule says, whatever is late by now."""
    wanted = action.wanted
    due = due_text(_as_ruled(action), side.zone)
    return {
        "name": wanted.name,
        "notes": wanted.notes,
        "due": with_weekday(due),
        "late": wanted.late,
        "responsible": wanted.responsible_name,
        "responsible id": str(wanted.responsible_id),
        "phase": wanted.phase,
        "waits": wanted.waits.reason if wanted.waits else "",
        "notify_by_email": str(wanted.notify_by_email).lower(),
        "display_to_everyone": str(wanted.display_to_everyone).lower(),
        "business": str(wanted.business_id),
    }


def _as_ruled(action: Action) -> Action:
    return replace(action, due_at=action.wanted.due_at)


def _batch(before: Side, now: Side) -> Iterator[TaskChange]:
    for was, name in zip(before.names, now.names, strict=False):
        if was != name:
            yield TaskChange("changed", "", name, (FieldChange("task_list_name", was, name),))


def only_changed(was: str, now: str) -> tuple[str, str]:
    """Return two texts without the lines that they share, for showing; texts of one line as they are."""
    if "\n" not in was and "\n" not in now:
        return was, now
    lines = list(difflib.ndiff(was.splitlines(), now.splitlines()))
    old = [line[2:] for line in lines if line.startswith("- ")]
    new = [line[2:] for line in lines if line.startswith("+ ")]
    return "\n".join(old), "\n".join(new)
