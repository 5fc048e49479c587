"""The commit log (S52): what an auditor may rely on after a kill of either side, and how a killer hears of a commit."""

from __future__ import annotations

import errno
import json
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from sandbox_given import NO_LIMITS, TASKS, client_of, create, ids, task
from sandbox_process import SandboxProcess, sandbox

from engine.sandbox import commit_log
from engine.sandbox.store import Store


def _record(identifier: int, name: str = "Card") -> dict[str, Any]:
    return {"Id": identifier, "CoworkerId": 1, "Name": name}


def _lines(file: Path) -> list[int]:
    return [json.loads(line)["id"] for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(params=["in memory", "kept"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return tmp_path / "sandbox.sqlite" if request.param == "kept" else None


def test_a_line_is_on_the_disk_before_the_commit_is_there(
    database: Path | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "commits.jsonl"
    store = Store(database, log)
    synced: list[tuple[list[int], int]] = []
    true_fsync = os.fsync

    def note(file: int) -> None:
        true_fsync(file)
        synced.append((_lines(log), store.committed()))

    monkeypatch.setattr(commit_log.os, "fsync", note)
    for number in (1, 2):
        store.commit("create", _record(number), "2026-11-23T10:00:00Z")
    assert synced == [([1], 0), ([1, 2], 1)]
    store.close()


@pytest.mark.parametrize("fault", ["fsync", "write"])
def test_a_commit_that_cannot_be_logged_is_not_done(
    fault: str, database: Path | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "commits.jsonl"
    store = Store(database, log)
    store.commit("create", _record(1), "2026-11-23T10:00:00Z")

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(commit_log.os, fault, fail)
        with pytest.raises(OSError, match="no space left"):
            store.commit("create", _record(2), "2026-11-23T10:00:00Z")
        with pytest.raises(OSError, match="no space left"):
            store.commit("delete", _record(1), "2026-11-23T10:00:00Z")
    assert (store.committed(), store.created(), _lines(log)) == (1, 1, [1])
    assert [one["Id"] for one in store.all("coworkertasks")] == [1]
    store.commit("create", _record(3), "2026-11-23T10:00:00Z")
    assert _lines(log) == [1, 3]
    store.close()
    if database:
        again = Store(database, log)
        assert [line["id"] for line in again.commits()] == [1, 3]
        again.close()


def _kept(tmp_path: Path, *numbers: int) -> tuple[Path, Path]:
    database, log = tmp_path / "sandbox.sqlite", tmp_path / "commits.jsonl"
    store = Store(database, log)
    for number in numbers:
        store.commit("create", _record(number), "2026-11-23T10:00:00Z")
    store.close()
    return database, log


@pytest.mark.parametrize("numbers", [(), (1,), (1, 2, 3)])
@pytest.mark.parametrize("rest", ['{"at":"2026', '{"at":"","op":"create","id":9,"record":{}}\n', "\n"])
def test_what_a_kill_left_behind_the_last_commit_is_taken_off(
    numbers: tuple[int, ...], rest: str, tmp_path: Path
) -> None:
    database, log = _kept(tmp_path, *numbers)
    with log.open("a", encoding="utf-8") as file:
        file.write(rest)
    store = Store(database, log)
    assert _lines(log) == list(numbers)
    store.commit("create", _record(7), "2026-11-23T10:00:00Z")
    assert _lines(log) == [*numbers, 7]
    store.close()


def test_a_log_of_another_account_is_left_as_it_is(tmp_path: Path) -> None:
    database, _ = _kept(tmp_path, 1, 2)
    other = tmp_path / "other.jsonl"
    told = "".join(json.dumps({"at": "", "op": "create", "id": number, "record": {}}) + "\n" for number in (5, 6))
    other.write_text(told, encoding="utf-8")
    Store(database, other).close()
    assert other.read_text(encoding="utf-8") == told


def test_a_killed_sandbox_has_logged_every_creation_that_it_answered(tmp_path: Path) -> None:
    log, answered = tmp_path / "commits.jsonl", []
    limits = [part for name, value in NO_LIMITS.items() for part in ("--mode", f"{name}={value}")]
    with sandbox("--commit-log", str(log), *limits) as far_side, client_of(far_side) as api:
        killer = threading.Thread(target=os.kill, args=(far_side.pid, signal.SIGKILL))
        with pytest.raises(httpx.TransportError):  # noqa: PT012 - the kill comes at any of them
            while True:
                answered.append(create(api)["Id"])
                if len(answered) == 30:
                    killer.start()
        killer.join()
    logged = _lines(log)
    assert len(answered) >= 30
    assert logged[: len(answered)] == answered
    assert len(logged) - len(answered) <= 1, "at most the one whose answer was under way"


def test_a_killed_sandbox_with_a_database_goes_on_where_its_log_ends(tmp_path: Path) -> None:
    arguments = ("--commit-log", str(tmp_path / "c.jsonl"), "--db", str(tmp_path / "s.sqlite"))
    with sandbox(*arguments) as far_side, client_of(far_side) as api:
        made = [create(api)["Id"] for _ in range(3)]
        os.kill(far_side.pid, signal.SIGKILL)
    with sandbox(*arguments) as again, client_of(again) as api:
        assert sorted(ids(api)) == sorted(made)
        assert [line["id"] for line in again.commits()] == made == _lines(tmp_path / "c.jsonl")


def test_a_commit_is_told_before_its_answer_goes_out(far_side: SandboxProcess, api: httpx.Client) -> None:
    far_side.set_mode("S51.hold-seconds", 1)
    far_side.set_fault("hold-after-commit", "1x")
    before = len(far_side.commits())
    heard: list[tuple[float, int]] = []

    def listen() -> None:
        told = far_side.commits(after=before, wait=10)
        heard.append((time.monotonic(), told[0]["id"]))

    listener = threading.Thread(target=listen)
    listener.start()
    time.sleep(0.2)
    made = create(api)["Id"]
    answered = time.monotonic()
    listener.join(10)
    assert heard[0][1] == made
    assert answered - heard[0][0] > 0.5


def test_waiting_for_a_commit_ends_in_time_and_at_once_when_there_is_one(
    far_side: SandboxProcess, api: httpx.Client
) -> None:
    before = len(far_side.commits())
    start = time.monotonic()
    assert far_side.commits(after=before, wait=0.3) == []
    assert 0.25 < time.monotonic() - start < 3
    made = [create(api)["Id"] for _ in range(2)]
    start = time.monotonic()
    assert [line["id"] for line in far_side.commits(after=before, wait=10)] == made
    assert [line["id"] for line in far_side.commits(after=before + 1, wait=10)] == made[1:]
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("query", ["after=soon", "wait=long"])
def test_a_wrong_wait_is_refused(far_side: SandboxProcess, query: str) -> None:
    answer = httpx.get(f"{far_side.base_url}/_sandbox/commits?{query}", trust_env=False)
    assert (answer.status_code, answer.json()["error"]) == (400, "commits take after=NUMBER and wait=SECONDS")


@pytest.mark.parametrize(("place", "count"), [("before-commit", 0), ("after-commit", 1)])
def test_a_client_that_goes_during_a_hold_changes_nothing(
    far_side: SandboxProcess, api: httpx.Client, place: str, count: int
) -> None:
    far_side.set_mode("S51.hold-seconds", 0.5)
    far_side.set_fault(f"hold-{place}", "1x")
    with client_of(far_side) as other, pytest.raises(httpx.ReadTimeout):
        other.post(TASKS, json=task(), timeout=0.1)
    assert len(ids(api)) == count
