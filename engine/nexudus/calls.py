"""Every call that we make, as a value: method, path, query, body, and the role that it needs. Pure.

It must never know a host, a token or a clock, and must never change the bytes of a task's payload.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from urllib.parse import quote, urlencode

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"

PAGE_SIZE = 100
"""Rows a page: the service allows more, yet no source agrees on how many (api.md 2.5)."""


class Entity(Enum):
    """A kind of record: its name as roles spell it, and its path."""

    COWORKER_TASK = ("CoworkerTask", "/api/crm/coworkertasks")
    COWORKER = ("Coworker", "/api/spaces/coworkers")
    CONTRACT = ("CoworkerContract", "/api/billing/coworkercontracts")
    BUSINESS = ("Business", "/api/sys/businesses")
    TIME_ZONE = ("SimpleTimeZone", "/api/sys/simpletimezones")
    USER = ("User", "/api/sys/users")
    TEAM = ("Team", "/api/spaces/teams")
    DESK = ("FloorPlanDesk", "/api/sys/floorplandesks")
    TARIFF = ("Tariff", "/api/billing/tariffs")
    NATIVE_TASK_LIST = ("TaskList", "/api/crm/tasklists")
    NATIVE_TASK_ITEM = ("TaskItem", "/api/crm/taskitems")
    CRM_STAGE = ("CrmBoardColumn", "/api/crm/crmboardcolumns")
    COWORKER_PRODUCT = ("CoworkerProduct", "/api/billing/coworkerproducts")
    COWORKER_INVOICE = ("CoworkerInvoice", "/api/billing/coworkerinvoices")
    CHECKIN = ("Checkin", "/api/spaces/checkins")
    WEBHOOK = ("WebHook", "/api/sys/webhooks")

    def __init__(self, label: str, path: str) -> None:
        self.label = label
        self.path = path

    def role(self, action: str) -> str:
        """The right that an action on this kind needs, such as `CoworkerTask-List`."""
        return f"{self.label}-{action}"


@dataclass(frozen=True)
class Call:
    """One request, less host and login. `role` is what the login needs for it; empty means none."""

    method: str
    path: str
    role: str
    content_type: str = ""
    body: bytes = b""

    def __str__(self) -> str:
        # Less the query, which may hold an e-mail.
        return f"{self.method} {self.path.partition('?')[0]}"

    def __repr__(self) -> str:
        # Less the body too, which may hold a password or a member's data.
        return f"Call({self})"


def token_call(username: str, password: str) -> Call:
    """The password grant. Form-encoded: a JSON body is answered with unsupported_grant_type (api.md 1)."""
    form = urlencode({"grant_type": "password", "username": username, "password": password})
    return Call("POST", "/api/token", "", FORM, form.encode())


def who_am_i() -> Call:
    """The login's own user, by the only address that needs no role."""
    return Call("GET", "/en/user/me", "")


def read_one(entity: Entity, record_id: int) -> Call:
    """One whole record."""
    return Call("GET", f"{entity.path}/{record_id}", entity.role("Read"))


def read_page(entity: Entity, filters: Mapping[str, str], page: int, *, size: int = PAGE_SIZE) -> Call:
    """One page of a list, pages counted from 1.

    `orderBy=Id` because the default order of tasks is not total: with equal due dates rows repeat
    on two pages and others are missed. `dir` is left out; its spellings contradict each other.
    """
    query = {**filters, "orderBy": "Id", "page": str(page), "size": str(size)}
    return Call("GET", f"{entity.path}?{_query(query)}", entity.role("List"))


def read_batch(entity: Entity, ids: Iterable[int]) -> Call:
    """Several records by id; the answer is a bare array of rows that may be partial."""
    wanted = "[" + ",".join(str(each) for each in ids) + "]"
    return Call("GET", f"{entity.path}?{_query({'id': wanted})}", entity.role("List"))


def read_some(entity: Entity, query: Mapping[str, str]) -> Call:
    """A list asked for in just these words, to learn what the service makes of them."""
    return Call("GET", f"{entity.path}?{_query(query)}", entity.role("List"))


def create_task(body: bytes) -> Call:
    """A creation that carries exactly these bytes: what was shown in the preview is what goes out."""
    task = Entity.COWORKER_TASK
    return Call("POST", task.path, task.role("Create"), JSON, body)


def update_task(record: Mapping[str, object]) -> Call:
    """A full replacement; the Id stands in the body, not in the address (api.md 2.1)."""
    task = Entity.COWORKER_TASK
    return Call("PUT", task.path, task.role("Edit"), JSON, _json(record))


def delete_task(task_id: int) -> Call:
    """The removal of one task."""
    task = Entity.COWORKER_TASK
    return Call("DELETE", f"{task.path}/{task_id}", task.role("Delete"))


def create_webhook(fields: Mapping[str, object]) -> Call:
    """A new webhook: BusinessId, Name, Action and URL are required (webhooks.md 1)."""
    hook = Entity.WEBHOOK
    return Call("POST", hook.path, hook.role("Create"), JSON, _json(fields))


def update_webhook(record: Mapping[str, object]) -> Call:
    """A full replacement of a webhook, made with `webhook_replacement`."""
    hook = Entity.WEBHOOK
    return Call("PUT", hook.path, hook.role("Edit"), JSON, _json(record))


def delete_webhook(hook_id: int) -> Call:
    """The removal of one webhook."""
    hook = Entity.WEBHOOK
    return Call("DELETE", f"{hook.path}/{hook_id}", hook.role("Delete"))


# Documented for POST and PUT (api.md 2.2). SystemId and CustomFields are kept in an update because
# leaving them out may clear them, and with them a mark of someone else's.
WRITABLE = (
    *("Id", "BusinessId", "CoworkerId", "Name", "ResponsibleId", "Notes", "Completed"),
    *("DueDate", "DueDateLocal", "Reminded", "NotifyByEmail", "DisplayToEveryone"),
    *("TaskListName", "TaskItemUniqueId", "SystemId", "CustomFields"),
)


def replacement(record: Mapping[str, object], changes: Mapping[str, object]) -> dict[str, object]:
    """The body of an update: a record read one by one, less what the server makes, with `changes`.

    An update replaces the whole record, so it is never built from a list row, which is partial.
    DueDateLocal is dropped where DueDate changes: which of the two wins is unknown.
    """
    body = {name: record[name] for name in WRITABLE if name in record}
    if "DueDate" in changes:
        body.pop("DueDateLocal", None)
    return {**body, **changes}


_WRITABLE_OF_A_WEBHOOK = (
    *("Id", "BusinessId", "Name", "Description", "Action", "URL", "Active"),
    *("SystemId", "CustomFields"),
)


def webhook_replacement(record: Mapping[str, object], changes: Mapping[str, object]) -> dict[str, object]:
    """The body of a webhook's update: the record read one by one, for list rows leave out its Description."""
    return {name: record[name] for name in _WRITABLE_OF_A_WEBHOOK if name in record} | dict(changes)


def _query(parts: Mapping[str, str]) -> str:
    return urlencode(parts, quote_via=quote)


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
