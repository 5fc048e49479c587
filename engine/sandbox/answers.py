"""What goes back over the wire: JSON envelopes, refusals, pages, and answers spoiled on demand.

Shapes are those of the vendor's documentation and of recorded answers. Must never decide
whether something is stored.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

JSON_TYPE = "application/json; charset=utf-8"
HTML_TYPE = "text/html; charset=utf-8"


@dataclass(frozen=True)
class Answer:
    """`wire`: `whole`, `reset` (no answer), `hang` (none until the client goes) or `cut` (half of it).

    `delay` is in seconds. `later`: a commit that happens after the answer, `later_after` seconds on.
    """

    status: int
    body: bytes = b""
    content_type: str = JSON_TYPE
    headers: tuple[tuple[str, str], ...] = ()
    wire: str = "whole"
    delay: float = 0.0
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


_HTML_ERRORS = {
    "bad-gateway": (502, "502 Bad Gateway"),
    "unavailable": (503, "503 Service Unavailable"),
    "gateway-timeout": (504, "504 Gateway Time-out"),
}


def spoil(kind: str, answer: Answer | None, *, slow_seconds: float = 0.0) -> Answer:
    """What the client gets instead of `answer`; None when nothing was done."""
    whole = answer or success("The action was successfully completed.", None)
    if kind in _HTML_ERRORS:
        return html_page(_HTML_ERRORS[kind][1], _HTML_ERRORS[kind][0])
    made: Mapping[str, Callable[[], Answer]] = {
        "error": server_error,
        "oops": oops,
        "reset": lambda: replace(whole, wire="reset"),
        "hang": lambda: replace(whole, wire="hang"),
        "cut-body": lambda: replace(whole, wire="cut"),
        "slow": lambda: replace(whole, delay=slow_seconds),
        "empty-body": lambda: replace(whole, body=b""),
        "html-200": lambda: html_page("Sign in"),
        "redirect": lambda: Answer(302, headers=(("Location", "/login"),)),
        "access-denied": lambda: json_answer("Access Denied", 401),
        "value-null": lambda: _with_value(whole, None),
        "bare-id": lambda: json_answer(_value_id(whole)),
        "text-id": lambda: _with_value(whole, {"Id": str(_value_id(whole))}),
        "was-successful-false": lambda: json_answer(_envelope(whole) | {"Value": None, "WasSuccessful": False}),
    }
    return made[kind]()


def _envelope(answer: Answer) -> dict[str, Any]:
    body = json.loads(answer.body)
    return body if isinstance(body, dict) else {"Value": body}


def _with_value(answer: Answer, value: object) -> Answer:
    return json_answer(_envelope(answer) | {"Value": value})


def _value_id(answer: Answer) -> int:
    value = _envelope(answer).get("Value")
    return int(value["Id"]) if isinstance(value, dict) and "Id" in value else 0
