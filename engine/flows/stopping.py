"""Being asked to stop: calls in flight are finished, nothing new begins, waits end at once.

It must never interrupt a call: what was sent is seen through, or left as an open intent by who ends the process.
"""

from __future__ import annotations

import threading

from engine.core.errors import Unfinished


class Stopped(Unfinished):
    """The process was asked to end; what was not begun is not sent."""

    exit_code = 130

    def __init__(self) -> None:
        super().__init__(
            "interrupted: nothing is lost. What was under way was finished, the rest was not sent.",
            advice="The same command goes on where this one stopped, and so does `tasklists resume`.",
        )


class Stop:
    """A request to stop that any thread or signal handler may make, and that every wait listens to."""

    def __init__(self) -> None:
        self._asked = threading.Event()

    def request(self) -> None:
        """Ask; asking again changes nothing."""
        self._asked.set()

    @property
    def requested(self) -> bool:
        return self._asked.is_set()

    def check(self) -> None:
        """Raise Stopped if somebody asked."""
        if self.requested:
            raise Stopped

    def sleep(self, seconds: float) -> None:
        """Sleep so long; Stopped as soon as somebody asks."""
        if self._asked.wait(max(0.0, seconds)):
            raise Stopped
