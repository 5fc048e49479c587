"""What a request gets that is refused before it is read: a status, a sentence, and the end of the connection.

The sentences hold nothing that the sender sent.
"""

from __future__ import annotations

import http
import json
from typing import Final

_REASONS: Final = {
    400: ("bad_request", "This is not HTTP/1.1 as it is understood here."),
    408: ("too_slow", "The request did not arrive in whole in time."),
    411: ("length_required", "A body needs a Content-Length, or comes in chunks."),
    413: ("too_big", "A body has at most 1 MiB."),
    415: ("encoded", "Bodies come without a Content-Encoding."),
    429: ("too_many", "Too many requests were sent ahead on one connection."),
    431: ("headers_too_big", "Request line and headers have at most 16 KiB."),
    503: ("no_room", "There is no room for this just now. Send it again."),
}


class Refused(Exception):  # noqa: N818 - it is how the parser is stopped, and never leaves the connection
    """The request on the wire is not taken; `status` says why."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def last_words(status: int) -> bytes:
    """A whole answer, after which the connection is closed."""
    code, message = _REASONS[status]
    body = json.dumps({"error": {"code": code, "message": message}}, separators=(",", ":")).encode()
    head = [
        f"HTTP/1.1 {status} {http.HTTPStatus(status).phrase}",
        "content-type: application/json",
        f"content-length: {len(body)}",
        "connection: close",
    ]
    if status in {408, 429, 503}:
        head.append("retry-after: 10")
    return "\r\n".join([*head, "", ""]).encode() + body
