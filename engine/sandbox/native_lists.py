"""What Nexudus does on its own with its native task lists: a trigger makes one task for each item.

Must never look at what a client made: the tasks come beside it, whatever is there already.
"""

from __future__ import annotations

from whenever import TimeDelta

from engine.sandbox.clock import to_local, write_second
from engine.sandbox.state import State
from engine.sandbox.store import Record
from engine.sandbox.writing import fill_names, fresh_task, stamp

#: what happened to a person, and the field by which a native list asks for it
TRIGGERS = {
    "new-contact": "AssignToNewContacts",
    "new-member": "AssignToNewMembers",
    "cancellation": "AssignToCancellations",
}
_SYSTEM = "[System]"  # recorded as the author of the server's own changes


def has_contract(state: State, coworker: object) -> bool:
    """Whether a person has a contract that runs or is to come."""
    return any(one["CoworkerId"] == coworker and not one["Cancelled"] for one in state.store.all("coworkercontracts"))


def is_ended(contract: Record) -> bool:
    """Whether notice was given."""
    return bool(contract["Cancelled"] or contract["CancellationDate"])


def make_native_tasks(state: State, coworker: Record, trigger: str, contract: Record | None = None) -> list[Record]:
    """The tasks that the active lists of the location make for `trigger`, one of TRIGGERS; none when S44 is inert.

    Without a contract the newest one that fits the trigger counts; a new contact has none. The
    location is that of the contract, else the person's own. The exact moment at which Nexudus
    does this is not documented; here it is at once.
    """
    if state.modes["S44"] == "inert":
        return []
    contract = contract or _newest_contract(state, coworker["Id"], trigger)
    business = contract["IssuedById"] if contract else coworker["InvoicingBusinessId"]
    made = []
    for native in state.store.all("tasklists"):
        if native["Active"] and native[TRIGGERS[trigger]] and native["BusinessId"] == business:
            plans = native["Tariffs"] or []
            if not plans or (contract is not None and contract["TariffId"] in plans):
                made += [_make_task(state, coworker, native, item) for item in _items(state, native)]
    return made


def _newest_contract(state: State, coworker: int, trigger: str) -> Record | None:
    if trigger == "new-contact":
        return None
    own = [one for one in state.store.all("coworkercontracts") if one["CoworkerId"] == coworker]
    fitting = [one for one in own if is_ended(one) == (trigger == "cancellation")] or own
    return max(fitting, key=lambda one: (str(one["StartDate"]), one["Id"]), default=None)


def _items(state: State, native: Record) -> list[Record]:
    return [one for one in state.store.all("taskitems") if one["TaskListId"] == native["Id"] and one["Active"]]


def _make_task(state: State, coworker: Record, native: Record, item: Record) -> Record:
    """One task, in the commit log like any other; `_by` tells an auditor that no client asked for it."""
    now = state.clock.now()
    due = now + TimeDelta(hours=item["DelayInHours"])
    stamped = state.stamp()
    record = fresh_task(state, stamped) | {
        "BusinessId": native["BusinessId"],
        "CoworkerId": coworker["Id"],
        "ResponsibleId": item["ResponsibleId"],
        "Name": item["Name"],
        "NotifyByEmail": bool(item["NotifyByEmail"]),
        "DisplayToEveryone": bool(item["DisplayToEveryone"]),
        "TaskListName": native["Name"],
        "TaskItemUniqueId": item["UniqueId"],
        "DueDate": write_second(due),
        "DueDateLocal": to_local(due, state.zone_of(native["BusinessId"])),
        "_by": "native",
    }
    fill_names(state, record)
    stamp(record, stamped, _SYSTEM)
    state.store.commit("create", record, write_second(now))
    return record
