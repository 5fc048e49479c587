"""What goes back over the wire: JSON envelopes, refusals, pages, and answers spoiled on demand.

Shapes are those of the vendor's documentation and of recorded answers. Must never decide
whether something is stored.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

#: `cut` ends in the middle of the body, `short` promises more than it holds, `half` pauses in the middle
Wire = Literal["whole", "reset", "hang", "cut-headers", "cut", "short", "drip", "half"]
JSON_TYPE = "application/json; charset=utf-8"
HTML_TYPE = "text/html; charset=utf-8"


@dataclass(frozen=True)
class Answer:
    """`wire` is how it arrives, `pause` the seconds that a hang lasts or that lie between two parts.

    `delay` is in seconds. `later`: a commit that happens after the answer, `later_after` seconds on.
    `refusal`: seconds for which the port is shut meanwhile; None leaves it open.
    """

    status: int
    body: bytes = b""
    content_type: str = JSON_TYPE
    headers: tuple[tuple[str, str], ...] = ()
    wire: Wire = "whole"
    pause: float = 0.0
    delay: float = 0.0
    refusal: float | None = None
    later: Callable[[], object] | None = None
    later_after: float = 0.0

    @property
    def ok(self) -> bool:
        return self.status == 200


def json_answer(value: object, status: int = 200) -> Answer:
    """A JSON body, non-ASCII as it is."""
    return Answer(status, json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def success(message: str, value: object, *, at: str = "", by: str = "") -> Answer:
    """The envelope of a write that was done."""
    return json_answer(
        {
            "Status": 200,
            "Message": message,
            "Value": value,
            "OpenInDialog": False,
            "OpenInWindow": False,
            "RedirectURL": None,
            "JavaScript": None,
            "UpdatedOn": at or None,
            "UpdatedBy": by or None,
            "Errors": None,
            "WasSuccessful": True,
        }
    )


@dataclass(frozen=True)
class FieldError:
    """One refused field; `field` is its name as the service says it, without "Id" for foreign keys."""

    field: str
    message: str
    attempted: object = None


def refusal(errors: Sequence[FieldError], *, body_status: int | None = None) -> Answer:
    """HTTP 400 with the fields that were refused; one edition of the docs adds `Status: 500`."""
    body: dict[str, Any] = {} if body_status is None else {"Status": body_status}
    body |= {
        "Message": f"{errors[0].field}: {errors[0].message}",
        "Value": None,
        "Errors": [
            {"AttemptedValue": one.attempted, "Message": one.message, "PropertyName": one.field} for one in errors
        ],
        "WasSuccessful": False,
    }
    return json_answer(body, 400)


def not_found(status: int = 404) -> Answer:
    """An id that does not exist: 404 with a JSON string, or the plain 500 that an integrator saw."""
    return json_answer("Not found", 404) if status == 404 else server_error()


def server_error() -> Answer:
    """HTTP 500 as documented."""
    return json_answer({"Message": "An error has occurred."}, 500)


def denied(status: int = 401) -> Answer:
    """No, a bad or an expired token; or a good one without the right."""
    return json_answer({"Message": "Authorization has been denied for this request."}, status)


def no_such_verb(method: str) -> Answer:
    """HTTP 405."""
    message = f"The requested resource does not support http method '{method}'."
    return json_answer({"Message": message}, 405)


def no_such_path() -> Answer:
    """HTTP 404 for a path that leads nowhere."""
    return json_answer({"Message": "No HTTP resource was found that matches the request URI."}, 404)


def bad_request() -> Answer:
    """HTTP 400 for a body that cannot be read."""
    return json_answer({"Message": "The request is invalid."}, 400)


def html_page(title: str, status: int = 200) -> Answer:
    """A page where JSON was asked for."""
    page = f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    return Answer(status, page.encode(), HTML_TYPE)


def oops() -> Answer:
    """HTTP 500 with the envelope that clients report from the live service."""
    message = "Ooops! There was a problem while running this action. Our team has been told."
    return json_answer({"Message": message, "Value": None, "Errors": None, "WasSuccessful": False}, 500)
