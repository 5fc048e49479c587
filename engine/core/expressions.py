"""What a checked expression is: the type that it gives, the facts that it uses, and how to get its value.

Only building blocks. Which ones a source may combine is decided where the syntax tree is read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Context, Decimal
from enum import Enum

from whenever import Date

from engine.core.fact_types import NUMBERS, Kind, Record, Type, meant
from engine.core.fact_values import Frame, Path, Value, dotted, look_up, show
from engine.core.text_faults import FactEmpty, FactMistyped

EXACT = Context(prec=100)
"""Far more digits than any sum of facts has: results are exact, whatever the process's own context."""


class Odd(Enum):
    """Types that no fact has."""

    NONE = "none"
    FAULTY = "faulty"
    """A mistake is already noted: nothing more is said about what holds it."""


@dataclass(frozen=True)
class Expression:
    """`path` is set for a fact by its plain name, `literal` (in a tuple) for a value that is written out."""

    type: Type | Odd
    evaluate: Callable[[Frame], Value]
    uses: tuple[Path, ...] = ()
    path: Path | None = None
    literal: tuple[Value, ...] = ()

    @property
    def blamed(self) -> Path:
        """The fact to name when the value turns out empty."""
        return self.uses[0] if self.uses else ("this",)


FAULTY = Expression(Odd.FAULTY, lambda _: None)


def literal(described: Type | Odd, value: Value) -> Expression:
    """Return a value that is written in the source."""
    return Expression(described, lambda _: value, literal=(value,))


def fact(path: Path, described: Type) -> Expression:
    """Return the fact at `path`."""
    return Expression(described, lambda frame: look_up(frame.facts, path, described), (path,), path)


def part(whole: Expression, name: str, described: Type) -> Expression:
    """Return the fact `name` of a record: of one with a path, or of the first or last of a list."""
    if whole.path is not None:
        return fact((*whole.path, name), described)
    holder = dotted(whole.blamed)

    def evaluate(frame: Frame) -> Value:
        record = whole.evaluate(frame)
        if record is None:
            raise FactEmpty(holder)
        return look_up({holder: record}, (holder, name), described)

    return Expression(described, evaluate, whole.uses)


def alone(expression: Expression) -> Expression:
    """Return what is meant when a record stands alone: the moment of `event`."""
    described = expression.type
    if isinstance(described, Record) and described.stands_for:
        kind = meant(described)
        return part(expression, described.stands_for, kind)
    return expression


def needed(expression: Expression, frame: Frame) -> Value:
    """Return the value, which must not be empty.

    Raises:
        FactEmpty: it is.
    """
    value = expression.evaluate(frame)
    if value is None:
        raise FactEmpty(dotted(expression.blamed))
    return value


def truth(expression: Expression) -> Callable[[Frame], bool]:
    """Return how to get a real bool from an expression of kind BOOL; an empty one raises FactEmpty."""

    def evaluate(frame: Frame) -> bool:
        frame.page.spend(1)
        return needed(expression, frame) is True

    return evaluate


def as_date(expression: Expression) -> Expression | None:
    """Return a text literal as the date that it spells, YYYY-MM-DD; None when it spells none."""
    text = expression.literal[0] if expression.literal else None
    if not isinstance(text, str) or len(text) != 10:
        return None
    try:
        return literal(Kind.DATE, Date.parse_iso(text))
    except ValueError:
        return None


def merged(one: Expression, other: Expression) -> tuple[Type | Odd, bool]:
    """Return the type of `either one or the other`, and whether both must be shown as text for it."""
    first, second = one.type, other.type
    if Odd.FAULTY in (first, second):
        return Odd.FAULTY, False
    if first == second or second is Odd.NONE:
        return first, False
    if first is Odd.NONE:
        return second, False
    if first in NUMBERS and second in NUMBERS:
        return Kind.NUMBER, False
    return Kind.TEXT, True


def shown(expression: Expression) -> Expression:
    """Return the expression as text; what is empty stays empty."""

    def evaluate(frame: Frame) -> Value:
        value = expression.evaluate(frame)
        return None if value is None else show(value, expression.blamed)

    return replace(expression, type=Kind.TEXT, evaluate=evaluate, path=None)


def is_single(described: Type | Odd) -> bool:
    """Tell whether a value of this type can be shown in a text."""
    return isinstance(described, Kind)


def total(one: Value, other: Value, sign: int) -> Value:
    """Return one + other, or one - other, of whole or decimal numbers, exactly."""
    if isinstance(one, int) and isinstance(other, int):
        return one + sign * other
    if isinstance(one, int | Decimal) and isinstance(other, int | Decimal):
        change = EXACT.add if sign > 0 else EXACT.subtract
        return change(Decimal(one), Decimal(other))
    raise FactMistyped("a sum", "a number")
