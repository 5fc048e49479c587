from __future__ import annotations

import dataclasses
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_given import ADA, BATCH, NAME, NOW, Place, begin, end_all, identity, intent, opened, start_python, states

from engine.core.known import KnownTask, fingerprint
from engine.ledger.ledger import Ledger

CARD, TOUR = identity("card"), identity("tour")
LATER = NOW.add(minutes=5)


def test_a_claimed_intent_is_known_as_intended_with_all_that_was_meant(ledger: Ledger) -> None:
    run = begin(ledger)
    due = NOW.add(hours=30, milliseconds=7)
    claimed = ledger.claim(
        run, [intent("card", due_at=due, contract_id=77, event_at=NOW, key="31")], NOW.add(seconds=1)
    )
    assert claimed == {CARD}
    (task,) = ledger.known(ADA)
    assert (task.identity, task.state, task.run_id, task.task_id) == (CARD, "intended", run, None)
    assert (task.tasklist, task.item, task.key) == ("new-member", "card", "31")
    assert (task.due_at, task.contract_id, task.event_at) == (due, 77, NOW)
    assert task.at == task.seen_at == NOW.add(seconds=1)
    assert task.fingerprints == {}
    assert set(vars(task)) == {field.name for field in dataclasses.fields(KnownTask)}
    assert task == KnownTask(**vars(task))


def test_a_created_task_keeps_its_id_and_fingerprints(ledger: Ledger) -> None:
    run = begin(ledger)
    ledger.claim(run, [intent("card")], NOW)
    marks = {name: fingerprint(ledger.fingerprint_key, name, "x") for name in ("Name", "DueDate", "Odd field")}
    assert ledger.record(run, CARD, "created", task_id=900, fingerprints=marks, now=LATER)
    (task,) = ledger.known(ADA)
    assert (task.state, task.task_id, task.at, task.seen_at) == ("created", 900, LATER, LATER)
    assert task.fingerprints == marks


def test_what_is_intended_or_settled_is_not_claimed_again(ledger: Ledger) -> None:
    first, second = begin(ledger), begin(ledger)
    ledger.claim(first, [intent("card"), intent("tour")], NOW)
    ledger.record(first, CARD, "created", task_id=900, now=NOW)
    assert ledger.claim(second, [intent("card", reclaim=True), intent("tour"), intent("new")], LATER) == {
        identity("new")
    }
    assert ledger.claim(first, [intent("tour")], LATER) == frozenset()


def test_a_failed_or_parked_task_is_claimed_by_the_next_run(ledger: Ledger) -> None:
    first, second = begin(ledger), begin(ledger)
    ledger.claim(first, [intent("card"), intent("tour")], NOW)
    ledger.record(first, CARD, "failed", error="Name is too long", now=NOW)
    ledger.record(first, TOUR, "parked", now=NOW)
    assert set(states(ledger).values()) == {"failed"}
    assert ledger.claim(second, [intent("card"), intent("tour")], LATER) == {CARD, TOUR}
    assert {(task.state, task.run_id, task.at) for task in ledger.known(ADA)} == {("intended", second, LATER)}


def test_a_held_intent_stays_open_and_is_taken_only_when_asked(ledger: Ledger) -> None:
    first, second = begin(ledger), begin(ledger)
    ledger.claim(first, [intent("card")], NOW)
    ledger.record(first, CARD, "held", now=NOW)
    assert states(ledger) == {CARD: "intended"}
    assert ledger.claim(second, [intent("card")], LATER) == frozenset()
    assert ledger.claim(second, [intent("card", reclaim=True, held_by=first)], LATER) == {CARD}
    (task,) = ledger.known(ADA)
    assert task.run_id == second
    assert task.at == NOW, "its task may have been created since the first intent"
    assert task.seen_at == LATER


def test_of_two_that_saw_the_same_dead_holder_one_sends(ledger: Ledger) -> None:
    dead, second, third = begin(ledger), begin(ledger), begin(ledger)
    ledger.claim(dead, [intent("card")], NOW)
    again = intent("card", reclaim=True, held_by=dead)
    assert ledger.claim(second, [again], LATER) == {CARD}
    assert ledger.claim(third, [again], LATER) == frozenset()


def test_a_late_answer_of_the_former_holder_is_kept_and_the_double_is_told(ledger: Ledger) -> None:
    slow, second = begin(ledger), begin(ledger)
    ledger.claim(slow, [intent("card")], NOW)
    ledger.claim(second, [intent("card", reclaim=True)], LATER)
    assert ledger.record(slow, CARD, "created", task_id=900, now=LATER)
    assert not ledger.record(second, CARD, "created", task_id=901, now=LATER)
    assert [(task.task_id, task.run_id) for task in ledger.known(ADA)] == [(900, slow)]
    assert [(result.outcome, result.task_id) for result in ledger.results(second)] == [("created", 901)]


def test_a_former_holder_cannot_declare_the_intent_of_another_failed(ledger: Ledger) -> None:
    slow, second = begin(ledger), begin(ledger)
    ledger.claim(slow, [intent("card")], NOW)
    ledger.claim(second, [intent("card", reclaim=True)], LATER)
    ledger.record(slow, CARD, "failed", now=LATER)
    assert states(ledger) == {CARD: "intended"}


def test_a_found_task_is_adopted_with_and_without_an_intent(ledger: Ledger) -> None:
    run = begin(ledger)
    ledger.claim(run, [intent("card")], NOW)
    assert ledger.adopt(run, intent("card"), task_id=900, fingerprints={}, now=LATER)
    assert ledger.adopt(run, intent("tour"), task_id=901, fingerprints={}, now=LATER)
    assert {(task.state, task.task_id) for task in ledger.known(ADA)} == {("adopted", 900), ("adopted", 901)}
    assert [result.outcome for result in ledger.results(run)] == ["adopted", "adopted"]


def test_neither_a_settled_identity_nor_a_taken_task_is_adopted(ledger: Ledger) -> None:
    run = begin(ledger)
    assert ledger.adopt(run, intent("card"), task_id=900, fingerprints={}, now=NOW)
    assert not ledger.adopt(run, intent("card"), task_id=901, fingerprints={}, now=NOW)
    assert not ledger.adopt(run, intent("tour"), task_id=900, fingerprints={}, now=NOW)
    assert [task.task_id for task in ledger.known(ADA)] == [900]


def test_a_result_without_an_intent_is_a_bug_that_is_told(ledger: Ledger) -> None:
    run = begin(ledger)
    with pytest.raises(LookupError, match="claim before sending"):
        ledger.record(run, CARD, "created", task_id=900, now=NOW)
    with pytest.raises(LookupError, match="no run"):
        ledger.claim(type(run)("none"), [], NOW)


def test_the_first_task_fixes_the_name_of_the_batch(ledger: Ledger) -> None:
    run = begin(ledger)
    assert ledger.batch(ADA, BATCH) is None
    ledger.claim(run, [intent("card", batch_name="a" * 16)], NOW)
    ledger.record(run, CARD, "failed", now=NOW)
    ledger.claim(run, [intent("card", batch_name="b" * 16), intent("tour", batch_name="b" * 16)], NOW)
    ledger.record(run, TOUR, "created", task_id=900, now=NOW)
    ledger.record(run, CARD, "created", task_id=901, now=NOW)
    ledger.claim(run, [intent("new", batch_name="c" * 16)], NOW)
    batch = ledger.batch(ADA, BATCH)
    assert batch is not None
    assert (batch.name, batch.first_task_id) == ("b" * 16, 900)


def test_of_two_names_on_their_way_the_created_one_wins(ledger: Ledger) -> None:
    first, second = begin(ledger), begin(ledger)
    ledger.claim(first, [intent("card", batch_name="a" * 16)], NOW)
    ledger.claim(second, [intent("tour", batch_name="b" * 16)], NOW)
    ledger.record(first, CARD, "created", task_id=900, fingerprints={"TaskListName": "a" * 16}, now=NOW)
    batch = ledger.batch(ADA, BATCH)
    assert batch is not None
    assert (batch.name, batch.first_task_id) == ("a" * 16, 900)


def test_coworkers_do_not_see_each_other(ledger: Ledger) -> None:
    ledger.claim(begin(ledger), [intent("card")], NOW)
    assert ledger.claim(begin(ledger, coworker_id=5), [intent("card")], NOW) == {CARD}
    assert len(ledger.known(5)) == len(ledger.known(ADA)) == 1


CLAIM_THEN_WAIT = """
import sys, time
from ledger_given import NOW, begin, intent, opened
ledger = opened(sys.argv[1])
print(begin(ledger), len(ledger.claim(begin(ledger), [intent(f"i{n}") for n in range(30)], NOW)), flush=True)
time.sleep(60)
"""


def test_intents_outlive_a_process_that_is_killed_before_its_results(place: Place) -> None:
    process = start_python(CLAIM_THEN_WAIT, place)
    try:
        assert process.stdout is not None
        assert process.stdout.readline().split()[1] == "30"
    finally:
        process.kill()
        process.communicate()
    with opened(place) as ledger:
        assert list(states(ledger).values()) == ["intended"] * 30
        assert len(ledger.runs()) == 2


CLAIM_IN_A_RACE = """
import sys
from ledger_given import NOW, begin, intent, opened
with opened(sys.argv[1]) as ledger:
    run = begin(ledger)
    print(sum(len(ledger.claim(run, [intent(f"i{n}")], NOW)) for n in range(30)))
"""


def test_four_processes_claim_each_task_once(place: Place) -> None:
    printed = end_all([start_python(CLAIM_IN_A_RACE, place) for _ in range(4)])
    assert sum(map(int, printed)) == 30
    with opened(place) as ledger:
        assert len(states(ledger)) == 30


ITEMS = st.sampled_from(["a", "b", "c", "d"])
STEPS = st.lists(
    st.one_of(
        st.just(("begin",)),
        st.tuples(st.just("claim"), st.integers(0, 3), st.sets(ITEMS), st.booleans()),
        st.tuples(
            st.just("record"),
            st.integers(0, 3),
            ITEMS,
            st.sampled_from(["created", "adopted", "failed", "held", "parked"]),
        ),
    ),
    max_size=25,
)


class Model:
    """The same rules, as a dictionary."""

    def __init__(self) -> None:
        self.tasks: dict[str, tuple[str, int, int | None]] = {}

    def claim(self, run: int, items: set[str], reclaim: bool) -> set[str]:
        open_ones = {"failed", "intended"} if reclaim else {"failed"}
        free = {item for item in items if item not in self.tasks or self.tasks[item][0] in open_ones}
        self.tasks |= dict.fromkeys(free, ("intended", run, None))
        return free

    def record(self, run: int, item: str, outcome: str, task_id: int) -> None:
        state, holder, known = self.tasks[item]
        if outcome in {"created", "adopted"} and known is None:
            self.tasks[item] = (outcome, run, task_id)
        if outcome in {"failed", "parked"} and state == "intended" and holder == run:
            self.tasks[item] = ("failed", run, None)


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_any_sequence_of_steps_leaves_what_a_dictionary_would_hold(ledger: Ledger, steps: list[tuple]) -> None:  # type: ignore[type-arg]
    coworker_id = time.monotonic_ns()  # a coworker of its own for each example: one ledger holds them all
    runs, model = [begin(ledger, coworker_id=coworker_id)], Model()
    for number, step in enumerate(steps, start=1):
        match step:
            case ("begin",):
                runs.append(begin(ledger, coworker_id=coworker_id))
            case ("claim", index, items, reclaim):
                run = index % len(runs)
                intents = [intent(item, reclaim=reclaim) for item in sorted(items)]
                claimed = ledger.claim(runs[run], intents, NOW)
                assert claimed == {identity(item) for item in model.claim(run, items, reclaim)}
            case ("record", index, item, outcome) if item in model.tasks:
                run = index % len(runs)
                ledger.record(runs[run], identity(item), outcome, task_id=number, now=NOW)
                model.record(run, item, outcome, number)
        known = {task.identity: (task.state, task.run_id, task.task_id) for task in ledger.known(coworker_id)}
        assert known == {
            identity(item): (state, runs[run], task_id) for item, (state, run, task_id) in model.tasks.items()
        }


def test_the_name_of_a_batch_is_stored_as_its_fingerprint_only(ledger: Ledger) -> None:
    ledger.claim(begin(ledger), [intent("card")], NOW)
    batch = ledger.batch(ADA, BATCH)
    assert batch is not None
    assert (batch.name, batch.first_task_id) == (NAME, None)
    with pytest.raises(ValueError, match="16 lower-case hex digits"):
        ledger.claim(begin(ledger), [intent("tour", batch_name="Welcome Ada")], NOW)
