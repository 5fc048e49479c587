"""What a new, changed, broken or removed list means for the sweep, and lists of records that cannot be read whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from given_account import ASHLEY, JOSE, LONDON, Account
from sqlalchemy import Connection
from sweep_given import Service, day, serving

from engine.core.errors import UserError
from engine.flows.stopping import Stopped
from engine.flows.sweep import Sweep
from engine.ledger.service_values import JobId


@pytest.fixture
def service(account: Account) -> Iterator[Service]:
    with serving(account) as found:
        yield found


def test_a_new_list_is_for_those_who_come_after_it(service: Service) -> None:
    service.write("contract.cancelled")
    service.start()
    service.coworker()
    service.later(minutes=1)
    service.write("coworker.created", name="later-list")
    service.sweep()
    service.later(minutes=1)
    member = service.coworker()
    service.later(minutes=1)
    (missing,) = service.sweep().missing
    assert (missing.tasklist, missing.coworker_id) == ("later-list", member)


def test_what_a_changed_list_newly_covers_begins_with_the_change(service: Service) -> None:
    service.write("contract.created", more="  locations: [barcelona]")
    service.start()
    service.later(minutes=1)
    here, there = service.contract(service.coworker()), service.contract(service.coworker(), IssuedById=LONDON)
    service.later(minutes=1)
    service.write("contract.created")
    assert [one.record_id for one in service.sweep().missing] == [here]
    service.later(minutes=1)
    after = service.contract(service.coworker(), IssuedById=LONDON)
    assert [one.record_id for one in service.sweep().missing] == [after]
    assert there not in {job.contract_id for job in service.jobs()}


def test_a_list_that_goes_back_to_what_it_said_covers_from_then_on_again(service: Service) -> None:
    service.write("contract.created")
    service.start()
    service.later(hours=1)
    service.write("contract.created", more="  locations: [london]")
    service.sweep()
    service.later(hours=1)
    service.contract(service.coworker())
    service.later(hours=1)
    service.write("contract.created")
    service.sweep()
    service.later(hours=1)
    member = service.contract(service.coworker())
    service.later(minutes=1)
    assert [one.record_id for one in service.sweep().missing] == [member]


def test_a_renamed_list_still_covers_those_who_came_under_its_former_name(service: Service) -> None:
    service.write("contract.created")
    service.start()
    service.later(minutes=1)
    before = service.contract(service.coworker())
    service.later(minutes=1)
    (service.account.lists / "welcome.yaml").unlink()
    service.write("contract.created", name="newcomer", more="formerly: welcome")
    service.later(minutes=1)
    after = service.contract(service.coworker())
    service.later(minutes=1)
    assert {(one.tasklist, one.record_id) for one in service.sweep().missing} == {
        ("newcomer", before),
        ("newcomer", after),
    }


def test_a_condition_of_before_is_asked_of_the_facts(service: Service) -> None:
    service.write("contract.created", more="  when: coworker.active")
    service.start()
    service.later(minutes=1)
    active = service.contract(service.coworker())
    service.contract(service.coworker(Active=False))
    service.later(minutes=1)
    service.write("contract.created")
    assert [one.record_id for one in service.sweep().missing] == [active]


def test_a_broken_list_keeps_what_it_covered_and_its_jobs_wait(service: Service) -> None:
    service.write("coworker.created")
    service.start()
    service.later(minutes=1)
    member = service.coworker()
    service.account.edit("welcome", "items:", "itmes:")
    service.later(minutes=1)
    assert [one.coworker_id for one in service.sweep().missing] == [member]


def test_a_removed_list_starts_nothing(service: Service) -> None:
    service.write("coworker.created")
    service.start()
    service.later(minutes=1)
    service.coworker()
    (service.account.lists / "welcome.yaml").unlink()
    assert service.sweep().missing == ()


@pytest.mark.parametrize("entity", ["coworkers", "coworkercontracts"])
@pytest.mark.parametrize("fault", ["contradicting-counts", "records-null", "endless-pages"])
def test_a_list_that_cannot_be_read_to_its_end_leaves_the_sweep_unfinished(
    service: Service, fault: str, entity: str
) -> None:
    service.write("coworker.created, contract.created")
    service.start()
    service.later(minutes=1)
    for _ in range(3):
        service.contract(service.coworker())
    service.later(minutes=1)
    service.account.far_side.set_fault(fault, f"1:{entity}")
    swept = service.sweep()
    assert (swept.finished, service.open.ledger.watch.moment("last sweep")) == (False, None)
    assert "the list of" in swept.why
    service.account.far_side.clear_faults()
    service.later(hours=30)
    assert service.sweep().finished
    assert len({job.coworker_id for job in service.jobs()}) == 3


def test_a_service_that_does_not_answer_leaves_the_sweep_unfinished_and_what_was_found_is_asked_for(
    service: Service,
) -> None:
    service.write("coworker.created, contract.created")
    service.start()
    service.later(minutes=1)
    member = service.coworker()
    service.contract(member)
    service.later(minutes=1)
    service.account.far_side.set_fault("redirect-on-read", "1:coworkercontracts")
    swept = service.sweep()
    assert (swept.finished, [one.event for one in swept.missing]) == (False, ["coworker.created"])
    service.account.far_side.clear_faults()
    assert [one.event for one in service.sweep().missing] == ["contract.created"]


def test_one_that_is_stopped_looks_back_as_far_the_next_time(service: Service) -> None:
    service.write("coworker.created")
    service.start()
    service.coworker()
    service.later(minutes=1)
    sweep = service.new_sweep()
    service.stop.request()
    with pytest.raises(Stopped):
        sweep.run(service.stop)
    assert service.open.ledger.watch.moment("last sweep") is None
    assert service.jobs() == ()


def test_one_that_dies_between_two_transactions_is_gone_on_with_and_asks_nobody_twice(service: Service) -> None:
    service.write("coworker.created")
    service.start()
    service.later(minutes=1)
    members = {service.coworker() for _ in range(120)}
    service.later(minutes=1)
    rounds: list[int] = []

    def die_in_the_second(connection: Connection, ids: Sequence[JobId]) -> None:
        rounds.append(len(ids))
        if len(rounds) == 2:
            raise KeyboardInterrupt

    lists = service.lists
    dying = Sweep(
        service.open.reader,
        service.open.ledger,
        lists,
        lists.organisation(),
        clock=lambda: service.now,
        also=die_in_the_second,
    )
    with pytest.raises(KeyboardInterrupt):
        dying.run(service.stop)
    assert (rounds, len(service.jobs())) == ([100, 20], 100)
    assert service.open.ledger.watch.moment("last sweep") is None
    assert service.sweep().asked == 20
    assert {job.coworker_id for job in service.jobs()} == members
    assert len(service.jobs()) == 120


def test_after_a_month_without_a_service_everybody_is_found(service: Service) -> None:
    service.write("coworker.created, contract.created, contract.activated, contract.cancelled")
    service.start()
    service.sweep()
    service.later(hours=24 * 5)
    member = service.coworker()
    contract = service.contract(member, start=30)
    left = service.contract(service.coworker(), start=-10, CancellationDate=day(4, service.now))
    service.later(hours=24 * 40)
    found = {(one.event, one.record_id) for one in service.sweep().missing}
    assert {("coworker.created", member), ("contract.created", contract), ("contract.activated", contract)} <= found
    assert ("contract.cancelled", left) in found
    assert ("contract.created", left) not in found


def test_a_clock_that_is_behind_ours_loses_nobody_and_one_ahead_finds_nobody_twice(service: Service) -> None:
    service.write("coworker.created")
    service.start()
    service.later(minutes=30)
    service.sweep()
    behind = service.coworker(CreatedOn=service.now.subtract(minutes=8).format_iso())
    ahead = service.coworker(CreatedOn=service.now.add(minutes=20).format_iso())
    service.later(minutes=1)
    assert [one.coworker_id for one in service.sweep().missing] == [behind, ahead]
    service.later(minutes=15)
    assert service.sweep().missing == ()


def test_a_contract_whose_coworker_is_gone_and_rows_that_lack_fields_stop_nothing(service: Service) -> None:
    service.write("contract.created, contract.first_activated, coworker.created")
    service.start()
    service.later(minutes=1)
    service.contract(5)
    service.contract(service.coworker(CreatedOn=None), IssuedById=None)
    odd = service.contract(service.coworker(), StartDate=None)
    service.change(odd, CoworkerId=None)
    sound = service.contract(service.coworker())
    service.later(minutes=1)
    found = {one.record_id for one in service.sweep().missing if one.contract_id}
    assert sound in found
    assert odd not in found


def test_of_many_first_activations_all_contracts_are_read_in_one_list(service: Service) -> None:
    service.write("contract.first_activated")
    service.start()
    service.later(minutes=1)
    for _ in range(30):
        service.contract(service.coworker())
    service.later(minutes=1)
    service.account.far_side.clear_requests()
    assert len(service.sweep().missing) == 30
    assert service.account.reads() <= 6


def test_no_read_is_spent_on_lists_that_no_record_can_tell_of(service: Service) -> None:
    service.write("team.created")
    service.start()
    service.account.far_side.clear_requests()
    assert service.sweep().looked == 0
    assert service.account.reads() == 0


def test_seeded_members_and_a_folder_that_is_gone_are_told_apart(service: Service) -> None:
    service.write("coworker.created")
    service.start()
    assert {ASHLEY, JOSE}.isdisjoint(one.coworker_id for one in service.sweep().missing)
    for path in service.account.lists.iterdir():
        path.unlink()
    service.account.lists.rmdir()
    with pytest.raises(UserError, match="cannot be read"):
        service.sweep()


def test_check_warns_of_an_event_that_is_lost_with_its_delivery_at_its_place(service: Service) -> None:
    service.write("coworker.created, team.created")
    told = service.account.cli("check", "welcome")
    assert told.code == 0
    assert told.out == (
        "tasklists/welcome.yaml:5:26: warning: only a delivery tells of this event: "
        "the sweep does not find one that was lost, found 'team.created' [not-swept]\n"
    )
    service.write("coworker.created, contract.cancelled, welcome_email.sent")
    assert service.account.cli("check", "welcome").out == ""
