"""What `tasklists import` and `tasklists init` print as JSON, as JSON Schemas. Data only."""

from __future__ import annotations

from engine.cli.schema_parts import INT, TEXT, TEXT_OR_NULL, TEXTS, Schema, array_of, object_of

_REVIEW = object_of(item=TEXT, row=INT, column=TEXT, what=TEXT)

IMPORT: Schema = object_of(
    columns={"type": "object", "additionalProperties": TEXT},
    lists=array_of(
        object_of(
            tasklist=TEXT,
            file=TEXT_OR_NULL,
            items=INT,
            reviews=array_of(_REVIEW),
            left_out=array_of(_REVIEW),
            yaml=TEXT,
        )
    ),
)

INIT: Schema = object_of(folder=TEXT, files=TEXTS)
