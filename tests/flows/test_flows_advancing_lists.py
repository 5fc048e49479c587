"""Jobs whose list is gone, broken or changed by the time that they are carried out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from given_account import ASHLEY, PAULA, Account
from given_service import Service, service_of

from engine.ledger.service_values import JobId

CONTRACT = 1418975228


@pytest.fixture
def service(account: Account) -> Iterator[Service]:
    with service_of(account) as running:
        yield running


def asked(service: Service) -> JobId:
    """A job that is due: Ashley's list."""
    service.settle(service.deliver("contract.created", CONTRACT, CoworkerId=ASHLEY))
    service.clock.ahead += 11
    return service.jobs()[0].id


def test_a_list_that_is_deleted_leaves_its_job_to_a_person(service: Service, account: Account) -> None:
    job_id = asked(service)
    path = account.lists / "new-member.yaml"
    text = path.read_text().replace("tasklist: new-member", "tasklist: new-members")
    path.unlink()
    account.write("new-members", text)
    advanced = service.advancer.advance(job_id)
    assert advanced.state == "aside"
    assert advanced.why == "there is no task list 'new-member' in tasklists any more. Is it new-members now?"


def test_a_renamed_list_that_says_what_it_was_carries_the_job_out_once(service: Service, account: Account) -> None:
    job_id = asked(service)
    path = account.lists / "new-member.yaml"
    text = path.read_text().replace("tasklist: new-member", "tasklist: newcomer\nformerly: new-member")
    path.unlink()
    account.write("newcomer", text.replace("once_per: membership", "once_pr: membership"))
    assert "tasklists/newcomer.yaml:9:1" in service.advancer.advance(job_id).why, "broken, it is waited for"
    account.write("newcomer", text)
    assert [advanced.why for advanced in service.work(61)] == ["created 3"]
    assert set(account.preview(name="newcomer").actions.values()) == {"keep"}, "they are the tasks of both names"


def test_a_broken_list_is_waited_for_and_its_mistake_is_told_with_its_place(service: Service, account: Account) -> None:
    job_id = asked(service)
    account.edit("new-member", "once_per: membership", "once_pr: membership")
    advanced = service.advancer.advance(job_id)
    assert advanced.due_at is not None
    seconds = round((advanced.due_at - service.clock()).total("seconds"))
    assert (advanced.state, seconds) == ("open", 60)
    assert "tasklists/new-member.yaml:8:1: the key 'once_pr' is not known here" in advanced.why
    account.edit("new-member", "once_pr: membership", "once_per: membership")
    assert [advanced.why for advanced in service.work(61)] == ["created 3"]
    assert service.jobs()[0].tries == 0


def test_a_broken_organisation_holds_up_every_list_and_another_owner_too(service: Service, account: Account) -> None:
    job_id = asked(service)
    account.edit("organisation", "owner: acme-coworking", "owner: other-coworking")
    assert "the owner was 'acme-coworking'" in service.advancer.advance(job_id).why
    account.edit("organisation", "owner: other-coworking", "ownr: acme-coworking")
    assert "tasklists/organisation.yaml:1:1" in service.advancer.advance(job_id).why
    account.edit("organisation", "ownr: acme-coworking", "owner: acme-coworking")
    assert service.advancer.advance(job_id).state == "done"
    assert len(account.names()) == 3


def test_a_list_that_was_broken_when_it_was_asked_for_and_does_not_start_on_the_event_is_done(
    service: Service, account: Account
) -> None:
    account.write("odd", "tasklist: odd\n  - {")
    service.settle(service.deliver("coworker.updated", PAULA))
    account.write("odd", "tasklist: odd\nname: Odd\nitems: [{id: a, name: A, responsible: front-desk}]\n")
    assert [advanced.why for advanced in service.work()] == ["odd does not start on coworker.updated"]
