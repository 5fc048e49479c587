"""The forms of the page: sign-up, notice, another plan, a team; and the page of the webhooks."""

from __future__ import annotations

import re

import httpx
import pytest
from hook_receiver import receiver
from hooks_given import at_once, register
from sandbox_given import ASHLEY, LONDON
from sandbox_process import SandboxProcess

pytestmark = pytest.mark.usefixtures("newcomers")

_HOSTILE = """<script>alert(1)</script>"' onfocus=x \x1b[31m\u202e"""


def _submit(api: httpx.Client, path: str, **form: str) -> httpx.Response:
    return api.post(path, data=form, headers={"Origin": str(api.base_url).rstrip("/")})


def test_the_form_signs_somebody_up_and_leads_to_their_page(far_side: SandboxProcess, api: httpx.Client) -> None:
    page = api.get("/signup").text
    assert set(re.findall(r"name='(\w+)'", page)) >= {"name", "email", "location", "tariff", "start", "team", "user"}
    assert "Acme London" in page
    assert "Virtual Office" in page
    form = {"name": "José 🚀", "location": "london", "tariff": "1415418446", "start": "", "email": "", "team": ""}
    answer = _submit(api, "/signup", **form, user="yes")
    assert answer.status_code == 303
    made = int(answer.headers["location"].removeprefix("/member/"))
    told = api.get(answer.headers["location"]).text
    for text in ("José 🚀", "Hot Desk", "active", "no team", "Acme London"):
        assert text in told
    record = far_side.record("coworkers", made)
    assert (record["InvoicingBusinessId"], record["UserActive"]) == (LONDON, True)


def test_a_members_page_gives_notice_changes_the_plan_and_joins_a_team(
    far_side: SandboxProcess, api: httpx.Client
) -> None:
    made = far_side.signup("Nia Vance", tariff="Hot Desk")
    path, contract = f"/member/{made['coworker_id']}", str(made["contract_id"])
    assert _submit(api, f"{path}/change-plan", contract_id=contract, tariff="1415418449").headers["location"] == path
    assert _submit(api, f"{path}/join-team", team="Tidewater").status_code == 303
    page = api.get(path).text
    assert "Tidewater" in page
    (running,) = re.findall(r"action='/member/\d+/cancel'><input type='hidden' name='contract_id' value='(\d+)'", page)
    assert running != contract, "what is over offers no form"
    _submit(api, f"{path}/cancel", contract_id=running, on="")
    assert far_side.record("coworkercontracts", int(running))["Cancelled"] is True
    assert "/cancel" not in api.get(path).text


@pytest.mark.parametrize(
    ("path", "form", "status", "said"),
    [
        ("/signup", {"name": ""}, 400, "a sign-up needs a name"),
        ("/signup", {"name": _HOSTILE, "start": "soon"}, 400, "&#x27;soon&#x27; is no date"),
        (f"/member/{ASHLEY}/change-plan", {"tariff": "1"}, 400, "no tariff"),
        (f"/member/{ASHLEY}/nothing", {}, 404, "no such form"),
        ("/member/1/cancel", {}, 400, "there is no coworker 1"),
    ],
)
def test_a_wrong_form_says_why_and_changes_nothing(
    *, far_side: SandboxProcess, api: httpx.Client, path: str, form: dict[str, str], status: int, said: str
) -> None:
    before = (far_side.records("coworkers"), far_side.records("coworkercontracts"))
    answer = _submit(api, path, **form)
    assert answer.status_code == status
    assert said in answer.text
    assert "<script" not in answer.text
    assert (far_side.records("coworkers"), far_side.records("coworkercontracts")) == before


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1"])
def test_a_form_that_another_site_sent_is_not_taken(far_side: SandboxProcess, api: httpx.Client, origin: str) -> None:
    count = len(far_side.records("coworkers"))
    assert api.post("/signup", data={"name": "Nia Vance"}, headers={"Origin": origin}).status_code == 403
    assert api.post("/signup", content=b"\xff", headers={}).status_code == 403
    assert api.post("/signup", content=b"name=" + b"a" * 70_000).status_code == 403
    assert len(far_side.records("coworkers")) == count


def test_hostile_text_is_inert_in_the_forms(far_side: SandboxProcess, api: httpx.Client) -> None:
    made = far_side.signup(_HOSTILE, tariff="Hot Desk", team=_HOSTILE)["coworker_id"]
    far_side.put_record("webhooks", 1413000001, Name="x", BusinessId=1, Action=3, URL=_HOSTILE, LastError=_HOSTILE)
    answers = [api.get(path) for path in (f"/member/{made}", "/hooks")]
    answers.append(_submit(api, "/signup", name=_HOSTILE, email=_HOSTILE, team=_HOSTILE, start=_HOSTILE))
    for answer in answers:
        assert "<script" not in answer.text
        assert "&lt;script&gt;" in answer.text
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", answer.text)
        assert not re.search(r"value='[^']*[\"'] onfocus", answer.text)
        assert "form-action 'self'" in answer.headers["content-security-policy"]


def test_the_page_of_the_webhooks_shows_their_health_and_what_went_out(
    far_side: SandboxProcess, api: httpx.Client
) -> None:
    assert "none yet" in api.get("/hooks").text
    with receiver() as ours:
        at_once(far_side, retries=0)
        (identifier,) = register(api, ours, "contract.created")
        ours.answer = lambda _: 503
        made = far_side.signup("Nia Vance", tariff="Hot Desk")
        far_side.deliveries(wait=5)
    page = re.sub(r"</?bdi>", "", api.get("/hooks").text)
    for text in (str(identifier), "contract.created", f"{ours.base_url}/contract.created", "HTTP 503", "failed 503"):
        assert text in page
    assert f"<td>{made['contract_id']}</td>" in page
    assert "Nia" not in page
    assert "href='/hooks'" in api.get("/").text
