"""Open and closed days: counting over them, and refusing to answer for days that are not known."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whenever import Date, Time

from engine.core.calendar import Calendar, CalendarCoverage, NeverOpen
from engine.core.errors import UserError

FIXED = settings(derandomize=True, deadline=None, max_examples=200)
HOLIDAYS = {
    Date(2026, 12, 8): "Inmaculada Concepcion",
    Date(2026, 12, 24): "own closure",
    Date(2026, 12, 25): "Navidad",
    Date(2026, 12, 26): "San Esteban",
}
COVERS = (Date(2026, 1, 1), Date(2027, 12, 31))


def calendar(
    days: str = "12345",
    closed: dict[Date, str] | None = None,
    covers: tuple[Date, Date] = COVERS,
    hours: tuple[Time, Time] = (Time(9), Time(18)),
) -> Calendar:
    holidays = HOLIDAYS if closed is None else closed
    return Calendar("spain", frozenset(map(int, days)), *hours, holidays, covers)


@pytest.mark.parametrize(
    ("day", "why"),
    [
        pytest.param(Date(2026, 11, 23), "", id="open"),
        pytest.param(Date(2026, 11, 28), "Saturday", id="weekend"),
        pytest.param(Date(2026, 12, 25), "Navidad", id="holiday"),
        pytest.param(Date(2026, 12, 26), "San Esteban", id="a holiday names a Saturday"),
    ],
)
def test_a_closed_day_says_why(day: Date, why: str) -> None:
    assert calendar().why_closed(day) == why
    assert calendar().is_open(day) is (why == "")


def test_a_closure_without_a_name_is_still_closed() -> None:
    assert calendar(closed={Date(2026, 11, 23): ""}).why_closed(Date(2026, 11, 23)) == "closed"


@pytest.mark.parametrize(
    ("day", "n", "reached", "skipped"),
    [
        pytest.param(Date(2026, 11, 23), 1, Date(2026, 11, 24), [], id="next day"),
        pytest.param(Date(2026, 11, 27), 1, Date(2026, 11, 30), ["Saturday", "Sunday"], id="over a weekend"),
        pytest.param(Date(2026, 11, 28), 1, Date(2026, 11, 30), ["Sunday"], id="from a closed day"),
        pytest.param(
            Date(2026, 12, 23),
            2,
            Date(2026, 12, 29),
            ["own closure", "Navidad", "San Esteban", "Sunday"],
            id="over Christmas",
        ),
        pytest.param(Date(2026, 12, 31), 1, Date(2027, 1, 1), [], id="over the year's end without a holiday there"),
    ],
)
def test_open_days_are_counted_strictly_after(day: Date, n: int, reached: Date, skipped: list[str]) -> None:
    found = calendar().nth_open_after(day, n)
    assert (found.day, [closed.name for closed in found.skipped]) == (reached, skipped)


@pytest.mark.parametrize(
    ("day", "n", "reached", "skipped"),
    [
        pytest.param(Date(2026, 11, 24), 1, Date(2026, 11, 23), [], id="the day before"),
        pytest.param(Date(2026, 11, 30), 1, Date(2026, 11, 27), ["Saturday", "Sunday"], id="over a weekend"),
        pytest.param(Date(2026, 11, 29), 1, Date(2026, 11, 27), ["Saturday"], id="from a closed day"),
        pytest.param(Date(2026, 12, 9), 1, Date(2026, 12, 7), ["Inmaculada Concepcion"], id="over a holiday"),
    ],
)
def test_open_days_are_counted_strictly_before(day: Date, n: int, reached: Date, skipped: list[str]) -> None:
    found = calendar().nth_open_before(day, n)
    assert (found.day, [closed.name for closed in found.skipped]) == (reached, skipped)


def test_an_open_day_is_its_own_next_and_previous() -> None:
    day = Date(2026, 11, 23)
    assert calendar().next_open(day) == calendar().previous_open(day) == (day, ())


def test_leaving_a_closed_day_names_it_among_the_skipped() -> None:
    saturday = Date(2026, 11, 28)
    assert [str(day) for day in calendar().next_open(saturday).skipped] == [
        "Sat 28 Nov (Saturday)",
        "Sun 29 Nov (Sunday)",
    ]
    assert [str(day) for day in calendar().previous_open(saturday).skipped] == ["Sat 28 Nov (Saturday)"]


@pytest.mark.parametrize(
    ("ask", "wanted"),
    [
        pytest.param(lambda c: c.is_open(Date(2028, 1, 1)), "not 2028-01-01", id="a day after"),
        pytest.param(lambda c: c.why_closed(Date(2025, 12, 31)), "not 2025-12-31", id="a day before"),
        pytest.param(
            lambda c: c.nth_open_after(Date(2026, 11, 23), 1000),
            "not open day 1000 after 2026-11-23",
            id="counting out of the end",
        ),
        pytest.param(
            lambda c: c.nth_open_before(Date(2026, 1, 1), 1),
            "not open day 1 before 2026-01-01",
            id="counting out of the beginning",
        ),
        pytest.param(lambda c: c.nth_open_after(Date(2030, 1, 1), 1), "not 2030-01-01", id="from outside"),
    ],
)
def test_a_day_outside_the_known_span_is_refused(ask: object, wanted: str) -> None:
    with pytest.raises(CalendarCoverage) as caught:
        ask(calendar())  # type: ignore[operator]
    assert str(caught.value) == (
        f"calendar 'spain' knows the closed days from 2026-01-01 to 2027-12-31, {wanted}. "
        "Give the calendar the closed days of that time, or choose a nearer day."
    )


def test_the_first_and_the_last_known_day_are_known() -> None:
    assert calendar(days="1234567").is_open(COVERS[0])
    assert calendar(days="1234567").is_open(COVERS[1])


def test_a_calendar_closed_for_a_year_is_refused_at_once() -> None:
    first = Date(2026, 1, 1)
    all_year = {first.add(days=n): "renovation" for n in range(400)}
    with pytest.raises(NeverOpen, match="no open day from 2026-01-01 to 2027-02-04"):
        calendar(days="1234567", closed=all_year).next_open(first)


def test_a_short_span_without_an_open_day_is_refused() -> None:
    weekend = (Date(2026, 11, 28), Date(2026, 11, 29))
    with pytest.raises(NeverOpen, match="from 2026-11-28 to 2026-11-29"):
        calendar(covers=weekend).next_open(weekend[0])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        pytest.param({"days": ""}, r"working days \[\]", id="no working day"),
        pytest.param({"days": "8"}, r"working days \[8\]", id="no such weekday"),
        pytest.param({"hours": (Time(18), Time(9))}, "hours 18:00-09:00", id="closing before opening"),
        pytest.param({"hours": (Time(9), Time(9))}, "hours 09:00-09:00", id="no hours at all"),
        pytest.param({"covers": COVERS[::-1]}, "a span of 2027-12-31 to 2026-01-01", id="backwards"),
        pytest.param({"covers": (Date.MIN, Date.MAX)}, "a span of 0001-01-01", id="all of time"),
    ],
)
def test_parts_that_contradict_each_other_are_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        calendar(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("n", [0, -1])
def test_counting_starts_at_one(n: int) -> None:
    with pytest.raises(ValueError, match="counted from 1"):
        calendar().nth_open_after(Date(2026, 11, 23), n)
    with pytest.raises(ValueError, match="counted from 1"):
        calendar().nth_open_before(Date(2026, 11, 23), n)


def test_equal_calendars_are_equal_and_may_be_keys() -> None:
    used = calendar()
    used.next_open(Date(2026, 11, 28))
    assert {used: 1}[calendar()] == 1
    assert used != calendar(days="123456")


def test_seven_open_days_a_week_skip_nothing() -> None:
    found = calendar(days="1234567", closed={}).nth_open_after(Date(2026, 1, 1), 365)
    assert found == (Date(2027, 1, 1), ())


DAYS = st.integers(0, 729).map(lambda n: COVERS[0].add(days=n))
CALENDARS = st.builds(
    lambda days, closed: Calendar(
        "any", days, Time(9), Time(18), dict.fromkeys(closed, "closure"), (Date(2020, 1, 1), Date(2034, 1, 1))
    ),
    st.frozensets(st.integers(1, 7), min_size=1),
    st.frozensets(DAYS, max_size=60),
)


@FIXED
@given(CALENDARS, DAYS, st.integers(1, 60))
def test_counting_agrees_with_walking_day_by_day(open_days: Calendar, day: Date, n: int) -> None:
    walked, passed, left = day, [], n
    while left > 0:
        walked = walked.add(days=1)
        if walked.day_of_week().value in open_days.working_days and walked not in open_days.closed:
            left -= 1
        else:
            passed.append(walked)
    found = open_days.nth_open_after(day, n)
    assert (found.day, [closed.day for closed in found.skipped]) == (walked, passed)


@FIXED
@given(CALENDARS, DAYS, st.integers(1, 60))
def test_counting_back_undoes_counting_on(open_days: Calendar, day: Date, n: int) -> None:
    start = open_days.next_open(day).day
    assert open_days.nth_open_before(open_days.nth_open_after(start, n).day, n).day == start


@FIXED
@given(CALENDARS, DAYS)
def test_the_neighbours_are_open_and_nothing_between_is(open_days: Calendar, day: Date) -> None:
    before, after = open_days.previous_open(day), open_days.next_open(day)
    assert open_days.is_open(before.day)
    assert open_days.is_open(after.day)
    assert before.day <= day <= after.day
    assert not any(open_days.is_open(closed.day) for closed in (*before.skipped, *after.skipped))
    assert len(after.skipped) == after.day.since(day, total="days")
    assert len(before.skipped) == day.since(before.day, total="days")
