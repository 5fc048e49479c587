"""Lists and batches: S30 to S39 of the checklist."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sandbox_given import ASHLEY, BARCELONA, JOSE, LONDON, MARK, TASKS, ZOE, create, ids, rows
from sandbox_process import SandboxProcess

_SET_IN_ROWS = {
    "Id",
    "BusinessId",
    "CoworkerId",
    "Name",
    "Completed",
    "DueDate",
    "ResponsibleId",
    "CreatedOn",
    "UpdatedOn",
    "UniqueId",
    "UpdatedBy",
}


def _fill(far_side: SandboxProcess, count: int, **fields: Any) -> list[int]:
    """Tasks put straight into the store: quick, and without a line in the commit log."""
    numbers = [1416700000 + number for number in range(count)]
    usual = {"CoworkerId": ASHLEY, "BusinessId": BARCELONA, "Name": "Same", "DueDate": "2026-07-01T08:00:00Z"}
    for number in numbers:
        far_side.put_record("coworkertasks", number, **(usual | fields))
    return numbers


def _pages(api: httpx.Client, count: int, **parameters: Any) -> list[int]:
    found = []
    for page in range(1, count + 1):
        found += [row["Id"] for row in rows(api, page=page, **parameters)]
    return found


@pytest.mark.parametrize("parameters", [{}, {"PageNumber": 2, "PageSize": 5}, {"size": "x", "page": "-1"}])
def test_a_page_has_25_rows_and_older_page_words_are_ignored(
    far_side: SandboxProcess, api: httpx.Client, parameters: dict[str, Any]
) -> None:
    _fill(far_side, 30)
    body = api.get(TASKS, params=parameters).json()
    assert (len(body["Records"]), body["CurrentPage"], body["CurrentPageSize"]) == (25, 1, 25)


@pytest.mark.parametrize(
    "name",
    ["CoworkerTask_Coworkr", "Coworker", "CoworkerTask_CoworkerId", "UpdatedSince", "CoworkerTask_Ids"],
)
def test_a_misspelt_filter_returns_everything(far_side: SandboxProcess, api: httpx.Client, name: str) -> None:
    _fill(far_side, 3)
    assert len(rows(api, **{name: "999"})) == 3


def test_the_envelope_has_all_its_keys(far_side: SandboxProcess, api: httpx.Client) -> None:
    _fill(far_side, 5)
    body = api.get(TASKS, params={"size": 2, "page": 2, "orderBy": "Id"}).json()
    assert len(body.pop("Records")) == 2
    assert body == {
        "CurrentPageSize": 2,
        "CurrentPage": 2,
        "CurrentOrderField": "Id",
        "CurrentSortDirection": 1,
        "FirstItem": 3,
        "LastItem": 4,
        "HasNextPage": True,
        "HasPreviousPage": True,
        "PageNumber": 2,
        "PageSize": 2,
        "TotalItems": 5,
        "TotalPages": 3,
    }


def test_an_empty_list_and_a_page_past_the_end_are_empty(far_side: SandboxProcess, api: httpx.Client) -> None:
    empty = api.get(TASKS).json()
    assert (empty["Records"], empty["TotalItems"], empty["HasNextPage"]) == ([], 0, False)
    _fill(far_side, 3)
    past = api.get(TASKS, params={"page": 9}).json()
    assert (past["Records"], past["TotalItems"], past["HasNextPage"]) == ([], 3, False)


def test_no_page_is_larger_than_a_thousand(api: httpx.Client) -> None:
    assert api.get(TASKS, params={"size": 5000}).json()["PageSize"] == 1000


def test_rows_are_partial_with_all_keys(far_side: SandboxProcess, api: httpx.Client) -> None:
    made = create(api, Notes="text", NotifyByEmail=True, DisplayToEveryone=True)
    (row,) = rows(api)
    assert set(row) == set(made)
    assert {key for key, value in row.items() if value not in (None, False)} | {"Completed"} == _SET_IN_ROWS
    far_side.set_mode("S32", "full")
    assert rows(api) == [made]


def test_default_order_loses_and_doubles_rows_with_equal_dates(far_side: SandboxProcess, api: httpx.Client) -> None:
    made = _fill(far_side, 60)
    found = _pages(api, 3, size=20)
    assert len(found) == 60
    assert len(set(found)) < 55
    assert sorted(_pages(api, 3, size=20, orderBy="Id")) == made
    far_side.set_mode("S33", "stable")
    assert sorted(_pages(api, 3, size=20)) == made


def test_rows_without_a_due_date_come_first_and_are_unstable_too(far_side: SandboxProcess, api: httpx.Client) -> None:
    made = _fill(far_side, 40, DueDate=None)
    dated = create(api)["Id"]
    orders = {tuple(ids(api)) for _ in range(3)}
    assert len(orders) == 3
    assert all(order[-1] == dated and sorted(order[:-1]) == made for order in orders)


@pytest.mark.parametrize(
    ("direction", "mode", "is_descending"),
    [
        ("ascending", "ascending", False),
        ("descending", "ascending", True),
        ("-1", "ascending", True),
        ("0", "ascending", False),
        ("1", "ascending", False),
        ("1", "descending", True),
        ("0", "descending", False),
        ("-1", "descending", True),
        ("sideways", "ascending", False),
    ],
)
def test_dir_has_three_spellings(
    *, far_side: SandboxProcess, api: httpx.Client, direction: str, mode: str, is_descending: bool
) -> None:
    made = _fill(far_side, 4)
    far_side.set_mode("S34", mode)
    assert ids(api, orderBy="Id", dir=direction) == sorted(made, reverse=is_descending)
    assert ids(api, orderby="id", dir=direction) == sorted(made, reverse=is_descending)


@pytest.mark.parametrize("field", ["Name", "Notes", "TaskListName", "TaskItemUniqueId", "SystemId"])
@pytest.mark.parametrize(
    ("mode", "matching"),
    [
        ("exact", {"Alpha Beta"}),
        ("contains", {"Alpha Beta"}),
        ("case-insensitive", {"Alpha Beta", "alpha beta"}),
        ("ignored", {"Alpha Beta", "alpha beta", "Other"}),
    ],
)
def test_how_a_text_filter_matches_is_a_mode(
    *, far_side: SandboxProcess, api: httpx.Client, field: str, mode: str, matching: set[str]
) -> None:
    far_side.set_mode(f"S35.{field}", mode)
    made = {}
    for number, text in enumerate(("Alpha Beta", "alpha beta", "Other")):
        far_side.put_record("coworkertasks", 1416700000 + number, CoworkerId=ASHLEY, **{field: text})
        made[1416700000 + number] = text
    found = {made[one] for one in ids(api, **{f"CoworkerTask_{field}": "Alpha Beta"})}
    assert found == matching
    part = {made[one] for one in ids(api, **{f"CoworkerTask_{field}": "Beta"})}
    assert part == {"contains": {"Alpha Beta"}, "ignored": set(made.values())}.get(mode, set())


def test_equality_filters_narrow_a_list(far_side: SandboxProcess, api: httpx.Client) -> None:
    first = create(api, Completed=True, Name="One")["Id"]
    second = create(api, CoworkerId=ZOE, BusinessId=LONDON, ResponsibleId=1418332093)["Id"]
    wanted = {
        "CoworkerTask_Coworker": (ASHLEY, ZOE),
        "CoworkerTask_Business": (BARCELONA, LONDON),
        "CoworkerTask_Responsible": (1418332090, 1418332093),
        "CoworkerTask_Completed": ("true", "false"),
        "CoworkerTask_Business_Name": ("Acme Barcelona", "Acme London"),
        "CoworkerTask_Coworker_FullName": ("Ashley Smith", "Zoë Ångström"),
        "CoworkerTask_Responsible_FullName": ("Ana Ferrer", "Omar Haddad"),
        "CoworkerTask_Id": (first, second),
        "Id": (first, second),
        "coworkertask_coworker": (ASHLEY, ZOE),
    }
    for name, (of_first, of_second) in wanted.items():
        assert ids(api, **{name: of_first}) == [first], name
        assert ids(api, **{name: of_second}) == [second], name
    assert ids(api, CoworkerTask_Coworker=ASHLEY, CoworkerTask_Completed="false") == []
    assert ids(api, CoworkerTask_Coworker=JOSE) == []


def test_a_bare_unique_id_finds_one(api: httpx.Client) -> None:
    made = create(api)
    create(api)
    assert ids(api, UniqueId=made["UniqueId"]) == [made["Id"]]


def test_the_id_spelling_of_a_foreign_key_is_a_mode(far_side: SandboxProcess, api: httpx.Client) -> None:
    made, _ = create(api)["Id"], create(api, CoworkerId=JOSE)
    assert len(ids(api, CoworkerTask_CoworkerId=ASHLEY)) == 2
    far_side.set_mode("S36", "works")
    assert ids(api, CoworkerTask_CoworkerId=ASHLEY) == [made]


@pytest.mark.parametrize("word", ["from_", "From_", "FROM_"])
def test_ranges_are_inclusive_to_the_minute_in_any_case(far_side: SandboxProcess, api: httpx.Client, word: str) -> None:
    made = [create(api, DueDate=f"2026-07-01T{time}Z")["Id"] for time in ("08:00:00", "08:01:59", "08:02:00")]
    assert ids(api, **{f"{word}CoworkerTask_DueDate": "2026-07-01T08:01"}) == made[1:]
    to = word.lower().replace("from", "to")
    assert ids(api, **{f"{to}CoworkerTask_DueDate": "2026-07-01T08:01"}) == made[:2]
    assert ids(api, from_CoworkerTask_DueDateLocal="2026-07-01T10:02") == made[2:]
    assert ids(api, to_CoworkerTask_DueDate="2026-07-01T10:01:30+02:00") == made[:2]
    assert len(ids(api, from_CoworkerTask_DueDate="soon")) == 3


def test_a_range_over_updates_finds_what_changed(far_side: SandboxProcess, api: httpx.Client) -> None:
    made = create(api)["Id"]
    assert ids(api, from_CoworkerTask_UpdatedOn="2020-01-01T00:00") == [made]
    assert ids(api, from_CoworkerTask_CreatedOn="2200-01-01T00:00") == []


def test_a_created_row_may_be_late_in_lists_but_not_in_get_one(far_side: SandboxProcess, api: httpx.Client) -> None:
    far_side.set_mode("S37", 30)
    made = create(api)["Id"]
    assert rows(api) == []
    assert api.get(f"{TASKS}/{made}").status_code == 200
    far_side.set_clock(31)
    assert ids(api) == [made]


def test_rows_inserted_while_a_client_pages_shift_the_pages(far_side: SandboxProcess, api: httpx.Client) -> None:
    _fill(far_side, 4)
    first = [row["Id"] for row in rows(api, size=2, page=1, orderBy="Id")]
    far_side.put_record("coworkertasks", 1416600000, CoworkerId=ASHLEY)
    second = [row["Id"] for row in rows(api, size=2, page=2, orderBy="Id")]
    assert set(first) & set(second)


def test_pages_may_go_on_for_ever(far_side: SandboxProcess, api: httpx.Client) -> None:
    far_side.set_fault("endless-pages", "1")
    assert [api.get(TASKS, params={"page": page}).json()["HasNextPage"] for page in (1, 2, 50)] == [True] * 3


def test_counts_may_contradict_each_other(far_side: SandboxProcess, api: httpx.Client) -> None:
    _fill(far_side, 3)
    far_side.set_fault("contradicting-counts", "1x")
    body = api.get(TASKS, params={"size": 2}).json()
    assert body["TotalItems"] != 3
    assert body["HasNextPage"] is False
    assert body["TotalPages"] == 2


def test_records_may_be_null(far_side: SandboxProcess, api: httpx.Client) -> None:
    far_side.set_fault("records-null", "1x")
    assert api.get("/api/sys/users").json()["Records"]
    assert api.get(TASKS).json()["Records"] is None


@pytest.mark.parametrize("page", [2, 3])
def test_a_page_may_fail(far_side: SandboxProcess, api: httpx.Client, page: int) -> None:
    _fill(far_side, 4)
    far_side.set_mode("S38.page", page)
    far_side.set_fault("page-500", "1x")
    statuses = [api.get(TASKS, params={"size": 1, "page": number}).status_code for number in (1, 2, 3, page)]
    assert statuses == [200, 500 if page == 2 else 200, 500 if page == 3 else 200, 200]


def test_a_batch_is_a_bare_array_of_partial_rows(far_side: SandboxProcess, api: httpx.Client) -> None:
    made = [create(api, Notes="text")["Id"] for _ in range(3)]
    found = api.get(f"{TASKS}/?id=[{made[2]},17,{made[0]}]").json()
    assert isinstance(found, list)
    assert [one["Id"] for one in found] == [made[2], made[0]]
    assert found[0]["Notes"] is None
    assert api.get(f"{TASKS}?CoworkerTask_Id=[{made[0]},{made[1]}]").json()["TotalItems"] == 2


def test_a_filter_by_mark_stands_beside_a_random_one(api: httpx.Client) -> None:
    made = create(api, TaskItemUniqueId=MARK)["Id"]
    assert ids(api, CoworkerTask_TaskItemUniqueId=MARK) == [made]
    assert ids(api, CoworkerTask_TaskItemUniqueId=MARK[:18]) == []
    assert ids(api, CoworkerTask_TaskItemUniqueId=MARK[::-1]) == []
