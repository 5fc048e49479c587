"""A served sandbox: pages and log tell what was done, and neither of whom, nor any secret."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sandbox_process import SandboxProcess, sandbox
from service_process import ROOT, Running, served, until

from engine.service.logs import FIELDS

NAME, MAIL, NOTE = "Zoë Canary-Smith", "zoe.canary@acme.example", "canary-note-55"
TOKEN = "canaryToken-0123456789abcdef-london"
ALERT = "http://127.0.0.1:9/canary-alert-path"
PAGES = ("/metrics", "/readyz", "/healthz", "/openapi.json")


@dataclass
class Told:
    """All that a service told, from its start to its end."""

    member: int
    log: str
    pages: dict[str, str]
    stop_seconds: float

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.splitlines() if line.startswith("{")]


def metric(text: str, name: str, label: str = "") -> float:
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name) and label in line)


@pytest.fixture(scope="module")
def far_side() -> Iterator[SandboxProcess]:
    with sandbox() as running:
        yield running


@pytest.fixture(scope="module")
def told(far_side: SandboxProcess, tmp_path_factory: pytest.TempPathFactory) -> Told:
    """A member signs up while calls fail, an odd delivery comes, and a stranger knocks."""
    folder = tmp_path_factory.mktemp("served")
    shutil.copytree(ROOT / "tasklists", folder / "tasklists")
    env = far_side.env | far_side.hook_env | {"TASKLISTS_HOOK_TOKENS": json.dumps({"london": TOKEN})}
    env |= {f"TASKLISTS_{name}": "1" for name in ("SETTLE_SECONDS", "QUIET_SECONDS")}
    env |= {"TASKLISTS_ALERT_URL": ALERT, "TASKLISTS_SWEEP": "off"}
    with served(folder, env) as service:
        until(lambda: service.get("/readyz")[0] == 200)
        far_side.set_fault("throttle", "2x")
        far_side.set_fault("reset-after-commit", "1x")
        member = deliver(far_side, service)

        def has_run() -> bool:
            text = service.get("/metrics")[1].decode()
            is_made = metric(text, "tasklists_jobs_total", 'outcome="done",tasklist="new-member"') >= 1
            return is_made and metric(text, "tasklists_inbox", 'state="aside"') == 1

        until(has_run, 60)
        pages = {path: service.get(path)[1].decode() for path in PAGES}
        began = time.monotonic()
        assert service.stop() == 0
        return Told(member, service.logged(), pages, time.monotonic() - began)


def deliver(far_side: SandboxProcess, service: Running) -> int:
    """One genuine delivery, as the sandbox would have sent it; an odd one; forged and lost ones."""
    made = far_side.signup(NAME, email=MAIL, tariff="Hot Desk", location="barcelona", start="+10")
    member = int(made["coworker_id"])
    (contract,) = (one["Id"] for one in far_side.records("coworkercontracts") if one["CoworkerId"] == member)
    genuine = json.dumps([{"Id": contract, "CoworkerId": member, "CoworkerFullName": NAME, "CoworkerEmail": MAIL}])
    secret = far_side.hook_secrets["barcelona"]
    assert service.post("barcelona", "contract.created", genuine.encode(), secret=secret) == 202
    assert service.post("barcelona", "contract.created", genuine.encode(), secret="x" * 40) == 401
    odd = json.dumps({"FullName": NAME, "Notes": NOTE}).encode()
    assert service.call("POST", f"/hooks/london/coworker.updated/{TOKEN}", odd)[0] == 202
    assert service.call("POST", f"/hooks/{MAIL}/{NOTE}", odd)[0] == 404
    return member


def test_nothing_tells_of_whom_or_any_secret(far_side: SandboxProcess, told: Told) -> None:
    words = [*NAME.split(), *MAIL.split("@")[:1], NOTE, TOKEN, "canary", far_side.password]
    words += [json.dumps(NAME.split(maxsplit=1)[0]).strip('"'), *far_side.hook_secrets.values()]
    for word in words:
        assert word not in told.log, word
        assert [path for path, text in told.pages.items() if word in text] == []


def test_no_page_holds_an_id_of_a_member(told: Told) -> None:
    assert [path for path, text in told.pages.items() if str(told.member) in text] == []


def test_the_log_leads_from_the_delivery_to_the_run_by_ids(told: Told) -> None:
    (done,) = (one for one in told.events if (one.get("tasklist"), one.get("state")) == ("new-member", "done"))
    assert done["coworker_id"] == told.member
    assert done["run_id"]
    assert done["job_id"]
    settled = [one for one in told.events if "delivery_id" in one]
    assert {one["state"] for one in settled if "state" in one} == {"done", "aside"}


def test_each_line_of_the_log_is_json_with_known_fields_alone(told: Told) -> None:
    others = [line for line in told.log.splitlines() if line and not line.startswith("{")]
    # The command itself answers whoever stops it, with a sentence.
    assert [line for line in others if not line.startswith("stopping: ")] == []
    for one in told.events:
        assert set(one) <= FIELDS - {"left_out"}, one
        assert {"at", "level", "event"} <= set(one)


def test_what_was_counted_is_what_happened(told: Told) -> None:
    text = told.pages["/metrics"]
    assert metric(text, "tasklists_deliveries_total", 'outcome="secret_1"') == 1
    assert metric(text, "tasklists_deliveries_total", 'outcome="token_1"') == 1
    assert metric(text, "tasklists_deliveries_total", 'outcome="bad_signature"') == 1
    assert metric(text, "tasklists_deliveries_total", 'location="other"') == 1
    assert metric(text, "tasklists_throttled_total") == 2
    assert metric(text, "tasklists_ambiguous_total") == 1
    assert metric(text, "tasklists_tasks_total") >= 10
    assert metric(text, "http_client_request_duration_seconds_count") > 15
    assert json.loads(told.pages["/readyz"])["ready"] is True


def test_it_ends_within_ten_seconds(told: Told) -> None:
    assert told.stop_seconds < 10
