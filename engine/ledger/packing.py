"""Between our values and the bytes and integers of a row. Pure.

It must never let a text through where a digest belongs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from whenever import Instant

FIELDS: Final = (
    "Name",
    "Notes",
    "DueDate",
    "ResponsibleId",
    "BusinessId",
    "CoworkerId",
    "NotifyByEmail",
    "DisplayToEveryone",
    "TaskListName",
    "TaskItemUniqueId",
    "Completed",
    "Reminded",
    "DueDateLocal",
)
"""Payload fields that cost one bit each to name.

The stored bytes depend on this order: only append, at most 16."""

DIGEST_BYTES: Final = 8
_NOT_HEX: Final = re.compile(r"[^0-9a-f]")
_NO_FINGERPRINT: Final = "a fingerprint is 16 lower-case hex digits"
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{16}")


def milliseconds(moment: Instant) -> int:
    """Epoch milliseconds in UTC."""
    return moment.timestamp(unit="millisecond")


def milliseconds_or_none(moment: Instant | None) -> int | None:
    """Epoch milliseconds in UTC, None for no moment."""
    return None if moment is None else milliseconds(moment)


def seconds_or_none(moment: Instant | None) -> int | None:
    """Whole epoch seconds in UTC, None for no moment."""
    return None if moment is None else moment.timestamp()


def instant(value: int) -> Instant:
    """The moment of stored epoch milliseconds."""
    return Instant.from_timestamp(value, unit="millisecond")


def instant_or_none(value: int | None) -> Instant | None:
    """The moment of stored epoch milliseconds, None for a null."""
    return None if value is None else instant(value)


def pack_fingerprints(fingerprints: Mapping[str, str]) -> bytes:
    """Two bytes that name the known fields, their digests in order, then any other field with its name.

    ValueError for a value that is no fingerprint.
    """
    mask = 0
    known = []
    for place, name in enumerate(FIELDS):
        if name in fingerprints:
            mask |= 1 << place
            known.append(fingerprints[name])
    packed = mask.to_bytes(2, "big") + _digests(known)
    if len(known) == len(fingerprints):
        return packed
    other = []
    for name in sorted(fingerprints.keys() - set(FIELDS)):
        label = name.encode()
        other.append(bytes([len(label)]) + label + digest(fingerprints[name]))
    return b"".join((packed, *other))


def _digests(hexadecimal: list[str]) -> bytes:
    """All at once: one look at the whole text in place of one at each."""
    whole = "".join(hexadecimal)
    if any(len(one) != 2 * DIGEST_BYTES for one in hexadecimal) or _NOT_HEX.search(whole):
        raise ValueError(_NO_FINGERPRINT)
    return bytes.fromhex(whole)


def digest(hexadecimal: str) -> bytes:
    """The eight bytes of one fingerprint. ValueError for anything else: no text may rest here."""
    if not _FINGERPRINT.fullmatch(hexadecimal):
        raise ValueError(_NO_FINGERPRINT)
    return bytes.fromhex(hexadecimal)


def unpack_fingerprints(packed: bytes) -> dict[str, str]:
    """Field name -> 16 hex digits, as they were given."""
    mask = packed[0] << 8 | packed[1]
    digits = packed.hex()
    found, at = {}, 4
    for place, name in enumerate(FIELDS):
        if mask >> place & 1:
            found[name] = digits[at : at + 16]
            at += 16
    at //= 2
    while at < len(packed):
        end = at + 1 + packed[at]
        found[packed[at + 1 : end].decode()] = packed[end : end + DIGEST_BYTES].hex()
        at = end + DIGEST_BYTES
    return found


class Fingerprints(Mapping[str, str]):
    """Packed fingerprints that are unpacked when somebody asks: most known tasks are kept unread."""

    __slots__ = ("_found", "_packed")

    def __init__(self, packed: bytes | None) -> None:
        self._packed = packed
        self._found: dict[str, str] | None = None

    def _unpacked(self) -> dict[str, str]:
        if self._found is None:
            self._found = unpack_fingerprints(self._packed) if self._packed else {}
        return self._found

    def __getitem__(self, name: str) -> str:
        return self._unpacked()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._unpacked())

    def __len__(self) -> int:
        return len(self._unpacked())

    def __repr__(self) -> str:
        return repr(self._unpacked())
