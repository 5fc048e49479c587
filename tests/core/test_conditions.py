"""Conditions and paths: what they decide and name, and how a condition explains itself."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_facts import SCOPE, facts

from engine.core.catalogue import Kind, Record
from engine.core.text import Absent, TextSyntax, Value, compile_condition, compile_path

FIXED = settings(derandomize=True, max_examples=200, deadline=None, database=None)


def decide(source: str, **coworker: Value) -> bool:
    return compile_condition(source, SCOPE).evaluate(facts(**coworker))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("coworker.active", True),
        ("not coworker.active", False),
        ("true", True),
        ("coworker.active == false", False),
        ("coworker.custom.wants_locker and coworker.billing_day >= 26", True),
        ("coworker.tariff_name == 'Hot desk'", True),
        ("coworker.tariff_name in ['Hot desk', 'Office']", True),
        ("coworker.tariff_name not in ['Hot desk', 'Office']", False),
        ("'vip' in coworker.tag", True),
        ("12 in coworker.teams", True),
        ("coworker.teams | length > 1", True),
        ("contract.cancellation == none", True),
        ("contract.start != none", True),
        ("contract.start >= '2026-12-01'", True),
        ("'2026-12-01' > contract.start", False),
        ("contract.start in ['2026-12-01', '2027-01-01']", True),
        ("contract.start == membership.start", True),
        ("event > signup", True),
        ("contract.price > 1000", True),
        ("contract.price == 1082.52", True),
        ("1 < coworker.billing_day < 26", False),
        ("coworker.user_id == none or coworker.user_id > 3", True),
        ("coworker.company_name == ''", True),
        ("coworker.company_name | trim | length == 0", True),
        ("(signup | date) == '2026-08-27'", True),
        ("coworker.billing_day in [1, 26.0]", True),
        ("false and contract.cancellation > '2026-01-01'", False),
    ],
)
def test_a_condition_is_decided(source: str, expected: bool) -> None:
    assert decide(source) is expected


@FIXED
@given(
    st.sampled_from(["coworker.active", "coworker.billing_day > 3", "coworker.full_name == 'x'"]),
    st.sampled_from(["and", "or"]),
    st.booleans(),
    st.integers(0, 31),
)
def test_conditions_give_real_booleans(one: str, operator: str, active: bool, day: int) -> None:
    result = decide(f"{one} {operator} not coworker.active", active=active, billing_day=day)
    assert type(result) is bool


def test_a_condition_explains_itself_with_values() -> None:
    source = "coworker.active and team.name == 'x' or contract.cancellation == none and 11 in coworker.teams"
    assert compile_condition(source + " and coworker.tag != ''", SCOPE).explain(facts()) == (
        ("coworker.active", "true"),
        ("team.name", "absent (the coworker is in no team)"),
        ("contract.cancellation", "none"),
        ("coworker.teams", "a list of 2"),
        ("coworker.tag", "'vip, early'"),
    )


@FIXED
@given(st.text(min_size=1))
def test_an_explanation_holds_no_control_character(value: str) -> None:
    [(_, shown)] = compile_condition("coworker.email == 'x'", SCOPE).explain(facts(email=value))
    assert all(character.isprintable() for character in shown)
    assert len(shown) <= 700


@pytest.mark.parametrize(
    ("source", "path"),
    [("contract.desks", ("contract", "desks")), (" desk.code ", ("desk", "code")), ("desk", ("desk",))],
)
def test_a_path_names_one_fact(source: str, path: tuple[str, ...]) -> None:
    scope = {**SCOPE, "desk": Record({"code": Kind.TEXT})}
    assert compile_path(source, scope)[0] == path


@pytest.mark.parametrize("source", ["contract.desk", "'x'", "none", "coworker.tag | upper", "", "1 + 1", "{{ x"])
def test_anything_else_is_no_path(source: str) -> None:
    with pytest.raises(TextSyntax) as caught:
        compile_path(source, SCOPE)
    assert caught.value.faults


@pytest.mark.parametrize("name", ["contract", "membership", "team", "event"])
def test_none_asks_whether_there_is_one_at_all(name: str) -> None:
    there = compile_condition(f"{name} != none", SCOPE)
    missing = compile_condition(f"none == {name}", SCOPE)
    given: dict[str, Value] = {**facts(), name: {"moment": None, "name": "", "start": None}}
    absent: dict[str, Value] = {**facts(), name: Absent(name, "none here")}
    assert (there.evaluate(given), there.evaluate(absent)) == (True, False)
    assert (missing.evaluate(given), missing.evaluate(absent)) == (False, True)
    assert dict(there.explain(absent))[name] == "absent (none here)"
    assert dict(there.explain(given))[name] == "there"
