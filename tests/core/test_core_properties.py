"""What holds for every list, coworker and moment, held to 2,000 seeded cases (20,000 with TASKLISTS_LONG=1)."""

from __future__ import annotations

import json
import os
import random
from dataclasses import replace
from typing import Any

import pytest
from member_given import KEY, SPAIN, applied, expanded, planned
from random_cases import Case, random_case, shuffled
from whenever import Instant

from engine.core.expand import CannotExpand
from engine.core.origins import origins
from engine.core.plan import Plan, Situation, body_of
from engine.core.prepared import Prepared
from engine.core.wanted import Expansion

CASES = 20_000 if os.environ.get("TASKLISTS_LONG") == "1" else 2_000
BATCHES = 10


def seeds(batch: int) -> range:
    size = CASES // BATCHES
    return range(batch * size, (batch + 1) * size)


def expansion_of(case: Case, prepared: Prepared) -> Expansion | None:
    """Return what is wanted, or None for a case whose list cannot be told for this coworker."""
    try:
        return expanded(prepared, case.facts)
    except CannotExpand:
        return None


def planned_again(case: Case, prepared: Prepared, situation: Situation, now: Instant) -> Plan:
    expansion = expanded(prepared, case.facts)
    past = origins(prepared, case.facts, expansion, situation.known.values())
    return planned(expansion, replace(situation, origins=past), now)


@pytest.mark.long
@pytest.mark.parametrize("batch", range(BATCHES))
def test_random_lists_coworkers_and_moments(batch: int) -> None:
    told = 0
    for seed in seeds(batch):
        case = random_case(seed)
        prepared = case.prepared()
        expansion = expansion_of(case, prepared)
        if expansion is not None:
            told += 1
            check_case(case, prepared, expansion)
    assert told > len(seeds(batch)) * 0.8, "most cases must say something"


def check_case(case: Case, prepared: Prepared, expansion: Expansion) -> None:
    plan = planned(expansion, now=case.now)
    check_every_task_once(case, prepared, plan)
    check_open_days(case, prepared, expansion)
    check_rerun(case, prepared, plan)
    check_edits(case, plan)
    check_order(case, plan)
    check_same_day(case, plan)
    told = plan.to_json()
    assert json.loads(json.dumps(told)) == told, case.seed


def check_every_task_once(case: Case, prepared: Prepared, plan: Plan) -> None:
    wanted = sorted((task.item, task.key) for task in plan.expansion.wanted)
    assert sorted((action.wanted.item, action.wanted.key) for action in plan.actions) == wanted, case.seed
    assert len({action.wanted.identity for action in plan.actions}) == len(plan.actions), case.seed
    left = [(part.item, part.key) for part in plan.left_out]
    assert len(set(left)) == len(left), case.seed
    assert not set(left) & set(wanted), case.seed
    told = {item for item, _ in (*wanted, *left)}
    assert told == {ready.item.id for ready in prepared.items}, case.seed
    dues = [action.payload["DueDate"] or "~" for action in plan.actions]
    assert dues == sorted(dues), case.seed


def check_open_days(case: Case, prepared: Prepared, expansion: Expansion) -> None:
    """A second reading of closed days, by the standard library: weekends and the two holidays."""
    business = {
        ready.item.id
        for ready in prepared.items
        if ready.item.due and "business day" in ready.item.due.rule and not ready.item.due.rule.startswith("0 ")
    }
    holidays = {day.to_stdlib() for day in SPAIN.closed}
    for task in expansion.wanted:
        if task.item in business and task.due_at is not None:
            day = task.due_at.to_tz(case.facts.zone).date().to_stdlib()
            if not any("fallback" in step for step in task.explanation.due):
                assert day.isoweekday() < 6, (case.seed, task.item)
                assert day not in holidays, (case.seed, task.item)


def check_rerun(case: Case, prepared: Prepared, plan: Plan) -> None:
    situation = applied(plan)
    for now in (case.now, case.now.add(hours=24 * 400)):
        again = planned_again(case, prepared, situation, now)
        made = {action.wanted.identity for action in plan.actions if action.action == "create"}
        assert all(one.action == "keep" for one in again.actions if one.wanted.identity in made), case.seed
        assert not any(one.drift for one in again.actions), case.seed
        assert now != case.now or "create" not in again.counts(), case.seed


def check_edits(case: Case, plan: Plan) -> None:
    edited = {**case.tasklist, "name": "Other words"}
    edited["items"] = [
        {**item, "name": f"Edited {number}", "notes": "Edited", "responsible": "host", "due": "on signup at 08:00"}
        for number, item in enumerate(case.tasklist["items"])
    ][::-1]
    again = planned_again(case, case.prepared(edited), applied(plan), case.now)
    made = [action for action in plan.actions if action.action == "create"]
    kept = {action.wanted.identity: action for action in again.actions if action.action == "keep"}
    assert {action.wanted.identity for action in made} == set(kept), case.seed
    for action in made:
        fields = {part.field for part in kept[action.wanted.identity].drift}
        changed = {name for name, text in kept[action.wanted.identity].wanted.texts().items()
                   if text != action.wanted.texts()[name]}  # fmt: skip
        assert fields == changed, case.seed


def check_order(case: Case, plan: Plan) -> None:
    source = random.Random(case.seed)
    tasklist, organisation = shuffled(case.tasklist, source), shuffled(case.organisation, source)
    tasklist["items"] = source.sample(tasklist["items"], len(tasklist["items"]))
    facts = replace(
        case.facts,
        coworker=shuffled(dict(case.facts.coworker), source),
        contracts=tuple(source.sample(case.facts.contracts, len(case.facts.contracts))),
        desks=tuple(source.sample(case.facts.desks, len(case.facts.desks))),
        people=shuffled(dict(case.facts.people), source),
        inputs=shuffled(dict(case.facts.inputs), source),
    )
    turned = planned(expanded(case.prepared(tasklist, organisation), facts), now=case.now)
    assert turned.checksum == plan.checksum, case.seed
    assert bodies(turned) == bodies(plan), case.seed


def check_same_day(case: Case, plan: Plan) -> None:
    """At another moment of the same local day the bodies are the same, unless a due or closing passed in between."""
    day = case.now.to_tz(case.facts.zone).date()
    moments = [day.at(SPAIN.opening).assume_tz(case.facts.zone).to_instant().add(hours=hours) for hours in (-9, 3, 14)]
    closing = day.at(SPAIN.closing).assume_tz(case.facts.zone).to_instant()
    for moment in moments:
        between = sorted((case.now, moment))
        turns = [closing, *(task.due_at for task in plan.expansion.wanted if task.due_at)]
        if not any(between[0] <= turn <= between[1] for turn in turns):
            again = planned(plan.expansion, now=moment)
            assert (bodies(again), again.checksum) == (bodies(plan), plan.checksum), (case.seed, str(moment))


def bodies(plan: Plan) -> list[bytes]:
    return [body_of(action.payload) for action in plan.actions]


def test_the_cases_reach_every_kind_of_plan() -> None:
    seen: dict[str, int] = {}
    for seed in range(300):
        case = random_case(seed)
        expansion = expansion_of(case, case.prepared())
        if expansion is None:
            continue
        plan = planned(expansion, now=case.now)
        marks = {
            "left out": bool(plan.left_out),
            "late": any(action.late_from for action in plan.actions),
            "skip": "skip" in plan.counts(),
            "no due": any(action.due_at is None for action in plan.actions),
            "loop": any(action.wanted.key for action in plan.actions),
            "rolled": any(action.wanted.rolled_from for action in plan.actions),
            "older id": any(action.wanted.alternatives for action in plan.actions),
            "warning": bool(plan.warnings),
        }
        for name, is_so in marks.items():
            seen[name] = seen.get(name, 0) + is_so
    assert min(seen.values()) >= 10, seen


@pytest.mark.parametrize("field", ["name", "notes", "due_at"])
def test_the_comparison_of_drift_sees_every_field(field: str) -> None:
    change: dict[str, Any] = {field: Instant("2027-01-01T00:00:00Z") if field == "due_at" else "changed"}
    expansion = expanded()
    changed = replace(expansion, wanted=(replace(expansion.wanted[0], **change),))
    (action,) = planned(changed, replace(applied(planned(expansion)), key=KEY)).actions
    assert len(action.drift) == 1
