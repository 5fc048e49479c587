"""The signature of a webhook as Nexudus makes it (webhooks.md section 5). Pure.

It covers the ASCII fold of the text: every UTF-16 unit from 0x80 on counts as one question mark. Text that is not
ASCII is therefore not authenticated, nor are the event, the location and the moment. Nothing here may raise for
what a sender sent, compare digests with `==`, or show a secret.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Final

HEADER: Final = b"x-nexudus-hook-signature"
"""The header's name as ASGI servers write it, in lower case."""

_ASTRAL_LEADS: Final = tuple(bytes([lead]) for lead in range(0xF0, 0xF5))
_CONTINUATIONS: Final = bytes(range(0x80, 0xC0))
_TO_QUESTION_MARKS: Final = bytes(range(0x80)) + b"?" * 0x80


def fold(text: str) -> bytes:
    """The bytes that .NET's ASCIIEncoding makes of a text: one `?` for each UTF-16 unit from 0x80 on."""
    return _fold_utf8(text.encode("utf-8", "surrogatepass"))


def _fold_utf8(raw: bytes) -> bytes:
    """The same for a text that is UTF-8 already, byte by byte in C: a megabyte must not hold up the loop."""
    if raw.isascii():
        return raw
    for lead in _ASTRAL_LEADS:
        raw = raw.replace(lead, lead * 2)  # these characters are two units in UTF-16
    return raw.translate(_TO_QUESTION_MARKS, _CONTINUATIONS)


def is_text(raw: bytes) -> bool:
    """Whether the bytes are UTF-8; what is not has no text, and so no signature."""
    if raw.isascii():
        return True
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def signature_of(secret: str, raw: bytes) -> str:
    """The 64 upper-case hex digits for a body of UTF-8 bytes; a byte order mark in front is part of the text."""
    return _digest(secret, _fold_utf8(raw)).decode("ascii")


def matches(secrets: Sequence[str], raw: bytes, header: bytes | None) -> int | None:
    """Index of the secret whose signature the header holds, None if none or if the body is no text.

    Nexudus signs an array of one element; a body that is an object by itself is tried in brackets too, since the
    vendor's text does not say which of the two goes over the wire. Lower-case digits are taken as well.
    """
    if header is None or not is_text(raw):
        return None
    given = header.upper()
    folded = _fold_utf8(raw)
    texts = [folded, b"[" + folded + b"]"] if folded.lstrip()[:1] == b"{" else [folded]
    found = None
    for index, secret in enumerate(secrets):
        for text in texts:
            # Every candidate is compared, whichever matched before: the time taken tells nothing.
            if hmac.compare_digest(_digest(secret, text), given) and found is None:
                found = index
    return found


def _digest(secret: str, folded: bytes) -> bytes:
    return hmac.digest(fold(secret), folded, "sha256").hex().upper().encode("ascii")
