"""What a task list file says, as frozen models; the JSON Schema for editors is made from these.

A model holds the words of the file. References (roles, locations, anchors, facts) and texts are checked and
made ready by `engine.core.preparing`; places are kept by `engine.authoring`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from engine.core.forms import AnyDue, AnyForEach, AnyResponsible, AnyTariff, Late, Model, Roll
from engine.core.lint_codes import ListCodes
from engine.core.scalars import (
    NAME,
    SLUG,
    Flag,
    Text,
    as_day,
    as_flag,
    as_text,
    as_whole,
    free,
    one_of,
    shown,
    slug,
    wrong,
)
from engine.core.wordings import WORDING_SCHEMA, AnyWording, Wording
from engine.core.words import EVENTS

OncePer = Annotated[
    Literal["coworker", "membership", "contract", "location", "team"],
    one_of("coworker", "membership", "contract", "location", "team"),
]
Event = Annotated[str, one_of(*EVENTS), WithJsonSchema({"enum": list(EVENTS)})]


class Applies(Model):
    """For whom the list is: events that start it, locations, plans, a condition, and the moment to wait for."""

    on: tuple[Event, ...] = ()
    locations: tuple[Annotated[str, slug("a location")], ...] = ()
    tariffs: tuple[AnyTariff, ...] = ()
    when: Text | None = None
    wait_until: Text | None = None


def input_value(kind: str, value: object) -> object:
    """Return the typed value of an input: str, int, bool, Date, or a list of texts or mappings."""
    readers: dict[str, Callable[[object], object]] = {
        "text": as_text,
        "int": as_whole,
        "bool": as_flag,
        "date": as_day,
    }
    if kind != "list":
        return readers[kind](value)
    if not isinstance(value, list | tuple):
        raise wrong("this input is a list", found=shown(value), allowed="[A1, A2]")
    return tuple(
        {str(name): free(part) for name, part in entry.items()} if isinstance(entry, dict) else as_text(entry)
        for entry in value
    )


def _as_names(value: object) -> object:
    """One name stands for a list of one."""
    return value if isinstance(value, list | tuple) else [value]


ItemIds = Annotated[
    tuple[Annotated[str, slug("an item's id")], ...],
    BeforeValidator(_as_names),
    WithJsonSchema({"description": "an item's id, or a list of them", "type": ["string", "array"]}),
]
"""Ids of other items of the same list."""


class ClockChange(Model):
    """What becomes of a local time that a clock change leaves out (gap), or that happens twice (overlap)."""

    gap: Annotated[Literal["later", "earlier", "fail"], one_of("later", "earlier", "fail")] = "later"
    overlap: Annotated[Literal["earlier", "later", "fail"], one_of("earlier", "later", "fail")] = "earlier"


NamedDay = Annotated[
    tuple[Text, ...],
    BeforeValidator(_as_names),
    WithJsonSchema({"description": "a rule, or a list of them: the first that exists", "type": ["string", "array"]}),
]
"""The day behind a name of the list's own: rules, of which the first that exists counts."""


class Input(Model):
    """A value asked for at the start of a run. Without a default it is required."""

    type: Annotated[Literal["text", "int", "bool", "date", "list"], one_of("text", "int", "bool", "date", "list")] = (
        "text"
    )
    default: Any = None
    prompt: Text | None = None

    @field_validator("default", mode="before")
    @classmethod
    def _typed(cls, value: object, info: ValidationInfo) -> object:
        return None if value is None else input_value(info.data.get("type", "text"), value)


class Defaults(Model):
    """What items have unless they say otherwise."""

    notes: AnyWording | None = None
    responsible: AnyResponsible | None = None
    when: Text | None = None
    phase: AnyWording | None = None
    notify_by_email: Flag | None = None
    display_to_everyone: Flag | None = None
    once_per: OncePer | None = None
    anchor: Text | None = None
    optional: Flag | None = None
    create: Text | None = None
    roll: Roll | None = None
    late: Late | None = None


class Line(Model):
    """One line of a task's checklist, and for whom it is."""

    line: AnyWording
    when: Text | None = None


def _as_line(value: object) -> object:
    """A line is a text, by language where there are several, or {line: TEXT, when: CONDITION}."""
    if isinstance(value, dict) and "when" in value and "line" not in value:
        allowed = "{line: TEXT, when: CONDITION}, where TEXT may be {en: Scan the card, es: Pasar la tarjeta}"
        raise wrong("a line with a condition has its text under line", allowed=allowed)
    return value if isinstance(value, Line) or (isinstance(value, dict) and "line" in value) else {"line": value}


def _as_lines(value: object) -> object:
    if isinstance(value, list | tuple) and value:
        return value
    raise wrong("a checklist is a list of lines", found=shown(value), allowed="such as [Scan the card, Test it]")


_LINE_SCHEMA = {
    "anyOf": [
        *WORDING_SCHEMA["anyOf"],
        {
            "type": "object",
            "properties": {"line": WORDING_SCHEMA, "when": {"type": "string"}},
            "required": ["line"],
            "additionalProperties": False,
        },
    ]
}
AnyLines = Annotated[
    tuple[Annotated[Line, BeforeValidator(_as_line), WithJsonSchema(_LINE_SCHEMA)], ...], BeforeValidator(_as_lines)
]


class Item(Model):
    """One entry of a task list. `id` is stable for ever; the text may change at any time."""

    id: Annotated[str, slug("an id")]
    name: AnyWording
    notes: AnyWording | None = None
    checklist: AnyLines | None = None
    responsible: AnyResponsible | None = None
    due: AnyDue | None = None
    when: Text | None = None
    for_each: AnyForEach | None = None
    notify_by_email: Flag | None = None
    display_to_everyone: Flag | None = None
    once_per: OncePer | None = None
    anchor: Text | None = None
    formerly: Annotated[str, slug("a former id")] | None = None
    phase: AnyWording | None = None
    optional: Flag | None = None
    after: ItemIds | None = None
    gate: Flag | None = None
    create: Text | None = None
    same_as: Text | None = None
    clock_change: ClockChange | None = None
    """For this item; the list's where it says nothing. What an included list says stands at each of its items."""


    def wordings(self) -> tuple[tuple[tuple[str | int, ...], Wording], ...]:
        """Return every text of the item with its path in the item."""
        named = (("name", self.name), ("notes", self.notes), ("phase", self.phase))
        lines = ((("checklist", number), line.line) for number, line in enumerate(self.checklist or ()))
        return (*(((name,), text) for name, text in named if text is not None), *lines)


def _some(items: tuple[Item, ...]) -> tuple[Item, ...]:
    if not items:
        raise wrong("a task list has at least one item")
    return items


ListNames = Annotated[
    tuple[Annotated[str, slug("a task list's id")], ...],
    BeforeValidator(_as_names),
    WithJsonSchema({"description": "a task list's id, or a list of them", "type": ["string", "array"]}),
]
"""Ids of other lists of the folder."""


class TaskList(Model):
    """One file in `tasklists/`: the batch of tasks that a coworker gets.

    `extends`, `include` and `overlays` are put to effect by authoring, on the text: a list that is run has its own
    items and those of the others, and here nothing is left of these three.
    """

    tasklist: Annotated[str, slug("a task list's id", SLUG)]
    extends: Annotated[str, slug("a task list's id")] | None = None
    include: ListNames = ()
    abstract: Flag = False
    overlays: dict[Annotated[str, slug("a location")], Any] = Field(default_factory=dict)
    name: AnyWording
    description: Text | None = None
    applies: Applies = Field(default_factory=Applies)
    anchor: Text | None = None
    once_per: OncePer = "coworker"
    formerly: Annotated[str, slug("a former id")] | None = None
    inputs: dict[Annotated[str, slug("an input", NAME)], Input] = Field(default_factory=dict)
    anchors: dict[Annotated[str, slug("an anchor", NAME)], NamedDay] = Field(default_factory=dict)
    clock_change: ClockChange = Field(default_factory=ClockChange)
    language: Text | None = None
    allow: ListCodes = ()
    """Warnings of `check` that are not to be told of this list."""
    defaults: Defaults = Field(default_factory=Defaults)
    items: Annotated[tuple[Item, ...], AfterValidator(_some)]
