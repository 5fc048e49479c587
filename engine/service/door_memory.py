"""What the door remembers of its paths: whether one ever verified a delivery, and what was kept unverified.

A path is one event of one location. A wrong secret must not get a hook switched off (ten refusals do, webhooks.md
section 6), so from the third refusal in a row on a path that never verified anything, deliveries are kept aside. A
flood of forged ones must not reach the disk: each path writes three times, then once a second at most.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from whenever import Instant

from engine.ledger.service_values import Accepted, DeliveryId, Door

REFUSED_AT_FIRST: Final = 2
"""So many are answered 401: enough to see a forger, far from the ten at which Nexudus switches the hook off."""

_MOST_KEPT: Final = 128
"""Digests of unverified deliveries in memory; the ledger keeps at most 100."""


class RemembersDoors(Protocol):
    """The half of the watch that the door needs; what it tells belongs to one mark of the secrets."""

    def door(self, location: str, event: str, secret_mark: str) -> Door:
        """What is known of a path since its secrets were set."""

    def note_verified(self, location: str, event: str, secret_mark: str, now: Instant) -> None:
        """A delivery verified here."""

    def note_refused(self, location: str, event: str, secret_mark: str, now: Instant) -> int:
        """One more was refused; how many in a row by now."""


@dataclass
class _Path:
    has_verified: bool
    refused: int
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class DoorMemory:
    """`mark_of` gives the mark of a location's secrets. All of it runs on one loop; the watch is asked in a thread."""

    def __init__(self, watch: RemembersDoors, mark_of: Callable[[str], str], clock: Callable[[], Instant]) -> None:
        self._watch = watch
        self._mark_of = mark_of
        self._clock = clock
        self._paths: dict[tuple[str, str], _Path] = {}

    async def verified(self, location: str, event: str) -> None:
        """Remember that the secrets are the right ones. Unreachable if it cannot be written down."""
        path = await self._path(location, event)
        if not path.has_verified:
            await asyncio.to_thread(self._watch.note_verified, location, event, self._mark_of(location), self._clock())
            path.has_verified = True

    async def is_refused(self, location: str, event: str) -> bool:
        """Whether a delivery that did not verify is refused, rather than kept aside. Unreachable: cannot be known."""
        path = await self._path(location, event)
        if path.has_verified:
            return True
        if path.refused > REFUSED_AT_FIRST:
            return False
        async with path.turn:  # two at once are two
            if path.refused <= REFUSED_AT_FIRST:
                path.refused = await asyncio.to_thread(
                    self._watch.note_refused, location, event, self._mark_of(location), self._clock()
                )
                return path.refused <= REFUSED_AT_FIRST
        return False

    async def _path(self, location: str, event: str) -> _Path:
        found = self._paths.get((location, event))
        if found is None:
            known = await asyncio.to_thread(self._watch.door, location, event, self._mark_of(location))
            made = _Path(known.verified_at is not None, known.refused_in_a_row)
            found = self._paths.setdefault((location, event), made)
        return found


class KeptUnverified:
    """Spares the ledger the copies of what it has, and more than it keeps."""

    def __init__(self, loop_time: Callable[[], float]) -> None:
        self._time = loop_time
        self._known: dict[bytes, Accepted] = {}
        self._full_until = 0.0

    @staticmethod
    def digest(location: str, event: str, body: bytes) -> bytes:
        """What two copies have in common."""
        return hashlib.sha256(b"\0".join([location.encode(), event.encode(), body])).digest()

    def answer_for(self, digest: bytes) -> Accepted | None:
        """What to answer without asking the ledger, None if it must be asked."""
        known = self._known.get(digest)
        if known is None and self._time() < self._full_until:
            return Accepted(DeliveryId(""), is_new=False)
        return known

    def note(self, digest: bytes, accepted: Accepted) -> None:
        """Remember what the ledger made of it; when it is full, ask again in a second."""
        if not accepted.id:
            self._full_until = self._time() + 1
        elif len(self._known) < _MOST_KEPT:
            self._known[digest] = accepted
