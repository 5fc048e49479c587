"""Calendars with their closed days: public holidays, a location's own closures, and those of a calendar file.

It must never answer for a day that one of these does not know: the calendar then carries its limits.
"""

from __future__ import annotations

from functools import lru_cache

from whenever import Date

from engine.authoring.calendar_files import closures_in_file
from engine.authoring.public_holidays import holiday_limit, public_holidays
from engine.core.calendar import Calendar
from engine.core.calendar_limits import Limit
from engine.core.calendar_rules import CalendarRules
from engine.core.errors import UserError
from engine.core.organisation import Organisation

MARGIN_DAYS = 400
"""More than a year beyond every known date: a rule may reach over the next Christmas."""


def calendar_at(organisation: Organisation, location: str, days: list[Date]) -> Calendar:
    """Return the calendar of a location, covering the given days with a margin on both sides, in whole years.

    Where `covers` or the public holidays end earlier it ends there, and refuses what lies beyond.

    Raises:
        UserError: the holidays of the country or subdivision are not known, or the calendar file was not read.
    """
    name = organisation.locations[location].calendar
    first, last = min(days).add(days=-MARGIN_DAYS), max(days).add(days=2 * MARGIN_DAYS)
    return _calendar(name, organisation.calendars[name], first.year, last.year)


@lru_cache(maxsize=256)
def _calendar(name: str, rules: CalendarRules, first_year: int, last_year: int) -> Calendar:
    """The same few calendars serve every coworker: whole years make the next one's days those of the last."""
    limits = limits_of(rules)
    covers = _known_span(name, (Date(first_year, 1, 1), Date(last_year, 12, 31)), limits)
    week = rules.week()
    if not week:
        raise UserError(f"calendar {name!r} is never open", advice="Look at its working_days and hours.")
    always_alike = len(set(week.values())) == 1 and all(len(spans) == 1 for spans in week.values())
    return Calendar(
        name,
        frozenset(week),
        min(spans[0].opening for spans in week.values()),
        max(spans[-1].closing for spans in week.values()),
        dict(sorted(closed_days(name, rules, *covers).items())),
        covers,
        hours={} if always_alike else week,
        limits=limits,
    )


def closed_days(name: str, rules: CalendarRules, first: Date, last: Date) -> dict[Date, str]:
    """Return every closed day between two days with its name; the organisation's own names win.

    Raises:
        UserError: as calendar_at.
    """
    closed: dict[Date, str] = {}
    for given in reversed(rules.all_holidays()):
        closed |= public_holidays(given, first, last)
    if rules.ics is not None:
        if rules.ics.text is None:
            what = f"the file {rules.ics.name} of calendar {name!r} was not read"
            raise UserError(what, advice="Load organisation.yaml from its folder.")
        closed |= closures_in_file(rules.ics.text, first, last)
    return closed | dict(rules.own_closures(first, last))


def limits_of(rules: CalendarRules) -> tuple[Limit, ...]:
    """Return the spans beyond which the closed days of a calendar are not known. Raises as calendar_at."""
    own = (Limit(*rules.covers, "it covers"),) if rules.covers else ()
    return (*own, *dict.fromkeys(map(holiday_limit, rules.all_holidays())))


def _known_span(name: str, wanted: tuple[Date, Date], limits: tuple[Limit, ...]) -> tuple[Date, Date]:
    """Return the wanted span within all limits; of limits that lie wholly elsewhere, the year next to it."""
    first = max((limit.first for limit in limits), default=wanted[0])
    last = min((limit.last for limit in limits), default=wanted[1])
    if first > last:
        told = "; ".join(map(str, limits))
        raise UserError(f"calendar {name!r} knows no day at all: {told}", advice="Change its covers or its holidays.")
    if wanted[0] > last:
        return max(first, last.add(days=-366)), last
    if wanted[1] < first:
        return first, min(last, first.add(days=366))
    return max(first, wanted[0]), min(last, wanted[1])
