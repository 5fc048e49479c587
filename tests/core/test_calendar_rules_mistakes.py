"""Mistakes in a calendar of organisation.yaml: each with its key, one sentence, and what to write instead."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError
from test_calendar_rules import rules


def refusal(**keys: Any) -> tuple[tuple[Any, ...], str, str]:
    """Where the one mistake is, what is said of it, and what is written instead (or the nearest, or allowed)."""
    with pytest.raises(ValidationError) as caught:
        rules(**keys)
    (detail,) = caught.value.errors(include_url=False)
    told = detail["ctx"]
    return detail["loc"], told["what"], told.get("corrected") or told.get("nearest") or told.get("allowed") or ""


@pytest.mark.parametrize(
    ("keys", "path", "what", "instead"),
    [
        (
            {"hours": "09:00-13:00, 12:00-18:00"},
            ("hours",),
            "the hours 09:00-13:00 and 12:00-18:00 overlap",
            "09:00-18:00",
        ),
        ({"hours": "9-18"}, ("hours",), "a time of day is HH:MM", "09:00-18:00"),
        ({"hours": "9am-5pm"}, ("hours",), "a time of day is HH:MM", "09:00-17:00"),
        ({"hours": "09:00-24:00"}, ("hours",), "a time of day is HH:MM, 00:00 to 23:59", ""),
        ({"hours": "9:00-18.00"}, ("hours",), "a time of day is HH:MM", "09:00-18:00"),
        ({"hours": "18:00-09:00"}, ("hours",), "hours open before they close, on one day", "HH:MM-HH:MM"),
        (
            {"hours": ["09:00-13:00", "14:00-18:00"]},
            ("hours",),
            "hours with breaks stand in one text",
            "09:00-13:00, 14:00-18:00",
        ),
        ({"hours": {"mon-fri": "09:00-18:00", "fri": "09:00-14:00"}}, ("hours",), "fri has its hours twice", ""),
        ({"hours": {"mon": "9:00-18:00"}}, ("hours", "mon"), "a time of day is HH:MM", "09:00-18:00"),
        (
            {"hours": {"mno": "09:00-18:00"}},
            ("hours", "mno", "[key]"),
            "working days are weekdays or spans of them",
            "mon",
        ),
        ({"hours": {}}, ("hours",), "hours by weekday name a weekday", "{mon-thu: 09:00-18:00, fri: 09:00-14:00}"),
        (
            {"closed": ["Dec 24 yearly"]},
            ("closed", 0),
            "a closure of every year is a day and its month, then yearly",
            "24 Dec yearly",
        ),
        (
            {"closed": ["every 24 Dec"]},
            ("closed", 0),
            "a closure of every year is a day and its month, then yearly",
            "24 Dec yearly",
        ),
        (
            {"closed": ["24 Dec"]},
            ("closed", 0),
            "this day has no year: write YYYY-MM-DD, or yearly after it",
            "24 Dec yearly",
        ),
        (
            {"closed": ["24th of December yearly"]},
            ("closed", 0),
            "a closure of every year is a day and its month, then yearly",
            "24 Dec yearly",
        ),
        (
            {"closed": ["2026-12-24", "2026-12-24 - 2026-12-26"]},
            ("closed", 1),
            "a span of days is written with to",
            "2026-12-24 to 2026-12-26",
        ),
        ({"closed": ["31 Feb yearly"]}, ("closed", 0), "there is no such day", ""),
        ({"closed": ["24 Decembre yearly"]}, ("closed", 0), "this is no month", "December"),
        ({"closed": ["2026-02-30"]}, ("closed", 0), "there is no such day", ""),
        (
            {"closed": ["2026-12-26 to 2026-12-24"]},
            ("closed", 0),
            "a closure runs from its first day to its last, a year at most",
            "",
        ),
        (
            {"closed": [{"day": "2026-12-24", "nme": "x"}]},
            ("closed", 0),
            "a closure in this form has a day (or days) and a name",
            "day, days, name",
        ),
        (
            {"covers": "2027-12-31 to 2025-01-01"},
            ("covers",),
            "covers ends before it starts",
            "2025-01-01 to 2027-12-31",
        ),
        ({"covers": "2025-01-01 - 2027-12-31"}, ("covers",), "covers is a span of days", "2025-01-01 to 2027-12-31"),
        ({"covers": "1000-01-01 to 2027-12-31"}, ("covers",), "covers spans 400 years at most", ""),
        (
            {"ics": "https://acme.example/c.ics"},
            ("ics",),
            "a calendar is not read from the network: save it as a file in this folder",
            "a file's name such as closures.ics",
        ),
        ({"ics": "../closures.ics"}, ("ics",), "a calendar file stands in this folder", "its name, without a path"),
        ({"ics": "closures.txt"}, ("ics",), "a calendar file's name ends with .ics", ""),
    ],
)
def test_a_mistake_is_told_where_it_stands(
    keys: dict[str, Any], path: tuple[Any, ...], what: str, instead: str
) -> None:
    assert refusal(**keys) == (path, what, instead)
