"""Words of the files that several parts must agree on: events, anchors, and what is still to come."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

EVENTS: dict[str, int] = {
    "coworker.created": 3,
    "coworker.updated": 2,
    "coworker.deleted": 50,
    "welcome_email.sent": 9,
    "contract.created": 62,
    "contract.activated": 10,
    "contract.first_activated": 14,
    "contract.renewed": 12,
    "contract.plan_changed": 13,
    "contract.updated": 60,
    "contract.cancelled": 11,
    "contract.deleted": 77,
    "team.created": 57,
    "team.updated": 58,
    "product.created": 68,
    "checkin.created": 47,
    "invoice.first_created": 15,
    "invoice.paid": 21,
}
"""Event name -> eWebhookAction number (webhooks.md section 2)."""

ANCHORS: tuple[str, ...] = (
    "signup",
    "contract.start",
    "contract.renewal",
    "contract.term_end",
    "contract.cancellation",
    "contract.identity_checks_due",
    "membership.start",
    "membership.end",
    "visit.first",
    "visit.third",
    "invoice.first_paid",
    "event",
)

END_ANCHORS = frozenset({"contract.cancellation", "contract.term_end", "membership.end"})
"""Ends: a due `on` one of these rolls back, never past the end."""

NOT_YET: dict[str, str] = {
    "repeat": "repeating a list or an item by a date",
}
"""Words that are planned, so that a file using one is told so and never half-obeyed."""


_TELLING = 4
"""Letters that a name needs before a longer one that holds it is taken for the one that was meant."""


def nearest(name: str, candidates: Iterable[str]) -> str:
    """Return the candidate that a mistyped `name` most likely meant, or '' when none is near."""
    pool = {candidate.lower(): candidate for candidate in sorted(candidates)}
    whole = [one for one in pool if len(name) >= _TELLING and f"_{one}_".find(f"_{name.lower()}_") >= 0]
    if whole:  # first_name is meant by guessed_first_name, whatever else is spelt alike
        return pool[min(whole, key=len)]
    close = difflib.get_close_matches(name.lower(), pool, n=1, cutoff=0.6)
    return pool[close[0]] if close else ""
