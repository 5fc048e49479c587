"""The grammar of due rules: what is read, what is refused, and which line is offered instead."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whenever import Date, Time, Weekday

from engine.core.due import UNITS, Count, Due, DueRule, DueSyntax, FirstWeekday, MonthEdge, On, parse_due

ANCHORS = (
    "signup",
    "contract.start",
    "contract.renewal",
    "contract.term_end",
    "contract.cancellation",
    "membership.start",
    "membership.end",
    "event",
    "inputs.move_out",
)

READ = {
    "on contract.start": DueRule(On(), "contract.start"),
    "contract.start at 09:00": DueRule(On(), "contract.start", Time(9)),
    "on": DueRule(On()),
    "on at closing": DueRule(On(), None, "closing"),
    "2026-12-24": DueRule(On(), Date(2026, 12, 24)),
    "on 2028-02-29 at opening": DueRule(On(), Date(2028, 2, 29), "opening"),
    "30 days after": DueRule(Count(30, "days", "after")),
    "1 business day before contract.start at 10:00": DueRule(
        Count(1, "business days", "before"), "contract.start", Time(10)
    ),
    "0 minutes after event": DueRule(Count(0, "minutes", "after"), "event"),
    "2 hours before inputs.move_out": DueRule(Count(2, "hours", "before"), "inputs.move_out"),
    "99999 weeks after signup": DueRule(Count(99999, "weeks", "after"), "signup"),
    "4 business hours after signup": DueRule(Count(4, "business hours", "after"), "signup"),
    "1 month before membership.end": DueRule(Count(1, "months", "before"), "membership.end"),
    "first monday after signup": DueRule(FirstWeekday(Weekday.MONDAY, or_on=False), "signup"),
    "first Sunday on or after 2026-12-01": DueRule(FirstWeekday(Weekday.SUNDAY, or_on=True), Date(2026, 12, 1)),
    "first friday on or after": DueRule(FirstWeekday(Weekday.FRIDAY, or_on=True)),
    "last business day of the month of contract.term_end at 16:00": DueRule(
        MonthEdge("last", business=True, month="of"), "contract.term_end", Time(16)
    ),
    "first day of the month after signup": DueRule(MonthEdge("first", business=False, month="after"), "signup"),
    "last business day of the month": DueRule(MonthEdge("last", business=True, month="of")),
    "first day of the month of at 09:00": DueRule(MonthEdge("first", business=False, month="of"), None, Time(9)),
    "last day of the month at closing": DueRule(MonthEdge("last", business=False, month="of"), None, "closing"),
    "2 days before anchor at 10:00": DueRule(Count(2, "days", "before"), None, Time(10)),
    "anchor": DueRule(On()),
    "last business day of the month after Anchor": DueRule(MonthEdge("last", business=True, month="after")),
    "last day of the month before": DueRule(MonthEdge("last", business=False, month="before")),
    "  1  BUSINESS\tDay Before Contract.START  AT  00:00 ": DueRule(
        Count(1, "business days", "before"), "contract.start", Time(0)
    ),
}


@pytest.mark.parametrize("text", READ)
def test_a_rule_is_read(text: str) -> None:
    assert parse_due(text, ANCHORS) == READ[text]


@pytest.mark.parametrize(("unit", "number"), [(unit, number) for unit in UNITS for number in (0, 1, 2)])
def test_units_may_be_singular_or_plural(unit: str, number: int) -> None:
    rules = {parse_due(f"{number} {word} after", ANCHORS) for word in (unit, unit.removesuffix("s"))}
    assert [rule.when for rule in rules] == [Count(number, unit, "after")]  # type: ignore[arg-type]


ALL = "contract.cancellation, contract.renewal, contract.start, contract.term_end, event, inputs.move_out, "
ALL += "membership.end, membership.start, signup, YYYY-MM-DD"
MESSAGES = {
    "2 working days before signup": (
        "unknown unit, found 'working', "
        "allowed: minutes, business hours, hours, days, business days, weeks, months, "
        "write: 2 business days before signup"
    ),
    "1 day before contract_start": (
        f"unknown anchor, found 'contract_start', allowed: {ALL}, "
        "nearest: contract.start, write: 1 day before contract.start"
    ),
    "1 day before the moon": f"unknown anchor, found 'the moon', allowed: {ALL}",
    "on signup at 4pm": (
        "not a time of day, found '4pm', allowed: HH:MM from 00:00 to 23:59, opening, closing, "
        "write: on signup at 16:00"
    ),
    "on signup at": "not a time of day, found nothing, allowed: HH:MM from 00:00 to 23:59, opening, closing",
    "on 2026-02-30": ("there is no such day, found '2026-02-30', allowed: a day that the calendar has, as YYYY-MM-DD"),
    "123456 days after": "the number is too large, found '123456', allowed: 0 to 99999",
    "3 days sideways": "a count goes one way, found 'sideways', allowed: before, after",
    "on signup at 10:00 sharp": ("a due rule ends with its time, found 'sharp', allowed: nothing more"),
    "": (
        "a due rule has no words, found nothing, allowed: on DAY, N UNIT before|after DAY, "
        "first WEEKDAY after|on or after DAY, first|last [business] day of the month of|before|after DAY"
    ),
}


@pytest.mark.parametrize("text", MESSAGES)
def test_a_refusal_says_what_was_found_what_is_allowed_and_what_to_write(text: str) -> None:
    with pytest.raises(DueSyntax) as caught:
        parse_due(text, ANCHORS)
    assert str(caught.value) == MESSAGES[text]


@pytest.mark.parametrize(
    ("text", "pointed"),
    [
        ("2 working days before signup", "working"),
        ("  1 day before   contract  start  at 10:00", "contract  start"),
        ("on signup at 4:30 pm", "4:30 pm"),
        ("first  mon after signup", "mon"),
        ("on signup at", ""),
    ],
)
def test_the_place_points_at_the_words_found(text: str, pointed: str) -> None:
    with pytest.raises(DueSyntax) as caught:
        parse_due(text, ANCHORS)
    error = caught.value
    assert text[error.offset : error.offset + error.length] == error.found == pointed


def test_two_anchors_that_differ_in_case_only_are_not_guessed_between() -> None:
    both = ("inputs.Day", "inputs.day")
    assert parse_due("on inputs.Day", both).day == "inputs.Day"
    with pytest.raises(DueSyntax):
        parse_due("on inputs.DAY", both)


def test_an_error_is_no_user_error_so_that_a_file_reader_must_place_it() -> None:
    assert issubclass(DueSyntax, ValueError)


def test_a_rule_names_its_anchors() -> None:
    assert parse_due("1 day after signup", ANCHORS).anchors() == {"signup"}
    assert parse_due("1 day after", ANCHORS).anchors() == frozenset()
    assert parse_due("on 2026-12-24", ANCHORS).anchors() == frozenset()


def test_a_due_names_the_anchors_of_all_its_rules() -> None:
    rules = [parse_due(text, ANCHORS) for text in ("30 days after", "on event", "on signup", "contract.start")]
    due = Due(rules[0], fallback=rules[1], not_before=rules[2], not_after=rules[3])
    assert due.anchors() == {"event", "signup", "contract.start"}
    assert len({due, due}) == 1


COUNTS = st.builds(Count, st.integers(0, 99999), st.sampled_from(UNITS), st.sampled_from(["before", "after"]))
EDGES = st.builds(
    MonthEdge, st.sampled_from(["first", "last"]), st.booleans(), st.sampled_from(["of", "before", "after"])
)
WHENS = st.one_of(st.just(On()), COUNTS, EDGES, st.builds(FirstWeekday, st.sampled_from(Weekday), st.booleans()))
DAYS = st.one_of(st.none(), st.sampled_from(ANCHORS), st.dates().map(Date))
CLOCKS = st.one_of(
    st.none(),
    st.sampled_from(["opening", "closing"]),
    st.builds(Time, st.integers(0, 23), st.integers(0, 59)),
)
RULES = st.builds(DueRule, WHENS, DAYS, CLOCKS)


@settings(derandomize=True, deadline=None, max_examples=500)
@given(RULES, st.booleans())
def test_the_canonical_text_parses_back_to_the_same_rule(rule: DueRule, shout: bool) -> None:
    text = str(rule)
    assert parse_due(text.upper() if shout else text, ANCHORS) == rule
    assert hash(parse_due(text, ANCHORS)) == hash(rule)


WORDS = "on at before after first last business day days of the month 3 -2 1bd contract.start start monday 4pm"
WORDS += " 10:00 2026-12-24 working or @ + the same next 99999 ( \u00a0 opening"


@settings(derandomize=True, deadline=None, max_examples=500)
@given(st.one_of(st.text(max_size=40), st.lists(st.sampled_from(WORDS.split(" ")), max_size=8).map(" ".join)))
def test_any_text_is_a_rule_or_an_error_whose_correction_is_a_rule(text: str) -> None:
    rule = parsed(text)
    if isinstance(rule, DueSyntax):
        assert text[rule.offset : rule.offset + rule.length] == rule.found
        assert not rule.corrected or str(parse_due(rule.corrected, ANCHORS)) == rule.corrected
    else:
        assert parse_due(str(rule), ANCHORS) == rule


def parsed(text: str) -> DueRule | DueSyntax:
    try:
        return parse_due(text, ANCHORS)
    except DueSyntax as error:
        return error
