"""Moments of the sweep that were noted while a clock ran ahead: nobody is passed over for them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from given_account import Account
from sweep_given import Service, serving

from engine.flows.sweep_moments import FIRST_START, LAST_SWEEP


@pytest.fixture
def service(account: Account) -> Iterator[Service]:
    with serving(account) as found:
        yield found


def test_one_sweep_under_a_clock_that_ran_ahead_loses_nobody(service: Service) -> None:
    service.write("coworker.created")
    service.start()
    service.later(hours=24 * 40)
    service.sweep()
    service.later(hours=-24 * 40 + 1)
    member = service.coworker()
    service.later(hours=1)
    swept = service.sweep()
    assert [one.coworker_id for one in swept.missing] == [member]
    assert "which is still to come" in swept.why
    assert swept.why.endswith("Looked from the first start on")
    assert (swept.finished, service.open.ledger.watch.moment(LAST_SWEEP)) == (True, service.now)
    assert service.sweep().why == "", "it is told once: the moment is right again"


def test_a_first_start_that_is_still_to_come_is_not_believed_either(service: Service) -> None:
    service.write("coworker.created")
    service.start()
    service.open.ledger.watch.set_moment(FIRST_START, service.now.add(hours=100))
    service.later(hours=1)
    member = service.coworker()
    service.later(hours=1)
    swept = service.sweep()
    assert [one.coworker_id for one in swept.missing] == [member]
    assert swept.why.endswith("Looked from 31 days back on")


def test_a_clock_that_differs_by_no_more_than_the_overlap_is_no_trouble(service: Service) -> None:
    service.write("coworker.created")
    service.start()
    service.later(minutes=60)
    service.sweep()
    service.later(minutes=-8)
    assert service.sweep().why == ""
