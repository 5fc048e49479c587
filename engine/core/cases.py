"""Cases of a task list: facts in, expected tasks out. What a file in `tasklists/tests/` says, as frozen models.

A case says only what it cares about. It must never name a field whose value it does not compare.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, WithJsonSchema
from pydantic_core import CoreSchema
from whenever import Date, PlainDateTime

from engine.core.forms import Model
from engine.core.scalars import SLUG, Day, Flag, Plain, Text, Whole, as_flag, as_text, one_of, shown, slug, wrong
from engine.core.wire_dates import parse_moment

NONE: Final = "none"
"""What stands for no value at all: a date that is empty, a member without a contract, a task without a due."""

MOMENTS: Final = "2026-12-01, 2026-12-01 09:30, 2026-12-01T09:30Z"
"""How a moment is written; without Z or an offset it is local."""

ACTIONS = ("create", "wait", "skip", "keep", "adopt", "conflict", "hold")

_LOCAL = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}))?\Z")
_TASK = re.compile(rf"({SLUG})(?:\s*\[(.+)\])?\Z")


def _as_names(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


def _as_moment(value: object) -> str:
    text = as_text(value).strip()
    if parse_moment(text) is None:
        raise wrong("this is no moment", found=shown(value), allowed=MOMENTS)
    return text


def _as_due(value: object) -> str:
    text = as_text(value).strip()
    if text == NONE:
        return text
    match = _LOCAL.match(text)
    allowed = "2026-12-01 09:30, or 2026-12-01 for any time of that day, or none"
    if match is None:
        raise wrong("an expected due is a local day and time", found=shown(value), allowed=allowed)
    try:
        day = Date.parse_iso(match[1])
        return str(day) if match[2] is None else f"{day} {PlainDateTime.parse_iso(f'{day}T{match[2]}').time():HH:mm}"
    except ValueError:
        raise wrong("there is no such day or time", found=shown(value), allowed=allowed) from None


def task_named(text: str) -> tuple[str, str | None]:
    """Return the item and the for_each key that ITEM or ITEM[KEY] names; the key is None without one.

    Raises:
        ValueError: the text has another form.
    """
    match = _TASK.match(text.strip())
    if match is None:
        raise ValueError(text)
    return match[1], match[2]


def _as_task(value: object) -> str:
    text = as_text(value).strip()
    if _TASK.match(text) is None:
        what = "a task is named by its item, or ITEM[KEY]"
        raise wrong(what, found=shown(value), allowed="access-card, locker[7301]")
    return text


Names = Annotated[
    tuple[Text, ...],
    BeforeValidator(_as_names),
    WithJsonSchema({"type": ["string", "array"], "items": {"type": "string"}}),
]
Moment = Annotated[str, BeforeValidator(_as_moment), WithJsonSchema({"type": "string"})]
Task = Annotated[str, BeforeValidator(_as_task), WithJsonSchema({"type": "string"})]
Tasks = Annotated[tuple[Task, ...], BeforeValidator(_as_names), WithJsonSchema({"type": ["string", "array"]})]


class Part(Model):
    """What must, and what must not, stand in a text."""

    contains: Names = ()
    lacks: Names = ()


def _as_said(value: object) -> object:
    if isinstance(value, dict):
        if value and set(value) <= {"contains", "lacks"}:
            return Part.model_validate(value)
        allowed = "the whole text, {contains: TEXT}, {lacks: TEXT}"
        raise wrong("an expected text is text, or says what it contains", found=shown(value), allowed=allowed)
    if isinstance(value, str) and value.strip() == "" and not isinstance(value, Plain):
        return ""
    return as_text(value).strip("\n")


Said = Annotated[
    Any,
    BeforeValidator(_as_said),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {"type": "object", "properties": {"contains": {}, "lacks": {}}, "additionalProperties": False},
            ]
        }
    ),
]
"""A whole text, or parts of it."""


class Waiting(Model):
    """What a task waits for: items, or a local moment."""

    items: Tasks = ()
    until: Annotated[str | None, BeforeValidator(_as_due)] = None


def _as_waits(value: object) -> object:
    if value is None or isinstance(value, dict | Waiting):
        return value
    if isinstance(value, list | tuple):
        return {"items": value}
    if isinstance(value, Plain) and value in {"true", "false"}:
        return as_flag(value)
    return {"items": [value]}


def _as_person(value: object) -> str:
    if isinstance(value, dict) and set(value) == {"user"}:
        return f"user {value['user']}"
    text = as_text(value).strip()
    if "@" not in text and not re.fullmatch(r"user [1-9]\d*", text):
        raise wrong("an expected responsible is a person", found=shown(value), allowed="ana@acme.example, {user: 123}")
    return text


class Expected(Model):
    """One task that is expected, with the fields that the case cares about."""

    item: Annotated[str, slug("an item's id")]
    key: Text | None = None
    at: Names = ()
    name: Said = None
    notes: Said = None
    due: Annotated[str | None, BeforeValidator(_as_due), WithJsonSchema({"type": "string"})] = None
    responsible: Annotated[
        str | None, BeforeValidator(_as_person), WithJsonSchema({"type": ["string", "object"]})
    ] = None
    phase: Said = None
    action: Annotated[str, one_of(*ACTIONS), WithJsonSchema({"enum": list(ACTIONS)})] | None = None
    waits: Annotated[
        bool | Waiting | None,
        BeforeValidator(_as_waits),
        WithJsonSchema({"type": ["boolean", "string", "array", "object"]}),
    ] = None
    late: Flag | None = None
    notify_by_email: Flag | None = None
    display_to_everyone: Flag | None = None


def _as_expected(value: object) -> object:
    if isinstance(value, str):
        try:
            item, key = task_named(value)
        except ValueError:
            item, key = value, None
        return {"item": Plain(item)} | ({} if key is None else {"key": key})
    return value


class _OrText:
    """For editors: a text stands for the whole."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [{"type": "string"}, handler(schema)]}


AnyExpected = Annotated[Expected, BeforeValidator(_as_expected), _OrText()]


def _or_none(value: object) -> object:
    return NONE if isinstance(value, Plain) and value == NONE else value


Fields = dict[str, Any]
MaybeFields = Annotated[
    Fields | Literal["none"] | None, BeforeValidator(_or_none), WithJsonSchema({"type": ["object", "string"]})
]


def _moment_or_none(value: object) -> str:
    return NONE if isinstance(value, Plain) and value == NONE else _as_moment(value)


MaybeMoment = Annotated[str, BeforeValidator(_moment_or_none), WithJsonSchema({"type": "string"})]


class CaseFacts(Model):
    """A member in a few words; whatever is left out is made up by `case_member.member_of`."""

    saved: Text | None = None
    """The name of a file in tests/facts, without .json: a member as `preview --save-facts` saved them."""
    coworker: Fields = Field(default_factory=dict)
    signup: Moment | None = None
    contract: MaybeFields = None
    contracts: tuple[Fields, ...] = ()
    """Further contracts of the member, besides the one that the run is about."""
    location: Fields = Field(default_factory=dict)
    team: MaybeFields = None
    inputs: Fields = Field(default_factory=dict)
    event: Moment | None = None
    visits: tuple[Day, ...] | None = None
    first_paid: MaybeMoment | None = None
    people: dict[Text, Text] = Field(default_factory=dict)
    """Person -> why nobody may give them a task."""
    loads: dict[Text, Whole] = Field(default_factory=dict)
    done: dict[Task, MaybeMoment] = Field(default_factory=dict)
    """Task -> since when it is completed; `none` takes back what is said for all cases."""
    gone: Tasks = ()


def _as_facts(value: object) -> object:
    return {"saved": as_text(value)} if isinstance(value, str) else value


AnyFacts = Annotated[CaseFacts, BeforeValidator(_as_facts), _OrText()]


def _as_left_out(value: object) -> object:
    if isinstance(value, dict):
        return {name: "" if part is None or part == "" else part for name, part in value.items()}
    names = value if isinstance(value, list | tuple) else [value]
    if not all(isinstance(name, str) for name in names):
        raise wrong("what is left out is a mapping of items to reasons, or a list of items", found=shown(value))
    return dict.fromkeys(names, "")


class Given(Model):
    """What all cases of a file have unless they say otherwise."""

    at: Names = ()
    now: Moment | None = None
    facts: AnyFacts = Field(default_factory=CaseFacts)


class Case(Given):
    """One member at one moment, and what the list makes of them."""

    case: Text
    skip: Names = ()
    responsible: Fields = Field(default_factory=dict)
    due: Fields = Field(default_factory=dict)
    again: Text | None = None
    anyway: Flag = False
    expect: tuple[AnyExpected, ...] | None = None
    only: Flag = True
    """Whether no task is made but those of `expect`."""
    left_out: Annotated[
        dict[Task, Annotated[str, BeforeValidator(str)]],
        BeforeValidator(_as_left_out),
        WithJsonSchema({"type": ["object", "array"]}),
    ] = Field(default_factory=dict)
    warnings: Annotated[tuple[Text, ...] | None, BeforeValidator(_as_names)] = None
    error: Text | None = None


class CaseFile(Model):
    """One file of cases, for the list that it is named after."""

    tasklist: Annotated[str, slug("a task list's id")]
    given: Given = Field(default_factory=Given)
    cases: tuple[Case, ...]


def merged(given: CaseFacts, own: CaseFacts) -> CaseFacts:
    """Return a case's facts with those of all cases behind them; mappings are merged key by key."""
    told: dict[str, Any] = {name: getattr(given, name) for name in given.model_fields_set}
    for name in own.model_fields_set:
        value, before = getattr(own, name), told.get(name)
        told[name] = {**before, **value} if isinstance(before, Mapping) and isinstance(value, Mapping) else value
    return CaseFacts.model_construct(set(told), **{**_BLANK, **told})


_BLANK: Final = {name: getattr(CaseFacts(), name) for name in CaseFacts.model_fields}
