"""What the client gets in place of an answer when a fault strikes: other bytes, no bytes, late bytes.

Must never change what was done: whether a write was committed is decided before.
"""

from __future__ import annotations

import functools
import json
import random
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from engine.sandbox.answers import Answer, html_page, json_answer, oops, server_error, success
from engine.sandbox.modes import Modes

_MEGABYTE = 1 << 20
_LARGE = 20  # megabytes: four times what a client should be willing to read
_BOMB = 200  # megabytes unpacked, from about 200 kB

_HTML_ERRORS = {
    "bad-gateway": (502, "502 Bad Gateway"),
    "unavailable": (503, "503 Service Unavailable"),
    "gateway-timeout": (504, "504 Gateway Time-out"),
}


class Spoiler:
    """Makes spoiled answers; `source` decides what a mode leaves open."""

    def __init__(self, modes: Modes, source: random.Random) -> None:
        self._modes = modes
        self._source = source

    def spoil(self, kind: str, answer: Answer | None, earlier: Answer | None = None) -> Answer:
        """What the client gets instead of `answer`, which is None when nothing was done."""
        whole = answer or success("The action was successfully completed.", None)
        if kind in _HTML_ERRORS:
            return html_page(_HTML_ERRORS[kind][1], _HTML_ERRORS[kind][0])
        if kind == "stale-answer":
            return earlier or whole
        ways = {**self._on_the_wire(whole), **_in_the_body(whole), **self._in_the_id(whole)}
        return ways[kind]()

    def _on_the_wire(self, whole: Answer) -> Mapping[str, Callable[[], Answer]]:
        seconds = self._modes.decimal
        return {
            "reset": lambda: replace(whole, wire="reset"),
            "hang": lambda: replace(whole, wire="hang", pause=seconds("S51.hang-seconds")),
            "slow": lambda: replace(whole, delay=seconds("S51.slow-seconds")),
            "hold": lambda: replace(whole, delay=seconds("S51.hold-seconds")),
            "drip": lambda: replace(whole, wire="drip", pause=seconds("S51.drip-seconds")),
            "half-answer": lambda: replace(whole, wire="half", pause=seconds("S51.hold-seconds")),
            "cut-headers": lambda: replace(whole, wire="cut-headers"),
            "cut-body": lambda: replace(whole, wire="cut"),
            "wrong-length": lambda: replace(whole, wire="short"),
        }

    def _in_the_id(self, whole: Answer) -> Mapping[str, Callable[[], Answer]]:
        return {
            "bare-id": lambda: json_answer(_id_of(whole)),
            "text-id": lambda: _with_value(whole, {"Id": str(_id_of(whole))}),
            "odd-id": lambda: self._odd_id(whole),
        }

    def _odd_id(self, whole: Answer) -> Answer:
        identifier = _id_of(whole)
        forms: dict[str, object] = {
            "zero": 0,
            "negative": -identifier or -1,
            "boolean": True,
            "text": f"task-{identifier}",
            "fraction": identifier + 0.5,
        }
        wanted = self._modes["S51.odd-id"]
        form = self._source.choice(sorted(forms)) if wanted == "any-of-them" else wanted
        return json_answer(_with_id(json.loads(whole.body), forms[form]))


def _in_the_body(whole: Answer) -> Mapping[str, Callable[[], Answer]]:
    return {
        "error": server_error,
        "oops": oops,
        "html-200": lambda: html_page("Sign in"),
        "redirect": lambda: Answer(302, headers=(("Location", "/login"),)),
        "access-denied": lambda: json_answer("Access Denied", 401),
        "empty-body": lambda: replace(whole, body=b""),
        "large-body": lambda: replace(whole, body=b" " * (_LARGE * _MEGABYTE) + whole.body),
        "gzip-bomb": lambda: replace(
            whole, body=_bomb(whole.body), headers=(*whole.headers, ("Content-Encoding", "gzip"))
        ),
        "value-null": lambda: _with_value(whole, None),
        "was-successful-false": lambda: json_answer(_envelope(whole) | {"Value": None, "WasSuccessful": False}),
    }


def _envelope(answer: Answer) -> dict[str, Any]:
    body = json.loads(answer.body)
    return body if isinstance(body, dict) else {"Value": body}


def _with_value(answer: Answer, value: object) -> Answer:
    return json_answer(_envelope(answer) | {"Value": value})


def _with_id(body: Any, odd: object) -> Any:
    """The body with an odd Id where its first record has one; a Value that is none becomes a record."""
    if isinstance(body, list):
        return [_with_id(one, odd) if place == 0 else one for place, one in enumerate(body)]
    if not isinstance(body, dict):
        return body
    if "WasSuccessful" in body:
        return body | {"Value": (body["Value"] or {}) | {"Id": odd}}
    return body | ({"Records": _with_id(body["Records"], odd)} if "Records" in body else {"Id": odd})


def _id_of(answer: Answer) -> int:
    envelope = _envelope(answer)
    value = envelope.get("Value") if "WasSuccessful" in envelope else envelope
    found = value.get("Id") if isinstance(value, dict) else None
    return found if isinstance(found, int) else 0


def _bomb(body: bytes) -> bytes:
    """A gzip stream of blanks and then `body`: still the same JSON, for whoever unpacks all of it."""
    blanks, checksum = _deflated_blanks()
    rest = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    head = b"\x1f\x8b\x08" + bytes(6) + b"\xff"
    tail = struct.pack("<II", zlib.crc32(body, checksum), _BOMB * _MEGABYTE + len(body))
    return head + blanks + rest.compress(body) + rest.flush() + tail


@functools.cache
def _deflated_blanks() -> tuple[bytes, int]:
    """The packed blanks and their checksum: a megabyte ended by a full flush, which may then be repeated."""
    megabyte = b" " * _MEGABYTE
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = packer.compress(megabyte) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = 0
    for _ in range(_BOMB):
        checksum = zlib.crc32(megabyte, checksum)
    return block * _BOMB, checksum
