"""The identity of a task and its mark in Notes: what they hang on, and what never touches them."""

from __future__ import annotations

import os
import subprocess
import sys
import unicodedata
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from member_given import expanded, facts, item, ready

from engine.core.identity import (
    ItemRef,
    Mark,
    Naming,
    Subject,
    alternatives,
    identity,
    mark_of,
    notes_with_mark,
    read_mark,
)

VECTOR = ("acme-coworking", Subject("coworker", 1416660358), ItemRef("new-member", "access-card"))
EXPECTED = uuid.UUID("9860950b-3112-52d6-9450-e71c65d66486")
FIXED = settings(derandomize=True, deadline=None, max_examples=200)
TEXTS = st.text(max_size=30)


def test_the_vector_of_the_design_holds() -> None:
    assert identity(*VECTOR) == EXPECTED
    assert identity(*VECTOR).version == 5


def test_the_identity_is_the_uuid5_of_the_array_written_by_hand() -> None:
    text = '["acme","location","7@501","list","item","Añil 🚀","2027"]'
    space = uuid.UUID("3668bd1b-c290-527c-ac21-80e3d400b351")
    ref = ItemRef("list", "item", "Añil 🚀", "2027")
    assert identity("acme", Subject("location", "7@501"), ref) == uuid.uuid5(space, text)


@FIXED
@given(TEXTS, TEXTS, TEXTS)
def test_composed_and_decomposed_texts_give_one_identity(owner: str, key: str, cycle: str) -> None:
    def under(form: str) -> uuid.UUID:
        parts = [unicodedata.normalize(form, part) for part in (owner, key, cycle)]
        return identity(parts[0], Subject("contract", 5), ItemRef("a", "b", parts[1], parts[2]))

    assert under("NFC") == under("NFD") == identity(owner, Subject("contract", 5), ItemRef("a", "b", key, cycle))


PARTS = ("owner", "coworker", 1, "list", "item", "key", "cycle")


@pytest.mark.parametrize("place", range(len(PARTS)))
def test_every_part_tells_tasks_apart(place: int) -> None:
    def made(parts: list[object]) -> uuid.UUID:
        owner, kind, number, *rest = parts
        return identity(str(owner), Subject(str(kind), int(str(number))), ItemRef(*map(str, rest)))

    other = list(PARTS)
    other[place] = 2 if place == 2 else "another"
    assert made(other) != made(list(PARTS))


def test_a_number_and_its_text_are_two_subjects() -> None:
    ref = ItemRef("list", "item")
    assert identity("acme", Subject("contract", 7), ref) != identity("acme", Subject("contract", "7"), ref)


def test_texts_cannot_be_shifted_from_one_part_to_the_next() -> None:
    one = identity("acme", Subject("coworker", 1), ItemRef("list", "item", 'a","b', ""))
    assert one != identity("acme", Subject("coworker", 1), ItemRef("list", "item", "a", "b"))


def test_a_lone_surrogate_in_a_key_still_has_an_identity_of_its_own() -> None:
    keys = ("desk \ud800", "desk \udfff", "desk ?", "desk")
    made = {identity("acme", Subject("coworker", 1), ItemRef("list", "item", key)) for key in keys}
    assert len(made) == 4


def test_the_identity_is_the_same_in_processes_with_other_hash_seeds() -> None:
    code = (
        "from engine.core.identity import *;"
        "print(identity('acme-coworking', Subject('coworker', 1416660358), ItemRef('new-member', 'access-card')))"
    )
    for seed in ("1", "2"):
        told = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )  # fmt: skip
        assert told.stdout.strip() == str(EXPECTED)


def test_alternatives_are_the_identities_under_the_other_ids() -> None:
    ref = ItemRef("list", "item")
    subject = Subject("membership", 1, (2, 3))
    others = tuple(identity("acme", Subject("membership", number), ref) for number in (2, 3))
    assert alternatives("acme", subject, ref) == others


def test_naming_knows_a_task_of_its_batch_whatever_its_once_per() -> None:
    subjects = (Subject("coworker", 1), Subject("membership", 5, (6,)))
    naming = Naming("acme", "list", {"renamed": "first"}, subjects, "")
    older = identity("acme", Subject("membership", 6), ItemRef("list", "first", "k"))
    assert older in naming.identities("renamed", "k")
    assert identity("acme", Subject("coworker", 1), ItemRef("list", "dropped")) in naming.identities("dropped", "")
    again = identity("acme", Subject("coworker", 1), ItemRef("list", "dropped", "", "again"))
    assert again not in naming.identities("dropped", "")


def test_wording_dates_people_and_order_are_no_part_of_an_identity() -> None:
    first = expanded(ready(item("a"), item("b", due=None)))
    second = expanded(
        ready(
            item("new", name="In front"),
            item("b", name="Other words", notes="More", due="on contract.start", responsible="host"),
            item("a", when="coworker.active", notify_by_email=True),
            name="Another name",
        ),
        facts(coworker={"FullName": "Ada King"}, contract={"StartDate": "2027-03-01T00:00:00Z"}, location="madrid"),
    )
    numbers = {task.item: task.identity for task in second.wanted}
    assert {task.item: task.identity for task in first.wanted}.items() <= numbers.items()


def test_a_renamed_list_and_item_keep_their_identities_by_formerly() -> None:
    before = expanded(ready(item("card"), tasklist="welcome"))
    after = expanded(ready(item("access", formerly="card"), tasklist="new-member", formerly="welcome"))
    assert before.wanted[0].identity == after.wanted[0].identity


def test_the_mark_is_the_last_line_after_one_empty_one_or_alone() -> None:
    assert notes_with_mark("", EXPECTED, "Welcome Ada") == "ref: 9860950b311252d6 · Welcome Ada"
    assert notes_with_mark("Check.\n\n", EXPECTED, "W") == "Check.\n\nref: 9860950b311252d6 · W"


HOSTILE = (
    "ref: 0123456789abcdef",
    "ref: 0123456789abcdef · Another list",
    "x\nref: 0123456789abcdef · Another list\ny",
    "\n\nref: 0123456789abcdef · Another list",
    "ref: 0123456789abcdef\r\nref: 0123456789abcdef",
    "ref: 0123456789abcdef\u2028ref: 0123456789abcdef\x85ref: 0123456789abcdef",
)


@pytest.mark.parametrize("notes", ["", "Check a photo ID.", *HOSTILE])
@pytest.mark.parametrize("name", ["Welcome Ada", *HOSTILE])
def test_text_that_imitates_a_mark_is_never_taken_for_ours(notes: str, name: str) -> None:
    told = read_mark(notes_with_mark(notes, EXPECTED, name))
    assert told is not None
    assert told.digits == mark_of(EXPECTED)


@FIXED
@given(TEXTS, TEXTS)
def test_a_mark_is_read_back_from_any_notes_and_one_line_name(notes: str, words: str) -> None:
    name = " ".join(words.splitlines()).strip()
    told = read_mark(notes_with_mark(notes, EXPECTED, name))
    assert told == Mark(mark_of(EXPECTED), name or None)


def test_a_mark_survives_other_line_ends_and_lines_added_by_people() -> None:
    notes = notes_with_mark("Check.", EXPECTED, "Welcome  Ada")
    for ending in ("\r\n", "\r"):
        assert read_mark(notes.replace("\n", ending) + f"{ending}done on Monday") == Mark(
            "9860950b311252d6", "Welcome  Ada"
        )


def test_a_mark_is_found_without_line_breaks() -> None:
    assert read_mark("Check. ref: 9860950b311252d6 · Welcome") == Mark("9860950b311252d6")


@pytest.mark.parametrize(
    "notes",
    ["", "reference: 9860950b311252d6", "ref: 9860950b311252d", "ref: 9860950b311252d60", "ref: 9860950B311252D6"],
)
def test_what_is_no_mark_is_none(notes: str) -> None:
    assert read_mark(notes) is None
