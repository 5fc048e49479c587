"""Calendars as organisation.yaml writes them: hours, closures, holidays, covers; and what is said of mistakes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from whenever import Date, Time

from engine.core.calendar_rules import CalendarFile, CalendarRules, PublicHolidays
from engine.core.closures import Closure, YearlyClosure, as_closure
from engine.core.scalars import Plain
from engine.core.staffed_hours import Span

FIXED = settings(derandomize=True, deadline=None, max_examples=200)
FULL, MORNING, AFTERNOON = Span(Time(9), Time(18)), Span(Time(9), Time(13)), Span(Time(14), Time(18))
YEAR = (Date(2027, 1, 1), Date(2027, 12, 31))


def plain(value: Any) -> Any:
    """Values as they come from YAML: every scalar is text."""
    if isinstance(value, dict):
        return {Plain(key): plain(part) for key, part in value.items()}
    return [plain(part) for part in value] if isinstance(value, list) else Plain(value)


def rules(**keys: Any) -> CalendarRules:
    return CalendarRules.model_validate({key: plain(value) for key, value in keys.items()})


def test_a_calendar_that_says_nothing_is_open_on_weekdays_from_nine_to_six() -> None:
    assert rules().week() == dict.fromkeys(range(1, 6), (FULL,))
    assert list(rules().own_closures(*YEAR)) == []


@pytest.mark.parametrize(
    ("keys", "week"),
    [
        pytest.param(
            {"hours": "09:00-13:00, 14:00-18:00"}, dict.fromkeys(range(1, 6), (MORNING, AFTERNOON)), id="break"
        ),
        pytest.param(
            {"hours": "14:00-18:00,09:00-13:00"}, dict.fromkeys(range(1, 6), (MORNING, AFTERNOON)), id="order"
        ),
        pytest.param(
            {"hours": "09:00-13:00, 13:00-18:00", "working_days": "sat"}, {6: (FULL,)}, id="spans that touch are one"
        ),
        pytest.param(
            {"hours": {"mon-wed": "09:00-18:00", "fri": "09:00-13:00"}},
            {1: (FULL,), 2: (FULL,), 3: (FULL,), 5: (MORNING,)},
            id="hours by weekday name the working days",
        ),
        pytest.param(
            {"hours": {"fri, sat": "09:00-13:00"}, "working_days": "fri-sat"},
            {5: (MORNING,), 6: (MORNING,)},
            id="or agree with them",
        ),
        pytest.param({"working_days": "sat-mon"}, {1: (FULL,), 6: (FULL,), 7: (FULL,)}, id="over the week's end"),
    ],
)
def test_hours_make_the_week(keys: dict[str, Any], week: dict[int, tuple[Span, ...]]) -> None:
    assert rules(**keys).week() == week


@pytest.mark.parametrize(
    ("text", "days"),
    [
        pytest.param("2027-12-24", ["2027-12-24"], id="a day"),
        pytest.param("2026-12-30 to 2027-01-02", ["2027-01-01", "2027-01-02"], id="a span, as far as it is asked"),
        pytest.param("24 Dec yearly", ["2027-12-24"], id="every year"),
        pytest.param("24 december  YEARLY", ["2027-12-24"], id="the month in full"),
        pytest.param("30 Dec to 2 Jan yearly", ["2027-01-01", "2027-01-02", "2027-12-30", "2027-12-31"], id="wraps"),
        pytest.param("29 Feb yearly", [], id="a leap day in another year"),
        pytest.param("28 Feb to 29 Feb yearly", ["2027-02-28"], id="up to a leap day"),
        pytest.param("29 Feb to 1 Mar yearly", ["2027-03-01"], id="from a leap day"),
    ],
)
def test_a_closure_closes_its_days(text: str, days: list[str]) -> None:
    assert sorted(str(day) for day in as_closure(text).between(*YEAR)) == days


def test_a_closure_may_have_a_name() -> None:
    made = rules(
        closed=[{"day": "15 Aug yearly", "name": "Fiesta"}, {"days": "2027-08-01 to 2027-08-02", "name": "Paint"}]
    )
    assert list(made.own_closures(*YEAR)) == [
        (Date(2027, 8, 15), "Fiesta"),
        (Date(2027, 8, 1), "Paint"),
        (Date(2027, 8, 2), "Paint"),
    ]


def test_29_february_is_closed_in_leap_years() -> None:
    days = as_closure("29 Feb yearly").between(Date(2024, 1, 1), Date(2028, 12, 31))
    assert [str(day) for day in days] == ["2024-02-29", "2028-02-29"]


MONTH_DAYS = st.dates(Date(2027, 1, 1).to_stdlib(), Date(2027, 12, 31).to_stdlib()).map(
    lambda day: (day.month, day.day)
)


@FIXED
@given(MONTH_DAYS, MONTH_DAYS)
def test_a_yearly_closure_reads_as_it_is_written(first: tuple[int, int], last: tuple[int, int]) -> None:
    assert as_closure(str(YearlyClosure(first, last))) == YearlyClosure(first, last)


@FIXED
@given(st.dates(Date(2020, 1, 1).to_stdlib(), Date(2030, 1, 1).to_stdlib()), st.integers(0, 366))
def test_a_closure_reads_as_it_is_written(first: Any, length: int) -> None:
    closure = Closure(Date(first), Date(first).add(days=length))
    assert as_closure(str(closure)) == closure
    assert len(list(closure.between(Date(2000, 1, 1), Date(2040, 1, 1)))) == length + 1


def test_mistakes_in_holidays_have_their_place_in_both_forms() -> None:
    for given_holidays, path in ({"contry": "ES"}, ()), ([{"country": "PT"}, {"contry": "ES"}], (1,)):
        with pytest.raises(ValidationError) as caught:
            rules(holidays=given_holidays)
        assert {detail["loc"] for detail in caught.value.errors()} == {
            ("holidays", *path, "contry"),
            ("holidays", *path, "country"),
        }


def test_holidays_of_one_region_or_of_several() -> None:
    one = PublicHolidays(country="ES", subdivision="CT")
    assert rules(holidays={"country": "ES", "subdivision": "CT"}).all_holidays() == (one,)
    both = rules(holidays=[{"country": "ES", "subdivision": "CT"}, {"country": "ES"}]).all_holidays()
    assert both == (one, PublicHolidays(country="ES"))
    assert rules().all_holidays() == ()


def test_an_exception_is_a_name_or_a_day() -> None:
    (told,) = rules(holidays={"country": "ES", "without": ["Navidad", "6 Dec yearly", "2026-12-08"]}).all_holidays()
    day = Date(2026, 12, 8)
    assert told.without == ("Navidad", YearlyClosure((12, 6), (12, 6)), Closure(day, day))


def test_equal_rules_are_equal_keys_and_say_themselves_alike() -> None:
    keys: dict[str, Any] = {"hours": {"mon": "09:00-18:00"}, "closed": ["24 Dec yearly"], "ics": "a.ics"}
    assert (hash(rules(**keys)), repr(rules(**keys))) == (hash(rules(**keys)), repr(rules(**keys)))
    assert rules(**keys) == rules(**keys)
    assert rules(**keys) != rules(**keys | {"closed": ["25 Dec yearly"]})


def test_a_calendar_files_text_is_part_of_its_picture_and_not_shown_in_it() -> None:
    one, other = CalendarFile("a.ics", "SUMMARY:Party"), CalendarFile("a.ics", "SUMMARY:Works")
    assert repr(one) != repr(other)
    assert "Party" not in repr(one)
