"""What is asked for under /_sandbox about people, read and looked up before anything is done.

SwitchError says what is wrong in a sentence. Must never change a record.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from engine.sandbox.clock import read_moment, write_second
from engine.sandbox.contracts import today
from engine.sandbox.modes import SwitchError, find_name
from engine.sandbox.places import find_location, locations
from engine.sandbox.signups import SignUp
from engine.sandbox.state import State
from engine.sandbox.store import Record

_DAYS = re.compile(r"\+([0-9]{1,5})")
_FIRST_DAY, _LAST_DAY = "1900", "9000"  # beyond them a term or a local time may be no date any more
_LONGEST_NAME = 1000  # characters; a page shows it


def read_sign_up(state: State, asked: Mapping[str, Any]) -> SignUp:
    """`{"name", "email", "tariff", "location", "start", "team", "user", "fields", "contract"}`; only name is needed."""
    _only(asked, ("name", "email", "tariff", "location", "start", "team", "user", "fields", "contract"))
    name = _text(asked, "name")
    if not name:
        raise SwitchError("a sign-up needs a name")
    wanted = asked.get("location") or next(iter(locations(state.store)))
    business = find_location(state.store, wanted)
    contract = _object(asked, "contract")
    if "StartDate" in contract:
        contract["StartDate"] = read_day(state, contract["StartDate"], contract.get("IssuedById", business["Id"]))
    return SignUp(
        name=name,
        business=business,
        email=_text(asked, "email"),
        plan=find_plan(state, asked["tariff"]) if asked.get("tariff") else None,
        start=read_day(state, asked.get("start"), contract.get("IssuedById", business["Id"])),
        team=_text(asked, "team"),
        has_user=asked.get("user") is True,
        fields=_object(asked, "fields"),
        contract=contract,
    )


def read_contract(state: State, asked: Mapping[str, Any], *allowed: str) -> Record:
    """The contract that `contract_id` names, or the only one of `coworker_id` that is not cancelled."""
    _only(asked, ("coworker_id", "contract_id", *allowed))
    if asked.get("contract_id") is not None:
        found = state.store.get("coworkercontracts", _number(asked["contract_id"]))
        if found is None or found["Cancelled"]:
            raise SwitchError(f"there is no contract {asked['contract_id']!r} that could end")
        if asked.get("coworker_id") is not None and found["CoworkerId"] != _number(asked["coworker_id"]):
            raise SwitchError(f"contract {found['Id']} is not one of coworker {asked['coworker_id']!r}")
        return found
    coworker = read_coworker(state, asked)["Id"]
    own = [one for one in state.store.all("coworkercontracts") if one["CoworkerId"] == coworker]
    going_on = [one for one in own if not one["Cancelled"]]
    if len(going_on) != 1:
        named = ", ".join(str(one["Id"]) for one in going_on) or "none"
        raise SwitchError(f"coworker {coworker} has {len(going_on)} contracts ({named}); name one by contract_id")
    return going_on[0]


def read_coworker(state: State, asked: Mapping[str, Any]) -> Record:
    """The person that `coworker_id` names."""
    found = state.store.get("coworkers", _number(asked.get("coworker_id")))
    if found is None:
        raise SwitchError(f"there is no coworker {asked.get('coworker_id')!r}")
    return found


def read_team(state: State, asked: Mapping[str, Any]) -> tuple[Record, str]:
    """Person and name of the team of `{"coworker_id", "team"}`."""
    _only(asked, ("coworker_id", "team"))
    name = _text(asked, "team")
    if not name:
        raise SwitchError("to join a team needs its name or id")
    return read_coworker(state, asked), name


def find_plan(state: State, wanted: object) -> Record:
    """A plan by id or name."""
    found = state.store.get("tariffs", _number(wanted))
    if found is not None:
        return found
    plans = {str(one["Name"]): one for one in state.store.all("tariffs")}
    return plans[find_name(str(wanted).strip(), plans, "tariff")]


def read_day(state: State, wanted: object, business: object) -> str:
    """A date text: of YYYY-MM-DD at midnight UTC, of +DAYS from today at the location; nothing means today."""
    text = str(wanted or "+0").strip()
    days = _DAYS.fullmatch(text)
    if days:
        return f"{today(state, business).add(days=int(days[1])).format_iso()}T00:00:00Z"
    moment = read_moment(text)
    if moment is None or not _FIRST_DAY <= (written := write_second(moment)) < _LAST_DAY:
        raise SwitchError(f"{text!r} is no date; write YYYY-MM-DD, or +14 for in 14 days")
    return written


def _number(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _only(asked: Mapping[str, Any], known: Iterable[str]) -> None:
    names = tuple(known)
    for name in asked:
        if name not in names:
            find_name(name, names, "field")
            raise SwitchError(f"there is no field {name!r}. Allowed: {', '.join(names)}.")


def _text(asked: Mapping[str, Any], name: str) -> str:
    value = asked.get(name)
    text = "" if value is None else str(value).strip()
    if len(text) > _LONGEST_NAME:
        raise SwitchError(f"{name} is longer than {_LONGEST_NAME} characters")
    return text


def _object(asked: Mapping[str, Any], name: str) -> Record:
    value = asked.get(name) or {}
    if not isinstance(value, dict):
        raise SwitchError(f"{name} has to be an object")
    return value
