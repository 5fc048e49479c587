"""Calendars with their closed days: public holidays by the `holidays` library, and a location's own closures."""

from __future__ import annotations

from whenever import Date

from engine.core.calendar import Calendar
from engine.core.calendar_rules import CalendarRules, PublicHolidays
from engine.core.errors import UserError
from engine.core.organisation import Organisation

MARGIN_DAYS = 400
"""More than a year beyond every known date: a rule may reach over the next Christmas."""


def calendar_at(organisation: Organisation, location: str, days: list[Date]) -> Calendar:
    """Return the calendar of a location, covering the given days with a margin on both sides.

    Raises:
        UserError: the holidays of the country or subdivision are not known.
    """
    name = organisation.locations[location].calendar
    rules = organisation.calendars[name]
    first, last = min(days).add(days=-MARGIN_DAYS), max(days).add(days=2 * MARGIN_DAYS)
    closed = dict(public_holidays(rules.holidays, first, last)) if rules.holidays else {}
    closed |= own_closures(rules, first, last)
    opening, closing = rules.hours
    return Calendar(name, rules.working_days, opening, closing, dict(sorted(closed.items())), (first, last))


def own_closures(rules: CalendarRules, first: Date, last: Date) -> dict[Date, str]:
    """Return each closed day of the organisation's own between two days, with its name."""
    found: dict[Date, str] = {}
    for start, end, name in rules.closed:
        day = max(start, first)
        while day <= min(end, last):
            found[day] = name
            day = day.add(days=1)
    return found


def public_holidays(given: PublicHolidays, first: Date, last: Date) -> dict[Date, str]:
    """Return the public holidays between two days, with their names in the country's own language.

    Raises:
        UserError: the country or subdivision is unknown; the known subdivisions are named.
    """
    from holidays import country_holidays, list_supported_countries

    years = range(first.year, last.year + 1)
    try:
        found = country_holidays(given.country, subdiv=given.subdivision, years=years)
    except NotImplementedError:
        known = list_supported_countries()
        if given.country not in known:
            what = f"there are no public holidays for the country {given.country!r}."
            raise UserError(what, advice="Write an ISO 3166 code such as ES, or list the days under closed.") from None
        names = ", ".join(known[given.country]) or "none"
        raise UserError(
            f"{given.country} has no subdivision {given.subdivision!r}.", advice=f"Known: {names}."
        ) from None
    return {Date(day.year, day.month, day.day): name for day, name in sorted(found.items())}
