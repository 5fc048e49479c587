"""Being asked to stop: calls in flight are finished, nothing new begins, waits end at once.

It must never interrupt a call: what was sent is seen through, or left as an open intent by who ends the process.
"""

from __future__ import annotations

import time
from typing import Final

from engine.core.errors import Unfinished


class Stopped(Unfinished):
    """The process was asked to end; what was not begun is not sent."""

    exit_code = 130

    def __init__(self) -> None:
        super().__init__(
            "interrupted: nothing is lost. What was under way was finished, the rest was not sent.",
            advice="The same command goes on where this one stopped, and so does `tasklists resume`.",
        )


_LISTEN_SECONDS: Final = 0.05
"""How often a wait listens: soon enough for a person, and no lock is needed, see below."""


class Stop:
    """A request to stop that any thread or signal handler may make, and that every wait listens to.

    Without a lock: a signal handler runs inside whatever its thread is doing, and would wait for ever for a lock
    that the same thread holds, which an event's is while it is waited for.
    """

    def __init__(self) -> None:
        self._asked = False
        self.signal_number = 0
        """The signal that asked first; 0 for a request of our own."""

    def request(self, signal_number: int = 0) -> None:
        """Ask; asking again changes nothing."""
        if not self._asked:
            self.signal_number = signal_number
        self._asked = True

    @property
    def requested(self) -> bool:
        return self._asked

    def check(self) -> None:
        """Raise Stopped if somebody asked."""
        if self.requested:
            raise Stopped

    def sleep(self, seconds: float) -> None:
        """Sleep so long; Stopped as soon as somebody asks."""
        end = time.monotonic() + seconds
        self.check()
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, _LISTEN_SECONDS))
            self.check()
