"""What a watcher asks: does the process live, can it store and work, what do the counters say.

It must never wait longer than two seconds for an answer, call Nexudus, or tell a secret, an address or an id. A check
that hangs is an answer too: it goes on in its thread, and no second one is begun beside it.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from whenever import Instant, minutes

from engine.core.errors import TasklistsError, Unreachable, UserError
from engine.flows.account import Place, open_ledger_view
from engine.flows.sweep import LAST_SWEEP
from engine.ledger.ledger import Ledger
from engine.service.metrics import CONTENT_TYPE, Gauges, Metrics

CHECK_SECONDS: Final = 2.0
"""How long a check may take. Together with KEPT_SECONDS less than the 5 seconds in which the state is right."""

KEPT_SECONDS: Final = 2.0
"""How long an answer is given again: whoever asks more often costs the ledger nothing."""

CHECKED: Final = "readiness checked"
"""The moment that is written to see whether the ledger can be."""

Check = Callable[[], str]
"""Why it is not well, "" when it is. It may block, and may raise what the ledger raises."""


@dataclass(frozen=True)
class HealthState:
    """What `serve` is made of, as far as it is watched. Calls come from threads.

    `write` is a real write; `at_head` raises when the schema is another one than ours; `login_works` is None before
    the first call; `alive` says whether whoever hands out work does, None where another process has to.
    """

    write: Callable[[], object]
    at_head: Callable[[], object]
    login_works: Callable[[], bool | None]
    oldest_waiting: Callable[[], Instant | None]
    backlog_minutes: int
    alive: Callable[[], bool] | None
    gauges: Callable[[], Gauges]
    metrics: Metrics
    clock: Callable[[], Instant] = Instant.now


def health_routes(state: HealthState) -> list[Route]:
    """Return GET /healthz, /readyz and /metrics."""
    checks = _checks(state)
    figures = Glance(lambda: _refreshed(state))

    async def healthz(_request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_request: Request) -> Response:
        found = dict(zip(checks, await asyncio.gather(*(one.look() for one in checks.values())), strict=True))
        state.metrics.ledger_writable(not found["ledger"])
        told = {name: why or "ok" for name, why in found.items()}
        is_ready = not any(found.values())
        return JSONResponse({"ready": is_ready, "checks": told}, 200 if is_ready else 503)

    async def metrics(_request: Request) -> Response:
        trouble, _ = await asyncio.gather(checks["ledger"].look(), figures.look())
        state.metrics.ledger_writable(not trouble)  # the other gauges stay as they were when they cannot be had
        return Response(state.metrics.text(), media_type=CONTENT_TYPE)

    pages = {"/healthz": healthz, "/readyz": readyz, "/metrics": metrics}
    return [Route(path, page, methods=["GET"]) for path, page in pages.items()]


def ledger_write(ledger: Ledger) -> Callable[[], object]:
    """Return a call that writes one small row, so that a full disk, a lock and a lost server all show."""
    return lambda: ledger.watch.set_moment(CHECKED, Instant.now())


def schema_at_head(place: Place) -> Callable[[], object]:
    """Return a call that opens the ledger anew, only to look: it may have been migrated, moved or removed meanwhile."""

    def look() -> None:
        view = open_ledger_view(place)
        if view is None:
            raise UserError("the ledger is gone.")
        view.close()

    return look


def oldest_waiting(ledger: Ledger, now: Instant) -> Instant | None:
    """Return since when the oldest new delivery or due job waits, None if none does."""
    waits = (ledger.inbox.oldest_waiting(), ledger.jobs.oldest_due(now))
    return min((since for since in waits if since is not None), default=None)


def read_gauges(ledger: Ledger, now: Instant) -> Gauges:
    """Return what the ledger says of all processes on it."""
    since = oldest_waiting(ledger, now)
    alerts = ledger.watch.alerts()
    return Gauges(
        backlog_seconds=max(0.0, (now - since).total("seconds")) if since else 0.0,
        jobs=ledger.jobs.counts(),
        inbox=ledger.inbox.counts(),
        hooks_off=sum(alert.cause.startswith("hook off:") for alert in alerts),
        last_sweep=ledger.watch.moment(LAST_SWEEP),
        alerts_open=len(alerts),
        turned_away=ledger.inbox.turned_away(),
    )


class Glance:
    """One check, in a thread of its own: at most one at a time, its answer kept for a moment."""

    def __init__(self, check: Check, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._check = check
        self._clock = clock
        self._guard = threading.Lock()
        self._done = threading.Event()
        self._is_running = False
        self._answer = ""
        self._began = self._ended = float("-inf")

    async def look(self) -> str:
        """Return why it is not well, "" when it is; within CHECK_SECONDS."""
        with self._guard:
            now = self._clock()
            if not self._is_running and now - self._ended < KEPT_SECONDS:
                return self._answer
            if not self._is_running:
                self._begin(now)
            left = self._began + CHECK_SECONDS - now
            done = self._done
        # The loop must not wait in a thread of its pool: with the ledger locked all of them would be taken.
        end = self._clock() + max(0.0, left)
        while not done.is_set() and self._clock() < end:
            await asyncio.sleep(0.01)
        with self._guard:
            return self._answer if done.is_set() else f"no answer within {CHECK_SECONDS:g} seconds"

    def _begin(self, now: float) -> None:
        self._is_running, self._began, self._done = True, now, threading.Event()
        threading.Thread(target=self._run, args=(self._done,), name="health", daemon=True).start()

    def _run(self, done: threading.Event) -> None:
        answer = _answer_of(self._check)
        with self._guard:
            self._answer, self._ended, self._is_running = answer, self._clock(), False
            done.set()


def _answer_of(check: Check) -> str:
    """What a check found. Of an error no word is told: it may name a path, a host, or what was in a row."""
    try:
        return check()
    except Unreachable:
        return "cannot be reached or written now"
    except TasklistsError:
        return "is not as this version needs it; the log of a restart says why"
    except Exception as error:  # noqa: BLE001 - whatever it is, it is not well
        return f"a fault ({type(error).__name__})"


def _checks(state: HealthState) -> Mapping[str, Glance]:
    found: dict[str, Check] = {
        "ledger": lambda: _well(state.write()),
        "schema": lambda: _well(state.at_head()),
        "login": lambda: _login(state.login_works()),
        "backlog": lambda: _backlog(state),
    }
    if state.alive is not None:
        alive = state.alive
        found["work"] = lambda: "" if alive() else "nobody hands out work in this process any more"
    return {name: Glance(check) for name, check in found.items()}


def _well(_: object) -> str:
    return ""


def _login(works: bool | None) -> str:
    if works is None:
        return "Nexudus has not answered yet since the start"
    return "" if works else "Nexudus refused the login"


def _backlog(state: HealthState) -> str:
    since, now = state.oldest_waiting(), state.clock()
    is_late = since is not None and now - since > minutes(state.backlog_minutes)
    return f"a delivery or job has waited for more than {state.backlog_minutes} minutes" if is_late else ""


def _refreshed(state: HealthState) -> str:
    state.metrics.show(state.gauges())
    return ""
