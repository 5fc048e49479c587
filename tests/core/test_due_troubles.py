"""A due without a moment names the rule that failed, why, and a rule that works: each offer is tried here."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from due_cases import ALWAYS, HOLIDAYS, MADRID, MON, SIGNUP, SPAIN, anchors, rule
from whenever import Date, Instant, Time

from engine.core.calendar import Calendar, CalendarCoverage, ClosedDaysUnknown, Limit, NeverOpen
from engine.core.due import Due, DueRule, Roll, parse_due
from engine.core.errors import UserError
from engine.core.model import ClockChange
from engine.core.moments import ClockChanged, OutOfRange
from engine.core.resolve import AnchorMissing, BoundsCrossed, ResolvedDue, resolve_due

NEVER = Calendar("shut", frozenset({1}), Time(9), Time(18), {}, (Date(2026, 1, 1), Date(2026, 1, 4)))
LIMITED = Calendar(
    "spain", SPAIN.working_days, Time(9), Time(18), HOLIDAYS, (Date(2026, 1, 1), Date(2026, 12, 31)),
    limits=(Limit(Date(2026, 1, 1), Date(2026, 12, 31), "it covers"),),
)  # fmt: skip
STRICT = ClockChange(gap="fail", overlap="fail")
NAMES = ("signup", "contract.start", "contract.cancellation", "event")


def due_of(
    text: str,
    value: Date | Instant | None = MON,
    *,
    calendar: Calendar = SPAIN,
    roll: Roll | None = None,
    change: ClockChange | None = None,
    missing: Mapping[str, str] | None = None,
    bounds: tuple[str, str] | None = None,
) -> ResolvedDue:
    early, late = (parse_due(one, NAMES) for one in bounds) if bounds else (None, None)
    return resolve_due(
        Due(rule(text), roll, not_before=early, not_after=late),
        anchors=anchors(contract_start=value, signup=SIGNUP),
        default_anchor="contract.start",
        zone=MADRID,
        calendar=calendar,
        clock_change=change,
        missing=missing,
    )


def offered(error: UserError) -> tuple[DueRule, Roll | None]:
    """The rule that an error's advice says works, and its roll."""
    found = re.search(r"(?:This works: |fallback: )(?:\{rule: )?([^,)}]+)(, roll: none)?", error.advice)
    assert found, error.advice
    return parse_due(found[1], NAMES), "none" if found[2] else None


TROUBLES = {
    "far away": ("1 day after 2050-01-01", SPAIN, CalendarCoverage, "1 day after 2050-01-01", "none"),
    "far in open days": ("99999 business days after", SPAIN, CalendarCoverage, "99999 days after", "none"),
    "far in open hours": ("99999 business hours after", SPAIN, CalendarCoverage, "99999 hours after", "none"),
    "a month's end": (
        "last business day of the month of 2050-01-01", SPAIN, CalendarCoverage, "last day of the month of 2050-01-01",
        "none",
    ),
    "nobody knows": ("3 business days after 2026-12-30", LIMITED, ClosedDaysUnknown, "3 days after 2026-12-30", "none"),
    "shut for good": ("1 business day after 2026-01-02", NEVER, NeverOpen, "1 day after 2026-01-02", "none"),
    "out of years": ("99999 months after", ALWAYS, OutOfRange, "10000 months after", None),
}  # fmt: skip


@pytest.mark.parametrize("name", TROUBLES)
def test_the_rule_is_named_with_one_that_works(name: str) -> None:
    text, calendar, kind, instead, roll = TROUBLES[name]
    with pytest.raises(UserError) as caught:
        due_of(text, calendar=calendar, roll="none" if kind is OutOfRange else None)
    assert type(caught.value) is kind
    assert caught.value.message.startswith(f"due rule '{text}': ")
    assert caught.value.message.count("due rule") == 1
    found, its_roll = offered(caught.value)
    assert (str(found), its_roll) == (instead, roll)
    due_of(str(found), calendar=calendar, roll="none")


def test_what_was_missing_is_still_told_to_a_caller_that_can_widen_the_calendar() -> None:
    with pytest.raises(CalendarCoverage) as caught:
        due_of("on 2050-01-01")
    assert caught.value.wanted == "2050-01-01"


@pytest.mark.parametrize(
    ("text", "instead"),
    [("on 2027-03-28 at 02:30", "on 2027-03-28 at 03:00"), ("on 2026-10-25 at 02:00", "on 2026-10-25 at 03:00")],
)
def test_a_time_that_a_clock_change_takes_or_doubles_is_refused_with_a_later_one(text: str, instead: str) -> None:
    with pytest.raises(ClockChanged) as caught:
        due_of(text, calendar=ALWAYS, change=STRICT)
    assert caught.value.message.startswith(f"due rule '{text}': ")
    assert str(offered(caught.value)[0]) == instead
    due_of(instead, calendar=ALWAYS, change=STRICT)


def test_gap_and_overlap_are_read_as_the_list_says() -> None:
    other = ClockChange(gap="earlier", overlap="later")
    gap, twice = "on 2027-03-28 at 02:30", "on 2026-10-25 at 02:30"
    assert str(due_of(gap, calendar=ALWAYS).at)[11:16] == "01:30"
    assert str(due_of(gap, calendar=ALWAYS, change=other).at)[11:16] == "00:30"
    assert str(due_of(twice, calendar=ALWAYS).at)[11:16] == "00:30"
    assert str(due_of(twice, calendar=ALWAYS, change=other).at)[11:16] == "01:30"


def test_hours_are_elapsed_time_and_meet_no_clock_change() -> None:
    found = due_of("3 hours after signup", calendar=ALWAYS, change=STRICT)
    assert found.at == SIGNUP.add(hours=3)


def test_a_missing_anchor_is_told_with_its_reason_and_a_fallback_that_has_a_value() -> None:
    why = {"contract.cancellation": "CancellationDate of contract 900 is empty"}
    with pytest.raises(AnchorMissing) as caught:
        due_of("2 days after contract.cancellation at 10:00", missing=why)
    assert str(caught.value) == (
        "due rule '2 days after contract.cancellation at 10:00': anchor 'contract.cancellation' has no value: "
        "CancellationDate of contract 900 is empty. Give the due a fallback that has a value "
        "(fallback: 2 days after contract.start at 10:00), or a condition (when) that leaves the item out."
    )
    with pytest.raises(AnchorMissing) as caught:
        due_of("on contract.start", None)
    assert str(offered(caught.value)[0]) == "on signup"


def test_a_default_anchor_without_a_value_is_named_too() -> None:
    with pytest.raises(AnchorMissing, match=r"due rule '30 days after': anchor 'contract\.start' has no value"):
        due_of("30 days after", None)


@pytest.mark.parametrize(
    "bounds",
    [
        ("on 2026-12-11", "on 2026-12-10"),
        ("on 2026-12-12", "on 2026-12-12"),  # a Saturday: inwards lies nothing
        ("100 minutes after signup", "on signup at 18:00"),
    ],
)
def test_crossed_bounds_are_told_with_a_last_day_that_works(bounds: tuple[str, str]) -> None:
    with pytest.raises(BoundsCrossed) as caught:
        due_of("on 2026-11-24", bounds=bounds)
    assert caught.value.message.startswith("due rule 'on 2026-11-24': not_before ")
    latest = caught.value.advice.rpartition("not_after: ")[2]
    assert due_of("on 2026-11-24", bounds=(bounds[0], latest)).at
