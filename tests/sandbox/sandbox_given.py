"""What the tests of the sandbox start from."""

from __future__ import annotations

from typing import Any

import httpx
from sandbox_process import SandboxProcess

TASKS = "/api/crm/coworkertasks"
ASHLEY, JOSE, ZOE = 1423831744, 1423831745, 1423831746
BARCELONA, LONDON = 1421021016, 1421021017
ANA, OMAR = 1418332090, 1418332093
MARK = "9860950b-3112-52d6-9450-e71c65d66486"

NO_LIMITS = {
    f"S50.{name}": "0"
    for name in ("calls-per-100ms", "calls-per-minute", "calls-per-hour", "writes-per-minute", "writes-per-day")
}


def task(**fields: Any) -> dict[str, Any]:
    """A creation that the service accepts."""
    usual = {"BusinessId": BARCELONA, "CoworkerId": ASHLEY, "Name": "Hand out the card", "ResponsibleId": ANA}
    return usual | {"DueDate": "2026-07-01T08:00:00Z"} | fields


def create(api: httpx.Client, **fields: Any) -> dict[str, Any]:
    """Create and return Value."""
    answer = api.post(TASKS, json=task(**fields))
    assert answer.status_code == 200, answer.text
    value: dict[str, Any] = answer.json()["Value"]
    return value


def read(api: httpx.Client, identifier: int) -> dict[str, Any]:
    """GET one."""
    answer = api.get(f"{TASKS}/{identifier}")
    assert answer.status_code == 200, answer.text
    record: dict[str, Any] = answer.json()
    return record


def rows(api: httpx.Client, path: str = TASKS, **parameters: Any) -> list[dict[str, Any]]:
    """The Records of one page."""
    answer = api.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["Records"]
    return found


def ids(api: httpx.Client, path: str = TASKS, **parameters: Any) -> list[int]:
    """The ids of one page of up to 1,000."""
    return [row["Id"] for row in rows(api, path, size=1000, **parameters)]


def ask_token(base_url: str, **form: str) -> httpx.Response:
    """POST /api/token with a form body."""
    return httpx.post(f"{base_url}/api/token", data=form, trust_env=False)


def client_of(process: SandboxProcess, username: str = "") -> httpx.Client:
    """A client with the token of a login."""
    answer = ask_token(
        process.base_url,
        grant_type="password",
        username=username or process.username,
        password=process.password,
    )
    token = answer.json()["access_token"]
    return httpx.Client(
        base_url=process.base_url,
        headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
        trust_env=False,
        timeout=10,
    )
