"""The life of a contract: made, started, given notice, ended, exchanged for another plan, each with its events.

A start or an end is a calendar date of the location; what lies ahead happens when the
sandbox's clock comes to it. Must never touch the dates of a contract that was put in by hand.
"""

from __future__ import annotations

import uuid
from typing import Any

from whenever import Date

from engine.sandbox.clock import read_moment
from engine.sandbox.entities import ENTITIES, empty_record
from engine.sandbox.native_lists import has_contract, is_ended, make_native_tasks
from engine.sandbox.state import State, refresh_membership
from engine.sandbox.store import Record
from engine.sandbox.telling import tell
from engine.sandbox.writing import stamp

_FIRST_ID = 1418985001  # behind the seeded ones
_MIDNIGHT = "T00:00:00Z"
_SYSTEM = "[System]"  # recorded as the author of the server's own changes


def today(state: State, business: object) -> Date:
    """The calendar date at a location now."""
    return state.clock.now().to_tz(state.zone_of(business)).date()


def has_come(state: State, text: object, business: object) -> bool:
    """Whether a start or an end has come: midnight UTC means that date at the location, else the moment counts."""
    moment = read_moment(str(text or ""))
    if moment is None:
        return False
    written = moment.format_iso(unit="second")
    if written.endswith(_MIDNIGHT):
        return Date.parse_iso(written[:10]) <= today(state, business)
    return moment <= state.clock.now()


def make_contract(state: State, coworker: Record, plan: Record, terms: Record) -> Record:
    """A new contract from `StartDate` on, perhaps at once; `terms` may name more, such as another IssuedById."""
    is_first = not has_contract(state, coworker["Id"])
    contract = _fresh(state, coworker, plan, terms["StartDate"]) | terms | {"_waits": True}
    contract["IssuedByName"] = (state.store.get("businesses", contract["IssuedById"]) or {}).get("Name")
    _put(state, contract)
    if is_first:
        make_native_tasks(state, state.store.get("coworkers", coworker["Id"]) or coworker, "new-member", contract)
    tell(state, "contract.created", contract)
    if has_come(state, contract["StartDate"], contract["IssuedById"]):
        contract = _start(state, contract)
    return contract


def cancel(state: State, contract: Record, on: str) -> Record:
    """Give notice for a date: the contract ends on it, at once if it has come."""
    was_ended = is_ended(contract)
    ending = contract | {"CancellationDate": on, "_ends": True}
    _put(state, ending)
    if not was_ended:
        _tell_native_lists(state, ending)
    if has_come(state, on, contract["IssuedById"]):
        return _end(state, ending)
    tell(state, "contract.updated", ending)
    return ending


def change_plan(state: State, contract: Record, plan: Record) -> Record:
    """Another plan from today on: the new plan is activated, the old one cancelled; S45.plan-change says how."""
    coworker = state.store.get("coworkers", contract["CoworkerId"]) or {"Id": contract["CoworkerId"]}
    day = f"{today(state, contract['IssuedById']).format_iso()}{_MIDNIGHT}"
    over = contract | {"Active": False, "Cancelled": True, "CancellationDate": day}
    if state.modes["S45.plan-change"] == "one-contract":
        new = contract | _plan_fields(plan)
        _put(state, new)
    else:
        kept = {key: contract[key] for key in ("IssuedById", "IssuedByName", "MainContract", "Quantity")}
        new = _fresh(state, coworker, plan, day) | kept | {"Active": True}
        _put(state, over)
        _put(state, new)
    tell(state, "contract.activated", new)
    tell(state, "contract.cancelled", over)
    tell(state, "contract.plan_changed", new)
    return new


def check_dates(state: State) -> None:
    """Start and end what the clock has come to."""
    for contract in state.store.all("coworkercontracts"):
        now = contract
        if now.get("_waits") and has_come(state, now["StartDate"], now["IssuedById"]):
            now = _start(state, now)
        if now.get("_ends") and has_come(state, now["CancellationDate"], now["IssuedById"]):
            _end(state, now)


def _start(state: State, contract: Record) -> Record:
    is_first = not any(_was_active(one) for one in _others(state, contract))
    started = contract | {"Active": True, "_waits": False}
    _put(state, started)
    tell(state, "contract.activated", started)
    if is_first:
        tell(state, "contract.first_activated", started)
    return started


def _end(state: State, contract: Record) -> Record:
    ended = contract | {"Active": False, "Cancelled": True, "_waits": False, "_ends": False}
    _put(state, ended)
    tell(state, "contract.cancelled", ended)
    return ended


def _others(state: State, contract: Record) -> list[Record]:
    """The other contracts of the person that count for what is a first activation."""
    return [
        one
        for one in state.store.all("coworkercontracts")
        if one["CoworkerId"] == contract["CoworkerId"]
        and one["Id"] != contract["Id"]
        and (state.modes["S45.first"] == "ever" or one["IssuedById"] == contract["IssuedById"])
    ]


def _was_active(contract: Record) -> bool:
    ended_early = str(contract["CancellationDate"] or "") <= str(contract["StartDate"] or "")
    return bool(contract["Active"] or (contract["Cancelled"] and not ended_early))


def _put(state: State, contract: Record) -> None:
    """Store it, and what follows from it for the person."""
    stamp(contract, state.stamp(), _SYSTEM)
    state.store.put("coworkercontracts", contract)
    refresh_membership(state.store, contract["CoworkerId"])


def _tell_native_lists(state: State, contract: Record) -> None:
    coworker = state.store.get("coworkers", contract["CoworkerId"])
    if coworker is not None:
        make_native_tasks(state, coworker, "cancellation", contract)


def _fresh(state: State, coworker: Record, plan: Record, start: str) -> Record:
    own = [one for one in state.store.all("coworkercontracts") if one["CoworkerId"] == coworker["Id"]]
    is_main = not any(one["MainContract"] and not one["Cancelled"] for one in own)
    term = Date.parse_iso(start[:10]).add(years=1).format_iso()
    made: dict[str, Any] = {
        "Id": state.next_id("coworkercontracts", _FIRST_ID),
        "UniqueId": str(uuid.uuid4()),
        "CreatedOn": state.stamp(),
        "CoworkerId": coworker["Id"],
        "CoworkerFullName": coworker.get("FullName"),
        "CoworkerEmail": coworker.get("Email"),
        "CoworkerCompanyName": coworker.get("CompanyName"),
        "CoworkerActive": coworker.get("Active", True),
        "CoworkerCoworkerType": "Company" if coworker.get("CoworkerType") == 2 else "Individual",
        "IssuedById": coworker.get("InvoicingBusinessId"),
        "StartDate": start,
        "RenewalDate": start,
        "InvoicedPeriod": start,
        "ContractTerm": f"{term}{_MIDNIGHT}",
        "BillingDay": int(start[8:10]),
        "MainContract": is_main,
        "Quantity": 1,
        "InPausedPeriod": False,
        "Desks": [],
        "Schedules": [],
        "Variants": [],
        "ToStringText": f"{coworker.get('FullName')} - {plan['Name']} {' (Main Contract)' if is_main else ''}",
    }
    return empty_record(ENTITIES["coworkercontracts"]) | made | _plan_fields(plan)


def _plan_fields(plan: Record) -> dict[str, Any]:
    price = plan.get("Price")
    return {
        **{"TariffId": plan["Id"], "TariffName": plan["Name"], "TariffPrice": price},
        **{"NextTariffId": plan["Id"], "NextTariffName": plan["Name"]},
        **{"TariffInvoiceEvery": 1, "TariffInvoiceEveryWeeks": 0, "TariffCurrencyCode": plan.get("CurrencyCode")},
        **dict.fromkeys(("Price", "Value", "UnitPrice", "TotalPrice"), price),
    }
