"""What waits while the world changes: dates pass, lists are edited, payers change, members leave, clocks jump."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from given_account import ASHLEY, GLEN, PAULA, ZOE, Account
from given_service import Service, put_contract, service_of
from order_given import ORDERED, give, press, run
from test_flows_polling import waiting

from engine.flows.apply import Applied, Applier
from engine.flows.polling import Looked
from engine.flows.waiting_changes import ChangeReader

DAY = 86_400.0
TEAM = 1416049197
CONTRACT = 5000
GATED = """
tasklist: moving-in
name: Moving in
once_per: membership
anchor: contract.start
defaults: {responsible: front-desk}
items:
  - {id: papers, name: Sign the papers, gate: true}
  - {id: card, name: Hand out the card}
"""


@pytest.fixture
def service(account: Account) -> Iterator[Service]:
    with service_of(account) as running:
        yield running


def sign(account: Account, coworker: int = ASHLEY) -> None:
    for name in ("Sign the papers", "Take the deposit"):
        press(account, name, coworker=coworker)


def counts(looked: Looked) -> list[dict[str, int]]:
    return [ran.applied.counts() for ran in looked.ran]


def why(looked: Looked) -> str:
    (left,) = looked.left
    return left.why


def test_a_moment_that_was_chosen_for_the_first_run_does_not_stand_still(account: Account, service: Service) -> None:
    give(account, GATED.replace("gate: true", "create: 5 business days before due, due: on 2026-12-17 at 12:00"))
    run(account, "--now", "2026-11-25T09:00", coworker=ASHLEY)
    service.clock.ahead = 40 * DAY
    assert counts(waiting(service).poll()) == [{"created": 1, "kept": 1}]
    account.far_side.clear_requests()
    waiting(service).poll()
    assert account.calls() == [], "nothing waits any more"


def test_a_task_that_is_late_and_skipped_holds_up_nothing(account: Account) -> None:
    late = "gate: true, due: {rule: on 2026-10-19 at 12:00, late: skip}"
    text = GATED.replace("gate: true", late).replace("name: Hand out the card", f"name: Hand out the card, {late}")
    give(account, text + "  - {id: tour, name: Show them round}\n")
    assert run(account) == {"papers": "skipped", "card": "skipped", "tour": "created"}
    assert account.preview(name="moving-in").actions == {"papers": "skip", "card": "skip", "tour": "keep"}


def test_a_task_that_was_made_before_it_was_late_still_comes_first(account: Account) -> None:
    give(account, GATED.replace("gate: true", "gate: true, due: {rule: on 2026-12-21 at 12:00, late: skip}"))
    run(account, "--now", "2026-12-01")
    assert run(account, "--now", "2027-01-12") == {"papers": "kept", "card": "waiting"}


def test_what_a_person_changed_goes_on_for_an_item_under_its_new_name(account: Account, service: Service) -> None:
    give(account)
    run(account, "--due", "tour=5 days after done", "--responsible", "card=ben@acme.example", "--skip", "photo")
    renamed = ORDERED.replace("id: card", "id: pass\n    formerly: card").replace("after: card", "after: pass")
    give(account, renamed.replace("  - {id: photo, name: Take a photo, after: [card, tour]}\n", ""))
    sign(account)
    assert counts(waiting(service).poll()) == [{"created": 1, "kept": 2, "waiting": 1}]
    (card,) = (line["record"] for line in account.commits() if line["record"]["Name"] == "Hand out the card")
    assert card["ResponsibleId"] == 1418332091
    assert "5 days after done" in service.ledger.waits()[0].request


def test_an_override_for_a_key_that_is_gone_stops_nothing_that_waits(account: Account, service: Service) -> None:
    text = ORDERED.replace("items:", "inputs: {cards: {type: list, default: [A, B]}}\nitems:")
    text = text.replace("name: Hand out the card", "name: Card\n    for_each: {one: inputs.cards}")
    give(account, text)
    run(account, "--skip", "card[B]")
    give(account, text.replace("inputs.cards", "contract.desks"))
    sign(account)
    assert [left.why for left in waiting(service).poll().left] == []


def test_an_input_that_the_list_got_since_has_its_default(account: Account, service: Service) -> None:
    give(account)
    run(account)
    edited = ORDERED.replace("items:", "inputs: {size: {type: text, default: L}}\nitems:")
    give(account, edited.replace("Hand out the card", "Card of size {{ inputs.size }}"))
    sign(account)
    assert counts(waiting(service).poll()) == [{"created": 1, "kept": 2, "waiting": 2}]
    assert "Card of size L" in account.names()


def test_a_completion_that_is_noted_while_a_run_is_under_way_is_not_overlooked(
    account: Account, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The poll takes the news out of the window before the run has written what waits."""
    give(account)
    run(account)
    finish = Applier.finish

    def finish_late(self: Applier, plan: Any) -> Applied:
        monkeypatch.setattr(Applier, "finish", finish)
        sign(account)
        changes = ChangeReader(service.writing.reader, service.ledger, service.stop)
        assert changes.read(service.ledger.waits(), service.clock()) == {ASHLEY}
        return finish(self, plan)

    monkeypatch.setattr(Applier, "finish", finish_late)
    assert run(account)["card"] == "waiting"
    assert counts(waiting(service).poll()) == [{"created": 1, "kept": 2, "waiting": 2}]


def test_what_a_clock_that_ran_ahead_put_off_is_looked_at_again(account: Account, service: Service) -> None:
    give(account)
    run(account)
    service.clock.ahead = 365 * DAY
    waiting(service).poll()
    service.clock.ahead = 60
    waiting(service).poll()
    (wait,) = service.ledger.waits()
    assert wait.next_look_at is not None
    assert (wait.next_look_at - service.clock()).total("hours") <= 24


@pytest.fixture
def team(account: Account) -> Iterator[None]:
    before = account.far_side.record("teams", TEAM)
    yield
    account.far_side.put_record("teams", TEAM, **{name: value for name, value in before.items() if name != "Id"})


@pytest.mark.usefixtures("team")
def test_what_waits_for_a_team_goes_over_to_who_pays_by_now(account: Account, service: Service) -> None:
    give(account, GATED.replace("membership", "team") + "  - {id: sign, name: Door sign, after: card}\n")
    account.run(name="moving-in", coworker=GLEN)
    assert [wait.coworker_id for wait in service.ledger.waits()] == [ZOE]
    account.far_side.put_record("teams", TEAM, PayingMemberId=GLEN)
    press(account, "Sign the papers", coworker=ZOE)
    assert counts(waiting(service).poll()) == [{"created": 1, "kept": 1, "waiting": 1}]
    assert [wait.coworker_id for wait in service.ledger.waits()] == [GLEN]
    account.far_side.clear_requests()
    waiting(service).poll()
    assert len(account.calls()) == 1, "only what changed is asked"


def ended(service: Service, **fields: object) -> None:
    past = {"Cancelled": True, "Active": False, "CancellationDate": "2026-11-20T00:00:00Z"}
    put_contract(service, CONTRACT, PAULA, **past | fields)


@pytest.mark.parametrize("once_per", ["membership", "contract", "coworker"])
def test_nothing_is_made_for_a_member_whose_contract_ended_while_it_waited(
    account: Account, service: Service, once_per: str
) -> None:
    give(account, GATED.replace("membership", once_per))
    put_contract(service, CONTRACT, PAULA)
    run(account, coworker=PAULA)
    ended(service)
    press(account, "Sign the papers", coworker=PAULA)
    looked = waiting(service).poll()
    assert (counts(looked), why(looked)) == ([], f"contract {CONTRACT} has ended.")
    (wait,) = service.ledger.waits()
    assert wait.next_look_at is not None
    assert (wait.next_look_at - service.clock()).total("hours") == pytest.approx(24, abs=0.1)
    put_contract(service, CONTRACT, PAULA)  # they changed their mind
    service.clock.ahead = 1.1 * DAY
    assert counts(waiting(service).poll()) == [{"created": 1, "kept": 1}]


def test_nothing_is_made_for_a_member_who_is_archived(account: Account, service: Service) -> None:
    give(account)
    run(account, coworker=PAULA)
    account.far_side.put_record("coworkers", PAULA, Archived=True)
    sign(account, PAULA)
    assert why(waiting(service).poll()) == "the coworker is archived."


def test_a_membership_that_goes_on_with_another_contract_goes_on_waiting(account: Account, service: Service) -> None:
    give(account, GATED)
    put_contract(service, CONTRACT, PAULA)
    run(account, coworker=PAULA)
    ended(service)
    put_contract(service, CONTRACT + 1, PAULA, StartDate="2026-11-20T00:00:00Z")
    press(account, "Sign the papers", coworker=PAULA)
    assert counts(waiting(service).poll()) == [{"created": 1, "kept": 1}]


def test_a_contract_that_ends_later_is_still_one(account: Account, service: Service) -> None:
    give(account, GATED)
    put_contract(service, CONTRACT, PAULA)
    run(account, coworker=PAULA)
    ended(service, CancellationDate="2027-02-01T00:00:00Z", Active=True)
    press(account, "Sign the papers", coworker=PAULA)
    assert counts(waiting(service).poll()) == [{"created": 1, "kept": 1}]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("anchor: contract.start", "anchor: contract.cancellation"),
        ("name: Hand out the card", "name: Hand out the card, due: 5 days after membership.end"),
        ("once_per:", "applies: {on: [contract.cancelled]}\nonce_per:"),
    ],
    ids=["anchor", "due", "event"],
)
def test_a_list_about_the_end_goes_on_after_it(account: Account, service: Service, old: str, new: str) -> None:
    give(account, GATED.replace(old, new))
    put_contract(service, CONTRACT, PAULA, CancellationDate="2026-12-31T00:00:00Z")
    run(account, coworker=PAULA)
    ended(service)
    press(account, "Sign the papers", coworker=PAULA)
    assert counts(waiting(service).poll()) == [{"created": 1, "kept": 1}]


def test_who_had_left_when_it_was_asked_gets_what_waits(account: Account, service: Service) -> None:
    give(account)
    ended(service)
    run(account, coworker=PAULA)
    sign(account, PAULA)
    assert counts(waiting(service).poll()) == [{"created": 1, "kept": 2, "waiting": 2}]


def test_other_troubles_do_not_count_for_giving_up(account: Account, service: Service) -> None:
    give(account)
    run(account)
    give(account, ORDERED.replace("after: card", "after: crad"))
    for _ in range(32):
        waiting(service).look(service.ledger.waits())
    give(account, ORDERED.replace("once_per:", "applies: {when: coworker.active == false}\nonce_per:"))
    for _ in range(29):
        assert not waiting(service).look(service.ledger.waits()).ended
    assert waiting(service).look(service.ledger.waits()).ended


def test_what_waits_for_a_deleted_task_can_be_given_up(account: Account, service: Service) -> None:
    give(account)
    run(account)
    press(account, "Sign the papers", "delete")
    told = account.cli("resume", "--coworker", ASHLEY, "--no-wait", "--format", "json")
    assert (told.code, service.ledger.waits()[0].ended_at) == (0, None)
    told = account.cli("resume", "--coworker", ASHLEY, "--give-up", "--no-wait", "--format", "json")
    assert (told.code, told.json["left"]) == (0, [])
    assert "waits no more: it was given up by hand" in told.err
    assert "waits no more: it was given up by hand" in " ".join(account.cli("status").out.split())
    assert account.cli("audit", "--coworker", ASHLEY).code == 0


def test_giving_up_leaves_what_only_waits(account: Account, service: Service) -> None:
    give(account)
    run(account)
    account.cli("resume", "--coworker", ASHLEY, "--give-up", "--no-wait")
    sign(account)
    assert counts(waiting(service).poll()) == [{"created": 1, "kept": 2, "waiting": 2}]
