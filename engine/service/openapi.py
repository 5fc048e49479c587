"""The description of the service's HTTP interface, written by hand, so that it says what is promised and no more.

It must stay true: a test sends thousands of requests made from it and compares every answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from engine.core.words import EVENTS

_ERROR: Final = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
        }
    },
}


def _says(description: str, schema: dict[str, Any] | None = None, kind: str = "application/json") -> dict[str, Any]:
    return {"description": description, "content": {kind: {"schema": schema or {"$ref": "#/components/schemas/Error"}}}}


_BEFORE_READING: Final = {
    "400": _says("Not HTTP that can be trusted, or a body that is not UTF-8 and so can have no signature."),
    "405": _says("Another method than those listed."),
    "408": _says("The request did not arrive in whole within 10 seconds."),
    "411": _says("A body without Content-Length and not chunked."),
    "413": _says("A body of more than 1 MiB; it is not read."),
    "415": _says("A Content-Encoding: bodies come as they are."),
    "429": _says("Too many requests sent ahead on one connection."),
    "431": _says("More than 16 KiB of request line and headers."),
    "503": _says("The ledger cannot be written, or there is no room. Nothing is lost: send it again (Retry-After)."),
}

_SIGNATURE: Final = {
    "name": "X-Nexudus-Hook-Signature",
    "in": "header",
    "required": False,
    "description": "64 hex digits: HMAC-SHA256 of the body's text folded to ASCII, keyed by the location's secret.",
    "schema": {"type": "string"},
}


def _in_path(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "description": description, "schema": schema}


_PLACE: Final = [
    _in_path("location", "A location of organisation.yaml.", {"type": "string", "pattern": "^[a-z0-9-]+$"}),
    _in_path("event", "What happened.", {"type": "string", "enum": list(EVENTS)}),
]
_TOKEN: Final = _in_path(
    "token",
    "Stands for the signature where a location has tokens.",
    {"type": "string", "pattern": "^[A-Za-z0-9_-]{24,}$"},
)


def _delivery(summary: str, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "post": {
            "operationId": "deliverByToken" if _TOKEN in parameters else "deliver",
            "summary": summary,
            "parameters": parameters,
            "requestBody": {
                "required": False,
                "description": "As Nexudus sends it: an array of one record. Anything else is stored and set aside.",
                "content": {"application/json": {"schema": {}}},
            },
            "responses": {
                "202": _says("Stored, durably, now or before.", {"$ref": "#/components/schemas/Stored"}),
                "401": _says("Neither a signature nor a token of this location."),
                "404": _says("No such location or event, or no tokens there."),
                **_BEFORE_READING,
            },
        }
    }


def _page(operation: str, summary: str, answers: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {"get": {"operationId": operation, "summary": summary, "responses": {**answers, **_BEFORE_READING}}}


_READY: Final = {
    "type": "object",
    "required": ["ready", "checks"],
    "properties": {"ready": {"type": "boolean"}, "checks": {"type": "object"}},
}

_PAGES: Final = {
    "/healthz": _page("health", "Whether the process lives.", {"200": _says("It does.", {})}),
    "/readyz": _page(
        "readiness",
        "Whether deliveries can be stored and worked on.",
        {"200": _says("They can.", _READY)},
    ),
    "/metrics": _page(
        "metrics", "Counters and gauges for Prometheus.", {"200": _says("Now.", {"type": "string"}, "text/plain")}
    ),
}
_PAGES["/readyz"]["get"]["responses"]["503"] = _says("They cannot; `checks` says why.", {})


def describe(paths: Iterable[str]) -> dict[str, Any]:
    """OpenAPI 3.1 of the door and of those `paths` beside it that it knows."""
    beside = set(paths)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "tasklists",
            "version": "1",
            "description": "Takes webhooks of Nexudus and starts task lists.",
        },
        "paths": {
            "/hooks/{location}/{event}": _delivery("Take a signed delivery.", [*_PLACE, _SIGNATURE]),
            "/hooks/{location}/{event}/{token}": _delivery("Take an unsigned delivery.", [*_PLACE, _TOKEN]),
            **{path: page for path, page in _PAGES.items() if path in beside},
            "/openapi.json": _page("description", "This description.", {"200": _says("It.", {"type": "object"})}),
        },
        "components": {
            "schemas": {
                "Error": _ERROR,
                "Stored": {
                    "type": "object",
                    "required": ["id"],
                    "properties": {"id": {"type": "string", "description": "Of the delivery; empty if only counted."}},
                },
            }
        },
    }
