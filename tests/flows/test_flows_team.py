"""Once per team: one batch for a team, written to who pays for it, the same plan whoever starts the run."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from given_account import ASHLEY, GLEN, Account
from given_account import ZOE as PAYER
from sandbox_process import SandboxProcess

TEAM, OTHER_TEAM, OFFICE_CONTRACT = 1416049197, 1416049999, 1418975230
THIRD = 1423831760  # a generated member of the team, without a contract
MEMBERS = [PAYER, GLEN, THIRD, 1423831761, 1423831762]
OFFICE = """\
tasklist: office
name: Office of {{ team.name }}
once_per: team
anchor: contract.start
defaults: {responsible: host}
items:
  - id: keys
    name: Keys for {{ coworker.full_name }}
    notes: Contract {{ contract.id }}, {{ contract.tariff_name }}, since {{ membership.start | date }}.
    due: 1 business day before contract.start at 10:00
  - id: badge
    for_each: {member: team.members}
    name: Badge for {{ member.full_name }}
    responsible: {role: host, pick: rotate}
    due: on signup
  - {id: desk, name: "{{ desk.name }}", for_each: {desk: contract.desks}}
"""


@pytest.fixture(autouse=True)
def teams(far_side: SandboxProcess) -> Iterator[None]:
    """The teams as they were, after each test."""
    before = far_side.records("teams")
    yield
    far_side.remove_records("teams")
    for team in before:
        far_side.put_record("teams", team["Id"], **{name: value for name, value in team.items() if name != "Id"})


@pytest.fixture(autouse=True)
def office(account: Account) -> None:
    account.write("office", OFFICE)


def _second_team(account: Account, coworker: int, payer: int | None) -> None:
    account.far_side.put_record(
        "teams", OTHER_TEAM, Name="Second", BusinessId=1421021017, TeamMembers=[coworker], PayingMemberId=payer
    )
    account.far_side.put_record("coworkers", coworker, Teams=[TEAM, OTHER_TEAM])


def _bodies(answer_json: dict) -> list[bytes]:
    return [
        json.dumps(a["payload"], ensure_ascii=False, separators=(",", ":")).encode() for a in answer_json["actions"]
    ]


def test_whoever_starts_it_the_plan_is_the_same_byte_for_byte(account: Account):
    plans = {member: account.preview("--now", "2026-11-24", name="office", coworker=member) for member in MEMBERS}
    assert plans[PAYER].code == 0, plans[PAYER].err
    assert {plan.out for plan in plans.values()} == {plans[PAYER].out}
    assert {plan.err for plan in plans.values()} == {""}
    told = plans[PAYER].json
    assert told["coworker_id"] == PAYER
    assert {action["payload"]["CoworkerId"] for action in told["actions"]} == {PAYER}
    assert len(told["actions"]) == 7
    notes = next(a["payload"]["Notes"] for a in told["actions"] if a["item"] == "keys")
    assert notes.startswith(f"Contract {OFFICE_CONTRACT}, Private Office Small, since ")


def test_a_run_for_one_member_and_then_for_another_makes_one_batch(account: Account):
    first = account.run(name="office", coworker=GLEN)
    assert set(first.outcomes.values()) == {"created"}, first.err
    assert sorted(account.posts()) == sorted(_bodies(first.json))
    for member in MEMBERS:
        again = account.run(name="office", coworker=member)
        assert (again.code, set(again.outcomes.values())) == (0, {"kept"})
    account.lose_ledger()
    assert set(account.run(name="office", coworker=THIRD).outcomes.values()) == {"adopted"}
    assert len(account.commits()) == 7
    assert {line["record"]["CoworkerId"] for line in account.commits()} == {PAYER}


def test_the_look_up_and_the_ledger_are_the_paying_members(account: Account):
    account.run(name="office", coworker=GLEN)
    asked = [r for r in account.far_side.requests() if r["path"] == "/api/crm/coworkertasks" and r["method"] == "GET"]
    assert asked
    assert {f"{request['query']}".count(str(PAYER)) for request in asked} == {1}
    runs = account.cli("status", "--format", "json").json["runs"]
    assert {run["coworker_id"] for run in runs} == {PAYER}


def test_an_answer_that_leaves_it_open_is_settled_by_a_run_for_another_member(account: Account):
    account.far_side.set_fault("error-after-commit", "1x:coworkertasks")
    quiet = {"TASKLISTS_QUIET_SECONDS": "0"}
    account.run(name="office", coworker=GLEN, **quiet)
    done = account.run(name="office", coworker=THIRD, **quiet)
    assert done.code == 0
    assert set(done.outcomes.values()) <= {"kept", "adopted"}
    assert len(account.commits()) == 7


def test_several_members_at_once_make_one_batch(account: Account):
    env = {"TASKLISTS_QUIET_SECONDS": "1"}

    def one(member: int) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            account.command("run", "office", "--coworker", member, "--yes", "--format", "json"),
            cwd=account.folder,
            env=account.whole_env(**env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=False,
        )

    with ThreadPoolExecutor(3) as pool:
        ended = list(pool.map(one, [PAYER, GLEN, THIRD]))
    assert all(run.returncode in {0, 3} for run in ended), [run.stderr for run in ended]
    assert len(account.names()) == len(set(account.names())) == 7


def test_a_coworker_in_no_team_is_told_so(account: Account):
    answer = account.run(name="office", coworker=ASHLEY)
    assert answer.code == 2
    assert "once_per: team needs a team, and this coworker is in none" in answer.err
    assert account.posts() == []


@pytest.mark.parametrize("payer", [None, 0])
def test_a_team_that_nobody_pays_for_is_told_by_its_id(account: Account, payer: int | None):
    account.far_side.put_record("teams", TEAM, PayingMemberId=payer)
    answer = account.run(name="office", coworker=GLEN)
    assert answer.code == 2
    assert f"once_per: team writes to the team's paying member, and team {TEAM} has none" in answer.err


def test_a_coworker_in_two_teams_names_one(account: Account):
    _second_team(account, GLEN, PAYER)
    answer = account.run(name="office", coworker=GLEN)
    assert answer.code == 2
    assert f"The coworker is in 2 teams: {TEAM}, {OTHER_TEAM}.\nName one with --team." in answer.err
    assert account.run("--team", TEAM, name="office", coworker=GLEN).code == 0
    second = account.run("--team", OTHER_TEAM, name="office", coworker=GLEN)
    assert set(second.outcomes.values()) == {"created"}, "another team's batch is another one"
    assert {line["record"]["CoworkerId"] for line in account.commits()} == {PAYER}
    made = {(line["record"]["TaskItemUniqueId"]) for line in account.commits()}
    assert len(made) == len(account.commits()) == 7 + 3


def test_a_payer_of_one_team_in_another_names_the_one_and_the_plan_is_still_the_same(account: Account):
    _second_team(account, PAYER, GLEN)
    assert "in 2 teams" in account.preview(name="office", coworker=PAYER).err
    named = ("--now", "2026-11-24", "--team", TEAM)
    plans = {account.preview(*named, name="office", coworker=member).out for member in (PAYER, GLEN)}
    assert len(plans) == 1
    assert json.loads(plans.pop())["coworker_id"] == PAYER


def test_who_pays_need_not_be_one_of_the_members(account: Account):
    account.far_side.put_record("coworkers", PAYER, Teams=[])
    plans = [
        account.preview("--now", "2026-11-24", name="office", coworker=GLEN),
        account.preview("--now", "2026-11-24", "--team", TEAM, name="office", coworker=PAYER),
    ]
    assert [plan.code for plan in plans] == [0, 0]
    assert plans[0].out == plans[1].out


def test_a_team_of_others_is_refused(account: Account):
    answer = account.preview("--team", TEAM, name="office", coworker=ASHLEY)
    assert answer.code == 2
    assert f"Team {TEAM} is not a team of this coworker.\nIts teams: none." in answer.err


def test_a_contract_of_somebody_else_than_the_payer_is_refused(account: Account):
    answer = account.preview("--contract", 1418975228, name="office", coworker=GLEN)
    assert answer.code == 2
    assert "Contract 1418975228 is not one of this coworker's contracts" in answer.err


def test_saved_facts_give_the_same_plan_offline(account: Account, tmp_path: Path):
    now = ("--now", "2026-11-24")
    saved = tmp_path / "facts.json"
    live = account.preview(*now, "--save-facts", saved, name="office", coworker=GLEN)
    account.far_side.clear_requests()
    offline = account.cli("preview", "office", "--facts", saved, *now, "--format", "json")
    assert offline.out == live.out
    assert account.far_side.requests() == []


def test_facts_of_another_than_the_payer_make_no_plan(account: Account, tmp_path: Path):
    saved = tmp_path / "facts.json"
    account.preview("--save-facts", saved, name="office", coworker=GLEN)
    told = json.loads(saved.read_text())
    told["team"]["PayingMemberId"] = GLEN
    saved.write_text(json.dumps(told))
    answer = account.cli("preview", "office", "--facts", saved)
    assert answer.code == 2
    assert f"coworker {GLEN} pays for team {TEAM}; these facts are of coworker {PAYER}" in answer.err


def test_a_team_that_has_another_payer_by_now_keeps_its_tasks(account: Account):
    item = "{id: keys, name: Keys}"
    head = "tasklist: office\nname: Office\nonce_per: team\ndefaults: {responsible: host}\n"
    account.write("office", f"{head}items:\n  - {item}\n")
    assert account.run(name="office", coworker=GLEN).outcomes == {"keys": "created"}
    team = next(one for one in account.far_side.records("teams") if GLEN in one["TeamMembers"])
    account.far_side.put_record("teams", team["Id"], PayingMemberId=GLEN)
    try:
        assert account.run(name="office", coworker=GLEN).outcomes == {"keys": "kept"}
    finally:
        account.far_side.put_record("teams", team["Id"], PayingMemberId=team["PayingMemberId"])
    assert len(account.commits()) == 1
