"""The limits of an account: how many calls and writes go through before the service says wait.

Windows slide; a refused call does not count. Must never queue or delay a call.
"""

from __future__ import annotations

import math
from collections import deque

from engine.sandbox.answers import Answer, json_answer
from engine.sandbox.modes import Modes

#: mode, seconds of the window, whether only writes count
_WINDOWS = (
    ("S50.calls-per-100ms", 0.1, False),
    ("S50.calls-per-minute", 60.0, False),
    ("S50.calls-per-hour", 3600.0, False),
    ("S50.writes-per-minute", 60.0, True),
    ("S50.writes-per-day", 86400.0, True),
)


class Throttle:
    """Remembers when calls were let through; moments are seconds since 1970 on the sandbox's clock.

    A window without a limit remembers nothing: a limit that is switched on starts from zero.
    """

    def __init__(self, modes: Modes) -> None:
        self._modes = modes
        self._passed: dict[str, deque[float]] = {name: deque() for name, _, _ in _WINDOWS}

    def wait(self, now: float, *, is_write: bool) -> float:
        """0 when the call may pass, and it then counts; else the seconds until it might."""
        longest = 0.0
        for name, seconds, writes_only in _WINDOWS:
            limit = self._modes.number(name)
            passed = self._passed[name]
            if not limit:
                passed.clear()
            while passed and not now - seconds < passed[0] <= now:
                passed.popleft()
            if limit and len(passed) >= limit and (is_write or not writes_only):
                longest = max(longest, passed[-limit] + seconds - now)
        if longest:
            return longest
        for name, _, writes_only in _WINDOWS:
            if self._modes.number(name) and (is_write or not writes_only):
                self._passed[name].append(now)
        return 0.0

    def forget(self) -> None:
        """Start from zero."""
        for passed in self._passed.values():
            passed.clear()

    def refuse(self, seconds: float) -> Answer:
        """The answer to a call too many, in the style of S50."""
        style = self._modes["S50"]
        if style == "429-with-wait-text":
            return json_answer({"Message": f"Too many requests. Wait {seconds:.1f} seconds."}, 429)
        if style == "429-with-retry-after":
            return Answer(429, headers=(("Retry-After", str(math.ceil(seconds))),))
        # The documented answer always says 1, however long the wait really is.
        quiet = (
            ("Cache-Control", "no-cache"),
            ("Pragma", "no-cache"),
            ("Expires", "-1"),
            ("Retry-After", "1"),
        )
        return Answer(409, headers=quiet)
