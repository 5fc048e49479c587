"""Signing up, starting, notice, another plan, a team: the records that follow, and the events that are told."""

from __future__ import annotations

import urllib.error
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hook_receiver import Receiver, receiver
from hooks_given import ACTIONS, at_once, register, told
from sandbox_given import ASHLEY, BARCELONA, LONDON, rows
from sandbox_process import SandboxProcess
from whenever import Instant

pytestmark = pytest.mark.usefixtures("newcomers")

_DAY = 86_400
_NEW_MEMBERS = 1412000103


@pytest.fixture
def ours(far_side: SandboxProcess, api: httpx.Client) -> Iterator[Receiver]:
    """A receiver of every event, at both locations."""
    with receiver() as running:
        at_once(far_side)
        for business in (BARCELONA, LONDON):
            register(api, running, *ACTIONS, BusinessId=business)
        yield running


def _events(far_side: SandboxProcess) -> list[str]:
    """What was told since the last look, in order."""
    found = [line["event"] for line in far_side.deliveries(wait=10)]
    far_side.clear_deliveries()
    return found


def _today(zone: str = "Europe/Madrid", days: int = 0) -> str:
    return Instant.now().to_tz(zone).date().add(days=days).format_iso()


def test_a_contact_has_no_contract(far_side: SandboxProcess, api: httpx.Client, ours: Receiver) -> None:
    made = far_side.signup("Nia Vance")
    assert (made["contract_id"], made["user_id"], made["team_id"]) == (None, None, None)
    assert _events(far_side) == ["coworker.created"]
    shown = api.get(f"/api/spaces/coworkers/{made['coworker_id']}").json()
    assert (shown["FullName"], shown["InvoicingBusinessId"], shown["TotalActiveContracts"]) == (
        "Nia Vance",
        BARCELONA,
        0,
    )
    assert shown["Email"] == f"member-{made['coworker_id']}@people.example"
    assert shown["RegistrationDate"] == shown["CreatedOn"]
    assert shown["AccessPincode"].isdigit()


def test_a_contract_that_starts_today_starts_at_once(
    far_side: SandboxProcess, api: httpx.Client, ours: Receiver
) -> None:
    made = far_side.signup("Nia Vance", tariff=1415418447, location="london", user=True, email="nia@people.example")
    assert _events(far_side) == [
        *("coworker.created", "welcome_email.sent"),
        *("contract.created", "contract.activated", "contract.first_activated"),
    ]
    contract = api.get(f"/api/billing/coworkercontracts/{made['contract_id']}").json()
    known = {"Active": True, "Cancelled": False, "MainContract": True, "IssuedById": LONDON, "TariffId": 1415418447}
    assert {key: contract[key] for key in known} == known
    assert contract["StartDate"] == f"{_today('Europe/London')}T00:00:00Z"
    member = api.get(f"/api/spaces/coworkers/{made['coworker_id']}").json()
    assert (member["TotalActiveContracts"], member["TariffName"]) == (1, "Dedicated Desk")
    assert member["UserId"] == made["user_id"]
    (user,) = rows(api, "/api/sys/users", User_Email="nia@people.example")
    assert (user["Id"], user["IsAdmin"]) == (made["user_id"], False)
    assert not any(key.startswith("_") for key in contract)


def test_a_later_start_comes_with_the_clock(far_side: SandboxProcess, api: httpx.Client, ours: Receiver) -> None:
    made = far_side.signup("Nia Vance", tariff="Hot Desk", start="+14")
    assert _events(far_side) == ["coworker.created", "contract.created"]
    path = f"/api/billing/coworkercontracts/{made['contract_id']}"
    assert (api.get(path).json()["Active"], api.get(path).json()["StartDate"][:10]) == (False, _today(days=14))
    assert api.get(f"/api/spaces/coworkers/{made['coworker_id']}").json()["TotalNewContracts"] == 1
    far_side.set_clock(12 * _DAY)
    assert _events(far_side) == []
    far_side.set_clock(14 * _DAY)
    assert _events(far_side) == ["contract.activated", "contract.first_activated"]
    assert far_side.record("coworkercontracts", made["contract_id"])["Active"] is True
    far_side.set_clock(15 * _DAY)
    assert _events(far_side) == []


def test_time_that_passes_by_itself_starts_a_contract_too(far_side: SandboxProcess, ours: Receiver) -> None:
    soon = Instant.now().add(seconds=1.5).format_iso()
    far_side.signup("Nia Vance", tariff="Hot Desk", start=soon)
    assert _events(far_side) == ["coworker.created", "contract.created"]
    ours.wait_for(4, seconds=8)
    assert _events(far_side) == ["contract.activated", "contract.first_activated"]


def test_notice_is_told_at_once_and_the_end_on_its_day(far_side: SandboxProcess, ours: Receiver) -> None:
    made = far_side.signup("Nia Vance", tariff="Hot Desk")
    _events(far_side)
    given = far_side.cancel(made["coworker_id"], on="+30")
    assert given == {"contract_id": made["contract_id"], "on": f"{_today(days=30)}T00:00:00Z", "cancelled": False}
    assert _events(far_side) == ["contract.updated"]
    assert far_side.record("coworkercontracts", made["contract_id"])["Active"] is True
    far_side.set_clock(30 * _DAY)
    assert _events(far_side) == ["contract.cancelled"]
    ended = far_side.record("coworkercontracts", made["contract_id"])
    assert (ended["Active"], ended["Cancelled"], ended["CancellationDate"]) == (False, True, given["on"])
    assert far_side.record("coworkers", made["coworker_id"])["TotalActiveContracts"] == 0


def test_a_contract_may_end_today_or_before_it_began(far_side: SandboxProcess, ours: Receiver) -> None:
    running = far_side.signup("Nia Vance", tariff="Hot Desk")["coworker_id"]
    coming = far_side.signup("Lev Odd", tariff="Hot Desk", start="+5")["coworker_id"]
    _events(far_side)
    assert far_side.cancel(running)["cancelled"] is True
    assert far_side.cancel(coming)["cancelled"] is True
    assert _events(far_side) == ["contract.cancelled"] * 2
    far_side.set_clock(6 * _DAY)
    assert _events(far_side) == [], "what was cancelled does not start"


@pytest.mark.parametrize(("mode", "count"), [("two-contracts", 2), ("one-contract", 1)])
def test_another_plan_is_activated_and_the_old_one_cancelled(
    *, far_side: SandboxProcess, api: httpx.Client, ours: Receiver, mode: str, count: int
) -> None:
    far_side.set_mode("S45.plan-change", mode)
    made = far_side.signup("Nia Vance", tariff="Hot Desk")
    _events(far_side)
    ours.received.clear()
    changed = far_side.change_plan(made["coworker_id"], "virtual office")
    assert changed["old_contract_id"] == made["contract_id"]
    assert _events(far_side) == ["contract.activated", "contract.cancelled", "contract.plan_changed"]
    new, old, again = (told(one) for one in ours.received)
    assert (new["TariffName"], old["TariffName"], again["Id"]) == ("Virtual Office", "Hot Desk", changed["contract_id"])
    assert (new["Active"], old["Cancelled"], new["MainContract"]) == (True, True, True)
    own = rows(api, "/api/billing/coworkercontracts", CoworkerContract_Coworker=made["coworker_id"])
    assert len(own) == count
    assert [one["TariffName"] for one in own if one["Active"]] == ["Virtual Office"]


@pytest.mark.parametrize(("mode", "firsts"), [("ever", 1), ("per-location", 2)])
def test_the_first_activation_is_ever_or_per_location(
    *, far_side: SandboxProcess, ours: Receiver, mode: str, firsts: int
) -> None:
    far_side.set_mode("S45.first", mode)
    made = far_side.signup("Nia Vance", tariff="Hot Desk")
    far_side.cancel(made["coworker_id"], on="+1")
    contract = far_side.record("coworkercontracts", made["contract_id"])
    again = contract | {"Active": False, "IssuedById": LONDON, "_waits": True}
    far_side.put_record("coworkercontracts", 1418985900, **{k: v for k, v in again.items() if k != "_ends"})
    far_side.put_record("coworkercontracts", 1418985900, _waits=True)
    far_side.set_clock(1)
    found = _events(far_side)
    assert found.count("contract.first_activated") == firsts
    assert found.count("contract.activated") == 2


def test_a_team_is_joined_or_made(far_side: SandboxProcess, api: httpx.Client, ours: Receiver) -> None:
    first = far_side.signup("Nia Vance", team="Tidewater", location="london")
    assert _events(far_side) == ["coworker.created", "team.created"]
    second = far_side.signup("Lev Odd", location="london")["coworker_id"]
    _events(far_side)
    assert far_side.join_team(second, "Tidewater")["team_id"] == first["team_id"]
    assert _events(far_side) == ["team.updated"]
    team = api.get(f"/api/spaces/teams/{first['team_id']}").json()
    assert (team["PayingMemberId"], team["BusinessId"]) == (first["coworker_id"], LONDON)
    assert team["TeamMembers"] == [first["coworker_id"], second]
    member = api.get(f"/api/spaces/coworkers/{second}").json()
    assert (member["Teams"], member["TeamNames"]) == ([first["team_id"]], "Tidewater")


def test_native_lists_make_their_tasks_for_who_signs_up(far_side: SandboxProcess, ours: Receiver) -> None:
    far_side.put_record("tasklists", _NEW_MEMBERS, Active=True)
    contact = far_side.signup("Nia Vance")["coworker_id"]
    member = far_side.signup("Lev Odd", tariff="Hot Desk")["coworker_id"]
    far_side.put_record("tasklists", _NEW_MEMBERS, Active=False)
    made = [one["CoworkerId"] for one in far_side.records("coworkertasks")]
    assert (made.count(contact), made.count(member)) == (0, 2)


def test_any_event_can_be_made_to_happen(far_side: SandboxProcess, api: httpx.Client, ours: Receiver) -> None:
    made = far_side.signup("Nia Vance", tariff="Hot Desk")["coworker_id"]
    team = far_side.happen("team.created", fields={"Name": "Quill", "BusinessId": BARCELONA})["id"]
    far_side.happen("coworker.updated", id=made, fields={"Custom7": "yes"})
    far_side.happen("coworker.deleted", id=made)
    assert _events(far_side)[-3:] == ["team.created", "coworker.updated", "coworker.deleted"], "no contract.cancelled"
    assert api.get(f"/api/spaces/teams/{team}").json()["Name"] == "Quill"
    assert [told(one)["Custom7"] for one in ours.received[-2:]] == ["yes", "yes"]
    assert api.get(f"/api/spaces/coworkers/{made}").status_code == 404
    assert rows(api, "/api/billing/coworkercontracts", CoworkerContract_Coworker=made) == []
    far_side.remove_record("teams", team)


def test_what_a_member_buys_pays_and_uses_is_told_and_read(
    far_side: SandboxProcess, api: httpx.Client, ours: Receiver
) -> None:
    usual = {"CoworkerId": ASHLEY, "BusinessId": BARCELONA}
    checkin = far_side.happen("checkin.created", fields=usual | {"FromTime": "2026-11-24T09:00:00Z"})["id"]
    invoice = far_side.happen("invoice.first_created", fields=usual)["id"]
    far_side.happen("invoice.paid", id=invoice, fields={"Paid": True, "PaidOn": "2026-11-24T10:00:00Z"})
    product = far_side.happen("product.created", fields=usual | {"ProductName": "Locker"})["id"]
    events = ["checkin.created", "invoice.first_created", "invoice.paid", "product.created"]
    assert _events(far_side) == events
    bodies = [told(one) for one in ours.received]
    assert [body["Id"] for body in bodies] == [checkin, invoice, invoice, product]
    assert {body["CoworkerId"] for body in bodies} == {ASHLEY}
    assert api.get(f"/api/spaces/checkins/{checkin}").json()["FromTime"] == "2026-11-24T09:00:00Z"
    assert api.get(f"/api/billing/coworkerinvoices/{invoice}").json()["Paid"] is True
    assert rows(api, "/api/billing/coworkerproducts", CoworkerProduct_Coworker=ASHLEY)[0]["ProductName"] == "Locker"
    assert api.delete(f"/api/billing/coworkerinvoices/{invoice}").status_code == 405
    for entity in ("checkins", "coworkerinvoices", "coworkerproducts"):
        far_side.remove_records(entity)


def test_what_is_put_in_by_hand_stays_as_it_is(far_side: SandboxProcess, ours: Receiver) -> None:
    made = far_side.signup("Nia Vance", tariff="Hot Desk", start="+3")
    far_side.put_record("coworkercontracts", made["contract_id"], StartDate="2026-01-01T00:00:00Z")
    _events(far_side)
    far_side.set_clock(4 * _DAY)
    assert _events(far_side) == []
    assert far_side.record("coworkercontracts", made["contract_id"])["Active"] is False


@pytest.mark.parametrize(
    ("call", "asked", "said"),
    [
        ("signup", {}, "needs a name"),
        ("signup", {"name": " "}, "needs a name"),
        ("signup", {"name": "x", "tarif": "Hot Desk"}, "The nearest is 'tariff'"),
        ("signup", {"name": "x", "tariff": "Hot Dsk"}, "The nearest is 'Hot Desk'"),
        ("signup", {"name": "x", "location": "barcelone"}, "The nearest is 'barcelona'"),
        ("signup", {"name": "x", "start": "soon"}, "'soon' is no date"),
        ("signup", {"name": "x", "start": "9999-12-31", "tariff": "Hot Desk"}, "'9999-12-31' is no date"),
        ("signup", {"name": "x", "contract": {"StartDate": 7}}, "'7' is no date"),
        ("signup", {"name": "x\ud83d"}, "the body is no JSON"),
        ("signup", {"name": "x" * 1001}, "longer than 1000"),
        ("signup", {"name": "x", "fields": [1]}, "fields has to be an object"),
        ("cancel", {"coworker_id": 1}, "there is no coworker 1"),
        ("cancel", {"coworker_id": 1423831750}, "has 2 contracts (1418975233, 1418975234)"),
        ("cancel", {"coworker_id": 1423831751}, "has 0 contracts (none)"),
        ("cancel", {"contract_id": 1418975232}, "no contract 1418975232 that could end"),
        ("change-plan", {"coworker_id": ASHLEY, "tariff": "Hot Desk"}, "has not started"),
        ("join-team", {"coworker_id": ASHLEY}, "needs its name"),
        ("events", {"event": "coworker.create"}, "The nearest is 'coworker.created'"),
        ("events", {"event": "invoice.paid", "id": 1}, "there is no coworkerinvoices 1"),
        ("events", {"event": "coworker.updated", "id": 1}, "there is no coworkers 1"),
        ("events", {"event": "team.created", "fields": {}}, "have to name BusinessId"),
        ("events", {"event": "invoice.paid", "location": "london", "body": 1}, "an object, or a text"),
        ("secrets", {"paris": "x"}, "there is no location 'paris'"),
        ("secrets", {"london": 7}, "has to be a text"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(
    far_side: SandboxProcess, call: str, asked: Any, said: str
) -> None:
    kinds = ("coworkers", "coworkercontracts", "teams", "webhooks")
    before = [far_side.records(entity) for entity in kinds]
    with pytest.raises(urllib.error.HTTPError) as refused:
        far_side.admin("POST", call, asked)
    with refused.value as answer:
        assert answer.code == 400
        assert said in answer.read().decode()
    assert [far_side.records(entity) for entity in kinds] == before
