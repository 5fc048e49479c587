"""Metrics: what is counted is what happened, whatever came stays few series, and nobody's name or id is in them."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from sandbox_process import SandboxProcess, sandbox
from whenever import Instant

from engine.core.words import EVENTS
from engine.nexudus.client import NexudusClient, NoPace
from engine.nexudus.errors import LoginRefused, NexudusUnreachable
from engine.nexudus.settings import NexudusSettings, from_environment
from engine.service.door import OUTCOMES
from engine.service.metrics import Gauges, Metrics

MOST_SERIES = 500
ASHLEY, BARCELONA, ANA = 1423831744, 1421021016, 1418332090


def series(metrics: Metrics) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """All that a scrape reads, by an independent reader."""
    families = text_string_to_metric_families(metrics.text().decode())
    return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


def value(metrics: Metrics, name: str, **labels: str) -> float:
    """The sum of all series of that name that bear these labels."""
    wanted = set(labels.items())
    return sum(number for (one, found), number in series(metrics).items() if one == name and wanted <= found)


def calls(metrics: Metrics, **labels: str) -> float:
    return value(metrics, "http_client_request_duration_seconds_count", **labels)


def test_ten_thousand_members_leave_few_series_and_no_id() -> None:
    metrics = Metrics("spaces.nexudus.com")
    lists = ("new-member", "private-office", "virtual-office", "team-member", "offboarding")
    statuses = (200, 200, 200, 409, 429, 401, 404, 500, 503, 0)
    faults = ("connection refused", "no answer within the time", "the connection broke")
    for number in range(10_000):
        member = 1_423_000_000 + number
        outcome = OUTCOMES[number % 5]
        metrics.received(("barcelona", "madrid")[number % 2], tuple(EVENTS)[number % 6], outcome)
        metrics.received("other", "other", f"status_{(413, 431, 408)[number % 3]}")
        metrics.accepted_seconds(number % 7 / 10)
        status = statuses[number % 10]
        fault = "" if status else faults[number % 3]
        for method in ("GET", "POST"):
            metrics.exchanged(method, status=status, fault=fault, seconds=number % 50, resent=number % 9 == 0)
        metrics.job(lists[number % 5], ("open", "done", "aside", "failed")[number % 4])
        metrics.tasks({"created": 8, "kept": member % 3, "held": number % 2, "adopted": 1})
    metrics.show(Gauges(inbox={"new": 3}, jobs={"open": 1}, last_sweep=Instant.now()))
    found = series(metrics)
    assert len(found) <= MOST_SERIES
    assert not re.search(r"14\d{8}", " ".join(str(labels) for _, labels in found))
    assert value(metrics, "tasklists_jobs_total") == 10_000
    assert value(metrics, "tasklists_holds_total") == 5_000
    assert value(metrics, "tasklists_unverified_total") == 2_000


@settings(derandomize=True, max_examples=30, deadline=None)
@given(st.text(max_size=40), st.text(max_size=40), st.integers(10**9, 10**10))
def test_whatever_is_counted_stays_few_series_and_readable(first: str, second: str, number: int) -> None:
    metrics = Metrics("spaces.nexudus.com")
    for label in (first, second, str(number)):
        metrics.received("barcelona", label, first)
        metrics.job("new-member", label)
        metrics.tasks({label: 1})
        metrics.exchanged("GET", status=0, fault=label, seconds=0.1, resent=False)
    found = series(metrics)
    assert value(metrics, "tasklists_deliveries_total", location="barcelona") == 3
    told = {label for _, labels in found for label in labels}
    kinds = {text for name, text in told if name in {"event", "outcome", "error_type"}}
    assert kinds <= {"other", "line", "timeout", "connect"}


def test_names_beyond_the_most_are_counted_together() -> None:
    metrics = Metrics("spaces.nexudus.com")
    for number in range(1_000):
        metrics.job(f"list-{number}", "done")
    names = {dict(labels)["tasklist"] for name, labels in series(metrics) if name == "tasklists_jobs_total"}
    assert len(names) == 61
    assert value(metrics, "tasklists_jobs_total", tasklist="other") == 940


@pytest.fixture(scope="module")
def far_side() -> Iterator[SandboxProcess]:
    with sandbox("--mode", "S50.scale=0.01") as running:
        yield running


@pytest.fixture
def metrics(far_side: SandboxProcess) -> Iterator[Metrics]:
    yield Metrics(NexudusSettings(far_side.base_url).host)
    far_side.clear_faults()


def client_of(far_side: SandboxProcess, metrics: Metrics | None = None) -> NexudusClient:
    client = NexudusClient(from_environment(far_side.env), pace=NoPace())
    if metrics is not None:
        client.measure_with(metrics)
    return client


def test_calls_are_measured_by_method_and_end(far_side: SandboxProcess, metrics: Metrics) -> None:
    with client_of(far_side, metrics) as client:
        client.coworker(ASHLEY)
        far_side.set_fault("throttle", "1x")
        client.coworker(ASHLEY)
    host = NexudusSettings(far_side.base_url).host
    assert calls(metrics, http_request_method="POST", status_class="2xx") == 1  # for the token
    assert calls(metrics, http_request_method="GET", status_class="2xx", error_type="", server_address=host) == 2
    assert calls(metrics, http_request_method="GET", status_class="4xx", error_type="throttled") == 1
    assert value(metrics, "tasklists_throttled_total") == 1
    assert value(metrics, "tasklists_http_resends_total") == 1
    assert 0 < value(metrics, "http_client_request_duration_seconds_sum") < 20


def test_a_write_without_a_sure_answer_is_counted(far_side: SandboxProcess, metrics: Metrics) -> None:
    body = f'{{"BusinessId":{BARCELONA},"CoworkerId":{ASHLEY},"Name":"Card","ResponsibleId":{ANA}}}'.encode()
    with client_of(far_side, metrics) as client:
        client.create_task(body)
        assert value(metrics, "tasklists_ambiguous_total") == 0
        far_side.set_fault("reset-after-commit", "1x")
        client.create_task(body)
    assert value(metrics, "tasklists_ambiguous_total") == 1
    assert calls(metrics, http_request_method="POST", status_class="none", error_type="line") == 1


def test_a_refused_connection_is_counted_and_what_was_not_measured_is_not(metrics: Metrics) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nowhere = NexudusSettings(f"http://127.0.0.1:{taken.getsockname()[1]}", token="t0ken")
        with NexudusClient(nowhere, pace=NoPace(), sleep=lambda _: None) as client:
            with pytest.raises(NexudusUnreachable):
                client.coworker(ASHLEY)
            assert calls(metrics) == 0
            client.measure_with(metrics)
            with pytest.raises(NexudusUnreachable):
                client.coworker(ASHLEY)
    assert calls(metrics, status_class="none", error_type="connect") == calls(metrics) > 1
    assert value(metrics, "tasklists_http_resends_total") == calls(metrics) - 1


def test_the_client_knows_whether_its_login_works_without_asking(far_side: SandboxProcess) -> None:
    far_side.clear_requests()
    with client_of(far_side) as client:
        assert client.login_works is None
        assert far_side.requests() == []
        client.coworker(ASHLEY)
        assert client.login_works is True
    wrong = replace(from_environment(far_side.env), password="wrong")
    with NexudusClient(wrong, pace=NoPace()) as client:
        with pytest.raises(LoginRefused):
            client.coworker(ASHLEY)
        assert client.login_works is False
    stale = NexudusSettings(far_side.base_url, token="stale-token")
    with NexudusClient(stale, pace=NoPace()) as client:
        with pytest.raises(LoginRefused):
            client.coworker(ASHLEY)
        assert client.login_works is False
