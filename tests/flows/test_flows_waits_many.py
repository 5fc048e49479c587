"""Many who wait: few calls an hour, nobody behind a thousand others, and a status that a person can read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from given_account import ASHLEY, JOSE, Account
from given_service import Service, service_of
from order_given import give, press, run
from test_flows_polling import waiting

from engine.flows.waiting import looked_at_again
from engine.nexudus.errors import NexudusUnreachable


@pytest.fixture
def service(account: Account) -> Iterator[Service]:
    with service_of(account) as running:
        yield running


def sign(account: Account, coworker: int = ASHLEY) -> None:
    for name in ("Sign the papers", "Take the deposit"):
        press(account, name, coworker=coworker)


def test_a_thousand_who_wait_since_one_hour_are_not_looked_at_in_one_hour(service: Service) -> None:
    """A look is five calls and the account has 5,000 an hour: one hour's looks must leave most of it to others."""
    now = service.clock()
    moments = [looked_at_again(1423831744 + number, now.add(seconds=3 * number)) for number in range(1000)]
    hours = Counter(int((moment - now).total("hours")) for moment in moments)
    assert set(hours) <= set(range(18, 25))
    assert max(hours.values()) * 5 < 1_250


def test_who_completed_something_does_not_stand_behind_all_who_have_their_turn(
    account: Account, service: Service
) -> None:
    give(account)
    run(account)
    (own,) = service.ledger.waits()
    before = service.clock().subtract(hours=1)
    for number in range(1, 41):  # of whom Nexudus knows nothing: each look gives one up
        request = own.request.replace(str(ASHLEY), str(number))
        key = replace(own.key, subject_id=str(number))
        service.ledger.keep_waiting(replace(own, coworker_id=number, key=key, request=request, next_look_at=before))
    sign(account)
    account.far_side.clear_requests()
    looked = waiting(service).poll()
    assert (len(looked.ended), len(looked.ran)) == (40, 1)
    assert ("GET", f"/api/spaces/coworkers/{ASHLEY}") in account.calls()[:3]
    assert account.calls().count(("GET", "/api/crm/coworkertasks")) >= 3, "who completed something is asked again"


def test_status_counts_what_a_person_would_not_read(account: Account, service: Service) -> None:
    give(account)
    run(account, "--again", "second")
    (own,) = service.ledger.waits()
    for number in range(1, 31):
        service.ledger.keep_waiting(replace(own, coworker_id=number, key=replace(own.key, subject_id=str(number))))
    told = account.cli("status", COLUMNS="80").out
    assert "moving-in" in told
    assert "and 43 more: 93 tasks of 31 coworkers wait; --format json has all" in " ".join(told.split())
    assert max(map(len, told.splitlines())) <= 80
    assert len(account.cli("status", "--format", "json").json["waits"]) == 31


def test_one_who_cannot_be_read_does_not_hold_up_the_others(
    account: Account, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record that makes Nexudus fail looks like an outage; a real one costs nobody a try."""
    give(account)
    for coworker in (ASHLEY, JOSE):
        run(account, coworker=coworker)
        sign(account, coworker)
    reader = service.writing.reader
    read = reader.contracts_of

    def failing(coworker_id: int) -> list[dict[str, Any]]:
        if coworker_id == JOSE:
            raise NexudusUnreachable("it answers 500")
        return read(coworker_id)

    monkeypatch.setattr(reader, "contracts_of", failing)
    polls = 0
    while len(service.ledger.waits()) == 2 and not account.names().count("Hand out the card"):
        polls += 1
        with suppress(NexudusUnreachable):
            waiting(service).poll()
        assert polls < 3
    assert [wait.tries for wait in service.ledger.waits()] == [0, 0]
    monkeypatch.undo()
    service.clock.ahead += 181
    waiting(service).poll()
    assert account.names().count("Hand out the card") == 2
