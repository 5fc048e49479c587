"""Due rules to moments: counting, rolling, clocks, and the steps that explain them."""

from __future__ import annotations

import pytest
from due_cases import ALWAYS, FRI, MADRID, MON, SAT, SIGNUP, SPAIN, SUN, due_at, local, rule
from whenever import Date, Instant

from engine.core.calendar import CalendarCoverage
from engine.core.due import Roll
from engine.core.errors import UserError
from engine.core.resolve import AnchorMissing, resolve

BY_DAYS = {
    "on": (MON, "2026-11-23 09:00"),
    "on at 00:00": (MON, "2026-11-23 00:00"),
    "on at closing": (MON, "2026-11-23 18:00"),
    "0 days before": (MON, "2026-11-23 09:00"),
    "1 day after at 10:30": (MON, "2026-11-24 10:30"),
    "1 day after": (FRI, "2026-11-30 09:00"),
    "2 days before": (MON, "2026-11-20 09:00"),
    "1 week after": (MON, "2026-11-30 09:00"),
    "5 weeks before": (Date(2026, 12, 28), "2026-11-23 09:00"),
    "1 business day after": (FRI, "2026-11-30 09:00"),
    "1 business day before": (MON, "2026-11-20 09:00"),
    "1 business day before at opening": (Date(2026, 12, 9), "2026-12-07 09:00"),
    "2 business days after": (SAT, "2026-12-01 09:00"),
    "0 business days after": (SAT, "2026-11-30 09:00"),
    "0 business days before": (SAT, "2026-11-27 09:00"),
    "0 days after": (SUN, "2026-11-30 09:00"),
    "3 business days before": (Date(2026, 12, 28), "2026-12-21 09:00"),
    "4 business days before": (Date(2027, 1, 4), "2026-12-28 09:00"),
    # 200 weeks and the four holidays on weekdays
    "1000 business days after": (MON, "2030-09-27 09:00"),
    "1 month after": (Date(2027, 1, 31), "2027-03-01 09:00"),
    "12 months after": (Date(2028, 2, 29), "2029-02-28 09:00"),
    "3 months before": (Date(2027, 5, 31), "2027-02-26 09:00"),
    "first Monday after": (MON, "2026-11-30 09:00"),
    "first Monday on or after": (MON, "2026-11-23 09:00"),
    "first Friday after at 16:00": (MON, "2026-11-27 16:00"),
    "first Tuesday after": (Date(2026, 12, 7), "2026-12-09 09:00"),
    "first Sunday on or after": (SUN, "2026-11-30 09:00"),
    "first day of the month of": (MON, "2026-11-02 09:00"),
    "first day of the month after": (Date(2026, 12, 31), "2027-01-04 09:00"),
    "first business day of the month after": (Date(2026, 12, 1), "2027-01-04 09:00"),
    "first day of the month before": (Date(2027, 1, 15), "2026-12-01 09:00"),
    "last day of the month of": (Date(2028, 2, 1), "2028-02-29 09:00"),
    "last day of the month of at 16:00": (Date(2027, 2, 1), "2027-02-26 16:00"),
    "last business day of the month of at 16:00": (Date(2027, 1, 5), "2027-01-29 16:00"),
    "last business day of the month before": (Date(2026, 12, 8), "2026-11-30 09:00"),
    "on 2026-12-25": (MON, "2026-12-28 09:00"),
    "1 day before 2026-12-25": (MON, "2026-12-23 09:00"),
}


@pytest.mark.parametrize("text", BY_DAYS)
def test_days_are_counted_and_roll_off_closed_ones(text: str) -> None:
    day, wanted = BY_DAYS[text]
    assert local(due_at(text, day)) == wanted


@pytest.mark.parametrize(
    ("anchor", "text", "wanted"),
    [
        pytest.param("contract_start", "on", "2026-11-30 09:00", id="a start rolls on"),
        pytest.param("contract_cancellation", "on", "2026-11-27 09:00", id="an end rolls back"),
        pytest.param("membership_end", "on at closing", "2026-11-27 18:00", id="the membership's end too"),
        pytest.param("membership_end", "0 days after", "2026-11-30 09:00", id="after an end rolls on"),
        pytest.param("contract_start", "0 days before", "2026-11-27 09:00", id="before a start rolls back"),
    ],
)
def test_closed_days_are_left_the_way_the_rule_looks(anchor: str, text: str, wanted: str) -> None:
    found = due_at(text, SAT, anchor=anchor)
    assert (local(found), found.rolled_from) == (wanted, SAT)


@pytest.mark.parametrize(
    ("roll", "day", "wanted"),
    [
        ("next", SAT, "2026-11-30"),
        ("previous", SAT, "2026-11-27"),
        ("nearest", SAT, "2026-11-27"),
        ("nearest", SUN, "2026-11-30"),
        ("none", SAT, "2026-11-28"),
    ],
)
def test_a_roll_that_is_asked_for_wins(roll: Roll, day: Date, wanted: str) -> None:
    found = due_at("on", day, roll=roll)
    assert local(found) == f"{wanted} 09:00"
    assert found.rolled_from == (None if roll == "none" else day)


@pytest.mark.parametrize(("text", "wanted"), [("on", "2026-12-09 09:00"), ("0 days before", "2026-12-07 09:00")])
def test_nearest_at_equal_distance_goes_the_way_of_the_rule(text: str, wanted: str) -> None:
    assert local(due_at(text, Date(2026, 12, 8), roll="nearest")) == wanted


def test_an_open_day_is_not_rolled_by_any_roll() -> None:
    assert {due_at("on", MON, roll=roll).at for roll in (None, "next", "previous", "nearest", "none")} == {
        Instant("2026-11-23T08:00:00Z")
    }


BY_CLOCK = {
    "30 minutes after": (SIGNUP, "2026-11-27 18:00"),
    "0 minutes after": (SIGNUP, "2026-11-27 17:30"),
    "2 hours after": (SIGNUP, "2026-11-27 19:30"),
    "24 hours after": (SIGNUP, "2026-11-30 17:30"),
    "24 hours after at 10:00": (SIGNUP, "2026-11-30 10:00"),
    "1 hour before at closing": (SIGNUP, "2026-11-27 18:00"),
    "48 hours before": (Instant("2026-11-30T09:00:00Z"), "2026-11-27 10:00"),
    "90 minutes after": (MON, "2026-11-23 10:30"),
    "1 hour before": (MON, "2026-11-23 08:00"),
    "2 days after": (SIGNUP, "2026-11-30 09:00"),
    "on": (Instant("2026-11-26T23:30:00Z"), "2026-11-27 09:00"),
    "1 business hour after": (SIGNUP, "2026-11-30 09:30"),
    "2 business hours before": (SIGNUP, "2026-11-27 15:30"),
    "9 business hours after": (MON, "2026-11-23 18:00"),
    "10 business hours after": (MON, "2026-11-24 10:00"),
    "18 business hours after": (MON, "2026-11-24 18:00"),
    "1 business hour before": (MON, "2026-11-20 17:00"),
    "9 business hours before": (MON, "2026-11-20 09:00"),
    "0 business hours after": (SIGNUP, "2026-11-27 17:30"),
    "8 business hours after": (SAT, "2026-11-30 17:00"),
    "8 business hours before": (SUN, "2026-11-27 10:00"),
    "0 business hours before": (SAT, "2026-11-27 09:00"),
    "4 business hours after": (Instant("2026-11-23T05:00:00Z"), "2026-11-23 13:00"),
    "3 business hours after": (Instant("2026-11-23T18:00:00Z"), "2026-11-24 12:00"),
    "3 business hours before": (Instant("2026-11-23T18:00:00Z"), "2026-11-23 15:00"),
    "5 business hours after at opening": (SIGNUP, "2026-11-30 09:00"),
    "9000 business hours after": (MON, "2030-09-26 18:00"),
}


@pytest.mark.parametrize("text", BY_CLOCK)
def test_minutes_and_hours_keep_the_clock(text: str) -> None:
    value, wanted = BY_CLOCK[text]
    assert local(due_at(text, value)) == wanted


def test_business_hours_that_end_on_closing_or_opening_stay_on_that_day() -> None:
    closing, opening = Instant("2026-11-23T17:00:00Z"), Instant("2026-11-23T08:00:00Z")
    assert local(due_at("1 business hour after", closing)) == "2026-11-24 10:00"
    assert local(due_at("1 business hour before", opening)) == "2026-11-20 17:00"
    assert local(due_at("1 business hour after", closing.subtract(hours=1))) == "2026-11-23 18:00"
    assert local(due_at("1 business hour before", opening.add(hours=1))) == "2026-11-23 09:00"


def test_results_are_whole_seconds() -> None:
    odd = Instant("2026-11-23T09:00:00.999999Z")
    for text in ("1 minute after", "1 business hour after", "0 business hours after", "on"):
        found = due_at(text, odd)
        assert found.at == found.at.round("second")
        assert found.local.to_instant() == found.at
    assert due_at("1 minute after", odd).at == Instant("2026-11-23T09:01:00Z")


def test_hours_are_elapsed_time_over_a_clock_change() -> None:
    before = Instant("2026-10-24T22:30:00Z")  # 00:30 in Madrid; at 03:00 the clock goes back to 02:00
    second = due_at("3 hours after", before, calendar=ALWAYS)
    assert second.at == Instant("2026-10-25T01:30:00Z")
    assert local(second) == "2026-10-25 02:30"
    assert due_at("2 hours after", before, calendar=ALWAYS).at == Instant("2026-10-25T00:30:00Z")


def test_a_rolled_date_keeps_the_wall_clock_over_a_clock_change() -> None:
    found = due_at("24 hours after", Instant("2026-10-23T08:00:00Z"))  # Friday 10:00, summer time
    assert (local(found), found.at) == ("2026-10-26 10:00", Instant("2026-10-26T09:00:00Z"))


def test_a_left_out_time_moves_forward_and_says_so() -> None:
    found = due_at("on at 02:30", Date(2027, 3, 28), calendar=ALWAYS)
    assert local(found) == "2027-03-28 03:30"
    assert "Sun 28 Mar 2027 02:30 is left out by a clock change in Europe/Madrid: Sun 28 Mar 2027 03:30" in found.steps


def test_a_repeated_time_is_the_earlier_and_says_so() -> None:
    found = due_at("on at 02:30", Date(2026, 10, 25), calendar=ALWAYS)
    assert found.at == Instant("2026-10-25T00:30:00Z")
    assert "Sun 25 Oct 2026 02:30 happens twice by a clock change in Europe/Madrid: the earlier" in found.steps


def test_a_day_that_a_zone_left_out_does_not_end_on_a_closed_one() -> None:
    lost = due_at("on", Date(2011, 12, 30), zone="Pacific/Apia")  # a Friday; Samoa went on to Saturday
    assert local(lost) == "2012-01-02 09:00"
    assert local(due_at("on", Date(2011, 12, 30), zone="Pacific/Apia", roll="none")) == "2011-12-31 09:00"


def test_the_steps_tell_the_whole_way() -> None:
    found = due_at("1 business day before contract.start at 10:00", Date(2026, 12, 28))
    assert found.steps == (
        "contract.start is Mon 28 Dec 2026 (a test)",
        "1 business day before: Wed 23 Dec 2026, skipped Thu 24 Dec (own closure), Fri 25 Dec (Navidad), "
        "Sat 26 Dec (Saturday), Sun 27 Dec (Sunday)",
        "due Wed 23 Dec 2026 10:00 in Europe/Madrid",
    )


def test_the_steps_name_a_roll_a_clip_and_the_hour() -> None:
    found = due_at("1 month after", Date(2027, 1, 31))
    assert found.steps == (
        "contract.start is Sun 31 Jan 2027 (a test)",
        "1 month after: Sun 28 Feb 2027, the last day of that month",
        "rolled from Sun 28 Feb to Mon 1 Mar 2027, skipped Sun 28 Feb (Sunday)",
        "at opening time, 09:00",
        "due Mon 1 Mar 2027 09:00 in Europe/Madrid",
    )


def test_the_steps_name_where_a_moment_came_from_and_where_hours_count_from() -> None:
    assert due_at("last business day of the month of", SIGNUP).steps == (
        "contract.start is Fri 27 Nov 2026 17:30 in Europe/Madrid (a test)",
        "last business day of that month: Mon 30 Nov 2026",
        "at opening time, 09:00",
        "due Mon 30 Nov 2026 09:00 in Europe/Madrid",
    )
    assert due_at("2 hours after", MON).steps[1:3] == (
        "counted from opening time, 09:00",
        "2 hours after: Mon 23 Nov 2026 11:00",
    )


def test_a_long_way_names_the_first_skipped_days_and_counts_the_rest() -> None:
    step = due_at("1000 business days after", MON).steps[1]
    assert step.startswith("1000 business days after: Fri 27 Sep 2030, skipped Sat 28 Nov (Saturday), ")
    assert step.endswith(" and 396 more")
    assert len(step) < 300


def test_a_missing_anchor_is_named_so_that_the_caller_can_fall_back() -> None:
    with pytest.raises(AnchorMissing, match=r"anchor 'event' has no value") as caught:
        due_at("on event", MON)
    assert caught.value.name == "event"
    with pytest.raises(AnchorMissing):
        resolve(rule("on"), anchors={}, default_anchor="event", zone=MADRID, calendar=SPAIN, roll=None)


def test_a_rule_without_any_day_is_refused() -> None:
    with pytest.raises(UserError, match="'30 days after' names no day and there is no anchor"):
        resolve(rule("30 days after"), anchors={}, default_anchor=None, zone=MADRID, calendar=SPAIN, roll=None)


@pytest.mark.parametrize(
    ("text", "value", "message"),
    [
        pytest.param("99999 months after", MON, "outside the years 1 to 9999", id="months"),
        pytest.param("99999 weeks before", Date(1000, 1, 1), "outside the years 1 to 9999", id="weeks"),
        pytest.param("99999 hours after", Instant.MAX, "outside the years 1 to 9999", id="hours"),
        pytest.param("first Monday after", Date.MAX, "outside the years 1 to 9999", id="weekday"),
        pytest.param("last day of the month before", Date.MIN, "outside the years 1 to 9999", id="month"),
    ],
)
def test_a_moment_out_of_range_is_refused_in_words(text: str, value: Date | Instant, message: str) -> None:
    with pytest.raises(UserError, match=message):
        due_at(text, value, roll="none")


def test_a_local_day_whose_moment_is_out_of_range_is_refused_in_words() -> None:
    for zone, text, day in (("America/New_York", "on at 23:00", Date.MAX), ("Asia/Tokyo", "on at 00:00", Date.MIN)):
        with pytest.raises(UserError, match="outside the years 1 to 9999"):
            due_at(text, day, zone=zone, roll="none")
    with pytest.raises(UserError, match="outside the years 1 to 9999"):
        due_at("on", Instant.MAX, roll="none")


def test_an_unknown_zone_is_named() -> None:
    for value in (MON, SIGNUP):
        with pytest.raises(UserError, match="unknown time zone 'Europe/Madird'"):
            due_at("on", value, zone="Europe/Madird")


def test_a_day_that_the_calendar_does_not_know_is_refused_unless_it_need_not_be_known() -> None:
    with pytest.raises(CalendarCoverage, match="not 2050-01-01"):
        due_at("on", Date(2050, 1, 1))
    assert local(due_at("on", Date(2050, 1, 1), roll="none")) == "2050-01-01 09:00"
