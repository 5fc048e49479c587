"""Filters in a syntax tree: number and kind of their arguments, and what they are applied to."""

from __future__ import annotations

from collections.abc import Callable

from engine.core.expressions import FAULTY, Expression, Odd, as_date, is_single, merged, shown
from engine.core.fact_types import Kind, ListOf, in_words
from engine.core.fact_values import Frame, Value, elements, show
from engine.core.filters import FILTERS, Arguments, Filter

Note = Callable[..., None]


def read_filter(name: str, given: Expression, arguments: list[Expression], note: Note) -> Expression:
    """Return `given | name(arguments)`; what is empty stays empty, so that a later default can see it."""
    rule = FILTERS[name]
    if isinstance(given.type, Odd) or not rule.takes(given.type):
        gives = "none" if isinstance(given.type, Odd) else in_words(given.type)
        note(f"{name} takes {rule.takes_words}, and this is {gives}", allowed=_for(given))
        return FAULTY
    if not _are_sound(name, rule, arguments, note):
        return FAULTY
    apply = rule.apply
    listed = given.type if isinstance(given.type, ListOf) else None

    def evaluate(frame: Frame) -> Value:
        frame.page.spend(1)
        value = given.evaluate(frame)
        if value is None:
            return None
        if listed is not None:
            value = elements(value, listed, given.blamed)
            frame.page.spend(len(value))
        texts: Arguments = tuple(show(one.evaluate(frame), one.blamed) for one in arguments)
        return apply(value, texts, frame.page)

    uses = given.uses + tuple(path for one in arguments for path in one.uses)
    return Expression(rule.gives(given.type), evaluate, uses)


def _for(given: Expression) -> str:
    if given.type is Kind.DATE:
        return "date and weekday; a date has no time of day"
    return "date, before default" if given.type is Kind.TEXT else ""


def _are_sound(name: str, rule: Filter, arguments: list[Expression], note: Note) -> bool:
    fewest, most = rule.arguments
    if not fewest <= len(arguments) <= most:
        note(f"{name} has {_count(fewest, most)}", allowed=rule.example or name)
        return False
    if any(one.type is not Kind.TEXT for one in arguments):
        note(f"what stands in the brackets of {name} is text", allowed=rule.example)
        return False
    if rule.refuse is None:
        return True
    texts = tuple(str(one.literal[0]) for one in arguments if one.literal)
    wrong = rule.refuse(texts) if len(texts) == len(arguments) and texts else ""
    if len(texts) != len(arguments):
        wrong = f"what stands in the brackets of {name} is written out in quotes"
    if wrong:
        note(wrong, allowed=rule.example)
    return not wrong


def _count(fewest: int, most: int) -> str:
    if most == 0:
        return "no brackets"
    words = {1: "one value", 2: "two values"}
    return f"{words[most]} in its brackets" if fewest == most else f"at most {words[most]} in its brackets"


def read_default(given: Expression, arguments: list[Expression], note: Note) -> Expression:
    """Return `given | default(other)`: the other one when a value is none or ''."""
    if len(arguments) != 1:
        what = "default has one value in its brackets, for none and for empty text"
        note(what, allowed='default("none")')
        return FAULTY
    other = arguments[0]
    if not is_single(given.type):
        note("default takes a single value", allowed="a fact such as contract.cancellation")
        return FAULTY
    if given.type is Kind.DATE:
        other = as_date(other) or other
    described, as_text = merged(given, other)
    first, second = (shown(given), shown(other)) if as_text else (given, other)

    def evaluate(frame: Frame) -> Value:
        value = first.evaluate(frame)
        return second.evaluate(frame) if value is None or value == "" else value

    return Expression(described, evaluate, given.uses + other.uses)
