"""What surrounds a due rule: a fallback, bounds, and a due that is past when its task is made."""

from __future__ import annotations

import pytest
from due_cases import MADRID, SIGNUP, SPAIN, anchors, local, rule
from whenever import Date, Instant

from engine.core.due import Due, Roll
from engine.core.resolve import AnchorMissing, BoundsCrossed, ResolvedDue, late_due, resolve_due


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


def test_bounds_that_meet_leave_one_moment() -> None:
    found = held("on", not_before="on 2026-12-10 at 12:00", not_after="on 2026-12-10 at 12:00")
    assert local(found) == "2026-12-10 12:00"


def test_crossed_bounds_are_an_error_with_both_moments() -> None:
    with pytest.raises(BoundsCrossed) as caught:
        held("on", not_before="on 2026-12-11", not_after="on 2026-12-10")
    assert str(caught.value) == (
        "due rule 'on': not_before 'on 2026-12-11' is Fri 11 Dec 2026 09:00, later than not_after 'on 2026-12-10', "
        "Thu 10 Dec 2026 18:00. Widen one of the two, or leave one out. This works: not_after: on 2026-12-11 at 09:00"
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
