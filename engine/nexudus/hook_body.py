"""The ids in the body of a webhook, and nothing else of it (design 5.6). Pure.

Bodies have no schema, and their text is not authenticated: a fact is read through the API by these ids. Nothing here
may raise for what a body holds, guess at an id, or hand on any of its text.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final, NoReturn

_LARGEST_ID: Final = 2**63 - 1
"""What the ledger can store; the ids of Nexudus have ten digits."""

_OTHERS: Final = {
    "coworker_id": "CoworkerId",
    "issued_by_id": "IssuedById",
    "contract_id": "CoworkerContractId",
    "team_id": "TeamId",
}


@dataclass(frozen=True)
class HookIds:
    """The ids that a body names; None for those it does not. `issued_by_id` is a location's business id."""

    record_id: int
    coworker_id: int | None = None
    issued_by_id: int | None = None
    contract_id: int | None = None
    team_id: int | None = None


@dataclass(frozen=True)
class Odd:
    """A body that no id can be taken from. The reason holds nothing of the body's text."""

    reason: str


class _Unreadable(ValueError):
    """Why a body is odd, for `read_ids` alone."""


def read_ids(raw: bytes) -> HookIds | Odd:
    """The ids of a body: one JSON object, or an array with exactly one (webhooks.md section 4)."""
    try:
        return _ids_of(_the_one(_parse(raw)))
    except _Unreadable as odd:
        return Odd(str(odd))


def _parse(raw: bytes) -> object:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise _Unreadable("the body is not UTF-8 text") from None
    if not text.strip():
        raise _Unreadable("the body is empty")
    if text.startswith("\ufeff"):
        raise _Unreadable("the body begins with a byte order mark, which JSON does not allow")
    try:
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_object)
    except _Unreadable:
        raise
    except RecursionError:
        raise _Unreadable("the body is nested too deeply") from None
    except ValueError:  # also a number of more digits than Python reads
        raise _Unreadable("the body is not JSON") from None


def _refuse_constant(_name: str) -> NoReturn:
    raise _Unreadable("the body holds NaN or Infinity, which JSON does not know")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        # Two readers would take different ones: neither can be believed.
        raise _Unreadable("the body has one field twice")
    return found


def _the_one(body: object) -> dict[str, object]:
    if isinstance(body, list):
        if len(body) != 1:
            raise _Unreadable(f"the body is an array of {len(body)} elements, not of one")
        body = body[0]
    if not isinstance(body, dict):
        raise _Unreadable("the body holds no object")
    return body


def _ids_of(record: dict[str, object]) -> HookIds:
    record_id = _id(record, "Id")
    if record_id is None:
        raise _Unreadable("the body has no Id")
    return HookIds(record_id, **{name: _id(record, field) for name, field in _OTHERS.items()})


def _id(record: dict[str, object], field: str) -> int | None:
    """A whole number above 0; None where there is none. .NET writes 0 for a number that was never set."""
    value = record.get(field)
    if value is None or (value == 0 and type(value) is int):
        return None
    if type(value) is not int or not 0 < value <= _LARGEST_ID:  # type(), not isinstance: True is an int too
        raise _Unreadable(f"the body's {field} is no id")
    return value
