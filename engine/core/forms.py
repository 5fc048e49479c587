"""The short and long forms of values in a list: a person, who is responsible, a due, for_each, a plan.

Each is written as text or as a mapping; here both become one frozen model, with one sentence when wrong.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, WithJsonSchema, model_validator

from engine.core.due_parts import EXAMPLES, Composed, DueWords, composed, words_schema
from engine.core.scalars import NAME, SLUG, Plain, Text, Whole, as_text, one_of, shown, slug, slug_text, wrong
from engine.core.words import nearest

Roll = Annotated[Literal["next", "previous", "nearest", "none"], one_of("next", "previous", "nearest", "none")]
Late = Annotated[Literal["closing", "keep", "skip", "fail"], one_of("closing", "keep", "skip", "fail")]


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, defer_build=True)


class Holder(Model):
    """One person of the staff: an e-mail, or the id of the Nexudus user. Written as text or {user: 123}."""

    email: str | None = None
    user: Whole | None = None
    fact: str = ""
    """The fact that told of this person, where no file did: then it may be anything, and is passed over when wrong."""

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


HOLDER_SCHEMA = {
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
AnyHolder = Annotated[Holder, BeforeValidator(_as_holder), WithJsonSchema(HOLDER_SCHEMA)]


PICKS = ("first", "rotate", "least_loaded")
Pick = Annotated[Literal["first", "rotate", "least_loaded"], one_of(*PICKS)]


class Responsible(Model):
    """Who does it: a role, a person, a role with the way to pick among its holders, or whom the member's data names."""

    role: Annotated[str, slug("a role")] | None = None
    pick: Pick = "first"
    holder: AnyHolder | None = None
    source: Annotated[Text | None, Field(alias="from")] = None
    """The path of a fact that holds an e-mail or the id of a user, such as `coworker.custom.account_manager`."""
    fallback: Annotated[str, slug("a role")] | None = None
    """The role in whose hands it is when that fact is empty, or names nobody who can be given tasks."""


def _as_responsible(value: object) -> object:
    if isinstance(value, Responsible):
        return value
    if isinstance(value, dict):
        return _long_responsible(value)
    if isinstance(value, list | tuple):
        allowed = "a role, an e-mail, or {role: host, pick: rotate}; a role has its holders in organisation.yaml"
        raise wrong("one person is responsible for a task", found=shown(value), allowed=allowed)
    text = as_text(value).strip()
    if "@" not in text and not re.fullmatch(SLUG, text):
        what = "a responsible is a role, or a person's e-mail"
        raise wrong(what, found=shown(value), allowed="such as front-desk or ana@acme.example")
    return {"holder": Plain(text)} if "@" in text else {"role": Plain(text)}


def _long_responsible(value: dict[Any, Any]) -> object:
    if "user" in value:
        return {"holder": value}
    if "from" in value:
        if "role" in value:
            allowed = "{from: coworker.custom.account_manager, fallback: front-desk}"
            raise wrong("a responsible has a role or a from; the role beside a from is its fallback", allowed=allowed)
        if "pick" in value and "fallback" not in value:
            allowed = f"{{from: {value['from']}, fallback: ROLE, pick: {value['pick']}}}"
            raise wrong("pick is for the holders of a role, and here is no fallback to pick from", allowed=allowed)
    elif "role" not in value:
        allowed, found = "role, pick; from, fallback, pick", ", ".join(map(str, value)) or "nothing"
        near = next((close for name in value if (close := nearest(str(name), ("role", "from")))), "")
        raise wrong("a responsible in this form has a role or a from", allowed=allowed, found=found, nearest=near)
    elif "fallback" in value:
        allowed = "roles: {host: {fallback: [front-desk]}}"
        raise wrong("what stands in for a role is said in organisation.yaml", allowed=allowed)
    for name in ("holder", "source"):  # our own names of the parts, which are none of the language
        if name in value:
            raise wrong(f"the key {name!r} is not known here", allowed="role, pick, from, fallback")
    return value


AnyResponsible = Annotated[
    Responsible,
    BeforeValidator(_as_responsible),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "description": "a role, or a person's e-mail"},
                HOLDER_SCHEMA["anyOf"][1],
                {
                    "type": "object",
                    "properties": {
                        "role": {"type": "string"},
                        "pick": {"enum": list(PICKS)},
                    },
                    "required": ["role"],
                    "additionalProperties": False,
                },
                {
                    "type": "object",
                    "properties": {
                        "from": {"type": "string", "examples": ["coworker.custom.account_manager"]},
                        "fallback": {"type": "string", "description": "a role, for when the fact is empty"},
                        "pick": {"enum": list(PICKS)},
                    },
                    "required": ["from"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]


def _as_rule(value: object) -> str:
    return value if isinstance(value, Composed) else as_text(value)


class Due(Model, DueWords):
    """When it is due: a rule, with what to do about closed days and the past. Single words become the rule."""

    rule: Annotated[str, PlainValidator(_as_rule), WithJsonSchema({"type": "string"})] = ""
    roll: Roll | None = None
    late: Late | None = None
    fallback: Text | None = None
    not_before: Text | None = None
    not_after: Text | None = None

    @model_validator(mode="after")
    def _with_rule(self) -> Due:
        rule = composed(self)
        if rule is None:
            if "rule" not in self.model_fields_set:
                raise wrong("a due has a rule, or its words", allowed=f"rule: TEXT, {EXAMPLES}")
            return self
        if "rule" in self.model_fields_set:
            raise wrong("a due is written as a rule or in single words, not both", found=repr(str(rule)))
        kept = {name: getattr(self, name) for name in ("roll", "late", "fallback", "not_before", "not_after")}
        return Due.model_construct({"rule"} | self.model_fields_set.intersection(kept), rule=rule, **kept)


def _as_due(value: object) -> object:
    if isinstance(value, str):
        return {"rule": value}
    if isinstance(value, dict | Due):
        return value
    raise wrong("due is a rule, such as '1 business day after contract.start at 10:00'", found=shown(value))


def _due_schema() -> dict[str, Any]:
    words = {"roll": ["next", "previous", "nearest", "none"], "late": ["closing", "keep", "skip", "fail"]}
    more: dict[str, Any] = {name: {"type": "string"} for name in ("fallback", "not_before", "not_after")}
    more |= {name: {"enum": allowed} for name, allowed in words.items()}
    rule = {"type": "string", "examples": ["1 business day before contract.start at 10:00"]}
    long = {"type": "object", "properties": more | {"rule": rule}, "required": ["rule"], "additionalProperties": False}
    return {"anyOf": [rule, long, *words_schema(more)]}


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
