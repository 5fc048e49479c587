"""The JSON of `tasklists test`, `diff` and `explain`, as JSON Schemas. Data only."""

from __future__ import annotations

from engine.cli.schema_parts import INT, TEXT, TEXTS, Schema, array_of, object_of

_FLAG: Schema = {"type": "boolean"}
_PLACE = {"file": TEXT, "line": INT, "column": INT}

TEST: Schema = object_of(
    cases=array_of(
        object_of(
            tasklist=TEXT,
            case=TEXT,
            location=TEXT,
            **_PLACE,
            passed=_FLAG,
            failures=array_of(object_of(**_PLACE, task=TEXT, field=TEXT, expected=TEXT, found=TEXT, why=TEXTS)),
        )
    ),
    coverage=array_of(
        object_of(
            tasklist=TEXT,
            branches=INT,
            reached=INT,
            percent=INT,
            missed=array_of(object_of(**_PLACE, item=TEXT, what=TEXT)),
        )
    ),
)
