import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whenever import Instant

from engine.nexudus.answers import Ambiguous, Asked, Broken, Defer, Done, Fatal, Found, RetrySafe, Sent
from engine.nexudus.wire import judge_error, judge_read, judge_write

NOW = Instant.from_utc(2026, 11, 23, 12)
TASK = {"BusinessId": 7, "CoworkerId": 9, "Name": "Hand out the access card", "ResponsibleId": 3}
CREATE = Sent("create", "CoworkerTask-Create", TASK)
RENEWED = Sent("create", "CoworkerTask-Create", TASK, login_renewed=True)
UPDATE = Sent("update", "CoworkerTask-Edit", {"Id": 5, **TASK})
DELETE = Sent("delete", "CoworkerTask-Delete", {"Id": 5})
HTML = {"content-type": "text/html"}


def envelope(value, *, worked=True, errors=None, message="", status=200):
    body = {"Status": status, "Message": message, "Value": value, "Errors": errors, "WasSuccessful": worked}
    return json.dumps(body).encode()


def judged(status, body=b"", headers=None, sent=CREATE):
    return judge_write(status, headers or {}, body, sent=sent, now=NOW)


@pytest.mark.parametrize("status", [200, 201, 202])
def test_a_receipt_with_an_id_is_done(status):
    answer = judged(status, envelope({"Id": 1416660358}))
    assert answer == Done(1416660358, {"Id": 1416660358})


def test_the_status_inside_a_body_is_never_used():
    assert isinstance(judged(200, envelope({"Id": 4}, status=500)), Done)
    assert isinstance(judged(400, envelope(None, worked=False, status=200)), Fatal)


@pytest.mark.parametrize("value", [None, 5, "5", [], {}, {"Id": 0}, {"Id": -1}, {"Id": True}, {"Id": "5"}]
                         + [{"Id": 5.0}, {"Id": 2**63}, {"Id": None}])
def test_a_receipt_without_a_usable_id_is_ambiguous(value):
    assert isinstance(judged(200, envelope(value)), Ambiguous)


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>login</html>", b"{", b'"ok"', b"17", b"null", b"[]", b"\xff\xfe", b"[" * 100_000]
    + [b'{"Id": 5}', b'{"WasSuccessful": "true", "Value": {"Id": 5}}', b'{"WasSuccessful": 1, "Value": {"Id": 5}}'],
)
def test_a_success_that_is_not_proved_is_ambiguous(body):
    assert isinstance(judged(200, body), Ambiguous)


@pytest.mark.parametrize("other", [{"CoworkerId": 10}, {"BusinessId": 8}, {"Name": "Locker key"}])
def test_a_late_receipt_for_another_task_is_ambiguous(other):
    assert isinstance(judged(200, envelope({"Id": 5, **TASK, **other})), Ambiguous)


def test_a_receipt_with_the_name_cut_by_the_service_is_still_ours():
    assert isinstance(judged(200, envelope({"Id": 5, **TASK, "Name": "Hand out"})), Done)


@pytest.mark.parametrize("status", [409, 429])
@pytest.mark.parametrize("body", [b"", envelope({"Id": 5}), b"already exists"])
def test_409_and_429_are_throttles_whatever_the_body_says(status, body):
    answer = judged(status, body, {"retry-after": "3"})
    assert answer == RetrySafe("too many calls", 3.0, throttled=True)


@pytest.mark.parametrize("status", [100, 204, 301, 302, 303, 307, 308, 402, 408, 418, 422, 425])
def test_an_undocumented_status_is_ambiguous(status):
    assert isinstance(judged(status), Ambiguous)


@pytest.mark.parametrize("status", range(500, 512))
def test_a_5xx_is_ambiguous_with_any_body(status):
    for body in (b"", b"<html>", b'{"Message":"An error has occurred."}', envelope(None, worked=False)):
        assert isinstance(judged(status, body), Ambiguous)


def test_the_general_failure_as_a_400_is_ambiguous():
    body = envelope(None, worked=False, message="Ooops! There was a problem while running this action")
    assert isinstance(judged(400, body), Ambiguous)


def test_a_400_that_calls_itself_a_success_is_ambiguous():
    assert isinstance(judged(400, envelope({"Id": 5})), Ambiguous)


def test_a_400_is_shown_field_by_field_under_our_names():
    errors = [
        {"AttemptedValue": None, "Message": "is a required field", "PropertyName": "Responsible"},
        {"AttemptedValue": "Ana Ruiz", "Message": "'Ana Ruiz' is too long", "PropertyName": "Name"},
    ]
    answer = judged(400, envelope(None, worked=False, errors=errors, message="Responsible: is a required field"))
    assert isinstance(answer, Fatal)
    assert str(answer) == "ResponsibleId: is a required field; Name: '...' is too long"
    assert answer.errors[1].attempted == "Ana Ruiz"
    assert "Ana" not in repr(answer)


def test_a_400_without_errors_is_read_from_its_message():
    answer = judged(400, envelope(None, worked=False, message="Coworker: is a required field"))
    assert [error.property_name for error in answer.errors] == ["CoworkerId"]


@pytest.mark.parametrize("body", [b"", b"<html>", b'"no"', b"[]", b'{"Errors": 5}', b'{"Errors": [null, 3]}'])
def test_an_odd_400_is_refused_without_a_crash(body):
    assert isinstance(judged(400, body), Fatal)


def test_a_refusal_as_200_is_fatal_with_field_errors_and_ambiguous_without():
    errors = [{"AttemptedValue": None, "Message": "may not be null", "PropertyName": "Business"}]
    assert str(judged(200, envelope(None, worked=False, errors=errors))) == "BusinessId: may not be null"
    assert isinstance(judged(200, envelope(None, worked=False)), Ambiguous)


def test_the_first_401_asks_for_a_new_login_and_the_second_names_the_role():
    assert judged(401) == RetrySafe("the login has expired", renew_login=True)
    second = judged(401, sent=RENEWED)
    assert isinstance(second, Fatal)
    assert second.role == "CoworkerTask-Create"


def test_access_denied_on_a_create_after_renewal_is_put_off():
    assert isinstance(judged(401, b'{"Message":"Access Denied"}', sent=RENEWED), Defer)
    deletion = Sent("delete", "CoworkerTask-Delete", {"Id": 5}, login_renewed=True)
    assert isinstance(judged(401, b"Access Denied", sent=deletion), Fatal)


def test_a_403_names_the_role_at_once():
    answer = judged(403)
    assert isinstance(answer, Fatal)
    assert answer.role == "CoworkerTask-Create"


def test_a_404_is_success_for_a_removal_only():
    assert judged(404, b'"Not found"', sent=DELETE) == Done(5)
    assert isinstance(judged(404, b'"Not found"', sent=UPDATE), Fatal)
    assert isinstance(judged(404, b'"Not found"'), Fatal)
    assert isinstance(judged(404, b"<html>", HTML, sent=DELETE), Ambiguous)


def test_an_update_is_done_only_for_the_task_that_was_meant():
    assert judged(200, envelope({"Id": 5}), sent=UPDATE) == Done(5, {"Id": 5})
    assert judged(200, envelope(None), sent=UPDATE) == Done(5)
    assert isinstance(judged(200, envelope({"Id": 6}), sent=UPDATE), Ambiguous)


def test_a_removal_refused_as_200_is_not_done():
    assert isinstance(judged(200, envelope(None, worked=False), sent=DELETE), Ambiguous)
    assert judged(200, envelope(None), sent=DELETE) == Done(5)


@pytest.mark.parametrize("status", [405, 413, 414, 415])
def test_a_request_refused_unread_is_fatal(status):
    assert isinstance(judged(status), Fatal)


def test_an_error_on_the_line_is_ambiguous_once_a_byte_is_out():
    assert isinstance(judge_error("connection refused", bytes_sent=False), RetrySafe)
    assert isinstance(judge_error("the connection broke", bytes_sent=True), Ambiguous)


@settings(derandomize=True, max_examples=400, deadline=None)
@given(st.integers(100, 599), st.binary(max_size=60) | st.sampled_from([b"{}", envelope({"Id": 0}), b'"x"']))
def test_nothing_but_a_proved_receipt_is_ever_done(status, body):
    assert not isinstance(judged(status, body), Done)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(JSON_VALUES, JSON_VALUES, st.integers(100, 599))
def test_any_json_envelope_falls_in_a_class_without_a_crash(value, errors, status):
    body = json.dumps({"WasSuccessful": False, "Value": value, "Errors": errors, "Message": value}).encode()
    assert not isinstance(judged(status, body), Done)


def read(status, body=b"", headers=None, *, renewed=True):
    asked = Asked("CoworkerTask-List", login_renewed=renewed)
    return judge_read(status, headers or {}, body, asked=asked, now=NOW)


def test_a_read_gives_data_only_for_200_with_an_object_or_an_array():
    assert read(200, b'{"Id": 5}') == Found({"Id": 5})
    assert read(200, b"[]") == Found([])
    for body in (b"", b"5", b'"text"', b"null", b'{"Id"', envelope({"Id": 5})):
        assert isinstance(read(200, body), Broken)
    assert isinstance(read(206, b'{"Id": 5}'), Broken)


@pytest.mark.parametrize("answer", [(200, b"<p>", HTML), (200, b"  <html>", {}), (404, b"x", HTML), (302, b"", {})])
def test_a_web_page_or_redirect_is_not_the_api(answer):
    broken = read(*answer)
    assert isinstance(broken, Broken)
    assert not broken.is_api


def test_list_and_read_are_separate_roles():
    assert read(401).role == "CoworkerTask-List"
    assert read(403).role == "CoworkerTask-List"
    assert read(401, renewed=False) == RetrySafe("the login has expired", renew_login=True)
