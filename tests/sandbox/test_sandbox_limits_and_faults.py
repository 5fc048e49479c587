"""Throttle, faults and the commit log: S50 to S52 of the checklist."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sandbox_given import ANA, ASHLEY, NO_LIMITS, TASKS, client_of, create, ids, task
from sandbox_process import SandboxProcess, sandbox

_PATIENCE = 0.4  # seconds after which these clients give up a call that hangs


def _limit(far_side: SandboxProcess, **limits: int) -> None:
    far_side.admin("POST", "modes", {f"S50.{name.replace('_', '-')}": value for name, value in limits.items()})


@pytest.mark.parametrize(
    ("style", "status", "header", "text"),
    [
        ("409-with-retry-after", 409, "1", ""),
        ("429-with-wait-text", 429, None, "Wait "),
        ("429-with-retry-after", 429, "60", ""),
    ],
)
def test_too_many_calls_are_refused_in_one_of_three_styles(
    *, far_side: SandboxProcess, api: httpx.Client, style: str, status: int, header: str | None, text: str
) -> None:
    far_side.set_mode("S50", style)
    _limit(far_side, writes_per_minute=2)
    answers = [api.post(TASKS, json=task()) for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, status]
    refused = answers[2]
    assert refused.headers.get("Retry-After") == header
    assert text in refused.text
    assert bool(refused.text) is bool(text)
    if status == 409:
        assert refused.reason_phrase == "You must wait before accessing this url again."
    assert len(ids(api)) == 2


@pytest.mark.parametrize(("name", "seconds"), [("calls_per_minute", 60), ("calls_per_hour", 3600)])
def test_a_window_opens_again(far_side: SandboxProcess, api: httpx.Client, name: str, seconds: int) -> None:
    _limit(far_side, **{name: 3})
    assert [api.get(TASKS).status_code for _ in range(4)] == [200, 200, 200, 409]
    far_side.set_clock(seconds - 10)
    assert api.get(TASKS).status_code == 409
    far_side.set_clock(seconds + 1)
    assert api.get(TASKS).status_code == 200


def test_reads_do_not_count_as_writes(far_side: SandboxProcess, api: httpx.Client) -> None:
    _limit(far_side, writes_per_day=1)
    assert [api.get(TASKS).status_code for _ in range(3)] == [200] * 3
    assert [api.post(TASKS, json=task()).status_code for _ in range(2)] == [200, 409]
    assert api.get(TASKS).status_code == 200


def test_the_default_limits_are_the_published_ones(far_side: SandboxProcess) -> None:
    modes = far_side.admin("DELETE", "modes")
    limits = {name.removeprefix("S50."): value for name, value in modes.items() if name.startswith("S50.")}
    assert limits == {
        "calls-per-100ms": "10",
        "calls-per-minute": "120",
        "calls-per-hour": "5000",
        "writes-per-minute": "60",
        "writes-per-day": "5000",
        "retry-after": "as-documented",
        "scale": "1",
    }
    assert modes["S50"] == "409-with-retry-after"


def test_a_refused_write_is_not_done_and_does_not_count(far_side: SandboxProcess, api: httpx.Client) -> None:
    far_side.set_fault("throttle", "2x")
    statuses = [api.post(TASKS, json=task()).status_code for _ in range(3)]
    assert statuses == [409, 409, 200]
    assert len(ids(api)) == 1


_ANSWERS = [
    ("error", 500, "An error has occurred."),
    ("bad-gateway", 502, "<html>"),
    ("unavailable", 503, "<html>"),
    ("gateway-timeout", 504, "<html>"),
    ("html-200", 200, "<html>"),
    ("empty-body", 200, ""),
    ("value-null", 200, '"Value":null'),
    ("was-successful-false", 200, '"WasSuccessful":false'),
    ("oops", 500, "Ooops! There was a problem while running this action"),
    ("redirect", 302, ""),
]


@pytest.mark.parametrize("when", ["before-commit", "after-commit"])
@pytest.mark.parametrize(("kind", "status", "text"), _ANSWERS)
def test_a_spoiled_answer_says_nothing_about_the_commit(
    *, far_side: SandboxProcess, api: httpx.Client, when: str, kind: str, status: int, text: str
) -> None:
    far_side.set_fault(f"{kind}-{when}", "1x")
    answer = api.post(TASKS, json=task())
    assert answer.status_code == status
    assert text in answer.text
    assert len(ids(api)) == (1 if when == "after-commit" else 0)
    assert api.post(TASKS, json=task()).json()["WasSuccessful"] is True


@pytest.mark.parametrize("when", ["before-commit", "after-commit"])
@pytest.mark.parametrize(
    ("kind", "seen"),
    [
        ("reset", httpx.ReadError),
        ("cut-body", httpx.RemoteProtocolError),
        ("hang", httpx.ReadTimeout),
    ],
)
def test_a_broken_connection_says_nothing_about_the_commit(
    *, far_side: SandboxProcess, when: str, kind: str, seen: type[Exception]
) -> None:
    far_side.set_fault(f"{kind}-{when}", "1x")
    with client_of(far_side) as api:
        with pytest.raises(seen):
            api.post(TASKS, json=task(), timeout=_PATIENCE if kind == "hang" else 10)
        assert len(ids(api)) == (1 if when == "after-commit" else 0)
        assert create(api)["Id"]


def test_an_id_may_come_alone_or_as_text(far_side: SandboxProcess, api: httpx.Client) -> None:
    far_side.set_fault("bare-id", "1x")
    alone = api.post(TASKS, json=task()).json()
    assert api.get(f"{TASKS}/{alone}").json()["Id"] == alone
    far_side.set_fault("text-id", "1x")
    text = api.post(TASKS, json=task()).json()["Value"]["Id"]
    assert isinstance(text, str)
    assert api.get(f"{TASKS}/{text}").json()["Id"] == int(text)


def test_a_slow_answer_comes_late(far_side: SandboxProcess, api: httpx.Client) -> None:
    far_side.set_mode("S51.slow-seconds", 1)
    far_side.set_fault("slow", "1x")
    start = time.monotonic()
    assert api.post(TASKS, json=task()).status_code == 200
    assert time.monotonic() - start >= 1


def test_a_commit_may_come_after_the_answer(far_side: SandboxProcess, api: httpx.Client) -> None:
    far_side.set_mode("S51.late-seconds", 1)
    far_side.set_fault("late-commit", "1x")
    assert api.post(TASKS, json=task()).status_code == 504
    assert ids(api) == []
    deadline = time.monotonic() + 5
    while not ids(api) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(ids(api)) == 1


@pytest.mark.parametrize("kind", ["error", "html-200", "empty-body", "unavailable", "oops"])
def test_reads_may_be_spoiled_too(far_side: SandboxProcess, api: httpx.Client, kind: str) -> None:
    whole = api.get("/api/sys/businesses").content
    far_side.set_fault(f"{kind}-on-read", "1x")
    assert api.get("/api/sys/businesses").content != whole
    assert api.get("/api/sys/businesses").content == whole


def test_a_fault_may_be_narrowed_to_one_entity(far_side: SandboxProcess, api: httpx.Client) -> None:
    far_side.set_fault("error-on-read", "1x:users")
    assert api.get("/api/sys/businesses").status_code == 200
    assert api.get("/api/sys/users").status_code == 500


def test_a_count_goes_down_and_a_share_stays(far_side: SandboxProcess, api: httpx.Client) -> None:
    far_side.set_fault("error-after-commit", "2x")
    assert [api.post(TASKS, json=task()).status_code for _ in range(3)] == [500, 500, 200]
    assert far_side.admin("GET", "faults") == {"error-after-commit": "0x"}
    far_side.clear_faults()
    far_side.set_fault("oops", "0.5")
    statuses = [api.post(TASKS, json=task()).status_code for _ in range(40)]
    assert 3 <= statuses.count(500) <= 37
    assert far_side.admin("GET", "faults") == {"oops": "0.5"}


def test_one_seed_gives_the_same_faults_again() -> None:
    def run() -> list[int]:
        arguments = ("--seed", "7", "--fault", "oops=0.5", *_without_limits())
        with sandbox(*arguments) as far_side, client_of(far_side) as api:
            return [api.post(TASKS, json=task()).status_code for _ in range(20)]

    first = run()
    assert first == run()
    assert set(first) == {200, 500}


def _without_limits() -> Iterator[str]:
    for name, value in NO_LIMITS.items():
        yield from ("--mode", f"{name}={value}")


def test_a_refused_creation_uses_up_no_fault_after_commit(far_side: SandboxProcess, api: httpx.Client) -> None:
    far_side.set_fault("error-after-commit", "1x")
    assert api.post(TASKS, json={}).status_code == 400
    assert api.post(TASKS, json=task()).status_code == 500


def test_the_commit_log_outlives_the_client_and_the_sandbox(tmp_path: Path) -> None:
    log, database = tmp_path / "commits.jsonl", tmp_path / "sandbox.sqlite"
    arguments = ("--db", str(database), "--commit-log", str(log), "--fault", "reset-after-commit=1x")
    with sandbox(*arguments) as far_side:
        with client_of(far_side) as api, pytest.raises(httpx.ReadError):
            api.post(TASKS, json=task(Name="é", TaskItemUniqueId="x"))
        with client_of(far_side) as api:
            (made,) = ids(api)
            api.put(TASKS, json=task(Id=made, Name="New"))
            api.delete(f"{TASKS}/{made}")
            kept = create(api)["Id"]
        told = far_side.commits()
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert lines == told
    assert [(line["op"], line["id"]) for line in lines] == [
        ("create", made),
        ("update", made),
        ("delete", made),
        ("create", kept),
    ]
    assert list(lines[0]) == ["at", "op", "id", "record"]
    assert (lines[0]["record"]["Name"], lines[0]["record"]["TaskItemUniqueId"]) == ("é", "x")
    with sandbox("--db", str(database), "--commit-log", str(log)) as again, client_of(again) as api:
        assert ids(api) == [kept]
        assert again.commits() == told
        assert create(api)["Id"] not in {made, kept}
    assert len(log.read_text().splitlines()) == 5


def test_the_log_counts_every_duplicate(far_side: SandboxProcess, api: httpx.Client) -> None:
    before = len(far_side.commits())
    far_side.set_fault("error-after-commit", "2x")
    for _ in range(3):
        api.post(TASKS, json=task(TaskItemUniqueId="one"))
    new = far_side.commits()[before:]
    assert [line["record"]["TaskItemUniqueId"] for line in new] == ["one"] * 3
    assert {(line["record"]["CoworkerId"], line["record"]["ResponsibleId"]) for line in new} == {(ASHLEY, ANA)}
