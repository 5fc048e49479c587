"""Dates among the facts are days of rules: a member's last visit, a custom date, the day a contract was entered."""

from __future__ import annotations

import pytest
from member_given import facts, organisation
from whenever import Date, Instant

from engine.core.anchors import Anchor
from engine.core.custom_values import custom_value
from engine.core.errors import UserError
from engine.core.fact_days import fact_day, fact_day_names
from engine.core.organisation import CustomField
from engine.core.words import ANCHORS

ORIENTATION = {"orientation_on": CustomField.model_validate({"field": "Custom9", "type": "date"})}


def _organisation():
    return organisation().model_copy(update={"custom_fields": ORIENTATION})


def _coworker(**fields):
    return {**facts().coworker, **fields}


def test_every_date_and_moment_of_a_record_is_a_day_and_no_anchor_twice():
    names = fact_day_names(_organisation())
    assert {"coworker.user_last_access", "contract.created_on", "coworker.custom.orientation_on"} <= names
    assert names.isdisjoint(ANCHORS)
    assert "coworker.full_name" not in names


@pytest.mark.parametrize(
    ("name", "fields", "value"),
    [
        ("coworker.user_last_access", {"UserLastAccess": "2026-11-20T15:00:00Z"}, Instant.from_utc(2026, 11, 20, 15)),
        ("coworker.date_of_birth", {"DateOfBirth": "1990-05-04T00:00:00Z"}, Date(1990, 5, 4)),
        ("coworker.custom.orientation_on", {"Custom9": "2026-12-01"}, Date(2026, 12, 1)),
    ],
)
def test_a_fact_that_has_a_date_is_that_day(name: str, fields: dict[str, str], value: object):
    found = fact_day(name, facts(coworker=_coworker(**fields)), _organisation())
    assert isinstance(found, Anchor)
    assert (found.name, found.value) == (name, value)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("coworker.user_last_access", "UserLastAccess of the coworker is empty"),
        ("coworker.custom.orientation_on", "Custom9 is empty"),
        ("team.created_on", "in no team"),
    ],
)
def test_a_fact_without_a_date_says_why(name: str, said: str):
    empty = facts(coworker=_coworker(UserLastAccess=None, Custom9=""), team=None)
    assert said in str(fact_day(name, empty, _organisation()))


def test_what_is_no_date_is_no_day():
    assert fact_day("coworker.full_name", facts(), _organisation()) is None
    assert fact_day("coworker.custom.unknown", facts(), _organisation()) is None


def test_a_custom_date_that_is_none_is_refused_without_its_value():
    wrong = facts(coworker=_coworker(Custom9="soon"))
    with pytest.raises(UserError, match=r"orientation_on .* is no date") as refused:
        fact_day("coworker.custom.orientation_on", wrong, _organisation())
    assert "soon" not in str(refused.value)
    assert custom_value(_coworker(Custom9=""), "x", ORIENTATION["orientation_on"], "UTC") is None
