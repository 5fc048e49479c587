"""A conversation that keeps what is worth knowing about it: the service's own words, and how calls went.

It must never change a call or its answer, and never keep more of an answer than its status and clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from engine.nexudus.answers import Absent, Ambiguous, Done, Found, Sent, Settled
from engine.nexudus.calls import Call
from engine.nexudus.conversation import Conversation
from engine.nexudus.errors import LoginRefused, RoleMissing
from engine.nexudus.exchange import Measure, Reply
from engine.nexudus.gate import Gate


@dataclass(frozen=True)
class Heard:
    """What an answer said before it was understood: its status, and the Date that it bears."""

    status: int = 0
    date: str = ""


class Listening(Conversation):
    """`probe` asks which of two equal refusals an account uses; a service asks whether its login still works."""

    heard = Heard()
    login_works: bool | None = None
    """What the last call that tells said about the login; None as long as none did."""

    def measure_with(self, measure: Measure) -> None:
        """Tell each exchange from now on, and each write without a sure answer."""
        self.exchange.measure = measure

    def read(self, call: Call) -> Found | Absent:
        with self._about_the_login():
            found = super().read(call)
        self.login_works = True
        return found

    def write(self, call: Call, sent: Sent, gate: Gate | None = None) -> Settled:
        with self._about_the_login():
            answer = super().write(call, sent, gate)
        if isinstance(answer, Done):
            self.login_works = True
        if isinstance(answer, Ambiguous) and self.exchange.measure is not None:
            self.exchange.measure.ambiguous()
        return answer

    @contextmanager
    def _about_the_login(self) -> Iterator[None]:
        try:
            yield
        except LoginRefused:
            self.login_works = False
            raise
        except RoleMissing:  # told apart from a refused login before it is raised
            self.login_works = True
            raise

    def _send(self, call: Call, *args: Any, **named: Any) -> Reply:
        reply = super()._send(call, *args, **named)
        if call.role:
            self.heard = Heard(reply.status, reply.headers.get("date", ""))
        return reply
