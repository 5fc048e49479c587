"""Anchors that come from check-ins and invoices, and a list's own names for days, from YAML to the posted date."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from core.member_given import organisation
from given_account import ASHLEY, BARCELONA, JOSE, LONDON, RACHAEL, Account
from nexudus.scripted_nexudus import Answer, Request, client_for, data, rows, serving
from sandbox_process import SandboxProcess

from engine.core.model import TaskList
from engine.core.preparing import prepare
from engine.flows.probing.rights import needed_roles
from engine.flows.visits import visited_days
from engine.nexudus.errors import IncompleteList

LIST = """
tasklist: makerspace
name: Third visit
applies: {locations: [barcelona]}
anchor: visit.third
anchors:
  induction: first monday after visit.third
  begin: [contract.term_end, signup]
items:
  - id: check-id
    name: Check the ID on the third visit
    responsible: ana@acme.example
    when: coworker.visits >= 3
    due: {on: visit.third, at: "18:00", late: keep, roll: none}
  - id: induct
    name: Induction on {{ induction | date }}
    responsible: ana@acme.example
    due: {rule: induction at 10:00, late: keep}
"""
DUES = {"check-id": "2026-03-29T16:00:00Z", "induct": "2026-03-30T08:00:00Z"}


def checkin(number: int, at: str, *, coworker: int = ASHLEY) -> dict[str, Any]:
    return {"Id": number, "CoworkerId": coworker, "BusinessId": BARCELONA, "FromTime": at}


# Two of them on one local day; the last one before midnight in UTC is after it, in summer time, in Barcelona.
CHECKINS = [
    checkin(91, "2026-03-09T09:00:00Z"),
    checkin(92, "2026-03-09T18:30:00Z"),
    checkin(93, "2026-03-16T22:59:00Z"),
    checkin(94, "2026-03-28T23:30:00Z"),
    checkin(95, "2026-04-20T09:00:00Z"),
    checkin(96, "2026-01-01T09:00:00Z", coworker=JOSE),
]


@pytest.fixture
def visited(far_side: SandboxProcess) -> Iterator[SandboxProcess]:
    """Ashley with four days of check-ins, beside one of somebody else."""
    before = {name: {one["Id"] for one in far_side.records(name)} for name in ("checkins", "coworkerinvoices")}
    for one in far_side.records("checkins"):
        if one["CoworkerId"] == ASHLEY:
            far_side.put_record("checkins", one["Id"], CoworkerId=JOSE)
            before["checkins"].discard(one["Id"])
    for one in CHECKINS:
        far_side.put_record("checkins", one["Id"], **{name: value for name, value in one.items() if name != "Id"})
    yield far_side
    for name, kept in before.items():
        for one in far_side.records(name):
            if one["Id"] not in kept:
                far_side.remove_record(name, one["Id"])


def dues(told: Any) -> dict[str, str]:
    return {part["item"]: part["payload"]["DueDate"] for part in told["actions"]}


def test_the_third_local_day_with_a_check_in_is_an_anchor(account: Account, visited: SandboxProcess) -> None:
    account.write("makerspace", LIST)
    account.far_side.clear_requests()
    told = account.preview(name="makerspace")
    assert told.code == 0, told.err
    assert dues(told.json) == DUES
    asked = [request for request in account.far_side.requests() if "checkins" in request["path"]]
    assert [f"Checkin_Coworker={ASHLEY}" in str(request["query"]) for request in asked] == [True]


def test_all_visits_are_read_page_after_page(account: Account, visited: SandboxProcess) -> None:
    for number in range(1000, 1230):
        hour = f"{number % 12 + 8:02d}:{number % 60:02d}:00Z"
        visited.put_record("checkins", number, CoworkerId=ASHLEY, BusinessId=LONDON, FromTime=f"2026-03-09T{hour}")
    account.write("makerspace", LIST)
    assert dues(account.preview(name="makerspace").json) == DUES


def of_everybody(request: Request) -> Answer:
    """A service that ignores the filter, and whose rows leave things out."""
    if not request.path.endswith("/checkins"):
        return data({"Id": 93, "CoworkerId": ASHLEY, "FromTime": "2026-03-12T09:00:00"})
    whole = {"Id": 91, "CoworkerId": ASHLEY, "FromTime": "2026-03-10T09:00:00Z"}
    empty = {"Id": 92, "CoworkerId": ASHLEY, "FromTime": None}
    return rows(whole, {**whole, "Id": 95, "CoworkerId": JOSE, "FromTime": "2026-03-11T09:00:00Z"}, {**empty, "Id": 93})


def test_a_filter_that_is_ignored_counts_nobody_elses_visits_and_partial_rows_are_read_whole() -> None:
    with serving(of_everybody) as server:
        days = visited_days(client_for(server), ASHLEY, "Europe/Madrid")
        assert [str(day) for day in days] == ["2026-03-10", "2026-03-12"]
        assert sorted(server.paths()) == ["GET /api/spaces/checkins", "GET /api/spaces/checkins/93"]


def test_a_list_of_visits_that_is_cut_short_is_no_number_of_visits() -> None:
    with serving(lambda _: rows({"Id": 91, "CoworkerId": ASHLEY}, total=5)) as server, pytest.raises(IncompleteList):
        visited_days(client_for(server), ASHLEY, "Europe/Madrid")


def test_a_list_that_names_no_visit_reads_none(account: Account, visited: SandboxProcess) -> None:
    account.far_side.clear_requests()
    assert account.preview().code == 0
    assert not [path for _, path in account.calls() if "checkins" in path or "invoices" in path]


def test_too_few_visits_are_said_with_a_rule_that_works(account: Account, visited: SandboxProcess) -> None:
    for number in (93, 94, 95):
        visited.remove_record("checkins", number)
    account.write("makerspace", LIST)
    told = account.preview(name="makerspace")
    assert told.code == 2
    assert "due rule 'on induction at 10:00': anchor 'induction' has no value" in told.err
    assert "visit.third has no value (1 day with a check-in so far)" in told.err
    assert "fallback: on contract.start at 10:00" in told.err


def test_saved_facts_hold_the_visits(account: Account, visited: SandboxProcess) -> None:
    account.write("makerspace", LIST)
    saved = account.folder / "facts.json"
    first = account.preview("--save-facts", saved, name="makerspace")
    offline = account.cli("preview", "makerspace", "--facts", saved, "--format", "json")
    assert dues(offline.json) == dues(first.json) == DUES
    assert offline.json["checksum"] == first.json["checksum"]


PAID = """
tasklist: paid
name: First payment
applies: {locations: [barcelona]}
items:
  - id: door
    name: Give door access
    responsible: ana@acme.example
    due: {rule: 1 business day after invoice.first_paid at 10:00, late: keep}
"""


def invoice(visited: SandboxProcess, number: int, **fields: Any) -> None:
    usual = {"CoworkerId": ASHLEY, "BusinessId": BARCELONA, "Paid": True, "Draft": False, "CreditNote": False}
    visited.put_record("coworkerinvoices", number, **usual | fields)


def test_the_first_paid_invoice_is_an_anchor(account: Account, visited: SandboxProcess) -> None:
    for number in range(70, 76):
        invoice(visited, number, PaidOn=f"2026-05-{number - 60}T09:00:00Z")
    invoice(visited, 80, PaidOn="2026-04-01T09:00:00Z", CreditNote=True)
    invoice(visited, 81, PaidOn="2026-04-01T09:00:00Z", Draft=True)
    invoice(visited, 82, PaidOn="2026-04-01T09:00:00Z", CoworkerId=JOSE)
    invoice(visited, 83, PaidOn=None, Paid=False)
    account.write("paid", PAID)
    assert dues(account.preview(name="paid").json) == {"door": "2026-05-11T08:00:00Z"}


def test_without_the_right_to_list_invoices_the_anchor_says_so(
    account: Account, visited: SandboxProcess
) -> None:
    account.write("paid", PAID)
    account.write("paid-or-not", PAID.replace("tasklist: paid", "tasklist: paid-or-not").replace(
        "late: keep", "late: keep, fallback: 2026-06-01 at 10:00"
    ))  # fmt: skip
    login = next(one for one in visited.records("users") if one["Email"] == "list-only@acme.example")
    roles = ["Coworker-Read", "CoworkerContract-List", "CoworkerContract-Read", "CoworkerTask-List"]
    visited.put_record("users", login["Id"], UserRoles=[*roles, "CoworkerTask-Read", "User-List", "Business-Read"])
    as_them = {"NEXUDUS_USERNAME": "list-only@acme.example"}
    told = account.preview(name="paid", **as_them)
    assert told.code == 2
    assert "the right CoworkerInvoice-List" in told.err
    assert dues(account.preview(name="paid-or-not", **as_them).json) == {"door": "2026-06-01T08:00:00Z"}


def test_without_the_right_to_list_check_ins_a_list_that_counts_them_stops(
    account: Account, visited: SandboxProcess
) -> None:
    account.write("makerspace", LIST)
    login = next(one for one in visited.records("users") if one["Email"] == "list-only@acme.example")
    roles = ["Coworker-Read", "CoworkerContract-List", "CoworkerContract-Read", "CoworkerTask-List"]
    visited.put_record("users", login["Id"], UserRoles=[*roles, "CoworkerTask-Read", "User-List", "Business-Read"])
    told = account.preview(name="makerspace", NEXUDUS_USERNAME="list-only@acme.example")
    assert told.code == 2
    assert "Checkin-List" in told.err


GOODBYE = """
tasklist: goodbye
name: Goodbye
anchor: move_out
anchors: {move_out: last business day of the month of contract.cancellation}
items:
  - {id: keys, name: Keys back, responsible: ana@acme.example, due: {on: anchor, at: "16:00", late: keep}}
"""


def test_a_named_day_that_stands_for_an_end_chooses_the_contract_that_ended(account: Account) -> None:
    account.write("goodbye", GOODBYE)
    told = account.preview(name="goodbye", coworker=RACHAEL)
    assert told.code == 0, told.err
    (action,) = told.json["actions"]
    assert any(step.startswith("contract.cancellation is ") for step in action["explain"]["due"])
    assert any("(its rule 'last business day of the month of contract.cancellation')" in step
               for step in action["explain"]["due"])  # fmt: skip


def test_the_rights_that_such_lists_need_are_known() -> None:
    told = {"tasklist": "x", "name": "X", "items": [{"id": "a", "name": "A", "responsible": "ana@acme.example"}]}
    cases = {
        "on visit.first": {"Checkin-List"},
        "1 day after invoice.first_paid": {"CoworkerInvoice-List"},
        "on begin": {"Checkin-List", "CoworkerInvoice-List"},
        "on signup": set(),
    }
    anchors = {"begin": ["visit.third", "paid"], "paid": "invoice.first_paid"}
    for rule, wanted in cases.items():
        whole = told | {"anchors": anchors, "items": [{**told["items"][0], "due": rule}]}  # type: ignore[dict-item]
        prepared, _ = prepare(TaskList.model_validate(whole), organisation())
        assert prepared is not None
        found = set(needed_roles([prepared], organisation()))
        assert found & {"Checkin-List", "CoworkerInvoice-List"} == wanted, rule
