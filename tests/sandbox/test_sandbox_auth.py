"""Logins and rights: S01 to S07 of the checklist."""

from __future__ import annotations

import httpx
import pytest
from sandbox_given import TASKS, ask_token, client_of, rows, task
from sandbox_process import SandboxProcess

_WEEK, _FORTNIGHT = 7 * 86_400, 15 * 86_400


def _password_grant(far_side: SandboxProcess, **more: str) -> dict[str, str]:
    answer = ask_token(
        far_side.base_url,
        grant_type="password",
        username=far_side.username,
        password=far_side.password,
        **more,
    )
    assert answer.status_code == 200
    found: dict[str, str] = answer.json()
    return found


def _list_with(far_side: SandboxProcess, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.get(f"{far_side.base_url}{TASKS}", headers=headers, trust_env=False).status_code


def test_a_form_body_gets_a_token_of_seven_days(far_side: SandboxProcess) -> None:
    token = _password_grant(far_side, totp="123456")
    assert token["token_type"] == "bearer"
    assert token["expires_in"] == 604799
    assert _list_with(far_side, token["access_token"]) == 200


def test_a_json_body_gets_no_token(far_side: SandboxProcess) -> None:
    login = {"grant_type": "password", "username": far_side.username, "password": far_side.password}
    answer = httpx.post(f"{far_side.base_url}/api/token", json=login, trust_env=False)
    assert answer.status_code == 400
    assert answer.json() == {"error": "unsupported_grant_type"}


@pytest.mark.parametrize("grant", ["client_credentials", ""])
def test_other_grants_do_not_exist(far_side: SandboxProcess, grant: str) -> None:
    assert ask_token(far_side.base_url, grant_type=grant).json() == {"error": "unsupported_grant_type"}


@pytest.mark.parametrize("presented", ["", "api@acme.example"])
def test_a_refresh_works_with_the_default_client_id_or_none(far_side: SandboxProcess, presented: str) -> None:
    first = _password_grant(far_side)
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = ask_token(far_side.base_url, **form, **({"client_id": presented} if presented else {}))
    assert second.status_code == 200
    assert _list_with(far_side, second.json()["access_token"]) == 200


@pytest.mark.parametrize("place", ["header", "parameter"])
def test_a_client_id_is_taken_from_a_header_or_a_parameter(far_side: SandboxProcess, place: str) -> None:
    other = _password_grant(far_side)
    form = {"grant_type": "password", "username": far_side.username, "password": far_side.password}
    headers = {"client_id": "mine"} if place == "header" else {}
    form |= {} if place == "header" else {"client_id": "mine"}
    mine = httpx.post(f"{far_side.base_url}/api/token", data=form, headers=headers, trust_env=False).json()
    refresh = {"grant_type": "refresh_token", "refresh_token": mine["refresh_token"]}
    assert ask_token(far_side.base_url, **refresh, client_id="another").status_code == 400
    assert ask_token(far_side.base_url, **refresh, client_id="mine").status_code == 200
    # The tokens of the other client id were left alone.
    refresh["refresh_token"] = other["refresh_token"]
    assert ask_token(far_side.base_url, **refresh).status_code == 200


def test_a_new_token_kills_the_earlier_refresh_token_but_not_the_access_token(far_side: SandboxProcess) -> None:
    first = _password_grant(far_side)
    _password_grant(far_side)
    dead = ask_token(far_side.base_url, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert dead.status_code == 400
    assert dead.json()["error"] == "invalid_grant"
    assert _list_with(far_side, first["access_token"]) == 200


def test_an_access_token_is_over_after_its_seven_days(far_side: SandboxProcess) -> None:
    token = _password_grant(far_side)["access_token"]
    far_side.set_clock(_WEEK - 60)
    assert _list_with(far_side, token) == 200
    far_side.set_clock(_WEEK)
    assert _list_with(far_side, token) == 401


@pytest.mark.parametrize(("seconds", "status"), [(_FORTNIGHT - 60, 200), (_FORTNIGHT + 1, 400)])
def test_a_refresh_token_is_over_after_fifteen_days(far_side: SandboxProcess, seconds: int, status: int) -> None:
    token = _password_grant(far_side)["refresh_token"]
    far_side.set_clock(seconds)
    assert ask_token(far_side.base_url, grant_type="refresh_token", refresh_token=token).status_code == status


@pytest.mark.parametrize(
    "path",
    [
        TASKS,
        "/api/spaces/coworkers",
        "/api/billing/coworkercontracts",
        "/api/sys/businesses",
        "/api/sys/users",
        "/en/user/me",
    ],
)
def test_basic_credentials_work_on_admin_endpoints(far_side: SandboxProcess, path: str) -> None:
    good = httpx.get(f"{far_side.base_url}{path}", auth=(far_side.username, far_side.password), trust_env=False)
    bad = httpx.get(f"{far_side.base_url}{path}", auth=(far_side.username, "no"), trust_env=False)
    assert (good.status_code, bad.status_code) == (200, 401)


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer nonsense", "Basic !!!", "Digest x"])
def test_without_a_good_token_nothing_is_read(far_side: SandboxProcess, value: str) -> None:
    headers = {"Authorization": value} if value else {}
    assert httpx.get(f"{far_side.base_url}{TASKS}", headers=headers, trust_env=False).status_code == 401


@pytest.mark.parametrize("status", [401, 403])
def test_list_and_read_are_separate_roles(far_side: SandboxProcess, api: httpx.Client, status: int) -> None:
    made = api.post(TASKS, json=task()).json()["Value"]["Id"]
    far_side.set_mode("S04", status)
    with client_of(far_side, "list-only@acme.example") as limited:
        assert limited.get(TASKS).status_code == 200
        assert limited.get(f"{TASKS}/{made}").status_code == status
        assert limited.post(TASKS, json=task()).status_code == status
        assert limited.put(TASKS, json=task(Id=made)).status_code == status
        assert limited.delete(f"{TASKS}/{made}").status_code == status
        assert limited.get("/api/sys/users").status_code == status
    assert len(rows(api)) == 1


def test_a_role_that_is_granted_opens_its_call(far_side: SandboxProcess, api: httpx.Client) -> None:
    usual = far_side.record("users", 1418332103)["UserRoles"]
    far_side.put_record("users", 1418332103, UserRoles=[*usual, "CoworkerTask-Create"])
    with client_of(far_side, "list-only@acme.example") as limited:
        assert limited.post(TASKS, json=task()).status_code == 200
    far_side.put_record("users", 1418332103, UserRoles=usual)


@pytest.mark.parametrize("status", [400, 401])
@pytest.mark.parametrize("user", ["api@acme.example", "old@acme.example", "nobody@acme.example"])
def test_bad_credentials_are_refused(far_side: SandboxProcess, status: int, user: str) -> None:
    far_side.set_mode("S05", status)
    answer = ask_token(far_side.base_url, grant_type="password", username=user, password="wrong")
    assert answer.status_code == status
    assert answer.json() == {
        "error": "invalid_grant",
        "error_description": "The user name or password is incorrect.",
    }


@pytest.mark.parametrize(
    ("fault", "error"),
    [("two-factor", "two_factor_auth_check"), ("must-reset-password", "must_reset_password")],
)
def test_a_login_may_ask_for_more_on_demand(far_side: SandboxProcess, fault: str, error: str) -> None:
    far_side.set_fault(fault, "1x")
    form = {"grant_type": "password", "username": far_side.username, "password": far_side.password}
    assert ask_token(far_side.base_url, **form).json() == {"error": error}
    assert ask_token(far_side.base_url, **form).status_code == 200


def test_the_creation_quota_refuses_creations_only(far_side: SandboxProcess, api: httpx.Client) -> None:
    made = api.post(TASKS, json=task()).json()["Value"]["Id"]
    far_side.set_fault("access-denied", "1")
    refused = api.post(TASKS, json=task())
    assert (refused.status_code, refused.json()) == (401, "Access Denied")
    assert api.put(TASKS, json=task(Id=made)).status_code == 200
    assert api.get(TASKS).json()["TotalItems"] == 1


def test_a_portal_member_gets_a_token_that_opens_no_admin_endpoint(far_side: SandboxProcess) -> None:
    with client_of(far_side, "member@acme.example") as member:
        assert member.get("/en/user/me").status_code == 200
        assert member.get(TASKS).status_code == 401
        assert member.post(TASKS, json=task()).status_code == 401


def test_me_names_the_login_and_its_locations(far_side: SandboxProcess, api: httpx.Client) -> None:
    me = api.get("/en/user/me").json()
    assert me["FullName"] == "Acme Integration"
    assert me["DefaultBusinessId"] == 1421021016
    assert [one["Id"] for one in me["Businesses"]] == [1421021016, 1421021017]


def test_me_is_a_page_on_demand(far_side: SandboxProcess, api: httpx.Client) -> None:
    far_side.set_fault("me-html", "1x")
    assert api.get("/en/user/me").headers["content-type"].startswith("text/html")
    assert api.get("/en/user/me").headers["content-type"].startswith("application/json")


def test_a_token_may_be_over_on_demand(far_side: SandboxProcess, api: httpx.Client) -> None:
    far_side.set_fault("token-expired", "2x")
    assert [api.get(TASKS).status_code for _ in range(3)] == [401, 401, 200]


def test_no_password_is_ever_remembered(far_side: SandboxProcess) -> None:
    _password_grant(far_side)
    noted = far_side.requests()
    assert [one["path"] for one in noted] == ["/api/token"]
    assert far_side.password not in str(noted)
