"""Planning what waits, and telling what is completed: remembered, live, reopened, gone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from member_given import NOW, applied, expanded, item, live_row, planned, ready, remembered
from whenever import Instant

from engine.core.completions import completed_since, ends_of
from engine.core.plan import Action, Situation
from engine.core.wanted import Expansion, Waits

LATER = NOW.add(hours=3)
WAITS = Waits("waits until card is completed", ("card",))


def waiting(waits: Waits | None = WAITS, **changes: Any) -> Expansion:
    found = expanded(ready(item("tour")))
    return replace(found, wanted=(replace(found.wanted[0], waits=waits, **changes),), ordered=True)


def only(expansion: Expansion, situation: Situation | None = None, now: Instant = NOW) -> Action:
    (action,) = planned(expansion, situation, now).actions
    return action


def test_a_task_that_waits_is_not_made_and_says_for_what() -> None:
    action = only(waiting())
    assert (action.action, action.reason, action.decides_at) == ("wait", WAITS.reason, None)
    assert action.to_json()["waits"] == {"for": ["card"], "until": None, "stuck": False}
    assert action.payload["Name"] == action.wanted.name


@pytest.mark.parametrize(("now", "expected"), [(NOW, "wait"), (LATER, "create"), (LATER.add(hours=1), "create")])
def test_a_moment_of_creation_is_waited_for_and_then_is_none(now: Instant, expected: str) -> None:
    action = only(waiting(Waits("created later", until=LATER)), now=now)
    assert action.action == expected
    assert action.decides_at == (LATER if expected == "wait" else None)
    assert (action.to_json()["waits"] is None) == (expected == "create")


def test_what_is_made_is_kept_though_something_before_it_is_open_again() -> None:
    made = planned(waiting(None))
    action = only(waiting(due_at=None), applied(made))
    assert (action.action, action.drift) == ("keep", ()), "its due is not told while it counts from what is to come"


def test_a_task_found_in_nexudus_is_adopted_though_it_would_wait() -> None:
    made = only(waiting(None))
    row = live_row(77, made)
    assert only(waiting(), Situation(found={made.wanted.identity: (row,)})).action == "adopt"


def test_a_list_that_was_not_read_to_its_end_holds_rather_than_waits() -> None:
    assert only(waiting(), Situation(incomplete="page 2 could not be read")).action == "hold"


@pytest.mark.parametrize(("minutes", "expected"), [(1, "hold"), (60, "wait")])
def test_an_open_intent_is_decided_first_and_then_taken_back(minutes: int, expected: str) -> None:
    made = planned(waiting(None))
    intent = remembered(made.actions[0], made.expansion, state="intended", task_id=None)
    now = NOW.add(minutes=minutes)
    action = only(waiting(), Situation(known={intent.identity: intent}, looked_at=now), now)
    assert action.action == expected
    assert action.again == (expected == "wait")
    if expected == "wait":
        assert (action.held_by, action.held_seen_at) == (intent.run_id, intent.seen_at)


def test_what_waits_is_in_the_checksum_and_why_is_not() -> None:
    plain, other = planned(waiting()), planned(waiting(replace(WAITS, reason="said otherwise")))
    assert plain.checksum == other.checksum
    assert plain.checksum != planned(waiting(None)).checksum


def ended(changes: dict[str, Any], row: dict[str, Any] | None, *, gone: bool = False) -> tuple[Any, Any]:
    """What is told of one made task: since when it is completed, and the news for the ledger."""
    made = planned(waiting(None))
    task = remembered(made.actions[0], made.expansion, **changes)
    live = {} if row is None else {7000: live_row(7000, made.actions[0], **row)}
    situation = Situation(known={task.identity: task}, live=live, gone=frozenset({7000} if gone else ()))
    ends = ends_of(made.expansion, situation, LATER)
    assert bool(ends.gone) == (gone or (row is None and task.gone_at is not None and task.completed_at is None))
    return ends.done.get(("tour", "")), ends.completed.get(task.identity, "no news")


SEEN, CHANGED = NOW.add(minutes=5), NOW.add(minutes=9)


@pytest.mark.parametrize(
    ("changes", "row", "expected"),
    [
        ({}, {"completed": True, "updated_at": CHANGED}, (CHANGED, CHANGED)),
        ({}, {"completed": True}, (LATER, LATER)),
        ({}, {"completed": True, "updated_at": LATER.add(hours=1)}, (LATER, LATER)),
        ({"completed_at": SEEN}, {"completed": True, "updated_at": CHANGED}, (SEEN, "no news")),
        ({"completed_at": SEEN}, None, (SEEN, "no news")),
        ({"completed_at": SEEN}, {}, (None, None)),
        ({}, {}, (None, "no news")),
        ({}, None, (None, "no news")),
        ({"gone_at": SEEN}, None, (None, "no news")),
    ],
    ids=[
        *("seen first", "without a moment", "a clock ahead", "seen before", "not listed", "opened again"),
        *("open", "not listed and open", "gone before"),
    ],
)
def test_a_completion_is_told_once_and_keeps_its_moment(
    changes: dict[str, Any], row: dict[str, Any] | None, expected: tuple[Any, Any]
) -> None:
    assert ended(changes, row) == expected


def test_a_deleted_task_is_gone_and_that_is_news_once() -> None:
    assert ended({}, None, gone=True) == (None, "no news")
    made = planned(waiting(None))
    for changes, news in (({}, 1), ({"gone_at": SEEN}, 0)):
        task = remembered(made.actions[0], made.expansion, **changes)
        situation = Situation(known={task.identity: task}, gone=frozenset({7000}))
        assert len(ends_of(made.expansion, situation, LATER).deleted) == news


def test_a_completed_task_that_was_deleted_stays_completed() -> None:
    assert ended({"completed_at": SEEN}, None) == (SEEN, "no news")


def test_a_task_found_without_the_ledger_is_completed_when_its_row_says_so() -> None:
    made = planned(waiting(None))
    row = live_row(77, made.actions[0], completed=True, updated_at=CHANGED)
    ends = ends_of(made.expansion, Situation(found={made.actions[0].wanted.identity: (row,)}), LATER)
    assert (dict(ends.done), dict(ends.completed)) == ({("tour", ""): CHANGED}, {})


def test_rows_of_others_are_no_news() -> None:
    made = planned(waiting(None))
    task = remembered(made.actions[0], made.expansion)
    row = live_row(1, made.actions[0], completed=True)
    assert completed_since([task], [row], LATER) == {}
