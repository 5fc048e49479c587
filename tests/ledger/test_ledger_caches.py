from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_given import ADA, NOW, Place, begin, identity, intent, looked, opened

from engine.ledger.ledger import Ledger
from engine.ledger.packing import FIELDS, Fingerprints, instant, milliseconds, pack_fingerprints
from engine.ledger.values import RunId

LATER = NOW.add(minutes=5)
DIGESTS = st.binary(min_size=8, max_size=8).map(bytes.hex)


def test_a_run_is_remembered_from_begin_to_finish(ledger: Ledger) -> None:
    run_id = begin(ledger)
    run = ledger.run(run_id)
    assert run is not None
    assert (run.tasklist, run.cause, run.started_at, run.finished_at) == ("new-member", "cli", NOW, None)
    ledger.claim(run_id, [], LATER)
    ledger.claim(run_id, [], NOW)
    ledger.finish_run(run_id, {"created": 2, "failed": 1}, LATER, done=True)
    run = ledger.run(run_id)
    assert run is not None
    assert (run.seen_at, run.finished_at) == (LATER, LATER)
    assert (run.actions, run.outcomes) == ({"create": 2}, {"created": 2, "failed": 1})
    assert ledger.run(RunId("none")) is None


def test_run_ids_sort_by_time(ledger: Ledger) -> None:
    moments = [NOW.add(milliseconds=7**power) for power in range(12)]
    ids = [begin(ledger, at=moment) for moment in moments]
    assert ids == sorted(ids)
    assert {len(one) for one in ids} == {16}
    assert [run.id for run in ledger.runs(limit=3)] == ids[:-4:-1]


def test_runs_are_told_of_one_coworker_or_of_all(ledger: Ledger) -> None:
    mine, other = begin(ledger), begin(ledger, coworker_id=5)
    assert [run.id for run in ledger.runs()] == [other, mine]
    assert [run.id for run in ledger.runs(ADA)] == [mine]


def test_results_tell_the_last_outcome_of_each_task_of_a_run(ledger: Ledger) -> None:
    run = begin(ledger)
    ledger.claim(run, [intent(item) for item in ("a", "b", "c", "d")], NOW)
    ledger.record(run, identity("a"), "created", task_id=900, now=LATER)
    ledger.record(run, identity("b"), "held", now=NOW)
    ledger.record(run, identity("b"), "created", task_id=901, now=LATER)
    ledger.record(run, identity("c"), "failed", error="DueDate is odd" + "!" * 600, now=LATER)
    ledger.record(run, identity("x"), "conflict", error="two rows", now=LATER)
    told = {result.identity: result for result in ledger.results(run)}
    assert [(told[identity(one)].outcome, told[identity(one)].task_id) for one in "abc"] == [
        ("created", 900),
        ("created", 901),
        ("failed", None),
    ]
    assert told[identity("c")].error.startswith("DueDate is odd!")
    assert len(told[identity("c")].error) == 500
    assert told[identity("x")].error == "two rows"
    assert identity("d") not in told, "it has no outcome yet"
    assert told[identity("a")].item == "a"
    assert ledger.results(RunId("none")) == ()


def test_a_task_made_by_a_later_run_is_no_result_of_the_earlier(ledger: Ledger) -> None:
    first, second = begin(ledger), begin(ledger)
    ledger.claim(first, [intent("a")], NOW)
    ledger.record(first, identity("a"), "failed", error="no", now=NOW)
    ledger.claim(second, [intent("a")], NOW)
    ledger.record(second, identity("a"), "created", task_id=900, now=NOW)
    assert [result.outcome for result in ledger.results(first)] == ["failed"]
    assert [result.outcome for result in ledger.results(second)] == ["created"]


def test_a_verdict_is_given_once(ledger: Ledger) -> None:
    ledger.record_verdicts(ADA, {1: identity("a"), 2: None})
    ledger.record_verdicts(ADA, {2: identity("b"), 3: identity("c")})
    ledger.record_verdicts(ADA, {})
    assert ledger.verdicts(ADA) == {1: identity("a"), 2: None, 3: identity("c")}
    assert ledger.verdicts(5) == {}


def test_a_contract_keeps_its_first_chain(ledger: Ledger) -> None:
    assert ledger.record_membership(ADA, [10, 11], 10) == 10
    assert ledger.record_membership(ADA, [9, 10, 12], 9) == 10, "the chain shares a contract with a known one"
    assert ledger.membership_of(ADA) == {9: 10, 10: 10, 11: 10, 12: 10}
    assert ledger.record_membership(ADA, [40], 40) == 40
    assert ledger.record_membership(ADA, [12, 40, 41], 40) == 40, "two chains that met keep the one asked for"
    assert ledger.record_membership(ADA, [12, 40, 42], 12) == 10
    assert ledger.membership_of(5) == {}


def test_the_directory_is_forgotten_after_a_quarter_of_an_hour(ledger: Ledger) -> None:
    value = {"users": [{"Id": 7, "Email": "añа@example.com"}], "end": None}
    assert ledger.directory("admins", NOW) is None
    ledger.store_directory("admins", value, NOW)
    assert ledger.directory("admins", NOW.add(seconds=900)) == value
    assert ledger.directory("admins", NOW.add(seconds=901)) is None
    assert ledger.directory("admins", NOW.add(seconds=901), max_age_seconds=1000) == value
    assert ledger.directory("admins", NOW.subtract(seconds=1)) is None
    ledger.store_directory("admins", [], LATER)
    assert ledger.directory("admins", LATER) == []
    assert ledger.directory("zones", LATER) is None


def test_a_look_keeps_caches_for_the_next_run(place: Place) -> None:
    opened(place).close()
    view = looked(place)
    assert view is not None
    with view:
        view.store_directory("zones", ["Europe/Madrid"], NOW)
        view.record_verdicts(ADA, {1: None})
    with opened(place) as ledger:
        assert ledger.directory("zones", NOW) == ["Europe/Madrid"]
        assert ledger.verdicts(ADA) == {1: None}


@settings(derandomize=True, database=None, max_examples=200)
@given(st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=40), DIGESTS))
def test_fingerprints_come_back_as_they_went_in(fingerprints: dict[str, str]) -> None:
    assert Fingerprints(pack_fingerprints(fingerprints)) == fingerprints


def test_seven_known_fields_cost_eight_bytes_each_and_two() -> None:
    assert len(pack_fingerprints(dict.fromkeys(FIELDS[:7], "0" * 16))) == 58
    assert Fingerprints(None) == {}


@pytest.mark.parametrize("odd", ["", "0" * 15, "G" * 16, "A" * 16, "0" * 17, " " + "0" * 16])
def test_what_is_no_fingerprint_is_refused(odd: str) -> None:
    with pytest.raises(ValueError, match="16 lower-case hex digits"):
        pack_fingerprints({"Name": odd})


@settings(derandomize=True, database=None, max_examples=100)
@given(st.integers(-(2**40), 2**43))
def test_moments_keep_their_millisecond(value: int) -> None:
    assert milliseconds(instant(value)) == value
