"""Dates of the shipped lists for any start, at both locations: what must hold of every single due."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lists_given import LISTS, ZONES, facts_at, local_day, midnight, planned, ready
from whenever import Date, Instant

from engine.core.due import Count, DueRule, MonthEdge, On
from engine.core.facts import Facts
from engine.core.plan import Action, Plan

LONG_BEFORE = Instant.from_utc(2026, 1, 5, 9)
days = st.integers(0, 600).map(lambda count: Date(2026, 6, 1).add(days=count))
places = st.sampled_from(sorted(ZONES))
exactly = settings(derandomize=True, deadline=None, max_examples=60)

CLOSED_CHRISTMAS = [Date(2026, 12, 24), Date(2026, 12, 25), Date(2026, 12, 31), Date(2027, 1, 1)]


def facts_for(name: str, location: str, day: Date) -> Facts:
    """The list's member with its first (or last) day on `day`."""
    if name == "team-member":
        return facts_at(name, location, signup=f"{day}T17:20:00Z")
    if name == "offboarding":
        return facts_at(name, location, CancellationDate=midnight(day))
    return facts_at(name, location, StartDate=midnight(day), ContractTerm=midnight(day.add(years=1)))


def all_completed(name: str, facts: Facts) -> Facts:
    """The same facts with everything completed that other items of the list come after."""
    items = [one.item for one in ready(name).prepared.items]
    before = {item.id for item in items if item.gate} | {one for item in items for one in item.after or ()}
    return replace(facts, done={(item, ""): Instant.from_utc(2026, 6, 2, 12) for item in before})


def rule_of(name: str, action: Action) -> DueRule:
    due = next(one.due for one in ready(name).prepared.items if one.item.id == action.wanted.item)
    assert due is not None
    return due.rule


def is_before(rule: DueRule) -> bool:
    return (isinstance(rule.when, Count) and rule.when.side == "before") or (
        isinstance(rule.when, MonthEdge) and rule.when.month == "before"
    )


def assert_in_open_hours(plan: Plan, facts: Facts) -> None:
    for action in plan.actions:
        assert action.due_at is not None
        local = action.due_at.to_tz(facts.zone)
        assert facts.calendar.is_open(local.date()), (action.wanted.item, str(local))
        assert facts.calendar.opening <= local.time() <= facts.calendar.closing, (action.wanted.item, str(local))


def assert_on_its_side(name: str, action: Action, day: Date, due: Date) -> None:
    rule, item = rule_of(name, action), action.wanted.item
    if rule.day == "contract.term_end":
        assert day < due < day.add(years=1), item
    elif is_before(rule):
        assert due < day, item
    elif isinstance(rule.when, On):
        assert due <= day if name == "offboarding" else due >= day, item
    else:
        assert due >= day, item


@pytest.mark.parametrize("name", LISTS)
@exactly
@given(day=days, location=places)
def test_every_due_lies_in_open_hours_on_its_side_of_the_day(name: str, day: Date, location: str) -> None:
    facts = facts_for(name, location, day)
    plan = planned(name, facts, LONG_BEFORE)
    assert len(plan.actions) >= 9
    assert_in_open_hours(plan, facts)
    for action in plan.actions:
        assert_on_its_side(name, action, day, local_day(action, facts))


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("location", sorted(ZONES))
@pytest.mark.parametrize("day", CLOSED_CHRISTMAS, ids=str)
def test_a_start_or_an_end_on_a_closed_day_at_christmas_moves_to_an_open_one(
    name: str, location: str, day: Date
) -> None:
    facts = facts_for(name, location, day)
    assert not facts.calendar.is_open(day)
    plan = planned(name, facts, LONG_BEFORE)
    assert_in_open_hours(plan, facts)
    on_the_day = [action for action in plan.actions if isinstance(rule_of(name, action).when, On)]
    assert all(action.wanted.rolled_from == day for action in on_the_day)
    assert on_the_day or name == "team-member"


@pytest.mark.parametrize("name", LISTS)
@exactly
@given(day=days, location=places, passed=st.integers(0, 200), hour=st.integers(0, 23))
def test_a_late_start_makes_nothing_due_in_the_past(
    name: str, day: Date, location: str, passed: int, hour: int
) -> None:
    facts = facts_for(name, location, day)
    now = day.add(days=passed).at(Instant.from_utc(2026, 1, 1, hour).to_tz("UTC").time()).assume_utc()
    plan = planned(name, facts, now)
    assert set(plan.counts()) <= {"create", "skip", "wait"}
    for action in plan.actions:
        assert action.due_at is not None
        if action.action == "skip":
            assert action.wanted.late == "skip"
            assert action.due_at < now
        elif action.action != "wait":  # whether it is late is told when it is made
            assert action.due_at >= now, action.wanted.item
    assert_in_open_hours(plan, facts)


@pytest.mark.parametrize("name", LISTS)
def test_a_start_of_half_a_year_ago_drops_talks_and_keeps_what_must_be_checked(name: str) -> None:
    facts = facts_for(name, "barcelona", Date(2026, 6, 2))
    counts = planned(name, all_completed(name, facts), Instant.from_utc(2026, 12, 2, 9)).counts()
    assert counts["skip"] >= 1
    assert counts["create"] >= 7


@pytest.mark.parametrize("name", ["new-member", "private-office"])
@exactly
@given(day=days, location=places, months=st.integers(1, 36))
def test_the_talk_about_the_term_lies_inside_the_term(name: str, day: Date, location: str, months: int) -> None:
    end = day.add(months=months)
    facts = facts_at(name, location, StartDate=midnight(day), ContractTerm=midnight(end))
    talk = next(a for a in planned(name, facts, LONG_BEFORE).actions if a.wanted.item == "term-review")
    assert day < local_day(talk, facts) <= end


@pytest.mark.parametrize(("name", "expected"), [("new-member", Date(2027, 4, 2)), ("private-office", Date(2027, 3, 2))])
def test_without_a_minimum_term_the_talk_counts_from_the_start(name: str, expected: Date) -> None:
    facts = facts_at(name, "london", StartDate=midnight(Date(2026, 6, 2)), ContractTerm=None)
    talk = next(a for a in planned(name, facts, LONG_BEFORE).actions if a.wanted.item == "term-review")
    assert local_day(talk, facts) == expected


@exactly
@given(day=days, location=places)
def test_the_deposit_goes_back_within_thirty_days(day: Date, location: str) -> None:
    facts = facts_for("offboarding", location, day)
    deposit = next(a for a in planned("offboarding", facts, LONG_BEFORE).actions if a.wanted.item == "deposit")
    assert day < local_day(deposit, facts) <= day.add(days=30)


def test_christmas_closures_do_not_push_the_deposit_over_its_limit() -> None:
    facts = facts_for("offboarding", "london", Date(2026, 12, 18))
    deposit = next(a for a in planned("offboarding", facts, LONG_BEFORE).actions if a.wanted.item == "deposit")
    assert local_day(deposit, facts) == Date(2027, 1, 15)


@exactly
@given(day=days, location=places)
def test_access_ends_before_it_is_checked_and_after_it_was_needed(day: Date, location: str) -> None:
    facts = facts_for("offboarding", location, day)
    dues = {a.wanted.item: local_day(a, facts) for a in planned("offboarding", facts, LONG_BEFORE).actions}
    assert dues["access-end"] < day < dues["access-check"]
    assert dues["keys-and-cards"] <= day


@pytest.mark.parametrize(("location", "wanted"), [("barcelona", "phone-access"), ("london", "card-number")])
def test_a_house_gets_the_items_that_fit_it(location: str, wanted: str) -> None:
    facts = facts_for("team-member", location, Date(2026, 6, 2))
    items = {action.wanted.item for action in planned("team-member", facts, LONG_BEFORE).actions}
    assert items & {"phone-access", "card-number"} == {wanted}


def test_a_virtual_office_that_ends_hands_back_the_address_and_no_keys() -> None:
    changed = {"CancellationDate": midnight(Date(2026, 6, 30)), "TariffName": "Virtual Office"}
    facts = facts_at("offboarding", "barcelona", **changed)
    items = {action.wanted.item for action in planned("offboarding", facts, LONG_BEFORE).actions}
    assert "address-end" in items
    assert not items & {"access-end", "keys-and-cards", "access-check"}
