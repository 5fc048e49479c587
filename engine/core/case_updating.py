"""What a case would have to expect to hold: the same tasks and fields as before, with the values of now.

Pure; only values. A case that cannot be planned is never made to expect that: a mistake would become the rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from engine.core.case_judging import FIELDS, Failure, Outcome, field_value, matched, task_text
from engine.core.cases import Case, Expected, Part
from engine.core.plan import Action

NEW_FIELDS: Final = ("due", "responsible")
"""What a task that was not expected before is written down with."""

Entry = Mapping[str, Any]
"""One expectation: its keys in the order in which they are written."""


@dataclass(frozen=True)
class Renewed:
    """The parts of a case that change: key -> its new value, None where the key is taken out."""

    parts: Mapping[str, Any]


def renewed(case: Case, outcomes: Sequence[Outcome], failed: Iterable[Failure]) -> Renewed | None:
    """Return what has to change for the case to hold at all its locations; None when it cannot be planned at one."""
    if any(outcome.error for outcome in outcomes):
        told = {outcome.error for outcome in outcomes}
        return Renewed({"error": next(iter(told)).splitlines()[0]}) if case.error and len(told) == 1 else None
    changed = {one.path[0] for one in failed if one.path}
    parts: dict[str, Any] = {}
    if case.error is not None:
        parts["error"] = None
    if "expect" in changed or case.error is not None:
        parts["expect"] = _expectations(case, outcomes)
    if "left_out" in changed:
        parts["left_out"] = _left_out(case, outcomes)
    if "warnings" in changed:
        parts["warnings"] = list(dict.fromkeys(one for outcome in outcomes for one in outcome.warnings))
    return Renewed(parts)


def _expectations(case: Case, outcomes: Sequence[Outcome]) -> list[Entry]:
    found: list[Entry] = []
    left = {outcome.location: list(outcome.actions) for outcome in outcomes}
    pairs: dict[int, list[tuple[Outcome, Action]]] = {}
    for outcome in outcomes:
        for number, _, action in matched(case.expect or (), outcome):
            if action is not None:
                left[outcome.location].remove(action)
                pairs.setdefault(number, []).append((outcome, action))
    for number, one in enumerate(case.expect or ()):
        found += _entries(one, pairs.get(number, []), outcomes)
    if case.only:
        found += _new(left, outcomes)
    return found


def _entries(one: Expected, pairs: Sequence[tuple[Outcome, Action]], outcomes: Sequence[Outcome]) -> Iterator[Entry]:
    """Yield one entry where all locations agree, else one for each group of them."""
    before: dict[str, Any] = {"item": one.item} | ({"key": one.key} if one.key is not None else {})
    told = [(outcome, before | dict(_fields(one, action, outcome))) for outcome, action in pairs]
    yield from _grouped(told, outcomes, one.at)


def _fields(one: Expected, action: Action, outcome: Outcome) -> Iterator[tuple[str, Any]]:
    for name in FIELDS:
        expected = getattr(one, name)
        if expected is None:
            continue
        found = field_value(name, action, outcome)
        if isinstance(expected, Part) and _holds(expected, found):
            told = {"contains": list(expected.contains), "lacks": list(expected.lacks)}
            found = {key: parts for key, parts in told.items() if parts}
        if name == "due" and found[:10] == expected:
            found = expected
        yield name, found


def _holds(expected: Part, found: str) -> bool:
    has = all(part.casefold() in found.casefold() for part in expected.contains)
    return has and not any(part.casefold() in found.casefold() for part in expected.lacks)


def _grouped(
    told: Sequence[tuple[Outcome, dict[str, Any]]], outcomes: Sequence[Outcome], at: Sequence[str]
) -> Iterator[Entry]:
    groups: list[tuple[dict[str, Any], list[str]]] = []
    for outcome, entry in told:
        same = next((names for other, names in groups if other == entry), None)
        if same is None:
            groups.append((entry, [outcome.location]))
        else:
            same.append(outcome.location)
    for entry, names in groups:
        everywhere = len(names) == len(outcomes)
        where = list(at) if len(groups) == 1 and at else [] if everywhere else names
        yield entry | ({"at": where} if where else {})


def _new(left: Mapping[str, Sequence[Action]], outcomes: Sequence[Outcome]) -> Iterator[Entry]:
    """Yield the tasks that nothing expects yet."""
    told: dict[str, list[tuple[Outcome, dict[str, Any]]]] = {}
    for outcome in outcomes:
        for action in left[outcome.location]:
            if action.action == "skip":
                continue
            wanted = action.wanted
            entry = {"item": wanted.item} | ({"key": wanted.key} if wanted.key else {})
            entry |= {name: field_value(name, action, outcome) for name in NEW_FIELDS}
            told.setdefault(task_text(wanted.item, wanted.key), []).append((outcome, entry))
    for own in told.values():
        yield from _grouped(own, outcomes, ())


def _left_out(case: Case, outcomes: Sequence[Outcome]) -> dict[str, str]:
    found: dict[str, str] = {}
    for task, part in case.left_out.items():
        reasons = {
            one.reason
            for outcome in outcomes
            for one in outcome.left_out
            if task in {one.item, task_text(one.item, one.key)}
        }
        reasons |= {
            one.reason
            for outcome in outcomes
            for one in outcome.actions
            if one.action == "skip" and task in {one.wanted.item, task_text(one.wanted.item, one.wanted.key)}
        }
        if any(part.casefold() in reason.casefold() for reason in reasons):
            found[task] = part
        elif reasons:
            found[task] = min(reasons)
    return found
