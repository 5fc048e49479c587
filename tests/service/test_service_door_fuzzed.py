"""Many forged deliveries, and many genuine odd ones: no mistake and no fault of ours (B02, B03, B09)."""

from __future__ import annotations

import json
import os
import random
import socket
from collections import Counter
from collections.abc import Iterable, Iterator

import pytest
from door_given import BODY, EVENT, SECRET, RunningDoor, body_of, door_on, open_at
from service_process import sign

from engine.ledger.ledger import Ledger
from engine.nexudus.hook_body import HookIds, Odd, read_ids

LONG = os.environ.get("TASKLISTS_LONG") == "1"
RIGHT = sign(SECRET, BODY).encode()


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with open_at(tmp_path_factory.mktemp("fuzzed") / "ledger.db") as ledger:
        yield ledger


@pytest.fixture(scope="module")
def door(ledger: Ledger) -> Iterator[RunningDoor]:
    with door_on(ledger) as door:
        assert door.deliver().status == 202
        yield door


def request(body: bytes, signature: bytes) -> bytes:
    head = f"POST /hooks/barcelona/{EVENT} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n".encode()
    return head + b"X-Nexudus-Hook-Signature: " + signature + b"\r\n\r\n" + body


def answers_to(port: int, requests: Iterable[bytes]) -> Counter[int]:
    """The status of each, one after the other over a connection that is made again when it was closed."""
    found, connection = Counter[int](), None
    for one in requests:
        connection = connection or socket.create_connection(("127.0.0.1", port), timeout=10)
        connection.sendall(one)
        heard = b""
        while not heard.endswith(b"}"):
            part = connection.recv(65536)
            assert part, "closed without an answer"
            heard += part
        found[int(heard.split(b" ", 2)[1])] += 1
        if b"connection: close" in heard:
            connection.close()
            connection = None
    if connection is not None:
        connection.close()
    return found


def forged_header(chance: random.Random) -> bytes:
    """Any bytes, or nearly the right ones. What HTTP does not allow in a header is answered 400."""
    kind = chance.randrange(4)
    if kind == 0:
        return bytes(byte for byte in chance.randbytes(chance.randrange(100)) if byte not in b"\r\n")
    if kind == 1:
        return chance.randbytes(32).hex().upper().encode()
    at = chance.randrange(64)
    if kind == 2:
        return RIGHT[:at] + bytes([chance.choice(b"GZ\xe9\xff*")]) + RIGHT[at + 1 :]
    return RIGHT[:at] if chance.random() < 0.5 else RIGHT + RIGHT[: at + 1]


@pytest.mark.long
def test_no_forged_delivery_is_accepted_and_none_is_a_fault(door: RunningDoor, ledger: Ledger) -> None:
    chance, count = random.Random(9), 100_000 if LONG else 4_000
    found = answers_to(door.port, (request(BODY, forged_header(chance)) for _ in range(count)))
    print(dict(found))
    assert set(found) <= {400, 401}
    assert found.total() == count
    assert found[401] > count // 2
    assert ledger.inbox.counts()["unverified"] == 0


def odd_body(chance: random.Random) -> bytes:
    """A body as nobody sends it: cut, mixed up, or of values that no record has."""
    usual = json.dumps([{"Id": chance.randrange(10**9), "CoworkerId": 7, "FullName": "José 🚀"}], ensure_ascii=False)
    kind = chance.randrange(5)
    if kind == 0:
        return usual[: chance.randrange(len(usual))].encode()
    if kind == 1:
        letters = list(usual)
        for _ in range(3):
            letters[chance.randrange(len(letters))] = chance.choice('[]{}",:0\x00\ufeff\U0001f680é')
        return "".join(letters).encode()
    if kind == 2:
        odd_ids: list[object] = [None, True, -1, 1.5, "7", [], {}, 2**70, float("nan"), float("inf")]
        return json.dumps([{"Id": chance.choice(odd_ids), "n": chance.random()}]).encode()
    if kind == 3:
        return json.dumps([{"Id": chance.random()}] * chance.randrange(5)).encode()
    return (chance.choice("[{") * chance.randrange(1, 20_000) + str(chance.random())).encode()


@pytest.mark.long
def test_every_genuine_delivery_is_acknowledged_and_is_either_read_or_odd_for_a_reason(
    door: RunningDoor, ledger: Ledger
) -> None:
    chance = random.Random(10)
    bodies = [odd_body(chance) for _ in range(1_000 if LONG else 150)]
    found = answers_to(door.port, (request(body, sign(SECRET, body).encode()) for body in bodies))
    assert dict(found) == {202: len(bodies)}
    kinds = Counter(type(read_ids(body)) for body in bodies)
    assert set(kinds) == {HookIds, Odd}
    assert all(len(odd.reason) > 10 for body in bodies if isinstance(odd := read_ids(body), Odd))
    assert door.deliver(body_of(1)).status == 202
