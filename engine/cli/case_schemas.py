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

DIFF: Schema = object_of(
    tasklist=TEXT,
    base=TEXT,
    new_list=_FLAG,
    totals=object_of(made_anew=INT, added=INT, removed=INT, changed=INT, unchanged=INT, failing=INT),
    members=array_of(
        object_of(
            member=TEXT,
            coworker_id=INT,
            location=TEXT,
            changes=array_of(
                object_of(
                    change={"enum": ["identity", "added", "removed", "changed"]},
                    task=TEXT,
                    was_task=TEXT,
                    name=TEXT,
                    made=_FLAG,
                    why=TEXT,
                    fields=array_of(object_of(field=TEXT, was=TEXT, now=TEXT)),
                )
            ),
            unchanged=INT,
            was_error=TEXT,
            error=TEXT,
        )
    ),
    attention=TEXTS,
)
