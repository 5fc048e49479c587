"""Public holidays by the `holidays` library: which days, by which names, and for which years it knows them.

Asked only for calendars that name a country. It must never answer for a year that the library does not know:
it would say that nothing is closed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from whenever import Date

from engine.core.calendar_limits import Limit
from engine.core.calendar_rules import PublicHolidays
from engine.core.closures import Closure, YearlyClosure
from engine.core.errors import UserError

ENGLISH = "en_US"
"""Names in English are told beside those in the country's language where the library has them."""


def holiday_limit(given: PublicHolidays) -> Limit:
    """Return the first and the last day for which the library knows the holidays of a country.

    Raises:
        UserError: the country, subdivision or category is unknown.
    """
    found = _library(given)
    first, last = Date(max(found.start_year, 1), 1, 1), Date(min(found.end_year, 9999), 12, 31)
    return Limit(first, last, f"the public holidays of {given.country} are known for")


def public_holidays(given: PublicHolidays, first: Date, last: Date) -> dict[Date, str]:
    """Return the public holidays between two days, with their names in the country's own language.

    Those of `without` are left out. Errors as holiday_limit; years that the library does not know hold none.
    """
    named = holiday_names(given, first.year, last.year)
    dates = {day for one in given.without if not isinstance(one, str) for day in one.between(first, last)}
    words = {_plain(one) for one in given.without if isinstance(one, str)}
    found: dict[Date, str] = {}
    for day, names in named.items():
        kept = [names[0] for names in names if not words & {form for name in names for form in _forms(name)}]
        if kept and first <= day <= last and day not in dates:
            found[day] = "; ".join(kept)
    return found


def unused_exceptions(given: PublicHolidays, first_year: int, last_year: int) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield the position of each part of `without` that is no holiday in these years, and the names that there are."""
    if not given.without:
        return
    named = holiday_names(given, first_year, last_year)
    forms = {form for several in named.values() for names in several for name in names for form in _forms(name)}
    known = dict.fromkeys(name for several in named.values() for names in several for name in names)
    for index, one in enumerate(given.without):
        if isinstance(one, str):
            hit = _plain(one) in forms
        else:
            hit = any(day in named for day in _days(one, first_year, last_year))
        if not hit:
            yield index, tuple(known)


@lru_cache(maxsize=64)
def holiday_names(given: PublicHolidays, first_year: int, last_year: int) -> dict[Date, list[tuple[str, ...]]]:
    """Return each holiday's names by day: in the country's language first, and in English where it is known."""
    limit = holiday_limit(given)
    years = range(max(first_year, limit.first.year), min(last_year, limit.last.year) + 1)
    native, english = _library(given, years), {}
    if given.without and ENGLISH in native.supported_languages:
        english = _library(given, years, ENGLISH)
    found = {}
    for day, names in sorted(native.items()):
        own, other = names.split("; "), english.get(day, "").split("; ")
        pairs = zip(own, other, strict=True) if len(own) == len(other) else ((name, *other) for name in own)
        found[Date(day.year, day.month, day.day)] = [tuple(filter(None, pair)) for pair in pairs]
    return found


def _days(closure: Closure | YearlyClosure, first_year: int, last_year: int) -> Iterator[Date]:
    return closure.between(Date(first_year, 1, 1), Date(last_year, 12, 31))


def _library(given: PublicHolidays, years: Sequence[int] = (), language: str | None = None) -> Any:
    """Return the library's own answer. Any: it has a class for each country, and all make one mapping.

    Left out, the language is the country's own: the library would take the machine's, and one list would say
    different names on two machines.
    """
    from holidays import country_holidays

    try:
        language = language or country_holidays(given.country).default_language
        return country_holidays(
            given.country,
            subdiv=given.subdivision,
            years=years,
            expand=False,
            observed=given.observed,
            language=language,
            categories=given.categories or None,
        )
    except NotImplementedError:
        raise _unknown(given) from None
    except ValueError:
        what = f"{given.country} has no holidays of the categories {', '.join(given.categories)}."
        raise UserError(what, advice="Run tasklists check: it names those that there are.") from None


def _unknown(given: PublicHolidays) -> UserError:
    from holidays import list_supported_countries

    known = list_supported_countries()
    if given.country not in known:
        what = f"there are no public holidays for the country {given.country!r}."
        return UserError(what, advice="Write an ISO 3166 code such as ES, or list the days under closed.")
    names = ", ".join(known[given.country]) or "none"
    return UserError(f"{given.country} has no subdivision {given.subdivision!r}.", advice=f"Known: {names}.")


def _forms(name: str) -> set[str]:
    """Return a name as it is compared: whole, and without what stands in brackets after it, as "(observed)"."""
    return {_plain(name), _plain(re.sub(r"\s*\([^()]*\)$", "", name))}


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()
