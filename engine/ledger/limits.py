"""How many calls fit in which stretch of time, and the first moment at which one more does. Pure.

It must never let one more call into any window than its limit, wherever the window is laid.
All moments and lengths are integer milliseconds.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol, TypeAlias

from whenever import Instant

from engine.core.errors import Unfinished

Clock: TypeAlias = Callable[[], Instant]

MINUTE: Final = 60_000
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

FARTHEST: Final = 2 * HOUR
"""No reservation is that far ahead, so such a row, or pause, was written before the clock was set back."""

_LEAST_GUARD: Final = 10


LONGEST_WAIT: Final = 10 * MINUTE
"""A turn that is farther away is not waited for in silence: the run is parked and says until when."""


class NoRoom(Unfinished):
    """The limits leave no room for a call for a while; it goes on by itself at `resumes_at` (UTC)."""

    def __init__(self, resumes_at: Instant, message: str = "") -> None:
        self.resumes_at = resumes_at
        super().__init__(
            message or f"The limits of calls to Nexudus are used up; it goes on at {resumes_at.round('second')}.",
            advice="Run it again then: nothing is lost and nothing is made twice.",
        )


class DailyLimit(NoRoom):
    """The service's limit for a day is used up; it goes on by itself at `resumes_at` (UTC)."""

    def __init__(self, resumes_at: Instant) -> None:
        told = f"The daily limit of writes to Nexudus is used up; it goes on at {resumes_at.round('second')}."
        super().__init__(resumes_at, told)


@dataclass(frozen=True)
class Window:
    """At most `limit` calls, or only writes, in any stretch of `length` milliseconds.

    A window that `parks` is not waited for: who meets it is told when it goes on.
    """

    limit: int
    length: int
    writes_only: bool = False
    parks: bool = False
    share: float = 1.0

    @property
    def guarded(self) -> int:
        """The length that we keep the limit in: longer by what is not ours to use, and at least by 10 ms.

        The whole count in a longer stretch uses any limit, large or small, to exactly its share, and leaves room
        for calls that overtake each other on the way.
        """
        return max(math.ceil(self.length / self.share), self.length + _LEAST_GUARD)


@dataclass(frozen=True)
class Limits:
    """The limits of one account, by default the ones that the vendor publishes (design 5.4); 0 = none.

    `share` of each is used over time: late arrivals and other programs need the rest.
    `scale` shortens all windows, for a sandbox in shortened time.
    """

    writes_per_minute: int = 60
    calls_per_minute: int = 120
    calls_per_hour: int = 5_000
    calls_per_100_ms: int = 10
    writes_per_day: int = 5_000
    share: float = 0.97
    scale: float = 1.0
    others: tuple[Window, ...] = ()

    def windows(self) -> tuple[Window, ...]:
        """The windows to keep, with the share of each limit that is ours to use."""
        published = (
            Window(self.calls_per_100_ms, 100),
            Window(self.writes_per_minute, MINUTE, writes_only=True),
            Window(self.calls_per_minute, MINUTE),
            Window(self.calls_per_hour, HOUR),
            Window(self.writes_per_day, DAY, writes_only=True, parks=True),
        )
        return tuple(self._ours(window) for window in (*published, *self.others) if window.limit > 0)

    def _ours(self, window: Window) -> Window:
        length = max(1, round(window.length * self.scale))
        return replace(window, length=length, share=self.share)


class Calls(Protocol):
    """The calls made or reserved, in whatever memory."""

    def count(self, after: int, *, writes_only: bool) -> int:
        """How many are later than `after`."""

    def moments(self, after: int, *, writes_only: bool) -> Sequence[int]:
        """Their moments, sorted."""


def next_moment(calls: Calls, start: int, windows: Sequence[Window], *, write: bool) -> int:
    """The first moment, not before `start`, at which one more call is within all windows.

    DailyLimit if a window that parks has no room at `start`, NoRoom if the moment is too far to wait for.
    """
    tight = []
    for window in windows:
        if window.writes_only and not write:
            continue
        after = start - window.guarded
        if calls.count(after, writes_only=window.writes_only) >= window.limit:  # else any stretch has room
            tight.append((window, calls.moments(after, writes_only=window.writes_only)))
    _refuse_parking(tight, start)
    at = start
    while (later := max((first_free(moments, at, window) for window, moments in tight), default=at)) > at:
        at = later
    if at - start > LONGEST_WAIT:
        raise NoRoom(Instant.from_timestamp(at, unit="millisecond"))
    return at


def first_after(calls: Calls, now: int, windows: Sequence[Window], *, write: bool) -> int:
    """The first moment, not before `now`, at which one more call fits behind those that went before `now`.

    For a call whose turn has come: those with a later turn look for themselves when theirs comes. A window that
    parks is not looked at again: it was when the turn was reserved, and being late makes it no fuller.
    """
    at = now
    for window in windows:
        if window.parks or (window.writes_only and not write):
            continue
        after = now - window.guarded
        if calls.count(after, writes_only=window.writes_only) >= window.limit:
            moments = calls.moments(after, writes_only=window.writes_only)
            went = bisect_right(moments, now)
            if went >= window.limit:
                at = max(at, moments[went - window.limit] + window.guarded)
    return at


def _refuse_parking(tight: Sequence[tuple[Window, Sequence[int]]], start: int) -> None:
    for window, moments in tight:
        if window.parks and (resumes := first_free(moments, start, window)) > start:
            raise DailyLimit(Instant.from_timestamp(resumes, unit="millisecond"))


def first_free(moments: Sequence[int], start: int, window: Window) -> int:
    """The first moment, not before `start`, at which one more call overfills no stretch of the window.

    `moments` are the sorted calls that count, some perhaps in the future: they are reserved.
    """
    at = start
    while (later := _pushed(moments, at, window)) > at:
        at = later
    return at


def _pushed(moments: Sequence[int], at: int, window: Window) -> int:
    """`at` if a call fits there, else the next moment at which it may."""
    place = bisect_right(moments, at)
    whole = [*moments[max(0, place - window.limit) : place], at, *moments[place : place + window.limit]]
    own = min(place, window.limit)  # where `at` is in `whole`
    for first in range(min(own, len(whole) - 1 - window.limit), -1, -1):
        if whole[first + window.limit] - whole[first] < window.guarded:
            # Behind the stretch; if `at` begins it, the calls after it fill theirs to the brim as well.
            return (whole[first] if first < own else whole[own + 1]) + window.guarded
    return at
