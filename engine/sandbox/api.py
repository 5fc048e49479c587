"""The way of one call through the API: throttle, login, role, faults, then the entity.

Paths are compared without regard to case. Must never answer better than the service would.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from engine.sandbox import answers, faults
from engine.sandbox.access import grant_token, has_role, identify, may_administrate
from engine.sandbox.answers import Answer, json_answer
from engine.sandbox.entities import ENTITIES, Entity
from engine.sandbox.listing import list_page, read_batch, read_query, spoil_list
from engine.sandbox.showing import show, show_row
from engine.sandbox.state import Call, State
from engine.sandbox.store import Record
from engine.sandbox.writing import create_task, delete_task, update_task

_ROOMS = {(entity.room, entity.name): entity for entity in ENTITIES.values()}
_WRITES = {"POST": "Create", "PUT": "Edit", "DELETE": "Delete"}


def answer_call(state: State, call: Call) -> Answer:
    """The answer to any call under /api or to /en/user/me."""
    parts = [part for part in call.path.lower().split("/") if part]
    if parts == ["api", "token"]:
        return grant_token(state, call) if call.method == "POST" else answers.no_such_verb(call.method)
    if parts == ["en", "user", "me"]:
        return _me(state, call)
    entity = _ROOMS.get((parts[1], parts[2])) if len(parts) in {3, 4} and parts[0] == "api" else None
    if entity is None:
        return answers.no_such_path()
    return _at_the_door(state, call, entity) or _enter(state, call, entity, parts[3] if len(parts) == 4 else "")


def _at_the_door(state: State, call: Call, entity: Entity) -> Answer | None:
    """A refusal before anything is looked at, or None."""
    struck = state.faults.draw("door", entity.name)
    if struck == "throttle":
        return state.throttle.refuse(1.0)
    wait = state.throttle.wait(state.clock.seconds(), is_write=call.method in _WRITES)
    if wait:
        return state.throttle.refuse(wait)
    return answers.denied() if struck == "token-expired" else None


def _enter(state: State, call: Call, entity: Entity, last: str) -> Answer:
    user = identify(state, call)
    if user is None or not may_administrate(user):
        return answers.denied()
    if call.method in _WRITES:
        return _write(state, call, entity, user=user, last=last)
    if call.method != "GET":
        return answers.no_such_verb(call.method)
    if not has_role(user, entity, "Read" if last else "List"):
        return answers.denied(int(state.modes["S04"]))
    answer = _read(state, call, entity, last)
    struck = state.faults.draw(faults.READ, entity.name, _READ_KINDS)
    return _spoil(state, struck, answer) if struck else answer


_READ_KINDS = frozenset(fault.kind for fault in faults.FAULTS.values()) - faults.LIST_FAULTS


def _spoil(state: State, kind: str, answer: Answer | None) -> Answer:
    return answers.spoil(kind, answer, slow_seconds=state.modes.number("S51.slow-seconds"))


def _me(state: State, call: Call) -> Answer:
    """Who the token belongs to. A portal member may ask as well."""
    if call.method != "GET":
        return answers.no_such_verb(call.method)
    if state.faults.draw("me", "me"):
        return answers.html_page("Sign in")
    user = identify(state, call)
    if user is None:
        return answers.denied()
    home: Mapping[str, Any] = state.store.get("businesses", user["DefaultBusinessId"]) or {}
    named = ((one, state.store.get("businesses", one) or {}) for one in user["Businesses"])
    return json_answer(
        {
            "Id": user["Id"],
            "FullName": user["FullName"],
            "Email": user["Email"],
            "Businesses": [{"Id": one, "Name": business.get("Name")} for one, business in named],
            "DefaultBusinessId": home.get("Id"),
            "DefaultBusinessName": home.get("Name"),
            "DefaultCurrencyId": home.get("CurrencyId"),
            "DefaultCurrencyCode": home.get("CurrencyCode"),
            "DefaultCountryId": home.get("CountryId"),
            "DefaultSimpleTimeZoneId": home.get("SimpleTimeZoneId"),
        }
    )


def _read(state: State, call: Call, entity: Entity, last: str) -> Answer:
    if last:
        return _read_one(state, entity, last)
    parameters = read_query(call.query)
    batch = read_batch(parameters)
    if batch is not None:
        found = (state.store.get(entity.name, one) for one in batch)
        return json_answer([show_row(entity, one, state.modes) for one in found if one is not None])
    page = list_page(state, entity, parameters)
    kinds = faults.LIST_FAULTS
    if page["CurrentPage"] != state.modes.number("S38.page"):
        kinds -= {"page-500"}
    struck = state.faults.draw(faults.READ, entity.name, kinds)
    return answers.server_error() if struck == "page-500" else json_answer(spoil_list(struck, page))


def _read_one(state: State, entity: Entity, last: str) -> Answer:
    if last == "commands":
        # Clients ask for it on every entity; the vendor lists no command for tasks.
        return json_answer([])
    record = state.store.get(entity.name, _read_id(last))
    if record is None:
        return answers.not_found(int(state.modes["S19"]))
    return json_answer(show(entity, record, state.modes))


def _read_id(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _write(state: State, call: Call, entity: Entity, *, user: Record, last: str) -> Answer:
    """A write, with the faults that strike in place of its commit or after it."""
    if not entity.writable or bool(last) != (call.method == "DELETE"):
        return answers.no_such_verb(call.method)
    if not has_role(user, entity, _WRITES[call.method]):
        return answers.denied(int(state.modes["S04"]))
    kinds = None if call.method == "POST" else _WRITE_KINDS
    struck = state.faults.draw(faults.BEFORE, entity.name, kinds)
    if struck == "late-commit":
        return answers.Answer(
            504,
            answers.html_page("504 Gateway Time-out").body,
            answers.HTML_TYPE,
            later=lambda: _commit(state, call, user, last),
            later_after=state.modes.number("S51.late-seconds"),
        )
    if struck:
        return _spoil(state, struck, None)
    answer = _commit(state, call, user, last)
    struck = state.faults.draw(faults.AFTER, entity.name) if answer.ok else ""
    return _spoil(state, struck, answer) if struck else answer


#: the creation quota is about creations only
_WRITE_KINDS = frozenset(fault.kind for fault in faults.FAULTS.values()) - {"access-denied"}


def _commit(state: State, call: Call, user: Record, last: str) -> Answer:
    login = str(user["Email"])
    if call.method == "DELETE":
        identifier = _read_id(last)
        return answers.not_found() if identifier is None else delete_task(state, login, identifier)
    body = _read_body(call)
    if body is None:
        return answers.bad_request()
    return create_task(state, login, body) if call.method == "POST" else update_task(state, login, body)


def _read_body(call: Call) -> dict[str, Any] | None:
    """The fields of a JSON or a form body; None when there are none to read."""
    try:
        text = call.body.decode()
        if "x-www-form-urlencoded" in call.headers.get("content-type", ""):
            return dict(parse_qsl(text, keep_blank_values=True))
        body = json.loads(text)
        # Half a surrogate pair is JSON but no text that anything could store.
        json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None
