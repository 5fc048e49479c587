"""Working days and staffed hours as organisation.yaml writes them: `mon-fri`, `09:00-13:00, 14:00-18:00`, by weekday.

Reading only. It must never decide what is open: that is the calendar's, made of these and of the closed days.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated

from pydantic import PlainValidator, TypeAdapter, WithJsonSchema
from whenever import Time

from engine.core.scalars import as_clock, as_text, shown, wrong
from engine.core.staffed_hours import Span, Spans, hours_said, joined, sound
from engine.core.words import nearest

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
USUAL = (Span(Time(9), Time(18)),)
"""Staffed hours where the calendar names none."""


@dataclass(frozen=True)
class StaffedHours:
    """The same hours every working day, or hours by ISO weekday (Monday 1)."""

    usual: Spans = ()
    by_weekday: tuple[tuple[int, Spans], ...] = ()

    def on(self, weekday: int) -> Spans:
        """Return the hours of an ISO weekday; none when the hours are by weekday and it has none."""
        return self.usual or dict(self.by_weekday).get(weekday, ())


def as_working_days(value: object) -> frozenset[int]:
    """Return ISO weekdays from `mon-fri`, `mon, tue, thu` or a list of such. Raises PydanticCustomError."""
    if isinstance(value, frozenset):
        return value
    parts = value if isinstance(value, list) else re.split(r"[,\s]+", as_text(value).strip())
    days: set[int] = set()
    for part in parts:
        first, _, last = as_text(part).strip().lower().partition("-")
        ends = [_weekday(name) for name in (first, last or first)]
        span = range(ends[0], ends[1] + 1) if ends[0] <= ends[1] else [*range(ends[0], 8), *range(1, ends[1] + 1)]
        days.update(span)
    return frozenset(days)


def _weekday(name: str) -> int:
    if name[:3] in WEEKDAYS and "monday tuesday wednesday thursday friday saturday sunday".find(name) >= 0:
        return WEEKDAYS.index(name[:3]) + 1
    raise wrong(
        "working days are weekdays or spans of them",
        found=shown(name),
        allowed="mon-fri, or mon, tue, thu",
        nearest=nearest(name, WEEKDAYS),
    )


def as_spans(value: object) -> Spans:
    """Return the hours of a day from `09:00-18:00`, with breaks `09:00-13:00, 14:00-18:00`.

    Raises:
        PydanticCustomError: with the corrected spelling when it can be told.
    """
    if isinstance(value, tuple):
        return value
    if isinstance(value, list):
        corrected = ", ".join(map(str, value))
        raise wrong("hours with breaks stand in one text", found=shown(value), corrected=corrected)
    text = as_text(value)
    parts = [[side.strip() for side in part.partition("-")] for part in re.split(r"\s*(?:,|\band\b)\s*", text.strip())]
    if not all(dash and opening and closing for opening, dash, closing in parts):
        allowed = "HH:MM-HH:MM, with a break HH:MM-HH:MM, HH:MM-HH:MM"
        raise wrong("hours run from opening to closing time", found=shown(value), allowed=allowed)
    mended = [[_padded(opening), _padded(closing)] for opening, _, closing in parts]
    if any([opening, closing] != told for (opening, _, closing), told in zip(parts, mended, strict=True)):
        raise wrong("a time of day is HH:MM", found=shown(value), corrected=", ".join(map("-".join, mended)))
    spans = [Span(as_clock(opening), as_clock(closing)) for opening, closing in mended]
    if any(span.opening >= span.closing for span in spans):
        raise wrong("hours open before they close, on one day", found=shown(value), allowed="HH:MM-HH:MM")
    return _in_order(spans, text)


def _in_order(spans: list[Span], text: str) -> Spans:
    found = joined(spans)
    if not sound(found):
        one, other = next(pair for pair in zip(found, found[1:], strict=False) if pair[1].opening < pair[0].closing)
        merged = Span(one.opening, max(one.closing, other.closing))
        corrected = hours_said(joined([merged, *(span for span in found if span not in {one, other})]))
        raise wrong(f"the hours {one} and {other} overlap", found=shown(text), corrected=corrected)
    return found


def _padded(text: str) -> str:
    """Return 9, 9:00, 9.00 or 9am as 09:00; what is no time stays as it is."""
    time = re.fullmatch(r"(\d{1,2})(?:[:.](\d\d))?\s*(am|pm)?", text, re.IGNORECASE)
    if time is None:
        return text
    half = (time[3] or "").lower()
    hour = int(time[1]) % 12 + (12 if half == "pm" else 0) if half else int(time[1])
    return f"{hour:02}:{time[2] or '00'}"


_Weekdays = Annotated[frozenset[int], PlainValidator(as_working_days)]
_Spans = Annotated[Spans, PlainValidator(as_spans)]


@cache
def _by_weekday() -> TypeAdapter[dict[frozenset[int], Spans]]:
    return TypeAdapter(dict[_Weekdays, _Spans])


def as_hours(value: object) -> StaffedHours:
    """Return staffed hours from their text, or from a mapping of weekdays to texts. Raises PydanticCustomError."""
    if isinstance(value, StaffedHours):
        return value
    if not isinstance(value, Mapping):
        return StaffedHours(usual=as_spans(value))
    if not value:
        raise wrong("hours by weekday name a weekday", allowed="{mon-thu: 09:00-18:00, fri: 09:00-14:00}")
    found: dict[int, Spans] = {}
    for days, spans in _by_weekday().validate_python(value).items():
        twice = sorted(days & set(found))
        if twice:
            raise wrong(f"{WEEKDAYS[twice[0] - 1]} has its hours twice", found=", ".join(map(str, value)))
        found |= dict.fromkeys(days, spans)
    return StaffedHours(by_weekday=tuple(sorted(found.items())))


WorkingDays = Annotated[
    frozenset[int],
    PlainValidator(as_working_days),
    WithJsonSchema({"type": ["string", "array"], "examples": ["mon-fri", ["mon", "wed"]]}),
]
Hours = Annotated[
    StaffedHours,
    PlainValidator(as_hours),
    WithJsonSchema(
        {
            "description": "staffed hours of every working day, with breaks; or by weekday",
            "anyOf": [{"type": "string"}, {"type": "object", "additionalProperties": {"type": "string"}}],
            "examples": ["09:00-18:00", "09:00-13:00, 14:00-18:00", {"mon-thu": "09:00-18:00", "fri": "09:00-14:00"}],
        }
    ),
]
