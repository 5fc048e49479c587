"""Calls that are sent until they are settled: login, pace, waits, one deadline for all of it.

This is the one layer that sends anything twice. A write is sent again only after an answer that
proves that nothing happened; after anything else it must never be.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NoReturn, Protocol

import httpx
from whenever import Instant

from engine.nexudus.answers import (
    Absent,
    Answer,
    Asked,
    Broken,
    Defer,
    Fatal,
    Found,
    ReadAnswer,
    RetrySafe,
    Sent,
    Settled,
)
from engine.nexudus.calls import Call, token_call, who_am_i
from engine.nexudus.errors import (
    LoginRefused,
    NexudusUnreachable,
    NotTheApi,
    RequestRefused,
    RoleMissing,
    Throttled,
)
from engine.nexudus.exchange import Exchange, LineFault, Reply
from engine.nexudus.gate import Gate, TellingGate
from engine.nexudus.grant import Denied, Token, judge_grant
from engine.nexudus.login import login_for
from engine.nexudus.settings import NexudusSettings
from engine.nexudus.throttle import SHORTEST, pause, spread
from engine.nexudus.wire import UNREACHED_PAUSE, judge_error, judge_read, judge_write

CALL_SECONDS = 60.0
"""For one call with all its tries and waits; the time that the pace takes is not counted."""

MOST_TRIES = 4
"""Of a call that gets no usable answer."""

MOST_THROTTLED = 60
"""Tries of a call that is throttled: the shortest wait is a second and the call's time a minute."""

TRIES_OF_A_500 = 2
"""A 500 is permanent more often than not, and for some accounts it means an unknown id (api.md 2.6)."""


class Pace(Protocol):
    """The account's rate budget, shared with whoever else uses the account."""

    def acquire(self, *, write: bool) -> None:
        """Block until one call is allowed. Whatever it raises ends the call before it is sent."""

    def went_out(self) -> None:
        """Learn that this thread's call is out, perhaps later than it was allowed. Must raise nothing."""

    def throttled(self, seconds: float) -> None:
        """Learn that Nexudus asked for a pause of so many seconds."""


class NoPace:
    """No budget: for probing a sandbox and for tests."""

    def acquire(self, *, write: bool) -> None:
        """Allow at once."""

    def went_out(self) -> None:
        """Forget it."""

    def throttled(self, seconds: float) -> None:
        """Forget it."""


@dataclass
class _Patience:
    """What is left of one call's time and tries."""

    ends: float
    tries: int = 0


class Conversation:
    """All calls on one account; safe to use from many threads."""

    def __init__(  # noqa: PLR0913 - the seams that tests and the service need, all by name
        self,
        settings: NexudusSettings,
        *,
        pace: Pace,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], Instant] = Instant.now,
        chance: Callable[[], float] = random.random,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.host = settings.host
        self._settings = settings
        self._pace = pace
        self._sleep = sleep
        self._clock = clock
        self._now = now
        self._chance = chance
        self.exchange = Exchange(settings, clock=clock, transport=transport)
        self._login = login_for(settings, clock)

    def close(self) -> None:
        """Close the idle connections."""
        self.exchange.close()

    def read(self, call: Call) -> Found | Absent:
        """The data that a read gives, or that there is none; every other end is an error of `errors`."""
        patience, renewed = self._patience(), False
        while True:
            header = self._login.header(lambda: self._ask_token(patience))
            renewed = renewed or not self._login.may_renew(header, call.role)
            answer = self._read_once(call, Asked(call.role, renewed), header, patience)
            if isinstance(answer, Found | Absent):
                self._login.worked(header)
                return answer
            if isinstance(answer, Fatal):
                self._refused(answer, call, header)
            if isinstance(answer, RetrySafe) and answer.renew_login:
                renewed = True
                self._login.renew(header, lambda: self._ask_token(patience))
            else:
                self._wait_or_raise(answer, patience)

    def write(self, call: Call, sent: Sent, gate: Gate | None = None) -> Settled:
        """Send a write until its answer is settled, never again after an ambiguous one.

        Raises only while nothing can have happened: a refused login, or a pace or a gate that gives no leave.
        """
        patience = self._patience()
        while True:
            try:
                header = self._login.header(lambda: self._ask_token(patience))
            except NexudusUnreachable as error:
                return _put_off(error)
            renewed = sent.login_renewed or not self._login.may_renew(header, call.role)
            sent = replace(sent, login_renewed=renewed)
            answer = self._write_once(call, sent, header, patience, gate=gate)
            if not isinstance(answer, RetrySafe):
                return self._settled(answer, call, header)
            deferred = self._before_next(answer, header, patience)
            if deferred is not None:
                return deferred
            sent = replace(sent, login_renewed=renewed or answer.renew_login)

    def _before_next(self, answer: RetrySafe, header: str, patience: _Patience) -> Defer | None:
        """Renew the login or wait, whichever the answer asks for; Defer where that is not to be had."""
        if answer.renew_login:
            try:
                self._login.renew(header, lambda: self._ask_token(patience))
            except NexudusUnreachable as error:
                return _put_off(error)
            return None
        wait = self._wait(answer, patience)
        if wait is None:
            return Defer(answer.reason, answer.seconds or UNREACHED_PAUSE)
        self._sleep(wait)
        return None

    def _settled(self, answer: Settled, call: Call, header: str) -> Settled:
        if isinstance(answer, Fatal) and answer.role:
            self._check_login(call, header)
        elif isinstance(answer, Defer):
            self._login.lacks(call.role)  # the quota's 401 says nothing about the token
        else:
            self._login.worked(header)
        return answer

    def _read_once(self, call: Call, asked: Asked, header: str, patience: _Patience) -> ReadAnswer:
        try:
            reply = self._send(call, header, patience, write=False)
        except LineFault as fault:
            return Broken(fault.what)
        return judge_read(reply.status, reply.headers, reply.body, asked=asked, now=self._now())

    def _write_once(
        self, call: Call, sent: Sent, header: str, patience: _Patience, *, gate: Gate | None
    ) -> Answer:
        try:
            reply = self._send(call, header, patience, write=True, gate=gate)
        except LineFault as fault:
            return judge_error(fault.what, bytes_sent=fault.bytes_sent)
        return judge_write(reply.status, reply.headers, reply.body, sent=sent, now=self._now())

    def _send(
        self, call: Call, header: str, patience: _Patience, *, write: bool, gate: Gate | None = None
    ) -> Reply:
        asked_at = self._clock()
        self._pace.acquire(write=write)
        patience.ends += self._clock() - asked_at
        patience.tries += 1
        left = patience.ends - self._clock()
        if left <= 0:
            raise LineFault("the time for the call is over", bytes_sent=False)
        gate = gate and TellingGate(gate, self._pace.went_out)
        return self.exchange.send(call, authorization=header, seconds=left, gate=gate, tries=patience.tries)

    def _ask_token(self, patience: _Patience) -> Token | Denied:
        call = token_call(self._settings.username, self._settings.password)
        tries = _Patience(patience.ends)
        while True:
            answer = self._token_once(call, tries)
            if isinstance(answer, Token | Denied):
                patience.ends = tries.ends
                return answer
            self._wait_or_raise(answer, tries)

    def _token_once(self, call: Call, patience: _Patience) -> Token | Denied | RetrySafe | Broken:
        try:
            reply = self._send(call, "", patience, write=False)
        except LineFault as fault:
            return Broken(fault.what)
        return judge_grant(reply.status, reply.headers, reply.body, self._now())

    def _patience(self) -> _Patience:
        return _Patience(self._clock() + CALL_SECONDS)

    def _wait_or_raise(self, answer: RetrySafe | Broken, patience: _Patience) -> None:
        wait = self._wait(answer, patience)
        if wait is None:
            raise self._gave_up(answer)
        self._sleep(wait)

    def _wait(self, answer: RetrySafe | Broken, patience: _Patience) -> float | None:
        """Seconds before the next try; None where the call's time or tries do not hold another."""
        seconds = pause(patience.tries - 1, self._chance())
        if isinstance(answer, RetrySafe) and answer.throttled:
            seconds = max(SHORTEST, seconds) if answer.seconds is None else answer.seconds
            self._pace.throttled(seconds)
            seconds = spread(seconds, self._chance())
            most = MOST_THROTTLED
        else:
            most = _most_tries(answer)
        fits = patience.tries < most and self._clock() + seconds < patience.ends
        return seconds if fits else None

    def _gave_up(self, answer: RetrySafe | Broken) -> NexudusUnreachable:
        if isinstance(answer, RetrySafe):
            return Throttled(self.host, answer.seconds or UNREACHED_PAUSE)
        if not answer.is_api:
            return NotTheApi(self.host, answer.reason)
        return NexudusUnreachable(f"{self.host} cannot be used now: {answer.reason}.", status=answer.status)

    def _refused(self, answer: Fatal, call: Call, header: str) -> NoReturn:
        if answer.role or not call.role:
            self._check_login(call, header)
            raise RoleMissing(call.role)
        raise RequestRefused(
            f"Nexudus refused {call}: {answer}.",
            advice="If the id and the filters are right, the API has changed: `tasklists probe` tells more.",
        )

    def _check_login(self, call: Call, header: str) -> None:
        """Tell a missing right from a refused login: one 401 stands for both (api.md 1).

        A token that was just given proves the login; a fixed header is tried on the one address
        that needs no right.
        """
        self._login.lacks(call.role)
        if call.role and (self._login.is_proved or self._is_let_in(header)):
            return
        advice = (
            "NEXUDUS_TOKEN is wrong or has expired: get a new one, or set NEXUDUS_USERNAME and "
            "NEXUDUS_PASSWORD instead."
            if self._settings.token
            else "Check NEXUDUS_USERNAME and NEXUDUS_PASSWORD, or leave NEXUDUS_AUTH out."
        )
        raise LoginRefused("Nexudus refused the login.", advice=advice)

    def _is_let_in(self, header: str) -> bool:
        try:
            reply = self._send(who_am_i(), header, self._patience(), write=False)
        except LineFault:
            return True  # not told: the missing right is what the first answer said
        return reply.status not in {401, 403}


def _most_tries(answer: RetrySafe | Broken) -> int:
    odd = isinstance(answer, Broken) and (answer.status == 500 or not answer.is_api)
    return TRIES_OF_A_500 if odd else MOST_TRIES


def _put_off(error: NexudusUnreachable) -> Defer:
    return Defer(error.message, error.seconds if isinstance(error, Throttled) else UNREACHED_PAUSE)
