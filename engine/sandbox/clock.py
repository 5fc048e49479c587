"""The sandbox's clock: real time plus an offset that a test may move, and how moments are written.

All moments are UTC instants. Must never be read by anything that decides on real waiting.
"""

from __future__ import annotations

from whenever import Date, Instant, PlainDateTime, TimeDelta


class Clock:
    """Now, shifted by `offset_seconds`."""

    def __init__(self) -> None:
        self.offset_seconds = 0.0

    def now(self) -> Instant:
        """The present moment of the sandbox."""
        return Instant.now() + TimeDelta(seconds=self.offset_seconds)

    def seconds(self) -> float:
        """The present moment as seconds since 1970."""
        return self.now().timestamp(unit="nanosecond") / 1e9


def write_second(moment: Instant) -> str:
    """`2026-04-28T00:00:00Z`: how DueDate comes back."""
    return moment.format_iso(unit="second")


def write_with_digits(moment: Instant, digits: int) -> str:
    """With 1 to 7 fractional digits, as CreatedOn was recorded: the number of digits varies."""
    fraction = f"{moment.timestamp(unit='nanosecond') % 1_000_000_000:09d}"[:digits]
    return f"{write_second(moment)[:-1]}.{fraction}Z"


def read_moment(text: str) -> Instant | None:
    """The instant that a date text means: without an offset it is UTC. None if it is no date."""
    try:
        return Instant.parse_iso(text)
    except ValueError:
        plain = read_plain(text)
        return None if plain is None else plain.assume_utc()


def read_plain(text: str) -> PlainDateTime | None:
    """The wall clock that a text without an offset means. None if it is none."""
    try:
        return PlainDateTime.parse_iso(text)
    except ValueError:
        pass
    try:
        date = Date.parse_iso(text)
    except ValueError:
        return None
    return PlainDateTime(date.year, date.month, date.day)


def to_local(moment: Instant, zone: str) -> str:
    """The wall clock in an IANA zone, without a suffix: how the ...Local twin of a field is written."""
    return moment.to_tz(zone).to_plain().format_iso(unit="second")


def from_local(text: str, zone: str) -> Instant | None:
    """The instant of a wall clock in an IANA zone: gaps move forward, of two the earlier. None if no date."""
    plain = read_plain(text.removesuffix("Z"))
    return None if plain is None else plain.assume_tz(zone, disambiguate="compatible").to_instant()
