"""The text and the signature of a delivery: the vendor's vectors, and what a serialiser must never lose."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.sandbox.hook_text import sign, to_wire, write_json

_SAMPLES = json.loads((Path(__file__).parent / "samples" / "signature-vectors.json").read_text())["vectors"]
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("vector", _SAMPLES, ids=lambda vector: vector["name"])
def test_every_vector_of_the_vendors_code_is_met(vector: dict[str, str]) -> None:
    assert sign(vector["secret"], vector["body"]) == vector["signature"]


def test_a_body_of_the_vendors_serialiser_comes_out_byte_for_byte() -> None:
    (body,) = [one["body"] for one in _SAMPLES if one["name"] == "newtonsoft-dto-1"]
    assert write_json(json.loads(body, parse_float=_Decimal)) == body


class _Decimal(float):
    """A decimal number as it was written: the serialiser keeps its trailing zeros."""

    def __new__(cls, text: str) -> _Decimal:
        made = super().__new__(cls, text)
        made.text = text
        return made

    text: str

    def __repr__(self) -> str:
        return self.text


@pytest.mark.parametrize(
    ("text", "raw", "escaped"),
    [
        ("José 🚀", '"José 🚀"', '"Jos\\u00e9 \\ud83d\\ude80"'),
        ("\x85\u2028\u2029", '"\\u0085\\u2028\\u2029"', '"\\u0085\\u2028\\u2029"'),
        ("a\x00\x1f\b\f\n\r\t", '"a\\u0000\\u001f\\b\\f\\n\\r\\t"', '"a\\u0000\\u001f\\b\\f\\n\\r\\t"'),
        ("\"\\/<>&'\x7f", '"\\"\\\\/<>&\'\x7f"', '"\\"\\\\/<>&\'\x7f"'),
        ("\ud800", '"\ud800"', '"\\ud800"'),
    ],
)
def test_the_serialiser_escapes_what_json_net_escapes(text: str, raw: str, escaped: str) -> None:
    assert write_json(text) == raw
    assert write_json(text, is_ascii=True) == escaped


def test_numbers_flags_and_nothing_are_written_plainly() -> None:
    assert write_json({"a": None, "b": [True, False], "c": 3.0, "d": 1416660358}) == (
        '{"a":null,"b":[true,false],"c":3.0,"d":1416660358}'
    )


@given(_VALUES)
@settings(derandomize=True, max_examples=200)
def test_every_value_is_read_back_by_any_reader(value: Any) -> None:
    for is_ascii in (False, True):
        text = write_json(value, is_ascii=is_ascii)
        assert json.loads(to_wire(text)) == value
        assert not is_ascii or text.isascii()


@given(st.text(st.characters(codec="utf-8"), max_size=40))
@settings(derandomize=True, max_examples=200)
def test_what_arrives_has_the_signature_of_what_was_signed(text: str) -> None:
    assert sign("s" * 32, to_wire(text).decode()) == sign("s" * 32, text)


def test_half_a_surrogate_pair_arrives_as_a_replacement_with_the_same_signature() -> None:
    arrived = to_wire("a\ud83d!").decode()
    assert arrived == "a\N{REPLACEMENT CHARACTER}!"
    assert sign("s" * 32, arrived) == sign("s" * 32, "a\ud83d!")
