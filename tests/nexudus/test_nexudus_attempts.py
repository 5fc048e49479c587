"""How often one intent is sent, counted at the other side: only by the one layer that repeats, and never too often."""

import itertools
import json
import random
import socket
from collections import Counter

import pytest
from sandbox_process import sandbox
from scripted_nexudus import Answer, Clock, client_for, data, in_turn, page, receipt, serving, throttled_409
from whenever import Instant

from engine.nexudus.answers import Ambiguous, Defer, Done, Fatal
from engine.nexudus.client import NexudusClient, NoPace
from engine.nexudus.conversation import CALL_SECONDS, MOST_THROTTLED, MOST_TRIES
from engine.nexudus.settings import NexudusSettings, from_environment
from engine.nexudus.throttle import LONGEST, LONGEST_PAUSE

ASHLEY, BARCELONA, ANA = 1423831744, 1421021016, 1418332090
LIMITS = ("calls-per-100ms", "calls-per-minute", "calls-per-hour", "writes-per-minute", "writes-per-day")
UNLIMITED = [part for name in LIMITS for part in ("--mode", f"S50.{name}=0")]
INTENTS = 30
SPOILED = ["error", "bad-gateway", "unavailable", "gateway-timeout", "reset", "html-200", "cut-body", "empty-body"]
SPOILED += ["value-null", "bare-id", "text-id", "was-successful-false", "oops", "redirect"]
SPOILED += ["cut-headers", "wrong-length", "odd-id", "stale-answer", "gzip-bomb"]
FAULTS = [f"{kind}-{when}-commit" for kind in SPOILED for when in ("before", "after")]
FAULTS += ["token-expired", "throttle", "access-denied", "late-commit"]
BODY = json.dumps({"BusinessId": 7, "CoworkerId": 9, "Name": "Tea", "ResponsibleId": 3}).encode()


class CountingPace(NoPace):
    def __init__(self):
        self.writes = 0

    def acquire(self, *, write):
        self.writes += write


@pytest.fixture(scope="module")
def process():
    with sandbox(*UNLIMITED, "--seed", "7", "--mode", "S51.late-seconds=1") as running:
        yield running


@pytest.fixture
def far_side(process):
    process.clear_faults()
    process.clear_requests()
    yield process
    process.clear_faults()


def body(number):
    task = {"BusinessId": BARCELONA, "CoworkerId": ASHLEY, "Name": f"Intent {number}", "ResponsibleId": ANA}
    return json.dumps(task).encode()


def sent(far_side):
    posts = [each for each in far_side.requests() if each["method"] == "POST" and each["path"] != "/api/token"]
    return Counter(json.loads(each["body"])["Name"] for each in posts)


def made(far_side, since):
    return Counter(each["record"]["Name"] for each in far_side.commits()[since:] if each["op"] == "create")


def send_all(far_side, pace):
    clock = Clock()
    settings = from_environment(far_side.env)
    chance = random.Random(3).random
    with NexudusClient(settings, pace=pace, sleep=clock.sleep, clock=clock, chance=chance) as client:
        return {f"Intent {number}": client.create_task(body(number)) for number in range(INTENTS)}


@pytest.mark.parametrize("fault", FAULTS)
def test_under_30_percent_of_a_fault_no_intent_is_sent_more_often_than_allowed_or_in_secret(far_side, fault):
    before, pace = len(far_side.commits()), CountingPace()
    far_side.set_fault(fault, "0.3")
    answers = send_all(far_side, pace)
    counted, created = sent(far_side), made(far_side, before)
    assert sum(counted.values()) == pace.writes, "each request passed the pace: none is repeated below it"
    assert max(counted.values()) <= (MOST_THROTTLED if fault == "throttle" else MOST_TRIES)
    if fault not in {"token-expired", "throttle"}:
        assert max(counted.values()) <= (2 if fault == "access-denied" else 1)
    assert all(count == 1 for count in created.values()), "a repeated request never follows one that was committed"
    for name, answer in answers.items():
        assert isinstance(answer, Done | Ambiguous | Defer | Fatal)
        assert not isinstance(answer, Done) or created[name] == 1
        assert isinstance(answer, Done | Ambiguous) or created[name] == 0
    assert any(not isinstance(answer, Done) for answer in answers.values()) or max(counted.values()) > 1


def test_under_30_percent_of_all_faults_together_the_same_holds(far_side):
    before, pace = len(far_side.commits()), CountingPace()
    for fault in FAULTS:
        far_side.set_fault(fault, str(round(0.3 / len(FAULTS), 4)))
    answers = send_all(far_side, pace)
    assert sum(sent(far_side).values()) == pace.writes
    assert max(sent(far_side).values()) <= MOST_THROTTLED
    assert all(count == 1 for count in made(far_side, before).values())
    assert {type(answer) for answer in answers.values()} >= {Done, Ambiguous}


def tried(script, clock):
    with serving(script) as server:
        answer = client_for(server, clock).create_task(BODY)
        return answer, sum(path.startswith("POST") for path in server.paths())


ENDS = {
    "throttled without a wait": (throttled_409(None), Defer, MOST_THROTTLED),
    "throttled for a second": (throttled_409("1"), Defer, MOST_THROTTLED),
    "throttled for a negative time": (throttled_409("-5"), Defer, MOST_THROTTLED),
    "throttled for a text": (throttled_409("soon"), Defer, MOST_THROTTLED),
    "throttled for years": (throttled_409("999999999999"), Defer, 1),
    "throttled till a date far off": (throttled_409("Sun, 23 Nov 2036 12:00:00 GMT"), Defer, 1),
    "throttled by words": (data({"Message": "Wait 2.5 seconds"}, 429), Defer, MOST_THROTTLED),
    "throttled by a page": (page(429), Defer, MOST_THROTTLED),
    "401 for ever": (data({}, 401), Fatal, 2),
    "denied for ever": (data("Access Denied", 401), Defer, 2),
    "500 for ever": (data({}, 500), Ambiguous, 1),
    "503 with a wait": (Answer(503, b"", (("Retry-After", "1"),)), Ambiguous, 1),
    "400": (data({}, 400), Fatal, 1),
    "403": (data({}, 403), Fatal, 1),
}


@pytest.mark.parametrize(("answer", "kind", "most"), ENDS.values(), ids=ENDS.keys())
def test_an_answer_for_ever_ends_the_call_within_its_tries_and_its_minute(answer, kind, most):
    clock = Clock()
    settled, posts = tried(in_turn(answer), clock)
    assert type(settled) is kind
    assert 1 <= posts <= most
    assert sum(clock.slept) <= CALL_SECONDS
    if isinstance(settled, Defer):
        assert 1 <= settled.seconds <= LONGEST or settled.reason.startswith("Nexudus denies")


def test_retry_after_as_a_date_is_waited_for():
    clock = Clock()
    soon = Instant.now().add(seconds=9).to_stdlib().strftime("%a, %d %b %Y %H:%M:%S GMT")
    settled, posts = tried(in_turn(throttled_409(soon), receipt({"Id": 5})), clock)
    assert (settled, posts) == (Done(5, {"Id": 5}), 2)
    assert 7 <= clock.slept[0] <= 11


def test_a_thousand_waits_of_calls_that_get_no_way_keep_their_cap():
    chance = random.Random(11).random
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    slept = []
    while len(slept) < 1000:
        clock = Clock()
        settings = NexudusSettings(f"http://127.0.0.1:{port}", token="t")
        with NexudusClient(settings, pace=NoPace(), sleep=clock.sleep, clock=clock, chance=chance) as client:
            assert isinstance(client.create_task(BODY), Defer)
        assert len(clock.slept) == MOST_TRIES - 1
        slept += clock.slept
    assert all(0 <= wait <= LONGEST_PAUSE for wait in slept)
    for attempt in range(MOST_TRIES - 1):  # full jitter: from nothing to the doubled cap
        waits = slept[attempt :: MOST_TRIES - 1]
        assert max(waits) <= 0.5 * 2**attempt
        assert min(waits) < 0.05 * 2**attempt
        assert max(waits) > 0.45 * 2**attempt


def test_the_library_below_repeats_nothing_when_lines_break():
    requests = itertools.count()

    def script(_):
        next(requests)
        return Answer(raw=b"", then=lambda _: None)

    settled, posts = tried(script, Clock())
    assert isinstance(settled, Ambiguous)
    assert (posts, next(requests)) == (1, 1)
