"""Local times that a clock change leaves out or repeats: moved as the list says, or refused with times that work."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whenever import Date, Time

from engine.core.moments import ClockChanged, Gap, Overlap, in_zone

MADRID = "Europe/Madrid"
SPRING, AUTUMN = Date(2027, 3, 28), Date(2026, 10, 25)
HALF_PAST = Time(2, 30)
ZONES = ("Europe/Madrid", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "America/St_Johns")


@pytest.mark.parametrize(("gap", "moment"), [("later", "2027-03-28T01:30:00Z"), ("earlier", "2027-03-28T00:30:00Z")])
def test_a_time_that_is_left_out_moves_by_the_gap(gap: Gap, moment: str) -> None:
    local, said = in_zone(SPRING, HALF_PAST, MADRID, gap=gap)
    assert local.to_instant().format_iso() == moment
    assert said.startswith("Sun 28 Mar 2027 02:30 is left out by a clock change in Europe/Madrid: Sun 28 Mar 2027 0")


@pytest.mark.parametrize(
    ("overlap", "moment"), [("earlier", "2026-10-25T00:30:00Z"), ("later", "2026-10-25T01:30:00Z")]
)
def test_of_a_time_that_happens_twice_one_is_taken(overlap: Overlap, moment: str) -> None:
    local, said = in_zone(AUTUMN, HALF_PAST, MADRID, overlap=overlap)
    assert local.to_instant().format_iso() == moment
    assert said == f"Sun 25 Oct 2026 02:30 happens twice by a clock change in Europe/Madrid: the {overlap}"


@pytest.mark.parametrize(
    ("day", "time", "zone", "words"),
    [
        pytest.param(SPRING, HALF_PAST, MADRID, "01:59 or earlier, 03:00 or later", id="an hour left out"),
        pytest.param(AUTUMN, HALF_PAST, MADRID, "01:59 or earlier, 03:00 or later", id="an hour twice"),
        pytest.param(
            Date(2026, 10, 4), Time(2, 10), "Australia/Lord_Howe", "01:59 or earlier, 02:30 or later", id="half an hour"
        ),
        pytest.param(Date(2026, 11, 1), Time(0, 30), "America/Havana", "01:00 or later", id="from midnight on"),
    ],
)
def test_a_list_that_takes_neither_is_told_times_that_work(day: Date, time: Time, zone: str, words: str) -> None:
    with pytest.raises(ClockChanged) as caught:
        in_zone(day, time, zone, gap="fail", overlap="fail")
    assert caught.value.advice == f"Write a time of that day that works: {words}."
    for text in re.findall(r"\d\d:\d\d", caught.value.advice):
        assert in_zone(day, Time.parse_iso(text), zone, gap="fail", overlap="fail")[1] == ""


def test_a_day_that_a_zone_skips_has_no_time_that_works() -> None:
    with pytest.raises(ClockChanged, match=r"left out by a clock change in Pacific/Apia\. Choose another day\."):
        in_zone(Date(2011, 12, 30), Time(12), "Pacific/Apia", gap="fail")


@settings(derandomize=True, deadline=None, max_examples=300)
@given(
    st.integers(0, 366 * 2).map(lambda n: Date(2026, 1, 1).add(days=n)),
    st.integers(0, 24 * 60 - 1).map(lambda minute: Time(minute // 60, minute % 60)),
    st.sampled_from(ZONES),
)
def test_all_choices_agree_where_no_clock_changes(day: Date, time: Time, zone: str) -> None:
    usual, said = in_zone(day, time, zone)
    other, _ = in_zone(day, time, zone, gap="earlier", overlap="later")
    if said:
        assert usual != other
        with pytest.raises(ClockChanged):
            in_zone(day, time, zone, gap="fail", overlap="fail")
    else:
        assert usual == other == in_zone(day, time, zone, gap="fail", overlap="fail")[0]
        assert usual.to_plain() == day.at(time)
