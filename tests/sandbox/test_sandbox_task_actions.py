"""What staff do to tasks: completed, opened again, deleted; by the form on the member's page and by call."""

from __future__ import annotations

import httpx
import pytest
from sandbox_given import ASHLEY, LONDON
from sandbox_process import SandboxProcess

pytestmark = pytest.mark.usefixtures("newcomers")
TASK = 1416999001


@pytest.fixture
def task(far_side: SandboxProcess) -> int:
    far_side.put_record("coworkertasks", TASK, CoworkerId=ASHLEY, BusinessId=LONDON, Name="Card", Completed=False)
    return TASK


def _press(api: httpx.Client, action: str, task: int, whose: int = ASHLEY) -> httpx.Response:
    headers = {"Origin": str(api.base_url).rstrip("/")}
    return api.post(f"/member/{whose}/{action}", data={"task_id": str(task)}, headers=headers)


def test_a_task_is_completed_and_opened_again_on_its_members_page(
    far_side: SandboxProcess, api: httpx.Client, task: int
) -> None:
    page = api.get(f"/member/{ASHLEY}").text
    assert f"/member/{ASHLEY}/complete-task" in page
    assert "complete-task" not in api.get("/").text, "the page of all people only shows"
    before = far_side.record("coworkertasks", task)
    assert _press(api, "complete-task", task).headers["location"] == f"/member/{ASHLEY}"
    done = far_side.record("coworkertasks", task)
    assert (done["Completed"], done["UpdatedOn"] != before["UpdatedOn"]) == (True, True)
    assert f"/member/{ASHLEY}/reopen-task" in api.get(f"/member/{ASHLEY}").text
    _press(api, "reopen-task", task)
    assert far_side.record("coworkertasks", task)["Completed"] is False
    assert [line["op"] for line in far_side.commits()][-2:] == ["update", "update"]


def test_a_task_is_deleted(far_side: SandboxProcess, api: httpx.Client, task: int) -> None:
    assert _press(api, "delete-task", task).status_code == 303
    assert task not in [row["Id"] for row in far_side.records("coworkertasks")]
    assert far_side.commits()[-1]["op"] == "delete"
    assert _press(api, "delete-task", task).status_code == 400


def test_the_same_by_call_and_for_nobody_elses_task(far_side: SandboxProcess, api: httpx.Client, task: int) -> None:
    assert far_side.admin("POST", "complete-task", {"task_id": task}) == {"task_id": task, "completed": True}
    assert _press(api, "reopen-task", task, whose=ASHLEY + 1).status_code == 400
    assert far_side.record("coworkertasks", task)["Completed"] is True


@pytest.mark.parametrize("number", ["", "x", "7"])
def test_a_task_that_is_none_is_a_sentence(api: httpx.Client, number: str) -> None:
    answer = api.post("/_sandbox/complete-task", json={"task_id": number})
    assert answer.status_code == 400
    assert f"there is no task {number!r} here" in answer.text
