"""What records tell of, whatever dates they bear: in any zone, at any hour, with fields that did not come."""

from __future__ import annotations

from typing import Any, cast

import pytest
from given_account import BARCELONA, LONDON
from hypothesis import given, settings
from hypothesis import strategies as st
from whenever import Date, Instant

from engine.core.organisation import Organisation
from engine.flows.directory import Directory
from engine.flows.sweep_occurrences import Places, is_over, of_contract, of_coworker, starts_first

NOW = Instant.from_utc(2026, 11, 24, 10)
PLACES = Places(
    Organisation.model_validate(
        {
            "owner": "acme",
            "since": "2026-11-01",
            "locations": {
                "barcelona": {"business_id": BARCELONA, "time_zone": "Europe/Madrid", "calendar": "usual"},
                "auckland": {"business_id": LONDON, "time_zone": "Pacific/Auckland", "calendar": "usual"},
            },
            "calendars": {"usual": {}},
        }
    ),
    cast(Directory, None),  # every zone is in the file
)


def contract(**fields: Any) -> dict[str, Any]:
    told = {"Id": 5, "CoworkerId": 3, "IssuedById": BARCELONA, "TariffId": 7, "TariffName": "Hot Desk"}
    dates = {"StartDate": "2026-11-24T00:00:00Z", "CreatedOn": "2026-11-20T08:00:00.5Z", "CancellationDate": None}
    return told | dates | fields


def events(row: dict[str, Any], days_ahead: int = 60) -> dict[str, Any]:
    return {one.event: one for one in of_contract(row, PLACES, now=NOW, days_ahead=days_ahead)}


def test_a_contract_entered_before_its_first_day_is_activated_at_some_hour_of_it() -> None:
    told = events(contract())["contract.activated"]
    assert (told.day, told.location) == (Date(2026, 11, 24), "barcelona")
    assert told.since == Instant.from_utc(2026, 11, 23, 23)
    assert told.until == Instant.from_utc(2026, 11, 24, 23)


def test_a_contract_entered_on_its_first_day_is_activated_as_it_is_entered() -> None:
    told = events(contract(CreatedOn="2026-11-24T09:30:00Z"))["contract.activated"]
    assert told.until == Instant.from_utc(2026, 11, 24, 9, 30)


def test_midnight_at_the_location_is_the_same_day_as_midnight_in_utc() -> None:
    local = events(contract(IssuedById=LONDON, StartDate="2026-11-23T11:00:00Z"))["contract.activated"]
    utc = events(contract(IssuedById=LONDON))["contract.activated"]
    assert (local.day, local.since) == (utc.day, utc.since)
    assert utc.since == Instant.from_utc(2026, 11, 23, 11)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, {"contract.created", "contract.activated"}),
        ({"CancellationDate": "2027-01-01"}, {"contract.created", "contract.activated", "contract.cancelled"}),
        ({"CancellationDate": "2026-11-24T00:00:00Z"}, {"contract.cancelled"}),
        ({"StartDate": "2026-01-01T00:00:00Z", "CancellationDate": "2026-11-20T00:00:00Z"}, {"contract.cancelled"}),
        ({"Cancelled": True}, set()),
        ({"CreatedOn": None}, {"contract.activated"}),
        ({"StartDate": None}, {"contract.created"}),
        ({"CoworkerId": None}, set()),
        ({"Id": True}, set()),
        ({"CoworkerId": "3"}, set()),
    ],
)
def test_a_contract_tells_of_what_it_has_fields_for(fields: dict[str, Any], told: set[str]) -> None:
    assert set(events(contract(**fields))) == told


def test_a_cancellation_counts_from_so_many_days_before_to_the_end_of_its_day() -> None:
    told = events(contract(CancellationDate="2027-01-10T00:00:00Z"), days_ahead=10)["contract.cancelled"]
    assert (told.since, told.until) == (Instant.from_utc(2026, 12, 30, 23), Instant.from_utc(2027, 1, 10, 23))
    assert told.key == "5 2027-01-10"


def test_first_is_whatever_begins_on_the_first_day_that_counts() -> None:
    own = events(contract())["contract.activated"]
    later = contract(Id=6, StartDate="2026-12-01T00:00:00Z")
    never = contract(Id=7, StartDate="2026-01-01T00:00:00Z", CancellationDate="2026-01-01T00:00:00Z")
    same, earlier = contract(Id=8), contract(Id=9, StartDate="2025-01-01T00:00:00Z")
    assert starts_first(own, (contract(), later, never, same), PLACES)
    assert starts_first(own, (), PLACES)
    assert not starts_first(own, (contract(), earlier), PLACES)


def test_a_coworker_without_a_moment_or_an_id_tells_of_nothing() -> None:
    assert of_coworker({"Id": 3, "CreatedOn": None}, PLACES) is None
    assert of_coworker({"CreatedOn": "2026-11-24T00:00:00Z"}, PLACES) is None
    told = of_coworker({"Id": 3, "CreatedOn": "2026-11-23T23:30:00Z", "InvoicingBusinessId": BARCELONA}, PLACES)
    assert told is not None
    assert (told.day, told.location, told.business_id) == (Date(2026, 11, 24), None, BARCELONA)


dates = st.one_of(
    st.none(),
    st.sampled_from(["", "0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z", "soon", 7]),
    st.datetimes().map(lambda moment: f"{moment.isoformat()}Z"),
)


@given(start=dates, end=dates, created=dates, business=st.sampled_from([BARCELONA, LONDON, 77, None, "x"]))
@settings(derandomize=True, max_examples=200)
def test_no_date_breaks_the_reading_and_every_event_has_its_time(
    start: object, end: object, created: object, business: object
) -> None:
    row = contract(StartDate=start, CancellationDate=end, CreatedOn=created, IssuedById=business)
    for one in of_contract(row, PLACES, now=NOW, days_ahead=60):
        assert one.since <= one.until
        assert (one.record_id, one.contract_id, one.coworker_id) == (5, 5, 3)
    is_over(row, PLACES, NOW)
