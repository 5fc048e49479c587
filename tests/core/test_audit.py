"""Ledger against service, as values: a table for each kind of finding, and what holds for every mixture."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whenever import Instant

from engine.core.audit import SETTLED, Remembered, Seen, Sent, compare, kept
from engine.core.audit_findings import FOR_A_PERSON, KINDS, Finding, counted, in_order
from engine.core.audit_sentences import copied
from engine.core.edits import SENT_DUE, Told
from engine.core.identity import NAMESPACE, mark_of, notes_with_mark
from engine.core.known import KnownTask, LiveTask, State, fingerprint

ADA, JOSE, BARCELONA, ANA = 1423831744, 1423831745, 1421021016, 1418332090
KEY = b"k" * 32
MADE, NOW = Instant("2026-11-20T09:00:00Z"), Instant("2026-11-23T10:00:00Z")
DUE = Instant("2026-12-02T09:00:00Z")
QUIET = 120.0
NOTES = "Check an ID.\nThen take a photo."
NAME = "Hand out the access card to Ada Lovelace"


def number(item: str) -> UUID:
    return uuid5(NAMESPACE, item)


def prints(**texts: str) -> dict[str, str]:
    return {name: fingerprint(KEY, name, text) for name, text in texts.items()}


def known(item: str = "access-card", state: State = "created", task_id: int | None = 1, **other: Any) -> KnownTask:
    usual: dict[str, Any] = {
        "run_id": "1jm3k7q2c5abcdef",
        "at": MADE,
        "seen_at": MADE,
        "tasklist": "new-member",
        "item": item,
        "due_at": DUE,
    }
    if state in SETTLED:
        usual["fingerprints"] = prints(Name=NAME, Notes=NOTES, DueDate="2026-12-02T09:00:00Z")
    return KnownTask(number(item), state, **(usual | {"task_id": task_id if state in SETTLED else None} | other))


def row(task_id: int = 1, **other: Any) -> LiveTask:
    usual: dict[str, Any] = {
        "business_id": BARCELONA,
        "coworker_id": ADA,
        "name": NAME,
        "completed": False,
        "due_at": DUE,
        "responsible_id": ANA,
        "created_at": MADE,
    }
    return LiveTask(task_id, **(usual | other))


def seen(*rows: LiveTask, **other: Any) -> Seen:
    return Seen(NOW, {one.task_id: one for one in rows}, **other)


def remembered(*tasks: KnownTask, **other: Any) -> Remembered:
    return Remembered(ADA, tasks, KEY, **other)


def found(memory: Remembered, there: Seen, **other: Any) -> list[Finding]:
    return list(compare(memory, there, quiet_seconds=QUIET, **other))


def only(memory: Remembered, there: Seen) -> Finding:
    (one,) = found(memory, there)
    return one


SENT = {number("access-card"): Sent(NAME, BARCELONA, ANA, DUE)}
OPEN = known(state="intended")


def test_what_is_there_as_it_was_made_is_no_finding():
    memory, there = remembered(known()), seen(row())
    assert found(memory, there) == []
    assert kept(memory, ()) == 1


def test_an_open_intent_past_the_quiet_period_whose_task_is_not_there_is_lost():
    one = only(remembered(OPEN, sent=SENT), seen())
    assert (one.kind, one.item, one.identity, one.task_id) == ("lost", "access-card", OPEN.identity, None)
    assert one.needs_person
    assert one.advice == f"`tasklists resume --coworker {ADA}`"


@pytest.mark.parametrize(
    ("resumable", "command"),
    [
        (frozenset(), f"`tasklists run new-member --coworker {ADA}`"),
        ({"new-member"}, f"`tasklists resume --coworker {ADA}`"),
    ],
    ids=["no run to go on with", "an interrupted run"],
)
def test_a_task_that_was_refused_is_lost_with_the_reason_and_the_command(resumable, command):
    task = known(state="failed")
    reasons = {task.identity: "item access-card: Responsible: is not active."}
    one = only(remembered(task, reasons=reasons, resumable=resumable), seen())
    assert one.kind == "lost"
    assert "Responsible: is not active" in one.what
    assert one.advice == f"mend the reason, then {command}"


def test_a_refused_task_that_is_there_all_the_same_is_held_and_will_be_adopted():
    task = known(state="failed")
    one = only(remembered(task), seen(row(9), marks={9: mark_of(task.identity)}))
    assert (one.kind, one.task_id, one.next) == ("held", 9, "it is adopted, none is made")


def test_an_open_intent_inside_the_quiet_period_is_held_till_it_is_over():
    task = replace(OPEN, at=NOW.subtract(seconds=60), seen_at=NOW.subtract(seconds=50))
    one = only(remembered(task, sent=SENT), seen())
    assert (one.kind, one.at, one.needs_person) == ("held", task.at, True)
    assert "decided after 2026-11-23T10:01:10Z" in one.next
    assert "resume" in one.advice


def test_an_open_intent_of_a_run_at_work_waits_for_nobody():
    one = only(remembered(OPEN, sent=SENT, busy_until=NOW.add(seconds=20)), seen())
    assert (one.kind, one.needs_person) == ("held", False)


def test_an_open_intent_whose_task_carries_its_mark_is_held_and_names_it():
    one = only(remembered(OPEN, sent=SENT), seen(row(7), marks={7: mark_of(OPEN.identity)}))
    assert (one.kind, one.task_id) == ("held", 7)
    assert "task 7 is what it made" in one.what


def test_an_open_intent_beside_an_unmarked_task_of_its_name_is_held_with_the_line_to_write():
    one = only(remembered(OPEN, sent=SENT), seen(row(7), marks={7: None}))
    assert (one.kind, one.task_id) == ("held", 7)
    assert f"`ref: {mark_of(OPEN.identity)}`" in one.advice


def test_an_older_task_of_the_same_name_leaves_no_doubt():
    older = row(7, created_at=MADE.subtract(seconds=121))
    kinds = [one.kind for one in found(remembered(OPEN, sent=SENT), seen(older, marks={7: None}))]
    assert kinds == ["lost", "foreign"]


@pytest.mark.parametrize(
    ("differs", "kinds"),
    [
        ({}, ["held"]),
        ({"name": "Another"}, ["lost"]),
        ({"responsible_id": 5}, ["lost", "foreign"]),
        ({"due_at": None}, ["lost", "foreign"]),
        ({"business_id": 5}, ["lost", "foreign"]),
    ],
    ids=["all equal", "name", "responsible", "due", "location"],
)
def test_a_request_without_the_mark_is_told_by_its_whole_content(differs, kinds):
    task = replace(OPEN, marked=False)
    there = seen(row(7, **differs), marks={7: None})
    assert [one.kind for one in found(remembered(task, sent=SENT), there)] == kinds


def test_a_task_made_twice_names_all_the_oldest_first_and_the_one_we_remember():
    young, old = row(30, created_at=MADE.add(hours=1)), row(20, created_at=MADE.subtract(hours=1))
    one = only(
        remembered(known()),
        seen(row(1), young, old, marks={30: mark_of(number("access-card")), 20: mark_of(number("access-card"))}),
    )
    assert (one.kind, one.task_ids, one.task_id) == ("doubled", (20, 1, 30), 1)
    assert "20, 1 (the one that we remember), 30" in one.what
    assert "delete 20, 30 in Nexudus" in one.advice


def test_two_tasks_of_an_open_intent_are_doubled_and_the_oldest_may_stay():
    there = seen(row(8), row(7), marks=dict.fromkeys((7, 8), mark_of(OPEN.identity)))
    one = only(remembered(OPEN, sent=SENT), there)
    assert (one.kind, one.task_ids) == ("doubled", (7, 8))
    assert one.advice.startswith("delete 8 in Nexudus")


def test_two_tasks_with_one_mark_that_we_do_not_know_are_doubled():
    one = only(remembered(known()), seen(row(1), row(7), row(8), marks=dict.fromkeys((7, 8), "0123456789abcdef")))
    assert (one.kind, one.task_ids, one.needs_person) == ("doubled", (7, 8), True)


def test_a_mark_that_this_ledger_does_not_know_is_foreign_and_will_be_adopted():
    one = only(remembered(known()), seen(row(1), row(7), marks={7: "0123456789abcdef"}))
    assert (one.kind, one.task_id, one.mark, one.needs_person) == ("foreign", 7, "0123456789abcdef", False)
    assert "adopts it" in one.next


def test_a_task_made_by_hand_under_one_of_our_names_is_foreign_and_never_adopted():
    one = only(remembered(known()), seen(row(1), row(7), marks={7: None}))
    assert (one.kind, one.task_id, one.item, one.needs_person) == ("foreign", 7, "access-card", False)
    assert "never adopted and never touched" in one.next


def test_a_task_of_staff_under_a_name_of_its_own_is_no_finding():
    assert found(remembered(known()), seen(row(1), row(7, name="Order flowers"), marks={7: None})) == []


def test_a_copied_mark_of_another_coworker_is_left_alone():
    one = copied("0123456789abcdef", ADA, 7, JOSE)
    assert (one.kind, one.needs_person) == ("foreign", False)
    assert str(JOSE) in one.what


@pytest.mark.parametrize(
    ("differs", "fields", "words"),
    [
        ({"name": "Card"}, ("Name",), "its name differs"),
        ({"due_at": DUE.add(hours=1)}, ("DueDate",), "its due differs"),
        ({"due_at": None}, ("DueDate",), "its due differs"),
        ({"responsible_id": 5}, ("ResponsibleId",), "its responsible differs"),
        ({"business_id": 5}, ("BusinessId",), "its location differs"),
        ({"coworker_id": JOSE}, ("CoworkerId",), "its coworker differs"),
        (
            {"name": "Card", "due_at": None, "business_id": 5},
            ("Name", "DueDate", "BusinessId"),
            "its name, due and location differ",
        ),
    ],
)
def test_what_staff_changed_is_drifted_once_with_its_fields(differs, fields, words):
    task = known()
    more = prints(ResponsibleId=str(ANA), BusinessId=str(BARCELONA))
    one = only(remembered(replace(task, fingerprints=task.fingerprints | more)), seen(row(1, **differs)))
    assert (one.kind, one.fields, one.needs_person) == ("drifted", fields, False)
    assert one.what.startswith(words)


def test_what_is_not_remembered_is_not_claimed_to_differ():
    assert found(remembered(known(fingerprints={})), seen(row(1, name="Other", responsible_id=5, business_id=6))) == []
    assert found(remembered(known()), seen(row(1, responsible_id=None))) == []


def test_a_due_that_was_late_at_creation_may_have_been_sent_as_another():
    late = known(due_at=MADE.subtract(hours=1), fingerprints=prints(Name=NAME, DueDate="2026-11-20T08:00:00Z"))
    assert found(remembered(late), seen(row(1, due_at=MADE.add(hours=8)))) == []


@pytest.mark.parametrize(("hour", "kinds"), [("17", []), ("18", ["drifted"])])
def test_a_due_whose_sent_form_is_remembered_is_compared_with_that(hour, kinds):
    told = prints(Name=NAME, DueDate="2026-11-20T08:00:00Z", **{SENT_DUE: "2026-11-20T17:00:00Z"})
    late = known(due_at=MADE.subtract(hours=1), fingerprints=told)
    there = seen(row(1, due_at=Instant(f"2026-11-20T{hour}:00:00Z")))
    assert [one.kind for one in found(remembered(late), there)] == kinds


OURS = notes_with_mark(NOTES, number("access-card"), "Welcome Ada")


@pytest.mark.parametrize(
    ("notes", "kinds"),
    [
        (OURS, []),
        (OURS.replace("\n", "\r\n"), []),
        (OURS + "\n", []),
        (NOTES, []),
        (OURS.replace("an ID", "a passport"), ["drifted"]),
        (OURS + "\nDone on Monday", ["drifted"]),
        ("", ["drifted"]),
        (OURS.replace(mark_of(number("access-card")), "0" * 16), ["drifted"]),
    ],
    ids=[
        "as sent",
        "other line ends",
        "a line end more",
        "mark cut off",
        "text",
        "a line more",
        "empty",
        "another mark",
    ],
)
def test_notes_are_compared_without_our_line_where_they_were_read(notes, kinds):
    there = seen(asked={1: Told(row(1), notes)})
    assert [one.kind for one in found(remembered(known()), there)] == kinds


def test_notes_of_an_adopted_task_are_not_compared():
    task = known(state="adopted")
    assert found(remembered(task), seen(asked={1: Told(row(1), "An older wording")})) == []


def test_a_task_that_exists_beside_the_list_and_whose_row_is_odd_is_kept():
    memory = remembered(known())
    assert found(memory, seen(asked={1: Told(None, "")})) == []


def test_a_completed_task_is_completed_and_may_be_drifted_too():
    assert [one.kind for one in found(remembered(known()), seen(row(1, completed=True)))] == ["completed"]
    both = found(remembered(known()), seen(row(1, completed=True, name="Card")))
    assert [one.kind for one in both] == ["drifted", "completed"]


def test_a_task_that_the_service_no_longer_has_is_removed():
    one = only(remembered(known()), seen(gone=frozenset({1})))
    assert (one.kind, one.task_id, one.needs_person) == ("removed", 1, False)
    assert "--again LABEL" in one.advice


def test_a_removed_task_of_which_another_one_stands_is_removed_and_names_it():
    one = only(remembered(known()), seen(row(7), gone=frozenset({1}), marks={7: mark_of(number("access-card"))}))
    assert one.kind == "removed"
    assert "task 7 carries its mark" in one.what


def test_a_task_that_cannot_be_read_is_held():
    one = only(remembered(known()), seen(unreadable={1: "CoworkerTask 1 cannot be read"}))
    assert (one.kind, one.task_id, one.at) == ("held", 1, NOW)


def test_a_strange_row_that_cannot_be_read_is_held_by_itself_or_by_the_open_intent_it_may_be():
    there = seen(row(1), row(7), unreadable={7: "CoworkerTask 7 cannot be read"})
    assert (only(remembered(known()), there).kind, only(remembered(known()), there).task_id) == ("held", 7)
    both = found(remembered(known("tour"), replace(OPEN), sent=SENT), there)
    assert [(one.kind, one.item) for one in both] == [("held", "access-card")]


@pytest.mark.parametrize("state", ["created", "adopted", "intended", "failed"])
def test_a_list_that_was_cut_gives_held_never_lost_or_removed(state):
    one = only(remembered(known(state=state)), seen(incomplete="page 2 could not be read"))
    assert (one.kind, one.item) == ("held", "access-card")
    assert "page 2 could not be read" in one.what


def test_a_cut_list_in_which_all_was_seen_is_said_once():
    one = only(remembered(known()), seen(row(1), incomplete="page 2 could not be read"))
    assert (one.kind, one.item, one.task_id) == ("held", "", None)


def test_a_list_is_chosen_and_what_nobody_can_assign_stays():
    other = known("keys", tasklist="offboarding", task_id=2)
    there = seen(row(7, name="x"), gone=frozenset({1, 2}), marks={7: "0123456789abcdef"})
    told = found(remembered(known(), other), there, tasklist="offboarding")
    assert [(one.kind, one.item) for one in told] == [("foreign", ""), ("removed", "keys")]
    assert kept(remembered(known(), other), told, "new-member") == 1


def test_findings_are_counted_with_zeros_and_shown_most_urgent_first():
    told = found(remembered(known(), known("tour", "failed")), seen(gone=frozenset({1})))
    assert [one.kind for one in in_order(told[::-1])] == ["lost", "removed"]
    assert counted(told, 3) == dict.fromkeys(KINDS, 0) | {"lost": 1, "removed": 1, "kept": 3}


STATES: st.SearchStrategy[State] = st.sampled_from(["created", "adopted", "intended", "failed"])


@st.composite
def cases(draw: st.DrawFn) -> tuple[Remembered, Seen]:
    """Some tasks in any state, some rows with any mark or none, some gone or unreadable, perhaps a cut list."""
    tasks = [
        known(f"item-{n}", draw(STATES), n, seen_at=NOW.subtract(seconds=draw(st.sampled_from([1, 1000]))))
        for n in range(1, draw(st.integers(0, 4)) + 1)
    ]
    digits = [*(mark_of(task.identity) for task in tasks), hashlib.sha256(b"x").hexdigest()[:16], None]
    rows = [row(n, completed=draw(st.booleans())) for n in draw(st.sets(st.integers(1, 9)))]
    own = {task.task_id for task in tasks}
    marks = {one.task_id: draw(st.sampled_from(digits)) for one in rows if one.task_id not in own}
    listed = {one.task_id for one in rows}
    missing = [n for n in own if n is not None and n not in listed]
    gone = frozenset(n for n in missing if draw(st.booleans()))
    cut = draw(st.sampled_from(["", "page 2 could not be read"]))
    unread = {} if cut else {n: "cannot be read" for n in missing if n not in gone}
    sent = {task.identity: SENT[number("access-card")] for task in tasks if task.state == "intended"}
    there = seen(*rows, marks=marks, incomplete=cut, gone=frozenset() if cut else gone, unreadable=unread)
    return remembered(*tasks, sent=sent), there


@settings(max_examples=400, derandomize=True, deadline=None)
@given(cases())
def test_every_remembered_task_is_kept_or_told_and_a_cut_list_proves_no_absence(case: tuple[Remembered, Seen]):
    memory, there = case
    told = found(memory, there)
    about = {one.identity for one in told if one.kind != "foreign"}
    assert kept(memory, told) == len([task for task in memory.known if task.identity not in about])
    for task in memory.known:
        there_as_made = task.state in SETTLED and task.task_id in there.live
        assert there_as_made or task.identity in about
    if there.incomplete:
        assert not {"lost", "removed"} & {one.kind for one in told}
    assert all(one.needs_person == (one.kind in FOR_A_PERSON) for one in told)
    assert not any(NAME in f"{one.what} {one.next} {one.advice}" for one in told)
    assert list(in_order(told)) == told
