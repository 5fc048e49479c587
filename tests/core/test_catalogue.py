"""What facts exist, where they come from, and what is kept out."""

from __future__ import annotations

import re

import pytest

from engine.core.catalogue import (
    Kind,
    ListOf,
    Record,
    all_facts,
    in_words,
    scope,
    snake_case,
    type_of,
)
from engine.core.words import ANCHORS

FACTS = {fact.path: fact for fact in all_facts({"wants_locker": Kind.BOOL}, {"card_system": Kind.TEXT})}


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("FullName", "full_name"),
        ("Id", "id"),
        ("TaxIDNumber", "tax_id_number"),
        ("InPausedPeriodFrom", "in_paused_period_from"),
        ("IssuedById", "issued_by_id"),
        ("PoBoxNumber", "po_box_number"),
    ],
)
def test_a_field_is_written_in_snake_case(field: str, expected: str) -> None:
    assert snake_case(field) == expected


@pytest.mark.parametrize(
    ("path", "kind", "field"),
    [
        ("coworker.full_name", Kind.TEXT, "Coworker.FullName"),
        ("coworker.registration_date", Kind.MOMENT, "Coworker.RegistrationDate"),
        ("coworker.cancellation_date", Kind.DATE, "Coworker.CancellationDate"),
        ("coworker.active", Kind.BOOL, "Coworker.Active"),
        ("coworker.teams", ListOf(Kind.INT), "Coworker.Teams"),
        ("coworker.custom.wants_locker", Kind.BOOL, "Coworker.Custom1..30, Coworker.CustomFields"),
        ("contract.start", Kind.DATE, "CoworkerContract.StartDate"),
        ("contract.term_end", Kind.DATE, "CoworkerContract.ContractTerm"),
        ("contract.price", Kind.NUMBER, "CoworkerContract.Price"),
        ("contract.desks[].name", Kind.TEXT, "FloorPlanDesk.Name"),
        ("team.members[].email", Kind.TEXT, "Coworker.Email"),
        ("location.vars.card_system", Kind.TEXT, "organisation.yaml"),
        ("event.moment", Kind.MOMENT, "the record's own moment"),
    ],
)
def test_a_fact_has_its_type_and_its_nexudus_field(path: str, kind: object, field: str) -> None:
    assert (FACTS[path].type, FACTS[path].field) == (kind, field)


def test_every_fact_says_where_it_is_from() -> None:
    assert [fact.path for fact in FACTS.values() if not fact.field] == []


def test_every_anchor_is_a_fact_of_that_name() -> None:
    names = scope({}, {}, {})
    for anchor in ANCHORS:
        found = names[anchor.split(".")[0]]
        if isinstance(found, Record):
            found = found.fields[anchor.split(".")[1] if "." in anchor else found.stands_for]
        assert found in (Kind.DATE, Kind.MOMENT), anchor


def test_nothing_that_opens_a_door_or_an_account_is_a_fact() -> None:
    secret = re.compile(
        r"password|pincode|token|bank|stripe|card_number|access_card|key_fob|signature|go_?cardless|mandate"
        r"|payment|custom\d"
    )
    assert [path for path in FACTS if secret.search(path)] == []


def test_a_loop_adds_its_name() -> None:
    desk = Record({"name": Kind.TEXT})
    assert scope({}, {}, {}, ("desk", desk))["desk"] == desk
    assert "desk" not in scope({}, {}, {})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Salto", Kind.TEXT),
        (True, Kind.BOOL),
        (3, Kind.INT),
        (("a", "b"), ListOf(Kind.TEXT)),
        ([1, 2], ListOf(Kind.INT)),
        ([], ListOf(Kind.TEXT)),
        ({"a": {"b": False}}, Record({"a": Record({"b": Kind.BOOL})})),
    ],
)
def test_a_value_of_a_free_map_has_a_type(value: object, expected: object) -> None:
    assert type_of(value) == expected


def test_facts_are_yielded_sorted_within_their_first_name() -> None:
    paths = list(FACTS)
    for root in {path.split(".")[0] for path in paths}:
        own = [path for path in paths if path.split(".")[0] == root]
        assert own == sorted(own)


def test_the_word_of_organisation_yaml_for_a_flag_is_known() -> None:
    assert Kind("boolean") is Kind.BOOL
    with pytest.raises(ValueError, match="truth"):
        Kind("truth")


def test_types_have_names_for_sentences() -> None:
    assert [in_words(kind) for kind in (Kind.DATE, ListOf(Kind.INT), Record({}))] == [
        "a date",
        "a list",
        "a group of facts",
    ]
