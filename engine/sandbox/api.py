"""The way of one call through the API: throttle, login, role, faults, then the entity.

Paths are compared without regard to case. Must never answer better than the service would.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

from engine.sandbox import answers, striking
from engine.sandbox.access import grant_token, has_role, identify, may_administrate
from engine.sandbox.answers import Answer, json_answer
from engine.sandbox.entities import ENTITIES, Entity
from engine.sandbox.enums import read_enum
from engine.sandbox.faults import FAULTS, Fate
from engine.sandbox.hook_writing import delete_hook, write_hook
from engine.sandbox.listing import list_page, read_batch, read_query, spoil_list
from engine.sandbox.native_writing import delete_native, write_native
from engine.sandbox.showing import show, show_row
from engine.sandbox.state import Call, State
from engine.sandbox.store import Record
from engine.sandbox.striking import Target
from engine.sandbox.writing import create_task, delete_task, update_task

_ROOMS = {(entity.room, entity.name): entity for entity in ENTITIES.values()}
_WRITES = {"POST": "Create", "PUT": "Edit", "DELETE": "Delete"}


def answer_call(state: State, call: Call) -> Answer:
    """The answer to any call under /api or to /en/user/me."""
    parts = [part for part in call.path.lower().split("/") if part]
    if parts == ["api", "token"]:
        return _token(state, call) if call.method == "POST" else answers.no_such_verb(call.method)
    if parts == ["api", "utils", "enums"]:
        return _enum(state, call)
    if parts == ["en", "user", "me"]:
        return _answer_apart(state, Target("me", "me"), lambda fate: _me(state, call, fate))
    entity = _ROOMS.get((parts[1], parts[2])) if len(parts) in {3, 4} and parts[0] == "api" else None
    if entity is None:
        return answers.no_such_path()
    last = parts[3] if len(parts) == 4 else ""
    fate = state.faults.meet(_target(state, call, entity, last))
    return _through_the_door(state, fate, lambda: _pace(state, call) or _enter(Visit(state, call, entity, last, fate)))


@dataclass(frozen=True)
class Visit:
    """A call to an entity on its way: `last` is the part of the path behind it, `fate` its faults."""

    state: State
    call: Call
    entity: Entity
    last: str
    fate: Fate


_VERBS = {"POST": "create", "PUT": "update", "DELETE": "delete"}


def _target(state: State, call: Call, entity: Entity, last: str) -> Target:
    if call.method in _WRITES:
        state.counts.writes += 1
        return Target(entity.name, _VERBS[call.method], has_earlier=state.earlier is not None)
    parameters = read_query(call.query)
    if last or read_batch(parameters) is not None:
        return Target(entity.name, "one" if last else "batch")
    page = dict(parameters).get("page", "1")
    return Target(entity.name, "list", is_struck_page=page == state.modes["S38.page"])


def _through_the_door(state: State, fate: Fate, enter: Callable[[], Answer]) -> Answer:
    """A refusal before anything is looked at, or what `enter` answers."""
    struck = fate.draw(striking.DOOR)
    if struck == "throttle":
        return state.throttle_call(state.modes.decimal("S50.scale"))
    if struck == "token-expired":
        return answers.denied()
    answer = enter()
    return replace(answer, refusal=state.modes.decimal("S51.refuse-seconds")) if struck else answer


def _pace(state: State, call: Call) -> Answer | None:
    """The refusal of a call beyond the limits of the account, or None."""
    wait = state.throttle.wait(state.clock.seconds(), is_write=call.method in _WRITES)
    return state.throttle_call(wait) if wait else None


def _token(state: State, call: Call) -> Answer:
    return _answer_apart(state, Target("token", "token"), lambda fate: grant_token(state, call, fate.draw("token")))


def _answer_apart(state: State, target: Target, answer_of: Callable[[Fate], Answer]) -> Answer:
    """The token and who-am-I calls: about no entity, not counted by the throttle, spoiled like a read."""
    fate = state.faults.meet(target)

    def enter() -> Answer:
        answer = answer_of(fate)
        struck = fate.draw(striking.READ)
        return state.spoil(struck, answer) if struck and answer.ok else answer

    return _through_the_door(state, fate, enter)


def _enter(visit: Visit) -> Answer:
    state, call, entity = visit.state, visit.call, visit.entity
    user = identify(state, call)
    if user is None or not may_administrate(user):
        return answers.denied()
    if call.method in _WRITES:
        return _write(visit, user)
    if call.method != "GET":
        return answers.no_such_verb(call.method)
    if not has_role(user, entity, "Read" if visit.last else "List"):
        return answers.denied(int(state.modes["S04"]))
    answer = _read(visit)
    struck = visit.fate.draw(striking.READ, _READ_KINDS)
    return state.spoil(struck, answer) if struck else answer


_READ_KINDS = frozenset(fault.kind for fault in FAULTS.values()) - striking.LIST_FAULTS


def _me(state: State, call: Call, fate: Fate) -> Answer:
    """Who the token belongs to. A portal member may ask as well."""
    if call.method != "GET":
        return answers.no_such_verb(call.method)
    if fate.draw("me"):
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


def _enum(state: State, call: Call) -> Answer:
    """The values of an enumeration, for anybody who may use the API. No role is named for it."""
    user = identify(state, call)
    if call.method != "GET":
        return answers.no_such_verb(call.method)
    if user is None or not may_administrate(user):
        return answers.denied()
    values = read_enum(dict(read_query(call.query)).get("name", ""))
    return answers.not_found() if values is None else json_answer(values)


def _read(visit: Visit) -> Answer:
    state, entity = visit.state, visit.entity
    if visit.last:
        return _read_one(state, entity, visit.last)
    parameters = read_query(visit.call.query)
    batch = read_batch(parameters)
    if batch is not None:
        found = (state.store.get(entity.name, one) for one in batch)
        return json_answer([show_row(entity, one, state.modes) for one in found if one is not None])
    page = list_page(state, entity, parameters)
    kinds = striking.LIST_FAULTS
    if page["CurrentPage"] != state.modes.number("S38.page"):
        kinds -= {"page-500"}
    struck = visit.fate.draw(striking.READ, kinds)
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


def _write(visit: Visit, user: Record) -> Answer:
    """A write, with the faults that strike in place of its commit or after it."""
    state, method, last = visit.state, visit.call.method, visit.last
    if not visit.entity.writable or bool(last) != (method == "DELETE"):
        return answers.no_such_verb(method)
    if not has_role(user, visit.entity, _WRITES[method]):
        return answers.denied(int(state.modes["S04"]))
    kinds = _write_kinds(state, method)
    struck = visit.fate.draw(striking.BEFORE, kinds)
    if struck == "late-commit":
        return answers.Answer(
            504,
            answers.html_page("504 Gateway Time-out").body,
            answers.HTML_TYPE,
            later=lambda: _commit(visit, user),
            later_after=state.modes.decimal("S51.late-seconds"),
        )
    if struck:
        return state.spoil(struck, None)
    answer = _commit(visit, user)
    struck = visit.fate.draw(striking.AFTER, kinds) if answer.ok else ""
    spoiled = state.spoil(struck, answer) if struck else answer
    if visit.entity.is_task and method == "POST" and answer.ok:
        state.earlier = answer
    return spoiled


def _write_kinds(state: State, method: str) -> frozenset[str]:
    """The creation quota and the answer to an earlier creation are about creations only."""
    if method != "POST":
        return _ALL_KINDS - {"access-denied", "stale-answer"}
    return _ALL_KINDS if state.earlier is not None else _ALL_KINDS - {"stale-answer"}


_ALL_KINDS = frozenset(fault.kind for fault in FAULTS.values())


def _commit(visit: Visit, user: Record) -> Answer:
    state, entity, call = visit.state, visit.entity, visit.call
    login = str(user["Email"])
    if call.method == "DELETE":
        return _delete(visit, login)
    body = _read_body(call)
    if body is None:
        return answers.bad_request()
    if entity.name == "webhooks":
        return write_hook(state, login, body, creates=call.method == "POST")
    if not entity.is_task:
        return write_native(state, entity, login, body, creates=call.method == "POST")
    return create_task(state, login, body) if call.method == "POST" else update_task(state, login, body)


def _delete(visit: Visit, login: str) -> Answer:
    state, entity, identifier = visit.state, visit.entity, _read_id(visit.last)
    if identifier is None:
        return answers.not_found()
    if entity.is_task:
        return delete_task(state, login, identifier)
    if entity.name == "webhooks":
        return delete_hook(state, login, identifier)
    return delete_native(state, entity, login, identifier)


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
