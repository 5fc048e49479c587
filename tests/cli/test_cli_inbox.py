"""`tasklists inbox`: what came in and what was made of it, and what a person may do about it."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from given_account import ROOT
from postgres_given import fresh_database
from test_output_schemas import faults
from whenever import Instant

from engine.cli.main import run_commands
from engine.cli.output_schemas import OUTPUTS
from engine.ledger.ledger import Ledger
from engine.ledger.opening import open_ledger
from engine.ledger.service_values import DeliveryId, JobId, NewDelivery, NewJob
from engine.ledger.values import RunId

NOW = Instant("2026-11-23T10:00:00Z")
TEXT = "Zebedee Quartermaine-Ó"
RUN = "0123456789abcdef"


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path | str:
    """Where the ledger is, for a user's folder; nothing else is set."""
    for name in [name for name in os.environ if name.startswith(("NEXUDUS_", "TASKLISTS_"))]:
        monkeypatch.delenv(name)
    shutil.copytree(ROOT / "tasklists", tmp_path / "tasklists")
    monkeypatch.chdir(tmp_path)
    if request.param == "sqlite":
        return tmp_path / ".tasklists" / "ledger.db"
    address = fresh_database()
    monkeypatch.setenv("TASKLISTS_LEDGER", address)
    return address


@pytest.fixture
def ledger(place: Path | str) -> Iterator[Ledger]:
    with open_ledger(
        place,
        owner="acme-coworking",
        account="https://spaces.nexudus.com",
        since=Instant("2026-11-01T00:00:00Z"),
        now=NOW,
    ) as ledger:
        yield ledger


class Told:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> Any:
        told = json.loads(self.out)
        assert faults(told, OUTPUTS["inbox"]) == []
        return told


@pytest.fixture
def inbox(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str) -> Told:
        code = run_commands(["inbox", *arguments])
        return Told(code, *capsys.readouterr())

    return run


def accept(ledger: Ledger, body: str = "{}", **other: Any) -> DeliveryId:
    usual: dict[str, Any] = {"verified": "signature", "received_at": NOW} | other
    (one,) = ledger.inbox.accept([NewDelivery("barcelona", "contract.created", body.encode(), **usual)])
    return one.id


def job(tasklist: str = "new-member", **other: Any) -> NewJob:
    usual: dict[str, Any] = {"due_at": NOW, "contract_id": 77, "record_id": 77, "received_at": NOW} | other
    return NewJob(tasklist, 5, "contract.created", **({"cause": "delivery"} | usual))


def decide(ledger: Ledger, one: DeliveryId, *jobs: NewJob) -> tuple[JobId, ...]:
    return ledger.inbox.decide(one, jobs, why="starts new-member", record_id=77, coworker_id=5, now=NOW)


def state(ledger: Ledger, one: str) -> str:
    delivery, found = ledger.inbox.delivery(DeliveryId(one)), ledger.jobs.job(JobId(one))
    told = delivery or found
    assert told is not None
    return told.state


def test_without_a_ledger_the_inbox_is_empty_and_none_is_made(place: Path | str, inbox: Any, tmp_path: Path) -> None:
    told = inbox("list")
    assert (told.code, told.out.startswith("no ledger at ")) == (0, True)
    assert inbox("list", "--format", "json").json == {"counts": {}, "deliveries": [], "jobs": []}
    assert inbox("list", "--format", "json", "--state", "open").json["jobs"] == []
    for step in ("show", "replay", "discard"):
        told = inbox(step, "0123456789abcdef")
        assert (told.code, "no ledger at" in told.err) == (2, True)
    assert not (tmp_path / ".tasklists").exists()


def test_the_list_tells_each_delivery_with_its_state_and_reason(ledger: Ledger, inbox: Any) -> None:
    done, aside = accept(ledger, "a"), accept(ledger, "b", received_at=NOW.add(seconds=5))
    doubted = accept(ledger, "c", verified="unverified", received_at=NOW.add(seconds=9))
    decide(ledger, done, job())
    ledger.inbox.set_aside(aside, "the body is no JSON", NOW)
    told = inbox("list")
    assert told.code == 0
    lines = [line for line in told.out.splitlines() if line[:16] in {done, aside, doubted}]
    assert [line[:16] for line in lines] == [doubted, aside, done]
    assert [word in line for word, line in zip(("unverified", "aside", "done"), lines, strict=True)] == [True] * 3
    assert "the body is no JSON" in told.out
    assert told.out.splitlines()[-1] == "1 done, 1 aside, 1 unverified"
    printed = inbox("list", "--format", "json").json
    assert [one["id"] for one in printed["deliveries"]] == [doubted, aside, done]
    assert printed["counts"] == {"new": 0, "done": 1, "aside": 1, "failed": 0, "unverified": 1, "turned_away": 0}


def test_the_list_is_of_one_state_or_of_the_newest_few(ledger: Ledger, inbox: Any) -> None:
    ids = [accept(ledger, f"{number}", received_at=NOW.add(seconds=number)) for number in range(3)]
    ledger.inbox.fail(ids[0], "too often", NOW)

    def listed(*arguments: str) -> list[str]:
        return [one["id"] for one in inbox("list", "--format", "json", *arguments).json["deliveries"]]

    assert listed("--state", "new") == [ids[2], ids[1]]
    assert listed("--state", "failed") == [ids[0]]
    assert listed("--limit", "1") == [ids[2]]
    assert inbox("list", "--state", "aside").out.splitlines()[0] == "none is aside"
    assert inbox("list", "--state", "lost").code == 2


def test_open_jobs_are_listed_with_when_how_often_and_why(
    ledger: Ledger, inbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert inbox("list", "--state", "open").out == "no job is open\n"
    (swept,) = ledger.jobs.ask([job(cause="sweep")], NOW)
    (own,) = decide(ledger, accept(ledger), job("leavers"))
    (over,) = decide(ledger, accept(ledger, "b"), job("b"))
    ledger.jobs.finish(over, "done", "nothing to do", NOW)
    ledger.jobs.postpone(swept, NOW.add(hours=3), "it waits until noon", NOW, is_try=False, by_design=True)
    ledger.jobs.postpone(own, NOW.add(minutes=4), "leavers.yaml has a mistake", NOW, is_try=True)
    for columns in ("80", "160"):
        monkeypatch.setenv("COLUMNS", columns)
        told = inbox("list", "--state", "open").out
        (line,) = [line for line in told.splitlines() if line.startswith(f"{own} ") and "2026-" in line]
        assert line.split()[:6] == [own, "leavers", "5", "2026-11-23", "10:04", "1"]
        assert all(word in told for word in (swept, "2026-11-23 13:00", "it waits until noon", "has a mistake"))
        assert over not in told
        assert told.splitlines()[-1] == "2 open"
    assert inbox("list", "--state", "open", "--limit", "1").out.splitlines()[-1] == "2 open, the newest 1 shown"
    printed = inbox("list", "--state", "open", "--format", "json").json
    assert [(one["id"], one["tries"], one["cause"]) for one in printed["jobs"]] == [
        *((own, 1, "delivery"), (swept, 0, "sweep")),
    ]
    assert (printed["counts"], printed["deliveries"]) == ({"open": 2}, [])


def test_the_list_names_the_jobs_in_trouble_that_no_delivery_shows(ledger: Ledger, inbox: Any) -> None:
    found, going = ledger.jobs.ask([job(cause="sweep"), job("b")], NOW)
    (own,) = decide(ledger, accept(ledger), job("c"))
    ledger.jobs.finish(found, "failed", "no holder of front-desk", NOW)
    ledger.jobs.finish(own, "aside", "no holder of host", NOW)
    assert [one["id"] for one in inbox("list", "--format", "json").json["jobs"]] == [found]
    assert inbox("list", "--format", "json", "--state", "aside").json["jobs"] == []
    assert found in inbox("list").out
    assert going not in inbox("list").out


def test_a_flood_that_was_not_kept_is_counted_in_words(ledger: Ledger, inbox: Any) -> None:
    ledger.inbox.accept([NewDelivery("barcelona", "x", b"%d" % n, "unverified", NOW) for n in range(112)])
    assert "100 unverified; 12 more unverified were counted and not kept" in inbox("list").out


def test_show_tells_what_was_decided_and_why_and_the_runs(ledger: Ledger, inbox: Any) -> None:
    one = accept(ledger, TEXT)
    accept(ledger, TEXT, received_at=NOW.add(seconds=4))
    first, second = decide(ledger, one, job(), job("welcome"))
    ledger.jobs.finish(first, "done", "2 tasks made", NOW, RunId(RUN))
    ledger.jobs.finish(second, "aside", "no holder of host", NOW)
    told = inbox("show", one)
    assert told.code == 0
    assert f"delivery {one}: contract.created at barcelona" in told.out
    assert "why: no holder of host" in told.out
    assert "received: 2026-11-23T10:00:00Z, 2 times, last 2026-11-23T10:00:04Z" in told.out
    assert "about: record 77, coworker 5" in told.out
    assert f"tasklists status --run {RUN}" in told.out
    assert TEXT not in told.out
    printed = inbox("show", one, "--format", "json").json
    assert (printed["delivery"]["state"], printed["delivery"]["jobs"]) == ("aside", [first, second])
    assert [(each["tasklist"], each["state"], each["why"], each["run_id"]) for each in printed["jobs"]] == [
        ("new-member", "done", "2 tasks made", RUN),
        ("welcome", "aside", "no holder of host", None),
    ]
    assert printed["body"] is None


def test_show_of_a_job_tells_who_asked_for_it(ledger: Ledger, inbox: Any) -> None:
    one = accept(ledger)
    (asked,) = decide(ledger, one, job())
    told = inbox("show", asked)
    assert f"job {asked}: asked for because of contract.created, by delivery, delivery {one}" in told.out
    printed = inbox("show", asked, "--format", "json").json
    assert (printed["delivery"], [each["id"] for each in printed["jobs"]]) == (None, [asked])


def test_a_body_is_shown_only_when_it_is_asked_for_and_only_of_one_put_away(ledger: Ledger, inbox: Any) -> None:
    fresh = accept(ledger, f'[{{"FullName":"{TEXT}","n":1}}]')
    aside = accept(ledger, f'[{{"FullName":"{TEXT}","Id":7,"{TEXT}":[true,null]}}]')
    ledger.inbox.set_aside(aside, "odd", NOW)
    assert TEXT not in inbox("show", fresh, "--body").out
    assert TEXT not in inbox("show", aside).out
    assert TEXT in inbox("show", aside, "--body").out
    assert json.loads(inbox("show", aside, "--body", "--format", "json").json["body"])[0]["Id"] == 7
    masked = inbox("show", aside, "--body", "--redact", "--format", "json").json["body"]
    assert json.loads(masked) == [{"FullName": "[text]", "Id": 7, "[key]": [True, None]}]


def test_a_body_that_is_no_text_neither_fails_nor_steers_the_terminal(ledger: Ledger, inbox: Any) -> None:
    (one,) = ledger.inbox.accept([NewDelivery("barcelona", "x", b"\xff\x1b[2J\x07[", "signature", NOW)])
    ledger.inbox.fail(one.id, "no UTF-8", NOW)
    told = inbox("show", one.id, "--body")
    assert (told.code, "\\xff" in told.out, "\x1b" in told.out, "\x07" in told.out) == (0, True, False, False)
    assert inbox("show", one.id, "--body", "--redact").out.splitlines()[-1] == "[7 bytes that are no JSON]"


def test_replay_makes_a_delivery_new_and_a_job_open(ledger: Ledger, inbox: Any) -> None:
    one = accept(ledger)
    (asked,) = decide(ledger, one, job())
    ledger.jobs.finish(asked, "failed", "too often", NOW)
    assert inbox("replay", asked).out == f"job {asked} is open again: the service carries it out\n"
    assert (state(ledger, asked), state(ledger, one)) == ("open", "done")
    assert inbox("replay", one).out == f"delivery {one} is new again: the service looks at it\n"
    assert state(ledger, one) == "new"
    assert inbox("replay", one, asked, "--format", "json").json == {"replayed": [one, asked]}


def test_discard_settles_deliveries_and_jobs(ledger: Ledger, inbox: Any) -> None:
    aside = accept(ledger)
    ledger.inbox.set_aside(aside, "odd", NOW)
    (asked,) = ledger.jobs.ask([job(cause="sweep")], NOW)
    told = inbox("discard", aside, asked)
    assert told.out.splitlines() == [
        f"delivery {aside} is done: discarded by hand",
        f"job {asked} is done: discarded by hand",
    ]
    assert (state(ledger, aside), state(ledger, asked), ledger.inbox.body(aside)) == ("done", "done", None)


@pytest.mark.parametrize("columns", ["80", "200"])
def test_on_any_terminal_ids_are_whole_and_every_reason_is_told(
    ledger: Ledger, inbox: Any, columns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    one, other = accept(ledger, "a"), accept(ledger, "b")
    (asked,) = decide(ledger, one, job())
    ledger.jobs.finish(asked, "failed", "no holder of host", NOW, RunId(RUN))
    told, shown = inbox("list").out, inbox("show", one).out
    assert all(len(line) <= int(columns) for line in told.splitlines())
    assert [text in told for text in (one, other, "no holder of host", "2026-11-23 10:00")] == [True] * 4
    assert [text in shown for text in (one, asked, RUN, "no holder of host")] == [True] * 4


@pytest.mark.parametrize("step", ["show", "replay", "discard"])
def test_an_unknown_id_is_refused_before_anything_is_changed(ledger: Ledger, inbox: Any, step: str) -> None:
    one = accept(ledger)
    ledger.inbox.set_aside(one, "odd", NOW)
    told = inbox(*(("show",) if step == "show" else (step, one)), "0123456789abcdeX")
    assert (told.code, "knows no delivery and no job '0123456789abcdeX'" in told.err) == (2, True)
    assert state(ledger, one) == "aside"


def test_one_that_was_never_verified_is_not_replayed(ledger: Ledger, inbox: Any) -> None:
    one = accept(ledger, verified="unverified")
    told = inbox("replay", one)
    assert (told.code, "was never verified" in told.err, "Mend the secret" in told.err) == (2, True, True)


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_an_older_ledger_is_not_migrated_by_a_look(inbox: Any, ledger: Ledger, place: Path) -> None:
    ledger.close()
    with sqlite3.connect(place) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0002'")
    connection.close()
    for arguments in (("list",), ("show", "0123456789abcdef"), ("replay", "0123456789abcdef")):
        told = inbox(*arguments)
        assert (told.code, "of an older version (schema 0002" in told.err) == (2, True)
    with sqlite3.connect(place) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0002",)]
    connection.close()
