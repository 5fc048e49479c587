"""Absences, the least loaded holder, and a responsible whom the member's data names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from member_given import PEOPLE, organisation
from whenever import Date

from engine.core.errors import UserError
from engine.core.fact_values import Absent, Value
from engine.core.forms import Responsible
from engine.core.organisation import Organisation
from engine.core.people import Chosen, NotLookedUp, Person, choose_person
from engine.core.roster import Absence

FIXED = settings(derandomize=True, deadline=None, max_examples=200)
IN = Date(2026, 12, 28)
ANA_AWAY = {"who": "ana@acme.example", "from": Date(2026, 12, 21), "to": Date(2027, 1, 8)}


def choose(
    responsible: object,
    *absences: dict[str, Any],
    on: Date | None = IN,
    people: Mapping[str, Person] = PEOPLE,
    loads: Mapping[int, int] | None = None,
    values: Mapping[str, Value] | None = None,
    subject: str = "coworker:1",
    **changes: Any,
) -> Chosen:
    told = {"items": [{"id": "x", "name": "X", "responsible": responsible}], "tasklist": "x", "name": "X"}
    from engine.core.model import TaskList

    wanted = TaskList.model_validate(told).items[0].responsible
    assert isinstance(wanted, Responsible)
    return choose_person(
        wanted,
        organisation=organisation(absences=list(absences), **changes),
        location="barcelona",
        subject=subject,
        directory=people,
        on=on,
        loads=loads,
        values=values,
    )


def test_who_is_away_on_the_due_day_is_stood_in_for_by_the_delegate_and_the_steps_say_so() -> None:
    found = choose("host", ANA_AWAY | {"delegate": "eva@acme.example"})
    assert (found.person.id, found.passed_over) == (13, ())
    assert found.steps == (
        "role host at barcelona -> ana@acme.example (first holder)",
        "ana@acme.example is away 21 Dec 2026 to 8 Jan 2027: delegate eva@acme.example -> user 13",
    )


@pytest.mark.parametrize(
    ("day", "person"),
    [
        (Date(2026, 12, 20), 11),
        (Date(2026, 12, 21), 13),
        (Date(2027, 1, 8), 13),
        (Date(2027, 1, 9), 11),
        (None, 11),
    ],
)
def test_both_days_of_an_absence_count_and_a_task_without_due_is_nobodys_holiday(day: Date | None, person: int) -> None:
    found = choose("host", ANA_AWAY | {"delegate": "eva@acme.example"}, on=day)
    assert found.person.id == person
    assert ("no due day, so nobody counts as away" in found.steps) == (day is None)


def test_without_a_delegate_the_next_holder_has_it() -> None:
    found = choose("host", ANA_AWAY)
    assert found.person.id == 12
    assert found.steps[0] == "ana@acme.example is away 21 Dec 2026 to 8 Jan 2027, without a delegate"


def test_a_person_named_in_the_list_is_stood_in_for_too() -> None:
    assert choose("ana@acme.example", ANA_AWAY | {"delegate": {"user": 14}}).person.id == 14
    with pytest.raises(UserError, match="without a delegate. Give a delegate in the absences"):
        choose("ana@acme.example", ANA_AWAY)


def test_delegates_are_followed_until_somebody_is_there() -> None:
    ben = {"who": "Ben@acme.example", "from": IN, "delegate": {"role": "community-manager"}}
    found = choose("host", ANA_AWAY | {"delegate": "ben@acme.example"}, ben)
    assert found.person.id == 13
    assert found.steps[1:] == (
        "ana@acme.example is away 21 Dec 2026 to 8 Jan 2027: delegate ben@acme.example",
        "ben@acme.example is away from 28 Dec 2026 on: delegate role community-manager -> user 13",
    )


def test_delegates_in_a_circle_end_with_the_next_who_is_there() -> None:
    ben = {"who": "ben@acme.example", "from": IN, "to": IN, "delegate": "ana@acme.example"}
    found = choose("front-desk", ANA_AWAY | {"delegate": "ben@acme.example"}, ben)
    assert found.person.id == 13, "the community manager stands in for hosts"
    assert any("the delegates lead back to ana@acme.example" in step for step in found.steps)


def test_nobody_there_names_who_is_away_and_until_when() -> None:
    away = [{"who": who, "from": IN, "to": IN} for who in PEOPLE if "@" in who]
    with pytest.raises(UserError, match=r"ana@acme.example is away on 28 Dec 2026, without a delegate; ben@"):
        choose("front-desk", *away)


def test_a_delegate_who_cannot_be_given_tasks_is_passed_over() -> None:
    people = PEOPLE | {"eva@acme.example": Person(13, "Eva", "is inactive")}
    found = choose("host", ANA_AWAY | {"delegate": "eva@acme.example"}, people=people)
    assert (found.person.id, found.passed_over) == (12, ("eva@acme.example is inactive",))


def test_somebody_told_once_by_id_and_once_by_address_is_one_person() -> None:
    absence = {"who": "fay@acme.example", "from": IN, "delegate": "eva@acme.example"}
    with pytest.raises(NotLookedUp) as asked:
        choose({"user": 14}, absence)
    assert [str(one) for one in asked.value.holders] == ["fay@acme.example"]
    people = PEOPLE | {"fay@acme.example": Person(14, "Fay")}
    assert choose({"user": 14}, absence, people=people).person.id == 13


def test_the_days_of_an_absence_in_words() -> None:
    def days(first: str, last: str | None) -> str:
        told = {"who": "ana@acme.example", "from": Date.parse_iso(first)}
        return Absence.model_validate(told | ({"to": Date.parse_iso(last)} if last else {})).days()

    assert days("2026-08-03", "2026-08-14") == "3 Aug to 14 Aug 2026"
    assert days("2026-12-21", "2027-01-08") == "21 Dec 2026 to 8 Jan 2027"
    assert days("2026-12-21", "2026-12-21") == "on 21 Dec 2026"
    assert days("2026-12-21", None) == "from 21 Dec 2026 on"


# the member's data

MANAGER = {"from": "coworker.custom.account_manager", "fallback": "front-desk"}


def manager(value: Value) -> Mapping[str, Value]:
    return {"coworker": {"custom": {"account_manager": value}}}


@pytest.mark.parametrize("told", ["eva@acme.example", " eva@acme.example ", 13, "13"])
def test_the_member_s_account_manager_is_told_by_address_or_by_id(told: Value) -> None:
    people = PEOPLE | {"user 13": Person(13, "Eva")}
    found = choose(MANAGER, values=manager(told), people=people)
    assert (found.person.id, found.passed_over) == (13, ())
    assert found.steps[0].startswith("coworker.custom.account_manager names ")


@pytest.mark.parametrize("told", ["", "  ", None, Absent("coworker.custom", "it was not read")])
def test_an_empty_field_falls_back_without_a_warning(told: Value) -> None:
    found = choose(MANAGER, values=manager(told))
    assert (found.person.id, found.passed_over) == (11, ())
    assert "fell back to role front-desk" in found.steps


def test_a_field_that_holds_something_else_falls_back_with_a_warning_that_keeps_its_text_to_itself() -> None:
    found = choose(MANAGER, values=manager("Ana, mostly"))
    assert found.person.id == 11
    assert found.passed_over == ("coworker.custom.account_manager holds neither an e-mail nor the id of a user",)
    gone = PEOPLE | {"old@acme.example": Person(0, "", "is no user of Nexudus")}
    found = choose(MANAGER, values=manager("old@acme.example"), people=gone)
    assert found.passed_over == ("the person in coworker.custom.account_manager is no user of Nexudus",)


def test_without_a_fallback_an_empty_field_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(UserError, match=r"account_manager is empty\. Fill the field in Nexudus, or give a fallback"):
        choose({"from": "coworker.custom.account_manager"}, values=manager(""))


# the least loaded

TEN = [f"person{number}@acme.example" for number in range(10)]
KNOWN = {name: Person(number + 1, name) for number, name in enumerate(TEN)}


def roster(names: list[str]) -> Organisation:
    place = {"business_id": 501, "calendar": "spain", "roles": {"host": names}}
    return organisation(locations={"barcelona": place}, roles={})


def drawn(names: list[str], subject: str, pick: str, loads: Mapping[int, int] | None = None) -> Person:
    return choose_person(
        Responsible.model_validate({"role": "host", "pick": pick}),
        organisation=roster(names),
        location="barcelona",
        subject=subject,
        directory=KNOWN,
        on=IN,
        loads=loads,
    ).person


LOADS = st.dictionaries(st.integers(1, 10), st.integers(0, 30))


@FIXED
@given(LOADS, st.integers(1, 10**9), st.sets(st.integers(0, 9), max_size=9))
def test_a_fuller_person_never_gets_a_task_while_an_emptier_fit_one_is_there(
    loads: dict[int, int], number: int, unfit: set[int]
) -> None:
    people = {name: Person(one.id, name, "is inactive" if one.id - 1 in unfit else "") for name, one in KNOWN.items()}
    chosen = choose_person(
        Responsible.model_validate({"role": "host", "pick": "least_loaded"}),
        organisation=roster(TEN),
        location="barcelona",
        subject=f"coworker:{number}",
        directory=people,
        loads=loads,
    )
    fit = [one.id for one in people.values() if not one.trouble]
    assert loads.get(chosen.person.id, 0) == min(loads.get(one, 0) for one in fit)


@FIXED
@given(LOADS, st.integers(1, 10**9), st.permutations(TEN))
def test_equal_facts_draw_the_same_person_whatever_the_order_of_the_roster(
    loads: dict[int, int], number: int, names: list[str]
) -> None:
    shuffled = dict(reversed(loads.items()))
    assert drawn(names, f"coworker:{number}", "least_loaded", loads) == drawn(
        TEN, f"coworker:{number}", "least_loaded", shuffled
    )


def test_equally_loaded_people_take_turns() -> None:
    counts = dict.fromkeys(range(1, 11), 0)
    for number in range(1000):
        counts[drawn(TEN, f"coworker:{number}", "least_loaded").id] += 1
    assert min(counts.values()) > 60  # 100 each by fair chance; 60 is four standard deviations away


def test_a_delegate_counts_with_the_delegate_s_own_tasks() -> None:
    absence = ANA_AWAY | {"delegate": "eva@acme.example"}
    least = {"role": "host", "pick": "least_loaded"}
    assert choose(least, absence, loads={11: 0, 12: 3, 13: 9}).person.id == 12
    found = choose(least, absence, loads={11: 9, 12: 3, 13: 2})
    assert found.person.id == 13
    assert "(least loaded by open tasks: ben@acme.example 3, eva@acme.example 2)" in found.steps[0]


def test_all_holders_are_looked_up_at_once_for_the_least_loaded() -> None:
    with pytest.raises(NotLookedUp) as asked:
        choose({"role": "host", "pick": "least_loaded"}, people={})
    assert {str(one) for one in asked.value.holders} == {"ana@acme.example", "ben@acme.example"}


# a roster of ten that changes by one, over ten thousand members

MEMBERS = 10_000


@pytest.mark.parametrize("changed", [0, 4, 9])
def test_a_roster_of_ten_that_changes_by_one_moves_only_the_share_of_that_one(changed: int) -> None:
    subjects = [f"membership:{1_400_000_000 + number}" for number in range(MEMBERS)]
    rest = [name for number, name in enumerate(TEN) if number != changed]
    with_all = [drawn(TEN, subject, "rotate").id for subject in subjects]
    without = [drawn(rest, subject, "rotate").id for subject in subjects]
    theirs = changed + 1
    moved = [before for before, after in zip(with_all, without, strict=True) if before != after]
    assert set(moved) == {theirs}, "who leaves gives away all and only the own share; who joins gains just as much"
    assert len(moved) == with_all.count(theirs)
    assert 850 < len(moved) < 1150  # a tenth; 150 is five standard deviations


def test_nobody_there_names_the_whole_way_over_the_delegates() -> None:
    ben = {"who": "ben@acme.example", "from": IN, "delegate": {"role": "caretaker"}}
    with pytest.raises(UserError) as refused:
        choose("ana@acme.example", ANA_AWAY | {"delegate": "ben@acme.example"}, ben, roles={"caretaker": {}})
    assert refused.value.message == (
        "ana@acme.example is away 21 Dec 2026 to 8 Jan 2027: delegate ben@acme.example; "
        "ben@acme.example is away from 28 Dec 2026 on: role caretaker is held by nobody here."
    )
