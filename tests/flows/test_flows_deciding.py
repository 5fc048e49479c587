"""What a delivery starts: ids out of its body, whom they are about, one job for each list and coworker."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from given_account import ASHLEY, GLEN, LESLIE, PAULA, ZOE, Account
from given_service import Service, service_of

from engine.flows.deciding import MOST_TRIES, Decider
from engine.ledger.service_values import DeliveryId
from engine.nexudus.client import NexudusReader
from engine.nexudus.errors import LoginRefused, NexudusUnreachable, RoleMissing

CONTRACT, OFFICE_CONTRACT, TEAM = 1418975228, 1418975230, 1416049197
MEMBERS = [ZOE, GLEN, 1423831760, 1423831761, 1423831762]
WELCOME = """\
tasklist: welcome
name: Welcome
applies: {on: [coworker.created, welcome_email.sent, team.created, invoice.paid]}
items: [{id: card, name: Card, responsible: front-desk}]
"""
OFFICE = """\
tasklist: office
name: Office
once_per: team
applies: {on: [team.created]}
items: [{id: line, name: Line, responsible: front-desk}]
"""


@pytest.fixture
def service(account: Account) -> Iterator[Service]:
    account.write("welcome", WELCOME)
    with service_of(account) as running:
        yield running


def asked(service: Service) -> list[tuple[str, int, int | None, int | None]]:
    return sorted((job.tasklist, job.coworker_id, job.contract_id, job.team_id) for job in service.jobs())


def test_the_ids_in_the_body_are_enough_and_nothing_is_read(service: Service, account: Account) -> None:
    delivery = service.settle(service.deliver("contract.created", CONTRACT, CoworkerId=ASHLEY, IssuedById=1))
    assert (delivery.state, delivery.why) == ("done", "asks for new-member")
    assert (delivery.record_id, delivery.coworker_id) == (CONTRACT, ASHLEY)
    assert asked(service) == [("new-member", ASHLEY, CONTRACT, None)]
    assert account.calls() == []
    assert service.ledger.inbox.body(delivery.id) is None
    assert service.ledger.jobs.seen("contract.created", str(CONTRACT))


def test_a_contract_whose_body_names_no_coworker_is_read(service: Service, account: Account) -> None:
    service.settle(service.deliver("contract.created", CONTRACT))
    assert asked(service) == [("new-member", ASHLEY, CONTRACT, None)]
    assert account.calls() == [("GET", f"/api/billing/coworkercontracts/{CONTRACT}")]


@pytest.mark.parametrize("event", ["coworker.created", "welcome_email.sent"])
def test_a_coworkers_event_is_about_its_record(service: Service, event: str) -> None:
    service.settle(service.deliver(event, PAULA))
    assert asked(service) == [("welcome", PAULA, None, None)]


def test_an_event_that_no_list_starts_on_is_done_without_a_read(service: Service, account: Account) -> None:
    delivery = service.settle(service.deliver("contract.renewed", CONTRACT))
    assert (delivery.state, delivery.why, service.jobs()) == ("done", "no list starts on contract.renewed", [])
    assert account.calls() == []


def test_a_team_event_asks_for_each_member_and_for_who_pays_where_a_list_is_the_teams(
    service: Service, account: Account
) -> None:
    account.write("office", OFFICE)
    service.settle(service.deliver("team.created", TEAM))
    assert asked(service) == sorted([("office", ZOE, None, TEAM), *(("welcome", one, None, TEAM) for one in MEMBERS)])


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "the body is empty"),
        (b'[{"Id": "Ada Lovelace"}]', "the body's Id is no id"),
        (b'{"FullName": "Ada Lovelace"}', "the body has no Id"),
        (b'[{"Id": 1}, {"Id": 2}]', "an array of 2 elements"),
        (b"Ada Lovelace", "the body is not JSON"),
    ],
)
def test_an_odd_body_is_set_aside_and_its_text_is_nowhere_told(service: Service, body: bytes, reason: str) -> None:
    delivery = service.settle(service.deliver_body("coworker.created", body))
    assert delivery.state == "aside"
    assert reason in delivery.why
    assert "Ada" not in repr(delivery)
    assert service.ledger.inbox.body(delivery.id) == body


def test_a_burst_of_several_events_is_one_job_for_each_list(service: Service, account: Account) -> None:
    account.edit("welcome", "[coworker.created,", "[contract.created, coworker.created,")
    for event, number in [("welcome_email.sent", ASHLEY), ("contract.created", CONTRACT), ("coworker.created", ASHLEY)]:
        service.settle(service.deliver(event, number, CoworkerId=ASHLEY))
    service.settle(service.deliver("contract.first_activated", CONTRACT, CoworkerId=ASHLEY))
    assert asked(service) == [("new-member", ASHLEY, CONTRACT, None), ("welcome", ASHLEY, CONTRACT, None)]
    assert [len(job.delivery_ids) for job in service.jobs()] in ([2, 3], [3, 2])


def test_another_contract_of_the_coworker_is_another_job(service: Service) -> None:
    for number in (CONTRACT, 77):
        service.settle(service.deliver("contract.created", number, CoworkerId=ASHLEY))
    assert asked(service) == [("new-member", ASHLEY, 77, None), ("new-member", ASHLEY, CONTRACT, None)]


def test_a_list_whose_file_is_broken_is_asked_for_all_the_same(service: Service, account: Account) -> None:
    account.edit("welcome", "name: Welcome", "nme: Welcome")
    service.settle(service.deliver("coworker.created", PAULA))
    service.settle(service.deliver("contract.created", CONTRACT, CoworkerId=ASHLEY))
    assert asked(service) == [("new-member", ASHLEY, CONTRACT, None), ("welcome", PAULA, None, None)]
    account.write("welcome", "tasklist: welcome\napplies: {on: [coworker.creatd]}\n  - {")
    service.settle(service.deliver("coworker.updated", LESLIE))
    assert ("welcome", LESLIE, None, None) in asked(service)


def test_a_list_that_was_added_or_changed_counts_from_then_on(service: Service, account: Account) -> None:
    account.write("office", OFFICE.replace("team.created", "coworker.updated").replace("once_per: team\n", ""))
    service.settle(service.deliver("coworker.updated", PAULA))
    os.utime(account.lists / "welcome.yaml")
    account.edit("welcome", "coworker.created", "coworker.updated")
    service.settle(service.deliver("coworker.updated", LESLIE))
    tasklists = [(name, coworker) for name, coworker, _, _ in asked(service)]
    assert tasklists == [("office", LESLIE), ("office", PAULA), ("welcome", LESLIE)]


def test_a_record_that_is_gone_is_believed_after_some_tries(service: Service) -> None:
    delivery_id = service.deliver("contract.created", 42)
    states, pauses = [], []
    for _ in range(MOST_TRIES):
        delivery = service.settle(delivery_id)
        states.append(delivery.state)
        if delivery.due_at is not None:
            pauses.append(round((delivery.due_at - service.clock()).total("seconds")))
    assert states == ["new"] * (MOST_TRIES - 1) + ["done"]
    assert pauses == [5, 15, 45, 135]
    assert service.delivery(delivery_id).why == "contract 42 is gone"
    assert not service.ledger.jobs.seen("contract.created", "42")  # should it show one day, the sweep finds it


def test_a_contract_that_shows_only_after_its_event_is_found(service: Service, account: Account) -> None:
    delivery_id = service.deliver("contract.created", 42)
    assert service.settle(delivery_id).state == "new"
    account.far_side.put_record("coworkercontracts", 42, CoworkerId=PAULA)
    assert service.settle(delivery_id).state == "done"
    assert asked(service) == [("new-member", PAULA, 42, None)]


def test_one_record_that_answers_500_is_left_to_a_person(service: Service, account: Account) -> None:
    account.far_side.set_mode("S19", "500")
    delivery_id = service.deliver("contract.created", 42)
    states = [service.settle(delivery_id).state for _ in range(MOST_TRIES)]
    assert states[-2:] == ["new", "aside"]
    assert "42 cannot be read" in service.delivery(delivery_id).why
    account.far_side.set_mode("S19", "404")
    service.ledger.inbox.replay(delivery_id, service.clock())
    assert service.settle(delivery_id).tries == 1


class Faulty:
    """A reader whose next reads raise; then it is the real one."""

    def __init__(self, service: Service, *errors: Exception) -> None:
        self.errors = list(errors)
        self.reader = service.writing.reader

    def record(self, *what: Any) -> Any:
        if self.errors:
            raise self.errors.pop(0)
        return self.reader.record(*what)


def decided(service: Service, delivery_id: DeliveryId, *errors: Exception) -> list[str]:
    """The states of a delivery after each error, and after the read that works."""
    reader: NexudusReader = Faulty(service, *errors)  # type: ignore[assignment]
    decider = Decider(reader, service.ledger, service.lists, clock=service.clock, settle_seconds=1)
    return [decider.settle(delivery_id) for _ in range(len(errors) + 1)]


def test_while_nexudus_is_away_a_delivery_stays_new_however_long_that_takes(service: Service) -> None:
    delivery_id = service.deliver("contract.created", CONTRACT)
    away = [NexudusUnreachable("it gives no usable answer")] * 3 * MOST_TRIES
    assert decided(service, delivery_id, *away) == ["new"] * len(away) + ["done"]
    assert asked(service) == [("new-member", ASHLEY, CONTRACT, None)]


def test_a_login_that_is_refused_is_nobodys_data(service: Service) -> None:
    delivery_id = service.deliver("contract.created", CONTRACT)
    refusals = [LoginRefused("the password is wrong"), RoleMissing("CoworkerContract-Read")] * MOST_TRIES
    assert decided(service, delivery_id, *refusals) == ["new"] * len(refusals) + ["done"]


def test_the_pauses_of_an_outage_grow_to_five_minutes(service: Service) -> None:
    delivery_id = service.deliver("contract.created", CONTRACT)
    pauses = []
    for _ in range(7):
        reader: NexudusReader = Faulty(service, NexudusUnreachable("away"))  # type: ignore[assignment]
        Decider(reader, service.ledger, service.lists, clock=service.clock, settle_seconds=1).settle(delivery_id)
        due_at = service.delivery(delivery_id).due_at
        assert due_at is not None
        pauses.append(round((due_at - service.clock()).total("seconds")))
    assert pauses == [5, 15, 45, 135, 300, 300, 300]


def test_a_fault_of_ours_is_told_by_its_type_and_holds_up_nobody(service: Service) -> None:
    delivery_id = service.deliver("contract.created", CONTRACT)
    states = decided(service, delivery_id, *[KeyError("Ada Lovelace")] * MOST_TRIES)
    assert states == ["new"] * (MOST_TRIES - 1) + ["failed", "failed"]
    assert service.delivery(delivery_id).why == "a fault of the engine (KeyError); tried 5 times"
    assert service.settle(service.deliver("coworker.created", PAULA)).state == "done"


def test_a_replay_without_the_body_goes_by_the_ids_that_were_kept(service: Service) -> None:
    delivery_id = service.deliver("contract.created", CONTRACT, CoworkerId=ASHLEY)
    service.settle(delivery_id)
    service.work()
    service.ledger.inbox.replay(delivery_id, service.clock())
    assert service.settle(delivery_id).state == "done"
    assert [job.state for job in service.jobs()] == ["done", "open"]


def test_a_settled_delivery_is_not_decided_again(service: Service) -> None:
    delivery_id = service.deliver("contract.created", CONTRACT, CoworkerId=ASHLEY)
    assert [service.decider.settle(delivery_id) for _ in range(2)] == ["done", "done"]
    assert len(service.jobs()) == 1
