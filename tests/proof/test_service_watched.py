"""A service seen from outside: no member, no secret, each alert once; and an outage that it lives through."""

from __future__ import annotations

import http.server
import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from sandbox_process import sandbox
from secrets_kept import ledger_files
from service_process import Running, sign, until
from service_world import SECRET, Person, ServiceWorld, free_port, service_world

RESTARTS = 3 if os.environ.get("TASKLISTS_LONG") == "1" else 0
"""While the hook is off: each of them would tell it again, if it were not for the ledger."""

WRONG = "another-secret-that-nobody-entered"


def readiness(running: Running) -> tuple[int, dict[str, str]]:
    status, body = running.get("/readyz")
    found: dict[str, str] = json.loads(body)["checks"]
    return status, found


def figures(running: Running) -> dict[str, float]:
    """The samples of /metrics by name and labels."""
    lines = running.get("/metrics")[1].decode().splitlines()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}


def canaries(world: ServiceWorld, person: Person) -> dict[str, str]:
    """Texts that belong nowhere, by what they are."""
    bodies = world.bodies(person)
    marks = {f"signature of {event}": sign(SECRET, body) for event, body in bodies.items()}
    address = json.loads(bodies["coworker.created"])[0]["Email"]
    personal = {"name": person.name, "part of the name": person.name.split()[-1], "e-mail": address}
    return marks | personal | {"hook secret": SECRET, "wrong secret": WRONG, "password": world.far_side.password}


def everything_shown(world: ServiceWorld, running: Running) -> dict[str, str]:
    """All that the service and its commands tell without being asked for a body."""
    shown = {path: running.get(path)[1].decode() for path in ("/metrics", "/readyz", "/healthz", "/openapi.json")}
    for form in ("table", "json"):
        shown[f"inbox list {form}"] = world.cli("inbox", "list", "--format", form).stdout
    for state in (1, 2):
        (number,) = world.rows("SELECT id FROM deliveries WHERE state = ?", state)[0]
        shown[f"inbox show {number}"] = world.cli("inbox", "show", number).stdout
    return shown | {"config": world.cli("config", "--format", "json").stdout}


def test_no_text_of_a_member_and_no_secret_is_shown_or_stays(tmp_path: Path) -> None:
    with service_world(tmp_path) as world, world.serving() as running:
        person = world.sign_up()
        for event, body in world.bodies(person).items():
            assert running.post("barcelona", event, body, secret=SECRET) == 202
        odd = json.dumps([{"Id": person.name, "Email": "odd@people.example"}], ensure_ascii=False).encode()
        assert running.post("barcelona", "contract.created", odd, secret=SECRET) == 202
        statuses = [running.post("london", "coworker.created", odd, secret=WRONG) for _ in range(4)]
        assert statuses == [401, 401, 202, 202]
        until(world.is_idle, 30)
        texts = canaries(world, person) | {"e-mail of the odd one": "odd@people.example"}
        shown = everything_shown(world, running)
        assert str(person.id) in "".join(shown.values()), "ids are shown: a person has to find the member"
        waiting = [number for (number,) in world.rows("SELECT id FROM deliveries WHERE state = 2 OR verified = 2")]
        assert len(waiting) == 2
        assert "odd@people.example" in in_the_ledger(world, texts), "what waits for a person keeps its body"
        world.cli("inbox", "discard", *waiting)
        assert in_the_ledger(world, texts) == []
        assert running.stop() == 0
        shown["log"] = running.logged()
        assert "job_id" in shown["log"]
        assert [(place, what) for place, all_of_it in shown.items() for what in texts if texts[what] in all_of_it] == []
        assert in_the_ledger(world, texts) == []


def in_the_ledger(world: ServiceWorld, texts: dict[str, str]) -> list[str]:
    """Which of these texts the ledger's files hold now."""
    whole = b"".join(file.read_bytes() for file in ledger_files(world.folder))
    return [text for text in texts.values() if text.encode() in whole]


class _Mailbox(http.server.BaseHTTPRequestHandler):
    """Takes alerts in."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.alerts.append(json.loads(body))  # type: ignore[attr-defined]
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def mailbox() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A local address for alerts, and what came to it."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Mailbox) as server:
        server.alerts = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/in", server.alerts  # type: ignore[attr-defined]
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.long
def test_a_hook_that_is_switched_off_is_told_once_and_once_more_when_it_is_on_again(tmp_path: Path) -> None:
    with service_world(tmp_path) as world, mailbox() as (address, alerts):
        world.cli("hooks", "register", "--yes")
        hook = world.far_side.records("webhooks")[0]["Id"]
        world.far_side.put_record("webhooks", hook, Active=False, ErrorCount=10, LastError="HTTP 500")
        with world.serving(TASKLISTS_ALERT_URL=address) as running:
            until(lambda: alerts, 20)
            until(lambda: figures(running).get("tasklists_hooks_off") == 1.0, 20, every=0.5)
        for _ in range(RESTARTS):
            world.far_side.clear_requests()
            with world.serving(TASKLISTS_ALERT_URL=address):
                until(lambda: any("webhooks" in one["path"] for one in world.far_side.requests()), 20)
                time.sleep(1.5)  # nothing shows that an alert was not sent
        assert [(one["state"], one["kind"]) for one in alerts] == [("open", "hooks")]
        world.far_side.put_record("webhooks", hook, Active=True, ErrorCount=0, LastError=None)
        with world.serving(TASKLISTS_ALERT_URL=address):
            until(lambda: len(alerts) > 1, 20)
        assert [one["state"] for one in alerts] == ["open", "cleared"]
        assert alerts[0]["cause"] == alerts[1]["cause"]


def test_while_nexudus_is_away_the_door_is_open_and_jobs_wait_and_go_on(tmp_path: Path) -> None:
    place = ("--db", str(tmp_path / "far.db"), "--port", str(free_port()))
    with service_world(tmp_path, *place) as world, world.serving() as running:
        until(lambda: readiness(running)[0] == 200, 20)
        people = [world.sign_up() for _ in range(3)]
        bodies = [(event, body) for one in people for event, body in world.bodies(one).items()]
        os.kill(world.far_side.pid, 15)
        until(lambda: is_away(world), 10)
        statuses = [running.post("barcelona", event, body, secret=SECRET) for event, body in bodies]
        assert statuses == [202] * len(bodies)
        until(lambda: waits(world) == ["open"] * len(bodies), 30)
        whys = [why for (why,) in world.rows("SELECT DISTINCT why FROM jobs")]
        assert whys
        assert not any(str(one.id) in why or one.name in why for why in whys for one in people)
        assert readiness(running)[0] == 200, "deliveries are taken: a balancer must not take the service out"
        with sandbox("--commit-log", str(world.commit_log), *place):
            until(lambda: world.hurry() >= 0 and world.is_idle(), 60, every=0.5)
            counted = figures(running)
        found = world.judged()
        assert found.clean, found
        assert not world.rows("SELECT 1 FROM jobs WHERE tries > 0"), "an outage is no try"
        assert sum(number for name, number in counted.items() if name.startswith("tasklists_deliveries_total")) == 6
        assert running.stop() == 0


def is_away(world: ServiceWorld) -> bool:
    with suppress(Exception):
        world.far_side.counts()
        return False
    return True


def waits(world: ServiceWorld) -> list[str]:
    """The jobs that were tried once and wait."""
    return ["open" for _ in world.rows("SELECT 1 FROM jobs WHERE state = 0 AND why != ''")]
