"""The limits of an account: how many calls and writes go through before the service says wait.

Windows slide; a refused call does not count. Must never queue or delay a call.
"""

from __future__ import annotations

import math
import random
from collections import deque
from email.utils import formatdate

from engine.sandbox.answers import Answer, json_answer
from engine.sandbox.modes import MODES, Modes

#: mode, seconds of the window, whether only writes count
_WINDOWS = (
    ("S50.calls-per-100ms", 0.1, False),
    ("S50.calls-per-minute", 60.0, False),
    ("S50.calls-per-hour", 3600.0, False),
    ("S50.writes-per-minute", 60.0, True),
    ("S50.writes-per-day", 86400.0, True),
)
_STYLES = tuple(style for mode in MODES if mode.name == "S50" for style in mode.values if style != "any-of-them")


class Throttle:
    """Remembers when calls were let through; moments are seconds since 1970 on the sandbox's clock.

    A window without a limit remembers nothing: a limit that is switched on starts from zero.
    """

    def __init__(self, modes: Modes) -> None:
        self._modes = modes
        self._passed: dict[str, deque[float]] = {name: deque() for name, _, _ in _WINDOWS}

    def wait(self, now: float, *, is_write: bool) -> float:
        """0 when the call may pass, and it then counts; else the seconds until it might."""
        longest, scale = 0.0, self._modes.decimal("S50.scale")
        for name, unscaled, writes_only in _WINDOWS:
            limit, seconds = self._modes.number(name), unscaled * scale
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

    def refuse(self, seconds: float, *, now: float, source: random.Random) -> Answer:
        """The answer to a call too many at the moment `now`, in the style of S50; `seconds` is the true wait."""
        style = self._modes["S50"]
        if style == "any-of-them":
            style = source.choice(_STYLES)
        if style == "429-with-wait-text":
            return json_answer({"Message": f"Too many requests. Wait {self._written(seconds, 1)} seconds."}, 429)
        if style == "429-with-retry-after":
            return Answer(429, headers=self._retry_after(seconds, now, documented=str(math.ceil(seconds))))
        # The documented answer always says 1, however long the wait really is.
        quiet = (("Cache-Control", "no-cache"), ("Pragma", "no-cache"), ("Expires", "-1"))
        return Answer(409, headers=(*quiet, *self._retry_after(seconds, now, documented="1")))

    def _retry_after(self, seconds: float, now: float, *, documented: str) -> tuple[tuple[str, str], ...]:
        mode = self._modes["S50.retry-after"]
        if mode == "none":
            return ()
        forms = {
            "as-documented": documented,
            "true-wait": self._written(seconds, 0),
            "date": formatdate(math.ceil(now + seconds), usegmt=True),
            "negative": "-1",
            "text": "soon",
        }
        return (("Retry-After", forms.get(mode, mode)),)

    def _written(self, seconds: float, digits: int) -> str:
        """Rounded up, so that who waits that long may pass; scaled windows ask for milliseconds."""
        shown = 3 if self._modes.decimal("S50.scale") < 1 else digits
        return f"{math.ceil(seconds * 10**shown) / 10**shown:.{shown}f}"
