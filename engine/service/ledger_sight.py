"""What the ledger says about alerts: work that failed, waits or is in doubt, and deliveries that nobody signed.

It must never change anything, and never take a text that somebody wrote out of the ledger: counts and names do.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from whenever import Instant, TimeDelta, minutes

from engine.ledger.ledger import Ledger
from engine.ledger.service_values import Delivery, JobState
from engine.service.alert_causes import Situation

_MOST: Final = 1_000
"""Jobs or deliveries that are counted: an alert is no worse for more."""

_LATEST: Final = 500
"""Deliveries among which a genuine one is looked for that came after the unverified ones."""

_NOT_DONE: Final[tuple[JobState, ...]] = ("aside", "failed")


def look_at_ledger(ledger: Ledger, now: Instant, *, doubt_minutes: int) -> Situation:
    """Return the parts of a Situation that the ledger knows; a task in doubt counts after `doubt_minutes`."""
    return Situation(
        held=_in_doubt(ledger, now, minutes(doubt_minutes)),
        failed=_failed(ledger),
        unverified=_unverified(ledger),
        backlog=_backlog(ledger, now),
    )


def _in_doubt(ledger: Ledger, now: Instant, allowed: TimeDelta) -> int:
    """Open intents whose run has given no sign of life for so long: those at work, or just sent, are in no doubt."""
    intents = (intent for coworker in ledger.coworkers_to_recover() for intent in ledger.open_intents(coworker))
    return sum(now - max(intent.at, intent.seen_at) > allowed for intent in intents)


def _failed(ledger: Ledger) -> dict[str, int]:
    """List -> jobs that wait for a person; "" for deliveries that do, before any list was asked."""
    jobs = [job for state in _NOT_DONE for job in ledger.jobs.listed(state, limit=_MOST)]
    deliveries = [one for state in _NOT_DONE for one in ledger.inbox.listed(state, limit=_MOST)]
    return {**Counter(job.tasklist for job in jobs), "": sum(not one.jobs for one in deliveries)}


def _unverified(ledger: Ledger) -> dict[str, int]:
    """Location -> deliveries without a valid signature, unless a genuine one has come by the same path since."""
    unsigned = ledger.inbox.listed("unverified", limit=_MOST)
    if not unsigned:
        return {}
    genuine: dict[tuple[str, str], Instant] = {}
    for one in ledger.inbox.listed(limit=_LATEST):
        if one.verified != "unverified":
            genuine[_path(one)] = max(one.last_at, genuine.get(_path(one), one.last_at))
    return dict(Counter(one.location for one in unsigned if one.last_at >= genuine.get(_path(one), Instant.MIN)))


def _path(delivery: Delivery) -> tuple[str, str]:
    return delivery.location, delivery.event


def _backlog(ledger: Ledger, now: Instant) -> dict[str, Instant]:
    waits = {"delivery": ledger.inbox.oldest_waiting(), "job": ledger.jobs.oldest_due(now)}
    return {what: since for what, since in waits.items() if since is not None}
