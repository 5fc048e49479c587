"""What comes of a job: who gets a list and who does not, once, and why is kept without a member's text."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

import pytest
from given_account import ASHLEY, DANNY, JOSE, LONDON, PAULA, RACHAEL, TRACY, ZOE, Account
from given_service import Service, put_contract, service_of

from engine.flows.deciding import MOST_TRIES

CONTRACT, JOSES, RACHAELS, TRACYS = 1418975228, 1418975229, 1418975232, 1418975235
NEW_MEMBERS, HOT_DESK = 1412000103, 1415418446
BURST = ["coworker.created", "welcome_email.sent", "contract.created", "contract.activated", "contract.first_activated"]
CARD = """\
tasklist: card
name: Card
applies: {on: [%s]}
items: [{id: card, name: "Card for {{ coworker.full_name }}", responsible: front-desk}]
"""
FAREWELL = """\
tasklist: farewell
name: "Farewell {{ coworker.full_name }}"
applies: {on: [contract.cancelled]}
anchor: membership.end
once_per: membership
items: [{id: key, name: Key back, responsible: front-desk, due: on membership.end}]
"""
NOBODYS = 4242


@pytest.fixture
def service(account: Account) -> Iterator[Service]:
    with service_of(account) as running:
        yield running


def deliver_signup(service: Service, events: list[str], coworker: int, contract: int) -> None:
    for event in events:
        number = contract if event.startswith("contract") else coworker
        service.deliver(event, number, CoworkerId=coworker)


def worked_until_settled(service: Service) -> list[str]:
    """Carry all jobs out, moving the clock on, until none is open; the states that were met."""
    states = []
    for _ in range(2 * MOST_TRIES):
        states += [advanced.state for advanced in service.work(700)]
    return states


def test_a_delivery_becomes_the_members_tasks(service: Service, account: Account) -> None:
    advanced = service.told("contract.created", CONTRACT, CoworkerId=ASHLEY)
    assert (advanced.state, advanced.why) == ("done", "created 3")
    assert account.names() == [
        "Hand out the access card",
        "Locker key for desk Desk 11",
        "Welcome tour with Ashley Smith",
    ]
    (run,) = service.runs()
    assert (run["run_id"], run["cause"], run["open"]) == (advanced.run_id, "delivery", False)


def test_a_new_member_costs_six_reads_once_admins_and_native_lists_are_known(
    service: Service, account: Account
) -> None:
    service.told("contract.created", JOSES, CoworkerId=JOSE)
    account.far_side.clear_requests()
    service.told("contract.created", CONTRACT, CoworkerId=ASHLEY)
    assert account.reads() <= 6, account.calls()


@pytest.mark.parametrize("events", list(permutations(BURST))[::24], ids=lambda events: events[0])
def test_a_burst_in_any_order_is_one_run(service: Service, account: Account, events: list[str]) -> None:
    account.edit("new-member", "[contract.created,", "[coworker.created, welcome_email.sent, contract.created,")
    deliver_signup(service, list(events), ASHLEY, CONTRACT)
    (advanced,) = service.work()
    assert advanced.why == "created 3"
    assert len(service.runs()) == 1
    assert len(account.names()) == 3


def test_a_later_event_of_the_burst_finds_nothing_to_do_and_makes_no_run(service: Service, account: Account) -> None:
    service.told("contract.created", CONTRACT, CoworkerId=ASHLEY)
    again = service.told("contract.first_activated", CONTRACT, CoworkerId=ASHLEY)
    assert (again.state, again.why, again.run_id) == ("done", "nothing to do", None)
    assert len(service.runs()) == 1
    assert len(account.names()) == 3


def test_replays_on_every_path_thirty_days_later_make_nothing(service: Service, account: Account) -> None:
    account.write("farewell", FAREWELL)
    service.told("contract.created", CONTRACT, CoworkerId=ASHLEY)
    service.clock.ahead += 30 * 86_400
    for event in ["contract.created", "contract.cancelled", "contract.deleted", "contract.activated", "team.created"]:
        service.deliver(event, CONTRACT, CoworkerId=ASHLEY)
    worked_until_settled(service)
    assert len(account.names()) == 3
    assert {job.state for job in service.jobs()} == {"done"}
    assert "is not cancelled" in " ".join(job.why for job in service.jobs())


def test_a_list_that_needs_a_contract_waits_for_the_contracts_own_event(service: Service, account: Account) -> None:
    account.edit("new-member", "[contract.created,", "[coworker.created, contract.created,")
    first = service.told("coworker.created", PAULA)
    assert (first.state, first.why) == ("done", "no contract yet")
    put_contract(service, NOBODYS, PAULA)
    assert service.told("contract.created", NOBODYS, CoworkerId=PAULA).why == "created 2"
    assert len(service.runs()) == 1


def test_a_list_that_needs_no_contract_is_started_without_one(service: Service, account: Account) -> None:
    account.write("card", CARD % "coworker.created")
    assert service.told("coworker.created", PAULA).why == "created 1"


def test_the_contract_of_the_event_is_the_one_that_is_meant(service: Service, account: Account) -> None:
    account.edit("new-member", "tariffs: [Hot Desk, Dedicated Desk]", "when: contract.id == 1418975233")
    assert service.told("contract.created", 1418975234, CoworkerId=DANNY).why.startswith("new-member does not apply")
    assert service.told("contract.created", 1418975233, CoworkerId=DANNY).why == "created 2"


def test_a_contract_of_somebody_else_starts_nothing(service: Service, account: Account) -> None:
    service.deliver("contract.created", JOSES, CoworkerId=ASHLEY)
    worked_until_settled(service)
    (job,) = service.jobs()
    assert (job.state, job.why) == ("done", f"contract {JOSES} is not among coworker {ASHLEY}'s")
    assert account.names() == []


def test_a_contract_that_shows_only_later_is_waited_for(service: Service, account: Account) -> None:
    first = service.told("contract.created", NOBODYS, CoworkerId=PAULA)
    assert first.state == "open"
    put_contract(service, NOBODYS, PAULA)
    (second,) = service.work(6)
    assert second.why == "created 2"
    assert service.jobs()[0].tries == 1


@pytest.mark.parametrize("status", ["404", "500"])
def test_a_coworker_who_is_gone_is_believed_gone_only_after_some_tries(
    service: Service, account: Account, status: str
) -> None:
    account.write("card", CARD % "coworker.created")
    account.far_side.set_mode("S19", status)
    service.deliver("coworker.created", NOBODYS)
    pauses = [10.0, 5.0, 15.0, 45.0, 135.0]
    states = [advanced.state for pause in pauses for advanced in service.work(pause + 0.1)]
    assert states == ["open"] * (MOST_TRIES - 1) + ["done"]
    assert service.jobs()[0].why == "the coworker is gone"


def test_a_coworker_who_is_deleted_is_gone_at_once(service: Service, account: Account) -> None:
    account.write("card", CARD % "coworker.deleted")
    assert service.told("coworker.deleted", NOBODYS).why == "the coworker is gone"


def test_an_archived_coworker_gets_nothing(service: Service, account: Account) -> None:
    account.far_side.put_record("coworkers", ASHLEY, Archived=True)
    advanced = service.told("contract.created", CONTRACT, CoworkerId=ASHLEY)
    assert (advanced.state, advanced.why) == ("done", "the coworker is archived")
    assert account.names() == []


def test_a_location_that_is_not_ours_is_done_with_that_reason(service: Service, account: Account) -> None:
    account.far_side.put_record("coworkercontracts", CONTRACT, IssuedById=999)
    advanced = service.told("contract.created", CONTRACT, CoworkerId=ASHLEY)
    assert advanced.state == "done"
    assert advanced.why.startswith("not ours: Business 999 (the contract's IssuedById)")


def test_why_a_list_does_not_apply_is_kept_without_the_members_text(service: Service, account: Account) -> None:
    account.edit("new-member", "  tariffs:", "  when: coworker.full_name == 'Somebody'\n  tariffs:")
    advanced = service.told("contract.created", CONTRACT, CoworkerId=ASHLEY)
    assert advanced.state == "done"
    assert "its condition is false: coworker.full_name == 'Somebody'" in advanced.why
    assert "Ashley" not in advanced.why
    account.edit("new-member", "Dedicated Desk", "Suite")
    told = service.told("contract.first_activated", CONTRACT, CoworkerId=ASHLEY)
    assert told.why.endswith("it is for the plans Hot Desk, Suite, and this coworker has Dedicated Desk")


def test_an_input_that_no_event_gives_sets_the_delivery_aside(service: Service, account: Account) -> None:
    account.edit("new-member", "items:", "inputs: {parking: {type: text}}\nitems:")
    advanced = service.told("contract.created", CONTRACT, CoworkerId=ASHLEY)
    assert advanced.state == "aside"
    assert "the inputs parking" in advanced.why
    (delivery,) = service.ledger.inbox.listed("aside")
    assert "parking" in delivery.why


def test_a_cancellation_starts_the_farewell_unless_the_membership_goes_on(service: Service, account: Account) -> None:
    account.write("farewell", FAREWELL)
    put_contract(service, NOBODYS, RACHAEL, StartDate="2026-11-20T00:00:00Z")
    advanced = service.told("contract.cancelled", RACHAELS, CoworkerId=RACHAEL)
    assert (advanced.state, advanced.why) == ("done", f"the membership goes on with contract {NOBODYS}")
    assert service.told("contract.cancelled", TRACYS, CoworkerId=TRACY).why == "created 1"


def test_a_team_event_plans_for_each_member(service: Service, account: Account) -> None:
    account.write("card", CARD % "team.created")
    team = account.far_side.record("teams", 1416049197)
    service.deliver("team.created", team["Id"])
    assert [advanced.why for advanced in service.work()] == ["created 1"] * len(team["TeamMembers"])
    made = {line["record"]["CoworkerId"] for line in account.commits()}
    assert made == set(team["TeamMembers"])


def test_a_list_of_the_team_is_made_once_for_who_pays(service: Service, account: Account) -> None:
    account.write("card", CARD % "team.created, coworker.created" + "once_per: team\n")
    service.deliver("team.created", 1416049197)
    service.deliver("coworker.created", 1423831760)
    assert sorted(advanced.why for advanced in service.work()) == ["created 1", "nothing to do"]
    assert [line["record"]["CoworkerId"] for line in account.commits()] == [ZOE]


def switch_on(account: Account, **fields: object) -> None:
    account.far_side.put_record("tasklists", NEW_MEMBERS, Active=True, **fields)


@pytest.fixture
def native(account: Account) -> Iterator[None]:
    """The native list as it was, after the test."""
    yield
    account.far_side.put_record("tasklists", NEW_MEMBERS, Active=False, Tariffs=[], AssignToNewMembers=True)


@pytest.mark.usefixtures("native")
def test_an_active_native_list_is_not_doubled_until_one_of_the_two_is_off(service: Service, account: Account) -> None:
    switch_on(account)
    advanced = service.told("contract.created", CONTRACT, CoworkerId=ASHLEY)
    assert advanced.state == "aside"
    assert advanced.why.startswith(f"the native list 'New members' ({NEW_MEMBERS}) at barcelona makes its own tasks on")
    assert account.names() == []
    account.far_side.put_record("tasklists", NEW_MEMBERS, Active=False)
    service.ledger.jobs.reopen(service.jobs()[0].id, service.clock())
    assert [advanced.why for advanced in service.work()] == ["created 3"]


@pytest.mark.usefixtures("native")
@pytest.mark.parametrize(
    "fields",
    [
        {"Tariffs": [HOT_DESK]},
        {"BusinessId": LONDON},
        {"AssignToNewMembers": False, "AssignToNewContacts": True},
    ],
    ids=["another plan", "another location", "another trigger"],
)
def test_a_native_list_for_others_is_none_of_ours(
    service: Service, account: Account, fields: dict[str, object]
) -> None:
    before = account.far_side.record("tasklists", NEW_MEMBERS)
    switch_on(account, **fields)
    assert service.told("contract.created", CONTRACT, CoworkerId=ASHLEY).why == "created 3"
    account.far_side.put_record("tasklists", NEW_MEMBERS, **{name: before[name] for name in fields})


def test_without_the_right_to_list_native_lists_it_goes_on_and_says_so_once(service: Service, account: Account) -> None:
    roles = [
        *("Coworker-Read", "CoworkerContract-List", "CoworkerContract-Read", "User-List", "FloorPlanDesk-List"),
        *("CoworkerTask-List", "CoworkerTask-Read", "CoworkerTask-Create"),
    ]
    login = next(user for user in account.far_side.records("users") if user["Email"] == account.far_side.username)
    account.far_side.put_record("users", login["Id"], UserRoles=roles)
    try:
        assert service.told("contract.created", CONTRACT, CoworkerId=ASHLEY).why == "created 3"
        assert service.told("contract.created", JOSES, CoworkerId=JOSE).why.startswith("created")
    finally:
        account.far_side.put_record("users", login["Id"], UserRoles=login.get("UserRoles"))
    assert [line for line in service.said if "TaskList-List" in line] == service.said
    assert len(service.said) == 1
