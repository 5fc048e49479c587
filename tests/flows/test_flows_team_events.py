"""Events and a list with items for each member and for their team: own tasks for everybody, the team's once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from given_account import ASHLEY, GLEN, Account
from given_account import ZOE as PAYER
from given_service import Service, service_of
from sandbox_process import SandboxProcess
from whenever import Instant

from engine.flows.request import Request
from engine.flows.stopping import Stopped

TEAM, OTHER_TEAM = 1416049197, 1416049999
THIRD = 1423831760
COMPANY = """\
tasklist: company
name: Office
anchor: signup
applies: {on: [coworker.created, team.created, team.updated]}
defaults: {responsible: host}
items:
  - {id: card, name: "Card for {{ coworker.full_name }}"}
  - {id: sign, once_per: team, name: "Door sign of {{ team.name }}"}
"""


@pytest.fixture(autouse=True)
def company(account: Account, far_side: SandboxProcess) -> Iterator[None]:
    """The list, and the teams as they were after each test."""
    before = far_side.records("teams")
    account.write("company", COMPANY)
    (account.lists / "new-member.yaml").unlink()
    yield
    far_side.remove_records("teams")
    for team in before:
        far_side.put_record("teams", team["Id"], **{name: value for name, value in team.items() if name != "Id"})


@pytest.fixture
def service(account: Account, company: None) -> Iterator[Service]:
    with service_of(account) as running:
        yield running


def _made(account: Account) -> list[tuple[int, str]]:
    commits = (line["record"] for line in account.commits())
    return sorted((record["CoworkerId"], record["Name"].partition(" ")[0]) for record in commits)


def test_each_member_of_a_new_team_gets_a_card_and_the_team_one_sign(service: Service, account: Account) -> None:
    members = account.far_side.record("teams", TEAM)["TeamMembers"]
    service.deliver("team.created", TEAM)
    for _ in range(3):
        service.work()
    assert {job.state for job in service.jobs()} == {"done"}, [job.why for job in service.jobs()]
    assert _made(account) == sorted([*((member, "Card") for member in members), (PAYER, "Door")])


def test_who_joins_later_gets_a_card_and_no_second_sign(service: Service, account: Account) -> None:
    assert service.told("coworker.created", GLEN).why == "created 1; for the team: created 1"
    fifth = account.far_side.signup("Fifth Member", location="london")["coworker_id"]
    account.far_side.join_team(fifth, str(TEAM))
    advanced = service.told("coworker.created", fifth)
    assert (advanced.state, advanced.why) == ("done", "created 1; for the team: kept 1")
    assert _made(account) == sorted([(GLEN, "Card"), (PAYER, "Door"), (fifth, "Card")])
    runs = len(service.runs())
    service.deliver("team.updated", TEAM)
    for _ in range(3):
        service.work()
    assert [job.why for job in service.jobs() if job.coworker_id == fifth][-1] == "nothing to do"
    assert [name for _, name in _made(account)].count("Door") == 1
    assert len(service.runs()) > runs, "the other members had no card yet"


def test_a_team_without_a_payer_sets_the_job_aside_and_the_member_has_the_card(
    service: Service, account: Account
) -> None:
    account.far_side.put_record("teams", TEAM, PayingMemberId=None)
    first = service.told("coworker.created", GLEN)
    assert first.state == "open"
    assert f"team {TEAM} has none" in first.why
    assert _made(account) == [(GLEN, "Card")]
    account.far_side.put_record("teams", TEAM, PayingMemberId=PAYER)
    assert [advanced.why for advanced in service.work(700)] == ["kept 1; for the team: created 1"]
    assert _made(account) == sorted([(GLEN, "Card"), (PAYER, "Door")])


def test_trouble_of_the_team_alone_is_told_when_the_members_tasks_are_there(service: Service, account: Account) -> None:
    account.far_side.put_record("teams", TEAM, PayingMemberId=None)
    for _ in range(8):
        service.deliver("coworker.created", GLEN)
        service.work(4000)
    (job,) = {job.state: job for job in service.jobs()}.values()
    assert job.state == "aside"
    assert f"team {TEAM} has none" in job.why
    assert _made(account) == [(GLEN, "Card")]


def test_a_coworker_in_no_team_is_done_with_their_own(service: Service, account: Account) -> None:
    assert service.told("coworker.created", ASHLEY).why == "created 1"
    assert _made(account) == [(ASHLEY, "Card")]


def test_a_member_of_two_teams_has_the_card_and_the_job_says_what_is_missing(
    service: Service, account: Account
) -> None:
    account.far_side.put_record(
        "teams", OTHER_TEAM, Name="Second", BusinessId=1421021017, TeamMembers=[GLEN], PayingMemberId=GLEN
    )
    account.far_side.put_record("coworkers", GLEN, Teams=[TEAM, OTHER_TEAM])
    advanced = service.told("coworker.created", GLEN)
    assert advanced.state == "open"
    assert "is in 2 teams" in advanced.why
    assert _made(account) == [(GLEN, "Card")]


def test_a_paying_member_elsewhere_leaves_the_team_out(service: Service, account: Account) -> None:
    account.edit("company", "applies: {on:", "applies: {when: coworker.id != %d, on:" % PAYER)  # noqa: UP031 - braces
    advanced = service.told("coworker.created", GLEN)
    assert (advanced.state, advanced.why) == ("done", "created 1")
    assert _made(account) == [(GLEN, "Card")]


def test_a_run_that_ends_between_the_two_parts_is_gone_on_with(service: Service, account: Account) -> None:
    runner = service.new_runner()
    job = service.lists.job("company", Request(coworker_id=GLEN, now=Instant.now()))
    ran = runner.run(job, after=lambda *_: service.stop.request())
    assert ran is not None
    assert (ran.team, type(ran.trouble), ran.exit_code) == (None, Stopped, 130)
    assert _made(account) == [(GLEN, "Card")]
    done = account.cli("resume", "--format", "json")
    assert [run["results"][0]["outcome"] for run in done.json["runs"]] == ["created"], done.err
    assert _made(account) == sorted([(GLEN, "Card"), (PAYER, "Door")])
    assert account.cli("resume", "--format", "json").json["runs"] == []


def test_what_keeps_the_paying_member_busy_does_not_hide_what_was_made(service: Service, account: Account) -> None:
    with service.new_runner().holding(PAYER):
        ran = account.run(name="company", coworker=GLEN)
    assert ran.code == 3
    assert ran.json["team"] is None
    assert ran.outcomes == {"card": "created"}
    assert f"another process is working on coworker {PAYER}" in ran.err
    assert "once for the team nothing is made yet; `tasklists resume` goes on with it:" in ran.err
    resumed = account.cli("resume", "--format", "json").json
    assert [run["results"][0]["outcome"] for run in resumed["runs"]] == ["created"]


def test_a_backfill_makes_the_teams_part_once(account: Account) -> None:
    done = account.cli("backfill", "company", "--since", "2020-01-01", "--location", "london", "--yes")
    made = _made(account)
    signs = [coworker for coworker, name in made if name == "Door"]
    assert signs == [PAYER], done.err
    assert {(GLEN, "Card"), (THIRD, "Card"), (PAYER, "Card")} <= set(made)
