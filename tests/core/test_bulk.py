"""Bulk expansion gives, byte for byte, what the plain way gives, and takes that way for all that it does not know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from member_given import ADA, CONTRACT, NOW, PEOPLE, event, facts, item, organisation, ready
from random_cases import random_case
from whenever import Date, Instant

from engine.core import bulk_texts
from engine.core.applies import DoesNotApply
from engine.core.bulk import Bulk
from engine.core.expand import CannotExpand, HoldersNeeded
from engine.core.facts import Facts
from engine.core.plan import body_of
from engine.core.prepared import Prepared

NEW_KEYS = ("anchors", "clock_change")
_OLD_DAYS = {"begin": "contract.start", "month_end": "membership.start"}


def outcome(make: Any) -> Any:
    """What a way gives: its bodies, or the error as a person sees it."""
    try:
        return make()
    except Exception as error:
        return type(error), str(error)


def plain(prepared: Prepared, given: Facts, now: Instant, **options: Any) -> tuple[bytes, ...]:
    plan = Bulk(prepared, version="0" * 12, **options).plan(given, now)
    return tuple(body_of(one.payload) for one in plan.actions if one.action == "create")


def both(prepared: Prepared, given: Facts, now: Instant = NOW, **options: Any) -> tuple[Any, Any, Bulk]:
    bulk = Bulk(prepared, version="0" * 12, **options)
    fast = outcome(lambda: bulk.bodies(given, now).bodies)
    return fast, outcome(lambda: plain(prepared, given, now, **options)), bulk


def known_words(value: Any) -> Any:
    """The same list without what the fast way leaves to the plain one: named days, and visits in texts."""
    if isinstance(value, Mapping):
        return {name: known_words(part) for name, part in value.items() if name not in {"anchors"}}
    if isinstance(value, list):
        return [known_words(part) for part in value]
    if not isinstance(value, str):
        return value
    for new, old in _OLD_DAYS.items():
        value = value.replace("{{ month_end | date }}", "{{ membership.start | date }}")
        value = value.replace("month_end != none and visit.third == none", "coworker.active").replace(new, old)
    return value.replace("coworker.visits >= 3", "coworker.active")


@pytest.mark.parametrize("seed", range(60))
def test_any_list_gives_the_bytes_of_the_plain_way(seed: int) -> None:
    case = random_case(seed)
    prepared = case.prepared()
    for given_facts in (case.facts, replace(case.facts, coworker=case.facts.coworker | {"Id": 9, "FullName": "Bo"})):
        fast, slow, _ = both(prepared, given_facts, case.now)
        assert fast == slow


@given(seed=st.integers(0, 20_000), moved=st.integers(-40, 400))
@settings(max_examples=150, derandomize=True, database=None, deadline=None)
def test_a_list_of_known_words_goes_the_fast_way_with_the_same_bytes(seed: int, moved: int) -> None:
    case = random_case(seed)
    told = known_words(case.tasklist)
    prepared = case.prepared(tasklist=told)
    bulk = Bulk(prepared, version="0" * 12)
    for number, name in enumerate(("Ada Lovelace", "José 🚀\nB", " lone \ud800 ", '"quoted" \\ \x1f', "x" * 190)):
        coworker = case.facts.coworker | {"Id": 100 + number, "FullName": name, "NickName": name[:3]}
        one = replace(case.facts, coworker=coworker)
        now = case.now.add(hours=24 * moved)
        before = bulk.plain
        fast = outcome(lambda one=one, now=now: bulk.bodies(one, now).bodies)
        slow = outcome(lambda one=one, now=now: plain(prepared, one, now))
        assert fast == slow
        if isinstance(slow, tuple) and all(isinstance(body, bytes) for body in slow):
            assert (bulk.why, bulk.plain) == ("", before)


def test_a_line_holds_the_bodies_as_one_json_array() -> None:
    bulk = Bulk(ready(item("a"), item("b")), version="0" * 12)
    (made,) = bulk.stream([facts()], NOW)
    assert made.coworker_id == ADA["Id"]
    assert made.line() == b"[" + b",".join(made.bodies) + b"]\n"


UNKNOWN: dict[str, dict[str, Any]] = {
    "after": {"items": [item("a"), item("b", after="a")]},
    "gate": {"items": [item("a", gate=True), item("b")]},
    "create": {"items": [item("a", create="5 business days before due")]},
    "least loaded": {"items": [item("a", responsible={"role": "host", "pick": "least_loaded"})]},
    "a person from a fact": {
        "items": [item("a", responsible={"from": "coworker.custom.shirt", "fallback": "front-desk"})]
    },
    "named day": {"anchors": {"begin": "contract.start"}, "items": [item("a", due="1 week after begin")]},
    "visits": {"items": [item("a", when="coworker.visits >= 0")]},
    "phase with a fact": {"items": [item("a", phase="{{ coworker.full_name }}")]},
    "team": {"once_per": "team", "items": [item("a", due="on signup")]},
}


@pytest.mark.parametrize("what", UNKNOWN)
def test_what_the_fast_way_does_not_know_takes_the_plain_way(what: str) -> None:
    told = dict(UNKNOWN[what])
    prepared = ready(*told.pop("items"), **told)
    payer = {"Id": 5, "Name": "Team", "PayingMemberId": ADA["Id"]}
    given_facts = facts(visits=(Date(2026, 11, 3),), team=payer, coworker={"Custom9": "ana@acme.example"})
    fast, slow, bulk = both(prepared, given_facts)
    assert fast == slow
    assert bulk.plain == 1
    assert bulk.why


KNOWN: dict[str, dict[str, Any]] = {
    "languages": {"name": {"en": "Welcome", "es": "Hola {{ coworker.full_name }}"}, "items": [item("a")]},
    "phase": {"items": [item("a", phase="First days")]},
    "optional": {"items": [item("a", optional=True)]},
    "checklist": {
        "items": [
            item(
                "a",
                notes="Do:\n",
                checklist=[
                    "One",
                    {"line": "Two {{ contract.tariff_name }}", "when": "coworker.active"},
                    {"line": "{{ coworker.company_name }}"},
                ],
            )
        ]
    },
    "loop": {"items": [item("a", name="{{ desk.name }}", for_each={"desk": "contract.desks"})]},
    "same_as": {"items": [item("a", formerly="old")]},
    "notes with line breaks": {"items": [item("a", notes="\n\n{{ coworker.full_name }}\n\nx\n\n")]},
    "no due": {"items": [item("a", due=None), item("b")]},
    "clock change": {"clock_change": {"gap": "earlier"}, "items": [item("a", due="on 2027-03-28 at 02:30")]},
    "bounds": {
        "items": [item("a", due={"rule": "3 days before contract.start", "not_before": "1 week before contract.start",
                                 "not_after": "2 business days before contract.start"})]
    },
}  # fmt: skip


@pytest.mark.parametrize("what", KNOWN)
def test_what_the_fast_way_knows_does_not_fall_back(what: str) -> None:
    told = dict(KNOWN[what])
    prepared = ready(*told.pop("items"), **told)
    desks = ({"Id": 31, "Name": 'Desk "31"'}, {"Id": 32, "Name": "José's"})
    fast, slow, bulk = both(prepared, facts(desks=desks))
    assert fast == slow
    assert (bulk.plain, bulk.why) == (0, "")


def test_absences_choose_the_same_person_on_both_ways() -> None:
    away = [{"who": "ana@acme.example", "from": "2026-11-25", "to": "2026-12-02", "delegate": "eva@acme.example"}]
    prepared = ready(item("a"), item("b", due="2 weeks after contract.start"), of=organisation(absences=away))
    fast, slow, bulk = both(prepared, facts())
    assert fast == slow
    assert bulk.plain == 0
    assert [b'"ResponsibleId":13' in body for body in slow] == [True, False]


def test_errors_are_those_of_the_plain_way() -> None:
    cases: list[tuple[Prepared, Facts, type[Exception]]] = [
        (ready(item("a", name="{{ coworker.nick_name }}")), facts(coworker={"NickName": ""}), CannotExpand),
        (ready(item("a", name="{{ contract.start }}")), facts(contracts=(), contract_id=None), CannotExpand),
        (ready(), facts(people={}), HoldersNeeded),
        (ready(applies={"tariffs": ["Office"]}), facts(), DoesNotApply),
        (ready(item("a", for_each={"name": "inputs.names"}), inputs={"names": {"type": "list"}}),
         facts(inputs={"names": ("x", "x ")}), CannotExpand),
    ]  # fmt: skip
    for prepared, given_facts, kind in cases:
        fast, slow, _ = both(prepared, given_facts)
        assert fast == slow
        assert slow[0] is kind


def test_two_places_and_changed_people_are_never_mixed_up() -> None:
    prepared = ready(item("a", responsible="community-manager"), applies={})
    bulk = Bulk(prepared, version="0" * 12)
    elsewhere = replace(facts(), location="madrid", zone="Atlantic/Canary")
    others = replace(facts(), people={**PEOPLE, "eva@acme.example": replace(PEOPLE["eva@acme.example"], id=99)})
    for one in (facts(), elsewhere, others, facts(), elsewhere):
        assert bulk.bodies(one, NOW).bodies == plain(prepared, one, NOW)
    assert bulk.plain == 0


def test_memories_stay_small_whatever_comes_by(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_texts, "MOST_KEPT", 8)
    prepared = ready(item("a", notes="{{ coworker.full_name | upper }}", due="3 hours after signup"))
    bulk = Bulk(prepared, version="0" * 12)
    for number in range(50):
        coworker = {"Id": number + 1, "FullName": f"M{number}", "RegistrationDate": f"2026-11-20T16:{number:02}:00Z"}
        one = facts(coworker=coworker)
        assert bulk.bodies(one, NOW).bodies == plain(prepared, one, NOW)
    (kernel,) = bulk._places["barcelona"]
    (made,) = kernel.items
    assert made.dues is not None
    assert 0 < len(made.dues.known) <= 8
    assert len(made.notes.known) <= 8  # type: ignore[attr-defined]  # a remembered text, as it names a filter


def test_an_event_and_several_contracts_are_read_as_the_plain_way_reads_them() -> None:
    texts = "{{ event }} {{ event.name }} {{ signup }} {{ membership.start }} {{ contract.start | date('d MMMM y') }}"
    prepared = ready(item("a", notes=texts, due="2 hours after event"), once_per="membership")
    earlier = CONTRACT | {"Id": 800, "StartDate": "2026-01-01", "CancellationDate": "2026-11-20T23:00:00Z"}
    own = CONTRACT | {"StartDate": "2026-11-30T23:00:00Z"}
    one = facts(contracts=(own, earlier), event=event("2026-11-24T09:00:00Z"), known_chains={800: 700})
    fast, slow, bulk = both(prepared, one)
    assert fast == slow
    assert bulk.plain == 0
