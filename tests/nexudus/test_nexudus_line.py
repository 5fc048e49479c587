"""What can go wrong on the line itself: old answers, none, endless ones, other places."""

import itertools
import json
import time

import pytest
from scripted_nexudus import Answer, Clock, client_for, data, in_turn, receipt, rows, serving

from engine.nexudus.answers import Ambiguous, Defer, Done
from engine.nexudus.errors import NexudusUnreachable, NotTheApi

TASK = {
    "BusinessId": 7,
    "CoworkerId": 9,
    "Name": "Locker key for desk 12",
    "ResponsibleId": 3,
    "Notes": "ref: 9860950b311252d6 · Welcome",
}
BODY = json.dumps(TASK).encode()
ONLY_ID = {"Id": 77}
NAMESAKE = {"Id": 77, **TASK, "Notes": "ref: 0a0b0c0d311252d6 · Welcome"}
SHORTER = {"Id": 77, **TASK, "Name": "Locker key for desk 1", "Notes": "ref: 0a0b0c0d311252d6 · Welcome"}


def posts(server):
    return sum(path.startswith("POST") for path in server.paths())


def chunked(body):
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)


STALE = {
    "whole": lambda value: receipt(value).wire(),
    "in chunks": lambda value: chunked(receipt(value).body),
    "half of it": lambda value: receipt(value).wire()[:-40],
    "its head": lambda value: receipt(value).wire()[:30],
    "its first byte": lambda value: receipt(value).wire()[:1],
}


@pytest.mark.parametrize("form", STALE)
@pytest.mark.parametrize("value", [ONLY_ID, NAMESAKE, SHORTER], ids=["only an id", "a namesake", "a shorter name"])
def test_a_stale_receipt_of_another_task_is_never_this_tasks(form, value):
    first = Answer(raw=receipt({"Id": 5}).wire() + STALE[form](value))
    with serving(in_turn(first, receipt({"Id": 6}))) as server:
        client = client_for(server)
        assert client.create_task(BODY) == Done(5, {"Id": 5})
        second = client.create_task(BODY)
        assert isinstance(second, Ambiguous) or second.task_id == 6
        assert posts(server) <= 2


def test_a_stale_answer_that_comes_while_the_line_is_idle_closes_it():
    def late(sock):
        time.sleep(0.1)
        sock.sendall(receipt(ONLY_ID).wire())
        time.sleep(2)

    with serving(in_turn(Answer(raw=receipt({"Id": 5}).wire(), then=late), receipt({"Id": 6}))) as server:
        client = client_for(server)
        client.create_task(BODY)
        time.sleep(0.3)
        assert client.create_task(BODY) == Done(6, {"Id": 6})


def test_an_answer_that_comes_after_its_call_was_given_up_reaches_no_other_call(monkeypatch):
    monkeypatch.setattr("engine.nexudus.conversation.CALL_SECONDS", 0.8)

    def late(sock):
        time.sleep(1.4)
        sock.sendall(receipt(ONLY_ID).wire())

    with serving(in_turn(receipt({"Id": 5}), Answer(raw=b"", then=late), receipt({"Id": 6}))) as server:
        client = client_for(server, token="t")
        assert client.create_task(BODY) == Done(5, {"Id": 5})
        assert client.create_task(BODY) == Ambiguous("no answer within the time")
        assert server.lines == 1
        time.sleep(0.8)
        assert client.create_task(BODY) == Done(6, {"Id": 6})
        assert server.lines == 2


def test_a_line_is_used_again_after_a_whole_answer_and_never_after_a_broken_one():
    broken = Answer(200, receipt({"Id": 5}).body + b" ", (("Content-Encoding", "br"),))
    with serving(in_turn(receipt({"Id": 5}), broken, receipt({"Id": 6}))) as server:
        client = client_for(server)
        client.create_task(BODY)
        assert server.lines == 1
        assert isinstance(client.create_task(BODY), Ambiguous)
        assert client.create_task(BODY) == Done(6, {"Id": 6})
        assert server.lines == 2


CALL_SECONDS, SLACK = 0.8, 3.0
"""A minute, shortened; what never ends goes on for ten seconds, so a busy machine cannot hide it."""


def again_and_again(part, every=0.05):
    def go_on(sock):
        for _ in range(200):
            sock.sendall(part)
            time.sleep(every)

    return go_on


OK = b"HTTP/1.1 200 OK\r\n"
ENDLESS = {
    "no byte at all": Answer(raw=b"", then=lambda _: time.sleep(10)),
    "the first line": Answer(raw=b"HTTP/1.1 200 ", then=again_and_again(b"O")),
    "one header": Answer(raw=OK + b"X-Long: ", then=again_and_again(b"x")),
    "headers": Answer(raw=OK, then=again_and_again(b"X-More: 1\r\n")),
    "a body with a length": Answer(raw=OK + b"Content-Length: 400\r\n\r\n", then=again_and_again(b" ")),
    "a body without": Answer(raw=OK + b"Connection: close\r\n\r\n", then=again_and_again(b" ")),
    "chunks": Answer(raw=OK + b"Transfer-Encoding: chunked\r\n\r\n", then=again_and_again(b"1\r\n \r\n")),
    "one chunk's size": Answer(raw=OK + b"Transfer-Encoding: chunked\r\n\r\n", then=again_and_again(b"0")),
    "trailers": Answer(raw=OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", then=again_and_again(b"X: 1\r\n")),
    "answers that are none yet": Answer(raw=b"", then=again_and_again(b"HTTP/1.1 103 Early Hints\r\n\r\n")),
    "a packed body": Answer(
        raw=OK + b"Content-Encoding: gzip\r\nContent-Length: 400\r\n\r\n\x1f\x8b\x08\0\0\0\0\0\0\3",
        then=again_and_again(b"\0\0\0\xff\xff"),
    ),
}


@pytest.mark.parametrize("answer", ENDLESS.values(), ids=ENDLESS.keys())
def test_an_answer_that_never_ends_is_over_with_its_calls_time(monkeypatch, answer):
    monkeypatch.setattr("engine.nexudus.conversation.CALL_SECONDS", CALL_SECONDS)
    with serving(in_turn(answer, receipt({"Id": 6}))) as server:
        started = time.monotonic()
        assert isinstance(client_for(server, token="t").create_task(BODY), Ambiguous)
        assert time.monotonic() - started < CALL_SECONDS + SLACK
        assert posts(server) == 1


def test_a_login_that_drips_puts_a_creation_off_within_its_calls_time(monkeypatch):
    monkeypatch.setattr("engine.nexudus.conversation.CALL_SECONDS", CALL_SECONDS)
    with serving(in_turn(receipt({"Id": 5})), logins=[ENDLESS["chunks"]] * 9) as server:
        started = time.monotonic()
        assert isinstance(client_for(server).create_task(BODY), Defer)
        assert time.monotonic() - started < CALL_SECONDS + SLACK
        assert posts(server) == 0


def test_a_read_that_drips_ends_within_its_calls_time(monkeypatch):
    monkeypatch.setattr("engine.nexudus.conversation.CALL_SECONDS", CALL_SECONDS)
    with serving(in_turn(ENDLESS["a body with a length"])) as server:
        started = time.monotonic()
        with pytest.raises(NexudusUnreachable):
            client_for(server).task(5)
        assert time.monotonic() - started < CALL_SECONDS + SLACK


STATUSES = (300, 301, 302, 303, 305, 307, 308)
PLACES = (
    "{other}/api/crm/coworkertasks",
    "//{netloc}/api/crm/coworkertasks",
    "/api/crm/coworkertasks/elsewhere",
    "https://{netloc}/",
    "",
)


@pytest.mark.parametrize("place", PLACES)
def test_a_redirect_is_followed_nowhere_with_no_kind_of_call(place):
    with serving(in_turn(data({}))) as other:
        told = place.format(other=other.url, netloc=other.url.removeprefix("http://"))
        for status in STATUSES:
            away = Answer(status, b"", (("Location", told), ("Refresh", f"0; url={other.url}")))
            with serving(in_turn(away)) as server:
                client = client_for(server, Clock())
                assert isinstance(client.create_task(BODY), Ambiguous)
                assert isinstance(client.update_task({"Id": 5, **TASK}), Ambiguous)
                assert isinstance(client.delete_task(5), Ambiguous)
                assert server.paths() == [
                    *("POST /api/crm/coworkertasks", "PUT /api/crm/coworkertasks", "DELETE /api/crm/coworkertasks/5")
                ]
                with pytest.raises(NotTheApi):
                    client.task(5)
        assert other.requests == []


@pytest.mark.parametrize("status", STATUSES)
def test_a_redirected_login_takes_the_password_nowhere(status):
    with serving(in_turn(data({"access_token": "theirs"}))) as other:
        away = Answer(status, b"", (("Location", f"{other.url}/api/token"),))
        with serving(in_turn(receipt({"Id": 5})), logins=[away] * 9) as server:
            assert isinstance(client_for(server).create_task(BODY), Defer)
            assert posts(server) == 0
        assert other.requests == []


def test_a_page_that_names_another_host_is_not_asked_there():
    with serving(in_turn(rows())) as other:
        next_page = {"Records": [{"Id": 1}], "CurrentPage": 1, "HasNextPage": True, "TotalItems": 2, "TotalPages": 2}
        links = {"NextPage": f"{other.url}/api/crm/coworkertasks?page=2", "RedirectURL": other.url}
        script = itertools.chain([data(next_page | links)], itertools.repeat(rows({"Id": 2}, total=2)))
        with serving(lambda _: next(script)) as server:
            client_for(server).tasks_of(9)
            assert len(server.paths()) >= 2
        assert other.requests == []
