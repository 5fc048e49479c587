"""The JSON that commands print, as JSON Schemas: what integrators may rely on. Data only."""

from __future__ import annotations

from engine.cli.case_schemas import DIFF, EXPLAIN, TEST
from engine.cli.inbox_schemas import INBOX
from engine.cli.making_schemas import IMPORT, INIT
from engine.cli.reassign_schemas import REASSIGN
from engine.cli.rehearse_schemas import REHEARSE
from engine.cli.schema_parts import INT as _INT
from engine.cli.schema_parts import INT_OR_NULL as _INT_OR_NULL
from engine.cli.schema_parts import MOMENT as _MOMENT
from engine.cli.schema_parts import MOMENT_OR_NULL as _MOMENT_OR_NULL
from engine.cli.schema_parts import TEXT as _TEXT
from engine.cli.schema_parts import TEXT_OR_NULL as _TEXT_OR_NULL
from engine.cli.schema_parts import TEXTS as _TEXTS
from engine.cli.schema_parts import Schema
from engine.cli.schema_parts import array_of as _array
from engine.cli.schema_parts import object_of as _object
from engine.cli.schema_parts import or_null as _or_null
from engine.cli.show_schemas import SHOW
from engine.cli.waits_schemas import WAITING

ACTIONS = ("create", "keep", "adopt", "update", "skip", "conflict", "hold", "remove", "wait")
OUTCOMES = (
    *("created", "kept", "adopted", "updated", "removed", "skipped", "conflict", "failed", "held", "parked"),
    "waiting",
)
FINDINGS = ("lost", "doubled", "held", "stuck", "foreign", "drifted", "completed", "removed")

_PAYLOAD = _object(
    BusinessId=_INT,
    CoworkerId=_INT,
    Name=_TEXT,
    ResponsibleId=_INT,
    Notes=_TEXT,
    TaskListName=_TEXT,
    TaskItemUniqueId={"type": "string", "format": "uuid"},
    DueDate=_MOMENT_OR_NULL,
    NotifyByEmail={"type": "boolean"},
    DisplayToEveryone={"type": "boolean"},
)
_DRIFT = _object(field=_TEXT, was=_TEXT_OR_NULL, wanted=_TEXT)
_WAITS = _or_null(_object(**{"for": _TEXTS, "until": _MOMENT_OR_NULL, "stuck": {"type": "boolean"}}))
"""What a task that is not made yet waits for: other tasks, or a moment."""
_ACTION = _object(
    action={"enum": list(ACTIONS)},
    item=_TEXT,
    key=_TEXT,
    task_item_unique_id={"type": "string", "format": "uuid"},
    due_at=_MOMENT_OR_NULL,
    payload=_PAYLOAD,
    reason=_TEXT,
    waits=_WAITS,
    phase=_TEXT,
    drift=_array(_DRIFT),
    explain=_object(due=_TEXTS, responsible=_TEXTS, when=_TEXTS),
)
_BY_ITEM: Schema = {"type": "object", "additionalProperties": _TEXT}
_OVERRIDES: Schema = {
    "type": "object",
    "properties": {"skip": _TEXTS, "responsible": _BY_ITEM, "due": _BY_ITEM},
    "additionalProperties": False,
}
"""What a person changed for this run: ITEM or ITEM[KEY], and the person or rule given; no key for what was not."""
_PLAN: dict[str, Schema] = {
    "tasklist": _TEXT,
    "version": _TEXT,
    "coworker_id": _INT,
    "business_id": _INT,
    "task_list_name": _TEXT,
    "now": _MOMENT,
    "checksum": _TEXT,
    "overrides": _OVERRIDES,
    "actions": _array(_ACTION),
    "left_out": _array(_object(item=_TEXT, key=_TEXT, reason=_TEXT)),
    "warnings": _TEXTS,
}
_OUTCOME: Schema = {"enum": list(OUTCOMES)}
_RUN = _object(
    run_id=_TEXT,
    tasklist=_TEXT,
    version=_TEXT,
    coworker_id=_INT,
    business_id=_INT,
    cause=_TEXT,
    started_at=_MOMENT,
    finished_at=_MOMENT_OR_NULL,
    checksum=_TEXT,
    outcomes={"type": "object", "additionalProperties": _INT},
    open={"type": "boolean"},
    resumes_at=_MOMENT_OR_NULL,
)
_TASK = _object(
    tasklist=_TEXT,
    item=_TEXT,
    key=_TEXT,
    task_item_unique_id={"type": "string", "format": "uuid"},
    state={"enum": ["intended", "created", "adopted", "failed"]},
    task_id=_INT_OR_NULL,
    at=_MOMENT,
    run_id=_TEXT,
    why=_TEXT_OR_NULL,
)
_PROBLEM = _object(
    file=_TEXT,
    line=_INT,
    column=_INT,
    severity={"enum": ["error", "warning"]},
    what=_TEXT,
    found=_TEXT,
    allowed=_TEXT,
    nearest=_TEXT,
    corrected=_TEXT,
    code=_TEXT,
)

_FINDING = _object(
    kind={"enum": list(FINDINGS)},
    coworker_id=_INT,
    tasklist=_TEXT,
    item=_TEXT,
    key=_TEXT,
    task_item_unique_id={"type": ["string", "null"], "format": "uuid"},
    mark=_TEXT,
    task_id=_INT_OR_NULL,
    task_ids=_array(_INT),
    fields=_TEXTS,
    at=_MOMENT_OR_NULL,
    what=_TEXT,
    next=_TEXT,
    advice=_TEXT,
    needs_person={"type": "boolean"},
)

_ANSWER = _object(
    question=_TEXT,
    title=_TEXT,
    answer=_TEXT,
    detail=_TEXT,
    assumed=_TEXT,
    at=_MOMENT,
    asked={"type": "boolean"},
    facts={"type": "object"},
    was=_TEXT_OR_NULL,
    changed={"type": "boolean"},
)
_CHECK = _object(check=_TEXT, state={"enum": ["ok", "warning", "trouble", "not asked"]}, detail=_TEXT)
_LEFT = _object(task_id=_INT_OR_NULL, name=_TEXT, coworker_id=_INT, why=_TEXT)

_HOOK: dict[str, Schema] = {
    "location": _TEXT,
    "event": _TEXT,
    "hook_id": _INT_OR_NULL,
    "name": _TEXT,
    "error_count": _INT,
    "last_error": _TEXT,
    "last_trigger": _MOMENT_OR_NULL,
}
_HOOKS: Schema = {
    "oneOf": [
        _object(
            public_url=_TEXT,
            hooks=_array(_object(**_HOOK, whose={"enum": ["ours", "others", ""]}, active={"type": "boolean"})),
        ),
        _object(
            wanted=_INT,
            findings=_array(
                _object(
                    **_HOOK,
                    kind={"enum": ["missing", "off", "wrong", "failing", "doubled", "unused", "other"]},
                    what=_TEXT,
                    advice=_TEXT,
                    needs_person={"type": "boolean"},
                )
            ),
        ),
        _object(
            changes=_array(
                _object(
                    action={"enum": ["create", "update", "keep", "remove"]},
                    location=_TEXT,
                    event=_TEXT,
                    hook_id=_INT_OR_NULL,
                    url=_TEXT,
                    lists=_TEXTS,
                    why=_TEXT,
                    outcome={"enum": ["created", "updated", "kept", "removed", "failed"]},
                    error=_TEXT,
                )
            )
        ),
    ]
}
"""Of `hooks list`, of `hooks check`, and of what changes them."""

_BACKFILLED = _object(
    coworker_id=_INT,
    contract_id=_INT_OR_NULL,
    event=_TEXT,
    day={"type": ["string", "null"], "format": "date"},
    state={"enum": ["found", "open", "done", "aside", "failed"]},
    why=_TEXT,
    job_id=_TEXT_OR_NULL,
    run_id=_TEXT_OR_NULL,
    due_at=_MOMENT_OR_NULL,
)

_SETTING = _object(
    **{"name": _TEXT, "value": _TEXT, "from": {"enum": ["environment", "file", "default", "argument"]}},
    is_secret={"type": "boolean"},
    default=_TEXT,
    meaning=_TEXT,
)

_RAN: dict[str, Schema] = {
    **_PLAN,
    "run_id": _TEXT,
    "results": _array(_object(item=_TEXT, key=_TEXT, outcome=_OUTCOME, task_id=_INT_OR_NULL, error=_TEXT_OR_NULL)),
}

OUTPUTS: dict[str, Schema] = {
    "reassign": REASSIGN,
    "preview": _object(**_PLAN, team=_or_null(_object(**_PLAN))),
    "run": _object(**_RAN, team=_or_null(_object(**_RAN))),
    "resume": _object(
        runs=_array(
            _object(
                run_id=_TEXT,
                tasklist=_TEXT,
                results=_array(
                    _object(
                        coworker_id=_INT,
                        item=_TEXT,
                        key=_TEXT,
                        outcome=_OUTCOME,
                        task_id=_INT_OR_NULL,
                        error=_TEXT_OR_NULL,
                    )
                ),
            )
        ),
        left=_array(_object(coworker_id=_INT, run_id=_TEXT_OR_NULL, tasklist=_TEXT, why=_TEXT)),
    ),
    "status": {
        "oneOf": [
            _object(runs=_array(_RUN), waits=_array(WAITING)),
            _object(runs=_array(_RUN), waits=_array(WAITING), tasks=_array(_TASK)),
            _object(
                run=_RUN,
                results=_array(
                    _object(
                        item=_TEXT,
                        task_item_unique_id=_TEXT,
                        outcome=_OUTCOME,
                        task_id=_INT_OR_NULL,
                        error=_TEXT_OR_NULL,
                    )
                ),
            ),
        ]
    },
    "audit": _object(
        checked=_object(coworkers=_INT, tasks=_INT),
        counts=_object(**dict.fromkeys((*FINDINGS, "kept"), _INT)),
        findings=_array(_FINDING),
    ),
    "probe": _object(
        coworker_id=_INT,
        read_only={"type": "boolean"},
        at=_MOMENT,
        answers=_array(_ANSWER),
        checks=_array(_CHECK),
        tasks=_object(sent=_INT, removed=_INT, left=_array(_LEFT)),
        stopped_by=_TEXT_OR_NULL,
    ),
    "hooks": _HOOKS,
    "inbox": INBOX,
    "backfill": _object(
        tasklist=_TEXT,
        since={"type": ["string", "null"], "format": "date"},
        until={"type": ["string", "null"], "format": "date"},
        dry_run={"type": "boolean"},
        members=_array(_BACKFILLED),
    ),
    "config": _object(settings=_array(_SETTING), problems=_TEXTS, warnings=_TEXTS),
    "show": SHOW,
    "import": IMPORT,
    "init": INIT,
    "explain": EXPLAIN,
    "test": TEST,
    "diff": DIFF,
    "rehearse": REHEARSE,
    "check": _object(problems=_array(_PROBLEM), lists=_TEXTS),
    "fields": _array(_object(**{"path": _TEXT, "type": _TEXT, "from": _TEXT, "meaning": _TEXT})),
}
"""Command -> schema of what its `--format json` prints."""
