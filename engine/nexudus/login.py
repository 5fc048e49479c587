"""Who we are on each call: a token kept in this process's memory, or a fixed header.

It must never store a token, never use a refresh token, and never ask twice where once is enough:
one thread renews while the others wait for its token.
"""

from __future__ import annotations

import threading
from base64 import b64encode
from collections.abc import Callable
from typing import Protocol

from engine.nexudus.grant import Denied, Token
from engine.nexudus.settings import NexudusSettings

REFUSAL_HOLDS = 600.0
"""Seconds that a refused login or a missing right is taken for settled, so that a long-running
service neither locks the account by asking nor needs a restart once someone has mended it."""

Ask = Callable[[], Token | Denied]


class Login(Protocol):
    """Where the Authorization header comes from.

    `is_proved`: a header that comes from here was given for our name and password, so a 401 that
    outlives a renewal is about a right.
    """

    is_proved: bool

    def header(self, ask: Ask) -> str: ...
    def may_renew(self, header: str, role: str) -> bool: ...
    def renew(self, header: str, ask: Ask) -> None: ...
    def worked(self, header: str) -> None: ...
    def lacks(self, role: str) -> None: ...


def login_for(settings: NexudusSettings, clock: Callable[[], float]) -> Login:
    """The way of logging in that the settings ask for."""
    if settings.token:
        return FixedLogin(f"Bearer {settings.token}")
    if settings.auth == "basic":
        pair = f"{settings.username}:{settings.password}".encode()
        return FixedLogin(f"Basic {b64encode(pair).decode()}")
    return PasswordLogin(clock)


class FixedLogin:
    """A header that cannot be renewed."""

    is_proved = False

    def __init__(self, header: str) -> None:
        self._header = header

    def header(self, ask: Ask) -> str:  # noqa: ARG002 - nothing to ask for
        return self._header

    def may_renew(self, header: str, role: str) -> bool:  # noqa: ARG002 - never
        return False

    def renew(self, header: str, ask: Ask) -> None:
        """Nothing to renew."""

    def worked(self, header: str) -> None:
        """Nothing to learn."""

    def lacks(self, role: str) -> None:
        """Nothing to learn."""


class PasswordLogin:
    """A token by the password grant, renewed when its time is over or a call was answered 401."""

    is_proved = True

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._header = ""
        self._ends: float | None = None
        self._doubtful = False  # renewed because of a 401, and no call has worked since
        self._denied: tuple[Denied, float] | None = None
        self._lacking: dict[str, float] = {}

    def header(self, ask: Ask) -> str:
        """The header of a token that should still be alive; asks for one if need be."""
        with self._lock:
            if not self._header or (self._ends is not None and self._clock() >= self._ends):
                self._take(ask)
            return self._header

    def may_renew(self, header: str, role: str) -> bool:
        """Whether a 401 may be the token's fault, so that a new one is worth asking for."""
        with self._lock:
            if self._clock() < self._lacking.get(role, float("-inf")):
                return False
            return header != self._header or not self._doubtful

    def renew(self, header: str, ask: Ask) -> None:
        """Replace the token that was answered 401, unless another thread has done so already."""
        with self._lock:
            if header == self._header:
                self._take(ask)
                self._doubtful = True

    def worked(self, header: str) -> None:
        """Learn that a call with this header was let in."""
        with self._lock:
            if header == self._header:
                self._doubtful = False

    def lacks(self, role: str) -> None:
        """Learn that a right is missing: 401s for it say nothing about the token for a while."""
        with self._lock:
            self._lacking[role] = self._clock() + REFUSAL_HOLDS

    def _take(self, ask: Ask) -> None:
        if self._denied is not None and self._clock() < self._denied[1]:
            raise self._denied[0].error()
        answer = ask()
        if isinstance(answer, Denied):
            self._denied = (answer, self._clock() + REFUSAL_HOLDS)
            raise answer.error()
        self._denied = None
        self._header = f"Bearer {answer.access_token}"
        self._doubtful = False
        # A tenth early, at most a minute: a token must not run out on its way.
        lives = answer.lives
        self._ends = None if lives is None else self._clock() + lives - min(60.0, lives / 10)
