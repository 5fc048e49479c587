"""The sweep finds whom no delivery told about, once, and nobody whom the service never was meant for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from given_account import Account
from sweep_given import VIRTUAL, Service, day, serving


@pytest.fixture
def service(account: Account) -> Iterator[Service]:
    with serving(account) as found:
        yield found


ALL_CONTRACT_EVENTS = "contract.created, contract.activated, contract.first_activated"


def test_a_signup_that_no_delivery_told_about_becomes_one_job(service: Service) -> None:
    service.write("coworker.created")
    service.start()
    service.later(minutes=1)
    member = service.coworker()
    service.later(minutes=1)
    swept = service.sweep()
    assert (swept.finished, swept.asked) == (True, 1)
    (job,) = service.jobs()
    assert (job.tasklist, job.coworker_id, job.event, job.cause) == ("welcome", member, "coworker.created", "sweep")
    assert [one.coworker_id for one in swept.missing] == [member]


def test_a_second_sweep_finds_nothing_new_in_the_overlap_nor_does_one_of_another_process(service: Service) -> None:
    service.write("coworker.created")
    service.start()
    service.coworker()
    service.later(minutes=1)
    one = service.new_sweep()
    assert one.run(service.stop).asked == 1
    service.later(minutes=5)
    assert one.run(service.stop).asked == 0
    assert service.sweep().missing == ()
    assert len(service.jobs()) == 1


def test_what_a_delivery_has_told_is_passed_over(service: Service) -> None:
    service.write("coworker.created")
    service.start()
    told, untold = service.coworker(), service.coworker()
    service.open.ledger.jobs.note_seen("coworker.created", str(told), service.now)
    service.later(minutes=1)
    assert [one.coworker_id for one in service.sweep().missing] == [untold]


def test_who_was_there_before_the_first_start_is_left_to_a_backfill(service: Service) -> None:
    service.write(f"coworker.created, {ALL_CONTRACT_EVENTS}, contract.cancelled")
    before = service.coworker()
    service.contract(before, start=-1)
    service.contract(before, start=-3, CancellationDate=day(-1, service.now))
    service.later(seconds=1)
    service.start()
    service.later(minutes=1)
    assert service.sweep().missing == ()


def test_a_contract_entered_before_the_first_start_is_found_when_it_starts(service: Service) -> None:
    service.write("contract.activated")
    member = service.coworker()
    contract = service.contract(member, start=3)
    service.later(hours=1)
    service.start()
    assert service.sweep().missing == ()
    service.later(hours=72)
    (missing,) = service.sweep().missing
    assert (missing.event, missing.contract_id, missing.coworker_id) == ("contract.activated", contract, member)


def test_the_events_of_one_signup_become_one_job(service: Service) -> None:
    service.write(ALL_CONTRACT_EVENTS)
    service.start()
    member = service.coworker()
    contract = service.contract(member)
    service.later(minutes=1)
    swept = service.sweep()
    assert ", ".join(one.event for one in swept.missing) == ALL_CONTRACT_EVENTS
    (job,) = service.jobs()
    assert (job.contract_id, job.coworker_id, swept.asked) == (contract, member, 1)


def test_a_contract_that_starts_next_year_is_found_when_it_is_entered(service: Service) -> None:
    service.write("contract.created")
    service.start()
    contract = service.contract(service.coworker(), start=300)
    service.later(minutes=1)
    assert [one.record_id for one in service.sweep().missing] == [contract]


def test_a_contract_entered_with_a_start_long_past_is_found(service: Service) -> None:
    service.write(ALL_CONTRACT_EVENTS)
    service.start()
    service.contract(service.coworker(), start=-200)
    service.later(minutes=1)
    assert "contract.created" in {one.event for one in service.sweep().missing}


def test_only_the_first_contract_of_a_member_is_a_first_activation(service: Service) -> None:
    service.write("contract.first_activated")
    service.start()
    new, old = service.coworker(), service.coworker()
    service.contract(old, start=-400, CreatedOn=day(-400, service.now))
    first, second = service.contract(new), service.contract(old)
    third = service.contract(new)  # two on one first day: which one is meant nobody can say
    assert second
    service.later(minutes=1)
    assert sorted(one.record_id for one in service.sweep().missing) == [first, third]


def test_a_cancellation_counts_sixty_days_ahead_and_a_second_one_counts_again(service: Service) -> None:
    service.write("contract.cancelled")
    service.start()
    member = service.coworker()
    soon, late = (service.contract(member, start=-90, CancellationDate=day(n, service.now)) for n in (50, 70))
    service.later(minutes=1)
    assert [one.record_id for one in service.sweep().missing] == [soon]
    assert service.sweep().missing == ()
    service.later(hours=24 * 20)
    assert [one.record_id for one in service.sweep().missing] == [late]
    service.change(soon, CancellationDate=None)
    assert service.sweep().missing == ()
    service.change(soon, CancellationDate=day(45, service.now))
    assert [one.record_id for one in service.sweep().missing] == [soon]


def test_a_cancellation_that_was_entered_late_is_found(service: Service) -> None:
    service.write("contract.cancelled")
    contract = service.contract(service.coworker(), start=-90)
    service.start()
    service.later(hours=24 * 7)
    service.sweep()
    service.change(contract, CancellationDate=day(-3, service.now), Cancelled=True, Active=False)
    assert [one.record_id for one in service.sweep().missing] == [contract]


def test_nobody_is_welcomed_who_has_left_or_never_came(service: Service) -> None:
    service.write(ALL_CONTRACT_EVENTS)
    service.start()
    member = service.coworker()
    service.contract(member, start=5, CancellationDate=day(5, service.now))
    service.contract(member, start=-9, CancellationDate=day(-2, service.now))
    service.contract(member, Cancelled=True, Active=False)
    service.later(minutes=1)
    assert service.sweep().missing == ()


def test_rows_decide_locations_and_plans_before_anybody_is_asked_for(service: Service) -> None:
    service.write("contract.created", more="  tariffs: [Virtual Office]\n  locations: [london]")
    service.start()
    member = service.coworker()
    service.contract(member)
    service.contract(member, TariffId=VIRTUAL[0], TariffName=VIRTUAL[1])
    wanted = service.contract(member, TariffId=VIRTUAL[0], TariffName=VIRTUAL[1], IssuedById=1421021017)
    service.contract(member, TariffId=VIRTUAL[0], TariffName=VIRTUAL[1], IssuedById=77)  # none of our locations
    service.later(minutes=1)
    assert [one.record_id for one in service.sweep().missing] == [wanted]


def test_report_finds_and_leaves_everything_as_it_was(service: Service) -> None:
    service.write("coworker.created, contract.created")
    service.start()
    member = service.coworker()
    contract = service.contract(member)
    service.later(minutes=1)
    first, second = service.sweep(mode="report"), service.sweep(mode="report")
    assert {(one.event, one.record_id) for one in first.missing} == {
        ("coworker.created", member),
        ("contract.created", contract),
    }
    assert (first.asked, service.jobs(), first) == (0, (), second)
    assert service.open.ledger.watch.moment("last sweep") is None
    assert service.sweep().asked == 1
    assert service.sweep(mode="off").looked == 0


def test_a_sweep_says_which_events_it_does_not_stand_in_for(service: Service) -> None:
    service.write("team.created, coworker.created")
    service.start()
    assert service.sweep().not_covered == ("welcome: team.created",)
