"""Random rules, days and calendars: a due lies within the span that the warnings count with. Shipped lists are sound.

The calendars close for up to two months at a time, as the spans allow.
"""

from __future__ import annotations

import random
from itertools import combinations
from pathlib import Path

import pytest
from whenever import Date, Time

from engine.authoring.check import check_folder
from engine.authoring.folder import Folder
from engine.core.anchors import Anchor
from engine.core.calendar import Calendar
from engine.core.due import Roll, parse_due
from engine.core.lint_spans import rolled, span_of
from engine.core.resolve import resolve, resolve_day

ROOT = Path(__file__).parents[2]
ANCHORS = ("contract.start", "membership.end")
FIRST, LAST = Date(2000, 1, 1), Date(2060, 12, 31)
ROLLS: tuple[Roll | None, ...] = (None, "next", "previous", "nearest", "none")


def _rule(at: random.Random) -> str:
    day = at.choice(ANCHORS)
    weekday = at.choice(["monday", "wednesday", "sunday"])
    number = at.choice([0, 1, 1, 2, 3, 5, 14, 40])
    unit = at.choice(["days", "business days", "weeks", "months", "hours", "minutes"])
    edge = at.choice(["day", "business day"])
    return at.choice(
        [
            f"on {day}",
            f"{number} {unit} {at.choice(['before', 'after'])} {day}",
            f"{number} {unit} {at.choice(['before', 'after'])} {day}",
            f"first {weekday} {at.choice(['after', 'on or after'])} {day}",
            f"{at.choice(['first', 'last'])} {edge} of the month {at.choice(['of', 'before', 'after'])} {day}",
        ]
    )


def _calendar(at: random.Random) -> Calendar:
    closed: dict[Date, str] = {}
    day = FIRST
    while day < LAST.subtract(days=100):
        day = day.add(days=at.randint(30, 400))
        closed |= {day.add(days=more): "closed" for more in range(at.choice([1, 1, 3, 10, 40]))}
    week = frozenset(at.sample(range(1, 8), at.randint(3, 7)))
    return Calendar("c", week, Time(9), Time(18), closed, (FIRST, LAST))


@pytest.mark.parametrize("seed", range(6))
def test_every_due_lies_within_its_span(seed: int) -> None:
    at = random.Random(seed)
    for _ in range(12):
        calendar = _calendar(at)
        for _ in range(40):
            rule = parse_due(_rule(at), ANCHORS)
            name = str(rule.day)
            day = Date(2020, 1, 1).add(days=at.randint(0, 3_000))
            told = {name: Anchor(name, day, "given")}
            plain = resolve_day(rule, anchors=told, default_anchor=None, zone="Europe/Madrid", calendar=calendar)
            span = span_of(rule)
            assert span.low <= plain.day.since(day, total="days") <= span.high, (str(rule), day, plain)
            roll = at.choice(ROLLS)
            due = resolve(
                rule, anchors=told, default_anchor=None, zone="Europe/Madrid", calendar=calendar, roll=roll
            )
            wide = rolled(span, rule, roll, name)
            assert wide.low <= due.local.date().since(day, total="days") <= wide.high, (str(rule), roll, day, due)


@pytest.mark.parametrize("folder", ["tasklists", "tests/checklists"])
def test_nothing_but_lost_deliveries_is_said_of_sound_lists(folder: str) -> None:
    found = check_folder(Folder(ROOT / folder, folder))
    assert len(found.lists) > 4
    assert [str(one) for one in found.problems if one.code != "not-swept"] == []


def test_warnings_of_a_list_do_not_hang_on_the_lists_that_are_checked_with_it() -> None:
    folder = Folder(ROOT / "tests/checklists", "tests/checklists")
    every = check_folder(folder).of_list
    for one, other in list(combinations(folder.lists(), 2))[::40]:
        pair = check_folder(folder, [one, other]).of_list
        assert (pair[one], pair[other]) == (every[one], every[other])
