"""The JSON Schema of what waits, in the output of `tasklists status`. Data only."""

from __future__ import annotations

from typing import Final

from engine.cli.schema_parts import INT, MOMENT, MOMENT_OR_NULL, TEXT, TEXT_OR_NULL, TEXTS, Schema, array_of, object_of

_ITEM: Final = object_of(
    **{
        "item": TEXT,
        "key": TEXT,
        "for": TEXTS,
        "until": MOMENT_OR_NULL,
        "stuck": {"type": "boolean"},
        "reason": TEXT,
    }
)
WAITING: Final[Schema] = object_of(
    coworker_id=INT,
    tasklist=TEXT,
    once_per=TEXT,
    cycle=TEXT,
    looked_at=MOMENT,
    next_look_at=MOMENT_OR_NULL,
    given_up_at=MOMENT_OR_NULL,
    why=TEXT_OR_NULL,
    items=array_of(_ITEM),
)
"""One batch of which something is not made yet."""
