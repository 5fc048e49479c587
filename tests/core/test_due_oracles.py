"""100,000 due dates against two judges that share no line with us: numpy counts the days, PostgreSQL knows the zones.

numpy's busday_offset says which day a rule means, by working week and closed days. PostgreSQL says which moment a local
time is: each direction in one query over all cases. A local time that a clock change leaves out, or that happens
twice, is read there in PostgreSQL's own way, which is not ours. So it is only asked for what has one answer, the local
time of a moment: the offsets of a day before and a day after give two candidates, those that show the wanted time on
the local clock are its moments, and with none of them the time is left out. Our rules then say which one is meant.

The usual run takes about a tenth of the cases; TASKLISTS_LONG=1 takes all.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any, Literal

import numpy as np
import psycopg
import pytest
from postgres_given import fresh_database
from whenever import Date, Instant, Time

from engine.core.calendar import Calendar
from engine.core.due import Due, Roll, parse_due
from engine.core.errors import UserError
from engine.core.model import ClockChange
from engine.core.moments import ClockChanged
from engine.core.resolve import Anchor, ResolvedDue, resolve_due

LONG = os.environ.get("TASKLISTS_LONG") == "1"
FIRST, LAST = date(2021, 1, 1), date(2031, 1, 1)
ZONES = (
    *("Europe/Madrid", "Europe/London", "Europe/Dublin", "Europe/Lisbon", "Europe/Athens", "Europe/Moscow"),
    *("Europe/Istanbul", "Europe/Warsaw", "Atlantic/Azores", "Atlantic/Reykjavik", "Africa/Cairo", "Africa/Lagos"),
    *("Africa/Casablanca", "Africa/Johannesburg", "Africa/Nairobi", "Asia/Jerusalem", "Asia/Beirut", "Asia/Dubai"),
    *("Asia/Tehran", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Singapore", "Asia/Tokyo", "Asia/Shanghai"),
    *("Australia/Sydney", "Australia/Adelaide", "Australia/Lord_Howe", "Australia/Perth", "Pacific/Auckland"),
    *("Pacific/Chatham", "Pacific/Kiritimati", "Pacific/Honolulu", "America/New_York", "America/Los_Angeles"),
    *("America/St_Johns", "America/Havana", "America/Sao_Paulo", "America/Santiago", "America/Phoenix", "UTC"),
)
WEEKS = ("1111100", "1111110", "0111110", "1111001", "1010100", "1111111")
"""Monday to Sunday, 1 is open: as numpy takes a week."""

ANCHORS = ("contract.start", "contract.cancellation", "signup")
UNITS = ("business days", "days", "weeks", "months")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
Day = Any
"""A numpy datetime64[D]."""


@dataclass(frozen=True)
class Week:
    """One calendar, as numpy has it and as we do."""

    judge: np.busdaycalendar
    ours: Calendar


@dataclass(frozen=True)
class Case:
    """A rule and the day or moment that it counts from; `wall` is the local time that it must come to."""

    text: str
    anchor: str
    value: Date | Instant
    zone: str
    week: int
    roll: Roll | None
    wall: datetime


@cache
def week(number: int) -> Week:
    """The calendar of a working week with closed days drawn for it, some of them on weekends."""
    source = random.Random(f"week {number}")
    span = (date(2036, 1, 1) - date(2015, 1, 1)).days
    closed = {date(2015, 1, 1) + timedelta(days=source.randrange(span)) for _ in range(300)}
    closed |= {date(year, 12, 24) + timedelta(days=day) for year in range(2015, 2036) for day in range(9)}
    working = frozenset(at for at, sign in enumerate(WEEKS[number], 1) if sign == "1")
    covers = (Date(2012, 1, 1), Date(2039, 12, 31))
    days = {Date(day): "closed" for day in closed}
    ours = Calendar(f"week {number}", working, Time(8, 30), Time(17, 45), days, covers)
    return Week(np.busdaycalendar(WEEKS[number], sorted(closed)), ours)


def offset(day: Day, number: int, roll: Literal["forward", "backward"], judge: np.busdaycalendar) -> Day:
    return np.busday_offset(day, number, roll=roll, busdaycal=judge)


def rolled(day: Day, roll: Roll | None, natural: str, judge: np.busdaycalendar) -> Day:
    """Where a day that need not be open ends; `natural` is the rule's own way."""
    if roll == "none":
        return day
    ahead, back = offset(day, 0, "forward", judge), offset(day, 0, "backward", judge)
    if roll == "nearest" and ahead - day != day - back:
        return ahead if ahead - day < day - back else back
    way = natural if roll in {None, "nearest"} else roll
    return ahead if way == "next" else back


def drawn_rule(source: random.Random, day: Day, roll: Roll | None, judge: np.busdaycalendar) -> tuple[str, Day]:
    """A rule without its day and time, and the day that numpy says it means; `day` is what it counts from."""
    kind = source.choice(["count", "count", "count", "weekday", "edge"])
    if kind == "count":
        return _count(source, day, roll, judge)
    if kind == "weekday":
        number, or_on = source.randrange(7), source.random() < 0.5
        only = np.busdaycalendar("0" * number + "1" + "0" * (6 - number))
        found = offset(day if or_on else day + 1, 0, "forward", only)
        text = f"first {WEEKDAYS[number]} {'on or after' if or_on else 'after'}"
        return text, rolled(found, roll, "next", judge)
    edge, month = source.choice(["first", "last"]), source.choice(["of", "before", "after"])
    business = source.random() < 0.5
    whole = day.astype("M8[M]") + {"of": 0, "before": -1, "after": 1}[month]
    found = whole.astype("M8[D]") if edge == "first" else (whole + 1).astype("M8[D]") - 1
    natural = "next" if edge == "first" else "previous"
    text = f"{edge} {'business ' if business else ''}day of the month {month}"
    return text, rolled(found, None if business else roll, natural, judge)


def _count(source: random.Random, day: Day, roll: Roll | None, judge: np.busdaycalendar) -> tuple[str, Day]:
    unit, side = source.choice(UNITS), source.choice(["before", "after"])
    number = source.choice([0, 1, 1, 2, 3, 5, source.randrange(60), source.randrange(30 if unit == "months" else 250)])
    text, signed = f"{number} {unit} {side}", number if side == "after" else -number
    natural = "next" if side == "after" else "previous"
    if unit == "business days":
        if not number:
            return text, rolled(day, roll, natural, judge)
        return text, offset(day, signed, "backward" if side == "after" else "forward", judge)
    if unit != "months":
        return text, rolled(day + signed * (7 if unit == "weeks" else 1), roll, natural, judge)
    month = day.astype("M8[M]") + signed
    last = (month + 1).astype("M8[D]") - 1
    in_month = (day - day.astype("M8[M]").astype("M8[D]")).astype(int)
    return text, rolled(min(month.astype("M8[D]") + in_month, last), roll, natural, judge)


def drawn(source: random.Random, zone: str, moment: datetime, local: date) -> Case:
    """A case that counts from a moment (UTC), which is the day `local` in the zone, or from that day itself."""
    number = source.randrange(len(WEEKS))
    one = week(number)
    day = np.datetime64(local, "D")
    anchor = source.choice(ANCHORS)
    roll: Roll | None = source.choice([None, None, "next", "previous", "nearest", "none"])
    if source.random() < 0.1:
        text, found = "on", rolled(day, roll, "previous" if anchor == "contract.cancellation" else "next", one.judge)
    else:
        text, found = drawn_rule(source, day, roll, one.judge)
    at, clock = source.choice(
        [("", time(8, 30)), ("opening", time(8, 30)), ("closing", time(17, 45)), *[_drawn_time(source)] * 5]
    )
    wall = datetime.combine(found.astype(date), clock)
    value = Instant(moment) if anchor == "signup" else Date(local)
    return Case(f"{text} {anchor}{f' at {at}' if at else ''}", anchor, value, zone, number, roll, wall)


def _drawn_time(source: random.Random) -> tuple[str, time]:
    clock = time(source.randrange(24), source.randrange(60))
    return f"{clock:%H:%M}", clock


def ask(url: str, query: str, *columns: list[Any]) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        connection.execute("SET TIME ZONE 'UTC'")
        return connection.execute(query.encode(), columns).fetchall()


LOCAL_DAYS = """
SELECT (one.at AT TIME ZONE one.zone)::date
  FROM unnest(%s::timestamptz[], %s::text[]) WITH ORDINALITY AS one(at, zone, place) ORDER BY place
"""
MOMENTS = """
WITH given AS (
  SELECT * FROM unnest(%s::timestamp[], %s::text[]) WITH ORDINALITY AS one(wall, zone, place)
), sides AS (
  SELECT *,
    ((wall - interval '1 day') AT TIME ZONE 'UTC') AT TIME ZONE zone - (wall - interval '1 day') AS before,
    ((wall + interval '1 day') AT TIME ZONE 'UTC') AT TIME ZONE zone - (wall + interval '1 day') AS after
  FROM given
), candidates AS (
  SELECT *, (wall - before) AT TIME ZONE 'UTC' AS one, (wall - after) AT TIME ZONE 'UTC' AS other FROM sides
)
SELECT one, other, one AT TIME ZONE zone = wall, other AT TIME ZONE zone = wall, wall AT TIME ZONE zone
  FROM candidates ORDER BY place
"""
CHANGES = """
WITH days AS (
  SELECT zone, day, day AT TIME ZONE zone - day AT TIME ZONE 'UTC' AS shift
    FROM unnest(%s::text[]) AS zone, generate_series(%s::timestamptz, %s::timestamptz, interval '1 day') AS day
), near AS (
  SELECT zone, day FROM (
    SELECT *, lead(shift) OVER (PARTITION BY zone ORDER BY day) AS then_shift FROM days
  ) AS found WHERE shift <> then_shift
), quarters AS (
  SELECT zone, at, at AT TIME ZONE zone - at AT TIME ZONE 'UTC' AS shift,
    lead(at AT TIME ZONE zone - at AT TIME ZONE 'UTC') OVER (PARTITION BY zone, day ORDER BY at) AS then_shift
    FROM near, generate_series(day, day + interval '1 day', interval '15 minutes') AS at
)
SELECT zone, (at + interval '15 minutes') AT TIME ZONE 'UTC', shift, then_shift
  FROM quarters WHERE shift <> then_shift ORDER BY zone, at
"""


@dataclass(frozen=True)
class Judged:
    """The moments that a local time has: two where it happens twice, none where it is left out."""

    moments: tuple[datetime, ...]
    around: tuple[datetime, datetime]
    """By the offset before and by that after, whether or not the clock shows the time then."""


def judged(url: str, walls: list[tuple[datetime, str]]) -> list[Judged]:
    found = []
    for one, other, is_one, is_other, own in ask(url, MOMENTS, [w for w, _ in walls], [z for _, z in walls]):
        moments = tuple(sorted({*([one] if is_one else []), *([other] if is_other else [])}))
        if len(moments) == 1:
            assert own == moments[0], "PostgreSQL's own reading of a time that happens once"
        found.append(Judged(moments, (one, other)))
    return found


def wanted(judge: Judged, change: ClockChange) -> datetime | None:
    """The moment that our rules mean, None when they refuse the time."""
    if len(judge.moments) == 1:
        return judge.moments[0]
    if not judge.moments:
        by_before, by_after = judge.around
        return {"later": max(by_before, by_after), "earlier": min(by_before, by_after)}.get(change.gap)
    return {"earlier": judge.moments[0], "later": judge.moments[1]}.get(change.overlap)


def due_of(case: Case, change: ClockChange) -> ResolvedDue:
    return resolve_due(
        Due(parse_due(case.text, ANCHORS), case.roll),
        anchors={case.anchor: Anchor(case.anchor, case.value, "drawn")},
        default_anchor=None,
        zone=case.zone,
        calendar=week(case.week).ours,
        clock_change=change,
    )


def ours(case: Case, change: ClockChange) -> datetime | None:
    try:
        return due_of(case, change).at.to_stdlib()
    except ClockChanged:
        return None


def drawn_cases(url: str, count: int) -> list[Case]:
    source = random.Random(20261124)
    span = int((LAST - FIRST).total_seconds())
    begin = datetime(FIRST.year, 1, 1, tzinfo=UTC)
    starts = [(begin + timedelta(seconds=source.randrange(span)), ZONES[at % len(ZONES)]) for at in range(count)]
    days = ask(url, LOCAL_DAYS, [at for at, _ in starts], [zone for _, zone in starts])
    return [drawn(source, zone, at, day) for (at, zone), (day,) in zip(starts, days, strict=True)]


def disagreements(cases: list[Case], judges: list[Judged], change: ClockChange) -> Iterator[str]:
    for case, judge in zip(cases, judges, strict=True):
        found, right = ours(case, change), wanted(judge, change)
        if found != right:
            yield f"{case}: {found}, and the judges say {right}"


@pytest.mark.long
def test_rules_of_every_form_agree_with_numpy_and_postgresql() -> None:
    url = fresh_database()
    cases = drawn_cases(url, 100_000 if LONG else 10_000)
    judges = judged(url, [(case.wall, case.zone) for case in cases])
    assert list(disagreements(cases, judges, ClockChange()))[:5] == []
    forms = {case.text.split()[1] if case.text[0].isdigit() else case.text.split()[0] for case in cases}
    assert forms == {"business", "days", "weeks", "months", "first", "last", "on"}
    assert {case.zone for case in cases} == set(ZONES)
    assert len(ZONES) == len(set(ZONES)) == 40


def changes(url: str) -> list[tuple[str, datetime, timedelta, timedelta]]:
    """Every clock change of the ten years in every zone: its moment in UTC, the offset before and the one after."""
    return ask(url, CHANGES, [*ZONES], FIRST, LAST)  # type: ignore[return-value]  # four columns, as selected


def walls_near(url: str) -> list[tuple[datetime, str]]:
    """Local times in, at and around what each clock change leaves out or brings back."""
    source = random.Random(7)
    walls = []
    for zone, at, before, after in changes(url):
        low, high = sorted([at + before, at + after])
        length = int((high - low).total_seconds() // 60)
        edges = [low, high, low - timedelta(minutes=1), high - timedelta(minutes=1)]
        inside = [low + timedelta(minutes=source.randrange(length)) for _ in range(16 if LONG else 1)]
        around = [low + timedelta(minutes=source.randrange(-600, 600)) for _ in range(16 if LONG else 0)]
        walls += [(wall, zone) for wall in (*edges, *inside, *around)]
    return walls


def at_wall(wall: datetime, zone: str) -> Case:
    text = f"on {wall:%Y-%m-%d} at {wall:%H:%M}"
    return Case(text, "signup", Date(2026, 1, 1), zone, 5, "none", wall)


@pytest.mark.long
@pytest.mark.parametrize(("gap", "overlap"), [("later", "earlier"), ("earlier", "later"), ("fail", "fail")])
def test_local_times_at_every_clock_change_of_ten_years_agree_with_postgresql(gap: str, overlap: str) -> None:
    url = fresh_database()
    walls = walls_near(url)
    judges = judged(url, walls)
    kinds = [len(judge.moments) for judge in judges]
    change = ClockChange.model_validate({"gap": gap, "overlap": overlap})
    assert list(disagreements([at_wall(*one) for one in walls], judges, change))[:5] == []
    assert min(kinds.count(number) for number in (0, 1, 2)) > 500, "gaps and overlaps were met, and plain times"


@pytest.mark.long
def test_a_refused_local_time_is_offered_another_one_that_works() -> None:
    url = fresh_database()
    walls = walls_near(url)[:: 1 if LONG else 7]
    refused = 0
    for wall, judge in zip(walls, judged(url, walls), strict=True):
        if len(judge.moments) != 1:
            with pytest.raises(UserError) as caught:
                due_of(at_wall(*wall), ClockChange(gap="fail", overlap="fail"))
            advice = caught.value.advice
            offered = advice.rpartition("This works: ")[2] if "This works: " in advice else ""
            if offered:
                again = Case(offered, "signup", Date(2026, 1, 1), wall[1], 5, "none", wall[0])
                assert ours(again, ClockChange(gap="fail", overlap="fail")) is not None
                refused += 1
    assert refused > 50


def test_a_judge_that_counted_one_day_less_would_be_heard() -> None:
    url = fresh_database()
    cases = drawn_cases(url, 200)
    judges = judged(url, [(case.wall - timedelta(days=1), case.zone) for case in cases])
    assert len(list(disagreements(cases, judges, ClockChange()))) == len(cases)
