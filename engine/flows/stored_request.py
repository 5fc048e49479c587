"""What was asked, as text: kept in the ledger from the start of a run until it is done, so that it can be gone on with.

Equal requests have equal texts. It must never hold the moment of asking, unless a person chose it.
"""

from __future__ import annotations

import json
from typing import Any

from whenever import Date, Instant, PlainDateTime

from engine.core.overrides import overrides_of_json
from engine.flows.request import Moment, Request


def request_text(tasklist: str, request: Request) -> str:
    """Return the JSON of a request for a list."""
    told = {
        "tasklist": tasklist,
        "coworker_id": request.coworker_id,
        "contract_id": request.contract_id,
        "team_id": request.team_id,
        "location": request.location,
        "event_name": request.event_name,
        "event_at": _moment_out(request.event_at),
        "event_record_id": request.event_record_id,
        "event_received_at": _moment_out(request.event_received_at),
        "inputs": {name: _value_out(value) for name, value in request.inputs.items()},
        "given_inputs": sorted(request.given_inputs),
        "again": request.again,
        "anyway": request.anyway,
        "cause": request.cause,
        "part": request.part,
        "now": _moment_out(request.now) if request.now_given else None,
    }
    if request.leaving:
        told["leaving"] = True
    if request.overrides:
        told["overrides"] = request.overrides.to_json()
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def request_key(text: str) -> tuple[object, ...]:
    """Return what tells which tasks a request is for: of two with one key the newer replaces the older."""
    told = json.loads(text)
    names = ("tasklist", "coworker_id", "contract_id", "team_id", "location", "again", "part")
    return tuple(told.get(name, "") for name in names)


def request_of_text(text: str, now: Instant) -> tuple[str, Request]:
    """Return the list and the request that a text holds; `now` is taken unless a person chose another."""
    told = json.loads(text)
    given = _moment_in(told["now"])
    return str(told["tasklist"]), Request(
        coworker_id=told["coworker_id"],
        now=given if given is not None else now,
        contract_id=told["contract_id"],
        team_id=told["team_id"],
        location=told["location"],
        event_name=told["event_name"],
        event_at=_moment_in(told["event_at"]),
        event_record_id=told.get("event_record_id"),  # not in what an earlier version stored
        event_received_at=_instant_in(told.get("event_received_at")),
        inputs={name: _value_in(value) for name, value in told["inputs"].items()},
        given_inputs=frozenset(told["given_inputs"]),
        again=told["again"],
        anyway=told["anyway"],
        cause=told["cause"],
        part=told.get("part", ""),
        leaving=told.get("leaving", False),
        overrides=overrides_of_json(told.get("overrides", {})),
        now_given=given is not None,
    )


def _moment_out(moment: Moment | None) -> str | None:
    return None if moment is None else moment.format_iso()


def _moment_in(text: str | None) -> Moment | None:
    if text is None:
        return None
    return Instant.parse_iso(text) if text.endswith("Z") else PlainDateTime.parse_iso(text)


def _instant_in(text: str | None) -> Instant | None:
    return None if text is None else Instant.parse_iso(text)


def _value_out(value: Any) -> Any:
    if isinstance(value, Date):
        return {"date": value.format_iso()}
    return list(value) if isinstance(value, tuple) else value


def _value_in(value: Any) -> Any:
    if isinstance(value, dict) and set(value) == {"date"}:
        return Date.parse_iso(value["date"])
    return tuple(value) if isinstance(value, list) else value
