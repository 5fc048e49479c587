"""What `tasklists show` prints as JSON, as a JSON Schema. Data only."""

from __future__ import annotations

from engine.cli.schema_parts import INT, TEXT, TEXT_OR_NULL, TEXTS, Schema, array_of, object_of

_FLAG: Schema = {"type": "boolean"}
_ITEM = object_of(
    id=TEXT,
    phase=TEXT,
    name=TEXT,
    notes=TEXT,
    checklist=TEXTS,
    responsible=TEXT,
    due=TEXT,
    conditions=TEXTS,
    for_each=TEXT,
    once_per=TEXT,
    after=TEXTS,
    gate=_FLAG,
    optional=_FLAG,
    create=TEXT,
    same_as=TEXT,
    clock_change=TEXT,
    notify_by_email=_FLAG,
    display_to_everyone=_FLAG,
    place=object_of(file=TEXT, line=INT),
    changes=array_of(object_of(key=TEXT, file=TEXT, line=INT)),
)
SHOW: Schema = object_of(
    tasklist=TEXT,
    name=TEXT,
    description=TEXT,
    location=TEXT_OR_NULL,
    abstract=_FLAG,
    files=TEXTS,
    on=TEXTS,
    locations=TEXTS,
    anchor=TEXT_OR_NULL,
    once_per=TEXT,
    items=array_of(_ITEM),
)
