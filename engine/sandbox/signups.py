"""People who sign up: a person, perhaps with a portal user, a team and a contract, and the events of all that.

Must never look whether somebody of that name or address is there: the service does not either.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from engine.sandbox.contracts import make_contract
from engine.sandbox.entities import ENTITIES, empty_record
from engine.sandbox.native_lists import make_native_tasks
from engine.sandbox.state import State, refresh_membership
from engine.sandbox.store import Record
from engine.sandbox.telling import tell
from engine.sandbox.writing import stamp

_FIRST_PERSON, _FIRST_USER, _FIRST_TEAM = 1423850001, 1418340001, 1416050001  # behind the seeded ones
_SYSTEM = "[System]"


@dataclass(frozen=True)
class SignUp:
    """`start` is a date text for the contract on `plan`; `fields` and `contract` differ from what is usual."""

    name: str
    business: Record
    email: str = ""
    plan: Record | None = None
    start: str = ""
    team: str = ""
    has_user: bool = False
    fields: Record = field(default_factory=dict)
    contract: Record = field(default_factory=dict)


def sign_up(state: State, wish: SignUp) -> dict[str, int | None]:
    """Do it, at once; the ids of what was made, null for what was not asked for."""
    coworker = _make_coworker(state, wish)
    made: dict[str, int | None] = {"coworker_id": coworker["Id"], "user_id": None, "team_id": None, "contract_id": None}
    tell(state, "coworker.created", coworker)
    make_native_tasks(state, coworker, "new-contact")
    if wish.has_user:
        coworker = _make_user(state, coworker)
        made["user_id"] = coworker["UserId"]
        tell(state, "welcome_email.sent", coworker)
    if wish.team:
        made["team_id"] = join_team(state, coworker, wish.team)["Id"]
        coworker = state.store.get("coworkers", coworker["Id"]) or coworker
    if wish.plan is not None:
        terms = {"StartDate": wish.start} | wish.contract
        made["contract_id"] = make_contract(state, coworker, wish.plan, terms)["Id"]
    return made


def join_team(state: State, coworker: Record, name: str) -> Record:
    """Put a person into the team of that name or id; one that is not there is made, and the person pays for it."""
    old = next((one for one in state.store.all("teams") if name.strip() in {str(one["Id"]), str(one["Name"])}), None)
    team = old or _fresh_team(state, coworker, name.strip())
    members = [*(team["TeamMembers"] or []), coworker["Id"]]
    team = team | {"TeamMembers": list(dict.fromkeys(members))}
    stamp(team, state.stamp(), _SYSTEM)
    state.store.put("teams", team)
    _join(state, coworker, team)
    tell(state, "team.updated" if old else "team.created", team)
    return team


def _join(state: State, coworker: Record, team: Record) -> None:
    teams = list(dict.fromkeys([*(coworker.get("Teams") or []), team["Id"]]))
    named = [str((state.store.get("teams", one) or {}).get("Name")) for one in teams]
    joined = {
        "Teams": teams,
        "TeamId": teams[0],
        "TeamName": named[0],
        "TeamIds": ",".join(map(str, teams)),
        "TeamNames": ", ".join(named),
    }
    record = coworker | joined
    stamp(record, state.stamp(), _SYSTEM)
    state.store.put("coworkers", record)


def _fresh_team(state: State, coworker: Record, name: str) -> Record:
    made = {
        "Id": state.next_id("teams", _FIRST_TEAM),
        "UniqueId": str(uuid.uuid4()),
        "CreatedOn": state.stamp(),
        "Name": name,
        "ToStringText": name,
        "BusinessId": coworker["InvoicingBusinessId"],
        "BusinessName": coworker["InvoicingBusinessName"],
        "TeamMembers": [],
        "TeamAdministrators": [coworker["Id"]],
        "PayingMemberId": coworker["Id"],
        "PayingMemberFullName": coworker["FullName"],
        "ActiveContracts": 0,
    }
    return empty_record(ENTITIES["teams"]) | made


def _make_coworker(state: State, wish: SignUp) -> Record:
    identifier, now = state.next_id("coworkers", _FIRST_PERSON), state.stamp()
    email = wish.email or f"member-{identifier}@people.example"
    first, _, last = wish.name.partition(" ")
    made: dict[str, Any] = {
        "Id": identifier,
        "UniqueId": str(uuid.uuid4()),
        "CreatedOn": now,
        "RegistrationDate": now,
        "FullName": wish.name,
        "GuessedFirstName": first,
        "GuessedLastName": last,
        "Salutation": first,
        "Email": email,
        "ToStringText": f"{wish.name} - {email}",
        "ShortDescription": f"{wish.name} ({identifier})",
        "CoworkerType": 1,
        "Active": True,
        "AccessPincode": f"{state.random.randint(10000, 99999)}",
        **_home(wish.business),
        **dict.fromkeys(("Teams", "Desks", "Variants"), []),
    }
    record = empty_record(ENTITIES["coworkers"]) | made | wish.fields | {"Id": identifier}
    stamp(record, now, _SYSTEM)
    state.store.put("coworkers", record)
    refresh_membership(state.store, identifier)
    return state.store.get("coworkers", identifier) or record


def _home(business: Record) -> Record:
    return {
        "Businesses": [business["Id"]],
        "BusinessNames": business.get("Name"),
        "InvoicingBusinessId": business["Id"],
        "InvoicingBusinessName": business.get("Name"),
        "CountryId": business.get("CountryId"),
        "SimpleTimeZoneId": business.get("SimpleTimeZoneId"),
    }


def _make_user(state: State, coworker: Record) -> Record:
    """A login to the members' portal, without any right here; the person as it is then."""
    identifier, now = state.next_id("users", _FIRST_USER), state.stamp()
    user = empty_record(ENTITIES["users"]) | {
        "Id": identifier,
        "UniqueId": str(uuid.uuid4()),
        "CreatedOn": now,
        "FullName": coworker["FullName"],
        "ToStringText": coworker["FullName"],
        "Email": coworker["Email"],
        "Active": True,
        "IsAdmin": False,
        "DefaultBusinessId": coworker["InvoicingBusinessId"],
        "Businesses": [coworker["InvoicingBusinessId"]],
        "UserRoles": [],
        "_portal_member": True,
    }
    stamp(user, now, _SYSTEM)
    state.store.put("users", user)
    record = coworker | {"UserId": identifier, "UserFullName": coworker["FullName"], "UserActive": True}
    state.store.put("coworkers", record)
    return record
