"""Whether the sweep works, as the ledger tells: a part of a Situation.

A process that has just begun must neither raise an alert for the time in which no service ran, nor end one that
another process raised: it leaves it as it is.
"""

from __future__ import annotations

from typing import Final

from whenever import Instant, TimeDelta, minutes

from engine.flows.sweep_moments import Moments, last_of
from engine.service.alert_causes import Situation

_TURNS: Final = 3
"""Sweeps that may fail in a row before a person should know."""

_LEAST_MINUTES: Final = 60


def look_at_sweep(moments: Moments, now: Instant, *, sweep_minutes: float, began: Instant) -> Situation:
    """Return the part `sweep`, for a service that sweeps every so many minutes and whose process began then.

    Errors are those of the ledger.
    """
    longest: TimeDelta = minutes(max(_TURNS * sweep_minutes, _LEAST_MINUTES))
    last = last_of(moments, now)
    since = last.finished or began
    if last.refused is not None and now - last.refused <= longest:
        return Situation(sweep=since, sweep_refused=True)
    if now - since <= longest:
        return Situation(sweep="")
    return Situation(sweep=since if now - began > longest else None)
