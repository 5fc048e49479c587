"""How a call under /_sandbox is read and refused. Must never show more than the caller sent."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response


class AdminError(ValueError):
    """A wrong admin call; the text says what was wrong."""


async def read_object(request: Request) -> dict[str, Any]:
    """The JSON object of the body; no body is an empty one. AdminError otherwise."""
    try:
        body = json.loads(await request.body() or b"{}")
        # Half a surrogate pair is JSON but no text that any answer could hold.
        json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise AdminError(f"the body is no JSON: {error}") from error
    if not isinstance(body, dict):
        raise AdminError("the body has to be a JSON object")
    return body


def read_seconds(request: Request, name: str, longest: float) -> float:
    """A wait from the query, at most `longest` seconds; 0 when it was not sent. AdminError if it is no number."""
    try:
        return min(max(float(request.query_params.get(name, "0")), 0.0), longest)
    except ValueError as error:
        raise AdminError(f"{name} has to be a number of seconds") from error


def refused(text: str, status: int = 400) -> Response:
    """Why a call was not done."""
    return JSONResponse({"error": text}, status_code=status)
