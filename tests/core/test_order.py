"""Order among items: whatever the list and whoever completes what when, each task is made exactly when its turn is."""

from __future__ import annotations

import random
from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter
from typing import Any

import pytest
from member_given import MADRID, SPAIN, expanded, facts, item, organisation, ready
from whenever import Instant

from engine.core.due import DueSyntax
from engine.core.model import TaskList
from engine.core.order import creation, find_cycle, parse_create, together
from engine.core.preparing import prepare
from engine.core.wanted import Waits

Task = tuple[str, str]
BEGIN = Instant("2026-12-01T08:00:00Z")
INPUTS = {"rows": {"type": "list"}, "yes": {"type": "bool"}, "no": {"type": "bool"}}
GIVEN = {"rows": ("A1", "B2"), "yes": True, "no": False}


def random_items(chance: random.Random) -> list[dict[str, Any]]:
    """Up to seven items: some after others, some gates, some looped, some left out."""
    names = [f"i{number}" for number in range(chance.randint(2, 7))]
    rank = {name: place for place, name in enumerate(chance.sample(names, len(names)))}
    items = []
    for name in names:
        earlier = [other for other in names if rank[other] < rank[name]]
        after = chance.sample(earlier, chance.randint(0, min(2, len(earlier))))
        told: dict[str, Any] = {"due": "1 days after done" if after else None, "after": after or None}
        told |= {"gate": chance.random() < 0.25 or None, "for_each": {"row": "inputs.rows"}}
        if chance.random() < 0.5:
            del told["for_each"]
        told |= {"when": chance.choice([None, None, "inputs.yes", "inputs.no"]), "name": f"Do {name}"}
        if "for_each" in told:
            told["name"] += " {{ row }}"
        if after:
            told["due"] = {"rule": "1 days after done", "fallback": "on 2026-12-01", "roll": "none"}
        items.append(item(name, **told))
    return items


def tasks_of(one: dict[str, Any]) -> list[Task]:
    if one.get("when") == "inputs.no":
        return []
    return [(one["id"], key) for key in (GIVEN["rows"] if "for_each" in one else ("",))]  # type: ignore[attr-defined]


def before(items: list[dict[str, Any]], task: Task) -> tuple[set[Task], set[Task]]:
    """What `after` names for a task, and all that has to be completed first; told anew, from the words of the rule."""
    place = next(number for number, one in enumerate(items) if one["id"] == task[0])
    own = items[place]
    named: set[Task] = set()
    for other in (one for one in items if one["id"] in own.get("after", ())):
        both_looped = "for_each" in other and "for_each" in own
        named |= {found for found in tasks_of(other) if not both_looped or found[1] == task[1]}
    first = place
    while own.get("gate") and first and items[first - 1].get("gate"):
        first -= 1
    gates = (one for one in items[:first] if one.get("gate"))
    return named, named | {found for gate in gates for found in tasks_of(gate)}


def waits_in_circles(items: list[dict[str, Any]]) -> bool:
    graph: dict[str, set[str]] = {}
    for number, one in enumerate(items):
        first = number
        while one.get("gate") and first and items[first - 1].get("gate"):
            first -= 1
        gates = {other["id"] for other in items[:first] if other.get("gate")}
        graph[one["id"]] = {*one.get("after", ()), *gates}
    return is_circular(graph)


def is_circular(graph: dict[str, set[str]]) -> bool:
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError:
        return True
    return False


@pytest.mark.parametrize("batch", range(10))
def test_every_task_is_made_exactly_when_all_before_it_is_completed(batch: int) -> None:
    told = 0
    for seed in range(batch * 20, batch * 20 + 20):
        chance = random.Random(seed)
        items = random_items(chance)
        if waits_in_circles(items):
            assert "wait for each other" in "; ".join(faults(items))
        else:
            told += 1
            follow(items, chance)
    assert told >= 10, "most lists can be followed"


def follow(items: list[dict[str, Any]], chance: random.Random) -> None:
    """Complete one made task after the other in any order; at each step what may be made is what the rules say."""
    prepared = ready(*items, inputs=INPUTS, once_per="coworker")
    done: dict[Task, Instant] = {}
    every = [task for one in items for task in tasks_of(one)]
    while True:
        expansion = expanded(prepared, facts(inputs=GIVEN, done=done))
        wanted = {(one.item, one.key): one for one in expansion.wanted}
        assert list(wanted) == every, "in the order of the file, none lost"
        for task, one in wanted.items():
            named, first = before(items, task)
            assert (one.waits is None) == (first <= done.keys()), task
            if one.waits is not None:
                assert set(one.waits.items) == {f"{i} [{k}]" if k else i for i, k in first - done.keys()}
            elif named:
                due = max(done[other] for other in named).to_tz(MADRID).date().add(days=1)
                assert one.due_at is not None
                assert one.due_at.to_tz(MADRID).date() == due
        may_be_done = [task for task, one in wanted.items() if one.waits is None and task not in done]
        if not may_be_done:
            break
        done[chance.choice(may_be_done)] = BEGIN.add(hours=chance.randint(1, 400))
    assert set(done) == set(every), "all of it is made in the end"


def faults(items: Iterable[dict[str, Any]], **changes: Any) -> list[str]:
    told = {"tasklist": "new-member", "name": "Welcome", "inputs": INPUTS, "items": list(items)}
    _, findings = prepare(TaskList.model_validate(told | changes), organisation())
    return [str(finding.fault) for finding in findings]


def test_a_cycle_is_found_exactly_where_there_is_one() -> None:
    found = 0
    for seed in range(400):
        chance = random.Random(seed)
        names = [f"n{number}" for number in range(chance.randint(1, 7))]
        graph = {name: set(chance.sample(names, chance.randint(0, min(2, len(names))))) for name in names}
        cycle = find_cycle({name: sorted(others) for name, others in graph.items()})
        assert bool(cycle) == is_circular(graph), graph
        found += bool(cycle)
        for name, following in zip(cycle, (*cycle[1:], *cycle[:1]), strict=True):
            assert following in graph[name], (cycle, graph)
        assert len(set(cycle)) == len(cycle)
    assert 50 < found < 350


def test_a_cycle_through_a_gate_is_told_as_one() -> None:
    items = [item("gate", gate=True, after="card"), item("card")]
    (told,) = faults(items)
    assert "gate is after card; card stands below the gate gate" in told


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ("crad", "there is no item 'crad'"),
        ("tour", "the item 'tour' would wait for itself"),
        (["card", "card"], "'card' is named twice"),
    ],
)
def test_wrong_names_in_after_are_told(after: object, said: str) -> None:
    (told,) = faults([item("card"), item("tour", after=after)])
    assert said in told


def test_order_across_what_is_once_per_team_is_refused() -> None:
    (told,) = faults([item("sign", once_per="team"), item("card", once_per="coworker", after="sign")])
    assert "not made for the same person" in told


@pytest.mark.parametrize("text", ["now", " NOW ", "5 business days before due", "2 weeks before due at 08:00"])
def test_a_create_is_read(text: str) -> None:
    rule = parse_create(text)
    assert (rule is None) == (text.strip().lower() == "now")


@pytest.mark.parametrize("text", ["later", "5 days after due", "on due", "5 days before signup", "5 days", ""])
def test_another_create_is_refused_with_what_may_be_written(text: str) -> None:
    with pytest.raises(DueSyntax):
        parse_create(text)


def test_a_create_needs_a_due() -> None:
    (told,) = faults([item("card", due=None, create="5 days before due")])
    assert "the item has none" in told


def test_the_moment_of_creation_is_the_opening_of_its_day() -> None:
    rule = parse_create("5 business days before due")
    assert rule is not None
    waits = creation(rule, Instant("2026-12-17T11:00:00Z"), zone=MADRID, calendar=SPAIN)
    assert waits.until == Instant("2026-12-10T08:00:00Z")
    assert waits.reason == "created 5 business days before due, from Thu 10 Dec 2026 09:00 on"


def test_waits_come_together() -> None:
    one = Waits("waits until card is completed", ("card",))
    other = Waits("created later", until=BEGIN)
    both = together([one, None, other])
    assert both is not None
    assert (both.items, both.until, both.stuck) == (("card",), BEGIN, False)
    assert together([None]) is None
