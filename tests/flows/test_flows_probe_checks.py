"""What a probe says of the set-up: rights, people, plans, zones, clocks, native lists, stages and webhooks."""

from __future__ import annotations

import pytest
from given_account import ASHLEY, BARCELONA, LONDON, Account
from test_flows_probe import detail, facts, natives_put_back, probe, states, words  # noqa: F401  a fixture among them

LOGIN, LOGIN_NAME = 1418332103, "list-only@acme.example"
NEEDED = (
    *("Coworker-Read", "CoworkerContract-List", "CoworkerContract-Read", "CoworkerTask-Create", "CoworkerTask-List"),
    *("CoworkerTask-Read", "FloorPlanDesk-List", "User-List"),
)
"""What the lists of these tests need; probe adds what it needs for itself."""

OWN = (
    *("CoworkerTask-Delete", "CoworkerTask-Edit", "Business-Read", "Tariff-List", "TaskList-List", "TaskList-Read"),
    *("TaskItem-List", "CrmBoardColumn-List", "WebHook-List"),
)


def with_roles(account: Account, *roles: str) -> dict[str, str]:
    account.far_side.put_record("users", LOGIN, UserRoles=list(roles))
    return {"NEXUDUS_USERNAME": LOGIN_NAME}


def test_the_least_set_of_rights_is_enough(account: Account) -> None:
    answer = probe(account, "--yes", **with_roles(account, *NEEDED, *OWN, "User-Read"))
    assert answer.code == 0, answer.out
    assert words(answer)["Q19"] == "held"
    assert sorted(facts(answer, "Q19")["needed"]) == sorted(NEEDED)
    assert not {told["question"] for told in answer.json["answers"] if not told["asked"]} - {"Q14", "Q20"}


@pytest.mark.parametrize("missing", [role for role in NEEDED if role != "CoworkerTask-Create"])
def test_a_missing_right_is_named_and_no_other(account: Account, missing: str) -> None:
    roles = [role for role in (*NEEDED, *OWN, "User-Read") if role != missing]
    answer = probe(account, "--read-only", **with_roles(account, *roles))
    found = facts(answer, "Q19")
    assert (found["missing"], found["not_told"]) == ([missing], ["CoworkerTask-Create"]), "Create is never tried so"
    assert (words(answer)["Q19"], states(answer)["roles"], answer.code) == ("missing", "trouble", 3)


@pytest.mark.parametrize("missing", ["CoworkerTask-Create", "CoworkerTask-Read", "Coworker-Read", "User-List"])
def test_without_a_right_that_tasks_need_none_is_made(account: Account, missing: str) -> None:
    roles = [role for role in (*NEEDED, *OWN, "User-Read") if role != missing]
    answer = probe(account, "--yes", **with_roles(account, *roles))
    assert (words(answer)["Q19"], facts(answer, "Q19")["missing"]) == ("missing", [missing])
    assert missing in answer.json["stopped_by"]
    assert answer.code == 2
    assert account.commits() == []


@pytest.mark.parametrize("status", ["401", "403"])
def test_the_status_of_a_missing_right_is_told(account: Account, status: str) -> None:
    account.far_side.set_mode("S04", status)
    roles = [role for role in (*NEEDED, *OWN) if role != "FloorPlanDesk-List"]
    answer = probe(account, "--read-only", **with_roles(account, *roles))
    assert facts(answer, "Q16")["missing_role"] == int(status)


def test_without_the_right_to_remove_no_task_is_made(account: Account) -> None:
    roles = [role for role in (*NEEDED, *OWN) if role != "CoworkerTask-Delete"]
    answer = probe(account, "--yes", **with_roles(account, *roles))
    assert answer.code == 2
    assert "CoworkerTask-Delete" in answer.json["stopped_by"]
    assert account.commits() == []
    assert words(answer)["Q12"] != "not asked", "what reads tell is told all the same"


def test_without_the_right_to_edit_one_question_is_left_out(account: Account) -> None:
    roles = [role for role in (*NEEDED, *OWN) if role != "CoworkerTask-Edit"]
    answer = probe(account, "--yes", **with_roles(account, *roles))
    assert (words(answer)["Q15"], words(answer)["Q06"], words(answer)["Q03"]) == ("not asked", "not on create", "exact")
    assert account.commits("update") == []


@pytest.mark.parametrize(
    "role", ["Business-Read", "Tariff-List", "TaskList-List", "WebHook-List", "CrmBoardColumn-List"]
)
def test_a_right_that_only_probe_uses_is_no_trouble(account: Account, role: str) -> None:
    roles = [one for one in (*NEEDED, *OWN) if one != role]
    answer = probe(account, "--read-only", **with_roles(account, *roles))
    assert answer.code == 0, answer.out
    assert role in answer.out
    assert facts(answer, "Q19")["missing"] == []


def test_the_trials_of_rights_change_nothing(account: Account) -> None:
    account.far_side.put_record("coworkertasks", 1, CoworkerId=ASHLEY, BusinessId=BARCELONA, Name="The first task ever")
    before = account.far_side.record("coworkertasks", 1)
    answer = probe(account, "--yes")
    assert account.far_side.record("coworkertasks", 1) == before
    assert "CoworkerTask-Delete" in answer.json["stopped_by"], "a task 1 cannot be tried on, so nothing is made"
    assert account.commits() == []


def test_a_wrong_login_ends_it_before_anything(account: Account) -> None:
    answer = probe(account, "--yes", NEXUDUS_PASSWORD="wrong")
    assert answer.code == 2
    assert "refused the login" in answer.err
    assert "wrong" not in answer.err


def test_an_unknown_coworker_or_location_is_named(account: Account) -> None:
    assert "No coworker 17" in probe(account, "--yes", coworker=17).err
    told = probe(account, "--yes", "--location", "paris")
    assert (told.code, "paris" in told.err, account.commits()) == (2, True, [])


def test_people_places_and_plans_that_do_not_resolve_are_named(account: Account) -> None:
    account.edit("organisation", "community-manager: eva@acme.example", "community-manager: eve@acme.example")
    account.edit("organisation", "business_id: 1421021017", "business_id: 1421021099")
    account.edit("new-member", "tariffs: [", "tariffs: [Hott Desk, ")
    answer = probe(account, "--read-only")
    assert answer.code == 3
    assert "eve@acme.example" in detail(answer, "people")
    assert "1421021099" in detail(answer, "locations")
    assert "'Hott Desk'; did you mean 'Hot Desk'?" in detail(answer, "plans")
    assert {name: states(answer)[name] for name in ("people", "locations", "plans")} == dict.fromkeys(
        ("people", "locations", "plans"), "trouble"
    )


def test_an_unfit_holder_is_trouble(account: Account) -> None:
    account.edit("organisation", "community-manager: eva@acme.example", "community-manager: old@acme.example")
    answer = probe(account, "--read-only")
    assert "not active" in detail(answer, "people")
    assert answer.code == 3


def test_a_zone_of_another_name_and_the_same_clock_is_no_trouble(account: Account) -> None:
    assert states(probe(account, "--read-only"))["time zones"] == "ok", "Nexudus says Paris, the file Madrid"
    account.edit("organisation", "time_zone: Europe/Madrid", "time_zone: Europe/Lisbon")
    answer = probe(account, "--read-only")
    assert states(answer)["time zones"] == "trouble"
    assert "Europe/Lisbon" in detail(answer, "time zones")


def test_a_clock_that_is_wrong_is_found_by_a_task(account: Account) -> None:
    account.far_side.set_clock(300)
    answer = probe(account, "--yes")
    clocks = [check for check in answer.json["checks"] if check["check"] == "clock"]
    assert [check["state"] for check in clocks] == ["ok", "trouble"]
    assert "300 s ahead of" in clocks[1]["detail"] or "299 s ahead of" in clocks[1]["detail"]
    assert answer.code == 3


def native(account: Account, **fields: object) -> None:
    switches = {"AssignToNewContacts": False, "AssignToNewMembers": False, "AssignToCancellations": False}
    given = {"Name": "Native welcome", "BusinessId": BARCELONA, "Active": True, "Tariffs": [], **switches, **fields}
    account.far_side.put_record("tasklists", 1412000999, **given)


@pytest.mark.parametrize(
    ("fields", "doubles"),
    [
        ({"AssignToNewMembers": True}, True),
        ({"AssignToNewContacts": True}, True),
        ({"AssignToCancellations": True, "Tariffs": [1415418446]}, True),
        ({"AssignToNewMembers": True, "Active": False}, False),
        ({"AssignToNewMembers": True, "BusinessId": 1421029999}, False),
        ({"AssignToNewMembers": True, "Tariffs": [1415418449]}, False),
        ({}, False),
    ],
    ids=["members", "contacts", "our plan", "switched off", "elsewhere", "another plan", "nothing starts it"],
)
def test_a_native_list_that_doubles_ours_is_named(
    account: Account, fields: dict[str, object], *, doubles: bool
) -> None:
    for stage in account.far_side.records("crmboardcolumns"):
        account.far_side.remove_record("crmboardcolumns", stage["Id"])
    native(account, **fields)
    answer = probe(account, "--read-only")
    assert words(answer)["Q18"] == ("overlap" if doubles else "none")
    assert ("Native welcome" in answer.out) is doubles
    assert answer.code == 0, "a warning"


def test_a_crm_stage_that_hands_out_a_native_list_is_named(account: Account) -> None:
    native(account)
    fields = {"Name": "Proposal signed", "TaskListId": 1412000999, "DocumentsSigned": True}
    account.far_side.put_record("crmboardcolumns", 1412000888, **fields)
    answer = probe(account, "--read-only")
    assert words(answer)["Q18"] == "overlap"
    assert "Proposal signed" in answer.out


def test_webhooks_that_are_off_or_fail_are_named_without_their_address(account: Account) -> None:
    url = "https://hooks.acme.example/in?secret=canary-hook-secret"
    hooks = {
        1417000001: {"Name": "Alive", "Active": True, "ErrorCount": 0},
        1417000002: {"Name": "Dead", "Active": False, "ErrorCount": 11, "LastError": f"404 from {url}"},
        1417000003: {"Name": "Ailing", "Active": True, "ErrorCount": 3, "BusinessId": LONDON},
        1417000004: {"Name": "Not ours", "Active": False, "BusinessId": 1421029999},
    }
    for number, fields in hooks.items():
        account.far_side.put_record("webhooks", number, **{"BusinessId": BARCELONA, "URL": url, **fields})
    answer = probe(account, "--read-only")
    assert states(answer)["webhooks"] == "warning"
    told = detail(answer, "webhooks")
    assert ("Dead" in told, "Ailing" in told, "Alive" in told, "Not ours" in told) == (True, True, False, False)
    assert "is off and failed 11 times" in told
    assert "canary-hook-secret" not in answer.out
    assert "hooks.acme.example" not in answer.out
