"""A due in single words is the same rule as in one text, and a mistake in it is told under the word's own key."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from member_given import item, organisation
from pydantic import TypeAdapter, ValidationError
from whenever import Date, Time, Weekday

from engine.core.due import (
    UNITS,
    Count,
    DueRule,
    FirstWeekday,
    MonthEdge,
    On,
    clock_text,
    parse_due,
)
from engine.core.forms import AnyDue, Due
from engine.core.model import TaskList
from engine.core.preparing import prepare
from engine.core.scalars import Plain

ANCHORS = ("signup", "contract.start", "event", "move_out")
DUE: TypeAdapter[Due] = TypeAdapter(AnyDue)

SAME = {
    "2 business days before contract.start at 10:00": {
        "count": Plain("2"), "unit": "business days", "before": "contract.start", "at": "10:00"
    },
    "1 month after signup": {"count": 1, "unit": "month", "after": "signup"},
    "on contract.start at opening": {"on": "contract.start", "at": "opening"},
    "on 2026-12-24": {"on": "2026-12-24"},
    "first Monday after signup": {"first": "monday", "after": "signup"},
    "first Friday on or after signup at 16:00": {"first": "Friday", "on_or_after": "signup", "at": "16:00"},
    "last business day of the month of move_out": {"last": "business day", "of_month": "move_out"},
    "first day of the month before event": {"first": "day", "of_month_before": "event"},
    "last day of the month after event at closing": {"last": "day", "of_month_after": "event", "at": "closing"},
    "3 days after": {"count": 3, "unit": "days", "after": "anchor"},
    "last business day of the month": {"last": "business day", "of_month": "anchor"},
}  # fmt: skip


@pytest.mark.parametrize("text", SAME)
def test_a_due_in_single_words_is_the_rule_in_text(text: str) -> None:
    found = DUE.validate_python(SAME[text])
    assert parse_due(found.rule, ANCHORS) == parse_due(text, ANCHORS)
    assert str(parse_due(found.rule, ANCHORS)) == text


def test_what_surrounds_the_words_stays_and_a_list_written_out_has_the_rule() -> None:
    more = {"roll": "none", "late": "keep", "fallback": "on signup", "not_before": "on event", "not_after": "signup"}
    found = DUE.validate_python({"on": "contract.start", "at": "09:00"} | more)
    out = found.model_dump(exclude_none=True)
    assert out == {"rule": "on contract.start at 09:00"} | more
    assert DUE.validate_python(out) == found


def words_of(rule: DueRule) -> dict[str, Any]:
    """The single words of a rule, as a person would write them."""
    day, when = str(rule.day or "anchor"), rule.when
    at = {} if rule.clock is None else {"at": clock_text(rule.clock)}
    match when:
        case On():
            return {"on": day} | at
        case Count():
            return {"count": when.number, "unit": when.unit, when.side: day} | at
        case FirstWeekday():
            return {"first": when.weekday.name.lower(), "on_or_after" if when.or_on else "after": day} | at
        case MonthEdge():
            key = "of_month" if when.month == "of" else f"of_month_{when.month}"
            return {when.edge: "business day" if when.business else "day", key: day} | at


SIDES = st.sampled_from(["before", "after"])
WHENS = st.one_of(
    st.just(On()),
    st.builds(Count, st.integers(0, 99999), st.sampled_from(UNITS), SIDES),
    st.builds(FirstWeekday, st.sampled_from(Weekday), st.booleans()),
    st.builds(MonthEdge, st.sampled_from(["first", "last"]), st.booleans(), st.sampled_from(["of", "before", "after"])),
)
DAYS = st.one_of(st.none(), st.sampled_from(ANCHORS), st.dates().map(Date))
CLOCKS = st.one_of(
    st.none(), st.sampled_from(["opening", "closing"]), st.builds(Time, st.integers(0, 23), st.integers(0, 59))
)


@settings(derandomize=True, deadline=None, max_examples=400)
@given(st.builds(DueRule, WHENS, DAYS, CLOCKS))
def test_every_rule_can_be_written_in_single_words_and_comes_back(rule: DueRule) -> None:
    found = DUE.validate_python(words_of(rule))
    assert parse_due(found.rule, ANCHORS) == rule
    assert DUE.validate_python(str(rule)).rule == str(rule)


WRONG: dict[str, tuple[dict[str, Any], tuple[str, ...], str]] = {
    "no unit": ({"count": 2, "before": "x"}, (), "a count has a unit"),
    "a unit": ({"count": 2, "unit": "dys", "before": "x"}, ("unit",), "unknown unit"),
    "a number": ({"count": "two", "unit": "days", "before": "x"}, ("count",), "this must be a whole number"),
    "backwards": ({"count": -2, "unit": "days", "before": "x"}, (), "a count goes one way"),
    "two days": ({"count": 2, "unit": "days", "before": "x", "after": "y"}, (), "a due counts from one day"),
    "no day": ({"first": "monday"}, (), "a due counts from one day"),
    "unit of on": ({"on": "x", "unit": "days"}, (), "'unit' does not go with 'on'"),
    "two heads": ({"on": "x", "first": "monday", "after": "y"}, (), "does not go with 'on'"),
    "weekday": ({"first": "mondai", "after": "x"}, ("first",), "not a first day"),
    "last weekday": ({"last": "monday", "after": "x"}, ("last",), "not a last day"),
    "month of a weekday": ({"first": "monday", "of_month": "x"}, (), "'of_month' does not go with 'first'"),
    "only a time": ({"at": "10:00"}, (), "these words make no due"),
    "nothing": ({"late": "keep"}, (), "a due has a rule, or its words"),
    "both": ({"rule": "on x", "on": "x"}, (), "a due is written as a rule or in single words, not both"),
}


@pytest.mark.parametrize("name", WRONG)
def test_words_that_do_not_go_together_are_refused(name: str) -> None:
    given_words, place, what = WRONG[name]
    with pytest.raises(ValidationError) as caught:
        DUE.validate_python(given_words)
    (told,) = caught.value.errors()
    assert (told["loc"], what in told["msg"]) == (place, True), told


@pytest.mark.parametrize(
    ("due", "key", "offset", "corrected"),
    [
        ({"count": 2, "unit": "days", "before": "contract.strat"}, "before", 0, "contract.start"),
        ({"on": "contract.start", "at": "4pm"}, "at", 0, "16:00"),
        ({"on": "contract.start", "at": "25:00"}, "at", 0, ""),
        ({"last": "day", "of_month": "the moon"}, "of_month", 0, ""),
        ({"on": "2026-02-30"}, "on", 0, ""),
        ({"count": 123456, "unit": "days", "before": "signup"}, "count", 0, ""),
        ({"first": "monday", "on_or_after": "sign-up", "at": "9.30"}, "on_or_after", 0, "signup"),
        ({"rule": "2 days before contract.strat"}, "rule", 14, "2 days before contract.start"),
        ({"on": "signup", "fallback": "contract.strat"}, "fallback", 0, "on contract.start"),
        ("on contract.start at 4pm", "rule", 21, "on contract.start at 16:00"),
    ],
)
def test_a_mistake_stands_under_its_key_with_what_to_write_there(
    due: Any, key: str, offset: int, corrected: str
) -> None:
    told = {"tasklist": "x", "name": "X", "items": [item("one", due=due)]}
    made, findings = prepare(TaskList.model_validate(told), organisation())
    assert made is None
    (found,) = [finding for finding in findings if not finding.warning]
    assert found.path == ("items", 0, "due", key)
    assert (found.fault.offset, found.fault.corrected) == (offset, corrected)
