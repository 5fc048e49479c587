"""A list's own names for days: read, refused, resolved, used in rules and in texts."""

from __future__ import annotations

from typing import Any

import pytest
from due_cases import MADRID, SPAIN
from member_given import event, expanded, facts, item, ready
from whenever import Date, Instant

from engine.core.anchors import Anchors, anchor_names, anchors_of
from engine.core.catalogue import scope
from engine.core.due import parse_due
from engine.core.expand import CannotExpand
from engine.core.model import TaskList
from engine.core.named_days import NamedDays, read_named_days, with_named_days
from engine.core.resolve import resolve


def named(anchor: str | None = None, /, **anchors: Any) -> tuple[NamedDays, list[tuple[str, str]]]:
    """The days as read, and (where, what) of each mistake."""
    told = {"tasklist": "x", "name": "X", "anchors": anchors, "items": [{"id": "a", "name": "A"}]}
    tasklist = TaskList.model_validate(told | ({"anchor": anchor} if anchor else {}))
    days, faults = read_named_days(tasklist, anchor_names(tasklist))
    return days, [(".".join(map(str, path)), str(fault)) for path, fault in faults]


def resolved(days: NamedDays, **given: Any) -> Anchors:
    return with_named_days(days, anchors_of(facts(**given)), zone=MADRID, calendar=SPAIN)


def day(days: NamedDays, name: str, **given: Any) -> str:
    anchor = resolved(days, **given).found[name]
    return str(anchor.value) if anchor else "none"


def test_a_name_stands_for_the_day_that_its_rule_names() -> None:
    days, faults = named(move_out="last business day of the month of contract.cancellation")
    assert faults == []
    assert day(days, "move_out", contract={"CancellationDate": "2027-01-05T00:00:00Z"}) == "2027-01-29"


def test_of_several_rules_the_first_that_has_a_day_counts() -> None:
    days, faults = named(begin=["contract.term_end", "1 week before contract.start", "signup"])
    assert faults == []
    assert day(days, "begin", contract={"ContractTerm": "2027-03-01T00:00:00Z"}) == "2027-03-01"
    assert day(days, "begin") == "2026-11-24"
    assert day(days, "begin", contracts=(), contract_id=None) == "2026-11-20"


def test_when_none_has_a_day_all_that_were_tried_are_named() -> None:
    days, _ = named(begin=["contract.term_end", "event"])
    told = resolved(days)
    assert told.found["begin"] is None
    assert told.missing["begin"] == (
        "'on contract.term_end' is not known, for contract.term_end has no value (ContractTerm of contract 900 is "
        "empty); 'on event' is not known, for event has no value (no event started this run; by hand give its moment "
        "with --event)"
    )


def test_a_name_may_count_from_another_wherever_it_stands() -> None:
    days, faults = named(last_visit="2 weeks before move_out", move_out="last day of the month of contract.start")
    assert faults == []
    assert list(days.rules) == ["move_out", "last_visit"]
    assert day(days, "last_visit") == "2026-12-17"


def test_a_rule_without_its_day_counts_from_the_anchor_of_the_list() -> None:
    days, faults = named("contract.start", month_end="last day of the month", later="10 days after anchor")
    assert faults == []
    assert (day(days, "month_end"), day(days, "later")) == ("2026-12-31", "2026-12-11")


def test_a_moment_becomes_its_local_day() -> None:
    days, _ = named(begin="event")
    assert day(days, "begin", event=event("2026-11-22T23:30:00Z")) == "2026-11-23"


@pytest.mark.parametrize(
    ("name", "rule", "cancelled", "wanted"),
    [
        ("x", "contract.cancellation", "2027-01-30", "2027-01-29"),  # a Saturday: an end goes back
        ("x", "contract.start", "2027-01-30", "2026-12-01"),
        ("x", "last day of the month of contract.cancellation", "2027-01-05", "2027-01-29"),
        ("x", "3 days after contract.cancellation", "2027-01-27", "2027-02-01"),
        ("x", "3 days before contract.cancellation", "2027-01-26", "2027-01-22"),
    ],
)
def test_a_due_on_a_named_day_is_where_its_own_rule_would_be(
    name: str, rule: str, cancelled: str, wanted: str
) -> None:
    days, _ = named(**{name: rule})
    told = resolved(days, contract={"CancellationDate": f"{cancelled}T00:00:00Z"})
    texts = (f"on {name}", rule if rule[0].isdigit() or rule.startswith("last") else f"on {rule}")
    found = [
        resolve(
            parse_due(text, told.found), anchors=told.found, default_anchor=None, zone=MADRID, calendar=SPAIN, roll=None
        )
        for text in texts
    ]
    assert {str(one.local.date()) for one in found} == {wanted}


def test_the_steps_tell_what_was_passed_over_and_how_the_day_came_about() -> None:
    days, _ = named(begin=["contract.term_end", "2 business days before contract.start"])
    found = resolved(days).found
    due = resolve(
        parse_due("1 day after begin at 10:00", found),
        anchors=found, default_anchor=None, zone=MADRID, calendar=SPAIN, roll=None,
    )  # fmt: skip
    assert due.steps == (
        "begin: 'on contract.term_end' is not known, for contract.term_end has no value (ContractTerm of contract "
        "900 is empty)",
        "contract.start is Tue 1 Dec 2026 (contract 900 StartDate)",
        "2 business days before: Fri 27 Nov 2026, skipped Sat 28 Nov (Saturday), Sun 29 Nov (Sunday)",
        "begin is Fri 27 Nov 2026 (its rule '2 business days before contract.start')",
        "1 day after: Sat 28 Nov 2026",
        "rolled from Sat 28 Nov to Mon 30 Nov 2026, skipped Sat 28 Nov (Saturday), Sun 29 Nov (Sunday)",
        "due Mon 30 Nov 2026 10:00 in Europe/Madrid",
    )


WRONG = {
    "on contract.start at 10:00": "a named day has no time: that stands in the due, found '10:00', write: "
    "on contract.start",
    "on contract.start at opening": "a named day has no time: that stands in the due, found 'opening', write: "
    "on contract.start",
    "2 hours after signup": "a named day is counted in days, found '2 hours after signup', allowed: days, business "
    "days, weeks, months",
    "the day before contract.start": "not a due rule",
    "3 days after": "this rule names no day, and the list has no anchor",
    "1 day before move_ot": "nearest: move_out",
    "on done": "unknown anchor, found 'done'",
}


@pytest.mark.parametrize("rule", WRONG)
def test_a_rule_that_is_no_day_is_refused_at_its_place(rule: str) -> None:
    _, faults = named(x=["contract.start", rule], move_out="contract.cancellation")
    assert [place for place, _ in faults] == ["anchors.x.1"]
    assert WRONG[rule] in faults[0][1] or "write: 1 day before move_out" in faults[0][1]


@pytest.mark.parametrize("name", [*scope({}, {}, {}), "at", "first", "days", "monday", "anchor", "done", "if", "none"])
def test_a_name_that_means_something_else_already_is_refused(name: str) -> None:
    _, faults = named(**{name: "2026-12-24"})
    assert len(faults) == 1
    assert faults[0][0] == f"anchors.{name}"
    assert f"{name!r} is a" in faults[0][1]
    assert f"such as {name}_day" in faults[0][1]


def test_days_that_need_each_other_are_refused_with_the_chain() -> None:
    days, faults = named(
        a="1 day after b",
        b=["contract.start", "1 day after c"],
        c="first monday after a",
        d="1 week after a",
        e="signup",
    )
    assert faults == [("anchors.a", "the day 'a' needs itself: a -> b -> c -> a")]
    assert list(days.rules) == ["e"]
    assert named(a="1 day after a")[1] == [("anchors.a", "the day 'a' needs itself: a -> a")]
    assert len(named(a="on b", b="on a", c="on d", d="on c")[1]) == 2


def test_the_anchor_of_the_list_may_be_a_named_day_but_not_through_itself() -> None:
    assert named("begin", begin="contract.start", later="3 days after")[1] == []
    chain = "the day 'begin' needs itself: begin -> begin"
    assert named("begin", begin="3 days after")[1] == [("anchors.begin", chain)]


def test_a_long_chain_is_no_reason_to_fall() -> None:
    chain = {f"d{number}": f"1 day after d{number + 1}" for number in range(1500)}
    days, faults = named(**chain, d1500="2020-01-01")
    assert faults == []
    assert day(days, "d1495") == "2020-01-06"
    assert len(days.behind(["d0"])) == 1501


def test_what_stands_behind_a_name_is_known() -> None:
    days, _ = named("signup", begin=["contract.start", "3 days after"], move_out="1 week after begin")
    assert days.behind(["move_out"]) == {"move_out", "begin", "contract.start", "signup"}
    assert days.must_have(["move_out"]) == {"move_out", "begin"}
    one_way, _ = named(begin=["contract.start", "1 day before contract.start"], later="1 week after begin")
    assert one_way.must_have(["later"]) == {"later", "begin", "contract.start"}


def test_many_ways_to_a_day_cost_no_more_than_there_are_names() -> None:
    ways = {f"d{number}": [f"1 day after d{number + 1}", f"2 days after d{number + 1}"] for number in range(60)}
    days, _ = named(**ways, d60="contract.start")
    assert "contract.start" in days.must_have(["d0"])


def test_named_days_are_facts_of_texts_and_conditions_and_anchors_of_items() -> None:
    prepared = ready(
        item("one", name="Until {{ move_out | date }}", due="2 business days before move_out at 10:00"),
        item("two", anchor="move_out", due="1 day after at 09:00", when="move_out != none"),
        item("three", due={"before": "move_out", "count": 1, "unit": "week", "not_after": "on begin"}),
        anchors={"move_out": "last business day of the month of contract.start", "begin": ["contract.start", "signup"]},
    )
    told = {task.item: (task.name, str(task.due_at)[:16]) for task in expanded(prepared).wanted}
    assert told["one"] == ("Until 2026-12-31", "2026-12-29T09:00")
    assert told["two"][1] == "2027-01-01T08:00"
    assert told["three"][1] == "2026-12-01T17:00"


def test_a_named_day_without_a_value_is_none_in_a_condition_and_names_all_in_an_error() -> None:
    anchors = {"move_out": ["contract.cancellation", "contract.term_end"]}
    left = expanded(ready(item("one", when="move_out != none", due="on move_out"), item("two"), anchors=anchors))
    assert [task.item for task in left.wanted] == ["two"]
    with pytest.raises(CannotExpand) as caught:
        expanded(ready(item("one", due="on move_out at 10:00"), anchors=anchors))
    told = str(caught.value)
    assert "due rule 'on move_out at 10:00': anchor 'move_out' has no value" in told
    assert "CancellationDate of contract 900 is empty" in told
    assert "ContractTerm of contract 900 is empty" in told
    assert "(fallback: on contract.start at 10:00)" in told


def test_identity_checks_and_visits_are_anchors_and_facts() -> None:
    given = facts(
        contract={"IdentityChecksDueOn": "2026-12-15T00:00:00Z"},
        visits=(Date(2026, 11, 2), Date(2026, 11, 3), Date(2026, 11, 9)),
        first_paid=Instant("2026-12-02T23:30:00Z"),
        paid_read=True,
    )
    prepared = ready(
        item("checks", name="By {{ contract.identity_checks_due | date }}", due="contract.identity_checks_due"),
        item("third", name="At {{ visit.third | date }}", when="coworker.visits >= 3", due="visit.third at 12:00"),
        item("paid", name="Paid {{ invoice.first_paid | date }}", due="1 hour after invoice.first_paid"),
    )
    told = {task.item: (task.name, str(task.due_at)[:16]) for task in expanded(prepared, given).wanted}
    assert told == {
        "checks": ("By 2026-12-15", "2026-12-15T08:00"),
        "third": ("At 2026-11-09", "2026-11-09T11:00"),
        "paid": ("Paid 2026-12-03", "2026-12-03T00:30"),
    }
