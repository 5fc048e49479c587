"""Dues by tables are those of `resolve_due`, moment for moment, or are left to it."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from typing import Literal

from whenever import Date, Instant, Time, Weekday

from engine.core.bulk_dues import AskedDue, Moment, Shelf
from engine.core.calendar import Calendar
from engine.core.due import Count, Due, DueRule, FirstWeekday, MonthEdge, On, When
from engine.core.due_told import skips_closed
from engine.core.errors import UserError
from engine.core.model import ClockChange
from engine.core.resolve import Anchor, resolve_due

ZONES = ("Europe/Madrid", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Kathmandu", "UTC")
ANCHORS = ("contract.start", "contract.cancellation", "signup")
FIRST, LAST = Date(2026, 1, 1), Date(2028, 12, 31)
CHANGE = ClockChange()
MONTHS: tuple[Literal["of", "before", "after"], ...] = ("of", "before", "after")


class Member:
    """Anchors as a coworker has them: two days and a moment."""

    def __init__(self, source: random.Random, zone: str) -> None:
        day = FIRST.add(days=source.randrange(1090))
        moment = Instant("2026-01-02T00:00:00Z").add(seconds=source.randrange(1090 * 86400))
        self.zone = zone
        end = None if source.random() < 0.1 else day.add(days=source.randint(0, 90))
        self.values: dict[str, Date | Instant | None] = dict(zip(ANCHORS, (day, end, moment), strict=True))

    def anchor(self, name: str) -> Date | Instant | None:
        return self.values[name]

    def ordinal(self, name: str) -> int | None:
        value = self.values[name]
        day = value.to_tz(self.zone).date() if isinstance(value, Instant) else value
        return None if day is None else day.to_stdlib().toordinal()

    def anchors(self, names: Collection[str]) -> Mapping[str, Anchor | None]:
        return {name: None if (value := self.values[name]) is None else Anchor(name, value, "") for name in names}


def _calendar(source: random.Random) -> Calendar:
    week = frozenset(source.sample(range(1, 8), source.randint(3, 7)))
    closed = {FIRST.add(days=source.randrange(1090)): "closed" for _ in range(source.randint(0, 60))}
    return Calendar("c", week, Time(source.randint(0, 9)), Time(source.randint(15, 23), 30), closed, (FIRST, LAST))


def _when(source: random.Random) -> When:
    side = source.choice(("before", "after"))
    return source.choice(
        (
            On(),
            Count(source.randint(0, 40), source.choice(("days", "weeks", "business days", "months", "hours")), side),
            FirstWeekday(source.choice(list(Weekday)), source.random() < 0.5),
            MonthEdge(source.choice(("first", "last")), source.random() < 0.5, source.choice(MONTHS)),
        )
    )


def _rule(source: random.Random) -> DueRule:
    clocks = (None, "opening", "closing", Time(2, 30), Time(0), Time(10), Time(23, 30))
    day = source.choice((*ANCHORS, FIRST.add(days=source.randrange(1090)), None))
    return DueRule(_when(source), day, source.choice(clocks))


def _due(source: random.Random) -> Due:
    def maybe() -> DueRule | None:
        return _rule(source) if source.random() < 0.15 else None

    roll = source.choice((None, "next", "previous", "nearest", "none"))
    return Due(_rule(source), roll, None, maybe(), maybe(), maybe())


def _plainly(due: Due, member: Member, calendar: Calendar, zone: str) -> object:
    anchors = member.anchors(ANCHORS)
    try:
        found = resolve_due(due, anchors=anchors, default_anchor=ANCHORS[0], zone=zone, calendar=calendar)
    except UserError as error:
        return type(error)  # its sentence is the plain way's, who knows all anchors
    return found.at, found.local.date(), skips_closed(found.steps)


def test_twelve_thousand_random_dues_are_those_of_the_plain_way() -> None:
    source = random.Random(20261124)
    tabled = 0
    for _ in range(60):
        calendar, zone = _calendar(source), source.choice(ZONES)
        shelf = Shelf(calendar, zone)
        for _ in range(20):
            due = _due(source)
            dues = shelf.dues(AskedDue(due, ANCHORS[0], CHANGE))
            for _ in range(10):
                member = Member(source, zone)
                expected = _plainly(due, member, calendar, zone)
                found: object
                try:
                    moment: Moment = dues.at(member)
                    tabled += dues.rule is not None
                    found = (moment.at, moment.day, moment.skips)
                    assert moment.wire == moment.at.format_iso()
                except UserError as error:
                    found = type(error)
                assert found == expected, (due, member.values, calendar, zone)
    assert tabled > 6_000  # most of them by tables, or this compares a thing with itself


def test_a_due_that_was_asked_for_is_remembered_by_the_day() -> None:
    shelf = Shelf(_calendar(random.Random(1)), "Europe/Madrid")
    dues = shelf.dues(AskedDue(Due(DueRule(Count(2, "days", "after"), "signup")), None, CHANGE))
    member, later = (Member(random.Random(number), "Europe/Madrid") for number in (1, 2))
    member.values["signup"] = Instant("2026-11-20T08:00:00Z")
    later.values["signup"] = Instant("2026-11-20T22:59:59Z")
    assert dues.at(member) is dues.at(later)
    later.values["signup"] = Instant("2026-11-20T23:00:00Z")  # midnight in Madrid
    assert dues.at(member) is not dues.at(later)


def test_a_calendar_of_centuries_is_not_put_into_a_table() -> None:
    calendar = Calendar("c", frozenset({1}), Time(9), Time(18), {}, (Date(2000, 1, 1), Date(2100, 1, 1)))
    dues = Shelf(calendar, "UTC").dues(AskedDue(Due(DueRule(On(), "contract.start")), None, CHANGE))
    member = Member(random.Random(3), "UTC")
    assert dues.rule is None
    assert dues.at(member).at == resolve_due(
        dues.due, anchors=member.anchors(ANCHORS), default_anchor=None, zone="UTC", calendar=calendar
    ).at
