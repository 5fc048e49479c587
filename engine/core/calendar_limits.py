"""How far a calendar knows its closed days, and what is said where it does not.

Two cases that must never be taken for one another: a calendar that was made for too few days, which a caller
may widen, and a day of which nobody knows whether it is closed, where any answer would be a guess.
"""

from __future__ import annotations

from typing import NamedTuple

from whenever import Date

from engine.core.errors import UserError


class CalendarCoverage(UserError):
    """The calendar does not know the closed days of a day that a rule reached."""

    def __init__(self, name: str, covers: tuple[Date, Date], wanted: str) -> None:
        first, last = covers
        super().__init__(
            f"calendar {name!r} knows the closed days from {first} to {last}, not {wanted}",
            advice="Give the calendar the closed days of that time, or choose a nearer day.",
        )
        self.calendar = name
        self.wanted = wanted


class Limit(NamedTuple):
    """The days beyond which nobody knows what is closed, and whose limit it is: "it covers"."""

    first: Date
    last: Date
    what: str

    def __str__(self) -> str:
        return f"{self.what} {self.first} to {self.last}"


class ClosedDaysUnknown(UserError):
    """A rule reached a day whose closed days nobody knows: no wider calendar can be had, so it is no coverage error."""

    def __init__(self, name: str, wanted: str, limit: Limit) -> None:
        super().__init__(
            f"calendar {name!r} does not know {wanted}: {limit}",
            advice="Give it the closed days of that time (covers, closed or ics), or choose a nearer day.",
        )


class NeverOpen(UserError):
    """The calendar has a year or more without one open day."""

    def __init__(self, name: str, first: Date, last: Date) -> None:
        super().__init__(
            f"calendar {name!r} has no open day from {first} to {last}",
            advice="Look at its working_days, holidays and closed days.",
        )
