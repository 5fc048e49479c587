"""Facts files: what is saved is what is read back, and what is no facts file says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from member_given import KEY, SPAIN, applied, event, expanded, facts, planned
from whenever import Date, Instant, Time

from engine.core.calendar import Calendar
from engine.core.errors import UserError
from engine.core.facts import Event, Facts
from engine.core.facts_json import dump_facts, load_facts
from engine.core.known import KnownTask, LiveTask
from engine.core.people import Person
from engine.core.plan import Situation

TEXT = st.text(max_size=12)  # surrogates among them
WORDS = st.text(st.characters(codec="utf-8"), max_size=12)
IDS = st.integers(1, 2**40)
DAYS = st.integers(0, 3000).map(lambda n: Date(2024, 1, 1).add(days=n))
MOMENTS = st.integers(0, 10**8).map(lambda n: Instant("2025-01-01T00:00:00Z").add(milliseconds=n * 1001))
MAYBE = st.one_of(st.none(), MOMENTS)
RAW = st.dictionaries(
    WORDS.filter(lambda name: name != "Id"),
    st.one_of(st.none(), st.booleans(), IDS, TEXT, st.floats(allow_nan=False), st.lists(TEXT, max_size=2)),
    max_size=4,
)
ROWS = st.builds(lambda row, number: row | {"Id": number}, RAW, IDS)
INPUTS = st.one_of(
    TEXT, IDS, st.booleans(), DAYS, st.none(),
    st.lists(st.one_of(TEXT, st.dictionaries(WORDS, TEXT, max_size=2)), max_size=3).map(tuple),
)  # fmt: skip
CALENDARS = st.builds(
    Calendar,
    WORDS,
    st.just(frozenset({1, 2, 3, 4, 5})),
    st.just(Time(8, 30)),
    st.just(Time(17, 45)),
    st.dictionaries(DAYS, WORDS, max_size=3),
    st.just((Date(2020, 1, 1), Date(2040, 12, 31))),
)
PEOPLE = st.dictionaries(WORDS, st.builds(Person, IDS, TEXT, TEXT), max_size=3)


@st.composite
def any_facts(draw: st.DrawFn) -> Facts:
    contracts = tuple(draw(st.lists(ROWS, max_size=3)))
    ids = [None, *(row["Id"] for row in contracts)]
    return Facts(
        coworker=draw(ROWS),
        location=draw(WORDS),
        business=draw(RAW),
        zone=draw(st.sampled_from(["Europe/Madrid", "America/New_York", "Pacific/Chatham"])),
        calendar=draw(CALENDARS),
        contracts=contracts,
        contract_id=draw(st.sampled_from(ids)),
        contract_source=draw(WORDS),
        team=draw(st.one_of(st.none(), ROWS)),
        members=tuple(draw(st.lists(ROWS, max_size=2))),
        desks=tuple(draw(st.lists(ROWS, max_size=2))),
        people=draw(PEOPLE),
        inputs=draw(st.dictionaries(WORDS, INPUTS, max_size=3)),
        event=draw(st.one_of(st.none(), st.builds(Event, WORDS, MOMENTS))),
        known_chains=draw(st.dictionaries(IDS, IDS, max_size=3)),
        visits=draw(st.one_of(st.none(), st.sets(DAYS, max_size=4).map(lambda days: tuple(sorted(days))))),
        first_paid=draw(MAYBE),
        paid_read=draw(st.booleans()),
        done=draw(st.dictionaries(st.tuples(WORDS, TEXT), MOMENTS, max_size=3)),
        gone=draw(st.frozensets(st.tuples(WORDS, TEXT), max_size=2)),
    )


KNOWN = st.builds(
    KnownTask,
    identity=st.uuids(),
    state=st.sampled_from(["intended", "created", "adopted", "failed"]),
    run_id=WORDS,
    at=MOMENTS,
    seen_at=MOMENTS,
    tasklist=WORDS,
    item=WORDS,
    key=TEXT,
    task_id=st.one_of(st.none(), IDS),
    due_at=MAYBE,
    contract_id=st.one_of(st.none(), IDS),
    event_at=MAYBE,
    fingerprints=st.dictionaries(WORDS, WORDS, max_size=2),
)
LIVE = st.builds(LiveTask, IDS, IDS, IDS, TEXT, st.booleans(), MAYBE, st.one_of(st.none(), IDS), MAYBE)


@st.composite
def any_situation(draw: st.DrawFn) -> Situation:
    known = {task.identity: task for task in draw(st.lists(KNOWN, max_size=3))}
    live = {row.task_id: row for row in draw(st.lists(LIVE, max_size=3))}
    rows = tuple(live.values())
    return Situation(
        known=known,
        live=live,
        found=dict.fromkeys(draw(st.lists(st.uuids(), max_size=2)), rows[:1]),
        gone=frozenset(draw(st.lists(IDS, max_size=3))),
        incomplete=draw(WORDS),
        key=draw(st.binary(max_size=8)),
        task_list_name=draw(st.one_of(st.none(), TEXT)),
        quiet_seconds=draw(st.integers(0, 1000)),
        with_mark=draw(st.booleans()),
        looked_at=draw(MAYBE),
    )


@settings(derandomize=True, deadline=None, max_examples=150)
@given(any_facts(), any_situation())
def test_what_is_saved_is_what_is_read_back(told: Facts, situation: Situation) -> None:
    text = dump_facts(told, situation)
    written = text.encode("utf-8", "backslashreplace").decode()  # as it stands in a file
    assert load_facts(written, "facts.json") == (told, situation)


def test_a_plan_from_saved_facts_is_the_same_plan() -> None:
    given_event = facts(event=event("2026-11-22T10:00:00Z"), inputs={"move_out": Date(2027, 1, 5)})
    plan = planned(expanded(given=given_event))
    told, situation = load_facts(dump_facts(given_event, applied(plan)), "facts.json")
    fresh = planned(expanded(given=given_event), applied(plan))
    assert planned(expanded(given=told), situation).to_json() == fresh.to_json()


def test_the_situation_may_be_left_out() -> None:
    told = json.loads(dump_facts(facts(), Situation(key=KEY, gone=frozenset({1}))))
    del told["situation"]
    assert load_facts(json.dumps(told), "facts.json") == (facts(), Situation())


def without(*path: str | int) -> str:
    def drop(told: Any) -> None:
        for name in path[:-1]:
            told = told[name]
        del told[path[-1]]

    return changed(drop)


def changed(change: Callable[[Any], object]) -> str:
    row = LiveTask(1, 2, 3, "x", False, None, None, None)
    told = json.loads(dump_facts(facts(), Situation(live={1: row}, found={UUID(int=5): (row,)})))
    change(told)
    return json.dumps(told)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", r"is no JSON \(line 1, column 1\)", id="empty"),
        pytest.param("[]", "no facts file of format 1", id="a list"),
        pytest.param('{"facts": 2}', "no facts file of format 1", id="another format"),
        pytest.param("[" * 100_000, "cannot be read", id="too deep"),
        pytest.param(without("coworker"), "the key 'coworker' is missing", id="no coworker"),
        pytest.param(without("coworker", "Id"), "the key 'Id' is missing", id="no id"),
        pytest.param(without("contracts", 0, "Id"), "the key 'Id' is missing", id="no contract id"),
        pytest.param(changed(lambda told: told.update(zone="Mars/Base")), "a value is not of its type", id="zone"),
        pytest.param(changed(lambda told: told.update(contract_id=5)), "contract 5, and", id="contract"),
        pytest.param(changed(lambda told: told.update(event={"name": "x", "at": "soon"})), "a value", id="event"),
        pytest.param(without("calendar", "covers", 1), "cannot be read", id="covers"),
        pytest.param(changed(lambda told: told["calendar"].update(opening="19:00")), "calendar", id="hours"),
        pytest.param(changed(lambda told: told["situation"].update(live=[])), "the key 1 is missing", id="found"),
        pytest.param(changed(lambda told: told["situation"].update(key="xyz")), "a value", id="key"),
        pytest.param(changed(lambda told: told["situation"].update(known=[{"identity": "x"}])), "a value", id="known"),
    ],
)
def test_what_is_no_facts_file_is_an_error_of_the_user(text: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        load_facts(text, "facts.json")


def test_an_empty_calendar_of_the_member_is_kept_apart_from_a_full_one() -> None:
    bare = facts(calendar=replace(SPAIN, closed={}))
    assert load_facts(dump_facts(bare, Situation()), "facts.json")[0].calendar.closed == {}
