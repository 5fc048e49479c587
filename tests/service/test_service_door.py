"""The door: what is answered to whom, and what is stored by then."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from door_given import BODY, EVENT, NEXT_SECRET, SECRET, TOKEN, RunningDoor, body_of, door_on, open_at
from service_process import sign

from engine.ledger.ledger import Ledger
from engine.ledger.service_values import Delivery

PATH = f"/hooks/barcelona/{EVENT}"
VECTORS = json.loads((Path(__file__).parents[1] / "nexudus" / "signature_vectors.json").read_text())


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with open_at(tmp_path_factory.mktemp("door") / "ledger.db") as ledger:
        yield ledger


@pytest.fixture(scope="module")
def door(ledger: Ledger) -> Iterator[RunningDoor]:
    """One door; it has verified a delivery, so that a wrong signature is a wrong signature."""
    with door_on(ledger) as door:
        assert door.deliver().status == 202
        yield door


def stored(ledger: Ledger, delivery_id: str) -> Delivery:
    (found,) = [one for one in ledger.inbox.listed(limit=10_000) if one.id == delivery_id]
    return found


def test_a_genuine_delivery_is_in_the_inbox_as_it_came_when_it_is_acknowledged(
    door: RunningDoor, ledger: Ledger
) -> None:
    body = body_of(1, "José 🚀")
    answer = door.deliver(body)
    assert answer.status == 202
    found = stored(ledger, answer.id)
    assert (found.location, found.event, found.state, found.verified) == ("barcelona", EVENT, "new", "signature")
    assert ledger.inbox.body(found.id) == body


def test_a_repeated_delivery_is_acknowledged_and_is_the_same(door: RunningDoor, ledger: Ledger) -> None:
    first, second = door.deliver(body_of(2)), door.deliver(body_of(2))
    assert second.status == 202
    assert second.id == first.id
    assert stored(ledger, first.id).copies == 2


@pytest.mark.parametrize("number", range(20))
def test_an_independent_signer_with_any_letters_is_understood(door: RunningDoor, number: int) -> None:
    chance = random.Random(number)
    planes = [(0x20, 0xD800), (0xE000, 0x10000), (0x10000, 0x110000)]
    letters = [chr(chance.randrange(*chance.choice(planes))) for _ in range(60)]
    assert door.deliver(body_of(100 + number, "".join(letters))).status == 202


def test_the_name_of_the_header_is_taken_in_any_case_and_the_query_does_not_matter(door: RunningDoor) -> None:
    headers = {"x-nexudus-HOOK-signature": sign(SECRET, BODY).lower(), "Content-Type": "text/plain"}
    assert door.call("POST", f"{PATH}?action_name=Created&resource=x", BODY, headers).status == 202


FORGED = {
    "empty": "",
    "cut": sign(SECRET, BODY)[:-1],
    "prefixed": "sha256=" + sign(SECRET, BODY),
    "doubled": sign(SECRET, BODY) * 2,
    "of another body": sign(SECRET, BODY + b" "),
    "of another secret": sign(NEXT_SECRET, BODY),
    "of the empty secret": sign("", BODY),
    "not ASCII": "é" * 64,
    "long": "A" * 10_000,
}


@pytest.mark.parametrize("signature", FORGED.values(), ids=FORGED)
def test_a_forged_signature_is_refused(door: RunningDoor, signature: str) -> None:
    answer = door.deliver(signature=signature)
    assert answer.status == 401
    assert answer.code == "bad_signature"


def test_no_signature_and_two_signatures_are_refused(door: RunningDoor, ledger: Ledger) -> None:
    before = ledger.inbox.counts()
    assert door.call("POST", PATH, BODY).status == 401
    right = sign(SECRET, BODY)
    headers = {"X-Nexudus-Hook-Signature": right, "x-nexudus-hook-signature": right}
    assert door.call("POST", PATH, BODY, headers).status == 401
    assert ledger.inbox.counts() == before


def test_a_body_that_is_not_utf_8_cannot_be_verified(door: RunningDoor) -> None:
    answer = door.deliver(b'[{"Id":7,"FullName":"\xff"}]', signature="A" * 64)
    assert answer.status == 400
    assert answer.code == "not_text"


@pytest.mark.parametrize(
    "path",
    [
        "/hooks/lisbon/contract.created",
        "/hooks/barcelona/contract.exploded",
        "/hooks/barcelona/None",
        "/hooks/barcelona/none",
        "/hooks/barcelona/1",
        "/hooks/barcelona/62",
        "/hooks/barcelona",
        "/hooks/barcelona/",
        "/hooks/barcelona/contract.created/",
        f"/hooks/barcelona/contract.created/{TOKEN}",
        f"/hooks/madrid/contract.created/{TOKEN}/x",
        "/hooks/../hooks/barcelona/contract.created",
        "/hooks/barcelona/../barcelona/contract.created",
        "/HOOKS/barcelona/contract.created",
        "/hooks/barcelona/contract.created%00",
        "/hooks//contract.created",
        "//hooks/barcelona/contract.created",
        "/",
    ],
)
def test_a_path_that_is_not_ours_is_unknown_however_it_is_signed(door: RunningDoor, path: str) -> None:
    answer = door.call("POST", path, BODY, {"X-Nexudus-Hook-Signature": sign(SECRET, BODY)})
    assert answer.status == 404
    assert answer.code == "unknown_path"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_another_method_is_told_which_one_there_is(door: RunningDoor, method: str) -> None:
    answer = door.call(method, PATH)
    assert answer.status == 405
    assert answer.headers["allow"] == "POST"


def test_an_unsigned_delivery_counts_where_the_path_holds_the_locations_token(
    door: RunningDoor, ledger: Ledger
) -> None:
    answer = door.call("POST", f"/hooks/madrid/{EVENT}/{TOKEN}", body_of(3))
    assert answer.status == 202
    assert stored(ledger, answer.id).verified == "token"
    for wrong in (TOKEN[:-1], TOKEN.lower(), TOKEN + "x", "", "%C3%A9"):
        assert door.call("POST", f"/hooks/madrid/{EVENT}/{wrong}", BODY).status == 401


NAUGHTY = {
    "empty": b"",
    "not JSON": b"Id=7",
    "an object": b'{"Id":7}',
    "many": b'[{"Id":7},{"Id":8}]',
    "text for an id": b'[{"Id":"7"}]',
    "a boolean for an id": b'[{"Id":true}]',
    "not a number": b'[{"Id":NaN}]',
    "deep": b"[" * 50_000,
    "a mark in front": '\ufeff[{"Id":7}]'.encode(),
    "a NUL": b'[{"Id":7,"FullName":"\x00"}]',
    "half an emoji": b'[{"Id":7,"FullName":"\\ud83d"}]',
    "a large number": b'[{"Id":1' + b"0" * 5000 + b"}]",
    "a template": b'[{"Id":7,"FullName":"{{ 7*7 }}"}]',
    "as long as may be": b'["' + b"a" * (1024 * 1024 - 4) + b'"]',
}


@pytest.mark.parametrize("body", NAUGHTY.values(), ids=NAUGHTY)
def test_a_genuine_delivery_is_stored_however_odd_it_is(door: RunningDoor, ledger: Ledger, body: bytes) -> None:
    answer = door.deliver(body)
    assert answer.status == 202
    assert ledger.inbox.body(stored(ledger, answer.id).id) == body


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_every_body_of_the_vectors_gets_through(door: RunningDoor, vector: dict[str, str]) -> None:
    assert door.deliver(vector["body"].encode()).status == 202


def test_what_comes_is_counted_by_place_and_outcome_and_never_by_what_was_sent(door: RunningDoor) -> None:
    door.call("POST", "/hooks/canary/contract.created")
    door.deliver(signature="canary")
    assert door.counts.outcomes["other", "other", "unknown_path"] >= 1
    assert door.counts.outcomes["barcelona", EVENT, "bad_signature"] >= 1
    assert door.counts.outcomes["barcelona", EVENT, "secret_1"] == len(door.counts.seconds) - door.counts.of("token_1")
    assert "canary" not in str(door.counts.outcomes)


def test_no_answer_repeats_what_was_sent(door: RunningDoor) -> None:
    for path in ("/canary", "/hooks/canary/x", f"{PATH}/canary", PATH):
        answer = door.call("POST", path, b"canary", {"X-Nexudus-Hook-Signature": "canary"})
        assert b"canary" not in answer.body
        assert "canary" not in str(answer.headers)
