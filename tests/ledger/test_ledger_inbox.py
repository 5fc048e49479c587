"""Deliveries come in: each content is one row, however often and however many at once it comes."""

from __future__ import annotations

from typing import Any

import pytest
from inbox_given import SOON, accept, came, decide, job, state
from ledger_given import NOW, Place, looked, opened
from sqlalchemy import Connection

from engine.core.errors import UserError
from engine.ledger.accepting import MOST_UNVERIFIED
from engine.ledger.ledger import Ledger
from engine.ledger.service_values import DeliveryId

ODD_BODIES = [b"", b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"[]", "José 🚀".encode(), b"x" * 1_048_576]


def test_a_delivery_is_new_with_its_body_as_it_came(ledger: Ledger) -> None:
    accepted = ledger.inbox.accept([came(body) for body in ODD_BODIES])
    assert len({one.id for one in accepted}) == len(ODD_BODIES)
    assert all(one.is_new and len(one.id) == 16 for one in accepted)
    assert [ledger.inbox.body(one.id) for one in accepted] == ODD_BODIES
    delivery = ledger.inbox.delivery(accepted[0].id)
    assert delivery is not None
    assert (delivery.state, delivery.copies, delivery.tries, delivery.why) == ("new", 1, 0, "")
    assert (delivery.received_at, delivery.last_at, delivery.due_at, delivery.settled_at) == (NOW, NOW, NOW, None)


def test_what_comes_in_one_millisecond_has_ids_of_its_own_in_the_order_of_coming(ledger: Ledger) -> None:
    accepted = [one.id for n in range(20) for one in ledger.inbox.accept([came(f"{n} {i}") for i in range(150)])]
    jobs = ledger.jobs.ask([job(coworker_id=number) for number in range(300)], NOW)
    assert len({*accepted, *jobs}) == 3300, "nor has a job the id of a delivery"
    assert sorted(accepted) == accepted
    assert list(jobs) == sorted(jobs)
    assert len(set(ledger.inbox.accept([came(f"0 {i}") for i in range(150)]))) == 150, "each is found again"
    assert ledger.inbox.counts()["new"] == 3000


def test_copies_in_one_batch_and_later_are_one_delivery(ledger: Ledger) -> None:
    first, again = ledger.inbox.accept([came("a"), came("a")])
    assert (first.id, first.is_new, again.is_new) == (again.id, True, False)
    (late,) = ledger.inbox.accept([came("a", received_at=SOON)])
    assert (late.id, late.is_new) == (first.id, False)
    delivery = ledger.inbox.delivery(first.id)
    assert delivery is not None
    assert (delivery.copies, delivery.received_at, delivery.last_at) == (3, NOW, SOON)
    assert ledger.inbox.due(SOON, limit=9) == (first.id,)


def test_a_copy_that_an_earlier_clock_dates_does_not_take_the_last_moment_back(ledger: Ledger) -> None:
    one = accept(ledger, "a", received_at=SOON)
    accept(ledger, "a", received_at=NOW)
    delivery = ledger.inbox.delivery(one)
    assert delivery is not None
    assert delivery.last_at == SOON


@pytest.mark.parametrize("other", [{"location": "madrid"}, {"event": "contract.renewed"}, {"body": b"b"}])
def test_another_place_event_or_body_is_another_delivery(ledger: Ledger, other: dict[str, Any]) -> None:
    ids = {accept(ledger, "a"), accept(ledger, **({"body": b"a"} | other))}
    assert len(ids) == 2


def test_location_and_event_are_told_apart_from_each_other_and_from_the_body(ledger: Ledger) -> None:
    parts = [("ab", "c", b"d"), ("a", "bc", b"d"), ("a", "b", b"cd"), ("abc", "", b"d")]
    accepted = ledger.inbox.accept([came(body, location=place, event=event) for place, event, body in parts])
    assert len({one.id for one in accepted}) == len(parts)


@pytest.mark.parametrize("end", ["done", "aside", "failed"])
def test_a_copy_never_makes_a_settled_delivery_new(ledger: Ledger, end: str) -> None:
    one = accept(ledger, "a")
    if end == "done":
        decide(ledger, one)
    else:
        step = ledger.inbox.set_aside if end == "aside" else ledger.inbox.fail
        assert step(one, "odd", NOW)
    (again,) = ledger.inbox.accept([came("a", received_at=NOW.add(hours=24 * 30))])
    assert (again.id, again.is_new, state(ledger, one)) == (one, False, end)
    assert ledger.inbox.due(NOW.add(hours=24 * 60), limit=9) == ()


def test_only_a_hundred_that_were_not_verified_are_kept_and_the_others_counted(ledger: Ledger) -> None:
    flood = [came(f"{n}", verified="unverified") for n in range(MOST_UNVERIFIED - 10)]
    assert all(one.id and not one.is_new for one in ledger.inbox.accept(flood))
    more = ledger.inbox.accept([came(f"more {n}", verified="unverified") for n in range(15)] + [came("genuine")])
    assert [bool(one.id) for one in more] == [True] * 10 + [False] * 5 + [True]
    ledger.inbox.accept([came("one more", verified="unverified")] * 2)
    assert ledger.inbox.counts() == {"new": 1, "done": 0, "aside": 0, "failed": 0, "unverified": 100}
    assert ledger.inbox.turned_away() == 7
    assert ledger.inbox.due(SOON, limit=999) == (more[-1].id,), "they are never acted on"


def test_one_that_later_comes_verified_becomes_new_and_makes_room(ledger: Ledger) -> None:
    doubted = ledger.inbox.accept([came(f"{n}", verified="unverified") for n in range(MOST_UNVERIFIED)])
    called: list[DeliveryId] = []
    (known, fresh) = ledger.inbox.accept(
        [came("0", received_at=SOON), came("100")], also=lambda _, ids: called.extend(ids)
    )
    assert (known.id, known.is_new, fresh.is_new) == (doubted[0].id, True, True)
    assert called == [known.id, fresh.id]
    delivery = ledger.inbox.delivery(known.id)
    assert delivery is not None
    assert (delivery.verified, delivery.state, delivery.why, delivery.copies) == ("signature", "new", "", 2)
    assert ledger.inbox.body(known.id) == b"0"
    assert accept(ledger, "101", verified="unverified"), "there is room for one again"
    assert ledger.inbox.counts()["unverified"] == MOST_UNVERIFIED


@pytest.mark.parametrize("order", [("unverified", "signature"), ("signature", "unverified")])
def test_in_one_batch_the_genuine_one_counts(ledger: Ledger, order: tuple[str, str]) -> None:
    accepted = ledger.inbox.accept([came("a", verified=proof) for proof in order])
    assert len({one.id for one in accepted}) == 1
    assert [one.is_new for one in accepted] == [True, False]
    delivery = ledger.inbox.delivery(accepted[0].id)
    assert delivery is not None
    assert (delivery.state, delivery.verified, delivery.copies) == ("new", "signature", 2)


def test_one_that_was_discarded_unverified_is_new_with_its_body_when_it_comes_verified(ledger: Ledger) -> None:
    one = accept(ledger, "a", verified="unverified")
    assert ledger.inbox.discard(one, NOW)
    assert ledger.inbox.body(one) is None
    assert ledger.inbox.accept([came("a", verified="token")]) == ((one, True),)
    assert (state(ledger, one), ledger.inbox.body(one)) == ("new", b"a")


def test_one_that_was_never_verified_is_not_replayed(ledger: Ledger) -> None:
    one = accept(ledger, "a", verified="unverified")
    with pytest.raises(UserError, match="was never verified"):
        ledger.inbox.replay(one, NOW)
    assert state(ledger, one) == "aside"


def test_what_is_called_with_new_ids_is_part_of_the_transaction(ledger: Ledger) -> None:
    def refuse(_connection: Connection, ids: object) -> None:
        assert ids
        raise RuntimeError("the queue refused")

    with pytest.raises(RuntimeError, match="the queue refused"):
        ledger.inbox.accept([came("a")], also=refuse)
    assert ledger.inbox.listed() == ()
    one = accept(ledger, "a")
    ledger.inbox.accept([came("a")], also=refuse)
    assert ledger.inbox.due(NOW, limit=9) == (one,)


def test_due_ones_come_by_their_moment_and_a_retried_one_waits(ledger: Ledger) -> None:
    late, early = accept(ledger, "late", received_at=SOON), accept(ledger, "early")
    assert ledger.inbox.due(SOON, limit=9) == (early, late)
    assert ledger.inbox.due(SOON, limit=1) == (early,)
    assert ledger.inbox.due(NOW, limit=9) == (early,)
    assert ledger.inbox.retry(early, "Nexudus cannot be reached", NOW.add(minutes=5), SOON)
    assert ledger.inbox.due(SOON, limit=9) == (late,)
    assert ledger.inbox.due(NOW.add(minutes=5), limit=9) == (late, early)
    delivery = ledger.inbox.delivery(early)
    assert delivery is not None
    assert (delivery.tries, delivery.why) == (1, "Nexudus cannot be reached")


def test_the_longest_wait_counts_from_when_a_delivery_became_new(ledger: Ledger) -> None:
    assert ledger.inbox.oldest_waiting() is None
    one = accept(ledger, "a")
    accept(ledger, "b", received_at=SOON)
    ledger.inbox.retry(one, "later", NOW.add(minutes=5), NOW)
    assert ledger.inbox.oldest_waiting() == NOW
    decide(ledger, one)
    assert ledger.inbox.oldest_waiting() == SOON
    ledger.inbox.replay(one, NOW.add(hours=48))
    assert ledger.inbox.oldest_waiting() == SOON, "a replay from long ago is no old backlog"


def test_lists_are_the_newest_first_by_state(ledger: Ledger) -> None:
    ids = [accept(ledger, f"{n}", received_at=NOW.add(seconds=n)) for n in range(4)]
    doubted = accept(ledger, "x", verified="unverified")
    ledger.inbox.set_aside(ids[1], "odd", NOW)
    assert [one.id for one in ledger.inbox.listed(limit=2)] == [ids[3], ids[2]]
    assert [one.id for one in ledger.inbox.listed("new")] == [ids[3], ids[2], ids[0]]
    assert [one.id for one in ledger.inbox.listed("aside")] == [ids[1]]
    assert [one.id for one in ledger.inbox.listed("unverified")] == [doubted]
    with pytest.raises(ValueError, match="lost"):
        ledger.inbox.listed("lost")


def test_nothing_of_the_body_is_in_a_repr(ledger: Ledger) -> None:
    delivery = came('{"FullName":"Zebedee"}')
    assert "Zebedee" not in repr(delivery)
    assert "Zebedee" not in repr(ledger.inbox.delivery(accept(ledger, delivery.body)))


def test_a_ledger_opened_to_look_shows_the_inbox_and_cannot_change_it(place: Place) -> None:
    with opened(place) as ledger:
        one = accept(ledger, "a")
        (asked,) = decide(ledger, one, job())
    view = looked(place)
    assert view is not None
    with view:
        assert [delivery.id for delivery in view.inbox.listed()] == [one]
        assert [found.id for found in view.jobs.listed()] == [asked]
        assert view.inbox.counts()["done"] == view.jobs.counts()["open"] == 1
        assert not hasattr(view.inbox, "accept")
        assert not hasattr(view.jobs, "ask")
