"""Looking after what waits, as the service does: few calls, no run without a change, and nothing lost on the way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from given_account import ASHLEY, JOSE, Account
from given_service import Service, service_of
from order_given import ORDERED, give, press, run, waits

from engine.flows.apply import Conduct
from engine.flows.look import Policy
from engine.flows.polling import Waits
from engine.flows.run import Patience, Runner
from engine.flows.tenure import new_holder
from engine.flows.waiting_changes import ChangeReader

DAY = 86_400.0


@pytest.fixture
def service(account: Account) -> Iterator[Service]:
    """Ashley has signed nothing yet: her list waits."""
    give(account)
    run(account)
    with service_of(account) as running:
        account.far_side.clear_requests()
        yield running


def waiting(service: Service) -> Waits:
    told = Policy(service.ledger.since, quiet_seconds=1)
    conduct = Conduct(service.stop, service.writing.width, clock=service.clock, quiet_seconds=1)
    runner = Runner(service.writing, told, conduct, holder=new_holder(), patience=Patience(wait=False))
    return Waits(runner, service.lists.job, say=service.said.append, clock=service.clock)


def test_where_nothing_changed_one_call_is_made_and_no_run(service: Service) -> None:
    press(service.account, "Take the deposit")  # tells of a change, and opens no gate by itself
    waiting(service).poll()
    service.clock.ahead += 600
    waiting(service).poll()
    service.clock.ahead += 600
    runs = len(service.runs())
    service.account.far_side.clear_requests()
    assert waiting(service).poll().ran == ()
    assert [path.rsplit("/", 1)[-1] for _, path in service.account.calls()] == ["coworkertasks"]
    assert len(service.runs()) == runs == 1


def test_where_nothing_waits_nothing_is_asked(account: Account) -> None:
    with service_of(account) as service:
        account.far_side.clear_requests()
        assert waiting(service).poll().ran == ()
        assert account.calls() == []


def test_whoever_completes_gets_what_waited_once(service: Service) -> None:
    for name in ("Sign the papers", "Take the deposit"):
        press(service.account, name)
    (ran,) = waiting(service).poll().ran
    assert ran.applied.counts() == {"kept": 2, "created": 1, "waiting": 2}
    assert waiting(service).poll().ran == ()
    assert service.account.names().count("Hand out the card") == 1
    (newest, *_) = service.runs()
    assert (newest["cause"], newest["open"]) == ("wait", False)


def test_a_window_that_is_ignored_is_noticed_and_the_lists_of_those_who_wait_are_read(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the service returns all tasks, as for a filter that it does not know, whole lists are not read for it."""
    reader = service.writing.reader
    plain = reader.short_list
    monkeypatch.setattr(reader, "short_list", lambda entity, _: plain(entity, {}))
    old = {"CoworkerId": JOSE, "UpdatedOn": "2026-01-01T00:00:00Z", "Name": "Old"}
    service.account.far_side.put_record("coworkertasks", 77, **old)
    for name in ("Sign the papers", "Take the deposit"):
        press(service.account, name)
    service.account.far_side.clear_requests()
    now = service.clock()
    changes = ChangeReader(reader, service.ledger, service.stop).read(service.ledger.waits(), now)
    assert changes == {ASHLEY}
    assert len(service.account.calls()) == 2
    assert len(waiting(service).poll().ran) == 1


def test_a_completion_is_noted_for_everybodys_load_though_nothing_waits(service: Service) -> None:
    before = dict(service.ledger.loads())
    press(service.account, "Sign the papers")
    waiting(service).poll(always=True)
    assert sum(service.ledger.loads().values()) == sum(before.values()) - 1


def test_what_is_overlooked_is_looked_at_a_day_later(service: Service) -> None:
    for name in ("Sign the papers", "Take the deposit"):
        press(service.account, name)
    service.ledger.watch.set_moment("changed tasks", service.clock().add(hours=30))
    service.clock.ahead += 12 * 3600
    service.account.far_side.set_clock(0)
    (wait,) = service.ledger.waits()
    assert wait.next_look_at is not None
    service.clock.ahead += 13 * 3600
    assert wait.next_look_at <= service.clock()
    assert len(waiting(service).poll().ran) == 1


def test_a_coworker_who_left_is_given_up_with_the_reason(service: Service) -> None:
    service.account.far_side.remove_record("coworkers", ASHLEY)
    (ended,) = waiting(service).look(service.ledger.waits()).ended
    assert ended.coworker_id == ASHLEY
    (wait,) = waits(service.account)
    assert (wait["given_up_at"] is None, wait["why"], wait["items"]) == (False, "the coworker has left", [])
    service.account.far_side.clear_requests()
    assert waiting(service).poll().ended == ()
    assert service.account.calls() == []


def test_a_list_that_is_gone_is_given_up_with_the_reason(service: Service) -> None:
    (service.account.lists / "moving-in.yaml").unlink()
    waiting(service).look(service.ledger.waits())
    (wait,) = waits(service.account)
    assert "there is no task list 'moving-in'" in wait["why"]
    assert wait["given_up_at"]


def test_a_list_that_is_not_for_them_any_more_is_asked_about_by_day(service: Service) -> None:
    give(service.account, ORDERED.replace("once_per:", "applies: {when: coworker.active == false}\nonce_per:"))
    waiting(service).look(service.ledger.waits())
    (wait,) = service.ledger.waits()
    assert wait.ended_at is None
    assert wait.next_look_at is not None
    assert (wait.next_look_at - service.clock()).total("hours") == pytest.approx(24, abs=0.1)
    give(service.account)
    for name in ("Sign the papers", "Take the deposit"):
        press(service.account, name)
    assert len(waiting(service).look(service.ledger.waits()).ran) == 1


def test_a_list_with_a_mistake_waits_until_it_is_mended(service: Service) -> None:
    give(service.account, ORDERED.replace("after: card", "after: crad"))
    for expected in (60, 180):
        (left,) = waiting(service).look(service.ledger.waits()).left
        assert "crad" in left.why
        (wait,) = service.ledger.waits()
        assert wait.next_look_at is not None
        assert (wait.next_look_at - service.clock()).total("seconds") == pytest.approx(expected, abs=20)


def test_order_that_is_taken_out_of_the_list_makes_all_and_ends_the_wait(service: Service) -> None:
    give(
        service.account,
        ORDERED.replace(", gate: true", "").replace("    after: card\n    due: 2 days after done\n", "").replace(
            ", after: [card, tour]", ""
        ),
    )
    (ran,) = waiting(service).look(service.ledger.waits()).ran
    assert ran.applied.counts() == {"kept": 2, "created": 3}
    assert service.ledger.waits() == ()


def test_a_list_of_changes_that_cannot_be_read_overlooks_nothing(service: Service) -> None:
    before = service.ledger.waits()
    service.account.far_side.set_fault("records-null", "1.0")
    for name in ("Sign the papers", "Take the deposit"):
        press(service.account, name)
    assert waiting(service).poll().ran == ()
    assert service.ledger.waits() == before
    assert service.ledger.watch.moment("changed tasks") is None
    service.account.far_side.clear_faults()
    assert len(waiting(service).poll().ran) == 1


def test_a_completion_that_another_run_saw_hastens_the_look(service: Service) -> None:
    for name in ("Sign the papers", "Take the deposit"):
        press(service.account, name)
    service.account.run()  # another list of hers
    (wait,) = service.ledger.waits()
    assert wait.next_look_at is not None
    assert wait.next_look_at <= service.clock()
    assert len(waiting(service).poll().ran) == 1
