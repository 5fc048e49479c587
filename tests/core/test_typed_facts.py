"""Nexudus records as typed values: dates, empty values, custom fields, anchors."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from member_given import event, expanded, facts, item, organisation, planned, ready
from whenever import Date, Instant

from engine.core.errors import UserError
from engine.core.fact_values import Absent
from engine.core.typed_facts import Read, read_facts
from engine.core.wire_dates import calendar_date, parse_moment, wire_moment


def read(**changes: Any) -> Read:
    return read_facts(facts(**changes), organisation())


def value(told: Read, path: str) -> object:
    found: Any = told.values
    for name in path.split("."):
        found = found[name]
    return found


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2026-08-27T08:29:15.2905774Z", "2026-08-27T08:29:15Z"),
        ("2026-08-27T08:29:15", "2026-08-27T08:29:15Z"),
        ("2026-08-27T08:29", "2026-08-27T08:29:00Z"),
        ("2026-08-27", "2026-08-27T00:00:00Z"),
        (" 2026-08-27T10:29:15+02:00 ", "2026-08-27T08:29:15Z"),
        ("2026-08-27 10:29:15+0200", "2026-08-27T08:29:15Z"),
        ("2026-08-27t08:29:15z", "2026-08-27T08:29:15Z"),
        ("2026-08-27T08:29:15.123456789123Z", "2026-08-27T08:29:15Z"),
    ],
)
def test_every_spelling_of_a_moment_is_read(text: str, iso: str) -> None:
    found = parse_moment(text)
    assert found is not None
    assert wire_moment(found) == iso


@pytest.mark.parametrize(
    "text",
    ["", None, 5, "soon", "2026-02-30", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00", "9999-12-31T23:59:59Z"],
)
def test_what_is_no_date_and_what_stands_for_none_is_none(text: object) -> None:
    assert parse_moment(text) is None
    assert calendar_date(text, "America/New_York") is None


@pytest.mark.parametrize(
    ("text", "day", "odd"),
    [
        ("2026-12-01T00:00:00Z", Date(2026, 12, 1), False),
        ("2026-11-30T23:00:00Z", Date(2026, 12, 1), False),  # midnight in Madrid's winter
        ("2026-07-31T22:00:00Z", Date(2026, 8, 1), False),  # and in its summer
        ("2026-07-31T23:00:00Z", Date(2026, 8, 1), True),
        ("2026-12-01T10:15:00Z", Date(2026, 12, 1), True),
        ("2026-12-01T23:30:00Z", Date(2026, 12, 2), True),
    ],
)
def test_a_contract_date_is_the_calendar_date_that_was_meant(text: str, day: Date, odd: bool) -> None:
    assert calendar_date(text, "Europe/Madrid") == (day, odd)
    told = read(contract={"StartDate": text})
    assert value(told, "contract.start") == value(told, "contract.start_date") == day
    assert told.anchors["contract.start"].value == day  # type: ignore[union-attr]  # there is one
    said = [line for line in told.warnings if line.startswith("contract.start_date is no midnight")]
    assert len(said) == (1 if odd else 0)


def test_a_midnight_that_a_zone_skips_is_no_reason_to_fail() -> None:
    assert calendar_date("2026-09-06T04:00:00Z", "America/Santiago") == (Date(2026, 9, 6), True)


def test_a_bent_date_is_a_warning_of_the_plan() -> None:
    plan = planned(expanded(given=facts(contract={"StartDate": "2026-12-01T10:15:00Z"})))
    assert any("contract.start_date is no midnight" in line and "2026-12-01" in line for line in plan.warnings)


def test_an_empty_text_is_a_text_and_an_empty_date_or_number_is_none() -> None:
    told = read(coworker={"CompanyName": None, "NickName": "", "BillingDay": None, "DateOfBirth": "", "UserId": ""})
    assert value(told, "coworker.company_name") == value(told, "coworker.nick_name") == ""
    assert value(told, "coworker.billing_day") is None
    assert value(told, "coworker.date_of_birth") is None
    assert value(told, "coworker.user_id") is None
    assert value(told, "contract.cancellation") is None


@pytest.mark.parametrize("number", [float("inf"), float("nan"), "12x", [], {}, True])
def test_a_number_that_is_none_is_empty(number: object) -> None:
    assert value(read(coworker={"BillingDay": number}), "coworker.billing_day") is None


def test_flags_lists_and_numbers_are_typed() -> None:
    told = read(coworker={"Active": "true", "Archived": None, "Teams": [1, "x", 2]}, contract={"Price": 1082.52})
    assert value(told, "coworker.active") is True
    assert value(told, "coworker.archived") is False
    assert value(told, "coworker.teams") == [1, 2]
    assert value(told, "contract.price") == Decimal("1082.52")


@pytest.mark.parametrize(
    ("row", "name", "expected"),
    [
        ({"Custom7": " YES "}, "wants_locker", True),
        ({"Custom7": "no"}, "wants_locker", False),
        ({"Custom7": ""}, "wants_locker", False),
        ({"Custom7": None}, "wants_locker", False),
        ({"Custom8": "12.50"}, "deposit", Decimal("12.50")),
        ({"Custom8": 0}, "deposit", Decimal(0)),
        ({"Custom8": " "}, "deposit", None),
        ({}, "deposit", None),
        ({"Custom9": None}, "shirt", ""),
        ({"Custom9": " M "}, "shirt", "M"),
        ({"CustomFields": {"Data": [{"Name": "Visa until", "Value": "2027-02-28"}]}}, "visa_until", Date(2027, 2, 28)),
        ({"CustomFields": {"Data": [{"Name": "Visa until", "Value": None}]}}, "visa_until", None),
        ({"CustomFields": {"Data": None}}, "visa_until", None),
        ({"CustomFields": None}, "visa_until", None),
    ],
)
def test_a_custom_field_is_a_typed_value(row: dict[str, Any], name: str, expected: object) -> None:
    found = value(read(coworker=row), f"coworker.custom.{name}")
    assert found == expected
    assert type(found) is type(expected)


def test_a_custom_value_that_cannot_be_read_is_an_error_that_does_not_show_it() -> None:
    with pytest.raises(UserError, match=r"coworker\.custom\.deposit \(Custom8\) of this coworker is no number") as told:
        read(coworker={"Custom8": "secret words"})
    assert "secret" not in str(told.value)


def test_a_wrong_custom_value_stops_only_the_lists_that_name_it() -> None:
    given = facts(coworker={"Custom8": "secret words"})
    assert len(expanded(given=given).wanted) == 1
    with pytest.raises(UserError, match="deposit"):
        expanded(ready(item(name="Deposit {{ coworker.custom.deposit }}")), given)
    with pytest.raises(UserError, match="deposit"):
        expanded(ready(item(), applies={"when": "coworker.custom.deposit > 0"}), given)


def test_what_a_coworker_lacks_says_why() -> None:
    told = read(contracts=(), contract_id=None)
    for name in ("contract", "membership", "team", "event"):
        found = told.values[name]
        assert isinstance(found, Absent)
        assert found.reason
    assert told.anchors["contract.start"] is told.anchors["membership.start"] is told.anchors["event"] is None


def test_signup_is_the_registration_else_the_creation() -> None:
    assert read().anchors["signup"].value == Instant("2026-11-20T16:30:00Z")  # type: ignore[union-attr]  # there is one
    told = read(coworker={"RegistrationDate": ""}).anchors["signup"]
    assert told is not None
    assert (str(told.value)[:19], told.source) == ("2026-11-19T10:00:00", "coworker CreatedOn")


def test_the_anchors_of_a_membership_are_those_of_its_chain() -> None:
    before = {"Id": 800, "StartDate": "2026-01-01", "CancellationDate": "2026-11-15", "Cancelled": True}
    after = {"Id": 900, "StartDate": "2026-12-01", "CancellationDate": "2027-03-31"}
    told = read(contracts=(after, before))
    assert told.anchors["membership.start"].value == Date(2026, 1, 1)  # type: ignore[union-attr]  # there is one
    assert told.anchors["membership.end"].value == Date(2027, 3, 31)  # type: ignore[union-attr]  # there is one
    assert told.anchors["membership.end"].source == "membership 800 of contracts 800, 900"  # type: ignore[union-attr]


def test_inputs_of_type_date_and_the_event_are_anchors() -> None:
    told = read(inputs={"move_out": Date(2027, 1, 5), "note": "x"}, event=event("2026-11-22T10:00:00Z"))
    assert told.anchors["inputs.move_out"].value == Date(2027, 1, 5)  # type: ignore[union-attr]  # there is one
    assert told.anchors["event"].value == Instant("2026-11-22T10:00:00Z")  # type: ignore[union-attr]  # there is one
    assert "inputs.note" not in told.anchors


def test_secrets_in_a_record_never_become_facts() -> None:
    told = read(coworker={"AccessPincode": "1234", "AccessCardId": "55", "CardNumber": "4111"})
    assert not {"access_pincode", "access_card_id", "card_number"} & set(told.values["coworker"])  # type: ignore[arg-type]
