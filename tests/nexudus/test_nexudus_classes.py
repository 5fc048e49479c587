"""Every answer falls in exactly one class: the table of promises.md section 3, all of it, written down a second time.

The rows stand here as data, not as rules, so that a slip in `wire` cannot repeat itself in its test.
"""

import itertools
import json
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whenever import Instant

from engine.nexudus.answers import Ambiguous, Answer, Defer, Done, Fatal, RetrySafe, Sent
from engine.nexudus.wire import judge_error, judge_write

NOW = Instant.from_utc(2026, 11, 23, 12)
IDENTITY, OTHER = "9860950b-3112-52d6-9450-e71c65d66486", "0a0b0c0d-3112-52d6-9450-e71c65d66486"
TASK = {
    "BusinessId": 7,
    "CoworkerId": 9,
    "Name": "Locker key for desk 12",
    "ResponsibleId": 3,
    "Notes": "Give two.\n\nref: 9860950b311252d6 · Welcome",
    "TaskItemUniqueId": IDENTITY,
}
RECORDS = {"create": TASK, "update": {"Id": 5, **TASK}, "delete": {"Id": 5}}
ROLES = {"create": "CoworkerTask-Create", "update": "CoworkerTask-Edit", "delete": "CoworkerTask-Delete"}


def said(worked=True, value=None, errors=None, message=""):
    return json.dumps({"Message": message, "Value": value, "Errors": errors, "WasSuccessful": worked}).encode()


FIELD = [{"AttemptedValue": None, "Message": "is a required field", "PropertyName": "Name"}]
NAMELESS = [{"AttemptedValue": None, "Message": "Ooops! There was a problem", "PropertyName": None}]
OOOPS = "Ooops! There was a problem while running this action"

BODIES = {
    "empty": b"",
    "page": b"<!doctype html><p>Sign in</p>",
    "cut": b'{"WasSuccessful": true, "Value": {"Id"',
    "not UTF-8": b"\xff\xfe\x00",
    "too deep": b"[" * 50_000,
    "text": b'"Not found"',
    "number": b"17",
    "list": b"[]",
    "null": b"null",
    "record": b'{"Id": 5, "Name": "Locker key for desk 12"}',
    "denied": b'"Access Denied"',
    "worked, Id 5": said(value={"Id": 5}),
    "worked, whole record": said(value={"Id": 5, **TASK}),
    "worked, no Value": said(),
    "worked, Id 0": said(value={"Id": 0}),
    "worked, Id as text": said(value={"Id": "5"}),
    "worked, Id true": said(value={"Id": True}),
    "worked, Id as a fraction": said(value={"Id": 5.0}),
    "worked, Id too large": said(value={"Id": 2**63}),
    "worked, another member": said(value={"Id": 5, "CoworkerId": 10}),
    "worked, another location": said(value={"Id": 5, "BusinessId": 8}),
    "worked, another name": said(value={"Id": 5, "Name": "Hand out the card"}),
    "worked, another mark": said(value={"Id": 5, **TASK, "Notes": "ref: 0a0b0c0d311252d6", "TaskItemUniqueId": None}),
    "worked, another identity": said(value={"Id": 5, "TaskItemUniqueId": OTHER}),
    "worked, Id 6": said(value={"Id": 6}),
    "perhaps": said(worked="true", value={"Id": 5}),
    "one": said(worked=1, value={"Id": 5}),
    "refused, no reason": said(worked=False),
    "refused, no errors": said(worked=False, errors=[]),
    "refused, a field": said(worked=False, errors=FIELD, message="Name: is a required field"),
    "refused, in words": said(worked=False, message="Name: is a required field"),
    "refused, nameless": said(worked=False, errors=NAMELESS),
    "refused, Ooops": said(worked=False, message=OOOPS),
    "refused, with an Id": said(worked=False, value={"Id": 5}, errors=FIELD),
}
HEADERS = {
    "none": {},
    "json": {"content-type": "application/json; charset=utf-8"},
    "html": {"content-type": "text/html"},
    "wait": {"retry-after": "7", "content-type": "application/json"},
}
CLASSES = {"done": Done, "retry": RetrySafe, "defer": Defer, "fatal": Fatal, "?": Ambiguous}

# 2xx: what proves a success, by kind; whatever is not named is ambiguous.
SUCCESSES = {
    "create": {
        "worked, Id 5": "done",
        "worked, whole record": "done",
        "worked, Id 6": "done",
        "refused, a field": "fatal",
    },
    "update": {
        **dict.fromkeys(["worked, Id 5", "worked, whole record", "worked, no Value"], "done"),
        **dict.fromkeys(["worked, another member", "worked, another location", "worked, another name"], "done"),
        **dict.fromkeys(["worked, another mark", "worked, another identity"], "done"),
        **dict.fromkeys(["refused, a field", "refused, with an Id"], "fatal"),
    },
}
SUCCESSES["delete"] = SUCCESSES["update"]
# 400: refused, but for these.
DOUBTFUL_400 = {name for name in BODIES if name.startswith("worked")} | {"refused, nameless", "refused, Ooops"}


def expected(  # noqa: PLR0911 - one return a row of the table
    status, header, name, sent
):
    if status in {409, 429}:
        return "retry"
    if status == 401:
        if not sent.login_renewed:
            return "retry"
        return "defer" if sent.kind == "create" and name == "denied" else "fatal"
    if status in {403, 405, 413, 414, 415}:
        return "fatal"
    if status == 404:
        if header == "html" or name == "page":
            return "?"
        return "done" if sent.kind == "delete" else "fatal"
    if status == 400:
        doubtful = DOUBTFUL_400 | ({"refused, with an Id", "perhaps", "one"} if sent.kind == "create" else set())
        return "?" if name in doubtful else "fatal"
    if 200 <= status < 300:
        return SUCCESSES[sent.kind].get(name, "?")
    return "?"


@pytest.mark.parametrize("status", range(100, 600))
def test_every_answer_falls_in_the_class_of_the_table(status):
    for kind, renewed, header, name in itertools.product(RECORDS, (False, True), HEADERS, BODIES):
        sent = Sent(kind, ROLES[kind], RECORDS[kind], login_renewed=renewed)
        answer = judge_write(status, HEADERS[header], BODIES[name], sent=sent, now=NOW)
        wanted = CLASSES[expected(status, header, name, sent)]
        assert type(answer) is wanted, (kind, renewed, header, name, answer)


def test_the_classes_are_the_five_of_the_design_and_each_occurs():
    assert set(get_args(Answer)) == set(CLASSES.values())
    found = set()
    for status, name, renewed in itertools.product((200, 400, 401, 409, 500), BODIES, (False, True)):
        sent = Sent("create", ROLES["create"], TASK, login_renewed=renewed)
        found.add(type(judge_write(status, {}, BODIES[name], sent=sent, now=NOW)))
    assert found == set(CLASSES.values())


@pytest.mark.parametrize(
    "what", ["connection refused", "no such host", "no answer within the time", "the connection broke"]
)
def test_without_an_answer_the_bytes_that_went_out_decide(what):
    assert judge_error(what, bytes_sent=False) == RetrySafe(what)
    assert judge_error(what, bytes_sent=True) == Ambiguous(what)


@pytest.mark.parametrize("name", BODIES)
def test_a_throttle_says_how_long_and_never_that_it_is_done_or_there(name):
    for status, kind in itertools.product((409, 429), RECORDS):
        sent = Sent(kind, ROLES[kind], RECORDS[kind])
        told = judge_write(status, HEADERS["wait"], BODIES[name], sent=sent, now=NOW)
        assert told == RetrySafe("too many calls", 7.0, throttled=True)
        untold = judge_write(status, {}, BODIES[name], sent=sent, now=NOW)
        assert untold == RetrySafe("too many calls", None, throttled=True)


RECEIPTS = st.fixed_dictionaries(
    {"WasSuccessful": st.sampled_from([True, False, None, "true", 1])},
    optional={
        "Value": st.none()
        | st.integers()
        | st.fixed_dictionaries({}, optional={"Id": st.integers() | st.text(max_size=3) | st.booleans() | st.floats()}),
        "Errors": st.none()
        | st.just(FIELD)
        | st.lists(st.none() | st.text(max_size=3) | st.dictionaries(st.text(), st.text())),
        "Message": st.none() | st.text(max_size=9),
    },
)


@settings(derandomize=True, max_examples=1000, deadline=None)
@given(st.integers(100, 599), RECEIPTS, st.sampled_from(sorted(RECORDS)), st.booleans())
def test_done_is_only_what_is_proved_three_times_over(status, receipt, kind, renewed):
    sent = Sent(kind, ROLES[kind], RECORDS[kind], login_renewed=renewed)
    answer = judge_write(status, {}, json.dumps(receipt).encode(), sent=sent, now=NOW)
    if isinstance(answer, Done) and kind == "create":
        assert 200 <= status < 300
        assert receipt["WasSuccessful"] is True
        assert type(receipt["Value"]["Id"]) is int
        assert 0 < answer.task_id == receipt["Value"]["Id"] < 2**63
    elif isinstance(answer, Done):
        assert status == 404 or receipt["WasSuccessful"] is True


@settings(derandomize=True, max_examples=500, deadline=None)
@given(
    st.integers(100, 599),
    st.binary(max_size=200),
    st.dictionaries(st.sampled_from(["retry-after", "content-type", "date"]), st.text(max_size=40)),
)
def test_no_answer_makes_the_judge_fail(status, body, headers):
    for kind, renewed in itertools.product(RECORDS, (False, True)):
        sent = Sent(kind, ROLES[kind], RECORDS[kind], login_renewed=renewed)
        assert isinstance(judge_write(status, headers, body, sent=sent, now=NOW), Answer)


def test_what_a_class_says_never_holds_a_members_text():
    secret = "Ada Lovelace"
    errors = [{"AttemptedValue": secret, "Message": f"'{secret}' is too long", "PropertyName": "Name"}]
    for status, body in ((400, said(worked=False, errors=errors)), (200, said(worked=False, errors=errors))):
        answer = judge_write(status, {}, body, sent=Sent("create", "r", {**TASK, "Name": secret}), now=NOW)
        assert secret not in str(answer)
        assert secret not in repr(answer)
