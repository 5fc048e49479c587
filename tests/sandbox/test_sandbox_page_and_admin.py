"""The page to look at, and the calls under /_sandbox."""

from __future__ import annotations

import re
import urllib.error
from typing import Any

import httpx
import pytest
from sandbox_given import ASHLEY, JOSE, TASKS, create
from sandbox_process import SandboxProcess

_HOSTILE = """<script>alert(1)</script><img src=x onerror=alert(1)>"'\x1b[31m\x07\u202e"""


def test_the_page_shows_people_and_their_tasks(far_side: SandboxProcess, api: httpx.Client) -> None:
    create(api, Name="Hand out the card", Notes="Check a photo ID", Completed=True)
    page = api.get("/").text
    for text in ("Ashley Smith", "José Núñez 🚀", "Hand out the card", "Check a photo ID", "Ana Ferrer"):
        assert text in page
    assert "2026-07-01 10:00:00" in page
    assert "40 people, 1 tasks" in page
    assert "<tr class='completed'>" in page
    assert f"/member/{ASHLEY}" in page
    one = api.get(f"/member/{ASHLEY}").text
    assert "Hand out the card" in one
    assert "José" not in one
    assert api.get("/member/1").status_code == 404


def test_hostile_text_is_inert_on_the_page(far_side: SandboxProcess, api: httpx.Client) -> None:
    create(api, Name=_HOSTILE, Notes=_HOSTILE)
    far_side.put_record("coworkertasks", 1416700000, CoworkerId=ASHLEY, TaskListName=_HOSTILE, DueDate=_HOSTILE)
    for path in ("/", f"/member/{ASHLEY}"):
        answer = api.get(path)
        assert not re.search(r"<(script|img)", answer.text)
        assert "&lt;script&gt;" in answer.text
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", answer.text)
        assert "{{ 7*7 }}" in api.get("/").text
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert " style=" not in answer.text


def test_the_stylesheet_is_served(api: httpx.Client) -> None:
    answer = api.get("/style.css")
    assert answer.headers["content-type"].startswith("text/css")
    assert "body" in answer.text


def test_looking_is_not_noted_as_a_request(far_side: SandboxProcess, api: httpx.Client) -> None:
    api.get("/")
    far_side.record("coworkers", ASHLEY)
    api.get(TASKS, params={"page": 1})
    assert [(one["method"], one["path"], one["query"], one["status"]) for one in far_side.requests()] == [
        ("GET", TASKS, "page=1", 200)
    ]
    assert set(far_side.requests()[0]) == {"at", "method", "path", "query", "status", "body"}
    far_side.clear_requests()
    assert far_side.requests() == []


def test_a_call_without_an_answer_is_noted_without_a_status(far_side: SandboxProcess) -> None:
    far_side.set_fault("reset-on-read", "1x")
    far_side.clear_requests()
    with pytest.raises(httpx.ReadError):
        httpx.get(f"{far_side.base_url}{TASKS}", auth=(far_side.username, far_side.password), trust_env=False)
    assert [one["status"] for one in far_side.requests()] == [None]


def test_a_record_can_be_made_changed_and_removed_unchecked(far_side: SandboxProcess, api: httpx.Client) -> None:
    made = far_side.put_record("coworkertasks", 1416700000, CoworkerId=ASHLEY, Name="Foreign")
    assert made["Id"] == 1416700000
    assert made["UniqueId"]
    changed = far_side.put_record("coworkertasks", 1416700000, CoworkerId=JOSE, Completed=True)
    assert (changed["Name"], changed["UniqueId"]) == ("Foreign", made["UniqueId"])
    by_coworker = [api.get(TASKS, params={"CoworkerTask_Coworker": one}).json()["TotalItems"] for one in (ASHLEY, JOSE)]
    assert by_coworker == [0, 1]
    assert all(line["id"] != 1416700000 for line in far_side.commits())
    far_side.remove_record("coworkertasks", 1416700000)
    assert api.get(f"{TASKS}/1416700000").status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("modes", {"S99": "kept"}, "there is no mode 'S99'"),
        ("modes", {"S14": "kepd"}, "The nearest is 'kept'"),
        ("modes", {"S37": "soon"}, "Allowed: 0, decimal"),
        ("faults", {"error-after-comit": "1x"}, "The nearest is 'error-after-commit'"),
        ("faults", {"oops": "often"}, "such as 0.3"),
        ("faults", {"oops": "1.5"}, "a share from 0 to 1"),
        ("modes", [1], "a JSON object"),
        ("clock", {"seconds": 1}, "offset_seconds"),
    ],
)
def test_a_wrong_switch_is_refused_and_changes_nothing(
    far_side: SandboxProcess, path: str, body: Any, told: str
) -> None:
    before = far_side.admin("GET", path)
    with pytest.raises(urllib.error.HTTPError) as refused:
        far_side.admin("POST", path, body)
    with refused.value as answer:
        assert answer.code == 400
        assert told in answer.read().decode()
    assert far_side.admin("GET", path) == before


def test_several_switches_are_set_all_or_none(far_side: SandboxProcess) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        far_side.admin("POST", "modes", {"S14": "kept", "S99": "x"})
    refused.value.close()
    assert far_side.admin("GET", "modes")["S14"] == "dropped"
    assert far_side.admin("POST", "modes", {"s14": "KEPT", "S37": 5})["S14"] == "kept"


@pytest.mark.parametrize("path", ["records/nothing/1", "records/coworkers/1", "records/nothing"])
def test_what_is_not_there_is_not_found(far_side: SandboxProcess, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        far_side.admin("GET", path)
    with refused.value as answer:
        assert answer.code == 404
