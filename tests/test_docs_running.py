"""What the README gives to be pasted for running the service is sound: unit, container, compose file, metrics."""

from __future__ import annotations

import configparser
import http.server
import json
import re
import shlex
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import yaml
from readme_examples import README, ROOT, fenced

from engine.cli.main import COMMANDS
from engine.flows.settings_table import BY_NAME
from engine.service.health import HealthState, health_routes
from engine.service.logs import FIELDS
from engine.service.metrics import Gauges, Metrics

SECTION = README.split("### Running it\n")[1].split("\n## ")[0]


def block(language: str, first: str) -> str:
    (found,) = (one for one in fenced(language) if one.startswith(f"# {first}\n"))
    return found


UNIT = block("ini", "/etc/systemd/system/tasklists.service")
CONTAINER = block("dockerfile", "Containerfile")
COMPOSE: dict[str, Any] = yaml.safe_load(block("yaml", "compose.yaml"))


def is_setting(name: str) -> bool:
    setting = BY_NAME.get(name.removesuffix("_FILE"))
    return setting is not None and (name == setting.name or setting.has_file)


def test_the_unit_is_one_and_its_settings_exist() -> None:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # systemd minds upper and lower case
    parser.read_string(UNIT)
    assert parser.sections() == ["Unit", "Service", "Install"]
    service = parser["Service"]
    wanted = {"Type": "exec", "KillSignal": "SIGTERM", "TimeoutStopSec": "20", "Restart": "always"}
    assert {name: service[name] for name in wanted} == wanted
    assert (service["DynamicUser"], service["ProtectSystem"], service["NoNewPrivileges"]) == ("yes", "strict", "yes")
    assert service["ExecStart"].split("/")[-1].split() == ["tasklists", "serve"]
    names = re.findall(r"^Environment=(\w+)=", UNIT, re.MULTILINE)
    assert [name for name in names if not is_setting(name)] == []
    credentials = set(re.findall(r"^LoadCredential=([\w-]+):", UNIT, re.MULTILINE))
    assert set(re.findall(r"=%d/([\w-]+)$", UNIT, re.MULTILINE)) == credentials
    secret = [name for name in names if BY_NAME[name.removesuffix("_FILE")].is_secret]
    assert all(name.endswith("_FILE") for name in secret)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not on this machine")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "tasklists.service"
    unit.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", UNIT, flags=re.MULTILINE))
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def instructions() -> list[tuple[str, str]]:
    lines = CONTAINER.replace("\\\n", " ").splitlines()
    parts = (line.split(None, 1) for line in lines if line and not line.startswith("#"))
    return [(word, " ".join(rest.split())) for word, rest in parts]


def test_the_container_file_copies_what_exists_and_runs_as_an_ordinary_user() -> None:
    steps = instructions()
    known = {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "VOLUME", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD"}
    assert {word for word, _ in steps} <= known
    assert steps[0] == ("FROM", "python:3.12-slim")
    for word, rest in steps:
        if word == "COPY":
            assert all((ROOT / source).exists() for source in shlex.split(rest)[:-1]), rest
        if word == "ENV":
            assert is_setting(rest.partition("=")[0])
    words = [word for word, _ in steps]
    assert words.index("USER") < words.index("CMD")
    assert dict(steps)["USER"] != "0"
    assert json.loads(dict(steps)["ENTRYPOINT"]) == ["tasklists"]
    assert json.loads(dict(steps)["CMD"])[0] in COMMANDS


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_the_health_check_of_the_container_tells_well_from_not(status: int, code: int) -> None:
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    command = json.loads(dict(instructions())["HEALTHCHECK"].split("CMD ")[1])
    with http.server.HTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        told = [part.replace("8080", str(server.server_port)) for part in command]
        done = subprocess.run([sys.executable, *told[1:]], capture_output=True, check=False, timeout=30)
        server.shutdown()
    assert (done.returncode != 0) == bool(code)


def test_the_compose_file_has_a_database_a_door_and_a_worker_and_its_settings_exist() -> None:
    services = COMPOSE["services"]
    assert set(services) == {"database", "serve", "worker"}
    assert services["database"]["image"] == "postgres:16"
    for name in ("serve", "worker"):
        service = services[name]
        assert service["command"][0] == name
        assert [one for one in service["environment"] if not is_setting(one)] == []
        assert service["read_only"] is True
        in_use = {value.split("/")[-1] for value in service["environment"].values() if "/run/secrets/" in value}
        assert in_use == set(service["secrets"])
        assert (ROOT / service["build"]["context"]).exists()
    assert set(COMPOSE["secrets"]) == {one for service in services.values() for one in service["secrets"]}
    assert services["worker"]["ports"] == []
    assert all(port.startswith("127.0.0.1:") for port in services["serve"]["ports"])


def test_no_secret_stands_in_what_is_pasted() -> None:
    for text in (UNIT, CONTAINER, block("yaml", "compose.yaml")):
        assert re.search(r"(PASSWORD|TOKEN|SECRETS|TOKENS|SMTP_URL|ALERT_URL)[:=]\s*\S", text) is None


def all_metrics() -> set[str]:
    metrics = Metrics("spaces.nexudus.com")
    metrics.received("barcelona", "contract.created", "secret_1")
    metrics.exchanged("GET", status=200, fault="", seconds=1, resent=True)
    metrics.job("new-member", "done")
    metrics.tasks({"created": 1})
    metrics.show(Gauges())
    return set(re.findall(r"^# TYPE (\S+)", metrics.text().decode(), re.MULTILINE))


def test_every_metric_is_in_the_readme_and_no_other() -> None:
    ours = {name for name in all_metrics() if not name.startswith("process_")}
    told = {name for name in re.findall(r"`((?:tasklists|http)_\w+)`", SECTION) if name != "http_"}
    assert told == ours
    assert set(re.findall(r"tasklists_\w+_total", README)) <= ours


def test_every_check_and_address_of_health_is_in_the_readme() -> None:
    state = HealthState(
        write=list, at_head=list, login_works=lambda: True, oldest_waiting=lambda: None, backlog_minutes=1,
        alive=lambda: True, gauges=Gauges, metrics=Metrics("x"),
    )  # fmt: skip
    assert all(f"`{route.path}`" in SECTION for route in health_routes(state))
    assert re.findall(r"^\| `(ledger|schema|login|backlog|work)` \|", SECTION, re.MULTILINE) == [
        *("ledger", "schema", "login", "backlog", "work")
    ]


def test_the_line_of_a_log_in_the_readme_is_one() -> None:
    (line,) = (one for one in fenced("json") if '"event": "job"' in one)
    assert set(json.loads(line)) <= FIELDS
