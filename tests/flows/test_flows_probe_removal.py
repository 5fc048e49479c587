"""Whatever happens to a probe, none of its tasks stays unnamed, and no other task is ever touched."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from given_account import ANA, ASHLEY, BARCELONA, PAULA, Account
from test_flows_probe import QUICK, findings, natives_put_back, probe, words  # noqa: F401  a fixture among them
from whenever import Instant

from engine.authoring.folder import find_folder
from engine.core.wire_dates import wire_moment
from engine.flows.account import Place, open_to_run
from engine.flows.probing.opened import OPEN, OpenBook, Opened, bears, name_of, new_label
from engine.flows.stopping import Stop

LONG = os.environ.get("TASKLISTS_LONG") == "1"
KILLS = 40 if LONG else 4
PROBE_NAME = "tasklists probe "


def probe_tasks(account: Account) -> list[dict[str, Any]]:
    return [task for task in account.far_side.records("coworkertasks") if str(task["Name"]).startswith(PROBE_NAME)]


def put_task(account: Account, number: int, name: str, coworker: int = ASHLEY) -> dict[str, Any]:
    fields = {"CoworkerId": coworker, "BusinessId": BARCELONA, "ResponsibleId": ANA, "Name": name, "Completed": False}
    return account.far_side.put_record("coworkertasks", number, **fields)


@contextmanager
def book(account: Account) -> Iterator[OpenBook]:
    place = find_folder(None, {}, account.folder)
    where = Place(account.env, place.path, place.organisation().model)
    with open_to_run(where, Stop()) as opened:
        yield OpenBook(opened.ledger, Instant.now)


@contextmanager
def started(account: Account, **env: str) -> Iterator[subprocess.Popen[bytes]]:
    """A probe in a process of its own."""
    process = subprocess.Popen(
        account.command("probe", "--coworker", ASHLEY, "--yes", "--format", "json"),
        cwd=account.folder,
        env=account.whole_env(**QUICK, TASKLISTS_LEASE_SECONDS="0.5", **env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def wait_for_creations(account: Account, count: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while len(account.commits()) < count and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_tasks_of_others_are_never_touched(account: Account) -> None:
    names = [
        "Hand out the access card",
        "tasklists probe",
        "tasklists probe, will be removed (1 of 10)",
        "tasklists probe 00c0ffee, will be removed (2 of 10)",
    ]
    for number, name in enumerate(names):
        put_task(account, 1499000000 + number, name)
        put_task(account, 1499000100 + number, name, PAULA)
    before = account.far_side.records("coworkertasks")
    assert probe(account, "--yes").code == 0
    assert sorted(account.far_side.records("coworkertasks"), key=lambda t: t["Id"]) == sorted(
        before, key=lambda t: t["Id"]
    )


@pytest.mark.long
@pytest.mark.parametrize("number", range(KILLS))
def test_what_a_killed_probe_left_is_removed_by_the_next(account: Account, number: int) -> None:
    chance = random.Random(number)
    put_task(account, 1499000000, "Hand out the access card")
    with started(account) as process:
        wait_for_creations(account, 1 + number % 7, process)
        time.sleep(chance.uniform(0, 0.15))
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    answer = probe(account, "--yes", TASKLISTS_LEASE_SECONDS="0.5")
    assert answer.code == 0, answer.out
    assert [task["Name"] for task in account.far_side.records("coworkertasks")] == ["Hand out the access card"]
    with book(account) as opened:
        assert opened.entries() == ()


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_everything_removed(account: Account, kind: signal.Signals) -> None:
    with started(account) as process:
        wait_for_creations(account, 2, process)
        process.send_signal(kind)
        began = time.monotonic()
        code = process.wait(15)
        took = time.monotonic() - began
    assert (code, took < 10) == (130, True)
    assert probe_tasks(account) == []


AMBIGUOUS = (
    *("reset", "error", "empty-body", "html-200", "value-null", "cut-body", "bare-id", "redirect-after-commit"),
    *("was-successful-false", "was-successful-false-after-commit", "oops", "bad-gateway-before-commit", "stale-answer"),
)


CASES = [(fault, ("--keep-going",)) for fault in AMBIGUOUS] + [(fault, ()) for fault in AMBIGUOUS[: 13 if LONG else 2]]


@pytest.mark.parametrize(("fault", "going"), CASES, ids=[f"{fault}{''.join(going)}" for fault, going in CASES])
def test_after_bad_answers_every_task_is_gone_or_named(account: Account, fault: str, going: tuple[str, ...]) -> None:
    put_task(account, 1499000000, "Hand out the access card")
    account.far_side.set_fault(fault, "0.4")
    answer = probe(account, "--yes", *going)
    account.far_side.clear_faults()
    there = {task["Id"] for task in probe_tasks(account)}
    told = {left["task_id"] for left in answer.json["tasks"]["left"]}
    assert there <= told
    assert answer.code != 0 or not told
    assert len(account.commits()) <= 10
    if told:  # the next probe removes them
        probe(account, "--yes")
    assert probe_tasks(account) == []
    assert len(account.far_side.records("coworkertasks")) == 1


def test_a_task_that_arrives_late_is_still_removed(account: Account) -> None:
    account.far_side.set_mode("S51.late-seconds", 1)
    account.far_side.set_fault("late-commit", "0.4")
    answer = probe(account, "--yes", "--keep-going", TASKLISTS_QUIET_SECONDS="2")
    account.far_side.clear_faults()
    time.sleep(1.2)
    assert probe_tasks(account) == []
    assert answer.json["tasks"]["left"] == []


def test_what_cannot_be_removed_is_named_and_removed_next_time(account: Account) -> None:
    label = new_label()
    put_task(account, 1499000007, name_of(label, 1))
    with book(account) as opened:
        opened.write(Opened(label, ASHLEY, Instant.now(), (1499000007,)))
    account.far_side.set_fault("was-successful-false", "1.0")
    answer = account.cli("probe", "--coworker", ASHLEY, "--yes", **QUICK)
    assert answer.code == 3
    assert f"left: task 1499000007 of coworker {ASHLEY}: refused without saying why" in answer.out
    account.far_side.clear_faults()
    assert probe(account, "--yes").code == 0
    assert probe_tasks(account) == []


def test_read_only_tells_of_what_was_left_and_leaves_it(account: Account) -> None:
    label = new_label()
    put_task(account, 1499000007, name_of(label, 1))
    with book(account) as opened:
        opened.write(Opened(label, ASHLEY, Instant.now()))
    answer = probe(account, "--read-only")
    assert "left over" in {check["check"] for check in answer.json["checks"]}
    assert len(probe_tasks(account)) == 1


def test_an_id_in_the_ledger_that_is_another_task_is_left_alone(account: Account) -> None:
    put_task(account, 1499000007, "Hand out the access card")
    with book(account) as opened:
        opened.write(Opened(new_label(), ASHLEY, Instant.now(), (1499000007,)))
    assert probe(account, "--yes").code == 0
    assert account.far_side.record("coworkertasks", 1499000007)["Name"] == "Hand out the access card"


def test_two_probes_at_once_take_turns(account: Account) -> None:
    codes: list[int] = []
    with started(account) as first:
        wait_for_creations(account, 1, first)
        second = threading.Thread(target=lambda: codes.append(account.subprocess(*_arguments(), **QUICK).code))
        second.start()
        out, _ = first.communicate(timeout=60)
        second.join(60)
    assert (first.returncode, codes) == (0, [0])
    assert b'"stopped_by": null' in out
    assert probe_tasks(account) == []


def _arguments() -> tuple[object, ...]:
    return ("probe", "--coworker", ASHLEY, "--yes", "--format", "json")


def test_ten_creations_are_the_most_whatever_is_refused(account: Account) -> None:
    refusing = {"S16": "guid-only", "S23.Name": "400", "S23.Notes": "400", "S22.ResponsibleId": "active"}
    for mode, value in refusing.items():
        account.far_side.set_mode(mode, value)
    account.far_side.set_fault("was-successful-false", "0.3")
    answer = probe(account, "--yes", "--keep-going")
    sent = [body for body in account.posts() if body != b"{}"]
    assert len(sent) == answer.json["tasks"]["sent"] <= 10


def test_refusing_every_task_leaves_questions_open_and_nothing_behind(account: Account) -> None:
    account.far_side.set_mode("S23.Name", "400")
    account.far_side.set_mode("S23.Name-limit", 10)
    answer = probe(account, "--yes")
    assert account.commits() == []
    assert {words(answer)[question] for question in ("Q01", "Q07", "Q09", "Q13")} == {"not told"}
    assert words(answer)["Q10"] == "Name refused at 200, Notes 5000 accepted"
    known = findings(account)
    assert (known.unique_id_filter_exact, known.name_limit, known.notes_limit) == (False, 199, None)


def test_nobody_is_asked_for_a_write_where_nobody_sits(account: Account) -> None:
    answer = account.cli("probe", "--coworker", ASHLEY)
    assert (answer.code, "--read-only" in answer.err, account.calls()) == (2, True, [])


def test_the_ledger_knows_of_a_task_before_it_is_sent(account: Account) -> None:
    """Each creation's label is on disk when its request arrives: whoever is killed then left a trace."""
    seen: list[bool] = []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            commits = account.commits()
            if commits:
                with book(account) as opened:
                    labels = [entry.label for entry in opened.entries()]
                name = commits[-1]["record"]["Name"]
                if any(task["Name"] == name for task in probe_tasks(account)):
                    seen.append(any(bears(name, label) for label in labels))
            time.sleep(0.02)

    account.far_side.set_mode("S51.hold-seconds", "0.5")  # long enough to be seen on a busy machine
    account.far_side.set_fault("hold-after-commit", "4x:coworkertasks")
    watcher = threading.Thread(target=watch)
    with started(account) as process:
        watcher.start()
        process.wait(60)
    done.set()
    watcher.join(30)
    assert seen
    assert all(seen)


@pytest.mark.parametrize(
    ("name", "label", "ours"),
    [
        ("tasklists probe 1a2b3c4d, will be removed (1 of 10)", "1a2b3c4d", True),
        ("tasklists probe 1a2b3c4d, will be rem", "1a2b3c4d", True),
        ("tasklists probe 1a2b3", "1a2b3c4d", True),
        ("tasklists probe 1a2b", "1a2b3c4d", False),
        ("tasklists probe", "1a2b3c4d", False),
        ("tasklists probe 1a2b3c4e, will be removed (1 of 10)", "1a2b3c4d", False),
        ("", "1a2b3c4d", False),
        (None, "1a2b3c4d", False),
    ],
)
def test_a_name_is_ours_by_its_label_alone(name: object, label: str, *, ours: bool) -> None:
    assert bears(name, label) is ours


def test_nothing_of_a_member_is_in_what_the_ledger_keeps(account: Account) -> None:
    probe(account, "--yes")
    with book(account) as opened:
        opened.write(Opened(new_label(), ASHLEY, Instant.now()))
    text = account.ledger.read_bytes()
    assert b"Ashley" not in text
    assert OPEN.encode() in text
    assert wire_moment(Instant.now())[:10].encode() in text
