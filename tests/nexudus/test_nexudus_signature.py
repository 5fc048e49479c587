"""The signature of a webhook: the vendor's vectors, a signer of our own, and a hundred thousand forgeries."""

from __future__ import annotations

import ast
import base64
import hashlib
import hmac
import inspect
import json
import os
import random
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.nexudus import hook_secrets, signature
from engine.nexudus.signature import fold, is_text, matches, signature_of

LONG = os.environ.get("TASKLISTS_LONG") == "1"
VECTORS: list[dict[str, str]] = json.loads(Path(__file__).with_name("signature_vectors.json").read_text())
SECRET, OTHER = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"
BODY = '[{"Id":7,"FullName":"José 🚀"}]'.encode()
RIGHT = signature_of(SECRET, BODY)


def folded_by_units(text: str) -> bytes:
    """The definition, one UTF-16 unit at a time, in other words than the engine's."""
    units = text.encode("utf-16-le", "surrogatepass")
    pairs = zip(units[::2], units[1::2], strict=True)
    return bytes(low if high == 0 and low < 0x80 else ord("?") for low, high in pairs)


def signed(secret: str, body: bytes) -> str:
    return hmac.new(folded_by_units(secret), folded_by_units(body.decode()), hashlib.sha256).hexdigest().upper()


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_the_vendors_vectors_verify(vector: dict[str, str]) -> None:
    body = vector["body"].encode()
    assert signature_of(vector["secret"], body) == vector["signature"]
    assert matches([vector["secret"]], body, vector["signature"].encode()) == 0


def test_there_are_all_the_vectors() -> None:
    assert len(VECTORS) == 22


@given(st.text())
@settings(max_examples=500, derandomize=True)
def test_folding_is_what_it_is_by_utf_16_units(text: str) -> None:
    assert fold(text) == folded_by_units(text)


@pytest.mark.parametrize("text", ["\ud83d", "a\ude80b", "\ud83d\ude80", "\U00010000\U0010ffff", "\x7f\x80", "\ufeff"])
def test_halves_of_characters_and_the_edges_of_the_planes_fold_too(text: str) -> None:
    assert fold(text) == folded_by_units(text)


@pytest.mark.long
def test_random_unicode_bodies_of_an_independent_signer_are_all_accepted() -> None:
    chance = random.Random(4)
    planes = [(0x20, 0x7F), (0x80, 0x800), (0x800, 0xD800), (0xE000, 0x10000), (0x10000, 0x110000)]
    for _ in range(1_000 if LONG else 200):
        name = "".join(chr(chance.randrange(*chance.choice(planes))) for _ in range(chance.randrange(200)))
        body = json.dumps([{"Id": 7, "FullName": name}], ensure_ascii=chance.random() < 0.3).encode()
        assert matches([SECRET], body, signed(SECRET, body).encode()) == 0


def forged(chance: random.Random) -> bytes:
    """A header that is not the right one, from blind to close."""
    right = RIGHT.encode()
    kinds = [
        lambda: chance.randbytes(chance.randrange(200)),
        lambda: chance.randbytes(32).hex().upper().encode(),
        lambda: right[: chance.randrange(64)],
        lambda: right + chance.randbytes(chance.randrange(1, 5)),
        lambda: bytes([*right[:5], chance.randrange(0x47, 0x100), *right[6:]]),
        lambda: "".join(chance.choice("0123456789abcdefÀé") for _ in range(64)).encode(),
    ]
    return chance.choice(kinds)()


@pytest.mark.long
def test_no_forged_header_is_accepted_and_none_raises() -> None:
    chance = random.Random(5)
    for _ in range(100_000 if LONG else 10_000):
        assert matches([SECRET, OTHER], BODY, forged(chance)) is None


WRONG: dict[str, bytes | None] = {
    "missing": None,
    "empty": b"",
    "cut": RIGHT[:-1].encode(),
    "with a prefix": b"sha256=" + RIGHT.encode(),
    "twice": RIGHT.encode() * 2,
    "twice with a comma": f"{RIGHT}, {RIGHT}".encode(),
    "in base64": base64.b64encode(bytes.fromhex(RIGHT)),
    "by SHA-1": hmac.new(fold(SECRET), fold(BODY.decode()), hashlib.sha1).hexdigest().upper().encode(),
    "by SHA-512": hmac.new(fold(SECRET), fold(BODY.decode()), hashlib.sha512).hexdigest().upper().encode(),
    "without a key": hashlib.sha256(fold(BODY.decode())).hexdigest().upper().encode(),
    "by the empty key": signature_of("", BODY).encode(),
    "over the bytes as they are": hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest().upper().encode(),
    "by another secret": signature_of(OTHER, BODY).encode(),
    "not ASCII": "é".encode("latin-1") * 64,
    "full-width digits": "".join(chr(ord(digit) + 0xFEE0) for digit in RIGHT).encode(),
}


@pytest.mark.parametrize("header", WRONG.values(), ids=WRONG)
def test_a_wrong_signature_is_none(header: bytes | None) -> None:
    assert matches([SECRET], BODY, header) is None


@pytest.mark.parametrize("changed", [BODY.replace(b"7", b"8"), BODY + b" ", BODY[1:], b"", BODY.replace(b"J", b"j")])
def test_a_changed_body_does_not_verify(changed: bytes) -> None:
    assert matches([SECRET], changed, RIGHT.encode()) is None


def test_letters_that_are_not_ascii_are_not_covered_which_is_why_only_ids_are_used() -> None:
    assert matches([SECRET], BODY.replace("é".encode(), "ø".encode()), RIGHT.encode()) == 0


def test_the_secret_that_matched_is_told() -> None:
    assert matches([OTHER, SECRET], BODY, RIGHT.encode()) == 1
    assert matches([SECRET, OTHER], BODY, RIGHT.encode()) == 0
    assert matches([], BODY, RIGHT.encode()) is None


def test_lower_case_digits_are_taken() -> None:
    assert matches([SECRET], BODY, RIGHT.lower().encode()) == 0


def test_an_object_whose_signature_covers_the_array_around_it_verifies() -> None:
    assert matches([SECRET], BODY[1:-1], RIGHT.encode()) == 0
    assert matches([SECRET], BODY[1:-1], signature_of(SECRET, BODY[1:-1]).encode()) == 0
    inner = signature_of(SECRET, b"7")  # only an object is tried that way
    assert matches([SECRET], b"[7]", inner.encode()) is None


@pytest.mark.parametrize("raw", [b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", "é".encode()[:1]])
def test_what_is_not_utf_8_is_no_text_and_never_verifies(raw: bytes) -> None:
    assert not is_text(raw)
    assert matches([SECRET], raw, signature_of(SECRET, raw).encode()) is None


def risky_comparisons(source: str) -> list[str]:
    """Comparisons by == or != of what an attacker may probe."""
    risky = ("digest", "given", "token", "header", "signature")
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Compare)]
    equal = [node for node in nodes if any(isinstance(operator, ast.Eq | ast.NotEq) for operator in node.ops)]
    return [text for node in equal if any(word in (text := ast.unparse(node)).lower() for word in risky)]


@pytest.mark.parametrize("module", [signature, hook_secrets])
def test_digests_and_tokens_are_compared_in_constant_time_only(module: ModuleType) -> None:
    assert risky_comparisons(inspect.getsource(module)) == []
    assert "hmac.compare_digest" in inspect.getsource(module)


@pytest.mark.parametrize("line", ["x = digest == given", "x = given[:64] != right", "x = _digest(a, b) == c"])
def test_such_a_comparison_would_be_found(line: str) -> None:
    assert len(risky_comparisons(line)) == 1


@given(st.binary(), st.none() | st.binary(), st.lists(st.text(), max_size=2))
@settings(max_examples=300, derandomize=True)
def test_nothing_that_is_sent_raises(raw: bytes, header: bytes | None, secrets: list[Any]) -> None:
    assert matches(secrets, raw, header) in {None, 0, 1}
