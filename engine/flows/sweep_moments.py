"""The moments that sweeps go by, as the ledger keeps them: first start, last finished, last refused.

A clock may have run ahead when one was noted. Such a moment must never decide what is looked at: whoever came until
then would be passed over for good.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from whenever import Instant

FIRST_START: Final = "first start"
LAST_SWEEP: Final = "last sweep"
_REFUSED: Final = "sweep refused"

LEAST_OVERLAP_SECONDS: Final = 120.0
"""Filters are to the minute, and clocks differ (webhooks.md 6)."""

LOOK_BACK_DAYS: Final = 31
"""Dates may be entered late, a contract made active after its start: so far back they are looked at again and again,
which costs a few rows, for what was seen is passed over."""


class Moments(Protocol):
    """The part of `ledger.watch` that keeps moments."""

    def moment(self, name: str) -> Instant | None: ...

    def set_moment(self, name: str, at: Instant) -> None: ...


@dataclass(frozen=True)
class Since:
    """From when on records are new; `told` says what was odd about the moments."""

    at: Instant
    told: tuple[str, ...] = ()


@dataclass(frozen=True)
class Last:
    """The sweep so far: since when none was finished, and whether Nexudus refused one since, and when."""

    finished: Instant | None
    refused: Instant | None


def first_start(moments: Moments, now: Instant) -> Instant:
    """Return when the service first started, noting it the first time."""
    found = moments.moment(FIRST_START)
    if found is None:
        moments.set_moment(FIRST_START, now)
    return found or now


def since_when(moments: Moments, now: Instant, overlap_seconds: float) -> Since:
    """Return the last finished sweep less the overlap, or the first start; one still to come is not believed."""
    overlap = max(overlap_seconds, LEAST_OVERLAP_SECONDS)
    latest = now.add(seconds=overlap)
    last, first = moments.moment(LAST_SWEEP), first_start(moments, now)
    if last is not None and last <= latest:
        return Since(last.subtract(seconds=overlap))
    is_sane = first <= latest
    if last is None and is_sane:
        return Since(first)
    noted = f"the last sweep is noted at {last.round('minute')}" if last else f"the first start is noted at {first}"
    back = "the first start" if is_sane else f"{LOOK_BACK_DAYS} days back"
    told = f"{noted}, which is still to come: a clock runs, or ran, wrong. Looked from {back} on"
    return Since(first if is_sane else now.subtract(hours=24 * LOOK_BACK_DAYS), (told,))


def note_refused(moments: Moments, now: Instant) -> None:
    """Note that Nexudus refused a sweep: its login, or a right."""
    moments.set_moment(_REFUSED, now)


def last_of(moments: Moments, now: Instant) -> Last:
    """Return where the sweep stands (UTC); a moment that is still to come counts as none."""
    latest = now.add(seconds=LEAST_OVERLAP_SECONDS)
    told = (moments.moment(name) for name in (LAST_SWEEP, FIRST_START, _REFUSED))
    last, first, refused = (at if at is not None and at <= latest else None for at in told)
    is_news = refused is not None and (last is None or refused > last)
    return Last(last or first, refused if is_news else None)
