"""Days on which a location is closed, as people write them: one day, a span of days, or the same ones every year.

Values and their words only. It must never know a public holiday, a working week or today.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import PlainValidator, WithJsonSchema
from whenever import Date

from engine.core.scalars import Plain, as_day, as_text, shown, wrong
from engine.core.words import nearest

MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
FORMS = "2026-12-24, 2026-12-27 to 2026-12-31, 24 Dec yearly, 1 Aug to 15 Aug yearly"
WITHOUT_A_NAME = "closed"

LONGEST = 366
"""Days of one closure; a longer one could only make due dates nobody expects."""

_LEAP_YEAR = 2028
"""Any: 29 February is a day of the year too."""


@dataclass(frozen=True)
class Closure:
    """Closed from the first day to the last."""

    first: Date
    last: Date
    name: str = WITHOUT_A_NAME

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first} to {self.last}"

    def between(self, first: Date, last: Date) -> Iterator[Date]:
        """Yield its days from `first` to `last`."""
        day = max(first, self.first)
        while day <= min(last, self.last):
            yield day
            day = day.add(days=1)


@dataclass(frozen=True)
class YearlyClosure:
    """Closed every year from a (month, day) to another, which lies in the next year when it is the earlier one.

    29 February is closed in leap years only.
    """

    first: tuple[int, int]
    last: tuple[int, int]
    name: str = WITHOUT_A_NAME

    def __str__(self) -> str:
        days = dict.fromkeys(f"{day} {MONTHS[month - 1][:3]}" for month, day in (self.first, self.last))
        return f"{' to '.join(days)} yearly"

    def between(self, first: Date, last: Date) -> Iterator[Date]:
        """Yield its days from `first` to `last`, year by year."""
        for year in range(max(first.year - 1, 1), min(last.year, 9998) + 1):
            yield from self._in(year).between(first, last)

    def _in(self, year: int) -> Closure:
        end = year + 1 if self.last < self.first else year
        start = Date(year, 3, 1) if self.first == (2, 29) and not _is_leap(year) else Date(year, *self.first)
        stop = Date(end, 2, 28) if self.last == (2, 29) and not _is_leap(end) else Date(end, *self.last)
        return Closure(start, stop, self.name)


def as_closure(value: object) -> Closure | YearlyClosure:
    """Return a closure from its text, or from {day: TEXT, name: NAME} (`days` is the same).

    Raises:
        PydanticCustomError: with the corrected spelling when it can be told.
    """
    if isinstance(value, Closure | YearlyClosure):
        return value
    name = WITHOUT_A_NAME
    if isinstance(value, dict):
        name, value = _named(value)
    text = " ".join(as_text(value).split())
    if re.search(r"\byearly\b", text, re.IGNORECASE) or not re.match(r"\d{4}-", text):
        return _yearly(text, name)
    return _once(text, name)


def _named(value: dict[Any, Any]) -> tuple[str, object]:
    days = [key for key in ("day", "days") if key in value]
    if len(days) != 1 or not set(value) <= {*days, "name"}:
        found = ", ".join(map(str, value)) or "nothing"
        raise wrong("a closure in this form has a day (or days) and a name", found=found, allowed="day, days, name")
    return as_text(value.get("name", WITHOUT_A_NAME)), value[days[0]]


def _once(text: str, name: str) -> Closure:
    first, to, last = text.partition(" to ")
    if not to and (parts := re.fullmatch(r"([\d-]{10})\W*(?:until|till|through)?\W*([\d-]{10})", text)):
        raise wrong("a span of days is written with to", found=shown(text), corrected=f"{parts[1]} to {parts[2]}")
    days = (as_day(first.strip()), as_day((last or first).strip()))
    if days[0] > days[1] or days[0].add(days=LONGEST) < days[1]:
        raise wrong("a closure runs from its first day to its last, a year at most", found=shown(text))
    return Closure(*days, name)


def _yearly(text: str, name: str) -> YearlyClosure:
    said = re.sub(r"\b(yearly|every year|each year|annually|every)\b", " ", text, flags=re.IGNORECASE)
    parts = [part.strip(" ,") for part in re.split(r"\s+to\s+|\s*-\s*", said.strip())]
    if not 1 <= len(parts) <= 2 or not all(re.search(r"\d.*[a-z]|[a-z].*\d", part, re.IGNORECASE) for part in parts):
        raise wrong("a closure is a day, a span of days, or yearly ones", found=shown(text), allowed=FORMS)
    days = [_day_of_year(part, text) for part in parts]
    found = YearlyClosure(days[0], days[-1], name)
    if re.fullmatch(r"\d+ [a-z]+( to \d+ [a-z]+)? yearly", text, re.IGNORECASE):
        return found
    what = "a closure of every year is a day and its month, then yearly"
    if said.strip() == text:
        what = "this day has no year: write YYYY-MM-DD, or yearly after it"
    raise wrong(what, found=shown(text), corrected=Plain(found))


def _day_of_year(part: str, text: str) -> tuple[int, int]:
    words = re.findall(r"[a-z]+", part, re.IGNORECASE)
    words = [word for word in words if word.lower() not in {"st", "nd", "rd", "th", "of"}]
    numbers = re.findall(r"\d+", part)
    if len(words) != 1 or len(numbers) != 1:
        raise wrong("a day of every year is a day and its month", found=shown(text), allowed=FORMS)
    word, day = words[0].lower(), int(numbers[0][:4])
    month = next((at for at, name in enumerate(MONTHS, 1) if len(word) >= 3 and name.lower().startswith(word)), 0)
    if not month:
        close = nearest(words[0], MONTHS)
        raise wrong("this is no month", found=shown(words[0]), allowed="Jan to Dec", nearest=close)
    try:
        Date(_LEAP_YEAR, month, day)
    except ValueError:
        raise wrong("there is no such day", found=shown(part)) from None
    return month, day


def _is_leap(year: int) -> bool:
    return Date(year, 12, 31).day_of_year() == 366


AnyClosure = Annotated[
    Closure | YearlyClosure,
    PlainValidator(as_closure),
    WithJsonSchema(
        {
            "description": "a day, a span of days, or yearly ones; with a name: {day: ..., name: ...}",
            "anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "properties": {name: {"type": "string"} for name in ("day", "days", "name")},
                    "oneOf": [{"required": ["day"]}, {"required": ["days"]}],
                    "additionalProperties": False,
                },
            ],
            "examples": FORMS.split(", "),
        }
    ),
]
