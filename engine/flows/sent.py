"""What was sent for an open intent, as a wanted task: what is looked for is what went out, not what the list says now.

It must never be planned from: a task that has to be made again is made as the list says now.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from whenever import Instant

from engine.core.identity import without_mark
from engine.core.wanted import Expansion, Wanted
from engine.core.wire_dates import parse_moment
from engine.ledger.values import OpenIntent
from engine.ledger.view import LedgerView


def sent_tasks(memory: LedgerView | None, coworker_id: int) -> dict[UUID, Wanted]:
    """Return identity -> what its open intent asked for."""
    intents = memory.open_intents(coworker_id) if memory else ()
    return {intent.identity: wanted_of(coworker_id, intent) for intent in intents}


def as_sent(expansion: Expansion, sent: Mapping[UUID, Wanted]) -> Expansion:
    """Return an expansion whose tasks with an open request are as that request had them."""
    return replace(expansion, wanted=tuple(sent.get(task.identity, task) for task in expansion.wanted))


def wanted_of(coworker_id: int, intent: OpenIntent) -> Wanted:
    """Return the task that an intent asked for, read from the payload that went out."""
    sent = json.loads(intent.payload)
    return Wanted(
        item=intent.item,
        key=intent.key,
        identity=intent.identity,
        alternatives=(),
        business_id=int(sent["BusinessId"]),
        coworker_id=coworker_id,
        name=str(sent["Name"]),
        notes=without_mark(str(sent["Notes"]), intent.identity),
        responsible_id=int(sent["ResponsibleId"]),
        responsible_name="",
        due_at=_due_of(sent["DueDate"]),
        late="keep",  # what was sent is what is looked for
        notify_by_email=bool(sent["NotifyByEmail"]),
        display_to_everyone=bool(sent["DisplayToEveryone"]),
    )


def _due_of(text: object) -> Instant | None:
    return None if text is None else parse_moment(str(text))
