"""Staffed hours: breaks, weekdays with hours of their own, and counting over them forth and back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whenever import Date, PlainDateTime, Time

from engine.core.calendar import Calendar, CalendarCoverage, ClosedDaysUnknown, Limit, NeverOpen
from engine.core.errors import UserError
from engine.core.moments import business_hours
from engine.core.staffed_hours import Span, end_of, start_of

FIXED = settings(derandomize=True, deadline=None, max_examples=200)
FRIDAY = Date(2026, 12, 4)
COVERS = (Date(2026, 1, 1), Date(2027, 12, 31))
MORNING, AFTERNOON, SHORT = Span(Time(9), Time(13)), Span(Time(14), Time(18)), Span(Time(9), Time(14))
WEEK = {**dict.fromkeys(range(1, 5), (MORNING, AFTERNOON)), 5: (SHORT,)}
HOLIDAYS = {Date(2026, 12, 8): "Inmaculada"}


def spain(limits: tuple[Limit, ...] = (), covers: tuple[Date, Date] = COVERS) -> Calendar:
    """Monday to Thursday with a break at 13:00, Friday until 14:00."""
    return Calendar("spain", frozenset(range(1, 6)), Time(9), Time(18), HOLIDAYS, covers, WEEK, limits)


@pytest.mark.parametrize(
    ("day", "opening", "closing"),
    [
        pytest.param(Date(2026, 12, 3), Time(9), Time(18), id="a day with a break"),
        pytest.param(FRIDAY, Time(9), Time(14), id="a short day"),
        pytest.param(Date(2026, 12, 8), Time(9), Time(18), id="a holiday has the hours of its weekday"),
        pytest.param(Date(2026, 12, 5), Time(9), Time(18), id="a weekday without hours: the widest of the week"),
    ],
)
def test_a_day_has_its_own_opening_and_closing(day: Date, opening: Time, closing: Time) -> None:
    assert (spain().opening_on(day), spain().closing_on(day)) == (opening, closing)


@pytest.mark.parametrize(
    ("start", "hours", "side", "reached", "skipped"),
    [
        pytest.param("2026-12-03T12:00", 1, "after", "2026-12-03T13:00", 0, id="ends before the break, not after it"),
        pytest.param("2026-12-03T12:00", 2, "after", "2026-12-03T15:00", 0, id="the break does not count"),
        pytest.param("2026-12-03T13:20", 1, "after", "2026-12-03T15:00", 0, id="from inside the break"),
        pytest.param("2026-12-03T15:00", 1, "before", "2026-12-03T14:00", 0, id="begins after the break"),
        pytest.param("2026-12-03T15:00", 2, "before", "2026-12-03T12:00", 0, id="back over the break"),
        pytest.param("2026-12-04T12:00", 2, "after", "2026-12-04T14:00", 0, id="up to a short day's closing"),
        pytest.param("2026-12-04T12:00", 3, "after", "2026-12-07T10:00", 2, id="over the weekend"),
        pytest.param("2026-12-07T17:00", 2, "after", "2026-12-09T10:00", 1, id="over a holiday"),
        pytest.param("2026-12-06T11:00", 1, "before", "2026-12-04T13:00", 2, id="back from a Sunday"),
        pytest.param("2026-12-05T11:00", 5, "before", "2026-12-04T09:00", 1, id="back to an opening"),
        pytest.param("2026-12-04T14:00", 1, "after", "2026-12-07T10:00", 2, id="from closing time"),
        pytest.param("2026-12-07T09:00", 1, "before", "2026-12-04T13:00", 2, id="from opening time"),
    ],
)
def test_business_hours_are_staffed_hours(start: str, hours: int, side: str, reached: str, skipped: int) -> None:
    found, time = business_hours(PlainDateTime(start), hours, side=side, calendar=spain())  # type: ignore[arg-type]
    assert (found.day.at(time), len(found.skipped)) == (PlainDateTime(reached), skipped)


@pytest.mark.parametrize(
    ("staffed", "error", "words"),
    [
        pytest.param(100_000 * 3600, CalendarCoverage, "not 100000 staffed hours after 2026-12-04 10:00", id="widen"),
        pytest.param(3600, None, "", id="within"),
    ],
)
def test_hours_that_run_off_the_known_days_are_refused(
    staffed: int, error: type[UserError] | None, words: str
) -> None:
    if error is None:
        assert spain().staffed_after(FRIDAY, Time(10), staffed)[1] == Time(11)
        return
    with pytest.raises(error, match=words):
        spain().staffed_after(FRIDAY, Time(10), staffed)
    with pytest.raises(error, match="before 2026-12-04 10:00"):
        spain().staffed_before(FRIDAY, Time(10), staffed)


@pytest.mark.parametrize("ask", [lambda c: c.nth_open_after(FRIDAY, 600), lambda c: c.is_open(Date(2028, 1, 1))])
def test_beyond_a_limit_no_wider_calendar_is_asked_for(ask: object) -> None:
    limited = spain((Limit(*COVERS, "it covers"),))
    with pytest.raises(ClosedDaysUnknown, match=r"it covers 2026-01-01 to 2027-12-31"):
        ask(limited)  # type: ignore[operator]
    assert not issubclass(ClosedDaysUnknown, CalendarCoverage)


def test_within_its_limits_a_calendar_that_is_too_short_can_still_be_widened() -> None:
    limited = spain((Limit(Date(2020, 1, 1), Date(2040, 12, 31), "it covers"),))
    with pytest.raises(CalendarCoverage):
        limited.nth_open_after(FRIDAY, 600)


@pytest.mark.parametrize(
    "week",
    [
        pytest.param({8: (MORNING,)}, id="no such weekday"),
        pytest.param({1: ()}, id="no hours"),
        pytest.param({1: (AFTERNOON, MORNING)}, id="out of order"),
        pytest.param({1: (SHORT, Span(Time(13), Time(15)))}, id="overlapping"),
    ],
)
def test_hours_that_contradict_each_other_are_refused(week: dict[int, tuple[Span, ...]]) -> None:
    with pytest.raises(UserError, match="has hours"):
        Calendar("x", frozenset({1}), Time(9), Time(18), {}, COVERS, week)


def test_a_day_has_no_more_staffed_time_than_its_length() -> None:
    with pytest.raises(ValueError, match="no more"):
        end_of((MORNING,), 4 * 3600 + 1)
    with pytest.raises(ValueError, match="there is none"):
        start_of((MORNING,), 4 * 3600)


def test_a_calendar_without_an_open_day_has_no_hours_to_count() -> None:
    closed = {COVERS[0].add(days=n): "works" for n in range(730)}
    with pytest.raises(NeverOpen):
        Calendar("x", frozenset({1}), Time(9), Time(18), closed, COVERS, WEEK).staffed_after(FRIDAY, Time(9), 60)


TIMES = st.integers(0, 24 * 60 - 1).map(lambda minute: Time(minute // 60, minute % 60))


def spans(quarters: list[int]) -> tuple[Span, ...]:
    times = [Time(quarter // 4, quarter % 4 * 15) for quarter in sorted(quarters)]
    return tuple(Span(*pair) for pair in zip(times[::2], times[1::2], strict=False))


SPANS = st.lists(st.integers(0, 95), min_size=2, max_size=6, unique=True).map(spans)
DAYS = st.integers(0, 60).map(lambda n: Date(2026, 11, 2).add(days=n))
CALENDARS = st.builds(
    lambda days, week, closed: Calendar(
        "any", days, Time(9), Time(18), dict.fromkeys(closed, "closure"), (Date(2024, 1, 1), Date(2032, 1, 1)), week
    ),
    st.frozensets(st.integers(1, 7), min_size=1),
    st.dictionaries(st.integers(1, 7), SPANS, max_size=7),
    st.frozensets(DAYS, max_size=15),
)


def is_staffed(calendar: Calendar, minute: PlainDateTime) -> bool:
    """Whether the minute that begins here is staffed: looked up plainly, for the walk."""
    open_day = calendar.is_open(minute.date())
    return open_day and any(span.opening <= minute.time() < span.closing for span in calendar.spans_on(minute.date()))


@settings(FIXED, max_examples=60)
@given(CALENDARS, DAYS, TIMES, st.integers(1, 120), st.sampled_from(["before", "after"]))
def test_counting_agrees_with_walking_minute_by_minute(
    calendar: Calendar, day: Date, time: Time, minutes: int, side: str
) -> None:
    count = calendar.staffed_before if side == "before" else calendar.staffed_after
    found, at = count(day, time, minutes * 60)
    low, high = sorted((day.at(time), found.day.at(at)))
    walked, minute, longest = 0, low, high
    while minute < longest and walked <= minutes:
        walked += is_staffed(calendar, minute)
        minute = minute.add(minutes=1, naive_arithmetic_ok=True)
    assert walked == minutes
    last = high.subtract(minutes=1, naive_arithmetic_ok=True) if side == "after" else low
    assert is_staffed(calendar, last), "it ends with a staffed minute, and begins with one"


@FIXED
@given(CALENDARS, DAYS, TIMES, st.integers(1, 60))
def test_hours_forth_and_back_are_the_same_staffed_time(calendar: Calendar, day: Date, time: Time, hours: int) -> None:
    there, at = calendar.staffed_after(day, time, hours * 3600)
    back, begin = calendar.staffed_before(there.day, at, hours * 3600)
    assert is_staffed(calendar, back.day.at(begin))
    again = calendar.staffed_after(back.day, begin, hours * 3600)
    assert (again[0].day, again[1]) == (there.day, at)


@FIXED
@given(CALENDARS, DAYS, TIMES, st.integers(1, 40))
def test_the_closed_days_on_the_way_are_all_named(calendar: Calendar, day: Date, time: Time, hours: int) -> None:
    found, _ = calendar.staffed_after(day, time, hours * 3600)
    between = [day.add(days=n) for n in range(int(found.day.since(day, total="days")) + 1)]
    assert [closed.day for closed in found.skipped] == [one for one in between if not calendar.is_open(one)]
