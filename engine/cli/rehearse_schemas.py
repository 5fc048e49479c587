"""The JSON of `tasklists rehearse`, as a JSON Schema. Data only."""

from __future__ import annotations

from engine.cli.schema_parts import INT, TEXT, TEXT_OR_NULL, TEXTS, Schema, array_of, object_of

KINDS = ("cannot-expand", "past-due", "after-start", "pile-up", "overload", "clock-change")
_DAY: Schema = {"type": "string", "format": "date"}

REHEARSE: Schema = object_of(
    **{
        "tasklist": TEXT,
        "turn": {"enum": ["contract.start", "contract.cancellation", "signup"]},
        "from": _DAY,
        "days": INT,
        "lead": INT,
        "per_day": INT,
        "locations": TEXTS,
        "starts": INT,
        "tasks": INT,
        "left_late": INT,
        "counts": object_of(**dict.fromkeys(KINDS, INT)),
        "findings": array_of(
            object_of(
                kind={"enum": list(KINDS)},
                location=TEXT_OR_NULL,
                items=TEXTS,
                person=TEXT_OR_NULL,
                day={"type": ["string", "null"], "format": "date"},
                starts=array_of(_DAY),
                tasks=INT,
                message=TEXT,
            )
        ),
        "loads": array_of(object_of(person=TEXT, tasks=INT, days=INT, most=INT, most_on=_DAY)),
        "calendar": {"type": "object", "additionalProperties": INT},
    }
)
"""Dates are local days; `calendar` is due day -> tasks."""
