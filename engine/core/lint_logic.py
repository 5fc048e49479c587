"""Whether conditions can hold together: formulas over claims about single facts, and a search for a way to meet them.

Pure. It errs on one side only: what it calls impossible is so for all facts; where it cannot tell, things are possible.
Nothing here knows what a fact means.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, Final

MOST_STEPS = 4_000
"""Steps of one search, some milliseconds: conditions that people write take tens. Beyond it all counts as possible."""

Point = Any
"""A value that a fact may have: text, number, bool, a day as its number, or None for an empty one."""

_ORDER: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
}


@dataclass(frozen=True)
class Among:
    """The fact is one of these; `folded`: without regard to case and outer blanks."""

    points: frozenset[Hashable]
    folded: bool = False


@dataclass(frozen=True)
class Outside:
    """The fact is none of these."""

    points: frozenset[Hashable]


@dataclass(frozen=True)
class Bound:
    """The fact is there, and lies on one side of a value: lt, lteq, gt or gteq."""

    sign: str
    point: Point


@dataclass(frozen=True)
class Holds:
    """The text holds another one, or does not."""

    part: str
    wanted: bool


Claim = Among | Outside | Bound | Holds


@dataclass(frozen=True)
class Atom:
    """One claim about one thing. `whole`: only whole numbers and days lie between two of its values."""

    key: str
    claim: Claim
    whole: bool = False
    there: str = ""
    """The group of facts that must be there for this one to be read at all, such as contract."""


@dataclass(frozen=True)
class All:
    parts: tuple[Formula, ...]


@dataclass(frozen=True)
class Any_:
    parts: tuple[Formula, ...]


Formula = Atom | All | Any_ | bool

THERE: Final = "there"
"""The one value of a group of facts that is there."""


def both(*parts: Formula) -> Formula:
    """Return the formula that holds when all of the parts hold."""
    return All(tuple(parts))


def either(*parts: Formula) -> Formula:
    """Return the formula that holds when one of the parts holds."""
    return Any_(tuple(parts))


def possible(formulas: Iterable[Formula]) -> bool:
    """Return whether all the formulas can hold for the same facts; True as well where that takes too long to tell."""
    search = _Search()
    try:
        return search.meets(tuple(formulas), {})
    except _TooLong:
        return True


class _TooLong(Exception):
    """The search gave up."""


@dataclass(frozen=True)
class _Known:
    claims: tuple[Claim, ...] = ()
    whole: bool = False


class _Search:
    def __init__(self) -> None:
        self._left = MOST_STEPS

    def meets(self, formulas: tuple[Formula, ...], known: Mapping[str, _Known]) -> bool:
        """Whether the formulas can hold beside what is claimed already; a choice is made as late as can be."""
        waiting, choices = list(formulas), list[Any_]()
        claims = dict(known)
        while waiting:
            self._step()
            match waiting.pop():
                case False:
                    return False
                case All(parts):
                    waiting.extend(parts)
                case Any_() as choice:
                    choices.append(choice)
                case Atom() as atom:
                    for one in _with_group(atom):
                        if not self._claimed(one, claims):
                            return False
        if not choices:
            return True
        first, *rest = sorted(choices, key=lambda choice: len(choice.parts))
        return any(self.meets((part, *rest), claims) for part in first.parts)

    def _claimed(self, atom: Atom, claims: dict[str, _Known]) -> bool:
        before = claims.get(atom.key, _Known())
        if atom.claim in before.claims:
            return True
        after = _Known((*before.claims, atom.claim), before.whole or atom.whole)
        claims[atom.key] = after
        return is_possible(after.claims, whole=after.whole)

    def _step(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise _TooLong


def _with_group(atom: Atom) -> tuple[Atom, ...]:
    if not atom.there:
        return (atom,)
    return (atom, Atom(atom.there, Among(frozenset({THERE}))))


def is_possible(claims: Sequence[Claim], *, whole: bool = False) -> bool:
    """Return whether one value meets all the claims."""
    if any(isinstance(one, Among) and one.folded for one in claims):
        claims = [_folded(one) for one in claims]
    sets = [one.points for one in claims if isinstance(one, Among)]
    if sets:
        return any(all(meets(point, one) for one in claims) for point in frozenset.intersection(*sets))
    bounds = [one for one in claims if isinstance(one, Bound)]
    if not bounds:
        return not _contradict(claims)
    left_out = frozenset[Hashable]().union(*(one.points for one in claims if isinstance(one, Outside)))
    return (_whole_between if whole else _some_between)(bounds, left_out)


def meets(point: Point, claim: Claim) -> bool:
    """Return whether a value meets a claim; one that cannot be compared with it does not."""
    match claim:
        case Among(points):
            return point in points
        case Outside(points):
            return point not in points
        case Bound(sign, value):
            try:
                return point is not None and _ORDER[sign](point, value)
            except TypeError:
                return False
        case Holds(part, wanted):
            return isinstance(point, str) and (part in point) is wanted


def _contradict(claims: Sequence[Claim]) -> bool:
    """Whether what a text holds and does not hold exclude each other."""
    holds = [one.part for one in claims if isinstance(one, Holds) and one.wanted]
    return any(isinstance(one, Holds) and not one.wanted and any(one.part in part for part in holds) for one in claims)


def _folded(claim: Claim) -> Claim:
    match claim:
        case Among(points):
            return Among(frozenset(fold(point) for point in points))
        case Outside(points):
            return Outside(frozenset(fold(point) for point in points))
        case _:
            return Outside(frozenset())  # an order of capitals says nothing of folded texts


def fold(point: Point) -> Point:
    """Return a text as plans are compared: without case and outer blanks (design section 4, applies)."""
    return point.strip().casefold() if isinstance(point, str) else point


def _some_between(bounds: Sequence[Bound], left_out: frozenset[Hashable]) -> bool:
    """Whether a value lies between bounds that have others between any two."""
    low = max((one.point for one in bounds if one.sign in {"gt", "gteq"}), default=None)
    high = min((one.point for one in bounds if one.sign in {"lt", "lteq"}), default=None)
    if low is None or high is None or low < high:
        # Nothing comes before the empty text; everything else has a neighbour on either side.
        return not (high == "" and any(one.sign == "lt" and one.point == "" for one in bounds))
    return bool(low == high) and low not in left_out and all(meets(low, one) for one in bounds)


def _whole_between(bounds: Sequence[Bound], left_out: frozenset[Hashable]) -> bool:
    lows = [_up(one.point, beyond=one.sign == "gt") for one in bounds if one.sign in {"gt", "gteq"}]
    highs = [_down(one.point, beyond=one.sign == "lt") for one in bounds if one.sign in {"lt", "lteq"}]
    if not lows or not highs:
        return True
    low, high = max(lows), min(highs)
    taken = sum(1 for point in left_out if isinstance(point, int | Decimal) and low <= point <= high and point % 1 == 0)
    return high - low + 1 > taken


def _up(value: Point, *, beyond: bool) -> int:
    number = Decimal(value)
    whole = int(number.to_integral_value(ROUND_CEILING))
    return whole + 1 if beyond and whole == number else whole


def _down(value: Point, *, beyond: bool) -> int:
    number = Decimal(value)
    whole = int(number.to_integral_value(ROUND_FLOOR))
    return whole - 1 if beyond and whole == number else whole
