"""The far side of a simulation: Nexudus in memory, with a log of all commits.

It never helps: no de-duplication, partial rows, short pages, lists that lag. It must never commit or answer by
anything but what it is given, and never forget a commit.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import parse_qs

import httpx

BUSINESS, ANA, BEN = 1421021016, 1418332090, 1418332091
LOGIN = "api@acme.example"
TASKS = "/api/crm/coworkertasks"

_ROW = ("Id", "BusinessId", "CoworkerId", "Name", "Completed", "DueDate", "ResponsibleId", "CreatedOn", "UpdatedBy")

Json = dict[str, Any]


@dataclass(frozen=True)
class Manners:
    """How this far side behaves all along, as far as the vendor's own pages leave it open."""

    filters: bool = True
    unknown_is_500: bool = False
    whole_receipt: bool = True
    rows_a_page: int = 100
    skew: float = 0.0
    throttle: str = "409"

    @classmethod
    def drawn(cls, random: Random) -> Manners:
        return cls(
            filters=random.random() < 0.8,
            unknown_is_500=random.random() < 0.3,
            whole_receipt=random.random() < 0.7,
            rows_a_page=random.choice((2, 3, 100)),
            skew=random.uniform(-60, 60),
            throttle=random.choice(("409", "429 body", "429 header")),
        )


class FarSide:
    """The records, and the log of all commits in the order in which they happened."""

    def __init__(self, random: Random, manners: Manners, wall: Callable[[], str]) -> None:
        self.random = random
        self.manners = manners
        self.tasks: dict[int, Json] = {}
        self.commits: list[Json] = []
        self.coworkers: dict[int, Json] = {}
        self.contracts: dict[int, Json] = {}
        self._shown_from: dict[int, float] = {}
        self._wall = wall
        self._made = 0

    def add_member(self, coworker_id: int, name: str) -> None:
        """A member with one contract."""
        self.coworkers[coworker_id] = {
            "Id": coworker_id,
            "FullName": name,
            "Active": True,
            "InvoicingBusinessId": BUSINESS,
            "Teams": [],
            "RegistrationDate": "2026-11-10T09:00:00Z",
            "CreatedOn": "2026-11-10T09:00:00Z",
        }
        self.contracts[coworker_id + 1000] = {
            "Id": coworker_id + 1000,
            "CoworkerId": coworker_id,
            "IssuedById": BUSINESS,
            "Active": True,
            "Cancelled": False,
            "MainContract": True,
            "StartDate": "2027-03-01T00:00:00Z",
            "RenewalDate": "2027-04-01T00:00:00Z",
            "CancellationDate": None,
        }

    def make(self, fields: Json, *, at: float, lag: float = 0.0, by: str = "") -> Json:
        """Commit a new task, always another one, at a moment of fake time; `by` for other hands than the engine's."""
        self._made += 1
        number = 1416660000 + (self._made // 2) * 7 + (self._made % 2) * 5000
        created = self._wall()
        record = {"Completed": False, **fields, "Id": number, "CreatedOn": created, "UpdatedBy": by or LOGIN}
        self.tasks[number] = record
        self._shown_from[number] = at + lag
        self._log("create", record, by)
        return record

    def change(self, number: int, by: str, **fields: Any) -> None:
        """Staff edits a task."""
        self.tasks[number] = {**self.tasks[number], **fields, "UpdatedBy": by}
        self._log("update", self.tasks[number], by)

    def remove(self, number: int, by: str) -> None:
        """Staff deletes a task."""
        self._log("delete", self.tasks.pop(number), by)

    def page(self, now: float, query: dict[str, list[str]]) -> Json:
        """One page of the task list: partial rows, by Id."""
        wanted = query.get("CoworkerTask_Coworker")
        rows = [
            task
            for number, task in sorted(self.tasks.items())
            if self._shown_from[number] <= now
            and (not self.manners.filters or not wanted or str(task["CoworkerId"]) == wanted[0])
        ]
        size = min(int(query.get("size", ["25"])[0]), self.manners.rows_a_page)
        page = int(query.get("page", ["1"])[0])
        shown = [{name: task.get(name) for name in _ROW} for task in rows[(page - 1) * size : page * size]]
        pages = max(1, -(-len(rows) // size))
        return {
            "Records": shown,
            "CurrentPage": page,
            "TotalItems": len(rows),
            "TotalPages": pages,
            "HasNextPage": page < pages,
        }

    def whole(self, number: int) -> Json | None:
        """A task as GET one shows it: without its TaskItemUniqueId, and without a name of its list."""
        task = self.tasks.get(number)
        return task and {**{k: v for k, v in task.items() if k != "TaskItemUniqueId"}, "TaskListName": ""}

    def answer(self, now: float, target: str, disturb: Callable[[Json], Json] = lambda page: page) -> Answer:
        """What a read is answered with. `disturb` may spoil a page of the task list."""
        path, _, query_text = target.partition("?")
        query = parse_qs(query_text)
        if path == "/api/token":
            return _TOKEN
        if path == TASKS:
            return as_json(disturb(self.page(now, query)))
        room, _, number = path.rpartition("/")
        if not number.isdigit():
            return as_json(_listed(list(self._rows(path, query))))
        records = {"/api/spaces/coworkers": self.coworkers, "/api/billing/coworkercontracts": self.contracts}
        found = self.whole(int(number)) if room == TASKS else records[room].get(int(number))
        if found is None:
            return OOOPS if self.manners.unknown_is_500 else as_json("Not found", 404)
        return as_json(found)

    def receipt(self, record: Json) -> Answer:
        """What a creation is answered with."""
        value = record if self.manners.whole_receipt else {"Id": record["Id"]}
        value = {name: told for name, told in value.items() if name != "TaskItemUniqueId"}
        return as_json({"Status": 200, "Value": value, "Errors": None, "WasSuccessful": True})

    def _rows(self, path: str, query: dict[str, list[str]]) -> Iterator[Json]:
        if path == "/api/billing/coworkercontracts":
            wanted = query.get("CoworkerContract_Coworker", [""])[0]
            yield from (row for row in self.contracts.values() if str(row["CoworkerId"]) == wanted)
        elif path == "/api/spaces/coworkers":
            wanted = query.get("Coworker_Id", [""])[0]
            yield from (row for row in self.coworkers.values() if str(row["Id"]) == wanted)
        else:
            assert path == "/api/sys/users", f"the engine asked for {path}"
            for number, name in ((ANA, "ana"), (BEN, "ben")):
                person = {"Id": number, "Email": f"{name}@acme.example", "FullName": name.title(), "IsAdmin": True}
                yield {**person, "Active": True, "DefaultBusinessId": BUSINESS}

    def _log(self, op: str, record: Json, by: str) -> None:
        line = {"at": self._wall(), "op": op, "id": record["Id"], "record": dict(record)}
        self.commits.append({**line, "by": by} if by else line)


@dataclass(frozen=True)
class Answer:
    """What the exchange needs of a response; a body may break off."""

    status_code: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "application/json"})
    breaks: bool = False

    def iter_raw(self) -> Iterator[bytes]:
        yield self.body
        if self.breaks:
            raise httpx.RemoteProtocolError("cut")

    def close(self) -> None:
        """Nothing to close."""


def as_json(value: object, status: int = 200) -> Answer:
    return Answer(status, json.dumps(value, ensure_ascii=False).encode())


OOOPS = as_json({"Message": "Ooops! Something went wrong.", "WasSuccessful": False}, 500)
_TOKEN = as_json({"access_token": "simulated", "token_type": "bearer", "expires_in": 604799})


def _listed(rows: list[Json]) -> Json:
    return {"Records": rows, "CurrentPage": 1, "TotalItems": len(rows), "TotalPages": 1, "HasNextPage": False}
