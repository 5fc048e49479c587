"""The JSON of `tasklists test`, `diff` and `explain`, as JSON Schemas. Data only."""

from __future__ import annotations

from engine.cli.schema_parts import INT, INT_OR_NULL, TEXT, TEXT_OR_NULL, TEXTS, Schema, array_of, object_of

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

_STEPS = {"steps": TEXTS}
_TASK: Schema = object_of(
    **{
        "key": TEXT,
        "name": TEXT,
        "task_item_unique_id": TEXT,
        "in": TEXTS,
        "due_at": TEXT_OR_NULL,
        "due": object_of(local=TEXT, **_STEPS),
        "responsible": object_of(id=INT_OR_NULL, name=TEXT, **_STEPS),
        "action": TEXT,
        "reason": TEXT,
        "task_id": INT_OR_NULL,
        "drift": array_of(object_of(field=TEXT, was=TEXT_OR_NULL, wanted=TEXT)),
        "waits_for": TEXTS,
        "stuck": _FLAG,
    }
)

EXPLAIN: Schema = object_of(
    tasklist=TEXT,
    task_list_name=TEXT,
    coworker_id=INT,
    location=TEXT,
    zone=TEXT,
    now=TEXT,
    contract=TEXT,
    does_not_apply=TEXT,
    overrides={"type": "object"},
    items=array_of(
        object_of(
            item=TEXT,
            phase=TEXT,
            once_per=TEXT,
            tasks=array_of(_TASK),
            left_out=array_of(object_of(key=TEXT, reason=TEXT)),
        )
    ),
    warnings=TEXTS,
)
"""`now` and `due.local` are local; `due_at` is UTC."""
