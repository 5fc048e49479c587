"""What later runs read of a probe: an assumption until there is an answer, whatever is stored."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whenever import Instant

from engine.core.findings import Answer, Findings, answer_from

AT = Instant.from_utc(2026, 11, 23, 9, 30)
ASSUMED = {
    "unique_id_filter_exact": False,
    "name_limit": None,
    "notes_limit": None,
    "list_delay_seconds": 0.0,
    "unknown_id_answers_500": False,
    "rows_carry_notes": False,
    "page_size": 100,
    "put_resets_unreadable": True,
    "due_is_echoed": True,
}


def told(question: str, answer: str, *, asked: bool = True, **facts: Any) -> Findings:
    stored = Answer(question, answer, AT, asked=asked, facts=facts).to_json()
    return Findings.from_stored({question: stored})


def values(findings: Findings) -> dict[str, Any]:
    return {name: getattr(findings, name) for name in ASSUMED}


def test_without_answers_the_assumptions_hold() -> None:
    assert values(Findings()) == values(Findings.from_stored({})) == ASSUMED


@pytest.mark.parametrize(
    ("findings", "name", "value"),
    [
        (told("Q03", "exact"), "unique_id_filter_exact", True),
        (told("Q03", "contains"), "unique_id_filter_exact", False),
        (told("Q07", "whole in rows"), "rows_carry_notes", True),
        (told("Q10", "Name cut at 200", name=200, notes=None), "name_limit", 200),
        (told("Q12", "1 is ascending", size=500), "page_size", 200),
        (told("Q12", "1 is ascending", size=3), "page_size", 100),
        (told("Q13", "late", seconds=4.5), "list_delay_seconds", 4.5),
        (told("Q15", "kept"), "put_resets_unreadable", False),
        (told("Q16", "500"), "unknown_id_answers_500", True),
        (told("Q09", "changed", echoed=False), "due_is_echoed", False),
    ],
)
def test_an_answer_replaces_its_assumption_and_no_other(findings: Findings, name: str, value: object) -> None:
    assert values(findings) == ASSUMED | {name: value}


@pytest.mark.parametrize("findings", [told("Q03", "exact", asked=False), told("Q16", "not told")])
def test_what_was_not_asked_or_not_told_is_not_known(findings: Findings) -> None:
    assert values(findings) == ASSUMED


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
QUESTIONS = st.sampled_from([f"Q{number:02d}" for number in range(1, 21)] + ["probe.open", ""])


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.dictionaries(QUESTIONS, ANY, max_size=6))
def test_whatever_is_stored_no_value_is_out_of_its_bounds(stored: dict[str, Any]) -> None:
    found = Findings.from_stored(stored)
    assert found.list_delay_seconds >= 0
    assert 100 <= found.page_size <= 200
    assert all(limit is None or limit > 0 for limit in (found.name_limit, found.notes_limit))
    assert isinstance(found.due_is_echoed, bool)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(QUESTIONS, st.text(max_size=12), st.text(max_size=12), st.booleans(), st.dictionaries(st.text(max_size=5), ANY))
def test_an_answer_comes_back_as_it_was_stored(
    question: str, word: str, detail: str, asked: bool, facts: dict[str, Any]
) -> None:
    answer = Answer(question, word, AT, detail, asked=asked, facts=facts)
    assert answer_from(question, answer.to_json()) == answer
