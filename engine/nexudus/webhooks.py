"""The webhooks that Nexudus keeps (webhooks.md 1): all of them read, one made, changed or removed.

It must never send an update made of a list row, which leaves the Description out, and never show an address
or an error as it came: both may hold the secret part of a path.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from whenever import Instant

from engine.core.wire_dates import parse_moment
from engine.nexudus import calls
from engine.nexudus.answers import Ambiguous, Defer, Fatal, Record, Sent, Settled
from engine.nexudus.calls import Entity
from engine.nexudus.conversation import Conversation
from engine.nexudus.errors import IncompleteList
from engine.nexudus.records import Records
from engine.nexudus.refusal import first_words
from engine.nexudus.rows import Listing
from engine.nexudus.wire import is_id, usable_id

_ADDRESS: Final = re.compile(r"\S*[/\\@]\S*")
"""Addresses and paths, whole or in part, and e-mails."""

_TOKEN: Final = re.compile(r"(?=[\w~-]*\d)[\w~-]{20,}")
"""What could be the secret part of a path by itself."""


@dataclass(frozen=True)
class Hook:
    """A webhook as Nexudus has it. `action` is its eWebhookAction number; `error_count` 0 where none is told."""

    id: int
    business_id: int
    name: str
    action: int
    url: str = field(repr=False)
    active: bool
    error_count: int = 0
    last_error: str = ""
    """In few words, addresses left out."""
    last_trigger: Instant | None = None
    """When it last fired (UTC); None if it never did, or Nexudus does not say."""


class Rows(Protocol):
    """What a list is read from: a NexudusReader, or what stands behind it."""

    def listing(self, entity: Entity) -> Listing[Record]: ...
    def record(self, entity: Entity, record_id: int) -> Record | None: ...


def read_hooks(source: Rows) -> tuple[Hook, ...]:
    """Every webhook that the login sees, by id. A row that lacks what we decide on is read one by one.

    Raises:
        RoleMissing: WebHook-List; WebHook-Read only where a row is partial.
        IncompleteList: what is missing from it is not known to be absent.
    """
    listed = source.listing(Entity.WEBHOOK)
    if not listed.complete:
        raise IncompleteList("webhooks", listed.why_incomplete)
    found = (read_hook(row) or _reread(source, usable_id(row) or 0) for row in listed.rows)
    return tuple(hook for hook in found if hook is not None)


def _reread(source: Rows, hook_id: int) -> Hook | None:
    record = source.record(Entity.WEBHOOK, hook_id)
    return None if record is None else read_hook(record)


class Webhooks:
    """All webhooks that the login sees. Needs the roles WebHook-List and, for what it changes, the one named there."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._records = Records(conversation)

    def all(self) -> tuple[Hook, ...]:
        """Every webhook, by id, of all locations; errors as `read_hooks`."""
        return read_hooks(self._records)

    def one(self, hook_id: int) -> Hook | None:
        """One webhook; None if there is none. Role WebHook-Read."""
        return _reread(self._records, hook_id)

    def create(self, fields: Mapping[str, object]) -> Settled:
        """Make one; after Ambiguous it may be there, so look before sending it again. Role WebHook-Create."""
        call = calls.create_webhook(fields)
        return self._conversation.write(call, Sent("create", call.role, fields))

    def update(self, hook_id: int, changes: Mapping[str, object]) -> Settled:
        """Change fields and keep all others, Description too. Roles WebHook-Read and WebHook-Edit."""
        record = self._records.record(Entity.WEBHOOK, hook_id)
        if record is None:
            return Fatal("the webhook is gone")
        body = calls.webhook_replacement(record, changes)
        call = calls.update_webhook(body)
        return self._conversation.write(call, Sent("update", call.role, body))

    def remove(self, hook_id: int) -> Settled:
        """Remove one; one that is already gone is Done. Role WebHook-Delete."""
        call = calls.delete_webhook(hook_id)
        return self._conversation.write(call, Sent("delete", call.role, {"Id": hook_id}))


def read_hook(record: Record) -> Hook | None:
    """A webhook from a record or a row; None where it lacks what we decide on. Moments are UTC."""
    hook_id, business_id, action = usable_id(record), record.get("BusinessId"), record.get("Action")
    url, active, count = record.get("URL"), record.get("Active"), record.get("ErrorCount")
    if hook_id is None or not isinstance(url, str) or not isinstance(active, bool):
        return None
    if not (isinstance(business_id, int) and is_id(business_id) and isinstance(action, int)):
        return None
    return Hook(
        id=hook_id,
        business_id=business_id,
        name=_ADDRESS.sub("[...]", first_words(record.get("Name"))),
        action=action,
        url=url,
        active=active,
        error_count=count if isinstance(count, int) and not isinstance(count, bool) else 0,
        last_error=error_told(record.get("LastError")),
        last_trigger=parse_moment(record.get("LastTrigger")),
    )


def error_told(text: object) -> str:
    """A LastError as it may be shown: one line, whatever could be an address or a secret left out."""
    return _TOKEN.sub("[...]", _ADDRESS.sub("[...]", first_words(text)))


def why_not(answer: Defer | Fatal | Ambiguous) -> str:
    """Why a write was not done, or may not have been, as it may be shown."""
    if isinstance(answer, Fatal):
        return error_told(f"the login has no role {answer.role}" if answer.role else str(answer))
    return error_told(answer.reason)
