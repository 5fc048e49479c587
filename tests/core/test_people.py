"""Who is responsible: roles, fallbacks, rotation, and what is said on the way."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from member_given import PEOPLE, organisation

from engine.core.errors import UserError
from engine.core.forms import Holder, Responsible
from engine.core.people import Chosen, NotLookedUp, Person, choose_person, role_chain

FIXED = settings(derandomize=True, deadline=None, max_examples=200)


def choose(
    role: str = "front-desk",
    *,
    pick: str = "first",
    location: str = "barcelona",
    subject: str = "coworker:1",
    people: dict[str, Person] | None = None,
    **changes: Any,
) -> Chosen:
    return choose_person(
        Responsible.model_validate({"role": role, "pick": pick}),
        organisation=organisation(**changes),
        location=location,
        subject=subject,
        directory=PEOPLE if people is None else people,
    )


def test_the_first_holder_of_a_role_at_the_location_is_chosen_and_says_how() -> None:
    found = choose("host")
    assert found.person.id == 11
    assert found.steps == ("role host at barcelona -> ana@acme.example (first holder) -> user 11",)


def test_a_role_not_held_at_the_location_is_held_by_those_who_hold_it_everywhere() -> None:
    found = choose("community-manager", location="madrid")
    assert (found.person.id, found.holder) == (14, "user 14")


def test_a_role_held_by_nobody_falls_back_and_says_each_step() -> None:
    found = choose("front-desk", location="madrid")
    assert found.person.id == 14
    assert found.steps[:3] == (
        "role front-desk is held by nobody at madrid",
        "role host is held by nobody at madrid",
        "fell back to role community-manager",
    )


def test_a_circle_of_fallbacks_ends() -> None:
    assert list(role_chain(organisation(), "front-desk")) == ["front-desk", "host", "community-manager"]
    circle = {"a": {"fallback": ["b"]}, "b": {"fallback": ["a", "b"]}}
    assert list(role_chain(organisation(roles=circle), "a")) == ["a", "b"]
    with pytest.raises(UserError, match="role a is held by nobody at barcelona; role b is held by nobody"):
        choose("a", roles=circle)


def test_nearer_stand_ins_come_before_farther_ones() -> None:
    roles = {"a": {"fallback": ["b", "c"]}, "b": {"fallback": ["d"]}}
    assert list(role_chain(organisation(roles=roles), "a")) == ["a", "b", "c", "d"]


def test_a_holder_in_trouble_is_passed_over_and_said() -> None:
    people = PEOPLE | {"ana@acme.example": Person(11, "Ana", "is no admin of this location")}
    found = choose("host", people=people)
    assert found.person.id == 12
    assert found.passed_over == ("ana@acme.example is no admin of this location",)


def test_a_role_whose_holders_are_all_in_trouble_falls_back() -> None:
    away = {name: Person(one.id, one.name, "is inactive") for name, one in PEOPLE.items() if one.id in {11, 12}}
    people = PEOPLE | away
    assert choose("host", people=people).person.id == 13


def test_nobody_left_names_the_role_the_place_and_the_reasons() -> None:
    people = {name: Person(one.id, one.name, "is inactive") for name, one in PEOPLE.items()}
    with pytest.raises(UserError, match=r"role 'front-desk' at barcelona: ana@acme.example is inactive; ben"):
        choose(people=people)


def test_a_holder_that_was_not_looked_up_is_asked_for() -> None:
    with pytest.raises(NotLookedUp) as asked:
        choose("host", people={})
    assert str(asked.value.holders[0]) == "ana@acme.example"


def test_a_named_person_is_never_replaced() -> None:
    responsible = Responsible(holder=Holder(user=14))
    given = {"organisation": organisation(), "location": "madrid", "subject": "x"}
    assert choose_person(responsible, directory=PEOPLE, **given).person.id == 14  # type: ignore[arg-type]  # by name
    with pytest.raises(UserError, match="user 14 is inactive"):
        choose_person(responsible, directory={"user 14": Person(14, "Fay", "is inactive")}, **given)  # type: ignore[arg-type]  # by name


STAFF = [f"person{number}@acme.example" for number in range(8)]
KNOWN = {name: Person(number, name) for number, name in enumerate(STAFF)}


def rotated(staff: list[str], subject: str) -> str:
    location = {"business_id": 501, "time_zone": "Europe/Madrid", "calendar": "spain", "roles": {"host": staff}}
    found = choose("host", pick="rotate", subject=subject, people=KNOWN, locations={"barcelona": location})
    return found.holder


@FIXED
@given(st.permutations(STAFF), st.integers(1, 10**9))
def test_the_order_of_the_roster_does_not_matter_to_rotation(staff: list[str], number: int) -> None:
    assert rotated(staff, f"coworker:{number}") == rotated(STAFF, f"coworker:{number}")


@FIXED
@given(st.sampled_from(STAFF), st.integers(1, 10**9))
def test_somebody_who_leaves_moves_only_their_own_members(leaver: str, number: int) -> None:
    before = rotated(STAFF, f"coworker:{number}")
    after = rotated([name for name in STAFF if name != leaver], f"coworker:{number}")
    assert after == before if before != leaver else after != leaver


def test_rotation_is_fair_and_differs_by_subject() -> None:
    counts = dict.fromkeys(STAFF[:4], 0)
    for number in range(400):
        counts[rotated(STAFF[:4], f"coworker:{number}")] += 1
    assert min(counts.values()) > 70  # 100 each by fair chance; 70 is four standard deviations away


def test_whose_turn_it_is_hangs_on_the_role_and_the_place_too() -> None:
    def turns(role: str, location: str) -> list[int]:
        place = {"business_id": 501, "calendar": "spain", "roles": {role: STAFF}}
        made = {"people": KNOWN, "locations": {location: place}, "location": location, "pick": "rotate"}
        return [choose(role, subject=f"coworker:{number}", **made).person.id for number in range(12)]  # type: ignore[arg-type]  # by name

    # The same for ever: the lowest sha256 of subject|role|location|holder.
    assert turns("host", "barcelona") == [3, 6, 6, 1, 7, 0, 2, 6, 6, 1, 6, 3]
    assert turns("front-desk", "barcelona") != turns("host", "barcelona") != turns("host", "madrid")


def test_rotation_passes_over_trouble_without_moving_others() -> None:
    people = PEOPLE | {"ben@acme.example": Person(12, "Ben", "is inactive")}
    for number in range(20):
        subject = f"membership:{number}"
        before = choose("host", pick="rotate", subject=subject).person.id
        after = choose("host", pick="rotate", subject=subject, people=people).person.id
        assert after == (11 if before == 12 else before)


def test_the_case_of_an_address_does_not_change_whose_turn_it_is() -> None:
    people = KNOWN | {name.upper(): one for name, one in KNOWN.items()}
    for number in range(20):
        location = {"business_id": 501, "calendar": "spain", "roles": {"host": [name.upper() for name in STAFF]}}
        loud = choose(
            "host", pick="rotate", subject=f"coworker:{number}", people=people, locations={"barcelona": location}
        )
        assert loud.holder.lower() == rotated(STAFF, f"coworker:{number}")
