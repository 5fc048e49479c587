"""A rehearsal as plain text for a terminal: the calendar, what is awkward, and who has most to do. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Final

from engine.core.calendar import long_day
from engine.core.rehearsal import KINDS, MEANINGS, Rehearsal
from engine.core.rehearsal_calendar import calendar_lines
from engine.core.report import visible

_WIDTH: Final = 80
_DAYS_AFTER: Final = 31
"""Days after the last start that the calendar still shows: then hardly anything is left, over a year or more."""

_LEGEND: Final = "Each day: its number of tasks; ░▒▓█ how full it is; ! too much for one person, * a pile-up."


def report(rehearsal: Rehearsal, *, findings: int, people: int) -> str:
    """Return the text, at most 80 columns wide, with so many findings and people at most; the rest is counted."""
    return "\n".join(_lines(rehearsal, findings, people)) + "\n"


def _lines(told: Rehearsal, findings: int, people: int) -> Iterator[str]:
    yield from _wrapped(told.title())
    notice = f"{told.lead} days of notice; over {told.per_day} tasks a day are too many for a person"
    late = f"; {told.left_late} tasks too late to be made (late: skip)" if told.left_late else ""
    yield from _wrapped(f"{notice}{late}")
    yield ""
    shown = {day: number for day, number in told.by_day.items() if day <= told.last.add(days=_DAYS_AFTER)}
    yield from calendar_lines(shown, told.marks())
    if later := sum(told.by_day.values()) - sum(shown.values()):
        yield from _wrapped(f"{later} tasks are due later, until {long_day(max(told.by_day))}.")
    yield from _wrapped(_LEGEND)
    yield ""
    counts = told.counts()
    for kind in KINDS:
        yield f"{kind:14} {counts[kind]:>6}  {MEANINGS[kind]}"
    if told.findings:
        yield ""
    for one in told.findings[:findings]:
        where = f" at {one.location}" if one.location else ""
        yield from _wrapped(f"{one.kind}{where}: {one.said}")
    if len(told.findings) > findings:
        yield f"and {len(told.findings) - findings} more findings: --format json has all of them"
    yield ""
    for load in told.loads[:people]:
        days = f"{load.tasks} tasks on {load.days} days"
        yield from _wrapped(f"{load.person}: {days}, at most {load.most}, on {long_day(load.most_on)}")
    if len(told.loads) > people:
        yield f"and {len(told.loads) - people} more people"


def _wrapped(text: str) -> list[str]:
    """Break a line between words; a single longer word, such as an e-mail, is broken where the line ends."""
    return textwrap.wrap(visible(text), _WIDTH, subsequent_indent="  ", break_on_hyphens=False)
