"""Creating, updating, deleting: S10 to S23 of the checklist."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from sandbox_given import (
    ANA,
    ASHLEY,
    BARCELONA,
    LONDON,
    MARK,
    OMAR,
    TASKS,
    ZOE,
    create,
    ids,
    read,
    rows,
    task,
)
from sandbox_process import SandboxProcess
from whenever import Instant

_RECORDED = frozenset(
    """
    Id BusinessId BusinessName Completed CoworkerCompanyName CoworkerFullName CoworkerId CoworkerTeamNames
    CreatedOn CustomFields DisplayToEveryone DueDate FormPageRequestUniqueId IsNew LocalizationDetails Name
    Notes NotifyByEmail ResponsibleFullName ResponsibleId SystemId TaskListName ToStringText UniqueId UpdatedBy
    UpdatedOn
    """.split()  # noqa: SIM905 - read beside the recording
)


def _errors(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 400, answer.text
    return [one["PropertyName"] for one in answer.json()["Errors"]]


@pytest.mark.parametrize("path", ["/api/crm/coworkertasks", "/API/CRM/CoworkerTasks", "/Api/Crm/COWORKERTASKS/"])
def test_paths_are_the_same_in_any_case(api: httpx.Client, path: str) -> None:
    assert api.get(path).status_code == 200
    assert api.post(path, json=task()).status_code == 200


def test_an_update_takes_the_id_from_the_body(api: httpx.Client) -> None:
    made = create(api)["Id"]
    assert api.put(f"{TASKS}/{made}", json=task(Id=made)).status_code == 405
    assert api.put(TASKS, json=task(Id=made, Name="Other")).status_code == 200
    assert read(api, made)["Name"] == "Other"


@pytest.mark.parametrize("identifier", [None, 0])
def test_an_update_without_an_id_is_refused(api: httpx.Client, identifier: int | None) -> None:
    assert _errors(api.put(TASKS, json=task(Id=identifier))) == ["Id"]


def test_an_update_of_an_unknown_id_is_not_found(api: httpx.Client) -> None:
    assert api.put(TASKS, json=task(Id=7)).status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", TASKS),
        ("DELETE", TASKS),
        ("POST", f"{TASKS}/5"),
        ("DELETE", f"/api/spaces/coworkers/{ASHLEY}"),
        ("DELETE", "/api/billing/coworkercontracts/1418975228"),
        ("POST", "/api/sys/businesses"),
    ],
)
def test_verbs_that_an_entity_does_not_have_are_405(api: httpx.Client, method: str, path: str) -> None:
    assert api.request(method, path).status_code == 405


@pytest.mark.parametrize("path", ["/api/crm/nothing", "/api/spaces/coworkertasks", "/api/crm", "/elsewhere"])
def test_a_path_that_leads_nowhere_is_404(api: httpx.Client, path: str) -> None:
    assert api.get(path).status_code == 404


def test_a_create_answers_200_with_the_whole_recorded_shape(api: httpx.Client) -> None:
    answer = api.post(TASKS, json=task())
    body = answer.json()
    assert answer.status_code == 200
    assert body["WasSuccessful"] is True
    assert body["Message"] == "CoworkerTask was successfully created."
    assert set(body["Value"]) == _RECORDED
    assert list(body) == [
        "Status",
        "Message",
        "Value",
        "OpenInDialog",
        "OpenInWindow",
        "RedirectURL",
        "JavaScript",
        "UpdatedOn",
        "UpdatedBy",
        "Errors",
        "WasSuccessful",
    ]


def test_value_may_hold_the_id_alone(far_side: SandboxProcess, api: httpx.Client) -> None:
    far_side.set_mode("S11", "only-id")
    value = api.post(TASKS, json=task()).json()["Value"]
    assert list(value) == ["Id"]
    assert read(api, value["Id"])["Name"] == "Hand out the card"


@pytest.mark.parametrize("field", ["BusinessId", "CoworkerId", "Name", "ResponsibleId"])
@pytest.mark.parametrize("value", [None, "", " ", "missing"])
def test_a_missing_required_field_is_named_without_id(api: httpx.Client, field: str, value: Any) -> None:
    body = task(**{field: value})
    if value == "missing":
        del body[field]
    answer = api.post(TASKS, json=body)
    name = field.removesuffix("Id")
    assert _errors(answer) == [name]
    assert answer.json()["Message"] == f"{name}: is a required field"
    assert answer.json()["WasSuccessful"] is False
    assert rows(api) == []


def test_zero_is_no_key_but_a_name(api: httpx.Client) -> None:
    nobody = task(Name="0", CoworkerId=0, BusinessId="0")
    assert _errors(api.post(TASKS, json=nobody)) == ["Business", "Coworker"]
    assert create(api, Name="0")["Name"] == "0"


@pytest.mark.parametrize("field", ["BusinessId", "CoworkerId", "ResponsibleId"])
def test_an_unknown_reference_is_refused(api: httpx.Client, field: str) -> None:
    assert _errors(api.post(TASKS, json=task(**{field: 424242}))) == [field.removesuffix("Id")]


@pytest.mark.parametrize(("value", "body_status"), [("absent", None), ("500", 500)])
def test_the_status_in_the_body_may_contradict(
    far_side: SandboxProcess, api: httpx.Client, value: str, body_status: int | None
) -> None:
    far_side.set_mode("S12", value)
    answer = api.post(TASKS, json={})
    assert answer.status_code == 400
    assert answer.json().get("Status") == body_status


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff", b'{"Name": "\\ud800"}', b"[" * 100_000])
def test_a_body_that_is_no_object_is_refused(api: httpx.Client, body: bytes) -> None:
    assert api.post(TASKS, content=body, headers={"Content-Type": "application/json"}).status_code == 400


def test_unknown_and_read_only_fields_are_ignored(api: httpx.Client) -> None:
    extra = {"Id": None, "TypeName": "CoworkerTask", "Nonsense": [1], "UniqueId": MARK, "CreatedOn": "1999-01-01"}
    value = create(api, **extra, BusinessName="Wrong", UpdatedBy="me", ToStringText="no")
    assert value["UniqueId"] != MARK
    assert value["CreatedOn"] > "2020"
    assert (value["BusinessName"], value["UpdatedBy"]) == ("Acme Barcelona", "api@acme.example")
    assert "Nonsense" not in value
    assert create(api, Id=0)["Id"] != 0


@pytest.mark.parametrize(("sent", "kept"), [("true", True), ("false", False), ("True", True), (True, True)])
def test_booleans_may_be_text(api: httpx.Client, sent: object, kept: bool) -> None:
    value = create(api, Completed=sent, NotifyByEmail=sent, DisplayToEveryone=sent)
    assert [value[key] for key in ("Completed", "NotifyByEmail", "DisplayToEveryone")] == [kept] * 3


def test_a_form_body_is_accepted(api: httpx.Client) -> None:
    form = {key: str(value) for key, value in task(Name="Café & co", Completed=True).items()}
    value = api.post(TASKS, data=form).json()["Value"]
    assert (value["Name"], value["CoworkerId"], value["Completed"]) == ("Café & co", ASHLEY, True)


def test_tasklistname_is_dropped_unless_a_mode_keeps_it(far_side: SandboxProcess, api: httpx.Client) -> None:
    assert read(api, create(api, TaskListName="Welcome")["Id"])["TaskListName"] is None
    far_side.set_mode("S14", "kept")
    assert read(api, create(api, TaskListName="Welcome")["Id"])["TaskListName"] == "Welcome"


def test_tasklistname_may_be_derived_from_a_native_item(far_side: SandboxProcess, api: httpx.Client) -> None:
    native = far_side.record("taskitems", 1412000201)["UniqueId"]
    far_side.set_mode("S14", "derived-from-native-item")
    assert create(api, TaskItemUniqueId=native)["TaskListName"] == "House rules"
    assert create(api, TaskItemUniqueId=MARK, TaskListName="Mine")["TaskListName"] is None


@pytest.mark.parametrize(("mark", "value"), [("TaskItemUniqueId", MARK), ("SystemId", "ours-1")])
@pytest.mark.parametrize("state", ["kept-and-returned", "kept-filterable-not-returned", "dropped"])
def test_a_mark_is_kept_returned_or_dropped(
    *, far_side: SandboxProcess, api: httpx.Client, mark: str, value: str, state: str
) -> None:
    far_side.set_mode(f"S15.{mark}", state)
    made = create(api, **{mark: value})
    create(api)
    expected = value if state == "kept-and-returned" else None
    assert made.get(mark) == expected
    assert read(api, made["Id"]).get(mark) == expected
    found = ids(api, **{f"CoworkerTask_{mark}": value})
    assert found == ([] if state == "dropped" else [made["Id"]])


def test_by_default_the_item_id_is_filterable_and_absent_from_answers(api: httpx.Client) -> None:
    made = create(api, TaskItemUniqueId=MARK, SystemId="gone")
    assert "TaskItemUniqueId" not in made
    assert "TaskItemUniqueId" not in read(api, made["Id"])
    assert "TaskItemUniqueId" not in rows(api)[0]
    assert ids(api, CoworkerTask_TaskItemUniqueId=MARK) == [made["Id"]]
    assert ids(api, CoworkerTask_SystemId="gone") == []


_DATA = {"Data": [{"Name": "mark", "Value": "a1"}, {"Name": "mark", "Value": "a2"}, {"Name": "b", "Value": "2"}]}
_CLEAN = {"Data": [{"Name": "mark", "Value": "a1", "Type": "string"}, {"Name": "b", "Value": "2", "Type": "string"}]}


@pytest.mark.parametrize(
    ("state", "on_create", "on_update", "filterable"),
    [
        ("kept-on-put", None, _CLEAN, True),
        ("kept-and-returned", _CLEAN, _CLEAN, True),
        ("kept-filterable-not-returned", None, None, True),
        ("dropped", None, None, False),
    ],
)
def test_custom_fields_are_kept_as_their_mode_says(
    *,
    far_side: SandboxProcess,
    api: httpx.Client,
    state: str,
    on_create: object,
    on_update: object,
    filterable: bool,
) -> None:
    far_side.set_mode("S15.CustomFields", state)
    made = create(api, CustomFields=_DATA)
    assert made["CustomFields"] == on_create
    updated = api.put(TASKS, json=task(Id=made["Id"], CustomFields=_DATA)).json()["Value"]
    assert updated["CustomFields"] == on_update
    assert rows(api)[0]["CustomFields"] == on_update
    assert ids(api, CoworkerTask_CustomFields_mark="a1") == ([made["Id"]] if filterable else [])


@pytest.mark.parametrize(
    ("mode", "sent", "status", "stored"),
    [
        ("any-string", "new-member/card", 200, "new-member/card"),
        ("guid-only", MARK, 200, MARK),
        ("guid-only", "new-member/card", 400, None),
        ("cut-at-8", MARK, 200, MARK[:8]),
    ],
)
def test_the_shape_of_the_item_id_is_a_mode(
    *, far_side: SandboxProcess, api: httpx.Client, mode: str, sent: str, status: int, stored: str | None
) -> None:
    far_side.set_mode("S16", mode)
    answer = api.post(TASKS, json=task(TaskItemUniqueId=sent))
    assert answer.status_code == status
    if status == 200:
        made = answer.json()["Value"]["Id"]
        assert far_side.record("coworkertasks", made)["TaskItemUniqueId"] == stored


def test_two_equal_creations_make_two_tasks(far_side: SandboxProcess, api: httpx.Client) -> None:
    body = task(TaskItemUniqueId=MARK)
    made = [api.post(TASKS, json=body, headers={"Idempotency-Key": "k"}).json()["Value"]["Id"] for _ in range(3)]
    assert len(set(made)) == 3
    assert sorted(ids(api, CoworkerTask_TaskItemUniqueId=MARK)) == sorted(made)
    assert len([one for one in far_side.commits() if one["id"] in made]) == 3


@pytest.mark.parametrize(("mode", "kept"), [("reset", None), ("kept", MARK)])
def test_an_update_replaces_fully(far_side: SandboxProcess, api: httpx.Client, mode: str, kept: str | None) -> None:
    far_side.set_mode("S18", mode)
    made = create(api, Notes="text", Completed=True, NotifyByEmail=True, TaskItemUniqueId=MARK, Reminded=True)
    short = {key: value for key, value in task(Id=made["Id"]).items() if key != "DueDate"}
    assert api.put(TASKS, json=short).status_code == 200
    now = read(api, made["Id"])
    assert (now["Notes"], now["Completed"], now["NotifyByEmail"], now["DueDate"]) == (None, False, False, None)
    stored = far_side.record("coworkertasks", made["Id"])
    assert (stored["TaskItemUniqueId"], stored["Reminded"]) == (kept, mode == "kept")
    assert stored["DueDateLocal"] is None
    assert (now["UniqueId"], now["CreatedOn"]) == (made["UniqueId"], made["CreatedOn"])


def test_an_update_without_a_required_field_changes_nothing(api: httpx.Client) -> None:
    made = create(api, Notes="text")
    before = read(api, made["Id"])
    assert _errors(api.put(TASKS, json={"Id": made["Id"], "Name": "New"})) == [
        "Business",
        "Coworker",
        "Responsible",
    ]
    assert read(api, made["Id"]) == before


def test_an_update_may_echo_the_whole_record(api: httpx.Client) -> None:
    made = create(api, Notes="text")
    answer = api.put(TASKS, json=read(api, made["Id"]) | {"Completed": True})
    assert answer.json()["Message"] == "CoworkerTask was successfully updated."
    assert answer.json()["Value"]["Notes"] == "text"
    later, earlier = (Instant.parse_iso(one["UpdatedOn"]) for one in (answer.json()["Value"], made))
    assert later >= earlier


def test_a_delete_is_done_once(api: httpx.Client) -> None:
    made = create(api)["Id"]
    first, second = api.delete(f"{TASKS}/{made}"), api.delete(f"{TASKS}/{made}")
    assert (first.status_code, first.json()["Value"], first.json()["WasSuccessful"]) == (200, None, True)
    assert (second.status_code, second.json()) == (404, "Not found")


def test_a_delete_may_say_200_and_mean_no(far_side: SandboxProcess, api: httpx.Client) -> None:
    made = create(api)["Id"]
    far_side.set_fault("was-successful-false", "1x")
    answer = api.delete(f"{TASKS}/{made}")
    assert (answer.status_code, answer.json()["WasSuccessful"]) == (200, False)
    assert read(api, made)["Id"] == made


@pytest.mark.parametrize(("mode", "body"), [(404, "Not found"), (500, {"Message": "An error has occurred."})])
def test_an_unknown_id_is_404_or_500(far_side: SandboxProcess, api: httpx.Client, mode: int, body: object) -> None:
    far_side.set_mode("S19", mode)
    answer = api.get(f"{TASKS}/1")
    assert (answer.status_code, answer.json()) == (mode, body)


@pytest.mark.parametrize(
    ("business", "sent", "stored", "local"),
    [
        (BARCELONA, "2026-07-01T08:00:00Z", "2026-07-01T08:00:00Z", "2026-07-01T10:00:00"),
        (BARCELONA, "2026-12-01T08:00:00Z", "2026-12-01T08:00:00Z", "2026-12-01T09:00:00"),
        (LONDON, "2026-07-01T08:00:00Z", "2026-07-01T08:00:00Z", "2026-07-01T09:00:00"),
        (LONDON, "2026-12-01T08:00:00Z", "2026-12-01T08:00:00Z", "2026-12-01T08:00:00"),
        (LONDON, "2026-07-01T08:00:00+02:00", "2026-07-01T06:00:00Z", "2026-07-01T07:00:00"),
        (LONDON, "2026-07-01T08:00:00.123Z", "2026-07-01T08:00:00Z", "2026-07-01T09:00:00"),
        (LONDON, "2026-07-01", "2026-07-01T00:00:00Z", "2026-07-01T01:00:00"),
        (LONDON, None, None, None),
    ],
)
def test_due_is_echoed_in_utc_and_its_local_twin_is_hidden(
    *,
    far_side: SandboxProcess,
    api: httpx.Client,
    business: int,
    sent: str | None,
    stored: str | None,
    local: str | None,
) -> None:
    made = create(api, BusinessId=business, DueDate=sent)
    assert made["DueDate"] == stored
    assert "DueDateLocal" not in made
    assert far_side.record("coworkertasks", made["Id"])["DueDateLocal"] == local
    if local:
        assert ids(api, CoworkerTask_DueDateLocal=local[:16]) == [made["Id"]]


@pytest.mark.parametrize(
    ("mode", "due"),
    [("DueDate-wins", "2026-07-01T08:00:00Z"), ("DueDateLocal-wins", "2026-07-01T15:00:00Z")],
)
def test_of_two_due_dates_one_wins(far_side: SandboxProcess, api: httpx.Client, mode: str, due: str) -> None:
    far_side.set_mode("S20", mode)
    assert create(api, DueDateLocal="2026-07-01T17:00:00")["DueDate"] == due


def test_a_due_that_is_no_date_is_refused(api: httpx.Client) -> None:
    assert _errors(api.post(TASKS, json=task(DueDate="tomorrow"))) == ["DueDate"]


def test_created_stamps_vary_in_their_digits_and_ids_in_their_order(api: httpx.Client) -> None:
    made = [create(api, Name=f"Task {number}") for number in range(14)]
    digits = {len(re.fullmatch(r".*\.(\d+)Z", one["CreatedOn"]).group(1)) for one in made}  # type: ignore[union-attr]
    assert digits == set(range(1, 8))
    numbers = [one["Id"] for one in made]
    assert numbers != sorted(numbers)
    assert len(set(numbers)) == 14
    assert all(1_416_000_000 < number < 1_500_000_000 for number in numbers)


def test_the_server_writes_its_own_fields(api: httpx.Client) -> None:
    made = create(api, CoworkerId=ZOE, BusinessId=LONDON, ResponsibleId=OMAR)
    assert made["ToStringText"] == made["Name"]
    assert made["IsNew"] is False
    assert made["UpdatedBy"] == "api@acme.example"
    assert (made["CoworkerFullName"], made["CoworkerTeamNames"]) == ("Zoë Ångström", "Acme Corp")
    assert (made["ResponsibleFullName"], made["BusinessName"]) == ("Omar Haddad", "Acme London")


@pytest.mark.parametrize("user", [1418332098, 1418332099, OMAR])
def test_who_may_be_responsible_is_a_mode(far_side: SandboxProcess, api: httpx.Client, user: int) -> None:
    assert create(api, ResponsibleId=user)["ResponsibleId"] == user
    far_side.set_mode("S22.ResponsibleId", "active-admin-of-location")
    assert _errors(api.post(TASKS, json=task(ResponsibleId=user))) == ["Responsible"]
    assert create(api, ResponsibleId=ANA)["ResponsibleId"] == ANA


def test_a_coworker_of_another_location_is_a_mode(far_side: SandboxProcess, api: httpx.Client) -> None:
    assert create(api, CoworkerId=ZOE)["CoworkerId"] == ZOE
    far_side.set_mode("S22.CoworkerId", "400")
    assert _errors(api.post(TASKS, json=task(CoworkerId=ZOE))) == ["Coworker"]


@pytest.mark.parametrize("field", ["Name", "Notes"])
def test_a_long_text_is_accepted_cut_or_refused(far_side: SandboxProcess, api: httpx.Client, field: str) -> None:
    far_side.set_mode(f"S23.{field}-limit", 10)
    text = "éléphant rose 🐘"
    assert create(api, **{field: text})[field] == text
    far_side.set_mode(f"S23.{field}", "cut-silently")
    assert create(api, **{field: text})[field] == text[:10]
    far_side.set_mode(f"S23.{field}", "400")
    assert _errors(api.post(TASKS, json=task(**{field: text}))) == [field]


def test_notes_come_back_to_the_last_sign(api: httpx.Client) -> None:
    notes = "line one\nline two\r\n\n  ref: 9860950b31125 · Welcome 🎉 é \x07\t\u2028end "
    assert read(api, create(api, Notes=notes)["Id"])["Notes"] == notes


def test_the_exact_request_text_is_remembered(far_side: SandboxProcess, api: httpx.Client) -> None:
    body = json.dumps(task(Name="é"), ensure_ascii=False, separators=(",", ":"))
    far_side.clear_requests()
    api.post(f"{TASKS}?x=1", content=body.encode(), headers={"Content-Type": "application/json"})
    (noted,) = far_side.requests()
    assert (noted["method"], noted["path"], noted["query"]) == ("POST", TASKS, "x=1")
    assert (noted["status"], noted["body"]) == (200, body)


def test_no_room_of_ours_is_imported() -> None:
    for file in (Path(__file__).parents[2] / "engine" / "sandbox").glob("*.py"):
        imported = re.findall(r"^\s*(?:from|import) (engine[.\w]*)", file.read_text(), flags=re.MULTILINE)
        assert all(name.startswith("engine.sandbox") for name in imported), file.name
