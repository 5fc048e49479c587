"""Hours in which a location is staffed on one day: spans of the wall clock with breaks between them.

Pure arithmetic on seconds of the wall clock. It must never know which days are open: that is the calendar's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from whenever import Time


class Span(NamedTuple):
    """From opening to closing of one stretch of staffed hours, both wall clock times of one day."""

    opening: Time
    closing: Time

    def __str__(self) -> str:
        return f"{clock(self.opening)}-{clock(self.closing)}"


Spans = tuple[Span, ...]
"""The staffed hours of one day, the earliest first, with a break between each two."""


def joined(spans: Iterable[Span]) -> Spans:
    """Return spans in their order, those that touch made one: 09:00-13:00, 13:00-18:00 has no break."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and found[-1].closing == span.opening:
            found[-1] = Span(found[-1].opening, span.closing)
        else:
            found.append(span)
    return tuple(found)


def sound(spans: Spans) -> bool:
    """Whether there is a span, each opens before it closes, and none begins before the one before it ended."""
    times = [time for span in spans for time in span]
    return bool(spans) and all(one < other for one, other in zip(times, times[1:], strict=False))


def length(spans: Spans) -> int:
    """Return the staffed seconds of a day."""
    return sum(seconds(span.closing) - seconds(span.opening) for span in spans)


def staffed_until(spans: Spans, time: Time) -> int:
    """Return the staffed seconds of a day that lie before `time`."""
    second = seconds(time)
    parts = ((seconds(span.opening), seconds(span.closing)) for span in spans)
    return sum(min(second, closing) - opening for opening, closing in parts if opening < second)


def end_of(spans: Spans, staffed: int) -> Time:
    """Return the first time with `staffed` seconds behind it (1 up to the day's length): a closing, before a break."""
    for span in spans:
        size = seconds(span.closing) - seconds(span.opening)
        if staffed <= size:
            return at_second(seconds(span.opening) + staffed)
        staffed -= size
    raise ValueError("a day has no more staffed seconds than its length")


def start_of(spans: Spans, staffed: int) -> Time:
    """Return the last time with `staffed` seconds behind it (less than the day's length): an opening, after a break."""
    for span in spans:
        size = seconds(span.closing) - seconds(span.opening)
        if staffed < size:
            return at_second(seconds(span.opening) + staffed)
        staffed -= size
    raise ValueError("after the last staffed second of a day there is none")


def hours_said(spans: Sequence[Span]) -> str:
    """Write the hours of a day for a person: "09:00-13:00, 14:00-18:00"."""
    return ", ".join(map(str, spans))


def seconds(time: Time) -> int:
    """Return the seconds of the wall clock since midnight, without their fraction."""
    return time.hour * 3600 + time.minute * 60 + time.second


def at_second(number: int) -> Time:
    """Return the time of day so many seconds after midnight, 0 to 86399."""
    return Time(number // 3600, number // 60 % 60, number % 60)


def clock(time: Time) -> str:
    """Write a time of day for a person: "09:30", with seconds only when there are any."""
    return f"{time.hour:02}:{time.minute:02}" + (f":{time.second:02}" if time.second else "")
