"""How much one server takes in at once: connections, and memory for bodies.

Must never turn a small delivery away because others are large or slow: small ones need no share of what is scarce, and
the connection that was of no use for longest goes first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Limits:
    """What a sender may do. A delivery of Nexudus has some 3 KB and is there at once."""

    header_bytes: int = 16 * 1024
    body_bytes: int = 1024 * 1024
    seconds: float = 10.0
    """From a request's first byte to its last, and for a new connection to its first."""
    idle_seconds: int = 65
    """Between two requests: longer than the 60 s for which usual proxies keep their side open."""
    connections: int = 400
    pipelined: int = 16
    free_bytes: int = 16 * 1024
    """Of each body without asking; the rest comes out of what all share."""
    shared_bytes: int = 6 * 1024 * 1024


class Connection(Protocol):
    """What the room sees of a connection."""

    @property
    def is_busy(self) -> bool:
        """Whether a whole request of it is being answered."""

    def close(self) -> None:
        """End it now."""


class Room:
    """The connections of one server, the one that was useful last at the end."""

    def __init__(self, limits: Limits, refused: Callable[[int], None]) -> None:
        self.limits = limits
        self.refused = refused
        self._claims: dict[Connection, int] = {}
        self._shared = 0

    def enter(self, connection: Connection) -> bool:
        """Take one more in, at the cost of one that is of no use if it must be; False if all are busy."""
        if len(self._claims) >= self.limits.connections:
            useless = next((one for one in self._claims if not one.is_busy), None)
            if useless is None:
                return False
            self.leave(useless)
            useless.close()
        self._claims[connection] = 0
        return True

    def used(self, connection: Connection) -> None:
        """A whole request came by it: it moves behind those that only hold on."""
        if connection in self._claims:
            self._claims[connection] = self._claims.pop(connection)

    def claim(self, connection: Connection, total: int) -> bool:
        """Make room for so many bytes of one body; False if there is none."""
        if connection not in self._claims:
            return total <= self.limits.free_bytes
        more = max(total - self.limits.free_bytes, 0) - self._claims[connection]
        if more <= 0:
            return True
        if self._shared + more > self.limits.shared_bytes:
            return False
        self._claims[connection] += more
        self._shared += more
        return True

    def give_back(self, connection: Connection) -> None:
        """Nothing of it is in memory any more."""
        if connection in self._claims:
            self._shared -= self._claims[connection]
            self._claims[connection] = 0

    def leave(self, connection: Connection) -> None:
        """It is gone."""
        self._shared -= self._claims.pop(connection, 0)
