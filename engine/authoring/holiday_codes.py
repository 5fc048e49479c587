"""Whether a country and its subdivision have public holidays that we can know. No holiday is computed here.

The library takes longer to import than a whole list takes to check, so the codes of the usual, right, case are
looked up in its source text. Whatever is not found there is asked of the library itself, which has the last word.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from engine.core.calendar_rules import PublicHolidays
from engine.core.words import nearest

MOST_NAMES = 40
"""Names of holidays told at once: two languages of one country fit."""


class Trouble(NamedTuple):
    """`key` is the part of `holidays:` that is wrong, `entry` where in its list."""

    key: str
    what: str
    allowed: str = ""
    nearest: str = ""
    corrected: str = ""
    entry: tuple[int, ...] = ()
    warning: bool = False


def holiday_troubles(given: PublicHolidays, first_year: int, last_year: int) -> Iterator[Trouble]:
    """Yield all that is wrong with public holidays; the years are those to look for the exceptions (`without`) in."""
    trouble = unknown_code(given)
    if trouble:
        yield trouble
        return
    strange = list(_unknown_categories(given))
    yield from strange
    if given.without and not strange:
        yield from _unknown_exceptions(given, first_year, last_year)


def years_known(country: str) -> tuple[int, int]:
    """Return the first and the last year whose holidays the library knows, for the code of a known country."""
    text = _text_of(country)
    if text is None or not re.search(r"^class \w+\([^)]*HolidayBase", text, re.MULTILINE):  # it may inherit its years
        import holidays

        kind = getattr(holidays, country)
        return int(kind.start_year), int(kind.end_year)
    usual = (_package() / "constants.py").read_text("utf-8")
    ends = []
    for name in ("start_year", "end_year"):
        told = re.search(rf"^    {name} = (\d+)$", text, re.MULTILINE)
        told = told or re.search(rf"^DEFAULT_{name.upper()} = (\d+)$", usual, re.MULTILINE)
        ends.append(int(told[1]) if told else 0)
    return ends[0], ends[1]


def _unknown_categories(given: PublicHolidays) -> Iterator[Trouble]:
    if not given.categories:
        return
    import holidays

    known = tuple(getattr(holidays, given.country).supported_categories)
    for index, name in enumerate(given.categories):
        if name not in known:
            what = f"{given.country} has no holidays of the category {name!r}"
            corrected = name.lower() if name.lower() in known else ""
            close = "" if corrected else nearest(name, known)
            yield Trouble("categories", what, ", ".join(known), close, corrected, (index,))


def _unknown_exceptions(given: PublicHolidays, first_year: int, last_year: int) -> Iterator[Trouble]:
    """A name that is no holiday is a mistake; a day that is none is harmless, and may be one in another year."""
    from engine.authoring.public_holidays import unused_exceptions

    for index, names in unused_exceptions(given, first_year, last_year):
        one = given.without[index]
        if isinstance(one, str):
            what = f"{given.country} has no public holiday {one!r}"
            allowed = ", ".join(names[:MOST_NAMES])
            yield Trouble("without", what, allowed, nearest(one, names), entry=(index,))
        else:
            what = f"no public holiday of {given.country} is on {one} in {first_year} to {last_year}"
            yield Trouble("without", what, entry=(index,), warning=True)


@lru_cache(maxsize=64)
def unknown_code(given: PublicHolidays) -> Trouble | None:
    """Return what is wrong with a country or subdivision (ISO 3166 codes), or None when both are known."""
    if _surely_known(given.country, given.subdivision):
        return None
    return _asked(given.country, given.subdivision)


def _surely_known(country: str, subdivision: str | None) -> bool:
    """Return whether the library's own text lists both codes; False means only that it must be asked."""
    text = _text_of(country)
    if text is None or subdivision is None:
        return text is not None
    listed = re.search(r"^    subdivisions\b[^=\n]*= \(\n((?: {8}.*\n)*) {4}\)", text, re.MULTILINE)
    return listed is not None and f'"{subdivision}"' in re.findall(r'^ {8}("[^"\n]*")', listed[1], re.MULTILINE)


@lru_cache(maxsize=64)
def _text_of(country: str) -> str | None:
    """Return the library's source of a country by its two-letter code, or None where it cannot be told."""
    if not re.fullmatch(r"[A-Z]{2}", country):
        return None
    try:
        entry = re.search(rf'"(\w+)": \("\w+", "{country}",', (_package() / "registry.py").read_text("utf-8"))
        return (_package() / "countries" / f"{entry[1]}.py").read_text("utf-8") if entry else None
    except (OSError, ValueError):
        return None


def _package() -> Path:
    package = importlib.util.find_spec("holidays")  # found, not imported
    if package is None or not package.origin:
        raise FileNotFoundError("holidays")
    return Path(package.origin).parent


def _asked(country: str, subdivision: str | None) -> Trouble | None:
    import holidays
    from holidays.registry import COUNTRIES

    codes = {entry[1]: entry[0] for entry in COUNTRIES.values()}
    if country not in codes:
        names = {name.lower(): code for code, name in codes.items()} | {
            other.lower(): entry[1] for entry in COUNTRIES.values() for other in entry[1:]
        }
        code = names.get(re.sub(r"\W+", "", country).lower(), "")
        what = f"no public holidays are known for the country {country!r}"
        allowed = "a code of ISO 3166 such as ES; or leave it out and list the days under closed"
        return Trouble("country", what, allowed, corrected=code)
    if subdivision is None:
        return None
    kind = getattr(holidays, country)
    known, aliases = tuple(kind.subdivisions), dict(getattr(kind, "subdivisions_aliases", {}))
    if subdivision in known:
        return None
    what = f"{country} has no subdivision {subdivision!r} with holidays of its own"
    corrected = aliases.get(subdivision, "")
    close = "" if corrected else aliases.get(near := nearest(subdivision, (*known, *aliases)), near)
    allowed = ", ".join(known) or "none: leave it out"
    return Trouble("subdivision", what, allowed, close, corrected)
