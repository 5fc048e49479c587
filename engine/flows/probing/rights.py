"""Which roles the lists in use need, and which of them the login has.

A List or Read role is tried by one read. Create, Edit and Delete are tried by calls that cannot do
anything, and never by a read-only probe:

- Create: a POST with no field at all. Four fields are required (api.md 2.2), so there is nothing to make.
- Edit: a PUT that has only the Id of a task that does not exist. It could change nothing, and it lacks
  the required fields too.
- Delete: a DELETE of that same id. It is sent only after Nexudus has said that there is no such task.

Real ids are about 1.4e9, so id 1 is nobody's; that is checked all the same, before it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from engine.core.organisation import Organisation
from engine.core.prepared import Prepared
from engine.flows.visits import PAID_FACTS, VISIT_FACTS, days_named
from engine.nexudus.answers import Done, Settled
from engine.nexudus.calls import Entity, read_batch, read_one, read_some
from engine.nexudus.client import NexudusClient
from engine.nexudus.errors import NexudusUnreachable, RequestRefused, RoleMissing

NOBODYS_ID: Final = 1

ALWAYS: Final = (
    *("Coworker-Read", "CoworkerContract-List", "CoworkerContract-Read", "User-List"),
    *("CoworkerTask-Create", "CoworkerTask-List", "CoworkerTask-Read"),
)
WRITES: Final = ("CoworkerTask-Create", "CoworkerTask-Delete")
"""Without one of these no task is made for a probe; Edit serves one question alone."""

SEEING: Final = ("CoworkerTask-List", "CoworkerTask-Read")
"""Without one of these a task of a probe could not be told from others."""

EDIT: Final = "CoworkerTask-Edit"

FOR_CHECKS: Final = (
    *("Business-Read", "Tariff-List", "TaskList-List", "TaskList-Read", "TaskItem-List"),
    *("CrmBoardColumn-List", "WebHook-List"),
)
"""Reads that only `probe` itself makes: without them it tells less, and lists work all the same."""

_OF_THE_FILES: Final = frozenset({"key", "vars", "time_zone", "language", "id"})
"""Facts of a location that organisation.yaml knows by itself."""

_ENTITIES: Final = {entity.label: entity for entity in Entity}
_HELD, _REFUSED = frozenset({200, 400, 404, 500}), frozenset({401, 403})
"""Statuses of an answer from behind the door (500 is how some accounts speak of an unknown id), and from before it."""


def needed_roles(lists: Iterable[Prepared], organisation: Organisation) -> tuple[str, ...]:
    """Return the roles that running these lists at these locations needs, sorted: the least set."""
    found = set(ALWAYS)
    if any(place.time_zone is None for place in organisation.locations.values()):
        found.add("Business-Read")
    for prepared in lists:
        paths = prepared.facts_named()
        if any(path[0] == "location" and path[1] not in _OF_THE_FILES for path in paths if len(path) > 1):
            found.add("Business-Read")
        if ("contract", "desks") in {path[:2] for path in paths}:
            found.add("FloorPlanDesk-List")
        days = days_named(prepared)
        if days & VISIT_FACTS:
            found.add("Checkin-List")
        if days & PAID_FACTS:
            found.add("CoworkerInvoice-List")
        if any(path[0] == "team" for path in paths) or "team" in {item.once_per for item in prepared.items}:
            found |= {"Team-Read", "Coworker-List"}
    return tuple(sorted(found))


@dataclass
class Rights:
    """Role -> whether the login has it; a role that is in neither set was not told."""

    held: set[str] = field(default_factory=set)
    missing: dict[str, int] = field(default_factory=dict)
    """Role -> the status that refused it."""

    def has(self, role: str) -> bool:
        return role in self.held

    def lacks(self, role: str) -> bool:
        return role in self.missing


class Door:
    """Tries roles, each once."""

    def __init__(self, client: NexudusClient, *, coworker_id: int, business_id: int) -> None:
        self._client = client
        self._known_ids = {Entity.COWORKER: coworker_id, Entity.BUSINESS: business_id}
        self.rights = Rights()

    def try_reads(self, roles: Iterable[str]) -> None:
        """Try List and Read roles by one read each; the others are left alone."""
        for role in roles:
            label, _, action = role.partition("-")
            if action in {"List", "Read"} and role not in self.rights.held and role not in self.rights.missing:
                self._read(role, _ENTITIES[label], action)

    def _read(self, role: str, entity: Entity, action: str) -> None:
        number = self._known_ids.get(entity, NOBODYS_ID)
        call = read_one(entity, number) if action == "Read" else read_some(entity, {"page": "1", "size": "1"})
        try:
            self._client.look(call)
        except RoleMissing:
            self.rights.missing[role] = self._client.heard.status
        except (NexudusUnreachable, RequestRefused):
            if action == "Read" and self._client.heard.status == 500:
                self.rights.held.add(role)  # how some accounts answer for an unknown id: the door was open
        else:
            self.rights.held.add(role)

    def id_one_is_nobodys(self) -> bool:
        """Whether Nexudus says that there is no task 1: by 404, or by 500 and its absence from a batch."""
        task = Entity.COWORKER_TASK
        try:
            return self._client.look(read_one(task, NOBODYS_ID)) is None
        except RoleMissing:
            return False
        except NexudusUnreachable:
            if self._client.heard.status != 500:
                return False
        try:
            return self._client.look(read_batch(task, [NOBODYS_ID])) == []
        except (NexudusUnreachable, RoleMissing):
            return False

    def try_writes(self) -> None:
        """Try Create, Edit and Delete by calls that cannot do anything."""
        self._try(WRITES[0], self._create_nothing)
        if self.id_one_is_nobodys():
            self._try(EDIT, lambda: self._client.update_task({"Id": NOBODYS_ID}))
            self._try(WRITES[1], lambda: self._client.delete_task(NOBODYS_ID))

    def _create_nothing(self) -> Settled:
        answer = self._client.create_task(b"{}")
        if isinstance(answer, Done):  # against all that is known: whatever it made is not to stay
            self._client.delete_task(answer.task_id)
        return answer

    def _try(self, role: str, send: Callable[[], Settled]) -> None:
        before = self._client.heard
        send()
        heard = self._client.heard
        if heard is before:
            return  # no answer came at all
        if heard.status in _HELD:
            self.rights.held.add(role)
        elif heard.status in _REFUSED:
            self.rights.missing[role] = heard.status
