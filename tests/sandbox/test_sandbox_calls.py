"""`tasklists sandbox signup` and `cancel`: they talk to a running sandbox and to nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from sandbox_process import SandboxProcess, sandbox

from engine.cli.main import run_commands

pytestmark = pytest.mark.usefixtures("newcomers")

Told = Callable[..., tuple[int, str, str]]


@pytest.fixture
def told(far_side: SandboxProcess, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Told:
    """Runs the command against the sandbox; exit code, output and errors."""
    monkeypatch.setenv("NEXUDUS_BASE_URL", f"{far_side.base_url}/")

    def run(*arguments: str) -> tuple[int, str, str]:
        code = run_commands(["sandbox", *arguments])
        return code, *capsys.readouterr()

    return run


def test_signup_prints_the_ids(far_side: SandboxProcess, told: Told) -> None:
    code, out, _ = told("signup", "José 🚀", "--tariff", "Hot Desk", "--user", "--team", "Tidewater")
    assert code == 0
    ids = dict(line.split() for line in out.splitlines())
    assert sorted(ids) == ["contract", "coworker", "team", "user"]
    assert far_side.record("coworkers", int(ids["coworker"]))["FullName"] == "José 🚀"
    assert told("signup", "Nia Vance")[1].split()[0] == "coworker"


def test_signup_as_json_tells_all_ids(far_side: SandboxProcess, told: Told) -> None:
    arguments = ("--email", "nia@people.example", "--location", "london", "--start", "2027-01-15", "--format", "json")
    made = json.loads(told("signup", "Nia Vance", "--tariff", "virtual office", *arguments)[1])
    assert sorted(made) == ["contract_id", "coworker_id", "team_id", "user_id"]
    contract = far_side.record("coworkercontracts", made["contract_id"])
    assert (contract["StartDate"], contract["IssuedByName"]) == ("2027-01-15T00:00:00Z", "Acme London")
    assert contract["CoworkerEmail"] == "nia@people.example"


def test_cancel_ends_the_contract_today_or_later(far_side: SandboxProcess, told: Told) -> None:
    made = far_side.signup("Nia Vance", tariff="Hot Desk")
    code, out, _ = told("cancel", str(made["coworker_id"]), "--on", "2099-12-31")
    assert (code, out) == (0, f"contract {made['contract_id']} ends on 2099-12-31\n")
    code, _, errors = told("cancel", "1423831744", "--contract", str(made["contract_id"]))
    assert code == 2
    assert f"contract {made['contract_id']} is not one of coworker 1423831744" in errors
    same = (str(made["coworker_id"]), "--contract", str(made["contract_id"]))
    code, out, _ = told("cancel", *same, "--format", "json")
    assert json.loads(out)["cancelled"] is True


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("signup", "x", "--tariff", "Hot Dsk"), "The nearest is 'Hot Desk'"),
        (("signup", "x", "--start", "soon"), "'soon' is no date"),
        (("cancel", "1"), "there is no coworker 1"),
        (("signup",), "Missing argument 'NAME'"),
        (("--seed", "2", "signup", "x"), "do not go with signup"),
        (("sign-up", "x"), "No such command 'sign-up'"),
    ],
)
def test_what_is_wrong_is_said(told: Told, arguments: tuple[str, ...], said: str) -> None:
    code, out, errors = told(*arguments)
    assert (code, out) == (2, "")
    assert said in errors


def test_nothing_but_a_question_goes_to_what_is_no_sandbox(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.command, self.path, self.headers.get("Authorization")))
            self.send_response(404)
            self.end_headers()

        do_POST = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        monkeypatch.setenv("NEXUDUS_BASE_URL", f"http://127.0.0.1:{server.server_address[1]}")
        code, _, errors = told("signup", "José 🚀")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert (code, asked) == (2, [("GET", "/_sandbox/clock", None)])
    assert "is no sandbox" in errors


def test_nobody_there_is_told_with_the_way_out(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEXUDUS_BASE_URL", "http://127.0.0.1:1")
    code, _, errors = told("signup", "José 🚀")
    assert code == 6
    assert "no sandbox answers at http://127.0.0.1:1" in errors
    assert "José" not in errors


def test_a_secret_can_be_given_or_taken_away() -> None:
    given = "a secret, with a ' and a space in it"
    with sandbox("--hook-secret", f"london={given}", "--hook-secret", "Acme Barcelona=") as far_side:
        assert far_side.hook_secrets == {"london": given}
        assert json.loads(far_side.hook_env["TASKLISTS_HOOK_SECRETS"]) == {"london": given}
        assert given not in repr(far_side)


@pytest.mark.parametrize(
    ("given", "said", "unsaid"),
    [("paris=x", "there is no location 'paris'", "x=x"), ("the-secret-itself", "LOCATION=SECRET", "the-secret-itself")],
)
def test_a_wrong_secret_option_is_refused_without_its_secret(told: Told, given: str, said: str, unsaid: str) -> None:
    code, _, errors = told("--port", "0", "--hook-secret", given)
    assert code == 2
    assert said in errors
    assert unsaid not in errors
