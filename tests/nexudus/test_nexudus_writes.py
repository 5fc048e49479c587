import json
import socket
import threading
import time

import pytest
from scripted_nexudus import (
    Answer,
    Clock,
    client_for,
    client_with,
    cut,
    data,
    drip,
    in_turn,
    no_answer,
    page,
    receipt,
    reset,
    serving,
    throttled_409,
)

from engine.nexudus.answers import Ambiguous, Defer, Done, Fatal
from engine.nexudus.calls import replacement
from engine.nexudus.client import NexudusClient, NexudusReader, NoPace
from engine.nexudus.settings import NexudusSettings

TASK = {"BusinessId": 7, "CoworkerId": 9, "Name": "Clé du casier 🔑", "ResponsibleId": 3}
BODY = json.dumps(TASK, ensure_ascii=False, separators=(",", ":")).encode()


def posted(server):
    return [each for each in server.requests if each.method == "POST" and each.path != "/api/token"]


def test_a_creation_sends_exactly_the_bytes_that_it_was_given():
    with serving(in_turn(receipt({"Id": 5}))) as server:
        assert client_for(server).create_task(BODY) == Done(5, {"Id": 5})
        (request,) = posted(server)
        assert request.body == BODY
        assert request.path == "/api/crm/coworkertasks"
        assert request.headers["content-type"] == "application/json"
        assert request.headers["accept"] == "application/json"
        assert request.headers["authorization"] == "Bearer token-1"


def test_the_login_is_form_encoded_and_asked_for_once():
    with serving(in_turn(receipt({"Id": 5}))) as server:
        client = client_for(server, username="a+b@acme.example", password="p&w=1")
        client.create_task(BODY)
        client.create_task(BODY)
        login = server.requests[0]
        assert server.tokens == 1
        assert login.headers["content-type"] == "application/x-www-form-urlencoded"
        assert login.body == b"grant_type=password&username=a%2Bb%40acme.example&password=p%26w%3D1"


AMBIGUOUS = {
    "no answer": no_answer(),
    "reset": reset(),
    "500": data({"Message": "An error has occurred."}, 500),
    "502 page": page(502),
    "503": Answer(503, b"", (("Retry-After", "1"),)),
    "504": page(504),
    "login page": page(),
    "empty body": Answer(200),
    "cut body": cut(b'{"WasSuccessful": true, "Va', 400),
    "wrong length": cut(json.dumps({"WasSuccessful": True, "Value": {"Id": 5}}).encode(), 900),
    "Value null": receipt(None),
    "Id as text": receipt({"Id": "5"}),
    "Id 0": receipt({"Id": 0}),
    "bare number": data(5),
    "not successful": receipt(None, worked=False),
    "redirect": Answer(307, b"", (("Location", "http://127.0.0.1:1/"),)),
    "no http": Answer(raw=b"SSH-2.0-none\r\n\r\n", then=lambda _: None),
    "odd packing": Answer(200, b"x", (("Content-Encoding", "br"),)),
    "twice packed": Answer(200, b"x", (("Content-Encoding", "gzip, gzip"),)),
    "not packed": Answer(200, b"x", (("Content-Encoding", "gzip"),)),
    "too large": Answer(200, b" " * (5 * 1024 * 1024 + 1)),
}


@pytest.mark.parametrize("answer", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
def test_an_ambiguous_creation_is_never_sent_again(answer):
    with serving(in_turn(answer, receipt({"Id": 6}))) as server:
        assert isinstance(client_for(server).create_task(BODY), Ambiguous)
        assert len(posted(server)) == 1


def test_a_late_answer_on_a_reused_line_is_not_taken_for_this_tasks():
    late = json.dumps({"WasSuccessful": True, "Value": {"Id": 77, "CoworkerId": 10}}).encode()
    stale = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(late) + late
    first = Answer(raw=receipt({"Id": 5}).wire() + stale)
    with serving(in_turn(first, receipt({"Id": 6}))) as server:
        client = client_for(server)
        assert client.create_task(BODY) == Done(5, {"Id": 5})
        second = client.create_task(BODY)
        assert isinstance(second, Ambiguous) or second == Done(6, {"Id": 6})


@pytest.mark.parametrize("throttle", [throttled_409(), throttled_409(None), throttled_409("soon"),
                                      data({"Message": "Wait 2.5 seconds"}, 429)])
def test_a_throttled_creation_waits_and_is_sent_again(throttle):
    clock = Clock()
    with serving(in_turn(throttle, throttle, receipt({"Id": 5}))) as server:
        assert client_for(server, clock).create_task(BODY) == Done(5, {"Id": 5})
    assert len(clock.slept) == 2
    assert all(1.0 <= wait <= 4.5 for wait in clock.slept)


def test_a_throttle_for_ever_is_put_off_within_the_calls_minute():
    clock = Clock()
    with serving(in_turn(throttled_409("20"))) as server:
        answer = client_for(server, clock).create_task(BODY)
    assert answer == Defer("too many calls", 20.0)
    assert sum(clock.slept) <= 60


def test_a_wait_beyond_the_calls_minute_is_put_off_at_once():
    clock = Clock()
    with serving(in_turn(throttled_409("200"))) as server:
        assert client_for(server, clock).create_task(BODY) == Defer("too many calls", 200.0)
    assert clock.slept == []


class CountingPace(NoPace):
    def __init__(self):
        self.asked, self.pauses = [], []

    def acquire(self, *, write):
        self.asked.append(write)

    def throttled(self, seconds):
        self.pauses.append(seconds)


def test_every_call_passes_the_pace_and_each_throttle_is_told_to_it():
    clock, pace = Clock(), CountingPace()
    with serving(in_turn(throttled_409("3"), receipt({"Id": 5}))) as server:
        client_with(NexudusSettings(server.url, "a", "b"), server, clock, pace).create_task(BODY)
    assert pace.asked == [False, True, True]
    assert pace.pauses == [3.0]


def test_a_pace_that_gives_no_leave_ends_the_call_unsent():
    class Spent(NoPace):
        def acquire(self, *, write):
            if write:
                raise TimeoutError

    with serving(in_turn(receipt({"Id": 5}))) as server:
        client = client_with(NexudusSettings(server.url, "a", "b"), server, pace=Spent())
        with pytest.raises(TimeoutError):
            client.create_task(BODY)
        assert posted(server) == []


def test_time_spent_waiting_for_the_pace_is_not_the_calls():
    clock = Clock()

    class Slow(NoPace):
        def acquire(self, *, write):
            clock.skip(50)

    with serving(in_turn(throttled_409("5"), throttled_409("5"), receipt({"Id": 5}))) as server:
        client = client_with(NexudusSettings(server.url, "a", "b"), server, clock, Slow())
        assert isinstance(client.create_task(BODY), Done)


def test_a_refused_connection_is_tried_again_a_few_times_then_put_off():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    clock = Clock()
    settings = NexudusSettings(f"http://127.0.0.1:{port}", token="t")
    client = NexudusClient(settings, pace=NoPace(), sleep=clock.sleep, clock=clock)
    assert client.create_task(BODY) == Defer("connection refused", 60.0)
    assert len(clock.slept) == 3


def test_a_broken_handshake_is_never_a_sent_creation():
    clock = Clock()
    with serving(in_turn(receipt({"Id": 5}))) as server:
        settings = NexudusSettings(server.url.replace("http:", "https:"), token="t")
        client = client_with(settings, server, clock)
        assert client.create_task(BODY) == Defer("the secure connection failed", 60.0)
        assert posted(server) == []


def test_the_environments_proxy_never_sees_calls_to_this_machine(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    with serving(in_turn(receipt({"Id": 5}))) as server:
        assert isinstance(client_for(server).create_task(BODY), Done)


def test_a_line_that_was_closed_while_idle_loses_no_creation():
    closing = Answer(raw=receipt({"Id": 5}).wire(), then=lambda _: None)
    with serving(in_turn(closing)) as server:
        client = client_for(server)
        for _ in range(5):
            assert isinstance(client.create_task(BODY), Done)
            time.sleep(0.05)
        assert len(posted(server)) == 5


def test_a_login_that_cannot_be_reached_puts_a_creation_off():
    with serving(in_turn(receipt({"Id": 5})), logins=[Answer(503)] * 4) as server:
        answer = client_for(server).create_task(BODY)
        assert isinstance(answer, Defer)
        assert posted(server) == []


def test_a_dripping_answer_ends_with_the_calls_minute(monkeypatch):
    monkeypatch.setattr("engine.nexudus.conversation.CALL_SECONDS", 1.0)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 400\r\n\r\n"
    for answer in (drip(b" ", 0.1, head), drip(b"X", 0.1, b"HTTP/1.1 200 OK\r\nX-Long: ")):
        with serving(in_turn(answer)) as server:
            started = time.monotonic()
            assert isinstance(client_for(server).create_task(BODY), Ambiguous)
            assert time.monotonic() - started < 3


def test_a_gzip_bomb_is_cut_off_early():
    import gzip

    bomb = gzip.compress(b" " * 200_000_000, 1)
    with serving(in_turn(Answer(200, bomb, (("Content-Encoding", "gzip"),)))) as server:
        assert client_for(server).create_task(BODY) == Ambiguous("the answer is too large")


def test_one_gzip_layer_is_read():
    import gzip

    packed = gzip.compress(receipt({"Id": 5}).body)
    with serving(in_turn(Answer(200, packed, (("Content-Encoding", "gzip"),)))) as server:
        assert isinstance(client_for(server).create_task(BODY), Done)


def test_a_redirect_is_not_followed_and_the_token_stays():
    with serving(in_turn(data({}))) as other:
        for status in (301, 302, 307, 308):
            away = Answer(status, b"", (("Location", f"{other.url}/api/crm/coworkertasks"),))
            with serving(in_turn(away)) as server:
                assert isinstance(client_for(server).create_task(BODY), Ambiguous)
        assert other.requests == []


def test_no_cookie_is_kept():
    with serving(in_turn(data({"Id": 1}, Set_Cookie="session=1; Path=/"))) as server:
        client = client_for(server)
        client.task(1)
        client.task(1)
        assert all("cookie" not in each.headers for each in server.requests)


def test_an_update_is_a_put_with_the_id_in_the_body():
    changes = {"Completed": True, "Reminded": False, "DueDateLocal": None, "Notes": "Ein Schlüssel"}
    with serving(in_turn(receipt({"Id": 5}))) as server:
        assert isinstance(client_for(server).update_task({"Id": 5, **TASK, **changes}), Done)
        request = server.requests[-1]
    assert (request.method, request.path) == ("PUT", "/api/crm/coworkertasks")
    assert json.loads(request.body) == {"Id": 5, **TASK, **changes}


def test_an_update_without_an_id_is_a_bug():
    with serving(in_turn(receipt({"Id": 5}))) as server, pytest.raises(ValueError, match="Id"):
        client_for(server).update_task(TASK)


def test_a_replacement_leaves_out_what_the_server_makes():
    record = {"Id": 5, **TASK, "CreatedOn": "x", "UpdatedBy": "x", "UniqueId": "x", "IsNew": False}
    record |= {"SystemId": "theirs", "DueDate": "a", "DueDateLocal": "b", "BusinessName": "x"}
    changed = replacement(record, {"DueDate": "c"})
    assert changed == {"Id": 5, **TASK, "SystemId": "theirs", "DueDate": "c"}
    assert replacement(record, {"Completed": True})["DueDateLocal"] == "b"


def test_removing_a_task_that_is_gone_is_done():
    with serving(in_turn(data("Not found", 404))) as server:
        assert client_for(server).delete_task(5) == Done(5)
        assert server.paths() == ["DELETE /api/crm/coworkertasks/5"]


def test_a_missing_role_is_fatal_and_costs_one_new_login_in_all():
    with serving(in_turn(data({}, 401))) as server:
        client = client_for(server)
        for _ in range(3):
            answer = client.create_task(BODY)
            assert isinstance(answer, Fatal)
            assert answer.role == "CoworkerTask-Create"
        assert server.tokens == 2


def test_one_401_is_healed_by_a_new_login():
    with serving(in_turn(data({}, 401), receipt({"Id": 5}))) as server:
        assert isinstance(client_for(server).create_task(BODY), Done)
        assert [each.headers["authorization"] for each in posted(server)] == ["Bearer token-1", "Bearer token-2"]


def test_the_creation_quota_puts_off_without_further_logins():
    with serving(in_turn(data({"Message": "Access Denied"}, 401))) as server:
        client = client_for(server)
        answers = [client.create_task(BODY) for _ in range(3)]
        assert [type(answer) for answer in answers] == [Defer] * 3
        assert server.tokens == 2


def test_many_threads_share_one_renewal():
    dead = {"Bearer token-1"}
    def script(request):
        return data({}, 401) if request.headers["authorization"] in dead else receipt({"Id": 5})

    with serving(script) as server:
        client = client_for(server)
        answers = []
        threads = [
            threading.Thread(target=lambda: answers.append(client.create_task(BODY))) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert [type(answer) for answer in answers] == [Done] * 8
        assert server.tokens == 2


def test_a_reader_cannot_write():
    assert not any(hasattr(NexudusReader, name) for name in ("create_task", "update_task", "delete_task"))
