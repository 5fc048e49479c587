"""`tasklists sandbox` as a process: what it prints, how it ends, what it refuses."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from sandbox_given import ask_token, client_of
from sandbox_process import sandbox

from engine.cli.sandbox import command

_COMMAND = [sys.executable, "-m", "engine.cli.sandbox"]


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*_COMMAND, *arguments], capture_output=True, text=True, timeout=20, check=False)


def test_text_output_holds_the_lines_to_paste() -> None:
    process = subprocess.Popen([*_COMMAND, "--port", "0"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline().rstrip() for _ in range(6)]
    finally:
        process.terminate()
        code = process.wait(10)
        process.stdout.close()
    settings = dict(line.removeprefix("export ").split("=", 1) for line in lines[2:])
    base = settings["NEXUDUS_BASE_URL"]
    assert base.startswith("http://127.0.0.1:")
    assert base in lines[0]
    assert (settings["NEXUDUS_USERNAME"], settings["NEXUDUS_PASSWORD"]) == (
        "api@acme.example",
        "sandbox-password",
    )
    (told,) = shlex.split(settings["TASKLISTS_HOOK_SECRETS"])
    secrets = json.loads(told)
    assert list(secrets) == ["barcelona", "london"]
    assert all(len(secret) >= 32 and secret.isascii() for secret in secrets.values())
    assert code == 0


def test_json_output_is_one_line_with_what_a_client_needs() -> None:
    with sandbox() as far_side:
        assert far_side.env == {
            "NEXUDUS_BASE_URL": far_side.base_url,
            "NEXUDUS_USERNAME": "api@acme.example",
            "NEXUDUS_PASSWORD": "sandbox-password",
        }
        assert os.path.exists(f"/proc/{far_side.pid}") or sys.platform != "linux"  # noqa: PTH110 - a process
        with client_of(far_side) as api:
            assert api.get("/").status_code == 200
    with pytest.raises(httpx.ConnectError):
        ask_token(far_side.base_url, grant_type="password")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_ends_it_quickly_even_while_a_call_hangs(number: signal.Signals, code: int) -> None:
    arguments = ["--port", "0", "--format", "json", "--fault", "hang-on-read=1"]
    process = subprocess.Popen([*_COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        login = (told["username"], told["password"])
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(f"{told['base_url']}/api/sys/users", auth=login, timeout=0.2, trust_env=False)
        start = time.monotonic()
        process.send_signal(number)
        _, errors = process.communicate(timeout=10)
        assert time.monotonic() - start < 4
        assert (process.returncode, errors) == (code, "")
    finally:
        process.kill()
        process.wait(10)


def test_without_a_database_no_file_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with sandbox() as far_side, client_of(far_side) as api:
        assert api.get("/").status_code == 200
        assert list(tmp_path.iterdir()) == []


def test_a_busy_port_is_said_plainly() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = _run("--port", str(port))
    assert done.returncode == 2
    assert f"cannot listen on 127.0.0.1 port {port}" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--mode", "S14=kpt"], ["mode S14 has no value 'kpt'", "'kept'", "dropped, kept"]),
        (["--mode", "S15.SystmId=dropped"], ["The nearest is 'S15.SystemId'"]),
        (["--mode", "S14"], ["'S14' is not NAME=VALUE"]),
        (["--fault", "opps=1x"], ["The nearest is 'oops'", "Allowed: error"]),
        (["--fault", "oops=2"], ["fault oops has no value '2'", "2x"]),
        (["--port", "70000"], ["70000"]),
        (["--db", "/nowhere/at/all/x.sqlite"], ["cannot keep records"]),
        (["--commit-log", "/nowhere/at/all/x.jsonl"], ["cannot keep records"]),
    ],
)
def test_a_wrong_argument_names_the_nearest_and_the_allowed(arguments: list[str], told: list[str]) -> None:
    done = CliRunner().invoke(command, arguments)
    assert done.exit_code == 2, done.output
    for text in told:
        assert text in done.output


@pytest.mark.parametrize(
    "mode",
    [
        "S14=kept",
        "S14=derived",
        "S15.TaskItemUniqueId=dropped",
        "S50.writes-per-minute=0",
        "S50=409",
        "S16=cut-at-8",
        "s37=30",
    ],
)
def test_modes_are_taken_from_the_command_line(mode: str) -> None:
    name, _, value = mode.partition("=")
    with sandbox("--mode", mode) as far_side:
        modes = {key.lower(): text for key, text in far_side.admin("GET", "modes").items()}
    assert modes[name.lower()].startswith(value)


_EVERYWHERE = (
    *("error", "reset", "hang", "slow", "drip", "html-200", "cut-headers", "cut-body", "wrong-length", "empty-body"),
    *("large-body", "gzip-bomb", "value-null", "odd-id", "was-successful-false", "hold", "half-answer"),
)


def test_the_list_names_every_mode_and_fault_with_its_default() -> None:
    told = json.loads(CliRunner().invoke(command, ["--list", "--format", "json"]).output)
    text = CliRunner().invoke(command, ["--list"]).output
    for one in (*told["modes"], *told["faults"]):
        assert set(one) == {"name", "values", "default", "meaning"}
        assert one["name"] in text
        assert one["meaning"] in text
    assert all(one["values"][0] == one["default"] for one in told["modes"])
    names = {one["name"] for one in told["faults"]}
    assert names >= {
        "error-before-commit",
        "error-after-commit",
        "reset-before-commit",
        "reset-after-commit",
        "hang-after-commit",
        "html-200",
        "cut-body",
        "empty-body",
        "value-null",
        "was-successful-false",
        "oops",
        "access-denied",
        "page-500",
        "endless-pages",
        "contradicting-counts",
        "records-null",
        "token-expired",
        "throttle",
        *(f"{kind}-{when}" for kind in _EVERYWHERE for when in ("before-commit", "after-commit", "on-read")),
        *("refuse", "late-commit", "stale-answer-before-commit", "stale-answer-after-commit"),
        *("mix", "mix-writes", "mix-reads"),
    }
    modes = {one["name"]: one["default"] for one in told["modes"]}
    waits = {name: value for name, value in modes.items() if name.endswith("-seconds")}
    assert waits == {
        **{"S51.late-seconds": "5", "S51.slow-seconds": "3", "S51.hang-seconds": "120", "S51.drip-seconds": "1"},
        **{"S51.hold-seconds": "5", "S51.refuse-seconds": "1"},
        **{"S45.wait-seconds": "0", "S45.disorder-seconds": "2", "S45.delay-seconds": "30"},
        **{"S45.timeout-seconds": "10", "S45.retry-seconds": "1"},
    }
    assert (modes["S44"], modes["S50.scale"], modes["S50.retry-after"]) == ("makes-tasks", "1", "as-documented")


def test_help_has_an_example_and_loads_no_server() -> None:
    probe = (
        "import sys, engine.cli.sandbox as s\n"
        "try: s.command(['--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'uvicorn', 'starlette', 'sqlite3', 'whenever'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, timeout=20, check=True)
    assert "tasklists sandbox --mode S14=kept" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"
