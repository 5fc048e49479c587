"""What organisation.yaml says of calendars: working days, hours, holidays, own closures. Frozen models.

Only what is written there. It must never look a holiday up or read a calendar file: the file's text is put in
by whoever reads the folder.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

from pydantic import Field, PlainValidator, TypeAdapter, WithJsonSchema, WrapValidator
from whenever import Date

from engine.core.closures import AnyClosure, Closure, YearlyClosure, as_closure
from engine.core.forms import Model
from engine.core.hours_rules import USUAL, WEEKDAYS, Hours, StaffedHours, WorkingDays
from engine.core.scalars import Flag, Text, as_day, as_text, shown, wrong
from engine.core.staffed_hours import Spans

__all__ = ["WEEKDAYS", "CalendarFile", "CalendarRules", "PublicHolidays"]

EXAMPLES = ["Navidad", "2026-12-08", "6 Dec yearly"]
LONGEST_COVER = 400
"""Years; the Gregorian calendar repeats after them."""


def _as_without(value: object) -> str | Closure | YearlyClosure:
    """A public holiday by its name; what begins with a digit, or is a mapping, is its day."""
    if isinstance(value, str) and not re.match(r"\s*\d", value):
        return as_text(value).strip()
    return as_closure(value)


class PublicHolidays(Model):
    """Public holidays of a country and, where they differ, its subdivision (ISO 3166 codes).

    `observed`: whether the free day that stands in for a holiday on a weekend counts; `categories`: the kinds of
    holidays, none for the country's usual ones; `without`: those on which the location is open.
    """

    country: Text
    subdivision: Text | None = None
    observed: Flag = True
    categories: tuple[Text, ...] = ()
    without: tuple[
        Annotated[
            str | Closure | YearlyClosure,
            PlainValidator(_as_without),
            WithJsonSchema({"type": "string", "description": "a holiday's name, or its day", "examples": EXAMPLES}),
        ],
        ...,
    ] = ()


@cache
def _several() -> TypeAdapter[tuple[PublicHolidays, ...]]:
    return TypeAdapter(tuple[PublicHolidays, ...])


def _one_or_several(value: object, handler: Any) -> Any:
    if isinstance(value, PublicHolidays) or value is None:
        return handler(value)
    several = isinstance(value, list | tuple)  # looked at here: a union would tell the mistakes of both its forms
    return _several().validate_python(value) if several else PublicHolidays.model_validate(value)


@dataclass(frozen=True, repr=False)
class CalendarFile:
    """An ICS file of the folder by its name, and its text once it was read."""

    name: str
    text: str | None = None

    def __repr__(self) -> str:
        digest = hashlib.sha256((self.text or "").encode("utf-8", "backslashreplace")).hexdigest()
        return f"CalendarFile({self.name!r}, {digest})"


def _as_file(value: object) -> CalendarFile:
    if isinstance(value, CalendarFile):
        return value
    name = as_text(value)
    if "://" in name:
        what = "a calendar is not read from the network: save it as a file in this folder"
        raise wrong(what, found=shown(name), allowed="a file's name such as closures.ics")
    if "/" in name or "\\" in name or name.startswith(".") or "\0" in name:
        raise wrong("a calendar file stands in this folder", found=shown(name), allowed="its name, without a path")
    if not name.lower().endswith(".ics"):
        raise wrong("a calendar file's name ends with .ics", found=shown(name))
    return CalendarFile(name)


def _as_covers(value: object) -> tuple[Date, Date]:
    if isinstance(value, tuple):
        return value
    text = " ".join(as_text(value).split())
    first, to, last = text.partition(" to ")
    if not to:
        parts = re.findall(r"\d{4}-\d\d-\d\d", text)
        corrected = " to ".join(parts) if len(parts) == 2 else ""
        allowed = "2025-01-01 to 2027-12-31"
        raise wrong("covers is a span of days", found=shown(value), allowed=allowed, corrected=corrected)
    days = (as_day(first), as_day(last))
    if days[0] > days[1]:
        raise wrong("covers ends before it starts", found=shown(text), corrected=f"{days[1]} to {days[0]}")
    if days[1].year - days[0].year > LONGEST_COVER:
        raise wrong(f"covers spans {LONGEST_COVER} years at most", found=shown(text))
    return days


class CalendarRules(Model):
    """When a location is open. Left out: Monday to Friday, 09:00-18:00, no holidays.

    `covers`: beyond these days the closures are not known, and no due is guessed there.
    """

    working_days: WorkingDays = frozenset(range(1, 6))
    hours: Hours = Field(default_factory=lambda: StaffedHours(usual=USUAL))
    holidays: Annotated[
        PublicHolidays | tuple[PublicHolidays, ...] | None,
        WrapValidator(_one_or_several),
    ] = None
    closed: tuple[AnyClosure, ...] = ()
    ics: Annotated[
        CalendarFile | None,
        PlainValidator(_as_file),
        WithJsonSchema({"type": "string", "description": "a calendar file (ICS) of this folder"}),
    ] = None
    covers: Annotated[
        tuple[Date, Date] | None,
        PlainValidator(_as_covers),
        WithJsonSchema({"type": "string", "examples": ["2025-01-01 to 2027-12-31"]}),
    ] = None

    def all_holidays(self) -> tuple[PublicHolidays, ...]:
        """Return the public holidays, one or several, as a tuple."""
        if isinstance(self.holidays, PublicHolidays):
            return (self.holidays,)
        return self.holidays or ()

    def week(self) -> dict[int, Spans]:
        """Return the staffed hours of each ISO weekday that is open; hours by weekday name the working days too."""
        told = self.hours.on
        named = not self.hours.by_weekday or "working_days" in self.model_fields_set
        days = self.working_days if named else frozenset(dict(self.hours.by_weekday))
        return {day: told(day) for day in sorted(days) if told(day)}

    def own_closures(self, first: Date, last: Date) -> Iterator[tuple[Date, str]]:
        """Yield the closed days of the organisation's own between two days, with their names."""
        for closure in self.closed:
            for day in closure.between(first, last):
                yield day, closure.name
