"""`tasklists config` shows what is in force, where it came from, everything that is wrong, and no secret."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from test_output_schemas import faults

from engine.cli.main import run_commands
from engine.cli.output_schemas import OUTPUTS
from engine.flows.settings_table import SETTINGS

LISTS = Path(__file__).parents[1] / "flows" / "lists"
CANARY = "c4nary-0123456789abcdefghijkl"
LOGIN = {"NEXUDUS_USERNAME": "api@acme.example", "NEXUDUS_PASSWORD": CANARY}


class Shown:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def setting(self, name: str) -> tuple[str, str]:
        (found,) = (one for one in self.json["settings"] if one["name"] == name)
        return found["value"], found["from"]


Show = Callable[..., Shown]


@pytest.fixture
def show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Show:
    shutil.copytree(LISTS, tmp_path / "tasklists")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, form: str = "json", **environ: str) -> Shown:
        with monkeypatch.context() as patch:
            for name in [one for one in os.environ if one.startswith(("NEXUDUS_", "TASKLISTS_"))]:
                patch.delenv(name)
            for name, value in environ.items():
                patch.setenv(name, value)
            code = run_commands(["config", "--format", form, *arguments])
        return Shown(code, *capfd.readouterr())

    return run


def test_all_settings_are_shown_with_value_and_origin(show: Show, tmp_path: Path) -> None:
    shown = show(**LOGIN, TASKLISTS_WORKERS="8", TASKLISTS_SWEEP="Report")
    assert (shown.code, shown.json["problems"], shown.json["warnings"]) == (0, [], [])
    assert [one["name"] for one in shown.json["settings"]] == [setting.name for setting in SETTINGS]
    assert shown.setting("NEXUDUS_USERNAME") == ("api@acme.example", "environment")
    assert shown.setting("NEXUDUS_PASSWORD") == ("set", "environment")
    assert shown.setting("NEXUDUS_TOKEN") == ("not set", "default")
    assert shown.setting("TASKLISTS_WORKERS") == ("8", "environment")
    assert shown.setting("TASKLISTS_SWEEP") == ("report", "environment")
    assert shown.setting("TASKLISTS_LOG") == ("json", "default")
    assert shown.setting("TASKLISTS_DIR") == (str(tmp_path / "tasklists"), "default")
    assert shown.setting("TASKLISTS_LEDGER") == (str(tmp_path / ".tasklists" / "ledger.db"), "default")
    assert faults(shown.json, OUTPUTS["config"]) == []


def test_the_table_says_the_same_as_the_json(show: Show) -> None:
    told, table = show(**LOGIN).json["settings"], show(form="table", COLUMNS="300", **LOGIN).out
    rows = {line.split()[0]: line for line in table.splitlines()[2:]}
    for one in told:
        assert one["from"] in rows[one["name"]]
        assert one["value"] in rows[one["name"]]


def test_no_secret_is_shown_wherever_it_stands(show: Show, tmp_path: Path) -> None:
    (tmp_path / "ledger").write_text(f"postgresql://user:{CANARY}@db.example:5432/tasklists\n")
    (tmp_path / "secrets").write_text(json.dumps({"barcelona": CANARY}))
    environ = LOGIN | {
        "TASKLISTS_LEDGER_FILE": str(tmp_path / "ledger"),
        "TASKLISTS_HOOK_SECRETS_FILE": str(tmp_path / "secrets"),
        "TASKLISTS_ALERT_URL": f"https://alerts.acme.example/{CANARY}",
        "TASKLISTS_SMTP_URL": f"smtps://user:{CANARY}@mail.acme.example",
        "TASKLISTS_ALERT_TO": "ana@acme.example",
    }
    for form in ("json", "table"):
        shown = show(form=form, **environ)
        assert CANARY not in shown.out + shown.err
        assert "barcelona" not in shown.out
    shown = show(**environ)
    assert shown.setting("TASKLISTS_LEDGER") == ("postgresql://db.example:5432/tasklists", "file")
    assert shown.setting("TASKLISTS_HOOK_SECRETS") == ("set (from file)", "file")
    assert shown.setting("TASKLISTS_SMTP_URL") == ("set", "environment")


@pytest.mark.parametrize(
    "name", ["NEXUDUS_BASE_URL", "TASKLISTS_LEDGER", "TASKLISTS_PUBLIC_URL", "TASKLISTS_LOG", "TASKLISTS_QUIET_SECONDS"]
)
@pytest.mark.parametrize(
    "value", ["https://user:{}@host.example", "mysql://user:{}@h/db", "postgresql://u:a/{}@b@h/db", "https://h/?k={}"]
)
def test_a_secret_in_the_wrong_place_is_not_shown_as_a_value(show: Show, name: str, value: str) -> None:
    shown = show(**LOGIN | {name: value.format(CANARY)})
    told = {one["name"]: one["value"] for one in shown.json["settings"]}
    assert CANARY not in json.dumps(told)
    if shown.code == 2:
        assert told[name] == "wrong"


def test_everything_wrong_is_told_and_the_rest_is_shown_all_the_same(show: Show) -> None:
    environ = {"TASKLISTS_WORKERS": "0", "TASKLISTS_SWEEP": "rum", "TASKLISTS_ALERT_TO": "ana@acme.example"}
    shown = show(form="table", **environ)
    assert shown.code == 2
    errors = [line.split()[1] for line in shown.err.splitlines() if line.startswith("error: ")]
    assert sorted(errors) == [
        "NEXUDUS_PASSWORD",
        "NEXUDUS_USERNAME",
        "TASKLISTS_ALERT_TO",
        "TASKLISTS_SWEEP",
        "TASKLISTS_WORKERS",
    ]
    assert "TASKLISTS_LOG" in shown.out


def test_without_lists_settings_are_shown_and_that_is_a_problem(show: Show, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "tasklists")
    shown = show(**LOGIN)
    assert shown.code == 2
    assert len(shown.json["problems"]) == 1
    assert shown.setting("TASKLISTS_DIR") == ("not set", "default")


def test_a_broken_organisation_is_a_problem_and_hides_no_other(show: Show, tmp_path: Path) -> None:
    (tmp_path / "tasklists" / "organisation.yaml").write_text("owner: 7\n")
    shown = show(**LOGIN, TASKLISTS_WORKERS="0")
    assert [line.split()[0] for line in shown.json["problems"]] == [
        "tasklists/organisation.yaml",
        "TASKLISTS_WORKERS",
    ]


def test_a_mistyped_name_is_a_warning(show: Show) -> None:
    shown = show(**LOGIN, TASKLISTS_WORKER="8")
    assert shown.code == 0
    assert shown.json["warnings"] == ["TASKLISTS_WORKER is no setting; nearest: TASKLISTS_WORKERS."]


def test_the_folder_by_argument_is_said_to_be(show: Show, tmp_path: Path) -> None:
    shutil.copytree(LISTS, tmp_path / "others")
    assert show("--dir", "others", **LOGIN).setting("TASKLISTS_DIR") == (str(tmp_path / "others"), "argument")


def test_nothing_is_contacted(show: Show) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0)
        port = listening.getsockname()[1]
        shown = show(
            **LOGIN,
            NEXUDUS_BASE_URL=f"http://127.0.0.1:{port}",
            TASKLISTS_LEDGER=f"postgresql://u:p@127.0.0.1:{port}/db",
            TASKLISTS_ALERT_URL=f"http://127.0.0.1:{port}/",
            TASKLISTS_SMTP_URL=f"smtp://127.0.0.1:{port}",
            TASKLISTS_ALERT_TO="ana@acme.example",
        )
        assert shown.code == 0
        with pytest.raises(BlockingIOError):
            listening.accept()


def test_its_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom engine.cli.main import run_commands\nrun_commands(['config', '--help'])\n"
        "heavy = {'sqlalchemy', 'httpx', 'starlette', 'uvicorn', 'structlog', 'prometheus_client'} & set(sys.modules)\n"
        "sys.exit(', '.join(sorted(heavy)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
