"""For random conditions and random facts: what is called always true or false comes out so, and most of it is called.

The facts are few and their values near each other, so that conditions often contradict themselves.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal

import pytest
from whenever import Date

from engine.authoring.loader import load
from engine.authoring.source import source_of
from engine.core.fact_values import Absent, Value
from engine.core.lint import lint
from engine.core.lint_logic import possible
from engine.core.lint_view import View
from engine.core.model import TaskList
from engine.core.organisation import Organisation
from engine.core.prepared import Prepared
from engine.core.preparing import prepare
from engine.core.scopes import base_scope
from engine.core.text import CompiledCondition, TextFailure, compile_condition

ORGANISATION = load(
    Organisation,
    source_of(
        "organisation.yaml",
        b"owner: acme\nsince: 2026-01-01\ncalendars: {plain: {}}\n"
        b"locations: {here: {business_id: 1, calendar: plain, roles: {desk: ana@acme.example}}}\n",
    ),
).model
SIGNS = ("==", "!=", "<", "<=", ">", ">=")
DAYS = ("2026-01-01", "2026-01-02", "2026-01-03")
FACTS = 2_000
"""Enough to meet every cell of the small values below with its neighbours many times."""

Facts = Mapping[str, Value]


def _number(at: random.Random) -> str:
    left = at.choice(["coworker.id", "coworker.visits", "coworker.teams | length", "contract.price"])
    value = at.choice(["1.5", "2.5"]) if left == "contract.price" and at.random() < 0.3 else str(at.randint(0, 3))
    sign = at.choice(SIGNS)
    if at.random() < 0.2:
        return f"{value} {sign} {left}"
    return f"{left} {at.choice(['in', 'not in'])} [{value}, 2]" if at.random() < 0.2 else f"{left} {sign} {value}"


def _text(at: random.Random) -> str:
    value = at.choice(["''", "'a'", "'b'", "'ab'"])
    return at.choice(
        [
            f"coworker.tag {at.choice(SIGNS)} {value}",
            f"{value} {at.choice(['in', 'not in'])} coworker.tag",
            f"coworker.tag {at.choice(['in', 'not in'])} [{value}, 'c']",
            f"coworker.tag | upper {at.choice(['==', '!='])} 'A'",
        ]
    )


def _other(at: random.Random) -> str:
    return at.choice(
        [
            "coworker.active",
            f"coworker.active {at.choice(['==', '!='])} {at.choice(['true', 'false', 'none'])}",
            f"coworker.id {at.choice(['==', '!='])} none",
            f"coworker.id {at.choice(SIGNS)} coworker.visits",
            f"contract {at.choice(['==', '!='])} none",
            f"contract.start {at.choice(['==', '!='])} none",
            f"contract.start {at.choice(SIGNS)} '{at.choice(DAYS)}'",
            f"contract.start {at.choice(SIGNS)} contract.renewal",
            f"2 {at.choice(['in', 'not in'])} coworker.teams",
        ]
    )


def condition(at: random.Random, depth: int = 3) -> str:
    if depth == 0 or at.random() < 0.2:
        return at.choice([_number, _text, _other])(at)
    one, other = condition(at, depth - 1), condition(at, depth - 1)
    shape = at.random()
    if shape < 0.12:
        return f"not ({one})"
    if shape < 0.17:
        return f"(({one}) if ({other}) else ({condition(at, depth - 1)}))"
    return f"({one}) {'and' if shape < 0.6 else 'or'} ({other})"


def facts(at: random.Random) -> Facts:
    day = [None, *(Date.parse_iso(day) for day in (*DAYS, "2025-12-31", "2026-01-04"))]
    number = at.choice([None, -1, 0, 1, 2, 3, 4])
    coworker: dict[str, Value] = {
        "id": number,
        "visits": at.randint(0, 4),
        "tag": at.choice(["", "a", "b", "ab", "c", "A", "ba", "aa", "bab", "cab"]),
        "active": at.choice([True, False, None]),
        "teams": at.sample([1, 2, 3, 4], at.randint(0, 4)),
    }
    price = at.choice([None, *map(Decimal, ("0", "1", "1.2", "1.5", "2", "2.2", "2.5", "3", "4"))])
    contract: Value = {"start": at.choice(day), "renewal": at.choice(day), "price": price}
    if at.random() < 0.15:
        contract = Absent("contract", "none here")
    return {"coworker": coworker, "contract": contract}


SOME_FACTS = [facts(random.Random(seed)) for seed in range(FACTS)]


def _outcomes(ready: CompiledCondition, given: list[Facts] = SOME_FACTS) -> Iterator[bool]:
    for one in given:
        try:
            yield ready.evaluate(one)
        except TextFailure:
            continue


def _prepared(when: str, applies: str | None = None) -> Prepared:
    head: dict[str, object] = {"tasklist": "x", "name": "X", "defaults": {"responsible": "desk"}}
    head |= {"applies": {"when": applies}} if applies else {}
    told = {**head, "items": [{"id": "a", "name": "A", "when": when}]}
    made, findings = prepare(TaskList.model_validate(told), ORGANISATION)
    assert made is not None, findings
    return made


@pytest.mark.parametrize("seed", range(8))
def test_what_is_called_always_true_or_false_is_so_for_all_facts(seed: int) -> None:
    at, told = random.Random(seed), Counter[str]()
    for _ in range(120):
        source = condition(at)
        made = _prepared(source)
        for finding in lint(made, ["here"]):
            if finding.code in {"always-true", "always-false"}:
                told[finding.code] += 1
                part = source[finding.fault.offset : finding.fault.offset + finding.fault.length]
                scope = base_scope(made.tasklist, ORGANISATION, ["here"], ())
                wanted = finding.code == "always-true"
                assert set(_outcomes(compile_condition(part, scope))) <= {wanted}, (source, part)
    assert told["always-true"] > 3, told
    assert told["always-false"] > 3, told


@pytest.mark.parametrize("seed", range(100, 104))
def test_what_no_facts_make_true_is_mostly_called_so(seed: int) -> None:
    at, never, found = random.Random(seed), 0, 0
    for _ in range(150):
        made = _prepared(condition(at, depth=2))
        view = View(made, ["here"])
        (ready,) = made.items[0].when
        for wanted in (True, False):
            formula = view.formula(ready.source, view.base, wanted=wanted)
            assert formula is not None
            if wanted not in _outcomes(ready):
                never += 1
                found += not possible([formula])
    assert never > 5
    assert found >= 0.8 * never, (found, never)


@pytest.mark.parametrize("seed", range(200, 206))
def test_an_item_for_nobody_is_for_nobody(seed: int) -> None:
    at, told = random.Random(seed), Counter[str]()
    for _ in range(120):
        made = _prepared(condition(at, depth=1), condition(at, depth=1))
        assert made.applies_when is not None
        codes = [finding.code for finding in lint(made, ["here"]) if finding.path[0] == "items"]
        told.update(codes)
        if not {"never-reached", "implied"} & set(codes):
            continue
        meant = []
        for one in SOME_FACTS:
            try:
                if made.applies_when.evaluate(one):
                    meant.append(one)
            except TextFailure:
                continue
        outcomes = set(_outcomes(made.items[0].when[0], meant))
        assert outcomes <= {codes == ["implied"]}, made.tasklist
    assert told["never-reached"] > 1, told
    assert told["never-reached"] + told["implied"] > 3, told
