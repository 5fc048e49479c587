"""Calendar files (ICS) of the folder: which days they close, and what is wrong in them, with its line.

Whole days close; what has times of day does not, and is told. It must never read from the network, and never let a
file cost more than a moment: sizes and repetitions are bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from whenever import Date

from engine.core.closures import LONGEST, WITHOUT_A_NAME
from engine.core.errors import UserError

MOST_EVENTS = 5_000
"""Thirteen years of a closure every day; more is another kind of calendar."""

MOST_REPETITIONS = 200_000
"""Every repetition is walked from its beginning, about 100,000 days a second."""

EARLIEST = 1970
REPEATS = {"DAILY": 366, "WEEKLY": 53, "MONTHLY": 12, "YEARLY": 1}
"""How often an event comes in a year, unless it names several days of its week, month or year."""

_LONGEST_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
LONGEST_NAME = 80
_LAST_MINUTE = time(23, 59)


class FileTrouble(NamedTuple):
    """What is wrong on a line of a calendar file, counted from 1."""

    line: int
    what: str
    found: str = ""
    allowed: str = ""
    warning: bool = False


def troubles_in(text: str, first: Date, last: Date) -> tuple[FileTrouble, ...]:
    """Return everything that is wrong in a calendar file's text; the span of days is one to try repetitions on."""
    try:
        events = _events(text)
    except _Broken as error:
        return (error.trouble,)
    found = [trouble for line, event in events for trouble in _troubles(line, event)]
    if not any(not trouble.warning for trouble in found):
        repeating = [(line, event) for line, event in events if "RRULE" in event]
        found += _repetition_troubles(text, repeating, (first, last))
    return tuple(sorted(found))


@lru_cache(maxsize=64)
def closures_in_file(text: str, first: Date, last: Date) -> dict[Date, str]:
    """Return the days that a calendar file's text closes between two days, with the events' names.

    Raises:
        UserError: the text is no calendar that can be read; `troubles_in` says where and why.
    """
    try:
        events = [event for _, event in _events(text)]
        if any(not trouble.warning for event in events for trouble in _troubles(0, event)):
            raise ValueError
        found: dict[Date, str] = {}
        for event in _occurrences(events, first, last):
            found |= dict.fromkeys(_days(event, first, last), _name(event))
        return dict(sorted(found.items()))
    except (_Broken, ValueError, LookupError, TypeError, AttributeError, OverflowError):
        raise UserError("a calendar file cannot be read.", advice="Run tasklists check: it names the line.") from None


class _Broken(Exception):
    def __init__(self, line: int, what: str, allowed: str = "") -> None:
        super().__init__(what)
        self.trouble = FileTrouble(line, what, allowed=allowed)


@lru_cache(maxsize=8)
def _events(text: str) -> tuple[tuple[int, Any], ...]:
    """Return each event with the line of its beginning. Any: the library's components are mappings of anything."""
    from icalendar import Calendar

    lines = text.splitlines()
    if not lines or lines[0].strip().upper() != "BEGIN:VCALENDAR":
        raise _Broken(1, "this is no calendar file (ICS): it begins with BEGIN:VCALENDAR")
    starts = [number for number, line in enumerate(lines, 1) if line.strip().upper() == "BEGIN:VEVENT"]
    if len(starts) > MOST_EVENTS:
        raise _Broken(starts[MOST_EVENTS], f"a calendar file holds at most {MOST_EVENTS} events")
    try:
        calendars = Calendar.from_ical(text, multiple=True)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise _Broken(*_broken_line(lines)) from None
    events = [event for calendar in calendars for event in calendar.walk("VEVENT")]
    if len(events) != len(starts):
        raise _Broken(*_broken_line(lines))
    return tuple(zip(starts, events, strict=True))


def _broken_line(lines: list[str]) -> tuple[int, str]:
    """Return the first line that no calendar file has, and what is wrong with it."""
    opened: list[tuple[str, int]] = []
    for number, line in enumerate(lines, 1):
        begin, _, name = line.strip().upper().partition(":")
        if line[:1] in {" ", "\t"} or not line.strip():
            continue
        if not re.match(r"[A-Za-z0-9-]+[;:]", line):
            return number, "this line of the calendar file has no name before its value"
        if begin == "BEGIN":
            opened.append((name, number))
        elif begin == "END" and (not opened or opened.pop()[0] != name):
            return number, f"this END:{name[:20]} has no BEGIN:{name[:20]} before it"
    if opened:
        return opened[-1][1], f"the END:{opened[-1][0][:20]} of this is missing"
    return 1, "this calendar file cannot be read"


def _troubles(line: int, event: Any) -> Iterator[FileTrouble]:
    for name, _ in event.errors:
        yield FileTrouble(line, f"the {name or 'line'} of this event cannot be read")
    if event.errors:
        return
    start, end = _ends(event)
    if start is None or end is None:
        yield FileTrouble(line, "this event has no day: its DTSTART is missing, or stands there twice")
        return
    if type(start) is not type(end) or end < start:
        yield FileTrouble(line, "this event ends before it begins", found=f"{start} to {end}")
    elif end - start > timedelta(days=LONGEST):
        yield FileTrouble(line, "this event lasts longer than a year", found=f"{start} to {end}")
    elif not _is_cancelled(event) and _whole_days(event) is None:
        what = "this event has times of day and closes nothing: only whole days can be closed"
        yield FileTrouble(line, what, found=_name(event), allowed="an event of whole days", warning=True)
    yield from _rule_troubles(line, event, start)


def _rule_troubles(line: int, event: Any, start: date) -> Iterator[FileTrouble]:
    for rule in _rules(event):
        word = str(next(iter(rule.get("FREQ", ())), "nothing")).upper()
        if word not in REPEATS:
            allowed = ", ".join(REPEATS)
            yield FileTrouble(line, "an event is repeated by days or longer", found=word[:20], allowed=allowed)
        if any(number < 1 for number in rule.get("INTERVAL", ())):
            yield FileTrouble(line, "the INTERVAL of a repetition is 1 or more")  # the library would walk in place
        if not _has_a_day(rule):
            yield FileTrouble(line, "no month of this repetition has its days")  # the same, up to year 9999
    if _rules(event) and start.year < EARLIEST:
        yield FileTrouble(line, f"an event that repeats begins in {EARLIEST} or later", found=f"{start}")


def _rules(event: Any) -> list[Any]:
    found = event.get("RRULE", [])
    return found if isinstance(found, list) else [found]


def _has_a_day(rule: Any) -> bool:
    """Whether a month of the rule is long enough for a day of it: 30 February never comes."""
    months = [int(month) for month in rule.get("BYMONTH", range(1, 13))]
    days = [abs(int(day)) for day in rule.get("BYMONTHDAY", [1])]
    return any(1 <= month <= 12 and 1 <= day <= _LONGEST_MONTHS[month - 1] for month in months for day in days)


def _repetition_troubles(
    text: str, repeating: list[tuple[int, Any]], span: tuple[Date, Date]
) -> Iterator[FileTrouble]:
    """Try the repetitions out: all at once, and one by one only to find the one that cannot be followed."""
    walked = 0
    for line, event in repeating:
        walked += sum(map(_times_a_year, _rules(event))) * (span[1].year - event["DTSTART"].dt.year + 1)
        if walked > MOST_REPETITIONS:
            yield FileTrouble(line, f"the events of a calendar file repeat {MOST_REPETITIONS} times at most")
            return
    try:
        closures_in_file(text, *span)
    except UserError:
        lines = [line for line, event in repeating if not _can_be_followed(event, span)]
        yield from (FileTrouble(line, "the repetition of this event cannot be followed") for line in lines or [1])


def _times_a_year(rule: Any) -> int:
    named = [len(rule[name]) for name in ("BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO") if name in rule]
    return min(366, REPEATS[str(rule["FREQ"][0]).upper()] * max((5 * many for many in named), default=1))


def _can_be_followed(event: Any, span: tuple[Date, Date]) -> bool:
    try:
        _occurrences([event], *span)
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError):
        return False
    return True


def _occurrences(events: list[Any], first: Date, last: Date) -> list[Any]:
    """Return every occurrence of events of whole days that touches the span, the earliest first."""
    import recurring_ical_events  # type: ignore[import-untyped]  # it ships no types
    from icalendar import Calendar

    begin, end = first.to_stdlib(), min(last, Date(9999, 12, 30)).add(days=1).to_stdlib()
    calendar = Calendar()
    for event in events:
        if not _is_cancelled(event):
            calendar.add_component(event)
    found = recurring_ical_events.of(calendar, components=["VEVENT"]).between(begin, end)
    whole = [(days, _name(event), at) for at, event in enumerate(found) if (days := _whole_days(event))]
    return [found[at] for _, _, at in sorted(whole)]


def _days(event: Any, first: Date, last: Date) -> Iterator[Date]:
    whole = _whole_days(event)
    day, end = whole if whole else (last, first)
    while day < end:
        if first <= day <= last:
            yield day
        day = day.add(days=1)


def _whole_days(event: Any) -> tuple[Date, Date] | None:
    """Return the first day and the day after the last, or None for an event with times of day.

    Some calendars write a whole day as 00:00 to 23:59, without a zone or in their own; one in UTC is no day anywhere.
    """
    start, end = _ends(event)
    if start is None or end is None:
        return None
    if not isinstance(start, datetime) or not isinstance(end, datetime):
        return Date(start), max(Date(end), Date(start).add(days=1))
    in_utc = start.tzinfo is not None and str(start.tzinfo) in {"UTC", "Etc/UTC"}
    if in_utc or start.time() != time() or (end.time() != time() and end.time().replace(second=0) != _LAST_MINUTE):
        return None
    after = end.date() if end.time() == time() else end.date() + timedelta(days=1)
    return (Date(start.date()), Date(after)) if after > start.date() else None


def _ends(event: Any) -> tuple[date | None, date | None]:
    """Return where an event starts and ends as it is written: days, or moments; without an end it is one day."""
    start, end, lasts = (event.get(name) for name in ("DTSTART", "DTEND", "DURATION"))
    if isinstance(start, list) or isinstance(end, list) or start is None:
        return None, None
    first = start.dt
    if end is not None:
        return first, end.dt
    length = lasts.dt if lasts is not None and not isinstance(lasts, list) else timedelta(0)
    return first, first + length


def _is_cancelled(event: Any) -> bool:
    return str(event.get("STATUS", "")).upper() == "CANCELLED"


def _name(event: Any) -> str:
    text = " ".join(str(event.get("SUMMARY", "")).split())
    return "".join(sign for sign in text if sign.isprintable())[:LONGEST_NAME] or WITHOUT_A_NAME
