"""Which contracts make one membership, which id it keeps, and which contract a run is about."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from member_given import facts
from whenever import Date

from engine.core.errors import UserError
from engine.core.membership import Contract, chain_of, chains, choose_contract

FIXED = settings(derandomize=True, deadline=None, max_examples=300)


def contract(number: int, start: str | None, end: str | None = None, **more: bool) -> Contract:
    return Contract(number, Date(start) if start else None, Date(end) if end else None, **more)


def ids(*contracts: Contract) -> list[tuple[int, ...]]:
    return [chain.contract_ids for chain in chains(contracts)]


@pytest.mark.parametrize(
    ("second", "one"),
    [
        ("2026-03-01", True),  # the very next day
        ("2026-01-15", True),  # overlapping
        ("2026-03-31", True),  # 31 days after 28 February
        ("2026-04-01", False),  # 32 days
    ],
)
def test_a_gap_of_at_most_31_days_is_one_membership(second: str, one: bool) -> None:
    found = ids(contract(1, "2026-01-01", "2026-02-28"), contract(2, second))
    assert found == ([(1, 2)] if one else [(1,), (2,)])


def test_an_open_ended_contract_takes_in_all_later_ones_and_has_no_end() -> None:
    found = chains([contract(1, "2026-01-01"), contract(2, "2030-01-01", "2030-02-01"), contract(3, "2035-01-01")])
    assert [(chain.contract_ids, chain.end) for chain in found] == [((1, 2, 3), None)]


def test_a_long_contract_around_a_short_one_sets_the_end() -> None:
    (chain,) = chains([contract(1, "2026-01-01", "2026-12-31"), contract(2, "2026-02-01", "2026-03-01")])
    assert (chain.start, chain.end) == (Date(2026, 1, 1), Date(2026, 12, 31))


@pytest.mark.parametrize("end", ["2026-02-01", "2026-01-15"])
def test_a_contract_cancelled_on_or_before_its_start_does_not_count(end: str) -> None:
    never = contract(9, "2026-02-01", end)
    assert ids(contract(1, "2026-01-01", "2026-01-10"), never, contract(2, "2026-03-01")) == [(1,), (2,)]
    assert chain_of([never], 9, {}).contract_ids == (9,)


def test_a_contract_without_a_start_is_a_membership_alone() -> None:
    chain = chain_of([contract(1, None), contract(2, "2026-01-01")], 1, {})
    assert (chain.id, chain.contract_ids) == (1, (1,))


def test_equal_starts_are_ordered_by_id() -> None:
    assert chain_of([contract(8, "2026-01-01"), contract(3, "2026-01-01")], 8, {}).id == 3


def test_a_last_day_at_the_end_of_the_calendar_is_no_error() -> None:
    assert ids(contract(1, "2026-01-01", "9999-12-31"), contract(2, "2027-01-01")) == [(1, 2)]


def test_a_chain_keeps_the_id_it_is_known_by_when_an_earlier_contract_turns_up() -> None:
    own = [contract(5, "2026-06-01"), contract(4, "2026-05-01", "2026-05-31")]
    assert chain_of(own, 5, {}).id == 4
    chain = chain_of(own, 5, {5: 5})
    assert (chain.id, chain.other_ids) == (5, (4,))


def test_of_two_known_ids_the_earlier_contracts_stays_and_the_other_is_an_alternative() -> None:
    own = [contract(1, "2026-01-01", "2026-03-01"), contract(2, "2026-03-02", "2026-05-01"), contract(3, "2026-05-02")]
    chain = chain_of(own, 3, {1: 71, 3: 73})
    assert chain.id == 71
    assert set(chain.other_ids) == {73, 1, 2, 3}


def test_a_known_id_stays_when_its_own_contract_has_left_the_chain() -> None:
    chain = chain_of([contract(1, "2026-01-01", "2026-01-05"), contract(2, "2026-06-01")], 2, {1: 1, 2: 1})
    assert (chain.id, chain.contract_ids, chain.other_ids) == (1, (2,), (2,))


def test_without_a_memory_the_id_of_each_contract_is_tried() -> None:
    chain = chain_of([contract(1, "2026-01-01", "2026-02-01"), contract(2, "2026-02-01")], 2, {})
    assert (chain.id, chain.other_ids) == (1, (2,))


DAYS = st.integers(0, 800).map(lambda n: Date(2026, 1, 1).add(days=n))
ANY_CONTRACT = st.builds(Contract, st.integers(1, 10**6), DAYS, st.one_of(st.none(), DAYS))
CONTRACTS = st.lists(ANY_CONTRACT, max_size=8, unique_by=lambda one: one.id)


def same_membership(own: list[Contract]) -> set[frozenset[int]]:
    """A second implementation: days of membership painted on a line, joined over gaps of 31 days."""
    last = Date(2030, 1, 1)
    groups: list[tuple[set[int], Date, Date]] = []
    for one in own:
        assert one.start is not None
        if one.cancellation is not None and one.cancellation <= one.start:
            continue
        names, start, end = {one.id}, one.start, one.cancellation or last
        apart = []
        for group in groups:
            if start <= group[2].add(days=31) and group[1] <= end.add(days=31):
                names, start, end = names | group[0], min(start, group[1]), max(end, group[2])
            else:
                apart.append(group)
        groups = [*apart, (names, start, end)]
    return {frozenset(group[0]) for group in groups}


@FIXED
@given(CONTRACTS)
def test_memberships_agree_with_a_second_implementation(own: list[Contract]) -> None:
    assert {frozenset(chain.contract_ids) for chain in chains(own)} == same_membership(own)


@FIXED
@given(CONTRACTS, st.integers(0, 99))
def test_the_order_in_which_contracts_are_read_changes_nothing(own: list[Contract], seed: int) -> None:
    shuffled = random.Random(seed).sample(own, len(own))
    assert chains(own) == chains(shuffled)


@FIXED
@given(CONTRACTS, ANY_CONTRACT)
def test_a_remembered_id_is_never_lost_by_a_new_contract(own: list[Contract], late: Contract) -> None:
    if not own or late.id in {one.id for one in own}:
        return
    before = chain_of(own, own[0].id, {})
    known = dict.fromkeys(before.contract_ids, before.id)
    assert chain_of([*own, late], own[0].id, known).id == before.id


def chosen(
    own: list[Contract], *, wanted: int | None = None, event: int | None = None, end: bool = False
) -> int | None:
    found = choose_contract(own, wanted=wanted, event=event, anchor_is_end=end)
    return found.id if found else None


OLD = contract(1, "2025-01-01", "2025-06-01", cancelled=True)
OLDER = contract(7, "2024-01-01", "2024-06-01", cancelled=True)
MAIN = contract(2, "2026-01-01", main=True)
SIDE = contract(3, "2026-01-01")


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        pytest.param([], None, id="none"),
        pytest.param([SIDE], 3, id="the only one"),
        pytest.param([OLD, SIDE], 3, id="the only one that is not cancelled"),
        pytest.param([SIDE, MAIN], 2, id="the main one"),
        pytest.param([OLD], None, id="a cancelled one is not meant"),
        pytest.param([contract(4, "2024-01-01", main=True, cancelled=True), SIDE], 3, id="nor a cancelled main one"),
    ],
)
def test_the_contract_of_a_run(own: list[Contract], expected: int | None) -> None:
    assert chosen(own) == expected


def test_the_named_contract_wins_over_the_events_and_both_over_the_main_one() -> None:
    assert chosen([OLD, MAIN, SIDE], wanted=1, event=3) == 1
    assert chosen([OLD, MAIN, SIDE], event=3) == 3


def test_a_list_about_an_end_takes_the_contract_cancelled_last() -> None:
    assert chosen([OLD, OLDER], end=True) == 1
    assert chosen([OLD, SIDE], end=True) == 3


def test_several_possible_contracts_are_listed_and_none_is_guessed() -> None:
    with pytest.raises(UserError, match=r"2 contracts could be meant: 3 \(no plan, from 2026-01-01\); 5") as told:
        chosen([contract(5, "2026-02-01"), SIDE, OLD])
    assert "--contract" in str(told.value)


def test_two_main_contracts_are_listed_too() -> None:
    with pytest.raises(UserError, match="2 contracts could be meant"):
        chosen([MAIN, contract(6, "2026-02-01", main=True)])


@pytest.mark.parametrize("which", ["wanted", "event"])
def test_a_contract_of_somebody_else_is_refused_with_those_that_exist(which: str) -> None:
    with pytest.raises(UserError, match="Contract 99 is not one of this coworker's contracts: 3"):
        chosen([SIDE], **{which: 99})  # type: ignore[arg-type]  # wanted or event by name


def test_each_contract_is_dated_by_the_location_that_issued_it() -> None:
    """Midnight in Madrid in summer is 22:00Z: the next day there, and still the day before in London."""
    ended = "2026-07-31T22:00:00Z"
    madrid = {"Id": 1, "StartDate": "2026-06-30T22:00:00Z", "IssuedById": 10, "CancellationDate": ended}
    london = {"Id": 2, "StartDate": "2026-08-31T23:00:00Z", "IssuedById": 20}
    zones = {10: "Europe/Madrid", 20: "Europe/London"}
    for run_zone in ("Europe/Madrid", "Europe/London", "America/New_York"):
        told = facts(contracts=(madrid, london), contract_id=2, zone=run_zone, zones=zones)
        chain = told.chain()
        assert chain is not None
        assert (chain.id, chain.start, chain.contract_ids) == (1, Date(2026, 7, 1), (1, 2)), run_zone
