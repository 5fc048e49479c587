import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whenever import Instant

from engine.core.errors import UserError
from engine.nexudus.calls import Entity, create_task, read_batch, read_page, token_call
from engine.nexudus.refusal import first_words
from engine.nexudus.rows import is_whole_contract, live_task, parse_moment, same_email, user
from engine.nexudus.zones import iana_zone

MOMENT = Instant.from_utc(2026, 8, 27, 8, 46, 15)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-08-27T08:46:15Z", MOMENT),
        ("2026-08-27T08:46:15", MOMENT),
        ("2026-08-27 08:46:15Z", MOMENT),
        ("2026-08-27T10:46:15+02:00", MOMENT),
        ("2026-08-27T10:46:15+0200", MOMENT),
        ("2026-08-27T08:46:15.0747Z", MOMENT.add(nanoseconds=74_700_000)),
        ("2026-08-27T08:46:15.2905774Z", MOMENT.add(nanoseconds=290_577_400)),
        ("2026-08-27T08:46:15.123456789Z", MOMENT.add(nanoseconds=123_456_789)),
        ("2026-08-27T08:46", Instant.from_utc(2026, 8, 27, 8, 46)),
        ("2026-08-27", Instant.from_utc(2026, 8, 27)),
        ("", None),
        (None, None),
        (20260827, None),
        ("27/08/2026", None),
        ("2026-02-30T00:00:00Z", None),
        ("2026-08-27T25:00:00Z", None),
        ("2026-08-27T08:46:15+99:00", None),
        ("٢٠٢٦-08-27T08:46:15Z", None),
    ],
)
def test_a_moment_is_read_leniently_and_never_guessed(text, moment):
    assert parse_moment(text) == moment


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.integers(0, 4_000_000_000), st.integers(1, 9), st.integers(0, 999_999_999))
def test_every_fraction_from_one_to_nine_digits_is_kept(seconds, digits, fraction):
    shown = f"{fraction:09d}"[:digits]
    whole = Instant.from_timestamp(seconds)
    text = whole.format_iso().removesuffix("Z") + f".{shown}Z"
    assert parse_moment(text) == whole.add(nanoseconds=int(shown.ljust(9, "0")))


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.text(max_size=40))
def test_no_text_crashes_the_reader_of_moments(text):
    assert parse_moment(text) is None or isinstance(parse_moment(text), Instant)


ROW = {"Id": 5, "BusinessId": 7, "CoworkerId": 9, "Name": "x", "Completed": False, "DueDate": None}


@pytest.mark.parametrize("field", ["Id", "BusinessId", "CoworkerId", "Name", "Completed"])
@pytest.mark.parametrize("odd", [None, "5", 0, {}])
def test_a_row_that_lacks_what_every_row_has_is_no_task(field, odd):
    # An empty text is a Name, and only there.
    assert live_task(ROW) is not None
    assert live_task({**ROW, field: odd}) is None or (field, odd) == ("Name", "5")


def test_an_unset_responsible_is_none():
    assert live_task({**ROW, "ResponsibleId": 0}).responsible_id is None


def test_a_user_record_is_believed_in_booleans_only():
    found = user({"Id": 3, "Active": "true", "IsAdmin": 1, "Businesses": [7, "8", True], "DefaultBusinessId": 9})
    assert (found.active, found.is_admin, found.business_ids) == (False, False, frozenset({7, 9}))
    assert user({"Email": "x"}) is None


def test_e_mails_are_one_without_case_and_outer_spaces():
    assert same_email(" Ana@ACME.example", "ana@acme.example ")
    assert not same_email(None, "ana@acme.example")


@pytest.mark.parametrize("missing", ["CoworkerId", "IssuedById", "StartDate", "Cancelled", "CancellationDate"])
def test_a_contract_row_is_whole_only_with_all_that_we_decide_on(missing):
    row = {"CoworkerId": 9, "IssuedById": 7, "StartDate": "2026-11-01T00:00:00Z", "Active": True}
    row |= {"Cancelled": False, "CancellationDate": None, "MainContract": False}
    assert is_whole_contract(row)
    assert not is_whole_contract({name: value for name, value in row.items() if name != missing})


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("GMT Standard Time", "Europe/London"),
        ("Romance Standard Time", "Europe/Paris"),
        ("romance standard time ", "Europe/Paris"),
        ("AUS Eastern Standard Time", "Australia/Sydney"),
        ("UTC", "Etc/UTC"),
        ("Europe/Madrid", "Europe/Madrid"),
    ],
)
def test_a_windows_zone_becomes_an_iana_one(name, zone):
    assert iana_zone(name) == zone


@pytest.mark.parametrize("name", ["", "Somewhere Standard Time", "../../etc/passwd", "CET+1"])
def test_an_unknown_zone_is_the_organisations_to_settle(name):
    with pytest.raises(UserError, match="organisation.yaml"):
        iana_zone(name)


def test_a_batch_and_a_page_are_asked_for_as_documented():
    assert read_batch(Entity.DESK, [1, 2]).path == "/api/sys/floorplandesks?id=%5B1%2C2%5D"
    path = read_page(Entity.USER, {"User_Email": "a+b&c@acme.example"}, 2).path
    assert path == "/api/sys/users?User_Email=a%2Bb%26c%40acme.example&orderBy=Id&page=2&size=100"


def test_no_call_shows_its_body_or_query():
    for call in (token_call("a", "canary"), create_task(b"canary"), read_page(Entity.USER, {"x": "canary"}, 1)):
        assert "canary" not in f"{call!r} {call}"


@pytest.mark.parametrize("entity", list(Entity))
def test_list_and_read_have_roles_of_their_own(entity):
    assert entity.role("List") != entity.role("Read")
    assert entity.path.startswith("/api/")


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.text(max_size=400))
def test_words_of_the_service_are_one_short_line_without_control_characters(text):
    line = first_words(text)
    assert len(line) <= 203
    assert line.isprintable()


def test_a_recorded_creation_is_a_live_task():
    samples = Path(__file__).parent / "samples" / "coworkertasks.json"
    for record in json.loads(samples.read_text(encoding="utf-8"))["records"]:
        row = live_task(record)
        assert row is not None
        assert row.created_at is not None
        assert row.due_at is not None
