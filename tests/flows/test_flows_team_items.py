"""A list with items for each member and items for their team: a fifth member gets a card, and no second door sign."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from given_account import ASHLEY, GLEN, Account
from given_account import ZOE as PAYER
from sandbox_process import SandboxProcess

TEAM, OTHER_TEAM = 1416049197, 1416049999
THIRD = 1423831760
COMPANY = """\
tasklist: company
name: Office of {{ coworker.full_name }}
anchor: signup
defaults: {responsible: host}
items:
  - {id: card, name: "Card for {{ coworker.full_name }}"}
  - {id: sign, once_per: team, name: "Door sign of {{ team.name }}", due: 2 business days after signup}
  - {id: app, name: "App for {{ coworker.full_name }}"}
  - {id: room, once_per: team, name: "Room for {{ coworker.full_name }} and {{ team.members | length }} members"}
"""
QUIET = {"TASKLISTS_QUIET_SECONDS": "0"}


@pytest.fixture(autouse=True)
def company(account: Account, far_side: SandboxProcess) -> Iterator[None]:
    """The list, and the teams as they were after each test."""
    before = far_side.records("teams")
    account.write("company", COMPANY)
    yield
    far_side.remove_records("teams")
    for team in before:
        far_side.put_record("teams", team["Id"], **{name: value for name, value in team.items() if name != "Id"})


def _by_coworker(account: Account) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for line in account.commits():
        found.setdefault(line["record"]["CoworkerId"], []).append(line["record"]["Name"].partition(" ")[0])
    return {coworker: sorted(names) for coworker, names in sorted(found.items())}


def _outcomes(told: dict) -> dict[str, str]:
    return {part["item"]: part["outcome"] for part in told["results"]}


def test_a_fifth_member_gets_a_card_and_no_second_door_sign(account: Account):
    first = account.run(name="company", coworker=GLEN)
    assert first.code == 0, first.err
    assert _outcomes(first.json) == {"card": "created", "app": "created"}
    assert _outcomes(first.json["team"]) == {"sign": "created", "room": "created"}
    assert (first.json["coworker_id"], first.json["team"]["coworker_id"]) == (GLEN, PAYER)
    fifth = account.far_side.signup("Fifth Member", location="london")["coworker_id"]
    account.far_side.join_team(fifth, str(TEAM))
    joined = account.run(name="company", coworker=fifth)
    assert _outcomes(joined.json) == {"card": "created", "app": "created"}, joined.err
    assert _outcomes(joined.json["team"]) == {"sign": "kept", "room": "kept"}
    assert _by_coworker(account) == {GLEN: ["App", "Card"], PAYER: ["Door", "Room"], fifth: ["App", "Card"]}
    runs = account.cli("status", "--format", "json").json["runs"]
    assert all(run["finished_at"] and not run["open"] for run in runs)


def test_the_payer_gets_both_parts_each_once(account: Account):
    made = account.run(name="company", coworker=PAYER)
    assert _outcomes(made.json) == {"card": "created", "app": "created"}, made.err
    assert _outcomes(made.json["team"]) == {"sign": "created", "room": "created"}
    assert made.json["warnings"] == made.json["team"]["warnings"] == []
    again = account.run(name="company", coworker=PAYER)
    assert set(_outcomes(again.json).values()) | set(_outcomes(again.json["team"]).values()) == {"kept"}
    assert again.json["warnings"] == again.json["team"]["warnings"] == []
    assert _by_coworker(account) == {PAYER: ["App", "Card", "Door", "Room"]}


def test_a_lost_ledger_makes_nothing_twice(account: Account):
    for member in (PAYER, GLEN):
        assert account.run(name="company", coworker=member).code == 0
    account.lose_ledger()
    for member in (THIRD, GLEN, PAYER):
        assert account.run(name="company", coworker=member).code == 0
    own = ["App", "Card"]
    assert _by_coworker(account) == {PAYER: ["App", "Card", "Door", "Room"], GLEN: own, THIRD: own}


def test_the_preview_is_what_the_run_posts_for_both(account: Account):
    now = ("--now", "2026-11-24")
    plan = account.preview(*now, name="company", coworker=GLEN).json
    account.far_side.clear_requests()
    account.run(*now, name="company", coworker=GLEN)
    bodies = [
        json.dumps(action["payload"], ensure_ascii=False, separators=(",", ":")).encode()
        for told in (plan, plan["team"])
        for action in told["actions"]
    ]
    assert sorted(account.posts()) == sorted(bodies)
    names = [account.far_side.record("coworkers", one)["FullName"] for one in (GLEN, PAYER)]
    assert [told["task_list_name"] for told in (plan, plan["team"])] == [f"Office of {name}" for name in names]


def test_a_coworker_in_no_team_gets_their_own_and_is_told_why_not_the_rest(account: Account):
    made = account.run(name="company", coworker=ASHLEY)
    assert made.code == 0, made.err
    assert _outcomes(made.json) == {"card": "created", "app": "created"}
    assert made.json["team"] is None
    assert {(part["item"], part["reason"]) for part in made.json["left_out"]} == {
        (item, "made once for a team, and this coworker is in none") for item in ("sign", "room")
    }


def test_tables_and_markdown_show_both_plans(account: Account):
    table = account.cli("preview", "company", "--coworker", GLEN)
    assert "Once for the team:" in table.out
    assert f"company for coworker {GLEN} at" in table.out
    assert f"company for coworker {PAYER} at" in table.out
    text = account.cli("preview", "company", "--coworker", GLEN, "--format", "markdown").out
    assert text.count("### company for coworker") == 2
    ran = account.cli("run", "company", "--coworker", GLEN, "--yes")
    assert ran.code == 0
    assert "Once for the team:" in ran.out
    assert ran.out.count(": 2 created") == 2


def test_redacted_output_hides_the_payers_words_too(account: Account):
    name = account.far_side.record("coworkers", PAYER)["FullName"]
    assert name in account.preview(name="company", coworker=GLEN).out
    shown = account.preview("--redact", name="company", coworker=GLEN)
    assert name not in shown.out
    assert shown.json["team"]["checksum"] == account.preview(name="company", coworker=GLEN).json["team"]["checksum"]


def test_saved_facts_give_both_plans_offline(account: Account, tmp_path: Path):
    now = ("--now", "2026-11-24", "--format", "json")
    for coworker in (GLEN, PAYER, ASHLEY):
        saved = tmp_path / f"{coworker}.json"
        live = account.cli("preview", "company", "--coworker", coworker, *now, "--save-facts", saved)
        account.far_side.clear_requests()
        offline = account.cli("preview", "company", "--facts", saved, *now)
        assert offline.code == 0, offline.err
        assert offline.out == live.out
        assert account.far_side.requests() == []


def test_another_payer_by_now_gets_no_second_sign(account: Account):
    account.run(name="company", coworker=GLEN)
    account.far_side.put_record("teams", TEAM, PayingMemberId=GLEN)
    again = account.run(name="company", coworker=GLEN)
    assert again.json["team"]["coworker_id"] == GLEN
    assert set(_outcomes(again.json["team"]).values()) == {"kept"}
    assert len(account.commits()) == 4


def test_two_teams_want_one_to_be_named_before_anything_is_made(account: Account):
    account.far_side.put_record(
        "teams", OTHER_TEAM, Name="Second", BusinessId=1421021017, TeamMembers=[GLEN], PayingMemberId=GLEN
    )
    account.far_side.put_record("coworkers", GLEN, Teams=[TEAM, OTHER_TEAM])
    refused = account.run(name="company", coworker=GLEN)
    assert refused.code == 2
    assert "Name one with --team." in refused.err
    assert account.commits() == []
    for team, payer in ((TEAM, PAYER), (OTHER_TEAM, GLEN)):
        made = account.run("--team", team, name="company", coworker=GLEN)
        assert (made.json["team"]["coworker_id"], made.code) == (payer, 0)
        assert set(_outcomes(made.json["team"]).values()) == {"created"}
    assert len(account.commits()) == 2 + 2 + 2


def test_a_contract_of_the_members_own_does_not_choose_the_payers(account: Account):
    account.edit("company", "anchor: signup", "anchor: contract.start")
    account.edit("company", "after signup", "after contract.start")
    one = account.far_side.signup("Own Contract", location="london", tariff="Hot desk")
    account.far_side.join_team(one["coworker_id"], str(TEAM))
    made = account.run("--contract", one["contract_id"], name="company", coworker=one["coworker_id"])
    assert made.code == 0, made.err
    assert set(_outcomes(made.json["team"]).values()) == {"created"}


def test_a_list_that_is_not_for_the_payer_leaves_the_team_out_and_says_so(account: Account):
    account.edit("company", "anchor: signup", f"anchor: signup\napplies: {{when: coworker.id != {PAYER}}}")
    made = account.run(name="company", coworker=GLEN)
    assert made.code == 0, made.err
    assert made.json["team"] is None
    assert any("for its paying member" in part["reason"] for part in made.json["left_out"])


def test_a_list_once_per_team_may_have_items_for_each_member(account: Account):
    account.edit("company", "anchor: signup", "once_per: team\nanchor: signup")
    account.edit("company", "{id: card,", "{id: card, once_per: coworker,")
    account.edit("company", "{id: app,", "{id: app, once_per: coworker,")
    made = account.run(name="company", coworker=GLEN)
    assert (made.json["coworker_id"], made.json["team"]["coworker_id"]) == (GLEN, PAYER), made.err
    assert _by_coworker(account) == {GLEN: ["App", "Card"], PAYER: ["Door", "Room"]}


def test_open_answers_of_the_teams_part_are_settled_by_the_run_for_another_member(account: Account):
    account.far_side.set_fault("error-after-commit", "4x:coworkertasks")
    account.run(name="company", coworker=GLEN, **QUIET)
    account.far_side.clear_faults()
    done = account.run(name="company", coworker=THIRD, **QUIET)
    assert done.code == 0, done.err
    assert set(_outcomes(done.json["team"]).values()) <= {"kept", "adopted"}
    assert account.cli("resume", "--format", "json", **QUIET).code == 0
    assert _by_coworker(account)[PAYER] == ["Door", "Room"]


def _started(account: Account, member: int, **env: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        account.command("run", "company", "--coworker", member, "--yes", "--format", "json"),
        cwd=account.folder,
        env=account.whole_env(TASKLISTS_QUIET_SECONDS="1", **env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_members_at_once_in_processes_of_their_own_make_one_sign(account: Account):
    with ThreadPoolExecutor(3) as pool:
        ended = list(pool.map(lambda member: _started(account, member).communicate(timeout=90), [PAYER, GLEN, THIRD]))
    assert len(ended) == 3
    names = _by_coworker(account)
    assert names[PAYER] == ["App", "Card", "Door", "Room"], ended
    assert names[GLEN] == names[THIRD] == ["App", "Card"], ended


@pytest.mark.parametrize("commits", [1, 2, 3])
def test_killed_after_any_task_both_parts_are_finished_by_resume(account: Account, commits: int):
    started = _started(account, GLEN)
    try:
        deadline = time.monotonic() + 60
        while len(account.commits()) < commits and time.monotonic() < deadline and started.poll() is None:
            account.far_side.commits(after=account.seen_commits + commits - 1, wait=1)
    finally:
        started.send_signal(signal.SIGKILL)
        started.communicate()
    done = account.subprocess("resume", "--format", "json", TASKLISTS_QUIET_SECONDS="1")
    assert done.code == 0, done.err
    assert _by_coworker(account) == {GLEN: ["App", "Card"], PAYER: ["Door", "Room"]}
