"""Lists and batches: filters, order, pages and their envelope, with all that makes them treacherous.

Unknown parameters are ignored, so a misspelt filter returns everything; rows are partial; rows
that are equal in the order field change places between two calls. Must never help a client
to a complete or a stable list.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from engine.sandbox.clock import read_moment, read_plain
from engine.sandbox.entities import Entity
from engine.sandbox.modes import Modes
from engine.sandbox.showing import show_row
from engine.sandbox.state import State
from engine.sandbox.store import Record, each_id

Predicate = Callable[[Record], bool]
_MAXIMUM_SIZE = 1000
_DESCENDING = {"descending", "desc", "-1"}


@dataclass(frozen=True)
class Page:
    """What a list call asks for, after everything unknown in it was ignored."""

    number: int
    size: int
    order: str
    descending: bool


def read_query(query: str) -> list[tuple[str, str]]:
    """Parameters with lower-case names; an empty value counts as not sent."""
    return [(name.lower(), value) for name, value in parse_qsl(query, keep_blank_values=False)]


def read_batch(parameters: Iterable[tuple[str, str]]) -> list[int] | None:
    """The ids of `?id=[1,2,3]`, or None when the call is no batch."""
    for name, value in parameters:
        if name == "id" and value.startswith("["):
            return list(each_id(value))
    return None


def list_page(state: State, entity: Entity, parameters: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """One page of an entity with its envelope."""
    page = _read_page(entity, parameters, state.modes)
    records = _candidates(state, entity, parameters)
    for wanted in _predicates(state, entity, parameters):
        records = [one for one in records if wanted(one)]
    if entity.is_task:
        records = [one for one in records if state.shows_in_lists(one)]
    ordered = _order(records, page, None if state.modes["S33"] == "stable" else state.random)
    first = (page.number - 1) * page.size
    rows = [show_row(entity, one, state.modes) for one in ordered[first : first + page.size]]
    return _envelope(rows, page, len(ordered))


def _candidates(state: State, entity: Entity, parameters: Iterable[tuple[str, str]]) -> list[Record]:
    """All records, or those of one coworker where a filter names one: a short cut, no other result."""
    if entity.is_task:
        for name, value in parameters:
            if name == "coworkertask_coworker" and value.isascii() and value.isdigit():
                return state.store.tasks_of(int(value))
    return state.store.all(entity.name)


def _read_page(entity: Entity, parameters: Iterable[tuple[str, str]], modes: Modes) -> Page:
    values = dict(parameters)
    known = {key.lower(): key for key in (*entity.keys, *entity.hidden)}
    direction = values.get("dir", "").lower()
    return Page(
        number=_read_number(values.get("page"), 1),
        size=min(_read_number(values.get("size"), 25), _MAXIMUM_SIZE),
        order=known.get(values.get("orderby", "").lower(), entity.order),
        descending=direction in _DESCENDING or (direction == "1" and modes["S34"] == "descending"),
    )


def _read_number(text: str | None, otherwise: int) -> int:
    """A whole number from 1; anything else is ignored like an unknown parameter."""
    if text is None or not (text.isascii() and text.isdigit() and len(text) < 10) or int(text) == 0:
        return otherwise
    return int(text)


def _order(records: list[Record], page: Page, mixer: random.Random | None) -> list[Record]:
    """Sorted by the order field; equal rows by Id, or mixed anew at each call."""
    rows = sorted(records, key=lambda one: int(one["Id"]))
    if mixer is not None and page.order != "Id":
        mixer.shuffle(rows)

    def rank(record: Record) -> tuple[bool, bool, Any]:
        value = record.get(page.order)
        is_number = isinstance(value, (bool, int, float))
        # Unset values come first, and a number never meets a text.
        return (value is not None, not is_number, value if is_number else str(value))

    return sorted(rows, key=rank, reverse=page.descending)


def _envelope(rows: list[dict[str, Any]], page: Page, total: int) -> dict[str, Any]:
    pages = math.ceil(total / page.size)
    first = (page.number - 1) * page.size
    return {
        "Records": rows,
        "CurrentPageSize": page.size,
        "CurrentPage": page.number,
        "CurrentOrderField": page.order,
        "CurrentSortDirection": -1 if page.descending else 1,
        "FirstItem": first + 1 if rows else 0,
        "LastItem": first + len(rows),
        "HasNextPage": page.number < pages,
        "HasPreviousPage": page.number > 1,
        "PageNumber": page.number,
        "PageSize": page.size,
        "TotalItems": total,
        "TotalPages": pages,
    }


def spoil_list(kind: str, page: dict[str, Any]) -> dict[str, Any]:
    """A page whose envelope lies, as a fault on demand asks."""
    if kind == "endless-pages":
        return page | {"HasNextPage": True}
    if kind == "records-null":
        return page | {"Records": None}
    if kind == "contradicting-counts":
        return page | {"TotalItems": page["TotalItems"] + 7, "HasNextPage": not page["HasNextPage"]}
    return page


def _predicates(state: State, entity: Entity, parameters: Iterable[tuple[str, str]]) -> list[Predicate]:
    found = (_predicate(state.modes, entity, name, value) for name, value in parameters)
    return [one for one in found if one is not None]


def _predicate(modes: Modes, entity: Entity, name: str, value: str) -> Predicate | None:
    """The test that one parameter stands for; None when it is unknown or cannot be read."""
    if name in {"id", "uniqueid"}:
        return _equals("Id" if name == "id" else "UniqueId", value, "exact")
    prefix = f"{entity.kind.lower()}_"
    for bound in ("from_", "to_"):
        if name.startswith(bound + prefix):
            return _range(entity, name.removeprefix(bound + prefix), value, is_start=bound == "from_")
    if not name.startswith(prefix):
        return None
    rest = name.removeprefix(prefix)
    if rest.startswith("customfields_"):
        return _custom_field(rest.removeprefix("customfields_"), value, modes["S35.CustomFields"])
    key = entity.find_key(rest, id_ending_works=modes["S36"] == "works")
    if not key:
        return None
    has_mode = entity.is_task and f"S35.{key}" in modes.as_dict()
    return _equals(key, value, modes[f"S35.{key}"] if has_mode else "exact")


def _equals(key: str, value: str, matching: str) -> Predicate | None:
    """Equality by the type of what is stored: flag, number, moment to the minute, or text."""
    if matching == "ignored":
        return None
    if key == "Id" and value.startswith("["):
        wanted = set(each_id(value))
        return lambda record: record["Id"] in wanted
    minute = _minute(value)

    def holds(record: Record) -> bool:
        stored = record.get(key)
        if isinstance(stored, bool):
            return str(stored).lower() == value.lower()
        if isinstance(stored, (int, float)):
            return str(stored) == value.strip()
        if key.endswith("Date") or key.endswith("DateLocal"):
            return minute is not None and _minute(stored) == minute
        return stored is not None and _text_matches(str(stored), value, matching)

    return holds


def _text_matches(stored: str, value: str, matching: str) -> bool:
    if matching == "contains":
        return value in stored
    if matching == "case-insensitive":
        return stored.casefold() == value.casefold()
    return stored == value


def _custom_field(name: str, value: str, matching: str) -> Predicate | None:
    if matching == "ignored":
        return None

    def holds(record: Record) -> bool:
        data = (record.get("CustomFields") or {}).get("Data") or []
        return any(
            str(entry.get("Name")).lower() == name and _text_matches(str(entry.get("Value")), value, matching)
            for entry in data
        )

    return holds


def _range(entity: Entity, name: str, value: str, *, is_start: bool) -> Predicate | None:
    """From or to a minute, both ends inclusive."""
    key = next((one for one in entity.ranges if one.lower() == name.replace("_", "")), "")
    limit = _minute(value)
    if not key or limit is None:
        return None

    def holds(record: Record) -> bool:
        stored = _minute(record.get(key))
        return stored is not None and (stored >= limit if is_start else stored <= limit)

    return holds


def _minute(value: object) -> str | None:
    """A date text cut to the minute, in UTC if it had an offset; comparable as text. None if no date."""
    if not isinstance(value, str):
        return None
    # An unescaped plus in a query arrives as a blank.
    text = value.strip().replace(" ", "+")
    plain = read_plain(text)
    if plain is not None:
        return plain.format_iso(unit="minute")
    moment = read_moment(text)
    return None if moment is None else moment.format_iso(unit="minute")[:16]
