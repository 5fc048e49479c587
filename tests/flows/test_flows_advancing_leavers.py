"""Jobs whose contract was withdrawn, or whose team has another payer, by the time that they are carried out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from given_account import GLEN, PAULA, ZOE, Account
from given_service import Service, put_contract, service_of

LATER, TEAM = 4300, 1416049197
START = "2027-06-01T00:00:00Z"
OFFICE = """\
tasklist: office
name: Office
once_per: team
applies: {on: [team.created]}
items: [{id: line, name: Line, responsible: front-desk}]
"""


@pytest.fixture
def service(account: Account) -> Iterator[Service]:
    with service_of(account) as running:
        yield running


@pytest.mark.parametrize("fields", [{"CancellationDate": START}, {"Cancelled": True}], ids=["on its start", "flag"])
def test_a_contract_that_was_withdrawn_before_its_start_gets_no_welcome(
    service: Service, account: Account, fields: dict[str, object]
) -> None:
    put_contract(service, LATER, PAULA, StartDate=START, Active=False, **fields)
    advanced = service.told("contract.created", LATER, CoworkerId=PAULA)
    assert (advanced.state, advanced.why) == ("done", f"contract {LATER} was withdrawn")
    assert account.names() == []


def test_a_contract_that_is_withdrawn_while_its_list_waits_gets_no_welcome(service: Service, account: Account) -> None:
    account.edit("new-member", "  tariffs:", "  wait_until: 14 days before contract.start\n  tariffs:")
    put_contract(service, LATER, PAULA, StartDate=START, Active=False)
    assert service.told("contract.created", LATER, CoworkerId=PAULA).state == "open"
    put_contract(service, LATER, PAULA, StartDate=START, Active=False, Cancelled=True, CancellationDate=START)
    assert [advanced.why for advanced in service.work(86_400)] == [f"contract {LATER} was withdrawn"]
    assert account.names() == []


@pytest.fixture
def team(account: Account) -> Iterator[dict[str, object]]:
    """The team, put back after the test."""
    account.write("office", OFFICE)
    before = account.far_side.record("teams", TEAM)
    yield before
    account.far_side.put_record("teams", TEAM, **{name: value for name, value in before.items() if name != "Id"})


@pytest.mark.parametrize("is_gone", [False, True], ids=["left the team", "deleted"])
def test_a_list_of_the_team_is_made_for_who_pays_by_then(
    account: Account, team: dict[str, object], is_gone: bool
) -> None:
    with service_of(account) as service:
        service.settle(service.deliver("team.created", TEAM))
        assert [job.coworker_id for job in service.jobs()] == [ZOE]
        members = [number for number in account.far_side.record("teams", TEAM)["TeamMembers"] if number != ZOE]
        account.far_side.put_record("teams", TEAM, PayingMemberId=GLEN, TeamMembers=members)
        account.far_side.put_record("coworkers", ZOE, Teams=[])
        if is_gone:
            account.far_side.remove_record("coworkers", ZOE)
        assert [advanced.why for advanced in service.work()] == ["created 1"]
    assert [line["record"]["CoworkerId"] for line in account.commits()] == [GLEN]
