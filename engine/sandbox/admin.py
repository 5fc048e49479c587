"""The calls under /_sandbox: for tests and for looking. No login: the sandbox holds nothing real.

Must never be counted as a request of the client.
"""

from __future__ import annotations

import uuid
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from engine.sandbox.admin_people import people_routes
from engine.sandbox.asking import AdminError, read_object, refused
from engine.sandbox.contracts import check_dates
from engine.sandbox.entities import ENTITIES, Entity, empty_record
from engine.sandbox.modes import SwitchError, find_name
from engine.sandbox.native_lists import TRIGGERS, has_contract, is_ended, make_native_tasks
from engine.sandbox.state import State, refresh_membership
from engine.sandbox.store import Record
from engine.sandbox.wires import Wires

_LONGEST_WAIT = 25.0  # seconds; below the time-outs that clients of the admin calls have


def admin_routes(state: State, wires: Wires) -> list[Route]:
    """All routes under /_sandbox."""
    admin = Admin(state, wires)
    return [
        Route("/_sandbox/requests", admin.requests, methods=["GET", "DELETE"]),
        Route("/_sandbox/commits", admin.commits, methods=["GET"]),
        Route("/_sandbox/counts", admin.counts, methods=["GET", "DELETE"]),
        Route("/_sandbox/modes", admin.modes, methods=["GET", "POST", "DELETE"]),
        Route("/_sandbox/faults", admin.faults, methods=["GET", "POST", "DELETE"]),
        Route("/_sandbox/clock", admin.clock, methods=["GET", "POST"]),
        Route("/_sandbox/native", admin.native, methods=["POST"]),
        *people_routes(state),
        Route("/_sandbox/records/{entity}", admin.records, methods=["GET", "DELETE"]),
        Route("/_sandbox/records/{entity}/{id:int}", admin.record, methods=["GET", "PUT", "DELETE"]),
    ]


_BY_HAND = {"StartDate", "CancellationDate", "Active", "Cancelled"}


class Admin:
    """One method for each path."""

    def __init__(self, state: State, wires: Wires) -> None:
        self._state = state
        self._wires = wires

    async def requests(self, request: Request) -> Response:
        """What clients asked, in order; DELETE forgets it."""
        if request.method == "DELETE":
            self._state.requests.clear()
        return JSONResponse(list(self._state.requests))

    async def commits(self, request: Request) -> Response:
        """The commit log. `after=N` leaves out the first N lines, `wait=SECONDS` waits for one behind them.

        The waiting call hears of a commit as soon as it is done: before the answer, where a hold holds that back.
        """
        try:
            after = max(int(request.query_params.get("after", "0")), 0)
            wait = min(float(request.query_params.get("wait", "0")), _LONGEST_WAIT)
        except ValueError:
            return refused("commits take after=NUMBER and wait=SECONDS")
        if wait > 0:
            await self._state.store.wait_for_commit(after, wait)
        return JSONResponse(self._state.store.commits(after))

    async def counts(self, request: Request) -> Response:
        """Calls, writes, throttle answers, commits and faults by name since the last DELETE."""
        if request.method == "DELETE":
            self._state.clear_counts()
        return JSONResponse(self._state.read_counts())

    async def modes(self, request: Request) -> Response:
        """POST changes some, DELETE brings the defaults back and forgets the pace; the answer is all of them."""
        if request.method == "DELETE":
            self._state.throttle.forget()
        return await self._switch(request, self._state.modes.change, self._state.modes.reset)

    async def faults(self, request: Request) -> Response:
        """POST sets some, DELETE clears all and begins the seed anew; the answer is what is on.

        A count of `refuse` begins at once, so that the next connection is refused.
        """
        answer = await self._switch(request, self._state.faults.change, self._state.faults.clear)
        if request.method == "POST" and answer.status_code == 200 and "refuse" in await _read_names(request):
            await self._refuse()
        return answer

    async def _refuse(self) -> None:
        if self._state.faults.begin_refusing():
            await self._wires.refuse(self._state.modes.decimal("S51.refuse-seconds"))

    async def clock(self, request: Request) -> Response:
        """POST {"offset_seconds": n} moves the clock against real time; what it comes to happens before the answer."""
        if request.method == "POST":
            try:
                self._state.clock.offset_seconds = float((await read_object(request))["offset_seconds"])
            except (KeyError, TypeError, ValueError):
                return refused('a clock needs {"offset_seconds": number}')
            check_dates(self._state)
        return JSONResponse({"offset_seconds": self._state.clock.offset_seconds})

    async def native(self, request: Request) -> Response:
        """POST {"coworker_id", "trigger"} lets the native lists make their tasks; the answer is the tasks."""
        try:
            asked = await read_object(request)
            trigger = find_name(str(asked.get("trigger")), TRIGGERS, "trigger")
        except (AdminError, SwitchError) as error:
            return refused(str(error))
        coworker = self._state.store.get("coworkers", asked.get("coworker_id"))
        if coworker is None:
            return refused(f"there is no coworker {asked.get('coworker_id')!r}", 404)
        return JSONResponse(make_native_tasks(self._state, coworker, trigger))

    async def records(self, request: Request) -> Response:
        """All records of an entity as they are stored; DELETE removes them all."""
        entity = ENTITIES.get(request.path_params["entity"].lower())
        if entity is None:
            return refused(f"there is no entity {request.path_params['entity']!r}", 404)
        found = self._state.store.all(entity.name)
        for record in found if request.method == "DELETE" else ():
            self._state.store.remove(entity.name, record["Id"])
        return JSONResponse(found)

    async def record(self, request: Request) -> Response:
        """A record as it is stored; PUT merges fields into it or makes it, unchecked; DELETE removes it."""
        entity = ENTITIES.get(request.path_params["entity"].lower())
        identifier = request.path_params["id"]
        if entity is None:
            return refused(f"there is no entity {request.path_params['entity']!r}", 404)
        try:
            if request.method == "PUT":
                return JSONResponse(self._put(entity, identifier, await read_object(request)))
        except AdminError as error:
            return refused(str(error))
        record = self._state.store.get(entity.name, identifier)
        if record is None:
            return refused(f"there is no {entity.name} {identifier}", 404)
        if request.method == "DELETE":
            self._state.store.remove(entity.name, identifier)
        return JSONResponse(record)

    def _put(self, entity: Entity, identifier: int, fields: Record) -> Record:
        store = self._state.store
        old = store.get(entity.name, identifier)
        record = (old or self._fresh(entity)) | fields | {"Id": identifier}
        if "ToStringText" not in fields:
            record["ToStringText"] = record.get("Name") or record.get("FullName")
        if _BY_HAND & set(fields):
            # What somebody put in by hand stays as it is: no day that comes changes it, no old failure counts.
            record |= {key: False for key in ("_waits", "_ends", "_failures") if key in record}
        had_contract = has_contract(self._state, record.get("CoworkerId"))
        store.put(entity.name, record)
        if entity.name == "coworkercontracts":
            refresh_membership(store, record["CoworkerId"])
            self._tell_native_lists(old, record, had_contract=had_contract)
        elif entity.name == "coworkers" and old is None:
            make_native_tasks(self._state, record, "new-contact")
        return record

    def _tell_native_lists(self, old: Record | None, contract: Record, *, had_contract: bool) -> None:
        """A first contract makes a member; notice given on one that was there is a cancellation."""
        coworker = self._state.store.get("coworkers", contract["CoworkerId"])
        if coworker is None:
            return
        if not had_contract and not contract["Cancelled"]:
            make_native_tasks(self._state, coworker, "new-member", contract)
        if old is not None and is_ended(contract) and not is_ended(old):
            make_native_tasks(self._state, coworker, "cancellation", contract)

    def _fresh(self, entity: Entity) -> Record:
        now = self._state.stamp()
        stamps = {"UniqueId": str(uuid.uuid4()), "CreatedOn": now, "UpdatedOn": now, "UpdatedBy": "[System]"}
        return empty_record(entity) | stamps

    async def _switch(self, request: Request, change: Any, clear: Any) -> Response:
        try:
            if request.method == "POST":
                change(await read_object(request))
        except (AdminError, SwitchError) as error:
            return refused(str(error))
        if request.method == "DELETE":
            clear()
        switches = self._state.modes if request.url.path.endswith("/modes") else self._state.faults
        return JSONResponse(switches.as_dict())


async def _read_names(request: Request) -> set[str]:
    return {name.lower() for name in await read_object(request)}
