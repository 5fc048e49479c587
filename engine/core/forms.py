"""The short and long forms of values in a list: a person, who is responsible, a due, for_each, a plan.

Each is written as text or as a mapping; here both become one frozen model, with one sentence when wrong.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema

from engine.core.scalars import NAME, SLUG, Plain, Text, Whole, as_text, one_of, shown, slug, slug_text, wrong

Roll = Annotated[Literal["next", "previous", "nearest", "none"], one_of("next", "previous", "nearest", "none")]
Late = Annotated[Literal["closing", "keep", "skip", "fail"], one_of("closing", "keep", "skip", "fail")]


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, defer_build=True)


class Holder(Model):
    """One person of the staff: an e-mail, or the id of the Nexudus user. Written as text or {user: 123}."""

    email: str | None = None
    user: Whole | None = None

    def __str__(self) -> str:
        return self.email or f"user {self.user}"


def _as_holder(value: object) -> object:
    if isinstance(value, Holder):
        return value
    if isinstance(value, dict):
        if set(value) == {"user"}:
            return value
        raise wrong("a person is an e-mail or {user: NUMBER}", found=shown(value))
    text = as_text(value).strip()
    if "@" not in text or " " in text:
        raise wrong("a person is an e-mail or {user: NUMBER}", found=shown(value))
    return {"email": text}


_HOLDER_SCHEMA = {
    "anyOf": [
        {"type": "string", "format": "email"},
        {
            "type": "object",
            "properties": {"user": {"type": "integer"}},
            "required": ["user"],
            "additionalProperties": False,
        },
    ]
}
AnyHolder = Annotated[Holder, BeforeValidator(_as_holder), WithJsonSchema(_HOLDER_SCHEMA)]


class Responsible(Model):
    """Who does it: a role, a holder, or a role with the way to pick among its holders."""

    role: Annotated[str, slug("a role")] | None = None
    pick: Annotated[Literal["first", "rotate"], one_of("first", "rotate")] = "first"
    holder: AnyHolder | None = None


def _as_responsible(value: object) -> object:
    if isinstance(value, Responsible):
        return value
    if isinstance(value, dict):
        if "user" in value:
            return {"holder": value}
        if "role" not in value:
            raise wrong("a responsible in this form names a role", allowed="role, pick", found=shown(value))
        return value
    text = as_text(value).strip()
    if "@" not in text and not re.fullmatch(SLUG, text):
        what = "a responsible is a role, or a person's e-mail"
        raise wrong(what, found=shown(value), allowed="such as front-desk or ana@acme.example")
    return {"holder": Plain(text)} if "@" in text else {"role": Plain(text)}


AnyResponsible = Annotated[
    Responsible,
    BeforeValidator(_as_responsible),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "description": "a role, or a person's e-mail"},
                _HOLDER_SCHEMA["anyOf"][1],
                {
                    "type": "object",
                    "properties": {
                        "role": {"type": "string"},
                        "pick": {"enum": ["first", "rotate"]},
                    },
                    "required": ["role"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]


class Due(Model):
    """When it is due: a rule, with what to do about closed days and the past."""

    rule: Text
    roll: Roll | None = None
    late: Late | None = None
    fallback: Text | None = None
    not_before: Text | None = None
    not_after: Text | None = None


def _as_due(value: object) -> object:
    if isinstance(value, str):
        return {"rule": value}
    if isinstance(value, dict | Due):
        return value
    raise wrong("due is a rule, such as '1 business day after contract.start at 10:00'", found=shown(value))


def _due_schema() -> dict[str, Any]:
    words = {"roll": ["next", "previous", "nearest", "none"], "late": ["closing", "keep", "skip", "fail"]}
    properties: dict[str, Any] = {name: {"type": "string"} for name in Due.model_fields}
    properties.update({name: {"enum": allowed} for name, allowed in words.items()})
    rule = {"type": "string", "examples": ["1 business day before contract.start at 10:00"]}
    long = {
        "type": "object",
        "properties": properties | {"rule": rule},
        "required": ["rule"],
        "additionalProperties": False,
    }
    return {"anyOf": [rule, long]}


AnyDue = Annotated[Due, BeforeValidator(_as_due), WithJsonSchema(_due_schema())]


class ForEach(Model):
    """One task for each thing: `{desk: contract.desks}`, for a list of mappings with `key: desk.code`."""

    name: str
    source: str
    key: str | None = None


def _as_for_each(value: object) -> object:
    if isinstance(value, ForEach):
        return value
    if not isinstance(value, dict):
        corrected = Plain(f"{{thing: {value}}}" if isinstance(value, str) and value.strip() else "")
        raise wrong(
            "for_each names the thing",
            found=shown(value),
            allowed="{desk: contract.desks}",
            corrected=corrected,
        )
    names = [name for name in value if name != "key"]
    if len(names) != 1:
        raise wrong(
            "for_each has one name for the thing, and may have a key",
            found=", ".join(map(str, value)) or "nothing",
        )
    source = as_text(value[names[0]])
    name = slug_text("the name of the thing", names[0], NAME)
    key = as_text(value["key"]) if "key" in value else None
    return {"name": name, "source": source, "key": key}


AnyForEach = Annotated[
    ForEach,
    BeforeValidator(_as_for_each),
    WithJsonSchema(
        {
            "type": "object",
            "properties": {"key": {"type": "string"}},
            "additionalProperties": {"type": "string"},
            "examples": [{"desk": "contract.desks"}],
        }
    ),
]


class Tariff(Model):
    """A plan: by name, or by id as {tariff: 123}."""

    name: str | None = None
    tariff: Whole | None = None


def _as_tariff(value: object) -> object:
    if isinstance(value, str):
        return {"name": as_text(value)}
    if isinstance(value, Tariff) or (isinstance(value, dict) and set(value) == {"tariff"}):
        return value
    raise wrong("a plan is its name or {tariff: NUMBER}", found=shown(value))


AnyTariff = Annotated[
    Tariff,
    BeforeValidator(_as_tariff),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {"type": "object", "properties": {"tariff": {"type": "integer"}}, "required": ["tariff"]},
            ]
        }
    ),
]
