"""What operators write under "when" and "who"; a rule that comes out is always one of ours."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.authoring.folder import Folder
from engine.authoring.importing.persons import read_person
from engine.authoring.importing.times import read_time
from engine.core.due import parse_due
from engine.core.words import ANCHORS

SHIPPED = Folder(Path(__file__).parents[2] / "tasklists", "tasklists")

CLEAR = {
    "3 days before start": "3 days before contract.start",
    "-3": "3 days before contract.start",
    "T-5": "5 days before contract.start",
    "D+7": "7 days after contract.start",
    "Day 1": "on contract.start",
    "same day": "on contract.start",
    "On arrival": "on contract.start",
    "day of move-in": "on contract.start",
    "48h after sign-up": "48 hours after signup",
    "15 min after signup": "15 minutes after signup",
    "2 weeks prior to move-in": "2 weeks before contract.start",
    "One week before arrival at 10am": "1 week before contract.start at 10:00",
    "the day before": "1 day before contract.start",
    "day before move-out": "1 day before membership.end",
    "5 working days before start date by 4pm": "5 business days before contract.start at 16:00",
    "first Monday after start": "first Monday after contract.start",
    "1 month after joining": "1 month after contract.start",
    "last business day of the month": "last business day of the month of contract.start",
    "on the last day at 16:00": "on membership.end at 16:00",
    "contract.start at 09:00": "on contract.start at 09:00",
    "2 business days before contract.start": "2 business days before contract.start",
    "move out": "on membership.end",
}

GUESSED = {
    "Day 5": "4 days after contract.start",
    "Week 2": "1 week after contract.start",
    "first week": "first Friday on or after contract.start",
    "before arrival": "1 business day before contract.start",
    "Within 24 hours": "24 hours after contract.start",
    "within 30 days of move-out": "30 days after membership.end",
    "30": "30 days after contract.start",
    "Monday": "first Monday after contract.start",
    "ASAP": "on signup",
    "EOD": "on contract.start at closing",
}

NOT_SAID = ("monthly", "every Friday", "2026-12-01", "12/01/2026", "next full moon", "tbd", "soon")


def _read(text: str):
    return read_time(text, anchor="contract.start", anchors=ANCHORS)


@pytest.mark.parametrize("text", CLEAR)
def test_a_clear_time_becomes_its_rule_without_a_note(text: str):
    found = _read(text)
    assert (str(parse_due(found.rule, ANCHORS)), found.notes) == (CLEAR[text], ())


@pytest.mark.parametrize("text", GUESSED)
def test_a_guessed_time_says_what_was_guessed(text: str):
    found = _read(text)
    assert str(parse_due(found.rule, ANCHORS)) == GUESSED[text]
    assert found.notes


@pytest.mark.parametrize("text", NOT_SAID)
def test_a_time_that_nobody_can_tell_gives_no_due_and_a_note(text: str):
    found = _read(text)
    assert found.rule == ""
    assert found.notes


SAMPLES = (
    "1 2 30 -3 +7 day days week weeks business working before after prior to start arrival move-in first last monday "
    "at 10am 9:30 within by the of month end on T D hours h , . ( ) / eod noon"
)
WORDS = st.sampled_from(SAMPLES.split())


@settings(derandomize=True, max_examples=600, deadline=None)
@given(st.one_of(st.lists(WORDS, max_size=7).map(" ".join), st.text(max_size=40)))
def test_whatever_is_written_a_rule_parses_and_what_gives_none_says_so(text: str):
    found = _read(text)
    if found.rule:
        parse_due(found.rule, ANCHORS)
    else:
        assert found.notes or not text.split()


@pytest.mark.parametrize(
    ("text", "responsible", "has_note"),
    [
        ("Front Desk", "front-desk", False),
        ("Reception", "front-desk", True),
        ("community", "community-manager", True),
        ("ana@acme.example", "ana@acme.example", True),
        ("fay@acme.example", "finance", True),
        ("Host / Ana", "host", True),
        ("the member", "", True),
        ("Automatic", "", True),
        ("Facilities", "facilities", True),
        ("communty-manager", "community-manager", True),
        ("???", "", True),
        ("", "", False),
    ],
)
def test_a_person_becomes_a_role_that_there_is_or_a_note(text: str, responsible: str, has_note: bool):
    found = read_person(text, SHIPPED.organisation().model)
    assert (found.responsible, bool(found.notes)) == (responsible, has_note)
