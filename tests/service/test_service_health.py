"""Health tells the truth within five seconds, whatever breaks, and tells no secret."""

from __future__ import annotations

import dataclasses
import json
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from door_given import RunningDoor, body_of, door_on
from postgres_given import PASSWORD, private_server
from whenever import Instant, minutes

from engine.authoring.folder import find_folder
from engine.core.errors import UserError
from engine.flows.account import Place, ledger_place, since
from engine.ledger.ledger import Ledger
from engine.ledger.opening import open_ledger
from engine.ledger.service_values import NewDelivery
from engine.nexudus.settings import DEFAULT_BASE_URL
from engine.service.health import (
    CHECK_SECONDS,
    HealthState,
    health_routes,
    ledger_write,
    oldest_waiting,
    read_gauges,
    schema_at_head,
)
from engine.service.metrics import Metrics

LISTS = Path(__file__).parents[1] / "flows" / "lists"
RIGHT_WITHIN = 5.0
CANARY = "canary-8c1f"


@contextmanager
def opened(folder: Path, **environ: str) -> Iterator[tuple[Ledger, HealthState]]:
    """A ledger of its own and a state in which all is well."""
    shutil.copytree(LISTS, folder / "tasklists")
    found = find_folder(str(folder / "tasklists"), {}, folder)
    place = Place(environ, found.path, found.organisation().model)
    owned = {"owner": place.organisation.owner, "account": DEFAULT_BASE_URL, "since": since(place.organisation)}
    with open_ledger(ledger_place(place.environ, place.folder), now=Instant.now(), **owned) as ledger:
        yield (
            ledger,
            HealthState(
                write=ledger_write(ledger),
                at_head=schema_at_head(place),
                login_works=lambda: True,
                oldest_waiting=lambda: oldest_waiting(ledger, Instant.now()),
                backlog_minutes=15,
                alive=lambda: True,
                gauges=lambda: read_gauges(ledger, Instant.now()),
                metrics=Metrics("spaces.nexudus.com"),
            ),
        )


@contextmanager
def served(folder: Path, **changes: Any) -> Iterator[tuple[RunningDoor, Ledger]]:
    with opened(folder) as (ledger, state):
        routes = health_routes(dataclasses.replace(state, **changes))
        with door_on(ledger, routes=tuple(routes)) as door:
            yield door, ledger


def ready(door: RunningDoor) -> tuple[int, dict[str, str]]:
    began = time.monotonic()
    answer = door.call("GET", "/readyz")
    assert time.monotonic() - began < CHECK_SECONDS + 1
    told = json.loads(answer.body)
    assert told["ready"] is (answer.status == 200)
    return answer.status, told["checks"]


def until(door: RunningDoor, is_so: Callable[[int, dict[str, str]], bool], within: float = RIGHT_WITHIN) -> None:
    end = time.monotonic() + within
    while not is_so(*(found := ready(door))):
        assert time.monotonic() < end, found
        time.sleep(0.1)


def test_a_service_that_is_well_is_ready(tmp_path: Path) -> None:
    with served(tmp_path) as (door, _):
        assert ready(door) == (200, dict.fromkeys(("ledger", "schema", "login", "backlog", "work"), "ok"))
        alive = door.call("GET", "/healthz")
        assert (alive.status, alive.body) == (200, b"ok\n")


def test_a_locked_ledger_is_told_within_five_seconds_and_so_is_its_end(tmp_path: Path) -> None:
    with served(tmp_path) as (door, ledger):
        assert ready(door)[0] == 200
        other = sqlite3.connect(ledger.place, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        until(door, lambda status, checks: status == 503 and checks["ledger"] == "no answer within 2 seconds")
        began = time.monotonic()
        assert door.call("GET", "/healthz").status == 200
        assert time.monotonic() - began < 1
        assert b"tasklists_ledger_writable 0.0" in door.call("GET", "/metrics").body
        other.execute("ROLLBACK")
        other.close()
        until(door, lambda status, _: status == 200)


def test_a_stopped_postgresql_is_told_within_five_seconds_and_so_is_its_return(tmp_path: Path) -> None:
    with private_server() as server:
        url = server.new_database()
        with (
            opened(tmp_path, TASKLISTS_LEDGER=url) as (ledger, state),
            door_on(ledger, routes=tuple(health_routes(state))) as door,
        ):
            assert ready(door)[0] == 200
            server.stop()
            until(door, lambda status, checks: status == 503 and checks["ledger"] != "ok")
            told = door.call("GET", "/readyz").body + door.call("GET", "/metrics").body
            assert PASSWORD.encode() not in told
            assert str(server.port).encode() not in told
            server.start()
            until(door, lambda status, _: status == 200, within=2 * RIGHT_WITHIN)


def test_a_ledger_that_a_newer_version_migrated_is_not_ready(tmp_path: Path) -> None:
    with served(tmp_path) as (door, ledger):
        with sqlite3.connect(ledger.place) as other:
            other.execute("UPDATE alembic_version SET version_num = '9999'")
        other.close()
        until(door, lambda status, checks: status == 503 and checks["schema"].startswith("is not as this version"))


def test_a_ledger_that_was_moved_away_is_not_ready(tmp_path: Path) -> None:
    with served(tmp_path) as (door, ledger):
        Path(ledger.place).rename(tmp_path / "elsewhere.db")
        until(door, lambda status, checks: status == 503 and checks["schema"] != "ok")


@pytest.mark.parametrize(
    ("works", "told"),
    [(False, "Nexudus refused the login"), (None, "Nexudus has not answered yet since the start")],
)
def test_a_login_that_is_refused_or_not_known_is_not_ready(tmp_path: Path, works: bool | None, told: str) -> None:
    with served(tmp_path, login_works=lambda: works) as (door, _):
        status, checks = ready(door)
        assert (status, checks["login"]) == (503, told)


def test_a_delivery_that_waits_too_long_is_not_ready_until_it_is_settled(tmp_path: Path) -> None:
    with served(tmp_path) as (door, ledger):
        late = Instant.now() - minutes(16)
        (stored,) = ledger.inbox.accept([NewDelivery("barcelona", "contract.created", body_of(1), "signature", late)])
        until(door, lambda status, checks: status == 503 and "15 minutes" in checks["backlog"])
        ledger.inbox.discard(stored.id, Instant.now())
        until(door, lambda status, _: status == 200)


def test_a_dead_dispatcher_is_not_ready_and_one_that_is_elsewhere_is_not_asked_for(tmp_path: Path) -> None:
    with served(tmp_path, alive=lambda: False) as (door, _):
        status, checks = ready(door)
        assert (status, "work" in checks, checks["work"] == "ok") == (503, True, False)
    with served(tmp_path / "other", alive=None) as (door, _):
        status, checks = ready(door)
        assert (status, "work" in checks) == (200, False)


@pytest.mark.parametrize("fault", [RuntimeError(CANARY), UserError(CANARY, advice=CANARY), OSError(28, CANARY)])
def test_no_word_of_an_error_is_told(tmp_path: Path, fault: Exception) -> None:
    def fail() -> None:
        raise fault

    with served(tmp_path, write=fail, gauges=fail) as (door, _):
        told = door.call("GET", "/readyz")
        assert told.status == 503
        page = door.call("GET", "/metrics")
        assert page.status == 200
        assert CANARY.encode() not in told.body + page.body


def test_who_asks_often_costs_the_ledger_nothing(tmp_path: Path) -> None:
    writes: list[float] = []
    began = time.monotonic()
    served_here = served(tmp_path, write=lambda: writes.append(time.monotonic()))
    with served_here as (door, _), ThreadPoolExecutor(20) as pool:
        assert {status for status, _ in pool.map(lambda _: ready(door), range(100))} == {200}
    assert 1 <= len(writes) <= 1 + (time.monotonic() - began) / 2


def test_gauges_come_from_the_ledger_at_each_scrape(tmp_path: Path) -> None:
    with served(tmp_path) as (door, ledger):
        now = Instant.now()
        arrived = [NewDelivery("barcelona", "contract.created", body_of(n), "signature", now) for n in range(3)]
        odd = ledger.inbox.accept(arrived)[0]
        ledger.inbox.set_aside(odd.id, "odd", now)
        ledger.watch.raise_alert("hook off: barcelona contract.created", "hooks", "off", now)
        ledger.watch.set_moment("last sweep", Instant.from_timestamp(1_700_000_000))
        answer = door.call("GET", "/metrics")
        lines = answer.body.decode().splitlines()
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        for line in (
            'tasklists_inbox{state="new"} 2.0',
            'tasklists_inbox{state="aside"} 1.0',
            "tasklists_hooks_off 1.0",
            "tasklists_alerts_open 1.0",
            "tasklists_last_sweep_timestamp_seconds 1.7e+09",
            "tasklists_ledger_writable 1.0",
            "tasklists_jobs_open 0.0",
        ):
            assert line in lines
