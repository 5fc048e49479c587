"""The shipped lists and the checklists of real houses: in bulk and in rehearsal they are what the plain way makes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from whenever import Date, Instant

from engine.authoring.check import ready_list
from engine.authoring.folder import Folder
from engine.core.bulk import Bulk
from engine.core.facts import Facts
from engine.core.moved_facts import Ground, made_up, names_team, noon, turn_of
from engine.core.plan import body_of
from engine.core.prepared import Prepared
from engine.core.rehearsal_starts import Starts, bulks_of
from engine.flows.calendars import calendar_at
from engine.flows.rehearse import stand_ins

ROOT = Path(__file__).parents[2]
SHIPPED, HOUSES = Folder(ROOT / "tasklists", "tasklists"), Folder(ROOT / "tests/checklists", "checklists")
FOLDERS = {"shipped": SHIPPED, "houses": HOUSES}
DAYS = tuple(Date(2026, 11, 27).add(days=days) for days in (0, 1, 4, 28, 31, 122, 337))
VALUES = {"text": "Row 4", "int": 3, "bool": True, "date": Date(2026, 12, 24), "list": ("Ana Poe", "Bo  Kay")}

FAST = frozenset(
    {"shipped/new-member", "houses/offboarding", "houses/office-building-move-out", "houses/facility-moves"}
)
REASONS = frozenset({"after", "gate", "create", "source", "once_per", "anchors", "facts"})
"""What of these lists the fast way leaves to the plain one: order among items, teams, people by facts, named days, and
texts that tell of teams, visits or invoices."""


@cache
def ready(name: str) -> Prepared | None:
    folder, _, own = name.partition("/")
    return ready_list(FOLDERS[folder], own).prepared


def lists() -> list[str]:
    return [
        f"{key}/{name}"
        for key, folder in FOLDERS.items()
        for name in sorted(folder.lists())
        if not folder.tasklist(name).model.abstract
    ]


def grounds(prepared: Prepared) -> Iterator[Ground]:
    places, people = prepared.organisation.locations, stand_ins(prepared)
    for name, place in places.items():
        assert place.time_zone is not None
        calendar = calendar_at(prepared.organisation, name, [Date(2025, 6, 1), Date(2028, 6, 1)])
        facts = Facts({"Id": 1}, name, {"Name": name.title()}, place.time_zone, calendar, people=people)
        yield Ground(name, place.business_id, facts)


def members(prepared: Prepared, ground: Ground, day: Date) -> Iterator[tuple[Facts, Instant]]:
    """One member after the other who differ in what lists ask for, the first of them twice."""
    at = noon(day.add(days=-10), ground.facts.zone)
    inputs = {name: VALUES[given.type] for name, given in prepared.tasklist.inputs.items()}
    made = made_up(prepared, ground, turn_of(prepared), day=day, made_at=at, inputs=inputs,
                   has_team=names_team(prepared))  # fmt: skip
    fields = [given.field for given in prepared.organisation.custom_fields.values()]
    desks = ({"Id": 4, "Name": "Desk 4", "ItemType": 2}, {"Id": 9, "Name": 'Café "9"', "ItemType": 1, "Size": 6})
    changes: list[dict[str, Any]] = [{}, dict.fromkeys(fields, "yes"), dict.fromkeys(fields, ""), {"Active": False}]
    for change in changes:
        yield replace(made, coworker=made.coworker | change), at
    (contract,) = made.contracts
    yield replace(made, desks=desks), at
    yield replace(made, desks=(), contracts=(contract | {"ContractTerm": None, "TariffName": "Büro <1>"},)), at
    yield replace(made, coworker=made.coworker | {"Id": 7, "FullName": "Zoë\n🚀 O'Neil"}, team=None, members=()), at
    yield replace(made, contracts=(), contract_id=None), at
    yield replace(made, visits=None, first_paid=None, event=None), at
    yield made, at


def outcome(make: Any) -> Any:
    try:
        return make()
    except Exception as error:
        return type(error), str(error)


@pytest.mark.parametrize("name", lists())
def test_a_list_in_bulk_is_byte_for_byte_that_of_the_plain_way(name: str) -> None:
    whole = ready(name)
    assert whole is not None
    made = 0
    for prepared in filter(None, whole.parts()):
        for ground in grounds(prepared):
            bulk = Bulk(prepared, version="0" * 12, anyway=True)
            for day in DAYS[::3]:
                for facts, at in members(prepared, ground, day):
                    fast = outcome(lambda facts=facts, at=at, bulk=bulk: bulk.bodies(facts, at).bodies)
                    plan = outcome(lambda facts=facts, at=at, bulk=bulk: bulk.plan(facts, at).actions)
                    told = isinstance(plan, tuple) and plan and not isinstance(plan[0], type)
                    slow = tuple(body_of(one.payload) for one in plan if one.action == "create") if told else plan
                    assert fast == slow
                    made += len(slow) if told else 0
            if name in FAST:
                assert bulk.why == ""
            else:
                assert not bulk.why or bulk.why.rpartition(": ")[2] in REASONS
    assert made


@pytest.mark.parametrize("name", lists())
def test_a_list_is_rehearsed_as_the_plain_way_makes_it(name: str) -> None:
    prepared = ready(name)
    assert prepared is not None
    ground = next(grounds(prepared))
    fast, plain = (Starts(prepared, ground.location, bulks_of(prepared)) for _ in range(2))
    plain._is_plain = True
    for day in DAYS:
        for facts, at in members(prepared, ground, day):
            found, expected = (one.start(facts, day, at) for one in (fast, plain))
            assert (sorted(found.tasks), found.trouble) == (sorted(expected.tasks), expected.trouble)
