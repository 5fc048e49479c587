"""Webhooks over the API: required fields, full replacement, rows without Description, health that is read only."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hooks_given import HOOKS, hook, read_hook
from sandbox_given import BARCELONA, LONDON, rows
from sandbox_process import SandboxProcess

pytestmark = pytest.mark.usefixtures("newcomers")

_URL = "http://127.0.0.1:1"


def test_a_hook_is_made_read_changed_and_removed(far_side: SandboxProcess, api: httpx.Client) -> None:
    answer = api.post(HOOKS, json=hook(_URL, "contract.created", Description="Starts our list")).json()
    assert (answer["WasSuccessful"], answer["Message"]) == (True, "WebHook was successfully created.")
    made = answer["Value"]
    assert (made["BusinessName"], made["Action"], made["Active"]) == ("Acme Barcelona", 62, True)
    assert (made["ErrorCount"], made["LastError"], made["LastTrigger"]) == (0, None, None)
    assert (made["UpdatedBy"], made["ToStringText"]) == ("api@acme.example", "Ours: contract.created")
    assert read_hook(api, made["Id"])["Description"] == "Starts our list"
    assert [row["Description"] for row in rows(api, HOOKS)] == [None]
    assert api.delete(f"{HOOKS}/{made['Id']}").json()["WasSuccessful"] is True
    assert [api.get(f"{HOOKS}/{made['Id']}").status_code, api.delete(f"{HOOKS}/{made['Id']}").status_code] == [404, 404]


def test_an_update_replaces_everything_that_may_be_written(far_side: SandboxProcess, api: httpx.Client) -> None:
    made = api.post(HOOKS, json=hook(_URL, "contract.created", Description="Kept?")).json()["Value"]
    least = {"Id": made["Id"], "BusinessId": LONDON, "Name": "Other", "Action": "3", "URL": f"{_URL}/other"}
    changed = api.put(HOOKS, json=least).json()["Value"]
    told = {"Description": None, "Active": False, "BusinessId": LONDON, "BusinessName": "Acme London", "Action": 3}
    assert {key: changed[key] for key in told} == told
    assert (changed["UniqueId"], changed["CreatedOn"]) == (made["UniqueId"], made["CreatedOn"])
    # A row has no Description: sending one back blanks it, which is the trap.
    api.put(HOOKS, json=least | {"Description": "Back"})
    (row,) = rows(api, HOOKS)
    api.put(HOOKS, json=row)
    assert read_hook(api, made["Id"])["Description"] is None


def test_the_health_of_a_hook_cannot_be_written(far_side: SandboxProcess, api: httpx.Client) -> None:
    healthy = {"ErrorCount": 0, "LastError": None, "LastTrigger": None}
    made = api.post(HOOKS, json=hook(_URL, "contract.created", ErrorCount=5, LastError="x")).json()["Value"]
    assert {key: made[key] for key in healthy} == healthy
    broken = {"ErrorCount": 3, "LastError": "HTTP 500", "LastTrigger": "2026-11-01T10:00:00Z"}
    far_side.put_record("webhooks", made["Id"], **broken)
    kept = api.put(HOOKS, json=made | healthy).json()["Value"]
    assert {key: kept[key] for key in broken} == broken


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, [("Business", "is a required field"), ("Name", "is a required field")]),
        ({"BusinessId": 1, "Name": "x", "Action": 3, "URL": "u"}, [("Business", "is not valid")]),
        ({"BusinessId": BARCELONA, "Name": "x", "Action": 91, "URL": "u"}, [("Action", "is not valid")]),
        ({"BusinessId": BARCELONA, "Name": "x", "Action": "soon", "URL": "u"}, [("Action", "is not valid")]),
        ({"BusinessId": BARCELONA, "Name": "x", "Action": 0, "URL": "u"}, [("Action", "is a required field")]),
        ({"BusinessId": BARCELONA, "Name": "x", "Action": 3, "URL": " "}, [("URL", "is a required field")]),
    ],
)
def test_a_wrong_hook_is_refused(
    *, far_side: SandboxProcess, api: httpx.Client, body: dict[str, Any], told: list[tuple[str, str]]
) -> None:
    answer = api.post(HOOKS, json=body)
    assert answer.status_code == 400
    found = [(one["PropertyName"], one["Message"]) for one in answer.json()["Errors"]]
    assert found[: len(told)] == told
    assert api.put(HOOKS, json=body | {"Id": 77}).status_code == 404
    assert rows(api, HOOKS) == []


def test_the_number_one_is_valid_and_fires_for_nothing(far_side: SandboxProcess, api: httpx.Client) -> None:
    assert api.post(HOOKS, json=hook(_URL, "contract.created", Action=1)).status_code == 200
    far_side.signup("Nia Vance", tariff="Hot Desk")
    assert far_side.deliveries(wait=1) == []


def test_a_removed_hooks_id_is_not_given_again(far_side: SandboxProcess, api: httpx.Client) -> None:
    first = api.post(HOOKS, json=hook(_URL, "contract.created")).json()["Value"]["Id"]
    api.delete(f"{HOOKS}/{first}")
    assert api.post(HOOKS, json=hook(_URL, "contract.created")).json()["Value"]["Id"] != first


def test_writing_hooks_counts_as_writing_and_meets_faults(far_side: SandboxProcess, api: httpx.Client) -> None:
    far_side.clear_counts()
    far_side.set_fault("error-after-commit", "1x:webhooks")
    assert api.post(HOOKS, json=hook(_URL, "contract.created")).status_code == 500
    assert len(rows(api, HOOKS)) == 1
    assert far_side.counts()["writes"] == 1
    far_side.clear_counts()
