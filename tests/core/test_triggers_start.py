"""Whether an event starts a list for one coworker now: archived, borne out, elsewhere, going on, waiting."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from member_given import CONTRACT, NOW, facts, item, ready
from whenever import Date, Instant

from engine.core.applies import DoesNotApply, NotStarted, Started, Waits, check_start, goes_on_with
from engine.core.facts import Facts
from engine.core.prepared import Prepared

ANY = ready(item(due=None), once_per="coworker")
CANCELLED = {"CancellationDate": "2026-12-31T00:00:00Z", "StartDate": "2026-01-01T00:00:00Z"}


def start(prepared: Prepared = ANY, given_facts: Facts | None = None, event: str = "contract.created") -> None:
    check_start(prepared, given_facts or facts(), Started(event, 900, NOW))


def contracts(own: dict[str, Any], *others: dict[str, Any]) -> Facts:
    rows = tuple(CONTRACT | {"Id": 901 + n, "StartDate": "2026-01-01T00:00:00Z"} | o for n, o in enumerate(others))
    return facts(contracts=(CONTRACT | own, *rows))


@pytest.mark.parametrize("event", ["coworker.created", "contract.created", "team.updated", "invoice.paid"])
def test_an_archived_coworker_gets_nothing(event: str) -> None:
    with pytest.raises(NotStarted, match="the coworker is archived"):
        start(given_facts=facts(coworker={"Archived": True}), event=event)


@pytest.mark.parametrize("event", ["coworker.deleted", "coworker.updated", "contract.cancelled"])
def test_an_archived_coworker_still_gets_what_belongs_to_leaving(event: str) -> None:
    start(given_facts=facts(coworker={"Archived": True}, contract=CANCELLED), event=event)


@pytest.mark.parametrize(
    ("event", "told", "reason"),
    [
        ("contract.cancelled", {}, "contract 900 is not cancelled"),
        ("contract.activated", {}, "contract 900 is not active yet"),
        ("contract.first_activated", {"StartDate": None}, "contract 900 is not active yet"),
        ("contract.deleted", {}, "contract 900 is still there"),
        ("coworker.deleted", {}, "the coworker is still there"),
    ],
)
def test_an_event_that_the_record_does_not_bear_out_starts_nothing(
    event: str, told: dict[str, Any], reason: str
) -> None:
    with pytest.raises(NotStarted, match=reason) as refused:
        start(given_facts=facts(contract=told), event=event)
    assert refused.value.may_lag


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ("contract.cancelled", {"Cancelled": True}),
        ("contract.cancelled", CANCELLED),
        ("contract.activated", {"Active": True}),
        ("contract.activated", {"StartDate": "2026-11-24T00:00:00Z"}),  # tomorrow: clocks and zones differ
    ],
)
def test_an_event_that_the_record_bears_out_starts_the_list(event: str, told: dict[str, Any]) -> None:
    start(given_facts=facts(contract=told), event=event)


def test_a_list_that_starts_on_the_creation_too_needs_no_more_than_that_the_record_is_there() -> None:
    start(ready(item(due=None), applies={"on": ["contract.created", "contract.activated"]}), event="contract.activated")


OVER = [
    ({"StartDate": "2026-12-10T00:00:00Z", "CancellationDate": "2026-12-10T00:00:00Z"}, "was withdrawn"),
    ({"StartDate": "2026-12-10T00:00:00Z", "CancellationDate": "2026-11-30T00:00:00Z"}, "was withdrawn"),
    ({"StartDate": "2026-12-10T00:00:00Z", "Cancelled": True}, "was withdrawn"),
    ({"StartDate": "2026-01-01T00:00:00Z", "CancellationDate": "2026-11-22T00:00:00Z"}, "has ended"),
    ({"StartDate": "2026-01-01T00:00:00Z", "Cancelled": True}, "has ended"),
    ({"StartDate": None, "Cancelled": True}, "has ended"),
]


@pytest.mark.parametrize("event", ["contract.created", "contract.activated", "contract.first_activated"])
@pytest.mark.parametrize(("told", "reason"), OVER)
@pytest.mark.parametrize("rule", [None, "14 days before contract.start"])
def test_nobody_is_welcomed_whose_contract_is_over_by_then(
    event: str, told: dict[str, Any], reason: str, rule: str | None
) -> None:
    applies = {"on": ["contract.created", event]} | ({"wait_until": rule} if rule else {})
    with pytest.raises(NotStarted, match=f"contract 900 {reason}") as refused:
        start(ready(item(due=None), applies=applies), facts(contract=told), event)
    assert not refused.value.may_lag


@pytest.mark.parametrize("event", ["coworker.created", "welcome_email.sent"])
def test_an_event_of_the_coworker_that_took_the_contracts_in_welcomes_nobody_either(event: str) -> None:
    withdrawn = facts(contract=OVER[0][0])
    with pytest.raises(NotStarted, match="contract 900 was withdrawn"):
        start(ready(), withdrawn, event)
    start(ready(item(due=None), once_per="coworker"), withdrawn, event)  # a list that is about no contract


@pytest.mark.parametrize(
    "told",
    [
        {"CancellationDate": "2027-06-30T00:00:00Z"},
        {"CancellationDate": "2027-06-30T00:00:00Z", "Cancelled": True},
        {"StartDate": "2026-01-01T00:00:00Z", "CancellationDate": "2026-11-23T00:00:00Z"},  # the last day is today
    ],
)
def test_a_contract_whose_end_lies_ahead_is_welcomed(told: dict[str, Any]) -> None:
    start(given_facts=facts(contract=told))


def test_a_list_for_those_who_leave_as_well_is_left_to_the_event_of_leaving() -> None:
    both = ready(item(due=None), once_per="contract", applies={"on": ["contract.created", "contract.cancelled"]})
    with pytest.raises(NotStarted, match="contract 900 was withdrawn"):
        start(both, facts(contract=OVER[0][0]))
    start(both, facts(contract=OVER[0][0]), "contract.cancelled")


def test_other_locations_and_plans_are_left_out_and_the_reason_holds_no_value() -> None:
    with pytest.raises(DoesNotApply) as told:
        start(ready(applies={"locations": ["madrid"]}))
    assert told.value.reason == "new-member does not apply here: it is for madrid, and this run is at barcelona"
    with pytest.raises(NotStarted, match="no contract yet"):
        start(ready(item(due=None), applies={"tariffs": ["Hot desk"]}), facts(contracts=(), contract_id=None))


@pytest.mark.parametrize(
    ("own", "other", "goes_on"),
    [
        (CANCELLED, {}, 901),  # beside it, open-ended
        (CANCELLED, {"CancellationDate": "2026-12-31T00:00:00Z"}, None),  # ends on the same day
        (CANCELLED, {"CancellationDate": "2026-12-30T00:00:00Z"}, None),
        (CANCELLED, {"CancellationDate": "2027-01-01T00:00:00Z"}, 901),
        (CANCELLED, {"StartDate": "2027-01-31T00:00:00Z"}, 901),  # 31 days later
        (CANCELLED, {"StartDate": "2027-02-01T00:00:00Z"}, None),
        (CANCELLED, {"StartDate": "2026-12-01T00:00:00Z", "CancellationDate": "2026-12-01T00:00:00Z"}, None),
        ({"CancellationDate": "2026-11-30T00:00:00Z"}, {}, 901),  # cancelled before its start: nothing ended
        ({"Cancelled": True}, {}, None),
    ],
)
def test_a_membership_goes_on_with_a_contract_that_lasts_longer(
    own: dict[str, Any], other: dict[str, Any], goes_on: int | None
) -> None:
    assert goes_on_with(contracts(own, other)) == goes_on


@given(
    st.lists(
        st.tuples(st.integers(0, 120), st.none() | st.integers(1, 90)), min_size=2, max_size=4, unique_by=lambda t: t[0]
    )
)
@settings(derandomize=True, deadline=None, max_examples=200)
def test_a_membership_goes_on_exactly_when_its_chain_ends_later(terms: list[tuple[int, int | None]]) -> None:
    first = Date(2026, 1, 1)

    def row(number: int, begin: int, length: int | None) -> dict[str, Any]:
        end = None if length is None else f"{first.add(days=begin + length)}T00:00:00Z"
        return {"Id": number, "StartDate": f"{first.add(days=begin)}T00:00:00Z", "CancellationDate": end}

    rows = tuple(CONTRACT | row(900 + n, *term) for n, term in enumerate(terms))
    given_facts = facts(contracts=rows, contract_id=900)
    own_end = None if terms[0][1] is None else first.add(days=terms[0][0] + terms[0][1])
    chain = given_facts.chain()
    assert chain is not None
    assert (goes_on_with(given_facts) is not None) == (own_end is not None and chain.end != own_end)


def test_a_cancellation_starts_no_list_of_a_membership_that_goes_on() -> None:
    going_on = contracts(CANCELLED, {})
    for once_per in ("coworker", "membership"):
        with pytest.raises(NotStarted, match="the membership goes on with contract 901") as told:
            start(ready(item(due=None), once_per=once_per), going_on, "contract.cancelled")
        assert not told.value.may_lag
    start(ready(item(due=None), once_per="contract"), going_on, "contract.cancelled")
    start(ready(item(due=None), once_per="membership"), contracts(CANCELLED), "contract.cancelled")


def waiting(rule: str, **changes: Any) -> Prepared:
    return ready(item(due=None), applies={"wait_until": rule}, anchor="contract.start", **changes)


def test_a_list_waits_until_its_moment_in_the_zone_of_the_location() -> None:
    with pytest.raises(Waits) as told:
        start(waiting("2 days before at 08:00"))
    assert told.value.until == Instant("2026-11-27T07:00:00Z")  # Sunday 29 rolls back to Friday 27
    assert told.value.reason == "it waits until Fri 2026-11-27 08:00 Europe/Madrid (2 days before at 08:00)"


def test_a_moment_that_is_past_is_not_waited_for() -> None:
    start(waiting("14 days before contract.start"))


def test_waiting_for_a_contract_that_is_not_there_or_a_date_that_is_empty_starts_nothing() -> None:
    with pytest.raises(NotStarted, match="no contract yet"):
        start(waiting("14 days before"), facts(contracts=(), contract_id=None))
    with pytest.raises(NotStarted, match=r"it waits for contract\.term_end, which has no value"):
        start(waiting("14 days before contract.term_end"))
