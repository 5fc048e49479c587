"""`same_as` across lists: whose identity an item has, and every way in which that can be wrong."""

from __future__ import annotations

from uuid import UUID

import pytest

from engine.core.identity import ItemRef, Subject, identities, identity
from engine.core.model import TaskList
from engine.core.same_as import Shelf, sameness


def _list(name: str, *items: dict[str, object], **others: object) -> TaskList:
    told = [{"name": "Task", "responsible": "host", **item} for item in items]
    return TaskList.model_validate({"tasklist": name, "name": name, "items": told, **others})


def _shelf(*lists: TaskList, **others: frozenset[str]) -> Shelf:
    return Shelf({one.tasklist: one for one in lists}, **others)


FIRST = _list("first", {"id": "keys"}, {"id": "desk", "for_each": {"desk": "contract.desks"}})


def _faults(*items: dict[str, object], shelf: tuple[TaskList, ...] = (FIRST,), **others: object) -> list[str]:
    lists = _shelf(_list("second", *items, **others), *shelf, broken=frozenset({"torn"}), abstract=frozenset({"mould"}))
    return [finding.fault.what for finding in sameness("second", lists).findings]


def test_an_item_has_the_identity_of_the_one_that_it_is_the_same_as() -> None:
    second = _list("second", {"id": "ring", "same_as": "first/keys"}, {"id": "own"})
    told = sameness("second", _shelf(FIRST, second))
    assert (dict(told.shared), told.asked_for, told.findings) == ({"ring": ("first", "keys")}, frozenset(), ())
    assert sameness("first", _shelf(FIRST, second)).asked_for == {"keys"}


def test_the_identity_is_that_of_the_first_names() -> None:
    first = _list("joiner", {"id": "badge", "formerly": "keys"}, formerly="first")
    second = _list("second", {"id": "ring", "same_as": "joiner/badge"})
    assert dict(sameness("second", _shelf(first, second)).shared) == {"ring": ("first", "keys")}


def test_a_chain_ends_at_its_last_item_for_all() -> None:
    second = _list("second", {"id": "ring", "same_as": "first/keys"})
    third = _list("third", {"id": "bunch", "same_as": "second/ring"})
    lists = _shelf(FIRST, second, third)
    assert dict(sameness("third", lists).shared) == {"bunch": ("first", "keys")}
    assert sameness("first", lists).asked_for == {"keys"}


def test_what_the_looped_thing_is_called_does_not_matter() -> None:
    assert _faults({"id": "d", "for_each": {"one": "contract.desks"}, "same_as": "first/desk"}) == []


@pytest.mark.parametrize(
    ("same_as", "said"),
    [
        ("first", "same_as names a list and one of its items"),
        ("first/", "same_as names a list and one of its items"),
        ("second/d", "an item is the same as one of another list"),
        ("fist/keys", "there is no list 'fist'"),
        ("first/kees", "there is no item of first 'kees'"),
        ("torn/keys", "the list 'torn' has mistakes of its own: mend them first"),
        ("mould/keys", "the list 'mould' is abstract and never made itself: name a list that is made with it"),
        ("first/desk", "first/desk is made for each of contract.desks, and this item once, without for_each: "
                       "they cannot be one task"),
    ],
)  # fmt: skip
def test_a_wrong_reference_says_what_is_wrong(same_as: str, said: str) -> None:
    assert _faults({"id": "d", "same_as": same_as}) == [said]


@pytest.mark.parametrize("where", ["item", "defaults", "list"])
def test_both_are_made_once_for_the_same_thing(where: str) -> None:
    own = {"once_per": "contract"} if where == "item" else {}
    others = {"list": {"once_per": "contract"}, "defaults": {"defaults": {"once_per": "contract"}}}.get(where, {})
    told = "first/keys is made once per coworker, and this item once per contract: they cannot be one task"
    assert _faults({"id": "k", "same_as": "first/keys", **own}, **others) == [told]


def test_a_circle_is_told_with_its_way() -> None:
    first = _list("first", {"id": "keys", "same_as": "second/k"})
    assert _faults({"id": "k", "same_as": "first/keys"}, shelf=(first,)) == [
        "this goes round in a circle: second/k -> first/keys -> second/k"
    ]


def test_a_broken_link_further_on_is_told_where_it_is() -> None:
    first = _list("first", {"id": "keys", "same_as": "zero/gone"})
    assert _faults({"id": "k", "same_as": "first/keys"}, shelf=(first,)) == [
        "first/keys, which it leads to: there is no list 'zero'"
    ]


def test_two_items_of_a_list_cannot_be_one_task() -> None:
    items = ({"id": "a", "same_as": "first/keys"}, {"id": "b", "same_as": "first/keys"})
    assert _faults(*items) == ["two items of this list are the same as first/keys, and each task is made once"]


def test_a_way_that_leads_back_into_the_list_is_refused() -> None:
    first = _list("first", {"id": "keys", "same_as": "second/own"})
    items = ({"id": "own"}, {"id": "k", "same_as": "first/keys"})
    (said,) = _faults(*items, shelf=(first,))
    assert said == "this leads back to the list's own item 'own', and each task is made once"


def test_a_former_id_has_no_meaning_beside_it() -> None:
    (said,) = _faults({"id": "k", "formerly": "old", "same_as": "first/keys"})
    assert said.startswith("an item that is the same as first/keys has the identity of that one")


def test_the_own_identity_of_before_is_looked_for_too() -> None:
    subject = Subject("membership", 1, (2,))
    shared, own = ItemRef("first", "keys"), ItemRef("second", "k")
    first, *others = identities("acme", subject, (shared, own))
    assert first == identity("acme", subject, shared)
    assert identity("acme", subject, own) in others
    assert identity("acme", Subject("membership", 2), shared) in others
    assert len({first, *others}) == 1 + len(others) == 4
    assert all(isinstance(number, UUID) for number in others)
