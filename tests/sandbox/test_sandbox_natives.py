"""Native task lists that make their own tasks, stages, webhooks and enumerations: S44, and the rows of S45 and S46."""

from __future__ import annotations

import urllib.error
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sandbox_given import ANA, ASHLEY, BARCELONA, JOSE, LONDON, TASKS, ZOE, client_of, create, ids, read, rows
from sandbox_process import SandboxProcess
from whenever import Instant

LISTS, ITEMS = "/api/crm/tasklists", "/api/crm/taskitems"
COLUMNS, HOOKS = "/api/crm/crmboardcolumns", "/api/sys/webhooks"
_NEW_MEMBERS, _HOUSE_RULES = 1412000103, 1412000101
_PAULA, _RACHAEL, _TRACY = 1423831751, 1423831749, 1423831752
_LIST_ONLY = 1418332103
_NEW_PERSON, _NEW_CONTRACT = 1423839001, 1418979001


@pytest.fixture
def account(far_side: SandboxProcess) -> Iterator[SandboxProcess]:
    """The far side, with all that these tests change put back afterwards."""
    kept = ("tasklists", "taskitems", "coworkers", "coworkercontracts", "webhooks", "users")
    before = {entity: far_side.records(entity) for entity in kept}
    yield far_side
    far_side.set_mode("S44", "inert")
    for entity, records in before.items():
        there = {record["Id"]: record for record in records}
        for record in far_side.records(entity):
            if record["Id"] not in there:
                far_side.remove_record(entity, record["Id"])
            elif record != there[record["Id"]]:
                far_side.put_record(entity, record["Id"], **there[record["Id"]])


def _made(far_side: SandboxProcess) -> list[dict[str, Any]]:
    return far_side.records("coworkertasks")


def test_a_new_sandbox_has_no_active_list_with_a_trigger(far_side: SandboxProcess, api: httpx.Client) -> None:
    active = rows(api, LISTS, TaskList_Active="true")
    assert [row["Name"] for row in active] == ["House rules"]
    flags = ("AssignToNewMembers", "AssignToNewContacts", "AssignToCancellations")
    assert not any(row[flag] for row in active for flag in flags)
    assert rows(api, LISTS, TaskList_AssignToNewMembers="true")[0]["Name"] == "New members"
    assert far_side.admin("POST", "native", {"coworker_id": ASHLEY, "trigger": "new-member"}) == []


def test_an_active_list_makes_its_tasks_when_somebody_becomes_a_member(
    account: SandboxProcess, api: httpx.Client
) -> None:
    account.put_record("tasklists", _NEW_MEMBERS, Active=True)
    account.clear_counts()
    before = len(account.commits())
    account.put_record(
        "coworkercontracts",
        _NEW_CONTRACT,
        **{"CoworkerId": _PAULA, "IssuedById": BARCELONA, "TariffId": 1415418446, "TariffName": "Hot Desk"},
        StartDate="2026-12-01T00:00:00Z",
    )
    made = sorted(_made(account), key=lambda one: str(one["DueDate"]))
    items = {item["Name"]: item for item in rows(api, ITEMS, TaskItem_TaskList=_NEW_MEMBERS)}
    assert [one["Name"] for one in made] == ["Send the welcome pack", "Ask how the first week was"]
    for one in made:
        item = items[one["Name"]]
        assert (one["TaskListName"], one["TaskItemUniqueId"]) == ("New members", item["UniqueId"])
        assert (one["BusinessId"], one["CoworkerId"]) == (BARCELONA, _PAULA)
        assert (one["ResponsibleId"], one["UpdatedBy"]) == (item["ResponsibleId"], "[System]")
        delay = Instant.parse_iso(one["DueDate"]) - Instant.parse_iso(one["CreatedOn"])
        assert abs(delay.total("hours") - item["DelayInHours"]) < 0.01
    told = account.commits(after=before)
    assert [(line["op"], line["id"]) for line in told] == [("create", one["Id"]) for one in _made(account)]
    assert all(list(line) == ["at", "op", "id", "record"] and line["record"]["_by"] == "native" for line in told)
    assert account.counts()["commits"] == 2
    assert account.counts()["writes"] == 0


def test_a_task_of_a_native_list_is_read_like_any_other(account: SandboxProcess, api: httpx.Client) -> None:
    account.put_record("tasklists", _NEW_MEMBERS, Active=True)
    first, second = account.admin("POST", "native", {"coworker_id": ASHLEY, "trigger": "new-member"})
    own = create(api)
    everything = {one["Id"] for one in (first, second, own)}
    assert set(ids(api, CoworkerTask_Coworker=ASHLEY)) == everything
    shown = read(api, first["Id"])
    assert shown["TaskListName"] == "New members"
    assert not any(key.startswith("_") for key in shown)
    assert rows(api, CoworkerTask_TaskItemUniqueId=first["TaskItemUniqueId"])[0]["Id"] == first["Id"]


def test_a_second_contract_makes_nobody_a_new_member(account: SandboxProcess) -> None:
    account.put_record("tasklists", _NEW_MEMBERS, Active=True)
    account.put_record("coworkercontracts", _NEW_CONTRACT, CoworkerId=JOSE, IssuedById=BARCELONA)
    assert _made(account) == []
    account.put_record("coworkercontracts", _NEW_CONTRACT + 1, CoworkerId=_RACHAEL, IssuedById=BARCELONA)
    assert len(_made(account)) == 2, "who comes back after a cancelled contract is a new member again"


def test_a_new_contact_and_a_cancellation_have_lists_of_their_own(account: SandboxProcess) -> None:
    account.put_record("tasklists", _NEW_MEMBERS, Active=True, AssignToNewMembers=False, AssignToNewContacts=True)
    account.put_record("coworkers", _NEW_PERSON, FullName="Nia Vance", InvoicingBusinessId=BARCELONA)
    account.put_record("coworkers", _NEW_PERSON, FullName="Nia Vance-Lee")
    assert [one["CoworkerId"] for one in _made(account)] == [_NEW_PERSON] * 2
    account.put_record("coworkers", _NEW_PERSON + 1, FullName="Far Away", InvoicingBusinessId=LONDON)
    assert len(_made(account)) == 2, "another location's list"
    account.remove_records("coworkertasks")
    account.put_record("tasklists", _NEW_MEMBERS, AssignToNewContacts=False, AssignToCancellations=True)
    account.put_record("coworkercontracts", 1418975229, CancellationDate="2026-12-31T00:00:00Z")
    assert [one["CoworkerId"] for one in _made(account)] == [JOSE] * 2
    account.put_record("coworkercontracts", 1418975229, Cancelled=True, Active=False)
    assert len(_made(account)) == 2, "notice is given once"


@pytest.mark.parametrize(("plans", "count"), [([], 2), ([1415418447], 2), ([1415418446, 1415418449], 0)])
def test_a_list_may_be_for_some_plans_only(account: SandboxProcess, plans: list[int], count: int) -> None:
    account.put_record("tasklists", _NEW_MEMBERS, Active=True, Tariffs=plans)
    told = account.admin("POST", "native", {"coworker_id": ASHLEY, "trigger": "new-member"})
    assert len(told) == count, "Ashley has a dedicated desk"
    assert _made(account) == told


def test_inactive_items_and_the_inert_mode_make_nothing(account: SandboxProcess) -> None:
    account.put_record("tasklists", _NEW_MEMBERS, Active=True)
    account.put_record("taskitems", 1412000204, Active=False)
    asked = {"coworker_id": ASHLEY, "trigger": "new-member"}
    assert len(account.admin("POST", "native", asked)) == 1
    account.set_mode("S44", "inert")
    assert account.admin("POST", "native", asked) == []


def test_each_trigger_makes_the_tasks_anew(account: SandboxProcess) -> None:
    account.put_record("tasklists", _NEW_MEMBERS, Active=True)
    for _ in range(2):
        account.admin("POST", "native", {"coworker_id": ASHLEY, "trigger": "new-member"})
    assert len(_made(account)) == 4


@pytest.mark.parametrize(
    ("asked", "status", "told"),
    [
        ({"coworker_id": 1, "trigger": "new-member"}, 404, "there is no coworker 1"),
        ({"coworker_id": ASHLEY, "trigger": "new-membr"}, 400, "The nearest is 'new-member'"),
        ({"coworker_id": ASHLEY}, 400, "Allowed: new-contact, new-member, cancellation"),
    ],
)
def test_a_wrong_trigger_is_refused(far_side: SandboxProcess, asked: object, status: int, told: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        far_side.admin("POST", "native", asked)
    with refused.value as answer:
        assert answer.code == status
        assert told in answer.read().decode()


def _list(**fields: Any) -> dict[str, Any]:
    return {"BusinessId": BARCELONA, "Name": "Farewell", "Active": True, "AssignToCancellations": True} | fields


def test_native_lists_and_items_are_made_changed_and_removed(account: SandboxProcess, api: httpx.Client) -> None:
    commits = len(account.commits())
    native = api.post(LISTS, json=_list(Tariffs=[1415418446])).json()
    assert (native["WasSuccessful"], native["Message"]) == (True, "TaskList was successfully created.")
    list_id = native["Value"]["Id"]
    item = api.post(
        ITEMS, json={"TaskListId": list_id, "ResponsibleId": ANA, "Name": "Take the card", "DelayInHours": 0}
    ).json()["Value"]
    assert (item["TaskListName"], item["ResponsibleFullName"], item["DelayInHours"]) == ("Farewell", "Ana Ferrer", 0)
    assert api.get(f"{LISTS}/{list_id}").json()["Tariffs"] == [1415418446]
    assert rows(api, LISTS, TaskList_Name="Farewell")[0]["Tariffs"] is None
    changed = api.put(LISTS, json=_list(Id=list_id, Name="Goodbye", AddedTariffs=[1415418449])).json()["Value"]
    assert (changed["Name"], changed["Tariffs"]) == ("Goodbye", [1415418446, 1415418449])
    assert changed["AssignToNewMembers"] is False
    cleared = api.put(LISTS, json={"Id": list_id, "BusinessId": BARCELONA, "Name": "Goodbye"}).json()["Value"]
    assert (cleared["Active"], cleared["AssignToCancellations"]) == (False, False)
    assert api.delete(f"{LISTS}/{list_id}").status_code == 200
    assert [api.get(f"{path}/{one}").status_code for path, one in ((LISTS, list_id), (ITEMS, item["Id"]))] == [404] * 2
    assert api.delete(f"{LISTS}/{list_id}").status_code == 404
    assert len(account.commits()) == commits, "the commit log is about tasks"


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        (LISTS, {"Name": "x"}, [("Business", "is a required field")]),
        (LISTS, {"BusinessId": 1, "Name": " "}, [("Business", "is not valid"), ("Name", "is a required field")]),
        (
            ITEMS,
            {"TaskListId": 1, "ResponsibleId": ANA, "Name": "x", "DelayInHours": 1},
            [("TaskList", "is not valid")],
        ),
        (
            ITEMS,
            {"TaskListId": _HOUSE_RULES, "ResponsibleId": 0, "Name": "x", "DelayInHours": "soon"},
            [("Responsible", "is a required field"), ("DelayInHours", "is not valid")],
        ),
    ],
)
def test_a_wrong_list_or_item_is_refused(
    *, account: SandboxProcess, api: httpx.Client, path: str, body: dict[str, Any], told: list[tuple[str, str]]
) -> None:
    answer = api.post(path, json=body)
    assert answer.status_code == 400
    assert [(one["PropertyName"], one["Message"]) for one in answer.json()["Errors"]] == told
    assert api.put(path, json=body | {"Id": 77}).status_code == 404


def test_a_list_made_over_the_api_makes_its_tasks(account: SandboxProcess, api: httpx.Client) -> None:
    native = api.post(LISTS, json=_list()).json()["Value"]
    api.post(
        ITEMS,
        json={"TaskListId": native["Id"], "ResponsibleId": ANA, "Name": "Bye", "DelayInHours": 1, "Active": True},
    )
    (made,) = account.admin("POST", "native", {"coworker_id": _TRACY, "trigger": "cancellation"})
    assert (made["TaskListName"], made["Name"]) == ("Farewell", "Bye")


@pytest.mark.parametrize(
    ("kind", "path", "writes"),
    [
        ("TaskList", LISTS, True),
        ("TaskItem", ITEMS, True),
        ("CrmBoardColumn", COLUMNS, False),
        ("WebHook", HOOKS, True),
    ],
)
def test_each_call_asks_for_its_role(*, account: SandboxProcess, kind: str, path: str, writes: bool) -> None:
    calls = {"List": ("GET", path), "Read": ("GET", f"{path}/77")}
    if writes:
        calls |= {"Create": ("POST", path), "Edit": ("PUT", path), "Delete": ("DELETE", f"{path}/77")}
    allowed = {"List": 200, "Read": 404, "Create": 400, "Edit": 400, "Delete": 404}
    with client_of(account, "list-only@acme.example") as api:
        for granted in calls:
            account.put_record("users", _LIST_ONLY, UserRoles=[f"{kind}-{granted}"])
            statuses = {role: api.request(*call, json=None).status_code for role, call in calls.items()}
            assert statuses == {role: allowed[role] if role == granted else 401 for role in calls}


def test_stages_name_their_list_and_location(api: httpx.Client) -> None:
    (stage,) = rows(api, COLUMNS, CrmBoardColumn_SignUps="true")
    assert (stage["TaskListId"], stage["CrmBoardBusinessId"], stage["SignUps"]) == (_HOUSE_RULES, BARCELONA, True)
    assert (stage["TourRequests"], stage["UseTaskListAsResponsible"], stage["Products"]) == (False, False, None)
    assert api.get(f"{COLUMNS}/{stage['Id']}").json()["Products"] == []
    assert [row["TaskListId"] for row in rows(api, COLUMNS)] == [None, _HOUSE_RULES]
    assert rows(api, COLUMNS, CrmBoardColumn_CrmBoard_Business=LONDON) == []
    assert api.post(COLUMNS, json={}).status_code == 405


def test_webhooks_are_read_with_their_health(account: SandboxProcess, api: httpx.Client) -> None:
    assert rows(api, HOOKS) == []
    account.put_record(
        "webhooks",
        1413000001,
        **{"BusinessId": BARCELONA, "Name": "Ours", "Action": 62, "URL": "https://hooks.example/barcelona"},
        **{"Description": "Contract made", "Active": True},
    )
    broken = {"Active": False, "ErrorCount": 10, "LastError": "500", "LastTrigger": "2026-11-01T10:00:00Z"}
    account.put_record("webhooks", 1413000002, BusinessId=LONDON, Name="Off", Action=3, **broken)
    (row,) = rows(api, HOOKS, WebHook_Active="true")
    assert (row["Action"], row["ErrorCount"], row["LastError"], row["Description"]) == (62, 0, None, None)
    assert api.get(f"{HOOKS}/1413000001").json()["Description"] == "Contract made"
    (off,) = rows(api, HOOKS, WebHook_ErrorCount=10)
    assert {key: off[key] for key in broken} == broken
    assert ids(api, HOOKS, from_WebHook_LastTrigger="2026-10-01T00:00") == [1413000002]
    assert ids(api, HOOKS, WebHook_Action=62, WebHook_Business=BARCELONA) == [1413000001]


def test_the_actions_of_webhooks_have_names(far_side: SandboxProcess, api: httpx.Client) -> None:
    found = api.get("/api/utils/enums", params={"name": "eWebhookAction"}).json()
    names = {one["Id"]: one["Name"] for one in found}
    assert sorted(names) == list(range(1, 91))
    known = {1: "None", 3: "CoworkerCreate", 14: "CoworkerContractActivateFirst", 45: "HelDeskMessageCreated"}
    known |= {62: "CoworkerContractCreate", 69: "CoworkerProductUpdate", 72: "FloorPlanDeskDelete"}
    assert {number: names[number] for number in known} == known
    assert names[90] == "CoworkerPaymentMethodUpdate"
    assert api.get("/api/utils/enums", params={"name": "eNothing"}).status_code == 404
    assert httpx.get(f"{far_side.base_url}/api/utils/enums", trust_env=False).status_code == 401


def test_marks_and_late_rows_are_about_tasks_only(far_side: SandboxProcess, api: httpx.Client) -> None:
    far_side.set_mode("S37", 3600)
    far_side.set_mode("S35.Name", "ignored")
    assert [row["Name"] for row in rows(api, LISTS, TaskList_Name="House rules")] == ["House rules"]
    assert ZOE in ids(api, "/api/spaces/coworkers")
    create(api)
    assert ids(api, TASKS) == []
