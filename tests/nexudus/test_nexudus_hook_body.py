"""Ids out of a webhook's body: one whole number each, or a reason why none can be taken."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.nexudus.hook_body import HookIds, Odd, read_ids

RECORD = {"Id": 7, "CoworkerId": 8, "IssuedById": 9, "CoworkerContractId": 10, "TeamId": 11, "FullName": "José 🚀"}
IDS = HookIds(7, coworker_id=8, issued_by_id=9, contract_id=10, team_id=11)


def test_the_ids_of_an_array_of_one_and_of_an_object_are_the_same() -> None:
    assert read_ids(json.dumps([RECORD]).encode()) == IDS
    assert read_ids(json.dumps(RECORD, indent=2, ensure_ascii=False).encode()) == IDS


def test_ids_that_are_not_there_are_none() -> None:
    assert read_ids(b'[{"Id":7}]') == HookIds(7)
    assert read_ids(b'[{"Id":7,"CoworkerId":null,"TeamId":0}]') == HookIds(7)


def test_half_an_emoji_in_a_name_does_not_matter() -> None:
    assert read_ids(b'[{"Id":7,"FullName":"Ana \\ud83d\\u0000"}]') == HookIds(7)


ODD: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "is empty"),
    "white space": (b" \r\n", "is empty"),
    "not JSON": (b"Id=7", "not JSON"),
    "cut off": (b'[{"Id":7', "not JSON"),
    "more after it": (b'[{"Id":7}][{"Id":8}]', "not JSON"),
    "not UTF-8": (b'[{"Id":7,"FullName":"\xff"}]', "not UTF-8"),
    "a mark in front": ('\ufeff[{"Id":7}]'.encode(), "byte order mark"),
    "a NUL": (b'[{"Id":7,"FullName":"\x00"}]', "not JSON"),
    "many elements": (b'[{"Id":7},{"Id":8}]', "2 elements"),
    "no element": (b"[]", "0 elements"),
    "a number": (b"7", "no object"),
    "an array of numbers": (b"[7]", "no object"),
    "null": (b"null", "no object"),
    "no Id": (b'[{"CoworkerId":8}]', "no Id"),
    "an Id of zero": (b'[{"Id":0}]', "no Id"),
    "an Id of null": (b'[{"Id":null}]', "no Id"),
    "an Id of another case": (b'[{"id":7}]', "no Id"),
    "a boolean": (b'[{"Id":true}]', "Id is no id"),
    "false": (b'[{"Id":false}]', "Id is no id"),
    "a float": (b'[{"Id":7.0}]', "Id is no id"),
    "a text": (b'[{"Id":"7"}]', "Id is no id"),
    "below zero": (b'[{"Id":-7}]', "Id is no id"),
    "too large": (b'[{"Id":9223372036854775808}]', "Id is no id"),
    "with an exponent": (b'[{"Id":7e3}]', "Id is no id"),
    "more digits than can be read": (b'[{"Id":' + b"7" * 5000 + b"}]", "not JSON"),
    "an odd coworker": (b'[{"Id":7,"CoworkerId":"8"}]', "CoworkerId is no id"),
    "an odd location": (b'[{"Id":7,"IssuedById":[9]}]', "IssuedById is no id"),
    "not a number": (b'[{"Id":7,"Price":NaN}]', "NaN"),
    "endless": (b'[{"Id":7,"Price":-Infinity}]', "NaN or Infinity"),
    "twice": (b'[{"Id":7,"Id":8}]', "twice"),
    "deep": (b"[" * 100_000, "nested too deeply"),
    "deep objects": (b'[{"Id":' * 100_000, "nested too deeply"),
}


@pytest.mark.parametrize(("raw", "why"), ODD.values(), ids=ODD)
def test_an_odd_body_has_a_reason(raw: bytes, why: str) -> None:
    found = read_ids(raw)
    assert isinstance(found, Odd)
    assert why in found.reason


def test_a_reason_holds_nothing_of_the_body() -> None:
    for raw in (b'[{"Id":"canary@acme.example"}]', b"canary", b'[{"canary":1,"canary":2}]', b'[{"Id":7,"x":canary}]'):
        found = read_ids(raw)
        assert isinstance(found, Odd)
        assert "canary" not in found.reason


@given(st.binary(max_size=200))
@settings(max_examples=500, derandomize=True)
def test_no_bytes_raise(raw: bytes) -> None:
    assert isinstance(read_ids(raw), HookIds | Odd)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*RECORD, "x"]), inner, max_size=5),
    max_leaves=12,
)


@given(VALUES)
@settings(max_examples=500, derandomize=True)
def test_what_is_read_is_what_an_honest_look_finds(value: Any) -> None:
    found = read_ids(json.dumps(value).encode())
    record = value[0] if isinstance(value, list) and len(value) == 1 else value
    if isinstance(found, HookIds):
        assert isinstance(record, dict)
        assert (found.record_id, found.coworker_id) == (record["Id"], record.get("CoworkerId") or None)
        assert type(found.record_id) is int
        assert found.record_id > 0
    elif isinstance(record, dict) and "NaN or" not in found.reason:
        names = ("Id", "CoworkerId", "IssuedById", "CoworkerContractId", "TeamId")
        usual = [value for name in names if type(value := record.get(name)) is int and 0 < value < 2**63]
        missing = [name for name in names[1:] if record.get(name) is None or record.get(name) == 0]
        assert len(usual) + len(missing) < len(names)
