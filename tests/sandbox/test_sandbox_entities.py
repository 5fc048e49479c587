"""What tasks refer to, and the network that a new sandbox starts with: S40 to S44 of the checklist."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from sandbox_given import ANA, ASHLEY, BARCELONA, JOSE, LONDON, ZOE, ids, rows
from sandbox_process import SandboxProcess, sandbox
from whenever import Date, Instant

COWORKERS, CONTRACTS = "/api/spaces/coworkers", "/api/billing/coworkercontracts"
USERS, DESKS, TEAMS = "/api/sys/users", "/api/sys/floorplandesks", "/api/spaces/teams"
_GLEN, _LESLIE, _RACHAEL, _DANNY, _PAULA, _TRACY = range(1423831747, 1423831753)


def _one(api: httpx.Client, path: str, identifier: int) -> dict[str, Any]:
    answer = api.get(f"{path}/{identifier}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _days_from_seeding(api: httpx.Client, text: str) -> int:
    """Counted from the sandbox's own day of seeding, so that midnight breaks nothing."""
    assert text.endswith("T00:00:00Z")
    the_day_before = Instant.parse_iso(_one(api, USERS, ANA)["LastAccess"])
    return round((Instant.parse_iso(text) - the_day_before).total("hours") / 24) - 1


def test_the_day_of_seeding_is_today(far_side: SandboxProcess) -> None:
    seeded = Instant.parse_iso(far_side.record("users", ANA)["LastAccess"])
    assert 24 <= (Instant.now() - seeded).total("hours") < 48.5


def test_a_coworker_has_no_business_but_linked_ones_and_a_home(api: httpx.Client) -> None:
    ashley = _one(api, COWORKERS, ASHLEY)
    assert "BusinessId" not in ashley
    assert (ashley["InvoicingBusinessId"], ashley["InvoicingBusinessName"]) == (BARCELONA, "Acme Barcelona")
    assert ashley["Businesses"] == [BARCELONA]
    assert ashley["ToStringText"] == f"Ashley Smith - {ashley['Email']}"
    assert ashley["Custom7"] == "yes"
    assert [ashley[f"Custom{number}"] for number in (1, 30)] == [None, None]
    assert re.fullmatch(r"\d{5}", ashley["AccessPincode"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,7}Z", ashley["RegistrationDate"])
    assert len(ashley) > 220


def test_coworker_rows_leave_out_lists_and_custom_fields(far_side: SandboxProcess, api: httpx.Client) -> None:
    whole = _one(api, COWORKERS, ZOE)
    (row,) = rows(api, COWORKERS, Coworker_Id=ZOE)
    assert set(row) == set(whole)
    assert (whole["Teams"], row["Teams"]) == ([1416049197], None)
    assert (whole["CompanyName"], row["CompanyName"]) == ("Acme Corp", None)
    assert (row["FullName"], row["InvoicingBusinessId"]) == ("Zoë Ångström", LONDON)
    far_side.set_mode("S32", "full")
    assert rows(api, COWORKERS, Coworker_Id=ZOE) == [whole]


def test_coworkers_can_be_found(api: httpx.Client) -> None:
    email = _one(api, COWORKERS, ASHLEY)["Email"]
    assert ids(api, COWORKERS, Coworker_Email=email) == [ASHLEY]
    assert ids(api, COWORKERS, Coworker_Email=email[1:]) == []
    assert ids(api, COWORKERS, Coworker_FullName="José Núñez 🚀") == [JOSE]
    assert ids(api, COWORKERS, Coworker_Custom7="yes") == [ASHLEY]
    assert ZOE in ids(api, COWORKERS, Coworker_InvoicingBusiness=LONDON)
    assert ASHLEY not in ids(api, COWORKERS, Coworker_InvoicingBusiness=LONDON)
    assert len(ids(api, COWORKERS, Coworker_Active="true")) == 40
    registered = _one(api, COWORKERS, ASHLEY)["RegistrationDate"][:16]
    both = {"from_Coworker_RegistrationDate": registered, "to_Coworker_RegistrationDate": registered}
    assert ASHLEY in ids(api, COWORKERS, **both)


@pytest.mark.parametrize(
    ("contract", "coworker", "start", "active"),
    [
        (1418975228, ASHLEY, 10, False),
        (1418975229, JOSE, -40, True),
        (1418975230, ZOE, 5, False),
        (1418975231, _LESLIE, 14, False),
        (1418975236, 1423831753, 3, False),
        (1418975237, 1423831754, 3, False),
    ],
)
def test_contracts_start_relative_to_the_day_of_seeding(
    *, api: httpx.Client, contract: int, coworker: int, start: int, active: bool
) -> None:
    found = _one(api, CONTRACTS, contract)
    assert (found["CoworkerId"], found["Active"], found["MainContract"]) == (coworker, active, True)
    assert _days_from_seeding(api, found["StartDate"]) == start
    assert found["RenewalDate"] >= found["StartDate"]
    assert found["ToStringText"].endswith(" (Main Contract)")
    assert found["IssuedById"] == _one(api, COWORKERS, coworker)["InvoicingBusinessId"]


def test_contracts_know_every_state(api: httpx.Client) -> None:
    cancelled = _one(api, CONTRACTS, 1418975232)
    assert (cancelled["Cancelled"], cancelled["Active"], cancelled["CoworkerId"]) == (True, False, _RACHAEL)
    assert _days_from_seeding(api, cancelled["CancellationDate"]) == -20
    leaving = _one(api, CONTRACTS, 1418975235)
    assert (leaving["Cancelled"], leaving["Active"], leaving["CoworkerId"]) == (False, True, _TRACY)
    assert _days_from_seeding(api, leaving["CancellationDate"]) == 25
    assert _days_from_seeding(api, _one(api, CONTRACTS, 1418975231)["IdentityChecksDueOn"]) == 7
    both = rows(api, CONTRACTS, CoworkerContract_Coworker=_DANNY)
    assert sorted(one["Id"] for one in both) == [1418975233, 1418975234]
    assert [(one["Active"], one["MainContract"]) for one in both] == [(True, False)] * 2
    assert ids(api, CONTRACTS, CoworkerContract_Coworker=_GLEN) == []


def test_contracts_can_be_found(api: httpx.Client) -> None:
    every = rows(api, CONTRACTS, size=1000)
    active = {one["Id"] for one in every if one["Active"]}
    assert set(ids(api, CONTRACTS, CoworkerContract_Active="true")) == active
    assert 0 < len(active) < len(every)
    dedicated = {one["Id"] for one in every if one["TariffId"] == 1415418447}
    assert set(ids(api, CONTRACTS, CoworkerContract_Tariff=1415418447)) == dedicated
    today = Instant.now().to_fixed_offset().date().format_iso()
    coming = {one["Id"] for one in every if one["StartDate"][:10] >= today}
    assert set(ids(api, CONTRACTS, from_CoworkerContract_StartDate=f"{today}T00:00")) == coming


def test_a_contract_names_its_desks_in_three_ways(api: httpx.Client) -> None:
    contract, desk = _one(api, CONTRACTS, 1418975228), _one(api, DESKS, 1415590047)
    assert contract["Desks"] == [1415590047]
    assert (contract["FloorPlanDeskIds"], contract["FloorPlanDeskNames"]) == ("1415590047", "Desk 11")
    assert (desk["Name"], desk["CoworkerId"], desk["CoworkerContractIds"]) == ("Desk 11", ASHLEY, "1418975228")
    assert _one(api, DESKS, 1415590144)["Name"] == "Office Unit 01"
    assert ids(api, DESKS, FloorPlanDesk_Coworker=ASHLEY) == [1415590047]


def test_membership_follows_from_active_contracts(far_side: SandboxProcess, api: httpx.Client) -> None:
    def counts(identifier: int) -> tuple[int, int]:
        found = _one(api, COWORKERS, identifier)
        return found["TotalActiveContracts"], found["TotalNewContracts"]

    assert [counts(one) for one in (JOSE, ASHLEY, _RACHAEL, _DANNY, _PAULA)] == [
        (1, 0),
        (0, 1),
        (0, 0),
        (2, 0),
        (0, 0),
    ]
    far_side.put_record("coworkercontracts", 1418975229, Active=False, Cancelled=True)
    assert counts(JOSE) == (0, 0)
    far_side.put_record("coworkercontracts", 1418975229, Active=True, Cancelled=False)
    assert counts(JOSE) == (1, 0)


def test_locations_have_numeric_zones_with_windows_names(api: httpx.Client) -> None:
    zones = {}
    for row in rows(api, "/api/sys/businesses"):
        zone = _one(api, "/api/sys/simpletimezones", row["SimpleTimeZoneId"])
        zones[row["Id"]] = (row["Name"], zone["Name"], zone["UsesSummerTime"])
        assert row["DefaultLanguage"] is None  # only GET one has it
    assert zones == {
        BARCELONA: ("Acme Barcelona", "Romance Standard Time", True),
        LONDON: ("Acme London", "GMT Standard Time", True),
    }
    assert _one(api, "/api/sys/businesses", BARCELONA)["DefaultLanguage"] == "es"


def test_users_are_found_by_their_mail(api: httpx.Client) -> None:
    assert ids(api, USERS, User_Email="ana@acme.example") == [ANA]
    assert sorted(ids(api, USERS, User_Email="twin@acme.example")) == [1418332101, 1418332102]
    assert ids(api, USERS, User_Email="nobody@acme.example") == []
    (old,) = rows(api, USERS, User_Email="old@acme.example")
    (guest,) = rows(api, USERS, User_Email="guest@acme.example")
    assert (old["Active"], old["IsAdmin"]) == (False, True)
    assert (guest["Active"], guest["IsAdmin"]) == (True, False)
    assert old["Id"] in ids(api, USERS, User_Active="false")


def test_users_hold_lists_and_secret_shaped_fields_in_get_one_only(api: httpx.Client) -> None:
    whole = _one(api, USERS, 1418332096)
    (row,) = rows(api, USERS, Id=1418332096)
    assert whole["Businesses"] == [BARCELONA, LONDON]
    assert row["Businesses"] is None
    for secret in ("AccessToken", "Password", "PasswordSalt", "TwoFactorSecret"):
        assert whole[secret].startswith("made-up-")
        assert row[secret] is None
    assert not any(key.startswith("_") for key in whole)


def test_a_team_has_members_and_one_who_pays(api: httpx.Client) -> None:
    team = _one(api, TEAMS, 1416049197)
    assert (team["Name"], team["BusinessId"], team["PayingMemberId"]) == ("Acme Corp", LONDON, ZOE)
    assert team["TeamMembers"] == [ZOE, _GLEN, 1423831760, 1423831761, 1423831762]
    assert rows(api, TEAMS, Team_Business=LONDON)[0]["TeamMembers"] is None
    assert rows(api, TEAMS, Team_Business=BARCELONA) == []


def test_plans_and_native_lists_are_readable(api: httpx.Client) -> None:
    names = {row["Id"]: row["Name"] for row in rows(api, "/api/billing/tariffs")}
    assert names == {
        1415418446: "Hot Desk",
        1415418447: "Dedicated Desk",
        1415418448: "Private Office Small",
        1415418449: "Virtual Office",
    }
    found = rows(api, "/api/crm/tasklists", TaskList_Business=BARCELONA, TaskList_Active="true")
    assert [row["Name"] for row in found] == ["House rules"]
    assert found[0]["Tariffs"] is None
    assert _one(api, "/api/crm/tasklists", 1412000102)["Tariffs"] == [1415418446]
    assert len(rows(api, "/api/crm/taskitems", TaskItem_TaskList=1412000101)) == 2


def test_forty_people_some_with_hostile_names(api: httpx.Client) -> None:
    names = {row["Id"]: row["FullName"] for row in rows(api, COWORKERS, size=100)}
    assert len(names) == 40
    assert names[1423831753] == "{{ 7*7 }}"
    assert names[1423831754] == "\x1b[31mRed\x1b[0m Adler\x07"
    assert set(range(1423831744, 1423831755)) | set(range(1423831760, 1423831789)) == set(names)


def test_the_same_seed_gives_the_same_people_and_another_one_others() -> None:
    def people(seed: str) -> list[tuple[str, str]]:
        with sandbox("--seed", seed) as far_side:
            return [(one["FullName"], one["UniqueId"]) for one in far_side.records("coworkers")]

    assert people("3") == people("3")
    assert people("3") != people("4")


def test_a_kept_file_is_seeded_once(tmp_path: Any) -> None:
    file = str(tmp_path / "kept.sqlite")
    with sandbox("--db", file) as far_side:
        far_side.put_record("coworkers", ASHLEY, FullName="Ashley Jones")
        far_side.remove_record("coworkers", JOSE)
    with sandbox("--db", file, "--seed", "9") as again:
        assert again.record("coworkers", ASHLEY)["FullName"] == "Ashley Jones"
        assert len(again.records("coworkers")) == 39


def test_contract_dates_are_whole_days(far_side: SandboxProcess) -> None:
    for contract in far_side.records("coworkercontracts"):
        for key in ("StartDate", "RenewalDate", "ContractTerm", "CancellationDate"):
            if contract[key] is not None:
                assert Date.parse_iso(contract[key][:10])
                assert contract[key].endswith("T00:00:00Z")
