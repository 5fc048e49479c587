"""The months of a rehearsal as text: how many tasks are due on each day, in 80 columns.

Pure. Heat is a sign before each number, so that it is there without colours, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from whenever import Date, YearMonth

from engine.core.calendar import MONTHS

HEATS: Final = " ░▒▓█"
"""From nothing much to the fullest days: each sign is a quarter of the way to the day with most tasks."""

WEEKDAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
"""Two letters of each weekday."""

_CELL = 5
_WIDTH = 3 + 7 * _CELL
_GAP = "  "


def heat(number: int, most: int) -> int:
    """Return how full a day is, 0 to 4, as against the fullest one."""
    return 0 if not number else min(4, max(1, -(-4 * number // max(most, 1))))


def months_of(days: Sequence[Date]) -> tuple[YearMonth, ...]:
    """Return the months from the first to the last of the days, none left out."""
    if not days:
        return ()
    found, last = [min(days).year_month()], max(days).year_month()
    while found[-1] < last:
        found.append(found[-1].add(months=1))
    return tuple(found)


def weeks_of(month: YearMonth) -> Iterator[tuple[Date | None, ...]]:
    """Yield the weeks of a month from Monday to Sunday; None stands for days of its neighbours."""
    first = month.on_day(1)
    days: list[Date | None] = [None] * (first.day_of_week().value - 1)
    days += [month.on_day(number) for number in range(1, month.days_in_month() + 1)]
    days += [None] * (-len(days) % 7)
    for start in range(0, len(days), 7):
        yield tuple(days[start : start + 7])


def calendar_lines(by_day: Mapping[Date, int], marks: Mapping[Date, str]) -> Iterator[str]:
    """Yield the lines of all months with a due day, two beside each other, at most 78 columns wide.

    A day is shown by its number of tasks with its heat before it and its mark after it; the first column is the
    month's day on which the week begins.
    """
    most = max(by_day.values(), default=0)
    blocks = [list(_month(month, by_day, marks, most)) for month in months_of(tuple(by_day))]
    for number in range(0, len(blocks), 2):
        pair = blocks[number : number + 2]
        for line in range(max(map(len, pair))):
            cells = (block[line] if line < len(block) else "" for block in pair)
            yield _GAP.join(cell.ljust(_WIDTH) for cell in cells).rstrip()
        yield ""


def _month(month: YearMonth, by_day: Mapping[Date, int], marks: Mapping[Date, str], most: int) -> Iterator[str]:
    found = [day for week in weeks_of(month) for day in week if day is not None and day in by_day]
    total = sum(by_day[day] for day in found)
    yield f"{MONTHS[month.month - 1]} {month.year}: {total} tasks on {len(found)} days"
    yield "   " + "".join(f"{name:>{_CELL - 1}} " for name in WEEKDAYS)
    for week in weeks_of(month):
        first = next(day for day in week if day is not None)
        yield f"{first.day:>2} " + "".join(_cell(day, by_day, marks, most) for day in week)


def _cell(day: Date | None, by_day: Mapping[Date, int], marks: Mapping[Date, str], most: int) -> str:
    if day is None:
        return " " * _CELL
    number = by_day.get(day, 0)
    told = "." if not number else str(number) if number < 1000 else f"{number // 1000}k"
    return f"{HEATS[heat(number, most)]}{told:>3}{marks.get(day, ' ')}"
