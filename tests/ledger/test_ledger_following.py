"""What becomes of tasks once they are made: whose they are, completed, gone, given away; and what waits for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from ledger_given import ADA, BATCH, NOW, Place, begin, identity, intent, looked, opened, rows_of, tell, waiting
from whenever import Instant

from engine.ledger.ledger import Ledger
from engine.ledger.values import Reassigning

ANA, BEN = 1418332090, 1418332091
LATER = NOW.add(hours=2)
CHANGE = Reassigning(ADA, identity("card"), 900, ANA, BEN)


@pytest.fixture
def ledger(place: Place) -> Iterator[Ledger]:
    """Two tasks of Ana, one of Ben, one that was refused."""
    with opened(place) as one:
        run = begin(one)
        due = NOW.add(hours=24)
        asked = [
            *(intent("card", responsible_id=ANA, due_at=due), intent("tour", responsible_id=ANA, key="31")),
            *(intent("key", responsible_id=BEN), intent("tea", responsible_id=BEN)),
        ]
        one.claim(run, asked, NOW)
        for number, item in enumerate(("card", "tour", "key")):
            one.record(run, identity(item), "created", task_id=900 + number, now=NOW)
        one.record(run, identity("tea"), "failed", now=NOW)
        yield one


def known(ledger: Ledger, item: str) -> tuple[Instant | None, Instant | None]:
    found = next(task for task in ledger.known(ADA) if task.identity == identity(item))
    return found.completed_at, found.gone_at


def test_only_what_was_made_and_is_open_counts_for_a_person(ledger: Ledger) -> None:
    assert ledger.loads() == {ANA: 2, BEN: 1}
    ledger.note_ends(ADA, {identity("card"): LATER}, {identity("key")}, LATER)
    assert ledger.loads() == {ANA: 1}
    assert known(ledger, "card") == (LATER, None)
    assert known(ledger, "key") == (None, LATER)
    ledger.note_ends(ADA, {identity("card"): None}, (), LATER)
    assert ledger.loads() == {ANA: 2}, "it was opened again"


def test_an_end_of_another_coworker_or_of_nothing_changes_nothing(ledger: Ledger) -> None:
    ledger.note_ends(ADA + 1, {identity("card"): LATER}, {identity("key")}, LATER)
    ledger.note_ends(ADA, {identity("never"): LATER}, {identity("never")}, LATER)
    assert ledger.loads() == {ANA: 2, BEN: 1}


def test_the_tasks_of_a_person_are_told_by_due_and_with_their_origin(ledger: Ledger) -> None:
    first, second = ledger.tasks_held_by(ANA)
    assert (first.item, first.task_id, first.due_at, first.key) == ("card", 900, NOW.add(hours=24), "")
    assert (second.item, second.task_id, second.due_at, second.key) == ("tour", 901, None, "31")
    assert {one.coworker_id for one in (first, second)} == {ADA}
    assert {one.business_id for one in (first, second)} == {1_421_021_016}
    assert {one.tasklist for one in (first, second)} == {"new-member"}
    assert ledger.tasks_held_by(77) == ()


def test_a_change_of_the_responsible_moves_the_task_once_it_is_done(ledger: Ledger) -> None:
    number = ledger.reassigning(CHANGE, NOW)
    assert ledger.reassigning(CHANGE, LATER) == number, "gone on with, not begun twice"
    assert [one.change for one in ledger.open_reassignments()] == [CHANGE]
    assert ledger.loads() == {ANA: 2, BEN: 1}, "nobody knows yet whether it happened"
    ledger.reassigned(number, "reassigned", LATER)
    assert ledger.loads() == {ANA: 1, BEN: 2}
    (told,) = ledger.reassignments()
    assert (told.outcome, told.at, told.settled_at) == ("reassigned", NOW, LATER)
    assert ledger.open_reassignments() == ()
    assert ledger.reassigning(CHANGE, LATER) != number


@pytest.mark.parametrize("outcome", ["skipped", "failed"])
def test_a_change_that_was_not_made_leaves_the_task_where_it_is(ledger: Ledger, outcome: str) -> None:
    ledger.reassigned(ledger.reassigning(CHANGE, NOW), outcome, LATER, "completed since")
    assert ledger.loads() == {ANA: 2, BEN: 1}
    assert [one.why for one in ledger.reassignments()] == ["completed since"]


def test_an_unknown_change_or_outcome_is_refused(ledger: Ledger) -> None:
    with pytest.raises(LookupError):
        ledger.reassigned(77, "skipped", NOW)
    with pytest.raises(ValueError, match="no outcome"):
        ledger.reassigned(ledger.reassigning(CHANGE, NOW), "lost", NOW)


def test_a_batch_waits_once_and_its_newest_word_counts(ledger: Ledger) -> None:
    ledger.keep_waiting(waiting('{"now":1}'))
    ledger.keep_waiting(waiting('{"now":2}', tries=3, why="away"))
    (found,) = ledger.waits()
    assert (found.request, found.tries, found.why) == ('{"now":2}', 3, "away")
    other = replace(waiting("{}"), key=replace(BATCH, cycle="2027"))
    ledger.keep_waiting(other)
    assert [one.key.cycle for one in ledger.waits(ADA)] == ["", "2027"]
    assert ledger.waits(ADA + 1) == ()
    ledger.waits_no_more(ADA, BATCH)
    assert ledger.waits() == (other,)


def test_what_changed_is_looked_at_at_once_and_what_comes_sooner_stays(ledger: Ledger) -> None:
    ledger.keep_waiting(waiting("{}", next_look_at=None))
    ledger.note_ends(ADA + 1, {identity("card"): NOW}, (), NOW)
    ledger.note_ends(ADA, {}, (), NOW)
    assert ledger.waits()[0].next_look_at is None, "nothing of hers ended"
    ledger.note_ends(ADA, {identity("card"): NOW}, (), NOW)
    ledger.note_ends(ADA, {}, {identity("tour")}, LATER)
    assert ledger.waits()[0].next_look_at == NOW


def test_a_batch_that_is_given_up_keeps_the_reason_and_nothing_that_was_asked(ledger: Ledger, place: Place) -> None:
    ledger.keep_waiting(waiting('{"inputs":{"name":"Ada"}}', items='[{"item":"card","key":"Ada"}]'))
    ledger.end_wait(ADA, BATCH, "the coworker has left", LATER)
    (found,) = ledger.waits()
    assert (found.ended_at, found.why, found.request, found.items) == (LATER, "the coworker has left", "", "[]")
    assert "Ada" not in repr(rows_of(place, "SELECT * FROM waits"))
    ledger.note_ends(ADA, {identity("card"): NOW}, (), LATER)
    assert ledger.waits()[0].next_look_at is None, "nobody looks any more"
    assert ledger.forget_ended_waits(LATER) == 0
    assert ledger.forget_ended_waits(LATER.add(seconds=1)) == 1
    assert ledger.waits() == ()


def test_what_was_asked_of_a_batch_is_not_in_the_files_once_nothing_waits(place: Place) -> None:
    secret = "a member's own words 7d1f"
    with opened(place) as ledger:
        ledger.keep_waiting(waiting(secret))
        ledger.waits_no_more(ADA, BATCH)
        if "://" in str(place):
            assert secret not in repr(rows_of(place, "SELECT * FROM waits"))
            return
        files = [file for file in place.parent.iterdir() if file.is_file()]  # type: ignore[union-attr]
        assert files
        assert all(secret.encode() not in file.read_bytes() for file in files)


def test_a_look_tells_the_same(ledger: Ledger, place: Place) -> None:
    ledger.keep_waiting(waiting("{}"))
    ledger.reassigning(CHANGE, NOW)
    view = looked(place)
    assert view is not None
    with view:
        assert view.loads() == ledger.loads()
        assert view.waits() == ledger.waits()
        assert view.open_reassignments() == ledger.open_reassignments()


def test_tasks_of_an_older_ledger_are_nobodys_and_stop_nothing(ledger: Ledger, place: Place) -> None:
    tell(place, "UPDATE tasks SET person_key = NULL")
    assert ledger.loads() == {}
    assert ledger.tasks_held_by(ANA) == ()
