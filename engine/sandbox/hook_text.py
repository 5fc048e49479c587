"""What a webhook's receiver gets: the JSON text as the service's serialiser writes it, and its signature.

The text is that of Json.NET with its defaults, the signature that of the vendor's published
snippet: both sides are folded to ASCII first, one question mark for each UTF-16 unit above
it. Must never be shared with the engine's own check: an error on both sides would hide itself.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import struct
from collections.abc import Mapping

_SHORT = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
# Json.NET escapes these and no others: neither / nor < > & ' nor DEL.
_ALWAYS = re.compile('["\\\\\x00-\x1f\x85\u2028\u2029]')
_ABOVE_ASCII = re.compile('["\\\\\x00-\x1f]|[^\x00-\x7f]')


def write_json(value: object, *, is_ascii: bool = False) -> str:
    """Compact JSON, nulls written, non-ASCII as it is or, if `is_ascii`, as escapes of UTF-16 units."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, Mapping):
        pairs = (f"{_quote(str(key), is_ascii)}:{write_json(one, is_ascii=is_ascii)}" for key, one in value.items())
        return f"{{{','.join(pairs)}}}"
    if isinstance(value, (list, tuple)):
        return f"[{','.join(write_json(one, is_ascii=is_ascii) for one in value)}]"
    return _quote(str(value), is_ascii)


def _quote(text: str, is_ascii: bool) -> str:
    return f'"{(_ABOVE_ASCII if is_ascii else _ALWAYS).sub(_escape, text)}"'


def _escape(found: re.Match[str]) -> str:
    sign = found[0]
    return _SHORT.get(sign) or "".join(f"\\u{unit:04x}" for unit in _units(sign))


def to_wire(text: str) -> bytes:
    """UTF-8; half a surrogate pair becomes the replacement character, as .NET's encoder does it."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def sign(secret: str, text: str) -> str:
    """X-Nexudus-Hook-Signature of a body's text: HMAC-SHA256, 64 upper-case hex digits."""
    return hmac.new(_fold(secret), _fold(text), hashlib.sha256).hexdigest().upper()


def _fold(text: str) -> bytes:
    """ASCII as .NET encodes it: every UTF-16 unit from 0x80 up is one question mark."""
    return bytes(unit if unit < 0x80 else 0x3F for unit in _units(text))


def _units(text: str) -> tuple[int, ...]:
    data = text.encode("utf-16-be", "surrogatepass")
    return struct.unpack(f">{len(data) // 2}H", data)
