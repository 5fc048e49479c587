"""Whether a country and its subdivision have public holidays that we can know. No holiday is computed here.

The library takes longer to import than a whole list takes to check, so the codes of the usual, right, case are
looked up in its source text. Whatever is not found there is asked of the library itself, which has the last word.
"""

from __future__ import annotations

import importlib.util
import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from engine.core.calendar_rules import PublicHolidays
from engine.core.words import nearest


class Trouble(NamedTuple):
    """`key` is the part of `holidays:` that is wrong."""

    key: str
    what: str
    allowed: str = ""
    nearest: str = ""
    corrected: str = ""


@lru_cache(maxsize=64)
def unknown_code(given: PublicHolidays) -> Trouble | None:
    """Return what is wrong with a country or subdivision (ISO 3166 codes), or None when both are known."""
    if _surely_known(given.country, given.subdivision):
        return None
    return _asked(given.country, given.subdivision)


def _surely_known(country: str, subdivision: str | None) -> bool:
    """Return whether the library's own text lists both codes; False means only that it must be asked."""
    package = importlib.util.find_spec("holidays")  # found, not imported
    if package is None or not package.origin or not re.fullmatch(r"[A-Z]{2}", country):
        return False
    folder = Path(package.origin).parent
    try:
        entry = re.search(rf'"(\w+)": \("\w+", "{country}",', (folder / "registry.py").read_text("utf-8"))
        if entry is None or subdivision is None:
            return entry is not None
        text = (folder / "countries" / f"{entry[1]}.py").read_text("utf-8")
    except (OSError, ValueError):
        return False
    listed = re.search(r"^    subdivisions\b[^=\n]*= \(\n((?: {8}.*\n)*) {4}\)", text, re.MULTILINE)
    return listed is not None and f'"{subdivision}"' in re.findall(r'^ {8}("[^"\n]*")', listed[1], re.MULTILINE)


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
