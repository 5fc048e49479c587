"""Why each item of a list is in or out for one coworker, when, and whose: a plan told item by item.

Pure. It only orders what the plan says already, and must never reason anew: an explanation of its own could be wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.core.case_judging import without_stand_in
from engine.core.facts import Facts
from engine.core.plan import Action, Plan
from engine.core.prepared import Prepared, ReadyItem
from engine.core.report import WEEKDAYS, Row, plan_rows
from engine.core.wanted import LeftOut
from engine.core.wire_dates import wire_moment


@dataclass(frozen=True)
class Explained:
    """One item: its tasks as rows of the plan, and what of it is left out."""

    ready: ReadyItem
    phase: str
    tasks: tuple[tuple[Action, Row], ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True)
class Head:
    """For whom a list is explained, where, and as of when."""

    tasklist: str
    name: str
    coworker_id: int
    location: str
    zone: str
    now: str
    contract: str
    does_not_apply: str
    overrides: Mapping[str, Any]
    warnings: tuple[str, ...]


def head_of(plans: Sequence[Plan], facts: Facts, does_not_apply: str = "") -> Head:
    """Return the head of an explanation; `does_not_apply` says why the list is not meant for the coworker."""
    plan = plans[0]
    local = plan.now.to_tz(facts.zone)
    day = local.date()
    contract = "" if facts.contract_id is None else f"contract {facts.contract_id} ({facts.contract_source})"
    return Head(
        tasklist=plan.expansion.tasklist,
        name=plan.task_list_name,
        coworker_id=plan.expansion.coworker_id,
        location=facts.location,
        zone=facts.zone,
        now=f"{WEEKDAYS[day.day_of_week().value - 1]} {day} {local.hour:02d}:{local.minute:02d}",
        contract=contract,
        does_not_apply=does_not_apply,
        overrides=plan.expansion.overrides.to_json(),
        warnings=tuple(dict.fromkeys(one for plan in plans for one in plan.warnings)),
    )


def explained(prepared: Prepared, plans: Sequence[Plan], only: str | None = None) -> tuple[Explained, ...]:
    """Return the items in the order of the file, each with all that the plans say of it; `only` names one item."""
    found: list[Explained] = []
    rows = [pair for plan in plans for pair in zip(plan.actions, plan_rows(plan), strict=True)]
    left = tuple(dict.fromkeys(one for plan in plans for one in plan.left_out))
    for ready in prepared.items:
        item = ready.item.id
        if only not in {None, item}:
            continue
        own = tuple(sorted((pair for pair in rows if pair[0].wanted.item == item), key=lambda pair: pair[0].wanted.key))
        phase = own[0][0].wanted.phase if own else _constant_phase(ready)
        found.append(Explained(ready, phase, own, tuple(one for one in left if one.item == item)))
    return tuple(found)


def _constant_phase(ready: ReadyItem) -> str:
    """Return the phase of an item without a task, as far as its text hangs on no fact."""
    source = ready.phase.source if ready.phase else ""
    return "" if "{" in source else source.strip()


def as_text(head: Head, items: Sequence[Explained]) -> Iterator[str]:
    """Yield the explanation for people, line by line."""
    yield f"{head.tasklist} for coworker {head.coworker_id} at {head.location} ({head.zone}), as of {head.now}"
    yield from (line for line in (head.contract, f"list name: {head.name}") if line)
    if head.does_not_apply:
        yield f"the list does not apply: {head.does_not_apply}"
        yield "what it would make all the same, with --anyway:"
    yield from _overrides(head.overrides)
    phase: str | None = None if any(one.phase for one in items) else ""
    for one in items:
        if one.phase != phase:
            phase = one.phase
            yield ""
            yield f"{phase or 'without a phase'}:"
        yield ""
        yield from _item(one)
    if head.warnings:
        yield ""
        yield from (f"note: {warning}" for warning in head.warnings)


def _overrides(told: Mapping[str, Any]) -> Iterator[str]:
    for name, value in told.items():
        given = [f"{one}={rule}" for one, rule in value.items()] if isinstance(value, Mapping) else value
        yield from (f"for this run: --{name} {one}" for one in given)


def _item(one: Explained) -> Iterator[str]:
    item = one.ready.item.id
    for action, row in one.tasks:
        yield f"{row.item}: {row.name}"
        yield from _section("in", _why_in(one, action))
        yield from _section("due", [row.due, *_rule(one, action), *action.wanted.explanation.due])
        chosen = map(without_stand_in, action.wanted.explanation.responsible)
        yield from _section("who", [_person(action, row), *chosen])
        if action.action == "wait":
            yield from _section("waits", [row.why])
        else:
            yield from _section("task", [f"{row.action}: {row.why}"])
    for part in one.left_out:
        yield f"{item} [{part.key}]" if part.key else item
        yield from _section("out", [part.reason])
    if not one.tasks and not one.left_out:
        yield item
        yield from _section("out", ["nothing was wanted"])


def _person(action: Action, row: Row) -> str:
    """Return who it is; somebody who was only stood in for has no number."""
    return action.wanted.responsible_name if action.wanted.responsible_id < 0 else row.responsible


def _rule(one: Explained, action: Action) -> list[str]:
    """Return the item's own rule, unless another one was given for this run."""
    due = one.ready.due
    given = any(step.startswith("by --due") for step in action.wanted.explanation.due)
    return [] if due is None or given else [f"rule: {due.rule}"]


def _why_in(one: Explained, action: Action) -> list[str]:
    told = []
    if one.ready.loop is not None:
        told.append(f"one of {'.'.join(one.ready.loop.source)}, with the key {action.wanted.key}")
    return [*told, *action.wanted.explanation.when] or ["no condition"]


def _section(name: str, lines: Sequence[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield f"  {name if number == 0 else '':<7}{line}"


def as_json(head: Head, items: Sequence[Explained]) -> dict[str, Any]:
    """Return the explanation as values."""
    return {
        "tasklist": head.tasklist,
        "task_list_name": head.name,
        "coworker_id": head.coworker_id,
        "location": head.location,
        "zone": head.zone,
        "now": head.now,
        "contract": head.contract,
        "does_not_apply": head.does_not_apply,
        "overrides": dict(head.overrides),
        "items": [_item_json(one) for one in items],
        "warnings": list(head.warnings),
    }


def _item_json(one: Explained) -> dict[str, Any]:
    return {
        "item": one.ready.item.id,
        "phase": one.phase,
        "once_per": one.ready.once_per,
        "tasks": [_task_json(one, action, row) for action, row in one.tasks],
        "left_out": [{"key": part.key, "reason": part.reason} for part in one.left_out],
    }


def _task_json(one: Explained, action: Action, row: Row) -> dict[str, Any]:
    wanted = action.wanted
    waits = wanted.waits if action.action == "wait" else None
    return {
        "key": wanted.key,
        "name": wanted.name,
        "task_item_unique_id": str(wanted.identity),
        "in": _why_in(one, action),
        "due_at": None if action.due_at is None else wire_moment(action.due_at),
        "due": {"local": row.due, "steps": [*_rule(one, action), *wanted.explanation.due]},
        "responsible": {
            "id": wanted.responsible_id if wanted.responsible_id > 0 else None,
            "name": wanted.responsible_name,
            "steps": list(map(without_stand_in, wanted.explanation.responsible)),
        },
        "action": action.action,
        "reason": action.reason,
        "task_id": action.task_id,
        "drift": [part.to_json() for part in action.drift],
        "waits_for": list(waits.items) if waits else [],
        "stuck": waits.stuck if waits else False,
    }
