"""What Prometheus is told: counters of what this process did, gauges of what the ledger says for all processes.

No label may hold an id, an address or anything that a sender wrote; names of lists, locations and events are enough.
Names are OpenTelemetry's where it has one, the way Prometheus writes them.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.process_collector import ProcessCollector
from whenever import Instant

from engine.core.words import EVENTS
from engine.service.door import OUTCOMES as DOOR_OUTCOMES

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

_CALL_SECONDS: Final = (0.1, 0.3, 1, 3, 10, 35)
"""Up to the longest read that is waited for. Few, since each is a series for each kind of end."""

_DOOR_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
"""The promise is 0.5 at p99; the door gives up at 5."""

_MOST_NAMES: Final = 60
"""Lists or locations that are told apart; further ones are `other`, so that a scrape stays small."""

_CONNECT: Final = ("no connection", "connection refused", "no such host", "secure connection", "proxy")
_TASK_OUTCOMES: Final = frozenset(
    {"created", "kept", "adopted", "updated", "removed", "skipped", "conflict", "failed", "held", "parked", "waiting"}
)
_JOB_STATES: Final = frozenset({"open", "done", "aside", "failed"})


@dataclass(frozen=True)
class Gauges:
    """The state of the service, as the ledger has it for all processes. Seconds; moments are UTC."""

    backlog_seconds: float = 0.0
    jobs: Mapping[str, int] = field(default_factory=dict)
    inbox: Mapping[str, int] = field(default_factory=dict)
    hooks_off: int = 0
    last_sweep: Instant | None = None
    alerts_open: int = 0
    turned_away: int = 0


class Metrics:
    """Counts from any thread. It serves as the door's Counts and as the client's Measure."""

    def __init__(self, server_address: str) -> None:
        """`server_address` is host and port of Nexudus."""
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a series more for each counter, with a moment that nobody asks for
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._server_address = server_address
        self._names: dict[str, set[str]] = {}
        self._guard = threading.Lock()
        self._doors: dict[tuple[str, str, str], Counter] = {}
        self._define_http()
        self._define_counters()
        self._define_gauges()

    # What the door counts.

    def received(self, location: str, event: str, outcome: str) -> None:
        """One request at the door and what came of it."""
        key = location, event, outcome
        counter = self._doors.get(key)
        if counter is None:
            known = outcome if outcome in DOOR_OUTCOMES or _is_status(outcome) else "other"
            place = self._known("location", location), event if event in EVENTS else "other"
            counter = self._deliveries.labels(*place, known)
            if len(self._doors) < _MOST_NAMES**2:
                self._doors[key] = counter
        counter.inc()
        if outcome == "unverified":
            self._unverified.inc()

    def accepted_seconds(self, seconds: float) -> None:
        """From the request read to its answer 202."""
        self._served.observe(seconds)

    # What the client measures.

    def exchanged(self, method: str, *, status: int, fault: str, seconds: float, resent: bool) -> None:
        """One exchange with Nexudus: its status, or 0 and a phrase."""
        error_type = _error_type(status, fault)
        status_class = f"{status // 100}xx" if status else "none"
        self._calls.labels(method, status_class, error_type, self._server_address).observe(seconds)
        if resent:
            self._resent.inc()
        if error_type == "throttled":
            self._throttled.inc()

    def ambiguous(self) -> None:
        """A write ended without a sure answer."""
        self._ambiguous.inc()

    # What the work counts.

    def job(self, tasklist: str, outcome: str) -> None:
        """One attempt at a job: the state in which it left it."""
        self._jobs_done.labels(self._known("tasklist", tasklist), outcome if outcome in _JOB_STATES else "other").inc()

    def tasks(self, outcomes: Mapping[str, int]) -> None:
        """What came of the tasks of one run, by outcome."""
        for outcome, number in outcomes.items():
            self._tasks.labels(outcome if outcome in _TASK_OUTCOMES else "other").inc(number)
        self._holds.inc(outcomes.get("held", 0))
        self._adopted.inc(outcomes.get("adopted", 0))

    # What the ledger says.

    def show(self, now: Gauges) -> None:
        """Replace all gauges; the ledger could be read."""
        self._backlog.set(now.backlog_seconds)
        self._jobs_open.set(now.jobs.get("open", 0))
        for state in ("new", "done", "aside", "failed", "unverified"):
            self._inbox.labels(state).set(now.inbox.get(state, 0))
        self._hooks_off.set(now.hooks_off)
        self._alerts_open.set(now.alerts_open)
        self._turned_away.set(now.turned_away)
        self._last_sweep.set(now.last_sweep.timestamp() if now.last_sweep else 0)

    def ledger_writable(self, is_writable: bool) -> None:
        """What the last look at the ledger found."""
        self._writable.set(1 if is_writable else 0)

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self._registry)

    def _define_http(self) -> None:
        self._calls = Histogram(
            "http_client_request_duration_seconds",
            "Calls to Nexudus, one observation for each exchange.",
            ("http_request_method", "status_class", "error_type", "server_address"),
            buckets=_CALL_SECONDS,
            registry=self._registry,
        )
        self._served = Histogram(
            "http_server_request_duration_seconds",
            "Deliveries that were stored, from read to answered.",
            ("http_request_method", "http_route", "http_response_status_code"),
            buckets=_DOOR_SECONDS,
            registry=self._registry,
        ).labels("POST", "/hooks/{location}/{event}", "202")

    def _define_counters(self) -> None:
        self._deliveries = self._counter("deliveries", "Requests at the door.", "location", "event", "outcome")
        self._jobs_done = self._counter("jobs", "Attempts at jobs, by the state after them.", "tasklist", "outcome")
        self._tasks = self._counter("tasks", "Tasks of runs, by what came of them.", "outcome")
        self._holds = self._counter("holds", "Tasks left in doubt by a run.")
        self._adopted = self._counter("adopted", "Tasks found in Nexudus rather than made.")
        self._ambiguous = self._counter("ambiguous", "Writes without a sure answer.")
        self._resent = self._counter("http_resends", "Calls sent again.")
        self._throttled = self._counter("throttled", "Answers of Nexudus that there are too many calls.")
        self._unverified = self._counter("unverified", "Deliveries kept aside, their signature unknown.")

    def _define_gauges(self) -> None:
        self._backlog = self._gauge("backlog_age_seconds", "How long the oldest delivery or due job has waited.")
        self._jobs_open = self._gauge("jobs_open", "Jobs that are not settled.")
        self._inbox = self._gauge("inbox", "Deliveries kept, by state.", "state")
        self._hooks_off = self._gauge("hooks_off", "Webhooks that Nexudus, or somebody, switched off.")
        self._last_sweep = self._gauge("last_sweep_timestamp_seconds", "When the last finished sweep began; 0 if none.")
        self._alerts_open = self._gauge("alerts_open", "Alerts that have not ended.")
        self._turned_away = self._gauge("unverified_not_kept", "Deliveries of unknown signature beyond those kept.")
        self._writable = self._gauge("ledger_writable", "1 when the ledger could be written at the last look.")

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"tasklists_{name}", meaning, labels, registry=self._registry)

    def _gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        return Gauge(f"tasklists_{name}", meaning, labels, registry=self._registry)

    def _known(self, kind: str, name: str) -> str:
        with self._guard:
            names = self._names.setdefault(kind, set())
            if name in names or len(names) < _MOST_NAMES:
                names.add(name)
                return name
        return "other"


def _is_status(outcome: str) -> bool:
    word, _, number = outcome.partition("_")
    return word == "status" and len(number) == 3 and number.isascii() and number.isdigit()


def _error_type(status: int, fault: str) -> str:
    """A few words, so that no answer and no fault adds series without end; empty for what went well."""
    if not status:
        if "within the time" in fault or "too long" in fault:
            return "timeout"
        return "connect" if any(word in fault for word in _CONNECT) else "line"
    if status in {409, 429}:
        return "throttled"
    if status >= 500:
        return "server"
    return "refused" if status >= 400 else ""
