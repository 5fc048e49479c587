"""Due rules to moments: counting, rolling, clocks, bounds, and the steps that explain them."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whenever import Date, Instant, Time

from engine.core import words
from engine.core.calendar import Calendar, CalendarCoverage
from engine.core.due import Due, DueRule, Roll, parse_due
from engine.core.errors import UserError
from engine.core.resolve import (
    END_ANCHORS,
    Anchor,
    AnchorMissing,
    BoundsCrossed,
    ResolvedDue,
    late_due,
    resolve,
    resolve_due,
)

MADRID = "Europe/Madrid"
HOLIDAYS = {
    Date(2026, 12, 8): "Inmaculada Concepcion",
    Date(2026, 12, 24): "own closure",
    Date(2026, 12, 25): "Navidad",
    Date(2027, 1, 1): "Ano Nuevo",
}
SPAIN = Calendar("spain", frozenset(range(1, 6)), Time(9), Time(18), HOLIDAYS, (Date(2000, 1, 1), Date(2040, 12, 31)))
ALWAYS = Calendar("always", frozenset(range(1, 8)), Time(9), Time(18), {}, (Date(1990, 1, 1), Date(2060, 12, 31)))
NAMES = ("signup", "contract.start", "contract.cancellation", "membership.end", "event")


def anchors(**values: Date | Instant | None) -> dict[str, Anchor | None]:
    """Anchors by name, `_` for the dot; what is not given has no value."""
    given = {name.replace("_", "."): value for name, value in values.items()}
    return {name: Anchor(name, value, "a test") if (value := given.get(name)) is not None else None for name in NAMES}


def rule(text: str) -> DueRule:
    return parse_due(text, NAMES)


def due_at(
    text: str,
    value: Date | Instant,
    *,
    roll: Roll | None = None,
    zone: str = MADRID,
    calendar: Calendar = SPAIN,
    anchor: str = "contract_start",
) -> ResolvedDue:
    """Resolve `text` with one anchor, which is the default one too."""
    return resolve(
        rule(text),
        anchors=anchors(**{anchor: value}),
        default_anchor=anchor.replace("_", "."),
        zone=zone,
        calendar=calendar,
        roll=roll,
    )


def local(found: ResolvedDue) -> str:
    return found.local.to_plain().format("YYYY-MM-DD HH:mm")


MON, FRI, SAT, SUN = Date(2026, 11, 23), Date(2026, 11, 27), Date(2026, 11, 28), Date(2026, 11, 29)

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


def test_ends_are_the_ends_of_the_files() -> None:
    assert END_ANCHORS == words.END_ANCHORS


SIGNUP = Instant("2026-11-27T16:30:00Z")  # Friday 17:30 in Madrid
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


def held(
    text: str, *, fallback: str = "", not_before: str = "", not_after: str = "", roll: Roll | None = None
) -> ResolvedDue:
    texts = (fallback, not_before, not_after)
    rules = [rule(bound) if bound else None for bound in texts]
    due = Due(rule(text), roll, fallback=rules[0], not_before=rules[1], not_after=rules[2])
    values = anchors(contract_start=Date(2026, 12, 9), signup=SIGNUP)
    return resolve_due(due, anchors=values, default_anchor="contract.start", zone=MADRID, calendar=SPAIN)


def test_a_fallback_serves_when_the_anchor_has_no_value() -> None:
    found = held("on contract.cancellation", fallback="10 days after signup at 12:00")
    assert local(found) == "2026-12-07 12:00"
    assert found.steps[0] == (
        "contract.cancellation has no value: the fallback '10 days after signup at 12:00' is used"
    )


def test_a_fallback_is_not_looked_at_when_the_rule_holds() -> None:
    assert local(held("on", fallback="on contract.cancellation")) == "2026-12-09 09:00"


def test_a_fallback_without_a_value_names_its_own_anchor() -> None:
    with pytest.raises(AnchorMissing, match="'event'"):
        held("on contract.cancellation", fallback="on event")
    with pytest.raises(AnchorMissing, match=r"'contract\.cancellation'"):
        held("on contract.cancellation")


@pytest.mark.parametrize(
    ("bounds", "wanted"),
    [
        pytest.param({"not_before": "on 2026-12-01"}, "2026-12-09 09:00", id="within"),
        pytest.param({"not_before": "on 2026-12-11"}, "2026-12-11 09:00", id="too early"),
        pytest.param({"not_before": "on 2026-12-12"}, "2026-12-14 09:00", id="a first day rolls on"),
        pytest.param({"not_after": "on 2026-12-04 at 10:00"}, "2026-12-04 10:00", id="too late"),
        pytest.param({"not_after": "on 2026-12-06"}, "2026-12-04 18:00", id="a last day rolls back, to closing"),
        pytest.param({"not_after": "on 2026-12-09"}, "2026-12-09 09:00", id="the last day counts whole"),
        pytest.param({"not_after": "2 hours after signup"}, "2026-11-27 19:30", id="a last moment"),
        pytest.param({"not_before": "2026-12-12", "roll": "none"}, "2026-12-12 09:00", id="unrolled"),
    ],
)
def test_a_due_is_held_within_its_bounds(bounds: dict[str, str], wanted: str) -> None:
    assert local(held("on", **bounds)) == wanted  # type: ignore[arg-type]


def test_a_bound_that_moved_the_due_is_in_the_steps() -> None:
    assert held("on", not_after="on 2026-12-06").steps[-4:] == (
        "moved by not_after 'on 2026-12-06' from Wed 9 Dec 2026 09:00",
        "rolled from Sun 6 Dec to Fri 4 Dec 2026, skipped Sat 5 Dec (Saturday), Sun 6 Dec (Sunday)",
        "at closing time, 18:00",
        "due Fri 4 Dec 2026 18:00 in Europe/Madrid",
    )


def test_a_bound_whose_anchor_has_no_value_is_left_out_and_says_so() -> None:
    found = held("on", not_after="on contract.cancellation", not_before="on event")
    assert local(found) == "2026-12-09 09:00"
    assert found.steps[-2:] == (
        "not_before is left out: event has no value",
        "not_after is left out: contract.cancellation has no value",
    )


def test_crossed_bounds_are_an_error_with_both_moments() -> None:
    with pytest.raises(BoundsCrossed) as caught:
        held("on", not_before="on 2026-12-11", not_after="on 2026-12-10")
    assert str(caught.value) == (
        "not_before 'on 2026-12-11' is Fri 11 Dec 2026 09:00, later than not_after 'on 2026-12-10', "
        "Thu 10 Dec 2026 18:00 Widen one of the two, or leave one out."
    )


PAST = Instant("2026-11-20T08:00:00Z")


@pytest.mark.parametrize(
    ("now", "wanted"),
    [
        pytest.param("2026-11-23T10:00:00Z", "2026-11-23T17:00:00Z", id="today's closing"),
        pytest.param("2026-11-23T06:00:00Z", "2026-11-23T17:00:00Z", id="before opening"),
        pytest.param("2026-11-23T17:00:00Z", "2026-11-23T17:00:00Z", id="at closing"),
        pytest.param("2026-11-23T17:00:01Z", "2026-11-24T17:00:00Z", id="after closing"),
        pytest.param("2026-11-27T20:00:00Z", "2026-11-30T17:00:00Z", id="after closing before a weekend"),
        pytest.param("2026-11-28T10:00:00Z", "2026-11-30T17:00:00Z", id="on a closed day"),
        pytest.param("2026-11-22T23:30:00Z", "2026-11-23T17:00:00Z", id="the day is the local one"),
    ],
)
def test_a_late_due_becomes_the_next_closing_time(now: str, wanted: str) -> None:
    at, text = late_due(PAST, now=Instant(now), zone=MADRID, calendar=SPAIN)
    assert at == Instant(wanted)
    assert text.startswith("late: was due Fri 20 Nov 2026 09:00, now at closing time, ")
    assert late_due(at, now=Instant(now), zone=MADRID, calendar=SPAIN) == (at, "")


def test_a_late_due_names_the_closed_days_it_passed() -> None:
    _, text = late_due(PAST, now=Instant("2026-11-28T10:00:00Z"), zone=MADRID, calendar=SPAIN)
    assert text.endswith("Mon 30 Nov 2026 18:00, skipped Sat 28 Nov (Saturday), Sun 29 Nov (Sunday)")


DAYS = st.integers(0, 3000).map(lambda n: Date(2022, 1, 1).add(days=n))
MOMENTS = st.integers(0, 3000 * 86400).map(lambda n: Instant("2022-01-01T00:00:00Z").add(seconds=n))
VALUES = st.one_of(DAYS, MOMENTS)
SIDES = st.sampled_from(["before", "after"])
FIXED = settings(derandomize=True, deadline=None, max_examples=300)


@FIXED
@given(VALUES, st.integers(0, 300), st.sampled_from(["business days", "business hours"]), SIDES)
def test_a_due_in_business_time_is_never_on_a_closed_day(
    value: Date | Instant, number: int, unit: str, side: str
) -> None:
    found = due_at(f"{number} {unit} {side}", value)
    assert SPAIN.is_open(found.local.date())
    if unit == "business hours" and number:
        assert SPAIN.opening <= found.local.time() <= SPAIN.closing


RULE_TEXTS = st.one_of(
    st.builds("{} {} {}".format, st.integers(0, 400), st.sampled_from(["minutes", "hours", "days"]), SIDES),
    st.builds("{} {} {}".format, st.integers(0, 50), st.sampled_from(["weeks", "months"]), SIDES),
    st.sampled_from(["on", "first Sunday after", "first day of the month of", "last day of the month after"]),
)


@FIXED
@given(VALUES, RULE_TEXTS, st.sampled_from([None, "next", "previous", "nearest"]))
def test_a_due_rolls_to_an_open_day_with_only_closed_ones_between(
    value: Date | Instant, text: str, roll: Roll | None
) -> None:
    found, kept = due_at(text, value, roll=roll), due_at(text, value, roll="none")
    day, named = found.local.date(), kept.local.date()
    assert SPAIN.is_open(day)
    assert (day == named) is SPAIN.is_open(named)
    assert found.rolled_from == (None if day == named else named)
    between = abs(int(day.since(named, total="days")))
    low = min(day, named)
    assert not any(SPAIN.is_open(low.add(days=n)) for n in range(1, between))


@FIXED
@given(DAYS, st.integers(1, 300))
def test_before_undoes_after(day: Date, number: int) -> None:
    start = SPAIN.next_open(day).day
    on = due_at(f"{number} business days after", start).local.date()
    assert due_at(f"{number} business days before", on).local.date() == start


@FIXED
@given(MOMENTS, st.integers(1, 120))
def test_business_hours_before_undo_those_after(moment: Instant, number: int) -> None:
    start = due_at("1 business hour after", moment)
    on = due_at(f"{number} business hours after", start.at)
    back = due_at(f"{number} business hours before", on.at).local
    at_edge = (start.local.time(), back.time()) == (SPAIN.closing, SPAIN.opening)
    same_moment_of_open_time = at_edge and back.date() == SPAIN.nth_open_after(start.local.date(), 1).day
    assert back == start.local or same_moment_of_open_time


ZONES = (
    "Europe/Madrid",
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Pacific/Apia",
)


def clock_changes(zone: ZoneInfo) -> list[datetime]:
    """The UTC hours of 2005 to 2035 after which the zone's offset differs, by looking at each day."""
    first = datetime(2005, 1, 1, tzinfo=UTC)
    days = [first + timedelta(days=n) for n in range(365 * 30)]
    offsets = [day.astimezone(zone).utcoffset() for day in days]
    return [day for day, now, then in zip(days, offsets, offsets[1:], strict=False) if now != then]


def utc_by_hand(wall: datetime, zone: ZoneInfo) -> datetime:
    """Every offset seen within two days is tried: the earliest that fits, else the one before the gap."""
    naive = wall.replace(tzinfo=UTC)
    around = [naive + timedelta(hours=hours) for hours in range(-48, 49)]
    offsets = [moment.astimezone(zone).utcoffset() or timedelta() for moment in around]
    fits = [naive - offset for offset in offsets if (naive - offset).astimezone(zone).replace(tzinfo=UTC) == naive]
    return min(fits) if fits else naive - offsets[0]


@pytest.mark.parametrize("name", ZONES)
def test_local_times_agree_with_a_second_implementation_around_clock_changes(name: str) -> None:
    zone, chance = ZoneInfo(name), random.Random(name)
    changes = clock_changes(zone)
    odd = 0
    for _ in range(2000 // len(ZONES) + 1):
        near = chance.choice(changes).astimezone(zone).replace(tzinfo=None)
        wall = near + timedelta(minutes=chance.randrange(-60 * 6, 60 * 30))
        wall = wall.replace(second=0, microsecond=0)
        text = f"on {wall:%Y-%m-%d} at {wall:%H:%M}"
        found = due_at(text, MON, zone=name, calendar=ALWAYS, roll="none")
        wanted = utc_by_hand(wall, zone)
        assert found.at.to_stdlib() == wanted, text
        odd += len(found.steps) > 1
    assert odd > 0, "no gap or overlap was met, so nothing was shown"


@FIXED
@given(VALUES, RULE_TEXTS, st.sampled_from(ZONES))
def test_the_local_moment_is_the_utc_moment(value: Date | Instant, text: str, zone: str) -> None:
    found = due_at(text, value, zone=zone)
    assert found.local.to_instant() == found.at
    assert found.local.tz_id == zone
    assert found == due_at(text, value, zone=zone)
