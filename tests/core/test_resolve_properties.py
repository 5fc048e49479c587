"""What holds for every due: open days, counting back, and agreement with a second implementation."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from due_cases import ALWAYS, MON, SPAIN, due_at
from hypothesis import given, settings
from hypothesis import strategies as st
from whenever import Date, Instant, Time

from engine.core.due import Roll

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


@FIXED
@given(st.integers(0, 20000), st.integers(1, 60))
def test_business_hours_agree_with_walking_by_half_hours(halves: int, number: int) -> None:
    start = Date(2026, 9, 1).at(Time(0)).to_stdlib() + timedelta(minutes=30 * halves)
    walked, left = start, number * 2
    while left > 0:
        day = Date(walked.date())
        left -= SPAIN.is_open(day) and SPAIN.opening <= Time(walked.time()) < SPAIN.closing
        walked += timedelta(minutes=30)
    moment = Instant(start.replace(tzinfo=ZoneInfo("Europe/Madrid")).astimezone(UTC))
    found = due_at(f"{number} business hours after", moment)
    # an hour of a night when clocks change is not the same moment on both sides
    if moment.to_tz("Europe/Madrid").to_plain().to_stdlib() == start:
        assert found.local.to_plain().to_stdlib() == walked
