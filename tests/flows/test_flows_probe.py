"""A probe of a real far side gives the right answer for every way that an account may be."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from given_account import ASHLEY, BARCELONA, PASSWORD, Account, Answer
from test_output_schemas import faults

from engine.authoring.folder import find_folder
from engine.cli.output_schemas import OUTPUTS
from engine.core.findings import Findings
from engine.flows.account import Place, open_ledger_view

QUICK = {"TASKLISTS_QUIET_SECONDS": "0.3"}
IDLE_LIST, IDLE_ITEM = 1412000900, 1412000901
ITEM_ID = "5f0c9a52-7d43-4b6e-9a11-3f1f2c0d8e77"


def probe(account: Account, *arguments: object, coworker: int = ASHLEY, **env: str) -> Answer:
    return account.cli("probe", "--coworker", coworker, "--format", "json", *arguments, **QUICK | env)


def words(answer: Answer) -> dict[str, str]:
    return {told["question"]: told["answer"] for told in answer.json["answers"]}


def facts(answer: Answer, question: str) -> dict[str, Any]:
    return next(told["facts"] for told in answer.json["answers"] if told["question"] == question)


def states(answer: Answer) -> dict[str, str]:
    return {check["check"]: check["state"] for check in answer.json["checks"]}


def detail(answer: Answer, check: str) -> str:
    return next(one["detail"] for one in answer.json["checks"] if one["check"] == check)


def findings(account: Account) -> Findings:
    place = find_folder(None, {}, account.folder)
    view = open_ledger_view(Place(account.env, place.path, place.organisation().model))
    assert view is not None
    with view:
        return Findings.from_stored(view.findings())


def put_idle_native_list(account: Account) -> None:
    """A list of Nexudus itself that nothing starts, with one item."""
    switches = {"AssignToNewContacts": False, "AssignToNewMembers": False, "AssignToCancellations": False}
    account.far_side.put_record(
        "tasklists", IDLE_LIST, Name="Native idle", BusinessId=BARCELONA, Active=True, Tariffs=[], **switches
    )
    fields = {"TaskListId": IDLE_LIST, "TaskListName": "Native idle", "Name": "One", "UniqueId": ITEM_ID}
    account.far_side.put_record("taskitems", IDLE_ITEM, Active=True, DelayInHours=1, **fields)


@pytest.fixture(autouse=True)
def natives_put_back(account: Account):
    """Native lists, stages and hooks as they were."""
    entities = ("tasklists", "taskitems", "crmboardcolumns", "webhooks", "tariffs")
    kept = {name: account.far_side.records(name) for name in entities}
    yield
    for name, records in kept.items():
        account.far_side.remove_records(name)
        for record in records:
            account.far_side.put_record(name, record["Id"], **record)


@dataclass(frozen=True)
class World:
    """An account's ways, and what a probe has to find there."""

    modes: Mapping[str, str]
    answers: Mapping[str, str]
    known: Mapping[str, Any] = field(default_factory=dict)


WORLDS = {
    "as judged most likely": World(
        {},
        {
            "Q01": "any text",
            "Q02": "no",
            "Q03": "exact",
            "Q04": "dropped",
            "Q05": "dropped",
            "Q06": "on update only",
            "Q07": "whole one by one",
            "Q08": "partial",
            "Q09": "DueDate wins",
            "Q10": "Name 5000 accepted, Notes 5000 accepted",
            "Q11": "exact",
            "Q12": "1 is ascending",
            "Q13": "at once",
            "Q14": "not asked",
            "Q15": "cleared",
            "Q16": "404",
            "Q17": "accepted",
            "Q19": "held",
            "Q20": "not asked",
        },
        {
            "unique_id_filter_exact": True,
            "name_limit": None,
            "notes_limit": None,
            "list_delay_seconds": 0.0,
            "unknown_id_answers_500": False,
            "rows_carry_notes": False,
            "page_size": 100,
            "put_resets_unreadable": True,
            "due_is_echoed": True,
        },
    ),
    "all marks come back, all is refused or cut": World(
        {
            "S11": "only-id",
            "S14": "kept",
            "S15.TaskItemUniqueId": "kept-and-returned",
            "S15.SystemId": "kept-and-returned",
            "S15.CustomFields": "kept-and-returned",
            "S18": "kept",
            "S19": "500",
            "S20": "DueDateLocal-wins",
            "S22.ResponsibleId": "active-admin-of-location",
            "S22.CoworkerId": "400",
            "S23.Name": "cut-silently",
            "S23.Notes": "400",
            "S32": "full",
            "S34": "descending",
            "S35.Name": "contains",
            "S35.Notes": "case-insensitive",
            "S36": "works",
            "S37": "1",
        },
        {
            "Q01": "any text",
            "Q02": "in both",
            "Q03": "exact",
            "Q04": "kept",
            "Q05": "kept, filterable",
            "Q06": "on create",
            "Q07": "whole in rows",
            "Q08": "full",
            "Q09": "DueDateLocal wins",
            "Q10": "Name cut at 200, Notes refused above 1000",
            "Q11": "Name contains, Notes any case",
            "Q12": "1 is descending",
            "Q13": "late",
            "Q15": "nothing hidden",
            "Q16": "500",
            "Q17": "refused",
        },
        {"name_limit": 200, "notes_limit": 1000, "unknown_id_answers_500": True, "rows_carry_notes": True},
    ),
    "marks are kept out of sight": World(
        {
            "S14": "derived-from-native-item",
            "S15.SystemId": "kept-filterable-not-returned",
            "S15.CustomFields": "kept-filterable-not-returned",
            "S16": "guid-only",
            "S18": "kept",
            "S22.CoworkerId": "400",
            "S23.Name": "400",
            "S23.Notes": "cut-silently",
            "S35.TaskItemUniqueId": "contains",
            "S35.Name": "ignored",
            "S35.Notes": "contains",
        },
        {
            "Q01": "guid only",
            "Q02": "no",
            "Q03": "contains",
            "Q04": "filled from item",
            "Q05": "filterable only",
            "Q06": "on create",
            "Q10": "Name refused above 200, Notes cut at 4000",
            "Q11": "Name ignored, Notes contains",
            "Q15": "kept",
            "Q17": "one refused",
        },
        {"unique_id_filter_exact": False, "name_limit": 200, "notes_limit": 4000, "put_resets_unreadable": False},
    ),
    "the id is cut where nobody sees it": World(
        {"S16": "cut-at-20", "S35.Name": "case-insensitive", "S35.Notes": "ignored", "S15.CustomFields": "dropped"},
        {"Q01": "cut", "Q03": "finds nothing", "Q06": "dropped", "Q11": "Name any case, Notes ignored"},
        {"unique_id_filter_exact": False},
    ),
    "the id is dropped": World(
        {"S15.TaskItemUniqueId": "dropped", "S22.ResponsibleId": "active-admin-of-location"},
        {"Q01": "dropped", "Q02": "no", "Q03": "finds nothing", "Q15": "not told", "Q17": "one refused"},
        {"unique_id_filter_exact": False, "put_resets_unreadable": True},
    ),
    "filters are ignored": World(
        {f"S35.{name}": "ignored" for name in ("TaskItemUniqueId", "SystemId", "CustomFields", "Name", "Notes")},
        {"Q01": "not told", "Q03": "ignored", "Q05": "dropped", "Q11": "ignored", "Q15": "not told"},
        {"unique_id_filter_exact": False, "put_resets_unreadable": True},
    ),
    "filters heed no case": World(
        {"S35.TaskItemUniqueId": "case-insensitive", "S15.SystemId": "kept-and-returned", "S35.SystemId": "ignored"},
        {"Q01": "any text", "Q03": "any case", "Q05": "kept", "Q15": "cleared"},
        {"unique_id_filter_exact": False},
    ),
    "the id comes back cut": World(
        {"S15.TaskItemUniqueId": "kept-and-returned", "S16": "cut-at-30"},
        {"Q01": "cut", "Q02": "one by one", "Q15": "nothing hidden"},
    ),
}


@pytest.mark.parametrize("name", WORLDS)
def test_each_way_of_an_account_has_its_answer(account: Account, name: str) -> None:
    world = WORLDS[name]
    put_idle_native_list(account)
    for mode, value in world.modes.items():
        account.far_side.set_mode(mode, value)
    # Two rows to compare orders by; they are nobody's business here.
    for number in (1, 2):
        account.far_side.put_record("coworkertasks", 1499990000 + number, CoworkerId=1, BusinessId=1, Name="other")
    answer = probe(account, "--yes")
    found = words(answer)
    assert {question: found[question] for question in world.answers} == dict(world.answers)
    known = findings(account)
    assert {what: getattr(known, what) for what in world.known} == dict(world.known)
    assert len(account.commits()) <= 10
    assert answer.json["tasks"]["left"] == []
    assert len(account.commits()) == len(account.commits("delete")) == answer.json["tasks"]["removed"]
    assert {task["Name"] for task in account.far_side.records("coworkertasks")} == {"other"}


def test_the_delay_of_the_list_is_measured(account: Account) -> None:
    account.far_side.set_mode("S37", "1")
    assert words(probe(account, "--yes"))["Q13"] == "late"
    assert 0.5 < findings(account).list_delay_seconds < 6


def test_the_size_of_a_page_is_what_came(account: Account) -> None:
    for number in range(230):
        account.far_side.put_record("coworkertasks", 1499980000 + number, CoworkerId=1, BusinessId=1, Name="other")
    answer = probe(account, "--read-only")
    assert facts(answer, "Q12")["size"] == 230
    assert findings(account).page_size == 200


def test_every_task_says_what_it_is_and_troubles_nobody(account: Account) -> None:
    probe(account, "--yes")
    made = [line["record"] for line in account.commits()]
    assert made
    for record in made:
        assert re.match(r"tasklists probe [0-9a-f]{8}, will be removed \(\d+ of 10\)", record["Name"])
        assert (record["NotifyByEmail"], record["DisplayToEveryone"]) == (False, False)
        assert record["DueDate"] > "2027-06"
        assert record["CoworkerId"] == ASHLEY
    assert sum(not record["Completed"] for record in made) == 1, "only the one whose place in the lists is asked"


def test_read_only_sends_no_write(account: Account) -> None:
    answer = probe(account, "--read-only")
    assert answer.code == 0, answer.out
    assert {method for method, _ in account.calls()} == {"GET"}
    assert account.far_side.commits()[account.seen_commits :] == []
    asked = {told["question"] for told in answer.json["answers"] if told["asked"]}
    assert {"Q12", "Q16", "Q18", "Q19"} >= asked >= {"Q16", "Q18", "Q19"}
    assert "CoworkerTask-Create" in next(t["detail"] for t in answer.json["answers"] if t["question"] == "Q19")


def test_a_second_probe_marks_what_changed(account: Account) -> None:
    first = probe(account, "--yes").json
    assert not any(told["changed"] or told["was"] for told in first["answers"])
    account.far_side.set_mode("S14", "kept")
    second = {told["question"]: told for told in probe(account, "--yes").json["answers"]}
    assert [number for number, told in second.items() if told["changed"]] == ["Q04"]
    assert (second["Q04"]["was"], second["Q04"]["answer"]) == ("dropped", "kept")
    shown = account.cli("probe", "--coworker", ASHLEY, "--yes", COLUMNS="80", **QUICK)
    assert max(map(len, shown.out.splitlines())) <= 80
    assert "(was" not in shown.out


def test_a_question_that_is_not_asked_keeps_its_earlier_answer(account: Account) -> None:
    probe(account, "--yes")
    later = {told["question"]: told for told in probe(account, "--read-only").json["answers"]}
    assert (later["Q03"]["answer"], later["Q03"]["was"], later["Q03"]["changed"]) == ("not asked", "exact", False)
    assert findings(account).unique_id_filter_exact


def test_the_json_is_what_its_schema_says(account: Account) -> None:
    for arguments in (("--read-only",), ("--yes",)):
        told = probe(account, *arguments).json
        assert faults(told, OUTPUTS["probe"]) == []
        assert [one["question"] for one in told["answers"]] == [f"Q{number:02d}" for number in range(1, 21)]


def test_a_page_instead_of_who_we_are_is_only_a_warning(account: Account) -> None:
    account.far_side.set_fault("me-html", "1.0")
    answer = probe(account, "--read-only")
    assert (states(answer)["login"], words(answer)["Q19"]) == ("warning", "held")


def test_it_shows_what_it_will_do_and_a_no_ends_it(account: Account) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        account.command("probe", "--coworker", ASHLEY),
        cwd=account.folder,
        env=account.whole_env(TERM="xterm", COLUMNS="100"),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    seen, deadline = b"", time.monotonic() + 30
    while b"Go on?" not in seen and time.monotonic() < deadline:
        if select.select([ours], [], [], 0.2)[0]:
            seen += os.read(ours, 4096)
    os.write(ours, b"n\n")
    try:
        assert process.wait(30) == 0
    finally:
        process.kill()
        os.close(ours)
    assert b"up to 10 tasks for coworker %d at barcelona" % ASHLEY in b" ".join(seen.split())
    assert {method for method, _ in account.calls()} == {"GET"}


def test_no_secret_is_told_and_redact_masks_the_staff(account: Account) -> None:
    account.edit("organisation", "front-desk: ana@acme.example", "front-desk: nobody@acme.example")
    plain = probe(account, "--read-only")
    assert "nobody@acme.example" in plain.out
    masked = probe(account, "--read-only", "--redact")
    for answer in (plain, masked):
        assert PASSWORD not in answer.out + answer.err
        assert "made-up-" not in answer.out + answer.err, "secret-shaped fields of users"
    assert "@acme.example" not in masked.out
    assert "Ashley" not in masked.out + plain.out
    assert masked.code == 3
    assert json.loads(masked.out)["checks"]
