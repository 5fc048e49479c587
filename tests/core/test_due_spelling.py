"""Usual other spellings: which line is offered, and when none is."""

from __future__ import annotations

import pytest

from engine.core.due import DueSyntax, parse_due

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

CORRECTED = {
    "2 working days before contract.start": "2 business days before contract.start",
    "2 workdays before contract.start at 9:00": "2 business days before contract.start at 09:00",
    "3 weekdays after signup": "3 business days after signup",
    "3 business-days after signup": "3 business days after signup",
    "2 working hours after signup": "2 business hours after signup",
    "the day before contract.start": "1 day before contract.start",
    "day before signup": "1 day before signup",
    "the day after signup at 4pm": "1 day after signup at 16:00",
    "same day": "on",
    "the same day as contract.start at 9.30": "on contract.start at 09:30",
    "on the day of contract.start": "on contract.start",
    "tomorrow at 10:00": "1 day after at 10:00",
    "next business day": "1 business day after",
    "on contract.start at 4:30 pm": "on contract.start at 16:30",
    "on contract.start at 12am": "on contract.start at 00:00",
    "on contract.start at 12 p.m.": "on contract.start at 12:00",
    "on contract.start at 16h30": "on contract.start at 16:30",
    "on contract.start at 0900": "on contract.start at 09:00",
    "on contract.start at 9": "on contract.start at 09:00",
    "on contract.start at 09:30:00": "on contract.start at 09:30",
    "on contract.start at noon": "on contract.start at 12:00",
    "on contract.start at midnight": "on contract.start at 00:00",
    "on contract.start at end of day": "on contract.start at closing",
    "on contract.start @ 10:00": "on contract.start at 10:00",
    "on contract.start 10:00": "on contract.start at 10:00",
    "at 10:00": "on at 10:00",
    "one day after signup": "1 day after signup",
    "A week after signup": "1 week after signup",
    "Two weeks prior to contract.start": "2 weeks before contract.start",
    "3 days following signup": "3 days after signup",
    "3 days from signup": "3 days after signup",
    "-3 days": "3 days before",
    "-3 days at 10:00": "3 days before at 10:00",
    "-3 days after contract.start": "3 days before contract.start",
    "+3 days": "3 days after",
    "contract.start - 3 days": "3 days before contract.start",
    "contract.start -3d": "3 days before contract.start",
    "contract.start + 2 weeks at 10:00": "2 weeks after contract.start at 10:00",
    "2026-12-24 + 3 days": "3 days after 2026-12-24",
    "in 3 days": "3 days after",
    "within 2 business days of signup": "2 business days after signup",
    "3 days": "3 days after",
    "1bd": "1 business day after",
    "2bd before contract.start at 9am": "2 business days before contract.start at 09:00",
    "3d after signup": "3 days after signup",
    "3weeks after signup": "3 weeks after signup",
    "5 minuts after signup": "5 minutes after signup",
    "1 week befor contract.start": "1 week before contract.start",
    "1 year after contract.start": "12 months after contract.start",
    "1 day before contract_start": "1 day before contract.start",
    "1 day before contract start at 10:00": "1 day before contract.start at 10:00",
    "1 day before the contract.start": "1 day before contract.start",
    "1 day before contract.strat": "1 day before contract.start",
    "1 day before inputs.moveout": "1 day before inputs.move_out",
    "1 day before move_out": "1 day before inputs.move_out",
    "on StartDate": "on contract.start",
    "start": "on contract.start",
    "on start date": "on contract.start",
    "on CancellationDate": "on contract.cancellation",
    "on RegistrationDate": "on signup",
    "on sign-up": "on signup",
    "on 2026/12/24": "on 2026-12-24",
    "on 2026-1-5": "on 2026-01-05",
    "on first business day of the month of contract.start": "first business day of the month of contract.start",
    "on first business day of month": "first business day of the month",
    "last working day of the month at 4pm": "last business day of the month at 16:00",
    "end of the month": "last day of the month",
    "last business day of the month of the contract start": "last business day of the month of contract.start",
    "the last working day of the month of contract.cancellation at 4pm": (
        "last business day of the month of contract.cancellation at 16:00"
    ),
    "first day of next month after contract.start": "first day of the month after contract.start",
    "first working day after contract.start": "1 business day after contract.start",
    "first business day on or after contract.start": "0 business days after contract.start",
    "last business day before contract.start": "1 business day before contract.start",
    "next monday after signup": "first Monday after signup",
    "the Monday after signup": "first Monday after signup",
    "first thurs after signup": "first Thursday after signup",
    "first Wendesday after signup": "first Wednesday after signup",
    "first monday following signup": "first Monday after signup",
}


@pytest.mark.parametrize("text", CORRECTED)
def test_a_usual_other_spelling_is_refused_with_the_corrected_rule(text: str) -> None:
    with pytest.raises(DueSyntax) as caught:
        parse_due(text, ANCHORS)
    assert caught.value.corrected == CORRECTED[text]
    assert str(parse_due(caught.value.corrected, ANCHORS)) == caught.value.corrected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "whenever you like",
        "3",
        "3 m after signup",
        "-3 days before contract.start",
        "following contract.start",
        "1.5 days after signup",
        "3 days after signup and 2 hours",
        "3 days sideways contract.start",
        "last friday before contract.start",
        "on 24/12/2026",
        "on 04/05/2026",
        "on 2026-02-30",
        "on contract.start at 24:00",
        "on contract.start at 25:00",
        "on contract.start at 13pm",
        "on contract.start at 10:00 sharp",
        "123456 days after signup",
        "٣ days after signup",
        "1 day before nothing.known",
    ],
)
def test_what_could_mean_two_things_is_refused_without_a_guess(text: str) -> None:
    with pytest.raises(DueSyntax) as caught:
        parse_due(text, ANCHORS)
    assert caught.value.corrected == ""
