"""What a crash leaves to do: requests of unfinished runs, open intents, last results; and what probe found."""

from __future__ import annotations

from ledger_given import ADA, NOW, Place, begin, identity, intent, looked, opened

from engine.ledger.ledger import Ledger
from engine.ledger.values import BatchKey, Finding, OpenIntent, RunId

LATER = NOW.add(minutes=5)
ASKED = '{"coworker":7,"set":{"nick":"Ada Ó"}}'


def requests(ledger: Ledger, coworker_id: int | None = None) -> list[tuple[RunId, str]]:
    return [(run.id, run.request) for run in ledger.unfinished(coworker_id)]


def test_a_request_is_kept_until_its_run_is_done(ledger: Ledger) -> None:
    run = begin(ledger, request=ASKED)
    assert requests(ledger) == [(run, ASKED)]
    ledger.finish_run(run, {"held": 1}, LATER, done=False)
    assert requests(ledger) == [(run, ASKED)]
    ledger.finish_run(run, {"created": 1}, LATER, done=True)
    assert requests(ledger) == []
    told = ledger.run(run)
    assert told is not None
    assert (told.request, told.finished_at, told.outcomes) == ("", LATER, {"created": 1})


def test_a_run_without_a_request_is_never_unfinished(ledger: Ledger) -> None:
    begin(ledger)
    assert ledger.unfinished() == ()


def test_a_done_run_takes_older_equal_requests_of_its_coworker_along(ledger: Ledger) -> None:
    other = begin(ledger, coworker_id=5, request=ASKED)
    first, differs = begin(ledger, request=ASKED), begin(ledger, request="{}")
    ledger.finish_run(first, {}, NOW, done=False, resumes_at=LATER)
    done, newer = begin(ledger, request=ASKED), begin(ledger, request=ASKED)
    ledger.finish_run(done, {}, LATER, done=True)
    assert requests(ledger) == [(other, ASKED), (differs, "{}"), (newer, ASKED)], "the oldest first"
    assert requests(ledger, 5) == [(other, ASKED)]
    told = ledger.run(first)
    assert told is not None
    assert told.resumes_at is None, "it goes on no more"


def test_a_run_that_is_done_without_a_request_takes_none_along(ledger: Ledger) -> None:
    asked = begin(ledger, request=ASKED)
    ledger.finish_run(begin(ledger), {}, LATER, done=True)
    assert requests(ledger) == [(asked, ASKED)]


def test_a_parked_run_knows_when_it_goes_on(ledger: Ledger) -> None:
    run = begin(ledger, request=ASKED)
    ledger.finish_run(run, {"parked": 2}, NOW, done=False, resumes_at=LATER)
    assert [one.resumes_at for one in ledger.unfinished()] == [LATER]
    ledger.finish_run(run, {"created": 2}, LATER, done=True, resumes_at=LATER)
    told = ledger.run(run)
    assert told is not None
    assert told.resumes_at is None


def test_a_run_that_can_never_go_on_is_given_up(ledger: Ledger) -> None:
    run, other = begin(ledger, request=ASKED), begin(ledger, request=ASKED)
    ledger.finish_run(run, {"parked": 1}, NOW, done=False, resumes_at=LATER)
    ledger.forget_request(run)
    ledger.forget_request(run)
    assert requests(ledger) == [(other, ASKED)]
    told = ledger.run(run)
    assert told is not None
    assert (told.resumes_at, told.outcomes) == (None, {"parked": 1})


def test_an_open_intent_tells_all_that_was_meant_and_posted(ledger: Ledger) -> None:
    run = begin(ledger)
    ledger.claim(run, [intent("tea", key="Ada Ó", payload="{}", due_at=LATER, contract_id=7, event_at=NOW)], NOW)
    ledger.claim(run, [intent(item) for item in ("card", "tour", "desk")], LATER)
    ledger.record(run, identity("card"), "created", task_id=900, now=LATER)
    ledger.record(run, identity("tour"), "failed", now=LATER)
    ledger.record(run, identity("desk"), "held", now=LATER)
    tea, desk = ledger.open_intents(ADA)
    assert tea == OpenIntent(
        identity("tea"), run, "new-member", "tea", "Ada Ó", "{}", NOW, LATER, contract_id=7, event_at=NOW, due_at=LATER
    )
    assert (desk.identity, desk.payload) == (identity("desk"), '{"Name":"desk"}')
    assert ledger.open_intents(5) == ()


def test_whom_to_recover_is_who_has_an_open_intent_or_an_unfinished_run(ledger: Ledger) -> None:
    assert ledger.coworkers_to_recover() == ()
    for coworker_id, request in ((9, ""), (3, "{}"), (5, "{}"), (7, ""), (8, "")):
        run = begin(ledger, coworker_id=coworker_id, request=request)
        if coworker_id != 3:
            ledger.claim(run, [intent("tea"), intent("card")], NOW)
        if coworker_id in {7, 8}:
            ledger.record(run, identity("tea"), "created", task_id=coworker_id, now=NOW)
        if coworker_id == 7:
            ledger.record(run, identity("card"), "failed", now=NOW)
            ledger.finish_run(run, {}, NOW, done=True)
    assert ledger.coworkers_to_recover() == (3, 5, 8, 9)


def test_coworkers_are_told_of_one_list_or_of_all(ledger: Ledger) -> None:
    for coworker_id, lists in ((9, ["new-member"]), (3, ["leaving", "new-member"]), (5, ["leaving"])):
        run = begin(ledger, coworker_id=coworker_id)
        for name in lists:
            batch = BatchKey("coworker", str(coworker_id), name)
            ledger.claim(run, [intent(f"{name} {n}", batch=batch) for n in range(3)], NOW)
    begin(ledger, coworker_id=4, request="{}")
    assert ledger.coworkers() == (3, 5, 9), "a run without an intent leaves nothing to audit"
    assert ledger.coworkers("new-member") == (3, 9)
    assert ledger.coworkers("leaving") == (3, 5)
    assert ledger.coworkers("new-memb") == ()


def test_the_last_result_is_told_of_what_is_not_settled(ledger: Ledger) -> None:
    first, second = begin(ledger), begin(ledger)
    ledger.claim(first, [intent(item) for item in ("tea", "card", "desk")], NOW)
    ledger.record(first, identity("tea"), "held", now=NOW, error="no answer")
    ledger.record(first, identity("card"), "held", now=NOW, error="no answer")
    ledger.record(first, identity("odd"), "conflict", now=NOW, error="two rows")
    ledger.record(second, identity("tea"), "held", now=LATER, error="two namesakes")
    ledger.record(second, identity("card"), "created", task_id=900, now=LATER, error="late")
    other = begin(ledger, coworker_id=5)
    ledger.record(other, identity("tea"), "failed", now=LATER, error="of somebody else")
    told = ledger.last_results(ADA)
    assert set(told) == {identity("tea"), identity("odd")}
    tea = told[identity("tea")]
    assert (tea.outcome, tea.error, tea.at, tea.item, tea.run_id) == ("held", "two namesakes", LATER, "tea", second)
    assert (told[identity("odd")].run_id, told[identity("odd")].item) == (first, "")
    assert {result.run_id for result in ledger.results(first)} == {first}
    assert ledger.last_results(6) == {}


def test_a_finding_is_remembered_and_replaced(place: Place) -> None:
    with opened(place) as ledger:
        ledger.record_finding("Q7 filter", {"exact": True, "rows": [1, None]}, NOW)
        ledger.record_finding("Q1 marker", "kept", NOW)
    view = looked(place)
    assert view is not None
    with view:
        view.record_finding("Q1 marker", "añadido", LATER)
        assert list(view.findings().values()) == [
            Finding("Q1 marker", "añadido", LATER),
            Finding("Q7 filter", {"exact": True, "rows": [1, None]}, NOW),
        ]
