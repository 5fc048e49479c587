"""Throttle answers in all styles and in scaled time: S50."""

from __future__ import annotations

import email.utils
import re
import time

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sandbox_given import TASKS, ids, task
from sandbox_process import SandboxProcess

from engine.sandbox.modes import Modes
from engine.sandbox.throttle import Throttle

steady = settings(derandomize=True, max_examples=100, deadline=None)


def _write_until_refused(api: httpx.Client) -> httpx.Response:
    for _ in range(200):
        answer = api.post(TASKS, json=task())
        if answer.status_code != 200:
            return answer
    raise AssertionError("never refused")


def test_a_scaled_minute_ends_after_its_share_of_a_minute(far_side: SandboxProcess, api: httpx.Client) -> None:
    far_side.admin("POST", "modes", {"S50.writes-per-minute": 3, "S50.scale": "0.01"})
    start = time.monotonic()
    assert _write_until_refused(api).status_code == 409
    while api.post(TASKS, json=task()).status_code == 409:
        time.sleep(0.01)
    assert 0.4 < time.monotonic() - start < 5
    assert len(ids(api)) == 4


@pytest.mark.parametrize(
    ("style", "retry_after", "wanted"),
    [
        ("409-with-retry-after", "as-documented", r"1"),
        ("409-with-retry-after", "true-wait", r"0\.\d\d\d"),
        ("409-with-retry-after", "none", None),
        ("409-with-retry-after", "7", r"7"),
        ("429-with-retry-after", "as-documented", r"1"),
        ("429-with-retry-after", "true-wait", r"0\.\d\d\d"),
        ("429-with-retry-after", "0.25", r"0\.25"),
        ("429-with-retry-after", "negative", r"-1"),
        ("429-with-retry-after", "text", r"soon"),
        ("429-with-retry-after", "none", None),
        ("429-with-wait-text", "true-wait", None),
    ],
)
def test_the_wait_is_told_as_the_mode_says(
    *, far_side: SandboxProcess, api: httpx.Client, style: str, retry_after: str, wanted: str | None
) -> None:
    modes = {"S50": style, "S50.retry-after": retry_after, "S50.scale": "0.01", "S50.writes-per-minute": 1}
    far_side.admin("POST", "modes", modes)
    refused = _write_until_refused(api)
    assert refused.status_code == int(style[:3])
    header = refused.headers.get("Retry-After")
    assert header is None if wanted is None else re.fullmatch(wanted, header)
    assert bool(re.search(r"Wait 0\.\d\d\d seconds", refused.text)) is (style == "429-with-wait-text")


def test_retry_after_may_be_a_date(far_side: SandboxProcess, api: httpx.Client) -> None:
    far_side.admin("POST", "modes", {"S50.retry-after": "date", "S50.writes-per-minute": 1})
    told = email.utils.parsedate_to_datetime(_write_until_refused(api).headers["Retry-After"])
    assert 50 < told.timestamp() - time.time() <= 62


def test_all_three_styles_may_come_in_turn(far_side: SandboxProcess, api: httpx.Client) -> None:
    far_side.set_mode("S50", "any-of-them")
    far_side.set_fault("throttle", "1.0:coworkertasks")
    far_side.clear_counts()
    answers = [api.post(TASKS, json=task()) for _ in range(40)]
    seen = {(one.status_code, one.headers.get("Retry-After"), bool(one.text)) for one in answers}
    assert seen == {(409, "1", False), (429, "1", False), (429, None, True)}
    assert far_side.counts()["throttled"] == 40
    far_side.clear_faults()
    assert ids(api) == []


@steady
@given(st.floats(0.001, 10), st.integers(1, 5), st.lists(st.floats(0, 2), max_size=40))
def test_who_waits_as_long_as_told_may_pass(scale: float, limit: int, gaps: list[float]) -> None:
    modes = Modes()
    modes.change({"S50.calls-per-100ms": 0, "S50.calls-per-minute": limit, "S50.scale": f"{scale:.6f}"})
    throttle, now, passed = Throttle(modes), 1_700_000_000.0, []
    for gap in gaps:
        now += gap
        wait = throttle.wait(now, is_write=False)
        if wait:
            now += wait + 1e-6
            assert throttle.wait(now, is_write=False) == 0
        passed.append(now)
        window = 60 * float(f"{scale:.6f}")
        assert len([one for one in passed if one > now - window + 1e-6]) <= limit
