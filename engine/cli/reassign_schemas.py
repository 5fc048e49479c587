"""The JSON that `tasklists reassign` prints, as a JSON Schema. Data only."""

from __future__ import annotations

from engine.cli.schema_parts import INT, INT_OR_NULL, MOMENT_OR_NULL, TEXT, TEXT_OR_NULL, TEXTS, Schema, array_of
from engine.cli.schema_parts import object_of as _object

_TASK: dict[str, Schema] = {
    "task_id": INT,
    "coworker_id": INT,
    "tasklist": TEXT,
    "item": TEXT,
    "key": TEXT,
}
_ACTION = _object(
    action={"enum": ["reassign", "skip", "hold"]}, **_TASK, business_id=INT, due_at=MOMENT_OR_NULL, reason=TEXT
)
_RESULT = _object(**_TASK, outcome={"enum": ["reassigned", "skipped", "failed", "held"]}, why=TEXT_OR_NULL)

REASSIGN: Schema = _object(
    from_user_id=INT_OR_NULL,
    to_user_id=INT_OR_NULL,
    actions=array_of(_ACTION),
    apart={"type": "object", "additionalProperties": INT},
    warnings=TEXTS,
    results={"oneOf": [array_of(_RESULT), {"type": "null"}]},
)
