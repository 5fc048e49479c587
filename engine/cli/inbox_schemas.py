"""What `tasklists inbox` prints as JSON, as JSON Schemas. Data only."""

from __future__ import annotations

from engine.cli.schema_parts import (
    INT,
    INT_OR_NULL,
    MOMENT,
    MOMENT_OR_NULL,
    TEXT,
    TEXT_OR_NULL,
    TEXTS,
    Schema,
    array_of,
    object_of,
)

_DELIVERY: dict[str, Schema] = {
    "id": TEXT,
    "location": TEXT,
    "event": TEXT,
    "verified": {"enum": ["signature", "token", "unverified"]},
    "state": {"enum": ["new", "done", "aside", "failed"]},
    "received_at": MOMENT,
    "last_at": MOMENT,
    "copies": INT,
    "tries": INT,
    "due_at": MOMENT_OR_NULL,
    "settled_at": MOMENT_OR_NULL,
    "why": TEXT,
    "record_id": INT_OR_NULL,
    "coworker_id": INT_OR_NULL,
    "jobs": TEXTS,
}
_JOB = object_of(
    id=TEXT,
    tasklist=TEXT,
    coworker_id=INT,
    event=TEXT,
    cause={"enum": ["delivery", "sweep", "backfill"]},
    contract_id=INT_OR_NULL,
    team_id=INT_OR_NULL,
    record_id=INT_OR_NULL,
    event_at=MOMENT_OR_NULL,
    received_at=MOMENT,
    due_at=MOMENT,
    state={"enum": ["open", "done", "aside", "failed"]},
    tries=INT,
    why=TEXT,
    run_id=TEXT_OR_NULL,
    created_at=MOMENT,
    settled_at=MOMENT_OR_NULL,
    deliveries=TEXTS,
)
_NO_DELIVERY: Schema = {"type": "null"}

INBOX: Schema = {
    "oneOf": [
        object_of(
            counts={"type": "object", "additionalProperties": INT},
            deliveries=array_of(object_of(**_DELIVERY)),
            jobs=array_of(_JOB),
        ),
        object_of(
            delivery={"oneOf": [object_of(**_DELIVERY), _NO_DELIVERY]}, jobs=array_of(_JOB), body=TEXT_OR_NULL
        ),
        object_of(replayed=TEXTS),
        object_of(discarded=TEXTS),
    ]
}
"""list, show, replay, discard."""
