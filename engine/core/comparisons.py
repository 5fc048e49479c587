"""Comparisons in texts: like with like, and a real bool from each. Mistakes are noted, nothing is guessed."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from engine.core.expressions import FAULTY, Expression, Odd, as_date, is_single, needed
from engine.core.fact_types import NUMBERS, Kind, ListOf, Record, Type, in_words
from engine.core.fact_values import Frame, Value, elements
from engine.core.text_faults import FactAbsent

Decide = Callable[[Frame], bool]
Note = Callable[..., None]
"""Notes a mistake: note(what, allowed=..., replacement=...)."""

_ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
}
SIGNS = {"eq": "==", "ne": "!=", "lt": "<", "lteq": "<=", "gt": ">", "gteq": ">="}


def compare(sign: str, left: Expression, right: Expression, note: Note) -> Decide | None:
    """Return how `left sign right` is decided, or None after noting why it cannot be."""
    if Odd.FAULTY in (left.type, right.type):
        return None
    if sign in {"in", "notin"}:
        return _membership(sign == "in", left, right, note)
    left, right = _dates(left, right), _dates(right, left)
    if Odd.NONE in (left.type, right.type):
        return _emptiness(sign, left, right, note)
    if not _are_alike(left.type, right.type):
        _note_unlike(left, right, note)
    elif sign in {"eq", "ne"}:
        return _equality(sign == "eq", left, right)
    elif left.type is Kind.BOOL:
        note(f"true and false have no order, so {SIGNS[sign]} says nothing about them", allowed="==, !=")
    else:
        return _ordering(_ORDER[sign], left, right)
    return None


def _dates(expression: Expression, other: Expression) -> Expression:
    """Read a text literal beside a date as the date that it spells."""
    return (as_date(expression) or expression) if other.type is Kind.DATE else expression


def _are_alike(one: Type | Odd, other: Type | Odd) -> bool:
    return is_single(one) and (one == other or (one in NUMBERS and other in NUMBERS))


def _emptiness(sign: str, left: Expression, right: Expression, note: Note) -> Decide | None:
    given = right if left.type is Odd.NONE else left
    if sign not in {"eq", "ne"}:
        note(f"nothing is {SIGNS[sign]} none", allowed="==, !=")
        return None
    if given.type is Kind.TEXT:
        mended = f"{_name(given)} {SIGNS[sign]} ''" if given.path else None
        note("an empty text is '', not none", replacement=mended)
        return None
    if isinstance(given.type, Record):
        return _presence(sign == "ne", given)
    if not is_single(given.type):
        note(f"{_described(given.type)} is never none", allowed="single values")
        return None
    return _equality(sign == "eq", left, right)


def _presence(wanted: bool, given: Expression) -> Decide:
    """`contract != none`: whether this coworker has one at all."""

    def evaluate(frame: Frame) -> bool:
        frame.page.spend(1)
        try:
            given.evaluate(frame)
        except FactAbsent:
            return not wanted
        return wanted

    return evaluate


def _equality(wanted: bool, left: Expression, right: Expression) -> Decide:
    def evaluate(frame: Frame) -> bool:
        frame.page.spend(1)
        return (left.evaluate(frame) == right.evaluate(frame)) is wanted

    return evaluate


def _ordering(order: Callable[[Any, Any], bool], left: Expression, right: Expression) -> Decide:
    def evaluate(frame: Frame) -> bool:
        frame.page.spend(1)
        return order(needed(left, frame), needed(right, frame))

    return evaluate


def _membership(wanted: bool, left: Expression, right: Expression, note: Note) -> Decide | None:
    if right.type is Kind.TEXT and left.type is Kind.TEXT:
        return _within_text(wanted, left, right)
    if not isinstance(right.type, ListOf):
        note("right of `in` stands a list, or a text beside a text", allowed="['one', 'other']")
        return None
    if not _are_alike(left.type, right.type.element):
        note(f"{_described(left.type)} is never in a list of which each is {_described(right.type.element)}")
        return None
    listed = right.type

    def evaluate(frame: Frame) -> bool:
        value = left.evaluate(frame)
        things = elements(needed(right, frame), listed, right.blamed)
        frame.page.spend(1 + len(things))
        return (value in things) is wanted

    return evaluate


def _within_text(wanted: bool, left: Expression, right: Expression) -> Decide:
    def evaluate(frame: Frame) -> bool:
        whole = str(needed(right, frame))
        frame.page.spend(1 + len(whole) // 32)
        return (str(needed(left, frame)) in whole) is wanted

    return evaluate


def list_of(parts: list[Expression], left: Expression, note: Note) -> Expression:
    """Return the literal list right of `in`, its texts read as dates beside a date."""
    things = [_dates(one, left) for one in parts]
    types = {one.type for one in things if isinstance(one.type, Kind)}
    element = Kind.NUMBER if types and types <= NUMBERS else next(iter(types), Kind.TEXT)
    odd = any(not one.literal or one.type is Odd.NONE for one in things)
    if odd or not types <= _family(element):
        note("a list in a text holds values of one kind, written out", allowed="['one', 'other'], [1, 2]")
        return FAULTY
    values: list[Value] = [one.literal[0] for one in things]
    return Expression(ListOf(element), lambda _: values, literal=(values,))


def _family(kind: Kind) -> frozenset[Kind]:
    return NUMBERS if kind in NUMBERS else frozenset({kind})


def _note_unlike(left: Expression, right: Expression, note: Note) -> None:
    kinds = {left.type, right.type}
    what = f"{_described(left.type)} is compared with {_described(right.type)}"
    if Kind.DATE in kinds and Kind.TEXT in kinds:
        note(what, allowed="a date compares with dates, or with one written 'YYYY-MM-DD'")
    elif Kind.MOMENT in kinds and Kind.TEXT in kinds:
        note(what, allowed="a moment compares with moments; its day is text: signup | date == '2026-01-31'")
    elif Kind.BOOL in kinds:
        note(what, allowed="true, false (without quotes)", replacement=_flag(left, right))
    elif kinds & NUMBERS:
        note(what, allowed="a number, without quotes")
    else:
        note(what, allowed="values of one kind")


def _flag(left: Expression, right: Expression) -> str | None:
    """Return the comparison with true or false without quotes, when that is what was quoted."""
    one, other = (left, right) if left.type is Kind.BOOL else (right, left)
    word = str(other.literal[0]).lower() if other.literal else ""
    if one.path is None or word not in {"true", "yes", "false", "no"}:
        return None
    return _name(one) if word in {"true", "yes"} else f"not {_name(one)}"


def _described(described: Type | Odd) -> str:
    return "none" if isinstance(described, Odd) else in_words(described)


def _name(expression: Expression) -> str:
    return ".".join(expression.path or ())
