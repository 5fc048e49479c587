"""Which wanted tasks the ledger leaves open, and by what they can be looked for. Pure.

It must never take a failed or an intended task for a settled one.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from engine.core.identity import mark_of
from engine.core.known import KnownTask
from engine.core.wanted import Expansion, Wanted


def sent_without_mark(task: Wanted, known: Mapping[UUID, KnownTask]) -> bool:
    """Whether a request is open that went out while the mark was switched off."""
    return any(number in known and not known[number].marked for number in (task.identity, *task.alternatives))


def undecided(expansion: Expansion, known: Mapping[UUID, KnownTask]) -> dict[str, Wanted]:
    """Return mark -> wanted task, for those that the ledger does not settle; older identities lead there too."""
    found: dict[str, Wanted] = {}
    for wanted in expansion.wanted:
        numbers = (wanted.identity, *wanted.alternatives)
        if not any(number in known and known[number].state in {"created", "adopted"} for number in numbers):
            found |= {mark_of(number): wanted for number in numbers}
    return found
