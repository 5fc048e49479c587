"""What the sweep stands in for, whom an `applies` meant, and since when."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whenever import Date, Instant

from engine.core.coverage import (
    COVERED,
    Coverage,
    Occurrence,
    applies_of_text,
    applies_text,
    covered_then,
    fits,
    in_force,
    uncovered,
)
from engine.core.model import Applies
from engine.core.words import EVENTS

NOON = Instant.from_utc(2026, 11, 24, 12)


def applies(**words: Any) -> Applies:
    return Applies.model_validate({"on": ["contract.created"]} | words)


def occurrence(**fields: Any) -> Occurrence:
    told = {"location": "barcelona", "tariff_id": 7, "tariff_name": "Hot Desk", "contract_id": 5} | fields
    return Occurrence("contract.created", 5, 3, Date(2026, 11, 24), NOON, NOON, **told)


@pytest.mark.parametrize(
    ("events", "lost"),
    [
        (COVERED, ()),
        (("contract.created", "team.created"), ("team.created",)),
        (("coworker.created", "welcome_email.sent"), ()),
        (("welcome_email.sent",), ("welcome_email.sent",)),
        ((), ()),
    ],
)
def test_events_that_leave_no_trace_are_named(events: tuple[str, ...], lost: tuple[str, ...]) -> None:
    assert uncovered(events) == lost


@pytest.mark.parametrize(
    ("words", "fields", "told"),
    [
        ({}, {}, True),
        ({"locations": ["london", "barcelona"]}, {}, True),
        ({"locations": ["london"]}, {}, False),
        ({"locations": ["london"]}, {"location": None}, None),
        ({"tariffs": [" hot desk "]}, {}, True),
        ({"tariffs": [{"tariff": 7}]}, {}, True),
        ({"tariffs": [{"tariff": 8}]}, {}, False),
        ({"tariffs": ["Hot Desk"]}, {"tariff_name": None}, None),
        ({"tariffs": ["Hot Desk"], "locations": ["london"]}, {"tariff_name": None}, False),
        ({"on": ["contract.cancelled"]}, {}, False),
    ],
)
def test_a_row_tells_location_and_plan_as_far_as_it_has_them(
    words: dict[str, Any], fields: dict[str, Any], told: bool | None
) -> None:
    assert fits(applies(**words), occurrence(**fields)) is told


@pytest.mark.parametrize(
    ("then", "now", "told"),
    [
        (None, {}, "no"),
        ({}, {}, "yes"),
        ({"on": ["coworker.created"]}, {}, "no"),
        ({"locations": ["london"]}, {}, "no"),
        ({"locations": ["barcelona"]}, {}, "yes"),
        ({"tariffs": ["Virtual"]}, {"tariffs": ["Hot Desk"]}, "no"),
        ({}, {"when": "coworker.active"}, "yes"),
        ({"when": "coworker.active"}, {}, "ask"),
        ({"when": "coworker.active"}, {"when": "coworker.active", "locations": ["barcelona"]}, "yes"),
        ({"when": "coworker.active"}, {"when": "contract.active"}, "ask"),
    ],
)
def test_nobody_is_covered_by_what_a_list_says_only_now(
    then: dict[str, Any] | None, now: dict[str, Any], told: str
) -> None:
    before = None if then is None else applies_text(applies(**then))
    assert covered_then(before, applies(**now), occurrence()) == told


def test_what_an_earlier_version_wrote_and_this_one_cannot_read_covers_nobody() -> None:
    assert applies_of_text('{"on": ["no.such.event"]}') is None
    assert applies_of_text("{") is None
    assert covered_then('{"on": ["no.such.event"]}', applies(), occurrence()) == "no"


def test_the_order_in_the_file_changes_no_coverage() -> None:
    one = applies(on=["contract.created", "coworker.created"], locations=["a", "b"], tariffs=["X", {"tariff": 2}])
    other = applies(on=["coworker.created", "contract.created"], locations=["b", "a"], tariffs=[{"tariff": 2}, " x"])
    assert applies_text(one) == applies_text(other)


def test_a_cancellation_is_known_by_its_day_and_everything_else_by_its_record() -> None:
    assert occurrence().key == "5"
    cancelled = Occurrence("contract.cancelled", 5, 3, Date(2026, 12, 1), NOON, NOON)
    again = Occurrence("contract.cancelled", 5, 3, Date(2027, 3, 1), NOON, NOON)
    assert (cancelled.key, again.key) == ("5 2026-12-01", "5 2027-03-01")


@given(st.lists(st.integers(0, 1000), max_size=6), st.integers(-10, 1010))
@settings(derandomize=True)
def test_in_force_is_the_newest_that_was_seen_by_then(seconds: list[int], at: int) -> None:
    history = [Coverage(str(number), NOON.add(seconds=one)) for number, one in enumerate(sorted(seconds))]
    found = in_force(history, NOON.add(seconds=at))
    before = [one for one in sorted(seconds) if one <= at]
    assert found == (str(len(before) - 1) if before else None)


words = st.fixed_dictionaries(
    {
        "on": st.lists(st.sampled_from(sorted(EVENTS)), max_size=4, unique=True),
        "locations": st.lists(st.sampled_from(["barcelona", "london", "madrid"]), max_size=3, unique=True),
        "tariffs": st.lists(st.one_of(st.sampled_from(["Hot Desk", "Über-Desk"]), st.just({"tariff": 7})), max_size=3),
        "when": st.sampled_from([None, "coworker.active"]),
    }
)


@given(words)
@settings(derandomize=True, max_examples=60)
def test_what_is_stored_of_an_applies_means_the_same_when_it_is_read(given_words: dict[str, Any]) -> None:
    applies_now = Applies.model_validate(given_words)
    read = applies_of_text(applies_text(applies_now))
    assert read is not None
    assert applies_text(read) == applies_text(applies_now)
    for location, name in itertools.product(("barcelona", "london", None), ("hot desk", "x", None)):
        one = occurrence(location=location, tariff_name=name)
        assert fits(read, one) is fits(applies_now, one)
